//! Keys that never show: not in `Debug`, errors, logs or files.

mod known;
mod place;
mod spelled;
mod webhook_secret;

use std::fmt;

use serde::{Deserialize, Serialize};

pub(crate) use known::{HIDDEN, Kept, KnownSecrets};
pub(crate) use spelled::Spelled;

macro_rules! secret {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// Wraps a secret; white space around it, as pasting leaves it, is dropped.
            pub fn new(secret: impl AsRef<str>) -> Self {
                Self(secret.as_ref().trim().to_owned())
            }

            /// The secret itself, for the place where it is kept.
            pub fn expose(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "([redacted])"))
            }
        }

        impl From<&str> for $name {
            fn from(secret: &str) -> Self {
                Self::new(secret)
            }
        }

        impl From<String> for $name {
            fn from(secret: String) -> Self {
                Self::new(secret)
            }
        }
    };
}

secret! {
    /// A provider's API key or key id.
    ApiKey
}

secret! {
    /// The secret that a provider signs its deliveries to one webhook endpoint with, whole, with
    /// its prefix (`whsec_…`).
    WebhookSecret
}

/// As the provider gives it, whole: a program that serialises it means to keep it.
impl Serialize for WebhookSecret {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for WebhookSecret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_key() {
        assert_eq!(format!("{:?}", ApiKey::new("sk_live_1")), "ApiKey([redacted])");
        let read: WebhookSecret = serde_json::from_str(r#""whsec_1""#).unwrap();
        assert_eq!(format!("{read:?}"), "WebhookSecret([redacted])");
        assert_eq!(serde_json::to_string(&read).unwrap(), r#""whsec_1""#);
    }
}
