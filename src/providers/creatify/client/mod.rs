//! The client of Creatify alone: one method for each operation.

mod catalogue;
mod link_to_video;
mod links;
mod pages;
mod product_to_video;

use super::errors::DIALECT;
use crate::account::AccountConfig;
use crate::bindings::creatify::{Client as Api, operations, send};
use crate::error::{Error, Result};
use crate::model::Credits;
use crate::transport::Transport;

/// Creatify's operations, one method each, named as in the spec.
///
/// Calls that cost nothing are repeated as the account's [`RetryPolicy`](crate::RetryPolicy)
/// allows; a paid call is never repeated after it may have arrived.
#[derive(Clone)]
pub struct Client {
    pub(super) transport: Transport,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("creatify::Client").field(&self.transport.base_url()).finish()
    }
}

impl Client {
    /// An account that is open already.
    pub(crate) fn over(transport: Transport) -> Self {
        Self { transport }
    }

    /// Opens an account. Its keys need an id beside the key.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) for a base URL, proxy or
    /// certificate that is none.
    pub fn new(config: AccountConfig) -> Result<Self> {
        Ok(Self { transport: Transport::new(&DIALECT, config)? })
    }

    /// Reads the credits that are left. Free, and the best check of the keys.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    ///
    /// Source: `GET /api/remaining_credits/`.
    pub async fn get_remaining_credits(&self) -> Result<Credits> {
        let method = async |api: Api| api.get_remaining_credits().await;
        let answer = send(&self.transport, &operations::GET_REMAINING_CREDITS, method).await?;
        Ok(answer.value.remaining_credits)
    }
}

/// Ids as the lists take them: joined by commas, at most 100.
fn joined(ids: Option<&[&str]>) -> Result<Option<String>> {
    let limit = 1..=100;
    match ids {
        Some(ids) if !limit.contains(&ids.len()) => {
            Err(Error::invalid("ids", "name 1 to 100 of them in one call"))
        }
        ids => Ok(ids.map(|ids| ids.join(","))),
    }
}
