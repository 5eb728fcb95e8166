//! Creatify's errors, which come in four shapes: a list of texts, a map from field to texts,
//! `{"detail"}` and `{"error"}`.

use std::collections::BTreeSet;

use reqwest::header::HeaderMap;
use serde_json::Value;

use super::super::answer::{first_word, has_id, has_text, says_something, sentence};
use super::super::call_result::Status;
use super::super::failure_reason::{failure_code, reason};
use crate::account::Keys;
use crate::error::{ErrorKind, Result};
use crate::model::ProviderId;
use crate::transport::{Dialect, PROVES_NOTHING, Refusal, Reply, insert_key};

pub(crate) static DIALECT: Dialect =
    Dialect { provider: ProviderId::Creatify, base_url: "https://api.creatify.ai", sign, refusal };

fn sign(keys: &Keys, headers: &mut HeaderMap) -> Result<()> {
    insert_key(headers, "x-api-id", keys.id.as_ref(), "")?;
    insert_key(headers, "x-api-key", Some(&keys.key), "")
}

fn refusal(reply: &Reply) -> Option<Refusal> {
    let Some(body) = reply.json() else { return Some(reply.stray()) };
    if reply.status.is_success() {
        return None;
    }
    let number = u32::from(reply.status.as_u16());
    let (field, message) = read(&body);
    let is_short = (400..=403).contains(&number) && lacks_credits(&message);
    let kind = is_short.then_some(ErrorKind::OutOfCredits);
    let code = first_word(&body, &["code"]);
    let is_refusal = is_refusal(&body) && has_text(&body) && !has_id(&body);
    let number = if is_refusal { number } else { PROVES_NOTHING };
    Some(Refusal { kind, code, number, message, field, ..Refusal::default() })
}

/// Whether a sentence says that the account has too few credits. The FAQ speaks of such an error and
/// gives neither status nor body; a picture may show a credit card.
fn lacks_credits(message: &str) -> bool {
    let message = message.to_lowercase();
    let mut words = message.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let mut next = words.next();
    while let Some(word) = next {
        next = words.next();
        let is_card = matches!(next, Some("card" | "cards"));
        if matches!(word, "credit" | "credits") && !is_card {
            return true;
        }
    }
    false
}

/// Whether all of a body has one of the four shapes. That, with no record in it, is all that proves
/// that a call was refused: a field's texts come as a list, and a record's as they are.
fn is_refusal(body: &Value) -> bool {
    match body {
        Value::Array(items) => items.iter().all(|item| item.is_string() || is_refusal(item)),
        Value::Object(fields) => fields.iter().all(|(name, value)| {
            let is_sentence = SENTENCES.contains(&&**name);
            let is_known = ["code", "status_code", "request_id"].contains(&&**name);
            is_known || (is_sentence && value.is_string()) || is_refusal(value)
        }),
        leaf => !says_something(leaf),
    }
}

/// Names under which an object says its sentence; beside them it names no field.
const SENTENCES: [&str; 4] = ["detail", "error", "message", "msg"];

/// The first field that is named, and all that is said: with the fields, where there are several.
fn read(body: &Value) -> (Option<String>, String) {
    let mut said = Vec::new();
    collect(body, String::new(), &mut said);
    let fields: BTreeSet<&str> = said.iter().map(|(field, _)| field.as_str()).collect();
    let lines = said.iter().map(|(field, text)| match field.is_empty() || fields.len() == 1 {
        true => text.clone(),
        false => format!("{field}: {text}"),
    });
    let message = lines.collect::<Vec<_>>().join("; ");
    (said.into_iter().map(|(field, _)| field).find(|field| !field.is_empty()), message)
}

/// Each sentence with the path of its field, such as `link.url` or `scenes[1].text`.
fn collect(value: &Value, field: String, said: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => match SENTENCES.iter().find_map(|name| fields.get(*name)) {
            Some(sentence) => collect(sentence, field, said),
            None => {
                for (name, value) in fields {
                    let path = match name.as_str() {
                        "non_field_errors" => field.clone(),
                        name if field.is_empty() => name.to_owned(),
                        name => format!("{field}.{name}"),
                    };
                    collect(value, path, said);
                }
            }
        },
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let is_part = item.is_object() && !field.is_empty();
                let path = if is_part { format!("{field}[{index}]") } else { field.clone() };
                collect(item, path, said);
            }
        }
        leaf => {
            let text = sentence(leaf);
            if has_text(leaf) {
                said.push((field, text));
            }
        }
    }
}

/// What a record says of its failure.
pub(super) fn failed(raw: &Value) -> Status {
    Status::Failed { code: failure_code(raw), message: reason(raw), cost: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::StatusCode;

    fn read(status: u16, body: &'static str) -> Refusal {
        let status = StatusCode::from_u16(status).unwrap();
        refusal(&Reply { status, headers: HeaderMap::new(), body: body.into() }).unwrap()
    }

    #[test]
    fn all_four_shapes_and_text_are_read() {
        assert_eq!(read(400, r#"["AI model not found","b"]"#).message, "AI model not found; b");
        let map = read(400, r#"{"link":["Invalid link ID"]}"#);
        assert_eq!((map.field.as_deref(), &*map.message), (Some("link"), "Invalid link ID"));
        assert_eq!(read(404, r#"{"detail":"Not found."}"#).message, "Not found.");
        assert_eq!(read(400, r#"{"error":"no"}"#).message, "no");
        assert_eq!(read(500, "{}").message, "");
    }

    #[test]
    fn a_field_is_named_by_its_path_and_several_are_all_told() {
        let told = |body| {
            let refusal = read(400, body);
            (refusal.field.unwrap_or_default(), refusal.message)
        };
        let pair = |field: &str, message: &str| (field.to_owned(), message.to_owned());
        assert_eq!(told(r#"{"link":{"url":["no","nor"]}}"#), pair("link.url", "no; nor"));
        assert_eq!(told(r#"{"a":["no"],"b":[{},{"c":["nor"]}]}"#), pair("a", "a: no; b[1].c: nor"));
        assert_eq!(told(r#"{"non_field_errors":["no"],"a":"nor"}"#), pair("a", "a: nor; no"));
        assert_eq!(told(r#"{"detail":["no","nor"],"code":"c"}"#), pair("", "no; nor"));
        assert_eq!(told(r#"[{"message":"no"},{"a":["nor"]}]"#), pair("a", "no; a: nor"));
        assert_eq!(told(r#"{"a":[{"message":"no","code":"c"}]}"#), pair("a[0]", "no"));
        assert_eq!(told(r#"{"a":null,"b":[]}"#), pair("", ""));
        assert_eq!(told(r#"{"success":false,"status":429}"#), pair("", ""));
    }

    #[test]
    fn only_the_four_shapes_have_a_number() {
        let number = |body| read(429, body).number;
        for error in [
            r#"["Insufficient credits"]"#,
            r#"{"link":["Invalid link ID"]}"#,
            r#"{"scenes":[{},{"text":["too long"]}]}"#,
            r#"{"link":{"url":["no"]}}"#,
            r#"{"non_field_errors":["no"]}"#,
            r#"{"detail":"Request was throttled."}"#,
            r#"{"error":"no"}"#,
            r#"{"detail":["no"],"code":"throttled","scenes":null}"#,
            r#"{"link":[{"message":"no","code":"invalid"}]}"#,
        ] {
            assert_eq!(number(error), 429, "{error}");
        }
        for other in [
            r#""no""#,
            r#"{"success":false}"#,
            r#"{"status":"429"}"#,
            r#"{"detail":null}"#,
            r#"[{"id":"7e5e8a6f","status":"pending"}]"#,
            r#"{"id":"7e5e8a6f","status":"initializing","video_inputs":["a.png"]}"#,
            r#"{"id":"7e5e8a6f","error":"no"}"#,
            r#"[{"id":"7e5e8a6f","status":"pending"},"a warning"]"#,
            r#"{"detail":"throttled","record":{"id":"7e5e8a6f"}}"#,
            r#"{"count":1,"results":[{"id":"7e5e8a6f","tags":["a"]}]}"#,
            r#"{"detail":"throttled","pk":17}"#,
            r#"{"detail":"throttled","record":"7e5e8a6f"}"#,
            r#"{"detail":"throttled","status":"pending"}"#,
            r#"{"video_inputs":["a.png"],"status":"pending","task":"7e5e8a6f"}"#,
            r#"["throttled",{"record":"7e5e8a6f"}]"#,
        ] {
            assert_eq!(number(other), 0, "{other}");
        }
    }

    #[test]
    fn lacking_credits_are_known_by_their_word_as_no_status_is_documented() {
        assert_eq!(read(400, r#"["Insufficient credits"]"#).kind, Some(ErrorKind::OutOfCredits));
        for lacking in [
            r#"{"detail":"You do not have enough credits."}"#,
            r#"{"error":"Your credit balance is 0"}"#,
            r#"{"non_field_errors":["This needs 5 credits"]}"#,
            r#"["No credits. Add a credit card"]"#,
            r#"{"code":"low_credit","detail":"credits: too low"}"#,
        ] {
            assert_eq!(read(403, lacking).kind, Some(ErrorKind::OutOfCredits), "{lacking}");
        }
        for other in [
            r#"["Bad link"]"#,
            r#"{"detail":"Credit card photos are not allowed"}"#,
            r#"{"detail":"You have a credit-card on your picture"}"#,
            r#"["Accredited shops only, none left out"]"#,
        ] {
            assert_eq!(read(403, other).kind, None, "{other}");
        }
    }
}
