//! Receiving an answer: all of it, up to a size, and decoded beside the JSON that it was.

use bytes::BytesMut;
use futures_util::StreamExt as _;
use reqwest::Request;
use serde_json::Value;

use super::operation::Operation;
use super::packed;
use super::reply::Reply;
use crate::json::{Drift, Shape, lenient};

/// A decoded answer beside the JSON that it was decoded from.
pub(crate) struct Answer<T> {
    pub(crate) value: T,
    /// What of it could not be read.
    pub(crate) left_out: Vec<Drift>,
    /// Read through [`json`](Self::json) alone, so that it is read in one way.
    pub(super) body: bytes::Bytes,
    pub(crate) operation: &'static Operation,
}

impl<T> Answer<T> {
    /// The JSON that it was decoded from.
    pub(crate) fn json(&self) -> Value {
        self.operation.answer.opened(lenient::read(&self.body).unwrap_or_default())
    }
}

/// How long an answer may be. A page has at most 100 records of some two kilobytes; a list without
/// pages, as some of Creatify's are, has all that an account ever made. Decoded, an answer of tiny
/// objects takes a hundred times as much memory.
pub(super) fn max_body_bytes(operation: &Operation) -> usize {
    match operation.answer {
        Shape::List(_) => 16 << 20,
        _ => 4 << 20,
    }
}

/// Why an attempt brought no whole answer.
pub(super) enum Failure {
    Send(reqwest::Error),
    TooLong,
}

impl From<reqwest::Error> for Failure {
    fn from(error: reqwest::Error) -> Self {
        Self::Send(error)
    }
}

/// Sends a request and reads the whole answer, which counts as part of the attempt: an answer that
/// breaks off may be that of an accepted job.
pub(super) async fn receive(
    client: &reqwest::Client,
    request: Request,
    max_bytes: usize,
) -> Result<Reply, Failure> {
    let response = client.execute(request).await?;
    let (status, mut headers) = (response.status(), response.headers().clone());
    let mut body = BytesMut::new();
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        body.extend_from_slice(&chunk?);
        if body.len() > max_bytes {
            return Err(Failure::TooLong);
        }
    }
    let body = packed::unpack(&mut headers, body.freeze(), max_bytes);
    Ok(Reply { status, headers, body: body.map_err(|_| Failure::TooLong)? })
}
