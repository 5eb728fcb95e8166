//! Keys, and where they come from.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::error::Result;
use crate::future::BoxFuture;
use crate::model::Account;
use crate::secret::ApiKey;

/// What fingerprints of keys alone are made for.
const PURPOSE: &[u8] = b"adreel: fingerprint of keys, 1\n";

/// Enough that no two keys of an account share one, and whole base64.
const FINGERPRINT_BYTES: usize = 12;

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

    /// What tells these keys apart from others of an account, and from which nothing of them can be
    /// read: a code that is made with them.
    pub(crate) fn fingerprint(&self, account: &Account) -> String {
        let id = self.id.as_ref().map(ApiKey::expose).unwrap_or_default();
        let secret = format!("{id}\n{}", self.key.expose());
        let mut code = Hmac::<Sha256>::new_from_slice(secret.as_bytes())
            .expect("a key of any length does for this code");
        code.update(PURPOSE);
        code.update(format!("{}\n{}", account.provider, account.realm).as_bytes());
        URL_SAFE_NO_PAD.encode(&code.finalize().into_bytes()[..FINGERPRINT_BYTES])
    }
}

/// Where keys come from. It is asked before each attempt, so that keys can rotate while jobs run.
pub trait Credentials: Send + Sync + 'static {
    /// The keys of an account as they are now.
    ///
    /// # Errors
    /// Whatever keeps the keys from being known; it ends the call.
    fn keys<'a>(&'a self, account: &'a Account) -> BoxFuture<'a, Result<Keys>>;

    /// The keys, where they never change, so that they can be checked before a job is made.
    /// Default: they may.
    fn fixed(&self) -> Option<&Keys> {
        None
    }
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

    fn fixed(&self) -> Option<&Keys> {
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ProviderId;

    #[test]
    fn a_fingerprint_tells_keys_and_accounts_apart_and_shows_nothing_of_them() {
        let account = |realm: &str| {
            let (provider, name) = (ProviderId::Creatify, "default".to_owned());
            Account { provider, name, realm: realm.to_owned() }
        };
        let (one, two) = (account("https://a.example"), account("https://b.example"));
        let keys = |id: &str, key: &str| Keys::id_and_key(id, key);
        let print = keys("id", "sk_1").fingerprint(&one);
        assert_eq!(print, keys("id", "sk_1").fingerprint(&one));
        for other in [
            keys("id", "sk_2").fingerprint(&one),
            keys("di", "sk_1").fingerprint(&one),
            keys("id", "sk_1").fingerprint(&two),
            Keys::key("sk_1").fingerprint(&one),
        ] {
            assert_ne!(print, other);
        }
        assert!(!print.contains("sk_1") && print.len() == 16, "{print}");
    }
}
