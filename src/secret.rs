//! Keys that never show: not in `Debug`, errors, logs or files.

use std::cmp::Reverse;
use std::fmt;
use std::sync::{PoisonError, RwLock};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::lenient_json;
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
pub(crate) const HIDDEN: &str = "[redacted]";

/// The keys that an account was used with, the longest form first, so that none hides only a part
/// of another.
#[derive(Default)]
pub(crate) struct KnownSecrets(RwLock<Vec<Form>>);

/// One form in which text may hold a key.
#[derive(Clone, PartialEq, Eq)]
struct Form {
    text: String,
    /// Whether it is the key's id, by which a provider may name a folder of its files.
    is_id: bool,
}

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
    pub(crate) fn learn(&self, id: Option<&ApiKey>, key: &ApiKey) {
        let forms_of = |key: &ApiKey, is_id| {
            let forms = written(key.expose()).into_iter();
            forms.map(move |text| Form { text, is_id })
        };
        let forms = id.into_iter().flat_map(|id| forms_of(id, true)).chain(forms_of(key, false));
        let long = forms.filter(|form| form.text.len() >= LEAST_CHARS);
        let new: Vec<Form> = long.filter(|form| !self.read().contains(form)).collect();
        if new.is_empty() {
            return;
        }
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.extend(new);
        known.sort_by_key(|form| Reverse(form.text.len()));
        known.dedup();
        known.truncate(MOST_FORMS);
    }

    /// An answer's body without the keys, if it holds any, and where that is wanted without what
    /// looks like the secret of a webhook.
    pub(crate) fn taken_out_of(&self, body: &[u8], of_webhooks_too: bool) -> Option<Vec<u8>> {
        let secrets = Secrets { keys: &self.read(), of_webhooks_too };
        match lenient_json::read(body) {
            Some(mut value) => {
                let had_any = secrets.hide_in(&mut value);
                had_any.then(|| value.to_string().into_bytes())
            }
            None => secrets.hide(&String::from_utf8_lossy(body)).map(String::into_bytes),
        }
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Vec<Form>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A key as it stands in text, in an address, where its marks are written in small or large letters,
/// and in JSON that is text itself.
fn written(key: &str) -> [String; 4] {
    let encoded: String = url::form_urlencoded::byte_serialize(key.as_bytes()).collect();
    let small = encoded.split('%').enumerate().fold(String::new(), |mut text, (index, part)| {
        let marks = part.len().min(if index == 0 { 0 } else { 2 });
        text.push_str(if index == 0 { "" } else { "%" });
        text.push_str(&part[..marks].to_ascii_lowercase());
        text + &part[marks..]
    });
    [key.to_owned(), encoded, small, key.replace('/', "\\/")]
}

/// Whether a text is an address as a whole.
fn is_address(text: &str) -> bool {
    let is_web = text.starts_with("https://") || text.starts_with("http://");
    is_web && !text.contains(char::is_whitespace)
}

/// What is hidden in one answer.
struct Secrets<'a> {
    keys: &'a [Form],
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
        let of_webhooks = self.of_webhooks_too && position_of_webhook(&plain).is_some();
        // An address without the id in it would lead nowhere, and the video at it is paid for.
        let may_hold_id = is_address(&plain);
        let keys = self.keys.iter().filter(|key| !(key.is_id && may_hold_id));
        let held: Vec<_> = keys.filter(|key| plain.contains(&key.text)).collect();
        if !of_webhooks && held.is_empty() {
            return None;
        }
        let hidden =
            held.iter().fold(plain.into_owned(), |text, key| text.replace(&key.text, HIDDEN));
        Some(if of_webhooks { without_webhook_secrets(&hidden) } else { hidden })
    }
}

/// What the secrets of webhooks begin with.
const WEBHOOK_PREFIX: &str = "whsec_";

fn position_of_webhook(text: &str) -> Option<usize> {
    let prefix = WEBHOOK_PREFIX.as_bytes();
    text.as_bytes().windows(prefix.len()).position(|part| part.eq_ignore_ascii_case(prefix))
}

fn without_webhook_secrets(text: &str) -> String {
    let (mut shown, mut rest) = (String::new(), text);
    while let Some(at) = position_of_webhook(rest) {
        shown.push_str(&rest[..at]);
        shown.push_str(HIDDEN);
        let secret = &rest[at + WEBHOOK_PREFIX.len()..];
        let is_end = |c: char| !c.is_ascii_alphanumeric() && !"_-+/=.".contains(c);
        rest = secret.find(is_end).map_or("", |end| &secret[end..]);
    }
    shown + rest
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

    /// A body without an account's id, if it has one, and key.
    fn without(keys: &[&str], body: &str) -> String {
        let known = KnownSecrets::default();
        let keys: Vec<_> = keys.iter().map(|key| ApiKey::new(*key)).collect();
        match keys.as_slice() {
            [id, key] => known.learn(Some(id), key),
            [key] => known.learn(None, key),
            _ => {}
        }
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
            r#"{"a":["bad key sk_live%2f1%2b2%3d"]}"#,
            r#"{"a":["bad key sk_live\\/1+2="]}"#,
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
        let body = r#"["why? (whsec_a1B2.c3), WHSEC_"]"#;
        assert_eq!(without(&[], body), r#"["why? ([redacted]), [redacted]"]"#);
        assert_eq!(KnownSecrets::default().taken_out_of(body.as_bytes(), false), None);
    }

    #[test]
    fn an_address_keeps_the_id_of_a_key_and_never_the_key() {
        let (id, key) = ("7e5e8a6f-d0d5", "sk_live_123");
        let film = r#"["https://cdn.example/users/7e5e8a6f-d0d5/v.mp4"]"#;
        assert_eq!(without(&[id, key], film), film);
        let told = r#"["see https://cdn.example/users/7e5e8a6f-d0d5/v.mp4"]"#;
        assert!(!without(&[id, key], told).contains(id));
        assert!(
            !without(&[id, key], r#"["https://cdn.example/v.mp4?k=sk_live_123"]"#).contains(key)
        );
    }
}
