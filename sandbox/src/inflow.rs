//! A limit on the memory of all request bodies together.
//!
//! Each has a limit of its own, but many large ones that are never finished would still take all the
//! memory there is.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::TryStreamExt as _;

use super::control;

/// How much there may be of all bodies together: two of the largest, and some.
const MOST_BYTES: usize = 256 * 1024 * 1024;

/// How much of each body is not counted, so that an order comes through however many large files
/// are on their way. There are as many bodies as connections at the most.
const FREE_BYTES: usize = 64 * 1024;

pub(super) struct Inflow {
    most: usize,
    held: AtomicUsize,
}

impl Default for Inflow {
    fn default() -> Self {
        Self { most: MOST_BYTES, held: AtomicUsize::new(0) }
    }
}

impl Inflow {
    fn take(&self, bytes: usize) -> bool {
        let add = |held: usize| held.checked_add(bytes).filter(|held| *held <= self.most);
        self.held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add).is_ok()
    }
}

/// What one body has taken of it, which comes back with the answer.
struct Share {
    inflow: Arc<Inflow>,
    received: AtomicUsize,
    held: AtomicUsize,
    is_refused: AtomicBool,
}

impl Share {
    fn take(&self, bytes: usize) -> io::Result<()> {
        let before = self.received.fetch_add(bytes, Ordering::Relaxed);
        let counted = bytes.min((before + bytes).saturating_sub(FREE_BYTES));
        if !self.inflow.take(counted) {
            self.is_refused.store(true, Ordering::Relaxed);
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        self.held.fetch_add(counted, Ordering::Relaxed);
        Ok(())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.inflow.held.fetch_sub(*self.held.get_mut(), Ordering::Relaxed);
    }
}

/// Breaks a body off for which there is no room, and says so.
pub(super) async fn bounded(
    State(inflow): State<Arc<Inflow>>,
    request: Request,
    next: Next,
) -> Response {
    let share = Arc::new(Share {
        inflow,
        received: AtomicUsize::new(0),
        held: AtomicUsize::new(0),
        is_refused: AtomicBool::new(false),
    });
    let counted = Arc::clone(&share);
    let request =
        request.map(|body| {
            let chunks = body.into_data_stream().map_err(io::Error::other);
            Body::from_stream(chunks.and_then(move |chunk| {
                std::future::ready(counted.take(chunk.len()).map(|()| chunk))
            }))
        });
    let answer = next.run(request).await;
    if share.is_refused.load(Ordering::Relaxed) {
        let text = "too many large bodies are on their way: send it again when some have ended";
        let refusal = control::refusal(StatusCode::SERVICE_UNAVAILABLE, text);
        return ([(RETRY_AFTER, "1")], refusal).into_response();
    }
    answer
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::to_bytes;
    use axum::middleware::from_fn_with_state;
    use axum::routing::post;
    use bytes::Bytes;
    use futures_util::{FutureExt as _, StreamExt as _, stream};
    use tower_service::Service as _;

    use super::*;

    const LARGE: usize = FREE_BYTES + 1_000;

    /// A server with room for two large bodies, and what is held of it.
    fn server() -> (Router, Arc<Inflow>) {
        let inflow = Arc::new(Inflow { most: 2_000, ..Inflow::default() });
        let take = async |request: Request| match to_bytes(request.into_body(), usize::MAX).await {
            Ok(bytes) => bytes.len().to_string().into_response(),
            Err(_) => StatusCode::BAD_REQUEST.into_response(),
        };
        let layer = from_fn_with_state(Arc::clone(&inflow), bounded);
        (Router::new().route("/", post(take)).layer(layer), inflow)
    }

    fn request(body: Body) -> Request {
        Request::post("/").body(body).unwrap()
    }

    #[tokio::test]
    async fn unfinished_bodies_are_bounded_together_and_leave_room_for_orders() {
        let (mut server, inflow) = server();
        let unfinished = || {
            let sent = stream::iter([Ok::<_, io::Error>(Bytes::from(vec![0; LARGE]))]);
            Box::pin(server.clone().call(request(Body::from_stream(sent.chain(stream::pending())))))
        };
        let mut hanging = [unfinished(), unfinished()];
        for call in &mut hanging {
            assert!(call.now_or_never().is_none());
        }
        assert_eq!(inflow.held.load(Ordering::Relaxed), 2_000);
        let refused = server.call(request(vec![0; LARGE].into())).await.unwrap();
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(refused.headers()[RETRY_AFTER], "1");
        let order = server.call(request(vec![0; FREE_BYTES].into())).await.unwrap();
        assert_eq!(order.status(), StatusCode::OK);
        let [gone, _left] = hanging;
        drop(gone);
        assert_eq!(inflow.held.load(Ordering::Relaxed), 1_000);
        let taken = server.call(request(vec![0; LARGE].into())).await.unwrap();
        assert_eq!(taken.status(), StatusCode::OK);
        assert_eq!(inflow.held.load(Ordering::Relaxed), 1_000, "it came back");
    }
}
