//! The secrets of an account, and how they are taken out of what its provider answers.

use std::fmt;
use std::sync::{PoisonError, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::Value;

use super::place::Place;
use super::webhook_secret::{WEBHOOK_PREFIX, end_of_webhooks};
use super::{ApiKey, Spelled, WebhookSecret};
use crate::json::lenient;
use crate::plain::trimmed;

/// What stands where a secret stood.
pub(crate) const HIDDEN: &str = "[redacted]";

/// The secrets that an account was used with.
#[derive(Default)]
pub(crate) struct KnownSecrets(RwLock<Vec<Form>>);

/// One way to spell a secret.
#[derive(Clone, PartialEq, Eq)]
struct Form {
    letters: String,
    of: What,
}

/// What a secret is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Key,
    /// A key's id, by which a provider may name a folder of its files.
    Id,
    OfWebhook,
}

/// What stays in an answer that is hidden in all others.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Kept {
    /// The id of a key in links to what was made: without it they would lead nowhere, and the video
    /// there is paid for.
    pub(crate) ids_in_links: bool,
    /// Secrets of webhooks, where one was asked for.
    pub(crate) of_webhooks: bool,
}

/// What is shorter is no secret, and its letters stand in many words.
const LEAST_CHARS: usize = 8;

/// More forms of secrets than any account has in a process.
const MOST_FORMS: usize = 256;

impl fmt::Debug for KnownSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KnownSecrets([redacted])")
    }
}

impl KnownSecrets {
    /// Takes the keys of a call to what is hidden.
    pub(crate) fn learn(&self, id: Option<&ApiKey>, key: &ApiKey) {
        self.add(key.expose(), What::Key);
        if let Some(id) = id {
            self.add(id.expose(), What::Id);
        }
    }

    /// Takes the secret of a webhook to what is hidden, where its beginning does not show it.
    pub(crate) fn learn_of_webhook(&self, secret: &WebhookSecret) {
        self.add(secret.expose(), What::OfWebhook);
    }

    fn add(&self, secret: &str, of: What) {
        if secret.len() < LEAST_CHARS {
            return;
        }
        let plain = Spelled::of(secret);
        if self.read().iter().any(|form| form.of == of && form.letters == plain.letters()) {
            return;
        }
        let mut forms = self.0.write().unwrap_or_else(PoisonError::into_inner);
        forms.extend(spellings(secret).into_iter().map(|letters| Form { letters, of }));
        let too_many = forms.len().saturating_sub(MOST_FORMS);
        forms.drain(..too_many);
    }

    /// An answer's body without the secrets, if it holds any that are not kept.
    pub(crate) fn taken_out_of(&self, body: &[u8], kept: Kept) -> Option<Vec<u8>> {
        let forms = self.read();
        let shortest = forms.iter().map(|form| form.letters.len()).min();
        let shortest = shortest.unwrap_or(usize::MAX);
        let secrets = Secrets { forms: &forms, kept, shortest };
        match lenient::read(body) {
            Some(mut value) => {
                let had_any = secrets.hide_in(&mut value, Place::default());
                had_any.then(|| value.to_string().into_bytes())
            }
            None => secrets.hide(&String::from_utf8_lossy(body), false).map(String::into_bytes),
        }
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Vec<Form>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a text spells that holds a secret: the secret, itself, in hexadecimal, an id of hexadecimal
/// digits without its dashes, and in base64 whatever stands before and behind it.
fn spellings(secret: &str) -> Vec<String> {
    let hex = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut forms = vec![Spelled::of(secret).letters().to_owned(), hex];
    if secret.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit()) {
        forms.push(secret.replace('-', "").to_ascii_lowercase());
    }
    for before in 0..3_usize {
        let bytes = [&[0; 2][..before], secret.as_bytes()].concat();
        // The letters at the ends tell of what stands beside it too.
        let (start, end) = ((before * 8).div_ceil(6), bytes.len() * 8 / 6);
        let letters = STANDARD_NO_PAD.encode(&bytes)[start..end].to_ascii_lowercase();
        forms.extend([letters.replace('+', "-").replace('/', "_"), letters]);
    }
    forms.sort();
    forms.dedup();
    forms.retain(|form| form.len() >= LEAST_CHARS / 2);
    forms
}

/// Whether a text is an address as a whole.
fn is_address(text: &str) -> bool {
    let text = trimmed(text);
    let begins = |scheme: &str| {
        text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    (begins("https://") || begins("http://")) && !text.contains(char::is_whitespace)
}

/// What is hidden in one answer.
struct Secrets<'a> {
    forms: &'a [Form],
    kept: Kept,
    /// How many letters the shortest of them has.
    shortest: usize,
}

impl Secrets<'_> {
    /// Hides them in every text of a value, names of fields included, and says whether there were
    /// any.
    fn hide_in(&self, value: &mut Value, place: Place) -> bool {
        match value {
            Value::String(text) => match self.hide(text, place.is_link && !place.is_reason) {
                Some(hidden) => {
                    *text = hidden;
                    true
                }
                None => false,
            },
            Value::Array(items) => {
                items.iter_mut().fold(false, |had_any, item| self.hide_in(item, place) | had_any)
            }
            Value::Object(fields) => {
                let mut had_any = false;
                for (name, mut value) in std::mem::take(fields) {
                    had_any |= self.hide_in(&mut value, place.of(&name));
                    let hidden = self.hide(&name, false);
                    had_any |= hidden.is_some();
                    fields.insert(hidden.unwrap_or(name), value);
                }
                had_any
            }
            _ => false,
        }
    }

    /// A text without them, if it holds any.
    fn hide(&self, text: &str, is_link: bool) -> Option<String> {
        let shortest = if self.kept.of_webhooks { self.shortest } else { WEBHOOK_PREFIX.len() };
        if text.len() < shortest {
            return None;
        }
        let may_hold_id = self.kept.ids_in_links && is_link && is_address(text);
        let spelled = Spelled::of(text);
        let mut places = Vec::new();
        for form in self.forms {
            let is_kept = match form.of {
                What::Key => false,
                What::Id => may_hold_id,
                What::OfWebhook => self.kept.of_webhooks,
            };
            if !is_kept {
                let found = spelled.letters().match_indices(&form.letters);
                places
                    .extend(found.map(|(at, _)| spelled.place(text, at, at + form.letters.len())));
            }
        }
        if !self.kept.of_webhooks {
            let mut done = 0;
            for (at, _) in spelled.letters().match_indices(WEBHOOK_PREFIX) {
                // What begins within another is a part of it.
                if at >= done {
                    done = end_of_webhooks(text, &spelled, at);
                    places.push(spelled.place(text, at, done));
                }
            }
        }
        (!places.is_empty()).then(|| without(text, places))
    }
}

/// A text without what stands in these places, which may overlap.
fn without(text: &str, mut places: Vec<(usize, usize)>) -> String {
    places.sort_unstable();
    let (mut shown, mut done, mut is_hidden) = (String::new(), 0, false);
    for (start, end) in places {
        if !(is_hidden && start <= done) {
            shown.push_str(&text[done..start]);
            shown.push_str(HIDDEN);
        }
        is_hidden = true;
        done = done.max(end);
    }
    shown + &text[done..]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A body without an account's id, if it has one, and key.
    fn without(keys: &[&str], body: &str) -> String {
        without_but(keys, body, Kept { ids_in_links: true, of_webhooks: false })
    }

    fn without_but(keys: &[&str], body: &str, kept: Kept) -> String {
        let known = KnownSecrets::default();
        let keys: Vec<_> = keys.iter().map(|key| ApiKey::new(*key)).collect();
        match keys.as_slice() {
            [id, key] => known.learn(Some(id), key),
            [key] => known.learn(None, key),
            _ => {}
        }
        let taken = known.taken_out_of(body.as_bytes(), kept);
        taken.map_or_else(|| body.to_owned(), |body| String::from_utf8(body).unwrap())
    }

    #[test]
    fn a_long_text_of_secrets_of_webhooks_takes_linear_time() {
        for part in ["whsec_", "whsec_ ", "whsec_A1 ", "whsec_A1"] {
            let body = format!(r#"{{"a":"{}"}}"#, part.repeat(100_000));
            assert!(!without(&[], &body).contains("A1"), "{part}");
        }
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
            r#"{"a":["bad key SK_LIVE/1+2="]}"#,
            r#"{"a":["bad key %73%6b%5f%6c%69%76%65%2f%31%2b%32%3d"]}"#,
            r#"{"a":["bad key sk%255Flive%252F1+2="]}"#,
            r#"{"a":["bad key sk\\u005flive\\u002f1+2="]}"#,
            r#"{"a":["bad key sk\\\\u005flive\\\\/1+2="]}"#,
            r#"{"a":["bad key sk&#95;live&sol;1&#x2b;2="]}"#,
            r#"{"a":["bad key sk&amp;#95;live/1+2="]}"#,
            r#"{"a":["bad key sk_\r\n live/1\u00a0+2="]}"#,
            r#"{"a":["bad key sk_live\u0301/1\ufe0f+2="]}"#,
            r#"{"a":["bad key 736b5f6c6976652f312b323d"]}"#,
            r#"{"a":["bad key 736B5F6C 6976652F 312B323D"]}"#,
        ] {
            assert_eq!(without(&[key], body), r#"{"a":["bad key [redacted]"]}"#, "{body}");
        }
        assert_eq!(without(&[key], r#"{"sk_live/1+2=":[7]}"#), r#"{"[redacted]":[7]}"#);
        assert_eq!(without(&[key], r#"{"SK_LIVE%2f1+2=":[7]}"#), r#"{"[redacted]":[7]}"#);
        assert_eq!(without(&[key], "<b>sk_live/1+2=</b>"), "<b>[redacted]</b>");
        let clean = r#"{"b": 1.50,"a": "sk_live"}"#;
        assert_eq!(without(&[key], clean), clean, "nothing to hide, nothing to change");
    }

    #[test]
    fn keys_are_taken_out_of_base64_whatever_stands_beside_them() {
        use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
        let (id, key) = ("7e5e8a6f-aaaa-bbbb-cccc-03e696ffc000", "sk?live>1?2>3_TOPSECRET");
        for text in [
            key.to_owned(),
            format!("{id}:{key}"),
            format!("Bearer {key}"),
            format!("Basic {key}:"),
            format!("{{\"x-api-key\":\"{key}\"}}"),
            id.to_owned(),
        ] {
            for written in [STANDARD.encode(&text), URL_SAFE_NO_PAD.encode(&text)] {
                let body = format!(r#"["got {written} here"]"#);
                let shown = without(&[id, key], &body);
                assert!(shown.contains(HIDDEN), "{text}: {shown}");
                let letters: String = shown.replace(HIDDEN, " ");
                let longest = letters.split(|c: char| !c.is_ascii_alphanumeric()).map(str::len);
                // Of what stands before it some letters stay, and of itself two.
                assert!(longest.max() <= Some(22), "{text}: {shown}");
                assert!(!shown.contains("TOPSECRET") && shown.ends_with(r#" here"]"#), "{shown}");
            }
        }
    }

    #[test]
    fn an_id_is_hidden_without_its_dashes_too_and_no_other_id_is() {
        let (id, key) = ("7e5e8a6f-aaaa-bbbb-cccc-03e696ffc000", "sk_live_123");
        for written in [
            id.to_uppercase(),
            id.replace('-', ""),
            id.replace('-', "").to_uppercase(),
            id.replace('-', " "),
            format!("{{{id}}}").replace(['{', '}'], ""),
        ] {
            assert_eq!(without(&[id, key], &format!(r#"["{written}"]"#)), r#"["[redacted]"]"#);
        }
        for other in [
            r#"{"id":"7e5e8a6f-aaaa-bbbb-cccc-03e696ffc001"}"#,
            r#"{"id":"7e5e8a6f","video_url":"https://x.example/7e5e8a6f/v.mp4?a=%20b"}"#,
        ] {
            assert_eq!(without(&[id, key], other), other);
        }
    }

    #[test]
    fn overlapping_secrets_are_hidden_as_one_and_a_short_word_is_none() {
        let (id, key) = ("a1b2c3d4", "sk_a1b2c3d4_live");
        for keys in [[id, key], [key, id]] {
            assert_eq!(without(&keys, r#"["sk_a1b2c3d4_live"]"#), r#"["[redacted]"]"#);
        }
        assert_eq!(without(&["id", key], r#"["Invalid id"]"#), r#"["Invalid id"]"#);
        let twice = r#"["sk_a1b2c3d4_livesk_a1b2c3d4_live and sk_a1b2c3d4_live"]"#;
        assert_eq!(without(&[id, key], twice), r#"["[redacted] and [redacted]"]"#);
    }

    #[test]
    fn secrets_of_webhooks_are_taken_out_where_nobody_asked_for_one() {
        for (body, shown) in [
            (r#"["why? (whsec_a1B2.c3), WHSEC_"]"#, r#"["why? ([redacted]), [redacted]"]"#),
            (r#"["whsec_ AbCd123 is it"]"#, r#"["[redacted] is it"]"#),
            (r#"["whsec_AbCd Ef12\n3456 is it"]"#, r#"["[redacted] is it"]"#),
            (r#"["whsec\u200b_Ab\u00adCd12, no"]"#, r#"["[redacted], no"]"#),
            (r#"["whsec%5fAbCd12 no"]"#, r#"["[redacted] no"]"#),
            (r#"["a whsec_ is missing"]"#, r#"["a [redacted] is missing"]"#),
        ] {
            assert_eq!(without(&[], body), shown);
            let kept = Kept { ids_in_links: false, of_webhooks: true };
            assert_eq!(KnownSecrets::default().taken_out_of(body.as_bytes(), kept), None);
        }
        let known = KnownSecrets::default();
        known.learn_of_webhook(&"0a1b2c3d4e5f6g7h".into());
        let body = br#"["signed with 0a1b2c3d 4e5f6g7h"]"#;
        let taken = known.taken_out_of(body, Kept::default()).unwrap();
        assert_eq!(taken, br#"["signed with [redacted]"]"#);
        let kept = Kept { ids_in_links: false, of_webhooks: true };
        assert_eq!(known.taken_out_of(body, kept), None);
    }

    #[test]
    fn a_link_to_what_was_made_keeps_the_id_of_a_key_and_nothing_else_does() {
        let (id, key) = ("7e5e8a6f-d0d5", "sk_live_123");
        let address = format!("https://cdn.example/users/{id}/v.mp4");
        for field in ["generated_video_url", "video_output", "preview", "videoUrl"] {
            for film in
                [json(field, &address), format!(r#"{{"media":[{}]}}"#, json(field, &address))]
            {
                assert_eq!(without(&[id, key], &film), film);
                assert!(!without_but(&[id, key], &film, Kept::default()).contains(id), "{film}");
            }
        }
        let lists = format!(r#"{{"video_urls":["{address}"]}}"#);
        assert_eq!(without(&[id, key], &lists), lists);
        for told in [
            json("video_url", &format!("see {address}")),
            json("detail", &address),
            json("error_url", &address),
            json("status", &address),
            json("id", &address),
            json("name", &address),
            format!(r#"{{"error":{}}}"#, json("url", &address)),
            format!(r#"["{address}"]"#),
            json(&address, "x"),
            json("video_url", &address.replace("v.mp4", "v.mp4?k=sk_live_123")).replace(id, ""),
        ] {
            let shown = without(&[id, key], &told);
            assert!(!shown.contains(id) && !shown.contains(key), "{shown}");
        }
    }

    fn json(name: &str, text: &str) -> String {
        format!(r#"{{"{name}":"{text}"}}"#)
    }
}
