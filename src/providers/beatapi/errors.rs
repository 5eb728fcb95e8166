//! BeatAPI's errors: `{"error": {"code", "message", "request_id", …}}`, or an edge's plain text.

use reqwest::header::HeaderMap;

use serde_json::Value;

use super::super::answer::{first_word, has_id, has_text, says_only, sentence, wait};
use crate::account::Keys;
use crate::error::{ErrorKind, Result};
use crate::model::ProviderId;
use crate::transport::{Dialect, PROVES_NOTHING, Refusal, Reply, insert_key};

pub(crate) static DIALECT: Dialect =
    Dialect { provider: ProviderId::BeatApi, base_url: "https://api.beatapi.io", sign, refusal };

fn sign(keys: &Keys, headers: &mut HeaderMap) -> Result<()> {
    insert_key(headers, "authorization", Some(&keys.key), "Bearer ")
}

fn refusal(reply: &Reply) -> Option<Refusal> {
    let Some(body) = reply.json() else { return Some(reply.stray()) };
    if reply.status.is_success() {
        return None;
    }
    // A plain text stands for the whole object; a gateway may answer an object without `error`.
    let error = body.get("error").unwrap_or(&body);
    // The text routes answer as the services do that they stand for: some name a `type`.
    let code = first_word(error, &["code", "type"]);
    let mut message = first_word(error, &["message"]);
    // In no contract, but the official client shows it.
    let details = error.get("details").map(sentence).filter(|details| !details.is_empty());
    if let Some(details) = details {
        message = Some(message.map_or(details.clone(), |message| format!("{message} ({details})")));
    }
    Some(Refusal {
        kind: code.as_deref().and_then(kind),
        // Nothing that is known: then all of it.
        message: message
            .or_else(|| (code.is_none() && has_text(error)).then(|| sentence(error)))
            .unwrap_or_default(),
        code,
        number: if is_refusal(&body) { u32::from(reply.status.as_u16()) } else { PROVES_NOTHING },
        field: None,
        request_id: first_word(error, &["request_id"]),
        retry_after: wait(&error["retry_after_seconds"]),
    })
}

/// Fields beside an error, and in it. Some routes pass on the errors of other services, so the
/// lists hold their fields too.
const ENVELOPE_FIELDS: [&str; 4] = ["error", "request_id", "type", "code"];
const ERROR_FIELDS: [&str; 11] = [
    "code",
    "type",
    "message",
    "param",
    "status",
    "details",
    "suggestions",
    "next",
    "retryable",
    "request_id",
    "retry_after_seconds",
];

/// Whether a body is an error as the service writes it, and nothing beside it: nothing else proves
/// that a call was refused.
fn is_refusal(body: &Value) -> bool {
    let error = &body["error"];
    let says = |name| error.get(name).is_some_and(has_text);
    let is_error = says_only(body, &ENVELOPE_FIELDS) && says_only(error, &ERROR_FIELDS);
    // What is suggested is there already.
    let has_made = |(name, value): (&String, &Value)| name != "suggestions" && has_id(value);
    let shows_id = error.as_object().is_some_and(|fields| fields.iter().any(has_made));
    is_error && ["code", "type", "message"].into_iter().any(says) && !shows_id
}

/// Codes that say more than their status.
fn kind(code: &str) -> Option<ErrorKind> {
    match code {
        "content_policy_violation" => Some(ErrorKind::ContentRefused),
        "user_concurrency_exceeded" => Some(ErrorKind::NoSlot),
        "missing_api_key" => Some(ErrorKind::NeedsCredentials),
        "invalid_api_key" | "unauthorized" => Some(ErrorKind::Unauthorized),
        "insufficient_credits" => Some(ErrorKind::OutOfCredits),
        // Not a 503 that passes.
        "realtime_disabled" => Some(ErrorKind::Unsupported),
        // Those of a running session, for which no status is stated.
        "realtime_session_expired" => Some(ErrorKind::NotFound),
        "origin_not_allowed" | "transport_not_allowed" => Some(ErrorKind::InvalidRequest),
        "invalid_client_secret" | "invalid_signature" => Some(ErrorKind::Unauthorized),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::StatusCode;
    use std::time::Duration;

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
        assert!(read(201, r#"{"data":{}}"#).is_none());
    }

    #[test]
    fn an_error_is_read_in_any_form() {
        let told = |body| {
            let refusal = read(400, body).unwrap();
            (refusal.code.unwrap_or_default(), refusal.message)
        };
        let pair = |code: &str, message: &str| (code.to_owned(), message.to_owned());
        assert_eq!(told(r#"{"error":"no"}"#), pair("", "no"));
        assert_eq!(told(r#"{"error":["no",{"a":1}]}"#), pair("", "no; a: 1"));
        assert_eq!(told(r#"{"message":"no"}"#), pair("", "no"));
        assert_eq!(told(r#"{"error":{"code":400,"message":7}}"#), pair("400", "7"));
        assert_eq!(told(r#"{"error":{"type":"overloaded","code":null}}"#), pair("overloaded", ""));
        let details = r#"{"error":{"code":"c","message":"m","details":[{"path":"duration"}]}}"#;
        assert_eq!(told(details), pair("c", "m (path: duration)"));
        for body in ["null", "[]", "{}", r#"{"error":null}"#, r#"{"error":{}}"#, r#"{"data":null}"#]
        {
            assert_eq!(told(body), pair("", ""), "{body}");
        }
    }

    #[test]
    fn only_its_own_error_without_a_task_has_a_number() {
        let number = |body| read(429, body).unwrap().number;
        for error in [
            r#"{"error":{"code":"c","message":"m","suggestions":[{"id":"ecommerce-video"}]}}"#,
            r#"{"error":{"code":"c"}}"#,
            r#"{"error":{"message":"m"},"data":null}"#,
        ] {
            assert_eq!(number(error), 429, "{error}");
        }
        for other in [
            r#"{"error":"no"}"#,
            r#"{"error":{"code":7,"retryable":true}}"#,
            r#"{"message":"Too Many Requests"}"#,
            r#"{"errors":[]}"#,
            r#"{"success":false}"#,
            r#"{"data":{"id":"task_1","status":"queued"}}"#,
            r#"{"error":{"code":"c"},"data":{"id":"task_1"}}"#,
            r#"{"error":{"code":"c"},"id":"task_1","status":"queued"}"#,
            r#"{"error":{"code":"c","task":{"id":"task_1"}}}"#,
            r#"{"error":{"code":"c","message":"m"},"task":"task_1"}"#,
            r#"{"error":{"code":"c","message":"m"},"task_ids":["task_1"]}"#,
            r#"{"error":{"code":"c","message":"m"},"data":{"usage":{"credits":1}}}"#,
            r#"{"error":{"code":"c","message":"m","result":"https://a.example/task_1"}}"#,
        ] {
            assert_eq!(number(other), 0, "{other}");
        }
    }

    #[test]
    fn a_success_that_is_no_json_is_none() {
        // Nor is it a refusal that any list knows.
        assert_eq!(read(200, "<html>").unwrap().number, 0);
        assert_eq!(read(404, "<html>").unwrap().number, 0);
        assert_eq!(read(403, "error code: 1010").unwrap().number, 403);
        assert!(read(200, "").is_some());
    }
}
