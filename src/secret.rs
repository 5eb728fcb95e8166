//! Keys that never show: not in `Debug`, errors, logs or files.

use std::cmp::Reverse;
use std::fmt;
use std::sync::{PoisonError, RwLock};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::plain::plain;

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

/// As the provider gives it, whole: whoever writes it somewhere means to keep it.
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

/// What stands where a secret stood.
const HIDDEN: &str = "[redacted]";

/// The keys that an account was used with, the longest form first, so that none hides only a part
/// of another.
#[derive(Default)]
pub(crate) struct KnownSecrets(RwLock<Vec<String>>);

/// What is shorter is no secret, and its letters stand in many words.
const LEAST_CHARS: usize = 8;

/// More forms of keys than any account has in a process.
const MOST_FORMS: usize = 64;

impl fmt::Debug for KnownSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KnownSecrets([redacted])")
    }
}

impl KnownSecrets {
    /// Takes the keys of a call to those that are hidden.
    pub(crate) fn learn(&self, keys: &[ApiKey]) {
        let forms = keys.iter().map(ApiKey::expose).filter(|key| key.len() >= LEAST_CHARS);
        // An address holds a key in a form of its own.
        let encoded = |key: &str| url::form_urlencoded::byte_serialize(key.as_bytes()).collect();
        let forms = forms.flat_map(|key| [key.to_owned(), encoded(key)]);
        let is_new = |form: &String| !self.read().contains(form);
        let new: Vec<String> = forms.filter(is_new).collect();
        if new.is_empty() {
            return;
        }
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.extend(new);
        known.sort_unstable_by_key(|form| Reverse(form.len()));
        known.dedup();
        known.truncate(MOST_FORMS);
    }

    /// An answer's body without the keys, if it holds any, and where that is wanted without what
    /// looks like the secret of a webhook.
    pub(crate) fn taken_out_of(&self, body: &[u8], of_webhooks_too: bool) -> Option<Vec<u8>> {
        let secrets = Secrets { keys: &self.read(), of_webhooks_too };
        match serde_json::from_slice::<Value>(body) {
            Ok(mut value) => {
                let had_any = secrets.hide_in(&mut value);
                had_any.then(|| value.to_string().into_bytes())
            }
            Err(_) => secrets.hide(&String::from_utf8_lossy(body)).map(String::into_bytes),
        }
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Vec<String>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is hidden in one answer.
struct Secrets<'a> {
    keys: &'a [String],
    of_webhooks_too: bool,
}

impl Secrets<'_> {
    /// Hides them in every text of a value, names of fields included, and says whether there were
    /// any.
    fn hide_in(&self, value: &mut Value) -> bool {
        match value {
            Value::String(text) => match self.hide(text) {
                Some(hidden) => {
                    *text = hidden;
                    true
                }
                None => false,
            },
            Value::Array(items) => {
                items.iter_mut().fold(false, |had_any, item| self.hide_in(item) | had_any)
            }
            Value::Object(fields) => {
                let mut had_any = false;
                for (name, mut value) in std::mem::take(fields) {
                    had_any |= self.hide_in(&mut value);
                    let hidden = self.hide(&name);
                    had_any |= hidden.is_some();
                    fields.insert(hidden.unwrap_or(name), value);
                }
                had_any
            }
            _ => false,
        }
    }

    /// A text without them, if it holds any, also where something unseen parts their letters.
    fn hide(&self, text: &str) -> Option<String> {
        let plain = plain(text);
        let of_webhooks = self.of_webhooks_too && plain.contains(WEBHOOK_PREFIX);
        if !of_webhooks && !self.keys.iter().any(|key| plain.contains(key)) {
            return None;
        }
        let hidden =
            self.keys.iter().fold(plain.into_owned(), |text, key| text.replace(key, HIDDEN));
        Some(if of_webhooks { without_webhook_secrets(&hidden) } else { hidden })
    }
}

/// What the secrets of webhooks begin with, and what tells them from other words.
const WEBHOOK_PREFIX: &str = "whsec_";

fn without_webhook_secrets(text: &str) -> String {
    let mut parts = text.split(WEBHOOK_PREFIX);
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let is_end = |c: char| !c.is_ascii_alphanumeric() && !"_-+/=".contains(c);
        shown.push_str(HIDDEN);
        shown.push_str(part.find(is_end).map_or("", |end| &part[end..]));
    }
    shown
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

    fn without(keys: &[&str], body: &str) -> String {
        let known = KnownSecrets::default();
        known.learn(&keys.iter().map(|key| ApiKey::new(*key)).collect::<Vec<_>>());
        let taken = known.taken_out_of(body.as_bytes(), true);
        taken.map_or_else(|| body.to_owned(), |body| String::from_utf8(body).unwrap())
    }

    #[test]
    fn keys_are_taken_out_of_each_text_of_an_answer_however_it_is_written() {
        let key = "sk_live/1+2=";
        for body in [
            r#"{"a":["bad key sk_live/1+2="]}"#,
            r#"{"a":["bad key sk_live\/1+2="]}"#,
            r#"{"a":["bad key \u0073k_live/1+2="]}"#,
            r#"{"a":["bad key sk_live%2F1%2B2%3D"]}"#,
            r#"{"a":["bad key sk_\u200blive/1+2="]}"#,
        ] {
            assert_eq!(without(&[key], body), r#"{"a":["bad key [redacted]"]}"#, "{body}");
        }
        assert_eq!(without(&[key], r#"{"sk_live/1+2=":[7]}"#), r#"{"[redacted]":[7]}"#);
        assert_eq!(without(&[key], "<b>sk_live/1+2=</b>"), "<b>[redacted]</b>");
        let clean = r#"{"b": 1.50,"a": "sk_live"}"#;
        assert_eq!(without(&[key], clean), clean, "nothing to hide, nothing to change");
    }

    #[test]
    fn the_longest_key_is_hidden_first_and_a_short_word_is_none() {
        let (id, key) = ("a1b2c3d4", "sk_a1b2c3d4_live");
        for keys in [[id, key], [key, id]] {
            assert_eq!(without(&keys, r#"["sk_a1b2c3d4_live"]"#), r#"["[redacted]"]"#);
        }
        assert_eq!(without(&["id", key], r#"["Invalid id"]"#), r#"["Invalid id"]"#);
    }

    #[test]
    fn secrets_of_webhooks_are_taken_out_where_nobody_asked_for_one() {
        let body = r#"["why? (whsec_a1B2), whsec_"]"#;
        assert_eq!(without(&[], body), r#"["why? ([redacted]), [redacted]"]"#);
        assert_eq!(KnownSecrets::default().taken_out_of(body.as_bytes(), false), None);
    }
}
