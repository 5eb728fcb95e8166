//! JoggAI's errors: `{"code", "msg", "data"}` with a code that is not 0, inside HTTP 200 or with
//! an HTTP status of its own.

use reqwest::header::HeaderMap;
use serde_json::Value;

use super::super::answer::{first_word, has_id, says_only, says_something, wait};
use crate::account::Keys;
use crate::error::{ErrorKind, Result};
use crate::model::ProviderId;
use crate::transport::{Dialect, PROVES_NOTHING, Refusal, Reply, insert_key};

pub(crate) static DIALECT: Dialect =
    Dialect { provider: ProviderId::Jogg, base_url: "https://api.jogg.ai", sign, refusal };

fn sign(keys: &Keys, headers: &mut HeaderMap) -> Result<()> {
    insert_key(headers, "x-api-key", Some(&keys.key), "")
}

fn refusal(reply: &Reply) -> Option<Refusal> {
    let Some(body) = reply.json() else { return Some(reply.stray()) };
    let (code, number) = match first_word(&body, &["code"]).map(numbered) {
        Some((_, 0)) if reply.status.is_success() => return None,
        // It refuses by a code, and by nothing else.
        Some((_, 0)) | None => (None, PROVES_NOTHING),
        Some((code, number)) => (Some(code), number),
    };
    let proven = if is_refusal(&body) { number } else { PROVES_NOTHING };
    let message = first_word(&body, &["msg", "message", "error", "detail"]).unwrap_or_default();
    Some(Refusal {
        kind: kind(number),
        code,
        number: proven,
        field: named_field(&message),
        message,
        request_id: first_word(&body, &["rid"]),
        // Where this stands is unclear; a header of the same meaning is read by the transport.
        retry_after: wait(&body["data"]["retryAfter"]),
    })
}

/// Whether a body is an envelope that refuses, and nothing in it: nothing else proves that a call was
/// refused.
fn is_refusal(body: &Value) -> bool {
    let data = &body["data"];
    let is_empty = !says_something(data) || says_only(data, &["retryAfter", "limit", "current"]);
    is_empty
        && says_only(body, &["code", "msg", "message", "error", "detail", "rid", "data"])
        && data["previews"].is_null()
        && !has_id(body)
}

/// A code with its number, also where it came as text or as `10105.0`. Of text that is no number
/// nothing is known.
fn numbered(code: String) -> (String, u32) {
    match code.parse::<f64>() {
        Ok(number) if number.fract() == 0.0 && (0.0..f64::from(u32::MAX)).contains(&number) => {
            (number.abs().to_string(), number as u32)
        }
        _ => (code, u32::MAX),
    }
}

fn kind(code: u32) -> Option<ErrorKind> {
    match code {
        // The vendor's own test double, for a body that it does not take.
        1 => Some(ErrorKind::InvalidRequest),
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
    use std::time::Duration;

    fn read(status: u16, body: &str) -> Option<Refusal> {
        let status = StatusCode::from_u16(status).unwrap();
        refusal(&Reply { status, headers: HeaderMap::new(), body: body.to_owned().into() })
    }

    #[test]
    fn business_codes_are_read_inside_200_and_outside_it() {
        for status in [200, 401] {
            let refusal = read(status, r#"{"code":10105,"msg":"Invalid API key","data":null}"#);
            let refusal = refusal.unwrap();
            assert_eq!((refusal.number, refusal.kind), (10105, Some(ErrorKind::Unauthorized)));
        }
        assert!(read(200, r#"{"code":0,"msg":"success"}"#).is_none());
        assert_eq!(read(502, "<html>").unwrap().number, 0);
        let limited = read(200, r#"{"code":429,"msg":"m","data":{"retryAfter":30}}"#).unwrap();
        assert_eq!(limited.retry_after, Some(Duration::from_secs(30)));
    }

    #[test]
    fn a_code_is_read_in_any_form() {
        for code in ["10105", "10105.0", r#""10105""#, r#"" 10105 ""#] {
            let refusal =
                read(200, &format!(r#"{{"code":{code},"message":"m","rid":7}}"#)).unwrap();
            assert_eq!((refusal.number, &*refusal.message), (10105, "m"), "{code}");
            assert_eq!(refusal.code.as_deref(), Some("10105"));
            assert_eq!(refusal.kind, Some(ErrorKind::Unauthorized));
            assert_eq!(refusal.request_id.as_deref(), Some("7"));
        }
        for code in ["0", "0.0", r#""0""#, "-0.0"] {
            assert!(read(200, &format!(r#"{{"code":{code}}}"#)).is_none(), "{code}");
        }
        for code in ["-1", "0.5", "1e300", r#""gone""#, "99999999999"] {
            let refusal = read(200, &format!(r#"{{"code":{code}}}"#)).unwrap();
            assert_eq!(refusal.kind, None, "{code}");
            assert!(refusal.number != 0 && refusal.code.is_some(), "{code}");
        }
        for body in ["null", "[]", "{}", "7", r#"{"code":null}"#, r#"{"code":{},"data":7}"#] {
            let refusal = read(200, body).unwrap();
            assert_eq!((refusal.number, refusal.code), (PROVES_NOTHING, None), "{body}");
        }
    }

    #[test]
    fn only_a_code_without_a_thing_has_a_number() {
        let number = |body| read(402, body).unwrap().number;
        assert_eq!(number(r#"{"code":18020,"msg":"Insufficient credit","data":null}"#), 18020);
        let limited = r#"{"code":429,"msg":"m","data":{"retryAfter":30,"limit":20,"current":21}}"#;
        assert_eq!(number(limited), 429);
        for other in [
            r#"{"code":0,"msg":"Success","data":{"video_id":"v"}}"#,
            r#"{"code":18020,"msg":"m","data":{"video_id":"v"}}"#,
            r#"{"code":18020,"msg":"m","data":{"previews":[]}}"#,
            r#"{"code":18020,"msg":"m","data":[{"video_id":"v"}]}"#,
            r#"{"code":40000,"msg":"m","data":{"video":{"id":7}}}"#,
            r#"{"msg":"m"}"#,
            r#"{"code":40000,"msg":"m","data":"v1"}"#,
            r#"{"code":40000,"msg":"m","data":523}"#,
            r#"{"code":40000,"msg":"m","data":{"video":"v1"}}"#,
            r#"{"code":40000,"msg":"m","data":{"status":"processing","deducted_credit":1}}"#,
            r#"{"code":40000,"msg":"m","videoid":"v1"}"#,
        ] {
            assert_eq!(number(other), PROVES_NOTHING, "{other}");
        }
    }

    #[test]
    fn the_field_of_a_message_is_named() {
        let field = |text: &str| named_field(text);
        assert_eq!(field("Parameter error: avatar_id is required"), Some("avatar_id".into()));
        assert_eq!(field("script.style required"), Some("script.style".into()));
        assert_eq!(field("Insufficient credit"), None);
    }
}
