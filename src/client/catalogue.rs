//! Looking up what can be chosen.

use super::Client;
use crate::error::Result;
use crate::model::{CatalogueItem, CatalogueKind, Credits, ProviderId};
use crate::transport::Pages;

impl Client {
    /// Looks up what can be chosen: presenters, voices, music and styles. Free. Name the provider
    /// with [`on`](Catalogue::on).
    pub fn catalogue(&self) -> Catalogue<'_> {
        Catalogue::new(self)
    }

    /// The credits that are left on a provider's account. Free.
    ///
    /// # Errors
    /// [`ErrorKind::NeedsCredentials`](crate::ErrorKind::NeedsCredentials) for a provider without an
    /// account; whatever keeps the
    /// answer from arriving.
    pub async fn balance(&self, provider: ProviderId) -> Result<Credits> {
        self.provider(Some(provider), None)?.balance().await
    }
}

/// The lists of one account. Every read is free.
///
/// ```no_run
/// # async fn example(client: adreel::Client) -> adreel::Result<()> {
/// use adreel::ProviderId;
///
/// let mut voices = client.catalogue().on(ProviderId::Jogg).voices()?;
/// while let Some(voice) = voices.next().await.transpose()? {
///     println!("{} {}", voice.id, voice.name);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is read until a list is named"]
pub struct Catalogue<'a> {
    client: &'a Client,
    provider: Option<ProviderId>,
    account: Option<String>,
}

impl<'a> Catalogue<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client, provider: None, account: None }
    }

    /// Names the provider. Default: the only one that the client has keys for.
    pub fn on(mut self, provider: ProviderId) -> Self {
        self.provider = Some(provider);
        self
    }

    /// Names the account, where the provider has several.
    pub fn account(mut self, name: impl Into<String>) -> Self {
        self.account = Some(name.into());
        self
    }

    /// Presenters: Creatify's personas, JoggAI's public and own avatars.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub fn avatars(&self) -> Result<Pages<CatalogueItem>> {
        self.list(CatalogueKind::Avatars)
    }

    /// Voices. Creatify's ids are those of accents: a voice has none.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub fn voices(&self) -> Result<Pages<CatalogueItem>> {
        self.list(CatalogueKind::Voices)
    }

    /// Music.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub fn music(&self) -> Result<Pages<CatalogueItem>> {
        self.list(CatalogueKind::Music)
    }

    /// Looks of a video. Creatify has no list of them: those that the spec knows are given.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub fn styles(&self) -> Result<Pages<CatalogueItem>> {
        self.list(CatalogueKind::Styles)
    }

    /// The list of a kind; nothing is read before the first item is asked for.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) where the provider has nothing of
    /// the kind to choose; [`ErrorKind::NeedsCredentials`](crate::ErrorKind::NeedsCredentials)
    /// without an account.
    pub fn list(&self, kind: CatalogueKind) -> Result<Pages<CatalogueItem>> {
        self.client.provider(self.provider, self.account.as_deref())?.catalogue(kind)
    }
}
