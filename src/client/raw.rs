//! The typed clients of single providers.

use super::Client;
use crate::error::Result;
use crate::model::ProviderId;
#[cfg(feature = "beatapi")]
use crate::providers::beatapi;
#[cfg(feature = "creatify")]
use crate::providers::creatify;
#[cfg(feature = "jogg")]
use crate::providers::jogg;

impl Client {
    /// The typed client of BeatAPI alone, on one of this client's accounts: `name` is `None` for
    /// the one without a name. Its calls are its caller's own: they are in no ledger, and no cap
    /// counts what they spend.
    ///
    /// # Errors
    /// [`ErrorKind::NeedsCredentials`](crate::ErrorKind::NeedsCredentials) without such an account.
    #[cfg(feature = "beatapi")]
    pub fn beatapi<'n>(&self, name: impl Into<Option<&'n str>>) -> Result<beatapi::Client> {
        let account = self.provider(Some(ProviderId::BeatApi), name.into())?;
        Ok(beatapi::Client::over(account.transport().clone()))
    }

    /// The typed client of Creatify alone, on one of this client's accounts: `name` is `None` for
    /// the one without a name. Its calls are its caller's own: they are in no ledger, and no cap
    /// counts what they spend.
    ///
    /// # Errors
    /// [`ErrorKind::NeedsCredentials`](crate::ErrorKind::NeedsCredentials) without such an account.
    #[cfg(feature = "creatify")]
    pub fn creatify<'n>(&self, name: impl Into<Option<&'n str>>) -> Result<creatify::Client> {
        let account = self.provider(Some(ProviderId::Creatify), name.into())?;
        Ok(creatify::Client::over(account.transport().clone()))
    }

    /// The typed client of JoggAI alone, on one of this client's accounts: `name` is `None` for
    /// the one without a name. Its calls are its caller's own: they are in no ledger, and no cap
    /// counts what they spend.
    ///
    /// # Errors
    /// [`ErrorKind::NeedsCredentials`](crate::ErrorKind::NeedsCredentials) without such an account.
    #[cfg(feature = "jogg")]
    pub fn jogg<'n>(&self, name: impl Into<Option<&'n str>>) -> Result<jogg::Client> {
        let account = self.provider(Some(ProviderId::Jogg), name.into())?;
        Ok(jogg::Client::over(account.transport().clone()))
    }
}
