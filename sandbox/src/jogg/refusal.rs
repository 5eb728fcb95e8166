//! `{"code", "msg", "data": null}`.
//!
//! Whether a business code comes with a status of its own is not documented; the documentation
//! declares nothing but 200. What the web server itself refuses has a real status, and all else
//! where the sandbox is set up so.

use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde_json::json;

use crate::check::{Fault, Problem};
use crate::ledger::Insufficient;

/// An answer that is no.
#[derive(Debug)]
pub(super) enum Refusal {
    Key,
    /// No such record, or another account's.
    Record,
    /// `script.style` alone was seen to have a code of its own.
    Style,
    Parameter(String),
    Credits,
    TooMany {
        secs: u64,
    },
    Path,
    Method,
}

/// The business code of an answer, for middleware that does not read the body.
#[derive(Clone, Copy)]
struct BusinessCode(u32);

/// Gives a refusal that came as HTTP 200 the status of its business code.
pub(super) async fn with_status(mut response: Response) -> Response {
    let code = response.extensions().get::<BusinessCode>().map(|BusinessCode(code)| *code);
    if response.status() == StatusCode::OK {
        *response.status_mut() = code.map_or(StatusCode::OK, status_of);
    }
    response
}

fn status_of(code: u32) -> StatusCode {
    match code {
        10104 => StatusCode::NOT_FOUND,
        10105 => StatusCode::UNAUTHORIZED,
        18020 => StatusCode::PAYMENT_REQUIRED,
        18025 => StatusCode::FORBIDDEN,
        429 => StatusCode::TOO_MANY_REQUESTS,
        50000 => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let wait = match &self {
            Self::TooMany { secs } => Some(*secs),
            _ => None,
        };
        let (status, code, msg) = match self {
            Self::Key => (StatusCode::OK, 10105, "Invalid API key".to_owned()),
            Self::Record => (StatusCode::OK, 10104, "Record not found".to_owned()),
            Self::Style => (StatusCode::OK, 18001, "script.style required".to_owned()),
            Self::Parameter(text) => (StatusCode::OK, 40000, format!("Parameter error: {text}")),
            Self::Credits => (StatusCode::OK, 18020, "Insufficient credit".to_owned()),
            Self::TooMany { .. } => {
                let text = "Rate limit exceeded. Please try again later.";
                (StatusCode::OK, 429, text.to_owned())
            }
            Self::Path => (StatusCode::NOT_FOUND, 10104, "Record not found".to_owned()),
            Self::Method => {
                let text = "Parameter error: method not allowed";
                (StatusCode::METHOD_NOT_ALLOWED, 40000, text.to_owned())
            }
        };
        let body = Json(json!({"code": code, "msg": msg, "data": null}));
        let mut response = (status, Extension(BusinessCode(code)), body).into_response();
        if let Some(secs) = wait {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(secs));
        }
        response
    }
}

impl From<Vec<Problem>> for Refusal {
    /// Of several problems the first is reported.
    fn from(problems: Vec<Problem>) -> Self {
        match problems.into_iter().next() {
            Some(Problem { field, fault: Fault::Missing | Fault::Null | Fault::Blank })
                if field == "script.style" =>
            {
                Self::Style
            }
            Some(problem) => Self::Parameter(problem.to_string()),
            None => Self::Parameter("body".to_owned()),
        }
    }
}

impl From<Insufficient> for Refusal {
    fn from(Insufficient: Insufficient) -> Self {
        Self::Credits
    }
}
