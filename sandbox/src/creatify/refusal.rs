//! Refusals as Django REST framework writes them: an object with `detail`, a map from field to
//! sentences, or a list of sentences.

use axum::Json;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::body::BodyFault;
use crate::check::{Fault, Problem};
use crate::ledger::Insufficient;

/// An answer that is no.
#[derive(Debug)]
pub(super) enum Refusal {
    NoKeys,
    /// 401 or 403 for wrong keys is not established; we answer as for missing ones.
    WrongKeys,
    /// No record of this model, or another account's.
    NoRecord(&'static str),
    NoPath,
    NoPage,
    Method(Method),
    MediaType(String),
    /// A body that cannot be read at all.
    Body(String),
    TooLarge,
    /// A map from field to sentences.
    Fields(Value),
    /// The record is not where it would have to be.
    State(&'static str),
    /// A page that could not be read.
    Scrape(String),
    /// Neither status nor body of this refusal was found anywhere; 402 is what BeatAPI answers.
    Credits,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let detail = |text: &str| json!({"detail": text});
        let (status, body) = match self {
            Self::NoKeys => {
                let text = "Authentication credentials were not provided.";
                (StatusCode::UNAUTHORIZED, detail(text))
            }
            Self::WrongKeys => (StatusCode::UNAUTHORIZED, detail("Invalid API credentials.")),
            Self::NoRecord(model) => {
                let text = format!("No {model} matches the given query.");
                (StatusCode::NOT_FOUND, detail(&text))
            }
            Self::NoPath => (StatusCode::NOT_FOUND, detail("Not found.")),
            Self::NoPage => (StatusCode::NOT_FOUND, detail("Invalid page.")),
            Self::Method(method) => {
                let text = format!("Method \"{method}\" not allowed.");
                (StatusCode::METHOD_NOT_ALLOWED, detail(&text))
            }
            Self::MediaType(media_type) => {
                let text = format!("Unsupported media type \"{media_type}\" in request.");
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, detail(&text))
            }
            Self::Body(text) => (StatusCode::BAD_REQUEST, detail(&text)),
            Self::TooLarge => {
                (StatusCode::PAYLOAD_TOO_LARGE, detail("Request body exceeded the limit."))
            }
            Self::Fields(map) => (StatusCode::BAD_REQUEST, map),
            Self::State(sentence) => (StatusCode::BAD_REQUEST, json!([sentence])),
            Self::Scrape(url) => {
                (StatusCode::BAD_REQUEST, json!([format!("Failed to scrape url: {url}")]))
            }
            Self::Credits => (StatusCode::PAYMENT_REQUIRED, detail("Insufficient credits.")),
        };
        (status, Json(body)).into_response()
    }
}

impl Refusal {
    /// What is wrong with one field, in a sentence.
    pub(super) fn field(name: &str, sentence: &str) -> Self {
        Self::Fields(Map::from_iter([(name.to_owned(), json!([sentence]))]).into())
    }
}

impl From<BodyFault> for Refusal {
    fn from(fault: BodyFault) -> Self {
        match fault {
            BodyFault::TooLarge { .. } => Self::TooLarge,
            BodyFault::Interrupted => Self::Body("Request body was not received.".to_owned()),
            BodyFault::NotAForm => {
                Self::Body("Multipart form parse error - Invalid boundary".to_owned())
            }
            BodyFault::NotJson(reason) => Self::Body(format!("JSON parse error - {reason}")),
            BodyFault::NotAnObject(kind) => {
                let text = format!("Invalid data. Expected a dictionary, but got {kind}.");
                Self::Fields(json!({"non_field_errors": [text]}))
            }
        }
    }
}

impl From<Vec<Problem>> for Refusal {
    fn from(problems: Vec<Problem>) -> Self {
        let mut map = Map::new();
        for Problem { field, fault } in problems {
            let sentences = map.entry(field).or_insert_with(|| json!([]));
            if let Some(sentences) = sentences.as_array_mut() {
                sentences.push(sentence(&fault).into());
            }
        }
        Self::Fields(map.into())
    }
}

impl From<Insufficient> for Refusal {
    fn from(Insufficient: Insufficient) -> Self {
        Self::Credits
    }
}

fn sentence(fault: &Fault) -> String {
    match fault {
        Fault::Missing => "This field is required.".to_owned(),
        Fault::Null => "This field may not be null.".to_owned(),
        Fault::Blank => "This field may not be blank.".to_owned(),
        Fault::NotA("an integer") => "A valid integer is required.".to_owned(),
        Fault::NotA("a number") => "A valid number is required.".to_owned(),
        Fault::NotA("true or false") => "Must be a valid boolean.".to_owned(),
        Fault::NotA("a list") => "Expected a list of items.".to_owned(),
        Fault::NotA("an object") => "Expected a dictionary of items.".to_owned(),
        Fault::NotA(_) => "Not a valid string.".to_owned(),
        Fault::Choice { given, .. } => format!("\"{given}\" is not a valid choice."),
        Fault::TooLong { most } => {
            format!("Ensure this field has no more than {most} characters.")
        }
        Fault::Url => "Enter a valid URL.".to_owned(),
        Fault::Uuid => "Must be a valid UUID.".to_owned(),
        Fault::Outside(_) | Fault::Apart(_) | Fault::Count(_) | Fault::Other(_) => {
            format!("This field {fault}.")
        }
    }
}
