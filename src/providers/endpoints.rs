//! Webhook endpoints of an account, in the one form that registering them needs.

use std::fmt;

use crate::error::Result;
use crate::future::BoxFuture;
use crate::secret::WebhookSecret;

/// An address that a provider delivers to.
#[derive(Clone)]
pub(crate) struct Endpoint {
    pub(crate) id: String,
    pub(crate) url: String,
    pub(crate) is_enabled: bool,
    /// The events that it gets, by the provider's names.
    pub(crate) events: Vec<String>,
    /// What deliveries are signed with, where the answer shows it.
    pub(crate) secret: Option<WebhookSecret>,
}

/// Shows no address: it may hold what only its owner should see.
impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Endpoint").field(&self.id).finish()
    }
}

/// A provider whose webhook endpoints belong to the account.
pub(crate) trait Endpoints: Send + Sync {
    /// The events of a job's end.
    fn wanted(&self) -> Vec<String>;

    /// How many an account may have, where that is known.
    fn most(&self) -> Option<usize>;

    fn list(&self) -> BoxFuture<'_, Result<Vec<Endpoint>>>;

    /// Adds one that gets the wanted events.
    fn create<'a>(&'a self, url: &'a str) -> BoxFuture<'a, Result<Endpoint>>;

    /// Enables one, and has it get these events.
    fn update<'a>(
        &'a self,
        endpoint: &'a Endpoint,
        events: Vec<String>,
    ) -> BoxFuture<'a, Result<Endpoint>>;

    fn delete<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<()>>;
}
