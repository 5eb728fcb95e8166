//! `{"code", "msg", "data": null}`.
//!
//! Whether a business code comes with a status of its own is not documented; the documentation
//! declares nothing but 200. What the web server itself refuses has a real status.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::sandbox::check::{Fault, Problem};
use crate::sandbox::credits::Insufficient;

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
    Path,
    Method,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, code, msg) = match self {
            Self::Key => (StatusCode::OK, 10105, "Invalid API key".to_owned()),
            Self::Record => (StatusCode::OK, 10104, "Record not found".to_owned()),
            Self::Style => (StatusCode::OK, 18001, "script.style required".to_owned()),
            Self::Parameter(text) => (StatusCode::OK, 40000, format!("Parameter error: {text}")),
            Self::Credits => (StatusCode::OK, 18020, "Insufficient credit".to_owned()),
            Self::Path => (StatusCode::NOT_FOUND, 10104, "Record not found".to_owned()),
            Self::Method => {
                let text = "Parameter error: method not allowed";
                (StatusCode::METHOD_NOT_ALLOWED, 40000, text.to_owned())
            }
        };
        (status, Json(json!({"code": code, "msg": msg, "data": null}))).into_response()
    }
}

impl From<Vec<Problem>> for Refusal {
    /// The first problem is the one that is told.
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
