//! A limit on the memory of all answers together: a client that sends requests and never reads keeps
//! its answers in memory.
//!
//! An answer goes out in pieces, since the server copies what it is about to write, and a long one
//! takes its length of what there is for all of them.

use std::sync::Arc;

use axum::body::{Body, HttpBody as _};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_LENGTH, RETRY_AFTER};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{body, control};

/// How much there may be of all answers together: several hundred of the longest.
const MOST_BYTES: usize = 256 * 1024 * 1024;

/// How long an answer is that is not counted: every answer to a paid call is shorter.
const FREE_BYTES: u64 = 64 * 1024;

const PIECE_BYTES: usize = 64 * 1024;

#[derive(Clone)]
pub(super) struct Outflow(Arc<Semaphore>);

impl Default for Outflow {
    fn default() -> Self {
        Self::new(MOST_BYTES)
    }
}

impl Outflow {
    fn new(most: usize) -> Self {
        Self(Arc::new(Semaphore::new(most)))
    }

    fn take(&self, bytes: u64) -> Option<OwnedSemaphorePermit> {
        let bytes = u32::try_from(bytes).ok()?;
        Arc::clone(&self.0).try_acquire_many_owned(bytes).ok()
    }
}

/// Refuses a long answer for which there is no room. Files are there once for all who read them.
pub(super) async fn bounded(
    State(outflow): State<Outflow>,
    request: Request,
    next: Next,
) -> Response {
    let is_head = request.method() == Method::HEAD;
    let is_file = request.uri().path().starts_with("/media/");
    let answer = next.run(request).await;
    let stated = body::stated_length(answer.headers());
    let length = stated.or(answer.body().size_hint().exact()).unwrap_or(0);
    if is_head || length <= FREE_BYTES {
        return answer;
    }
    match outflow.take(if is_file { 0 } else { length }) {
        Some(share) => in_pieces(answer, length, share),
        None => {
            let text = "too many long answers are on their way: read them, and ask again";
            let refusal = control::refusal(StatusCode::SERVICE_UNAVAILABLE, text);
            ([(RETRY_AFTER, "1")], refusal).into_response()
        }
    }
}

/// The same answer, which holds its share until it is gone.
fn in_pieces(answer: Response, length: u64, share: OwnedSemaphorePermit) -> Response {
    let (mut head, body) = answer.into_parts();
    head.headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    let pieces = body.into_data_stream().map_ok(|chunk: Bytes| {
        let starts = (0..chunk.len()).step_by(PIECE_BYTES);
        stream::iter(starts.map(move |at| {
            let end = chunk.len().min(at + PIECE_BYTES);
            Ok::<_, axum::Error>(chunk.slice(at..end))
        }))
    });
    let body = pieces.try_flatten().inspect(move |_| {
        let _ = &share;
    });
    Response::from_parts(head, Body::from_stream(body))
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::to_bytes;
    use axum::middleware::from_fn_with_state;
    use axum::routing::get;
    use tower_service::Service as _;

    use super::*;

    const LONG: usize = 200_001;

    fn server(most: usize) -> Router {
        let long = || async { (0..LONG).map(|at| at as u8).collect::<Vec<_>>() };
        Router::new()
            .route("/media/a", get(long))
            .route("/a", get(long))
            .route("/short", get(|| async { vec![0; 60_000] }))
            .layer(from_fn_with_state(Outflow::new(most), bounded))
    }

    #[tokio::test]
    async fn answers_that_nobody_reads_are_bounded_together_and_leave_room_for_short_ones() {
        let mut server = server(2 * LONG);
        let mut get = async |path: &str| {
            let request = Request::get(path).body(Body::empty()).unwrap();
            server.call(request).await.unwrap()
        };
        let unread = [get("/a").await, get("/a").await];
        let refused = get("/a").await;
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(refused.headers()[RETRY_AFTER], "1");
        for path in ["/short", "/media/a"] {
            assert_eq!(get(path).await.status(), StatusCode::OK, "{path}");
        }
        let [read, _left] = unread;
        assert_eq!(read.headers()[CONTENT_LENGTH], LONG.to_string());
        let bytes = to_bytes(read.into_body(), LONG).await.unwrap();
        assert!(bytes.iter().enumerate().all(|(at, byte)| *byte == at as u8));
        assert_eq!((bytes.len(), get("/a").await.status()), (LONG, StatusCode::OK));
    }
}
