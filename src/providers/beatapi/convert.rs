//! BeatAPI's errors: `{"error": {"code", "message", "request_id", …}}`, or an edge's plain text.

use std::time::Duration;

use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::error::{ErrorKind, Result};
use crate::model::ProviderId;
use crate::transport::{Dialect, Keys, Refusal, Reply, insert_key};

pub(crate) static DIALECT: Dialect =
    Dialect { provider: ProviderId::BeatApi, base_url: "https://api.beatapi.io", sign, refusal };

fn sign(keys: &Keys, headers: &mut HeaderMap) -> Result<()> {
    insert_key(headers, "authorization", Some(&keys.key), "Bearer ")
}

fn refusal(reply: &Reply) -> Option<Refusal> {
    let body = reply.json();
    if reply.status.is_success() && body.is_some() {
        return None;
    }
    let number = u32::from(reply.status.as_u16());
    let Some(error) = body.as_ref().and_then(|body| body.get("error")) else {
        // The edge answers 403 with the text `error code: 1010` to agents that it dislikes.
        return Some(Refusal { number, message: reply.text(), ..Refusal::default() });
    };
    let text = |field: &str| error.get(field).and_then(Value::as_str).map(str::to_owned);
    let code = text("code");
    Some(Refusal {
        kind: code.as_deref().and_then(kind),
        code,
        number,
        message: text("message").unwrap_or_default(),
        field: None,
        request_id: text("request_id"),
        retry_after: error
            .get("retry_after_seconds")
            .and_then(Value::as_u64)
            .map(Duration::from_secs),
    })
}

/// Codes that say more than their status.
fn kind(code: &str) -> Option<ErrorKind> {
    match code {
        "content_policy_violation" => Some(ErrorKind::ContentRefused),
        "user_concurrency_exceeded" => Some(ErrorKind::NoSlot),
        "missing_api_key" => Some(ErrorKind::NeedsCredentials),
        "invalid_api_key" | "unauthorized" => Some(ErrorKind::Unauthorized),
        "insufficient_credits" => Some(ErrorKind::OutOfCredits),
        _ => None,
    }
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
    fn its_own_errors_and_those_of_an_edge_are_read() {
        let no_slot = read(
            429,
            r#"{"error":{"code":"user_concurrency_exceeded","message":"m","retryable":true,
                "request_id":"req_1","retry_after_seconds":30}}"#,
        )
        .unwrap();
        assert_eq!(no_slot.kind, Some(ErrorKind::NoSlot));
        assert_eq!(no_slot.retry_after, Some(Duration::from_secs(30)));
        assert_eq!(no_slot.request_id.as_deref(), Some("req_1"));
        let edge = read(403, "error code: 1010").unwrap();
        assert_eq!((edge.number, edge.message.as_str()), (403, "error code: 1010"));
        assert_eq!(read(502, "<html>").unwrap().message, "an HTML page instead of an answer");
        assert!(read(201, r#"{"data":{}}"#).is_none());
    }

    #[test]
    fn a_success_that_is_no_json_is_none() {
        assert_eq!(read(200, "<html>").unwrap().number, 200);
        assert!(read(200, "").is_some());
    }
}
