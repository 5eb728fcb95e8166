use std::fmt;

use crate::BoxFuture;
use crate::error::Result;
use crate::job::Account;
use crate::secret::ApiKey;

/// What an account signs its calls with.
#[derive(Clone, Debug)]
pub struct Keys {
    pub(crate) id: Option<ApiKey>,
    pub(crate) key: ApiKey,
}

impl Keys {
    /// A single key, as BeatAPI and JoggAI have it.
    pub fn key(key: impl Into<ApiKey>) -> Self {
        Self { id: None, key: key.into() }
    }

    /// A key with an id, as Creatify has it.
    pub fn id_and_key(id: impl Into<ApiKey>, key: impl Into<ApiKey>) -> Self {
        Self { id: Some(id.into()), key: key.into() }
    }

    pub(crate) fn into_secrets(self) -> Vec<ApiKey> {
        self.id.into_iter().chain([self.key]).collect()
    }
}

/// Where keys come from. It is asked before each attempt, so that keys can rotate while jobs run.
pub trait Credentials: Send + Sync + 'static {
    /// The keys of an account as they are now.
    ///
    /// # Errors
    /// Whatever keeps the keys from being known; it ends the call.
    fn keys<'a>(&'a self, account: &'a Account) -> BoxFuture<'a, Result<Keys>>;
}

impl fmt::Debug for dyn Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials")
    }
}

impl Credentials for Keys {
    fn keys<'a>(&'a self, _: &'a Account) -> BoxFuture<'a, Result<Keys>> {
        Box::pin(std::future::ready(Ok(self.clone())))
    }
}
