//! `{"error": {"code", "message", "retryable", "request_id"}}`, and for what passes
//! `retry_after_seconds`.

use axum::Json;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::BeatApiContract;

/// The codes that these operations refuse with.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Code {
    BadRequest,
    MissingApiKey,
    InvalidApiKey,
    InsufficientCredits,
    NotFound,
    /// Not in the contract, which has no word for 405.
    WrongMethod,
    IdempotencyConflict,
    RateLimitExceeded,
    /// No slot is free.
    UserConcurrencyExceeded,
}

impl Code {
    /// Whether the same call may be worth another try.
    fn is_retryable(self) -> bool {
        matches!(self, Self::RateLimitExceeded | Self::UserConcurrencyExceeded)
    }

    fn parts(self) -> (StatusCode, &'static str) {
        match self {
            Self::BadRequest => (StatusCode::BAD_REQUEST, "bad_request"),
            Self::MissingApiKey => (StatusCode::UNAUTHORIZED, "missing_api_key"),
            Self::InvalidApiKey => (StatusCode::UNAUTHORIZED, "invalid_api_key"),
            Self::InsufficientCredits => (StatusCode::PAYMENT_REQUIRED, "insufficient_credits"),
            Self::NotFound => (StatusCode::NOT_FOUND, "not_found"),
            Self::WrongMethod => (StatusCode::METHOD_NOT_ALLOWED, "bad_request"),
            Self::IdempotencyConflict => (StatusCode::CONFLICT, "idempotency_conflict"),
            Self::RateLimitExceeded => (StatusCode::TOO_MANY_REQUESTS, "rate_limit_exceeded"),
            Self::UserConcurrencyExceeded => {
                (StatusCode::TOO_MANY_REQUESTS, "user_concurrency_exceeded")
            }
        }
    }
}

/// An answer that is no.
pub(super) struct Refusal {
    code: Code,
    message: String,
    request_id: String,
    contract: BeatApiContract,
    /// The seconds after which another try may be worth it.
    retry_after: Option<u64>,
}

impl Refusal {
    pub(super) fn new(
        code: Code,
        message: impl Into<String>,
        request_id: String,
        contract: BeatApiContract,
    ) -> Self {
        Self { code, message: message.into(), request_id, contract, retry_after: None }
    }

    pub(super) fn retry_after(self, secs: u64) -> Self {
        Self { retry_after: Some(secs), ..self }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self { code, message, request_id, contract, retry_after } = self;
        let (status, word) = code.parts();
        let mut error = json!({"code": word, "message": message, "request_id": request_id});
        if !contract.is_launch() {
            error["retryable"] = code.is_retryable().into();
        } else if status == StatusCode::UNAUTHORIZED {
            error["code"] = "unauthorized".into();
        }
        // The older contract's example of a full account has no wait in its body.
        let has_wait = !contract.is_launch() || code != Code::UserConcurrencyExceeded;
        if let Some(secs) = retry_after.filter(|_| has_wait) {
            error["retry_after_seconds"] = secs.into();
        }
        let mut response = (status, Json(json!({"error": error}))).into_response();
        if let Some(secs) = retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(secs));
        }
        response
    }
}
