//! JoggAI's errors: `{"code", "msg", "data"}` with a code that is not 0, inside HTTP 200 or with
//! an HTTP status of its own.

use std::time::Duration;

use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::error::{ErrorKind, Result};
use crate::model::ProviderId;
use crate::transport::{Dialect, Keys, Refusal, Reply, insert_key};

pub(crate) static DIALECT: Dialect =
    Dialect { provider: ProviderId::Jogg, base_url: "https://api.jogg.ai", sign, refusal };

fn sign(keys: &Keys, headers: &mut HeaderMap) -> Result<()> {
    insert_key(headers, "x-api-key", Some(&keys.key), "")
}

fn refusal(reply: &Reply) -> Option<Refusal> {
    let body = reply.json();
    let status = u32::from(reply.status.as_u16());
    let code = body.as_ref().and_then(|body| body.get("code")?.as_u64());
    let Some((body, code)) = body.as_ref().zip(code) else {
        return Some(Refusal { number: status, message: reply.text(), ..Refusal::default() });
    };
    if code == 0 && reply.status.is_success() {
        return None;
    }
    let text = |field: &str| body.get(field).and_then(Value::as_str).map(str::to_owned);
    let message = text("msg").unwrap_or_default();
    let number = if code == 0 { status } else { u32::try_from(code).unwrap_or(u32::MAX) };
    Some(Refusal {
        kind: kind(number),
        code: (code != 0).then(|| code.to_string()),
        number,
        field: named_field(&message),
        message,
        request_id: text("rid").filter(|rid| !rid.is_empty()),
        // Where this stands is unclear; a header of the same meaning is read by the transport.
        retry_after: body["data"]["retryAfter"].as_u64().map(Duration::from_secs),
    })
}

fn kind(code: u32) -> Option<ErrorKind> {
    match code {
        429 => Some(ErrorKind::RateLimited),
        10104 => Some(ErrorKind::NotFound),
        10105 => Some(ErrorKind::Unauthorized),
        18001 | 40000 => Some(ErrorKind::InvalidRequest),
        18020 => Some(ErrorKind::OutOfCredits),
        18025 => Some(ErrorKind::PlanLacks),
        50000 => Some(ErrorKind::Unavailable),
        _ => None,
    }
}

/// The field of messages such as `Parameter error: avatar_id is required`.
fn named_field(message: &str) -> Option<String> {
    let words = message.rsplit(": ").next()?;
    let (field, _) = words
        .strip_suffix("required")?
        .trim_end()
        .split_once(' ')
        .unwrap_or((words.strip_suffix("required")?.trim_end(), ""));
    let is_field = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
    (!field.is_empty() && field.chars().all(is_field)).then(|| field.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::StatusCode;

    fn read(status: u16, body: &'static str) -> Option<Refusal> {
        let status = StatusCode::from_u16(status).unwrap();
        refusal(&Reply { status, headers: HeaderMap::new(), body: body.into() })
    }

    #[test]
    fn business_codes_are_read_inside_200_and_outside_it() {
        for status in [200, 401] {
            let refusal = read(status, r#"{"code":10105,"msg":"Invalid API key","data":null}"#);
            let refusal = refusal.unwrap();
            assert_eq!((refusal.number, refusal.kind), (10105, Some(ErrorKind::Unauthorized)));
        }
        assert!(read(200, r#"{"code":0,"msg":"success"}"#).is_none());
        assert_eq!(read(500, r#"{"code":0,"msg":""}"#).unwrap().number, 500);
        assert_eq!(read(502, "<html>").unwrap().number, 502);
        let limited = read(200, r#"{"code":429,"msg":"m","data":{"retryAfter":30}}"#).unwrap();
        assert_eq!(limited.retry_after, Some(Duration::from_secs(30)));
    }

    #[test]
    fn the_field_of_a_message_is_named() {
        let field = |text: &str| named_field(text);
        assert_eq!(field("Parameter error: avatar_id is required"), Some("avatar_id".into()));
        assert_eq!(field("script.style required"), Some("script.style".into()));
        assert_eq!(field("Insufficient credit"), None);
    }
}
