//! The library's own inbox, and the sandbox as who fills it.

use std::future::IntoFuture as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use adreel::Delivery;
use adreel::client::WebhookInbox;
use adreel::clock::Clock;
use adreel::testing::{self, Fault, FaultKind};
use adreel::{AccountConfig, BoxFuture, Keys, Timestamp};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;

use super::*;

/// A clock that stands still, whatever the sandbox's does. Only a wait of up to a second moves it
/// on, which is the breath between two steps of a job and never the way to a read.
#[derive(Clone)]
struct At(Arc<AtomicI64>);

impl At {
    fn new(time: Timestamp) -> Self {
        Self(Arc::new(time.as_millis().into()))
    }
}

impl Clock for At {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        if duration > Duration::from_secs(1) {
            return Box::pin(std::future::pending());
        }
        self.0.fetch_add(duration.as_millis() as i64, Ordering::SeqCst);
        Box::pin(std::future::ready(()))
    }
}

async fn to_inbox(
    State((inbox, provider)): State<(WebhookInbox, ProviderId)>,
    request: Request,
) -> StatusCode {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let header = |name: &str| head.headers.get(name)?.to_str().ok();
    let delivery = Delivery::new(provider, header, &body);
    let receipt = inbox.receive(delivery.query(head.uri.query().unwrap_or_default())).await;
    StatusCode::from_u16(receipt.status()).unwrap()
}

/// A client of one provider, whose deliveries come to an inbox of its own.
struct Office {
    client: Client,
    inbox: WebhookInbox,
}

impl Office {
    async fn open(sandbox: &Sandbox, provider: ProviderId, clock: impl Clock) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let account = AccountConfig::new(Keys::id_and_key("sk_sandbox", "sk_sandbox"));
        let account = account.base_url(sandbox.url()).webhook_url(&url);
        let builder = testing::client_builder(sandbox).clock(clock).in_memory();
        let client = builder.account(provider, account).build().unwrap();
        let mut inbox = client.webhooks().inbox();
        if provider != ProviderId::Creatify {
            let ensured = client.webhooks().ensure(&url).on(provider).await.unwrap();
            let secret = ensured.into_iter().next().unwrap().unwrap().secret.unwrap();
            inbox = inbox.secret(provider, secret);
        }
        let inbox = inbox.build().unwrap();
        let app = Router::new().fallback(to_inbox).with_state((inbox.clone(), provider));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { client, inbox }
    }
}

/// The client's clock stands, but for a second between two steps, so that nothing but a delivery makes it read its job.
#[tokio::test]
async fn a_wait_that_never_reads_by_itself_is_woken_by_the_sandbox() {
    for provider in ProviderId::ALL {
        let sandbox = still().await;
        let Office { client, inbox: _open } =
            Office::open(&sandbox, provider, At::new(sandbox.clock().now())).await;
        let job = submit(&client, provider).await;
        let waited = tokio::spawn(client.resume(job.id()).into_future());
        let deliveries = match provider {
            ProviderId::BeatApi => {
                skip(&sandbox, 134);
                1
            }
            ProviderId::Creatify => {
                // The image, and then the video, of which is told early too.
                skip(&sandbox, 30);
                settled(&sandbox, 2).await;
                skip(&sandbox, 120);
                3
            }
            _ => {
                skip(&sandbox, 60);
                1
            }
        };
        let video = tokio::time::timeout(Duration::from_secs(60), waited).await;
        let video = video.unwrap_or_else(|_| panic!("{provider}: {:#?}", sandbox.webhooks()));
        assert_eq!(video.unwrap().unwrap().job_id(), job.id());
        settled(&sandbox, deliveries).await;
        assert!(states(&sandbox).iter().all(|state| *state == DeliveryState::Delivered));
    }
}

#[tokio::test]
async fn the_library_comes_through_all_that_goes_wrong_with_deliveries() {
    for kind in [
        FaultKind::WebhookTwice,
        FaultKind::WebhookLate,
        FaultKind::WebhookNever,
        FaultKind::WebhookOutOfOrder,
        FaultKind::WebhookForged,
        FaultKind::WebhookBeforeAnswer,
    ] {
        for provider in ProviderId::ALL {
            come_through(kind, provider).await;
        }
    }
}

/// The wait ends well, whatever is told, and the end is handed on once.
async fn come_through(kind: FaultKind, provider: ProviderId) {
    let step = Duration::from_secs(5);
    let sandbox = still().await;
    sandbox.arm(Fault::new(kind).always()).unwrap();
    let Office { client, inbox } = Office::open(&sandbox, provider, sandbox.clock()).await;
    let job = submit(&client, provider).await;
    let wait = client.resume(job.id()).into_future();
    let video = advancing(&sandbox, step, wait).await;
    assert_eq!(video.unwrap().job_id(), job.id(), "{kind:?} {provider}");
    // As long as anything of it may still come.
    for _ in 0..300 {
        sandbox.advance(step);
        breathe(&sandbox).await;
    }
    let deliveries = sandbox.webhooks();
    let is_forged = |delivery: &&WebhookDelivery| delivery.is_forged;
    let forged: Vec<_> = deliveries.iter().filter(is_forged).collect();
    assert_eq!(forged.is_empty(), kind != FaultKind::WebhookForged);
    for delivery in &deliveries {
        let expected = match kind {
            FaultKind::WebhookNever => DeliveryState::Withheld,
            FaultKind::WebhookForged if delivery.is_forged => DeliveryState::Failed,
            _ => DeliveryState::Delivered,
        };
        assert_eq!(delivery.state, expected, "{kind:?} {provider}: {deliveries:#?}");
    }
    if kind != FaultKind::WebhookNever {
        let finished = advancing(&sandbox, step, inbox.next()).await.unwrap();
        assert_eq!(finished.job().id(), job.id());
        finished.video().unwrap();
        finished.acknowledge().await.unwrap();
    }
    let next = inbox.next();
    tokio::pin!(next);
    for _ in 0..50 {
        sandbox.advance(step);
        tokio::select! {
            biased;
            _ = &mut next => panic!("{kind:?} {provider}: handed on a second time"),
            () = breathe(&sandbox) => {}
        }
    }
}
