//! Request bodies, never read beyond a limit.

use std::fmt;

use axum::body::Body;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use serde_json::{Map, Value};

/// Largest JSON or form body. The longest documented field has 2,000 characters.
pub(super) const MOST_JSON_BYTES: usize = 1_000_000;

/// Why a body was not read.
#[derive(Debug, PartialEq)]
pub(super) enum BodyFault {
    TooLarge {
        most: usize,
    },
    Interrupted,
    /// The reason, for people.
    NotJson(String),
    /// JSON, but this instead of an object.
    NotAnObject(&'static str),
    NotAForm,
}

impl fmt::Display for BodyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { most } => write!(f, "the body may have at most {most} bytes"),
            Self::Interrupted => f.write_str("the body was not received whole"),
            Self::NotJson(reason) => write!(f, "the body is not JSON: {reason}"),
            Self::NotAnObject(kind) => write!(f, "the body must be a JSON object, not {kind}"),
            Self::NotAForm => f.write_str("the form has no boundary or is not whole"),
        }
    }
}

impl BodyFault {
    /// What it is answered with, where nobody else has words for it.
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

/// The length that a request states, if it states one.
pub(super) fn stated_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The media type of a body in lower case, without its parameters; empty when there is none.
pub(super) fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

pub(super) async fn read(request: Request, most: usize) -> Result<Bytes, BodyFault> {
    if stated_length(request.headers()).is_some_and(|length| length > most as u64) {
        return Err(BodyFault::TooLarge { most });
    }
    collect(request.into_body(), most).await
}

/// The whole of a body. One that is too long and one that broke off are different errors.
pub(super) async fn collect(body: Body, most: usize) -> Result<Bytes, BodyFault> {
    let mut chunks = body.into_data_stream();
    let mut all = BytesMut::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| BodyFault::Interrupted)?;
        if all.len() + chunk.len() > most {
            return Err(BodyFault::TooLarge { most });
        }
        all.extend_from_slice(&chunk);
    }
    Ok(all.freeze())
}

/// Reads a JSON object.
pub(super) async fn read_object(request: Request) -> Result<Map<String, Value>, BodyFault> {
    parse_object(&read(request, MOST_JSON_BYTES).await?)
}

pub(super) fn parse_object(bytes: &[u8]) -> Result<Map<String, Value>, BodyFault> {
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(Value::Array(_)) => Err(BodyFault::NotAnObject("list")),
        Ok(Value::String(_)) => Err(BodyFault::NotAnObject("str")),
        Ok(Value::Number(_)) => Err(BodyFault::NotAnObject("int")),
        Ok(Value::Bool(_)) => Err(BodyFault::NotAnObject("bool")),
        Ok(Value::Null) => Err(BodyFault::NotAnObject("null")),
        Err(error) => Err(BodyFault::NotJson(error.to_string())),
    }
}

/// One part of a form.
pub(super) struct Part {
    pub(super) name: String,
    pub(super) file_name: Option<String>,
    /// In lower case.
    pub(super) media_type: String,
    pub(super) bytes: Bytes,
}

/// Reads a `multipart/form-data` body.
pub(super) async fn read_parts(request: Request, most: usize) -> Result<Vec<Part>, BodyFault> {
    let (head, body) = request.into_parts();
    let bytes = read(Request::from_parts(head.clone(), body), most).await?;
    // With its head the request keeps the router's limit; the form's own would be lower.
    let form = Multipart::from_request(Request::from_parts(head, Body::from(bytes)), &()).await;
    let mut form = form.map_err(|_| BodyFault::NotAForm)?;
    let mut parts = Vec::new();
    while let Some(field) = form.next_field().await.map_err(|_| BodyFault::NotAForm)? {
        parts.push(Part {
            name: field.name().unwrap_or_default().to_owned(),
            file_name: field.file_name().map(str::to_owned),
            media_type: field.content_type().unwrap_or_default().to_ascii_lowercase(),
            bytes: field.bytes().await.map_err(|_| BodyFault::NotAForm)?,
        });
    }
    Ok(parts)
}

/// A query or a form as an object of strings; of a name that comes twice the last one counts.
pub(super) fn parse_form(text: &[u8]) -> Map<String, Value> {
    url::form_urlencoded::parse(text)
        .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
        .collect()
}

/// The query of a request, as [`parse_form`] reads it.
pub(super) fn query(request: &Request) -> Map<String, Value> {
    parse_form(request.uri().query().unwrap_or_default().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_objects_are_taken() {
        assert_eq!(parse_object(b"[1]"), Err(BodyFault::NotAnObject("list")));
        assert!(matches!(parse_object(b"{"), Err(BodyFault::NotJson(_))));
        let deep = "[".repeat(100_000);
        assert!(matches!(parse_object(deep.as_bytes()), Err(BodyFault::NotJson(_))));
    }

    #[tokio::test]
    async fn a_body_that_is_too_long_is_told_from_one_that_broke_off() {
        let sent = |last: Option<&'static str>| {
            let last = last.map(Ok).unwrap_or(Err(std::io::Error::other("gone")));
            let chunks = [Ok("0123"), Ok("4567"), last];
            Request::new(Body::from_stream(futures_util::stream::iter(chunks)))
        };
        assert_eq!(read(sent(Some("89")), 10).await.unwrap(), "0123456789");
        for most in [9, 6, 2] {
            assert_eq!(read(sent(Some("89")), most).await, Err(BodyFault::TooLarge { most }));
        }
        assert_eq!(read(sent(None), 10).await, Err(BodyFault::Interrupted));
        assert_eq!(BodyFault::Interrupted.status(), 400);
    }

    #[test]
    fn forms_are_decoded() {
        let form = parse_form(b"a=1&b=x%20y&a=2");
        assert_eq!(form["a"], "2");
        assert_eq!(form["b"], "x y");
    }
}
