//! Deliveries as they arrive at a server of the test.

mod beatapi;
mod creatify;
mod faults;
mod jogg;

use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};

use super::*;
use crate::world::locked;
use crate::{DeliveryAttempt, DeliveryState, WebhookDelivery, signature};

/// One request that arrived at a [`Receiver`].
#[derive(Clone)]
struct Taken {
    path: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Taken {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Whether BeatAPI, with this secret, has signed the body at the time that stands beside it.
    fn is_signed_by_beatapi(&self, secret: &str) -> bool {
        let time = self.header("x-beatapi-timestamp").unwrap();
        let expected = signature::of_beatapi(secret, time, &self.body);
        self.header("x-beatapi-signature") == Some(&expected)
    }
}

/// A server of the test that takes whatever is posted to it.
struct Receiver {
    url: String,
    shared: Arc<Shared>,
}

struct Shared {
    status: AtomicU16,
    taken: Mutex<Vec<Taken>>,
}

impl Receiver {
    async fn start(status: u16) -> Self {
        let shared = Shared { status: status.into(), taken: Mutex::default() };
        let shared = Arc::new(shared);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().fallback(take).with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, shared }
    }

    fn at(&self, path: &str) -> String {
        format!("{}/{path}", self.url)
    }

    fn taken(&self) -> Vec<Taken> {
        locked(&self.shared.taken).clone()
    }

    /// All that arrived, once there are so many.
    async fn takes(&self, sandbox: &Sandbox, count: usize) -> Vec<Taken> {
        soon(sandbox, || self.taken().len() >= count).await;
        assert_eq!(self.taken().len(), count);
        self.taken()
    }
}

async fn take(State(shared): State<Arc<Shared>>, request: Request) -> StatusCode {
    let (head, body) = request.into_parts();
    let path = head.uri.path_and_query().unwrap().to_string();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    locked(&shared.taken).push(Taken { path, headers: head.headers, body });
    StatusCode::from_u16(shared.status.load(Ordering::SeqCst)).unwrap()
}

/// Lets the sandbox work until something holds.
async fn soon(sandbox: &Sandbox, holds: impl Fn() -> bool) {
    let waiting = async {
        while !holds() {
            breathe(sandbox).await;
        }
    };
    let given_up = tokio::time::timeout(Duration::from_secs(60), waiting).await;
    given_up.unwrap_or_else(|_| panic!("{:#?}", sandbox.webhooks()));
}

async fn breathe(sandbox: &Sandbox) {
    assert_eq!(Call::new(sandbox, "GET /_sandbox/info").send().await.status, 200);
}

/// Gives what should not happen its time to happen.
async fn settle(sandbox: &Sandbox) {
    for _ in 0..20 {
        breathe(sandbox).await;
    }
}

/// The seconds between the first attempt of the only delivery and each.
fn seconds(sandbox: &Sandbox) -> Vec<u64> {
    let delivery = only(sandbox);
    let since_first = |attempt: &DeliveryAttempt| {
        attempt.at.duration_since(delivery.attempts[0].at).unwrap().as_secs()
    };
    delivery.attempts.iter().map(since_first).collect()
}

fn only(sandbox: &Sandbox) -> WebhookDelivery {
    let deliveries = sandbox.webhooks();
    assert_eq!(deliveries.len(), 1, "{deliveries:#?}");
    deliveries.into_iter().next().unwrap()
}

async fn settled(sandbox: &Sandbox, deliveries: usize) {
    let is_over = |delivery: &WebhookDelivery| delivery.state != DeliveryState::Pending;
    soon(sandbox, || {
        sandbox.webhooks().iter().filter(|known| is_over(known)).count() == deliveries
    })
    .await;
    assert_eq!(sandbox.webhooks().len(), deliveries);
}

/// Moves the clock on by each of the waits, and sees no attempt a second too early.
async fn assert_attempts(sandbox: &Sandbox, waits: &[u64]) {
    let mut times = vec![0];
    soon(sandbox, || sandbox.webhooks().iter().any(|known| known.attempts.len() == 1)).await;
    for wait in waits {
        skip(sandbox, wait - 1);
        settle(sandbox).await;
        assert_eq!(seconds(sandbox), times);
        assert_eq!(only(sandbox).state, DeliveryState::Pending);
        skip(sandbox, 1);
        times.push(times[times.len() - 1] + wait);
        soon(sandbox, || only(sandbox).attempts.len() == times.len()).await;
        assert_eq!(seconds(sandbox), times);
    }
    skip(sandbox, 86_400);
    settle(sandbox).await;
    assert_eq!(seconds(sandbox), times);
    assert_eq!(only(sandbox).state, DeliveryState::Failed);
}

fn states(sandbox: &Sandbox) -> Vec<DeliveryState> {
    sandbox.webhooks().iter().map(|delivery| delivery.state).collect()
}
