//! `{"error": {"code", "message", "retryable", "request_id"}}`.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// The codes that these operations refuse with. None of them is worth another try.
#[derive(Clone, Copy)]
pub(super) enum Code {
    BadRequest,
    MissingApiKey,
    InvalidApiKey,
    InsufficientCredits,
    NotFound,
    /// Not in the contract, which has no word for 405.
    WrongMethod,
    IdempotencyConflict,
}

impl Code {
    fn parts(self) -> (StatusCode, &'static str) {
        match self {
            Self::BadRequest => (StatusCode::BAD_REQUEST, "bad_request"),
            Self::MissingApiKey => (StatusCode::UNAUTHORIZED, "missing_api_key"),
            Self::InvalidApiKey => (StatusCode::UNAUTHORIZED, "invalid_api_key"),
            Self::InsufficientCredits => (StatusCode::PAYMENT_REQUIRED, "insufficient_credits"),
            Self::NotFound => (StatusCode::NOT_FOUND, "not_found"),
            Self::WrongMethod => (StatusCode::METHOD_NOT_ALLOWED, "bad_request"),
            Self::IdempotencyConflict => (StatusCode::CONFLICT, "idempotency_conflict"),
        }
    }
}

/// An answer that is no.
pub(super) struct Refusal {
    code: Code,
    message: String,
    request_id: String,
}

impl Refusal {
    pub(super) fn new(code: Code, message: impl Into<String>, request_id: String) -> Self {
        Self { code, message: message.into(), request_id }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, code) = self.code.parts();
        let error = json!({
            "code": code,
            "message": self.message,
            "retryable": false,
            "request_id": self.request_id,
        });
        (status, Json(json!({"error": error}))).into_response()
    }
}
