//! Creatify's errors, which come in four shapes: a list of texts, a map from field to texts,
//! `{"detail"}` and `{"error"}`.

use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::error::{ErrorKind, Result};
use crate::model::ProviderId;
use crate::transport::{Dialect, Keys, Refusal, Reply, insert_key};

pub(crate) static DIALECT: Dialect =
    Dialect { provider: ProviderId::Creatify, base_url: "https://api.creatify.ai", sign, refusal };

fn sign(keys: &Keys, headers: &mut HeaderMap) -> Result<()> {
    insert_key(headers, "x-api-id", keys.id.as_ref(), "")?;
    insert_key(headers, "x-api-key", Some(&keys.key), "")
}

fn refusal(reply: &Reply) -> Option<Refusal> {
    let body = reply.json();
    if reply.status.is_success() && body.is_some() {
        return None;
    }
    let number = u32::from(reply.status.as_u16());
    let (field, message) = match &body {
        Some(body) => read(body),
        None => (None, reply.text()),
    };
    // The FAQ speaks of an insufficient-credits error and gives neither status nor body.
    let lacks_credits = message.to_lowercase().contains("credit") && (400..=403).contains(&number);
    let kind = lacks_credits.then_some(ErrorKind::OutOfCredits);
    Some(Refusal { kind, number, message, field, ..Refusal::default() })
}

fn read(body: &Value) -> (Option<String>, String) {
    match body {
        Value::Object(fields) => {
            for key in ["detail", "error", "message", "non_field_errors"] {
                if let Some(value) = fields.get(key) {
                    return (None, text(value));
                }
            }
            match fields.iter().next() {
                Some((field, value)) => (Some(field.clone()), text(value)),
                None => (None, String::new()),
            }
        }
        other => (None, text(other)),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join("; "),
        Value::Null => String::new(),
        other => other.to_string(),
    }
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
        assert_eq!(read(503, "upstream").message, "upstream");
        assert_eq!(read(500, "{}").message, "");
    }

    #[test]
    fn lacking_credits_are_known_by_their_word_as_no_status_is_documented() {
        assert_eq!(read(400, r#"["Insufficient credits"]"#).kind, Some(ErrorKind::OutOfCredits));
        assert_eq!(read(400, r#"["Bad link"]"#).kind, None);
    }
}
