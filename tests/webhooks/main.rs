//! Webhooks: what is taken, what it wakes, and what is handed on.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]
#![allow(clippy::print_stderr, reason = "the campaign says what it did")]

mod addresses;
mod double;
mod endpoints;
mod hand_on;
mod mutated;
mod panics;
mod receive;
#[path = "../support/mod.rs"]
mod support;
mod wake;
#[path = "../support/with_log.rs"]
mod with_log;

use std::future::IntoFuture as _;
use std::sync::Arc;
use std::time::Duration;

use adreel::Delivery;
use adreel::client::{Finished, Receipt, WebhookInbox};
use adreel::clock::Clock;
use adreel::{
    AccountConfig, BoxFuture, Client, Job, Keys, Ledger, MemoryLedger, Product, ProviderId,
    Timestamp, VideoRequest, WebhookSecret, beatapi,
};
use double::Double;
use tokio::sync::watch;

const SECRET: &str = "whsec_of_the_test";

/// A clock that only moves when it is told to, so that whatever happens needs no time.
#[derive(Clone)]
struct HandClock(Arc<watch::Sender<i64>>);

impl HandClock {
    fn new() -> Self {
        Self(Arc::new(watch::Sender::new(1_790_000_000_000)))
    }

    fn advance(&self, time: Duration) {
        self.0.send_modify(|now| *now += i64::try_from(time.as_millis()).unwrap());
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(*self.0.borrow())
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let until = (self.now() + duration).as_millis();
        let mut moved = self.0.subscribe();
        Box::pin(async move {
            let _ = moved.wait_for(|now| *now >= until).await;
        })
    }
}

/// A client of a double of BeatAPI, whose clock stands still.
struct World {
    double: Double,
    clock: HandClock,
    ledger: Arc<MemoryLedger>,
    client: Client,
}

impl World {
    async fn new() -> Self {
        let (double, clock) = (Double::start().await, HandClock::new());
        let ledger = Arc::new(MemoryLedger::new());
        let client = replica(&double, &clock, Arc::clone(&ledger));
        Self { double, clock, ledger, client }
    }

    /// Another client that shares the ledger.
    fn replica(&self) -> Client {
        replica(&self.double, &self.clock, Arc::clone(&self.ledger))
    }

    fn inbox(&self) -> WebhookInbox {
        inbox(&self.client)
    }

    fn request(&self) -> VideoRequest {
        let product = Product::new("Morning Roast").image_url("https://shop.example/p.png");
        VideoRequest::new(product).duration_secs(15)
    }

    async fn submit(&self) -> Job {
        let request = self.request();
        let submit = self.client.submit(&request).on(ProviderId::BeatApi);
        soon(submit.into_future()).await.unwrap()
    }

    /// A delivery of BeatAPI's, signed now.
    async fn deliver(&self, inbox: &WebhookInbox, event: &str, task: &str) -> Receipt {
        deliver(inbox, &SECRET.into(), self.clock.now(), event, task).await
    }

    /// The same where it is sure to be taken.
    async fn tell(&self, inbox: &WebhookInbox, event: &str, task: &str) {
        assert_eq!(self.deliver(inbox, event, task).await.status(), 200);
    }

    async fn acknowledged(&self) -> usize {
        let events = self.ledger.events().unwrap().since(0, 1000).await.unwrap();
        events.iter().filter(|event| event.is_acknowledged).count()
    }
}

fn replica(double: &Double, clock: &HandClock, ledger: impl Ledger) -> Client {
    let account = |name| AccountConfig::new(Keys::key("test-key")).base_url(&double.url).name(name);
    Client::builder()
        .account(ProviderId::BeatApi, account("default"))
        .account(ProviderId::BeatApi, account("eu"))
        .clock(clock.clone())
        .ledger(ledger)
        .build()
        .unwrap()
}

fn inbox(client: &Client) -> WebhookInbox {
    client.webhooks().inbox().secret(ProviderId::BeatApi, SECRET).build().unwrap()
}

fn body(event: &str, task: &str) -> String {
    let status = event.strip_prefix("task.").unwrap_or("processing");
    format!(
        r#"{{"id":"evt_1","event":"{event}","created_at":1790000000,"data":{{"id":"{task}","object":"task","status":"{status}","created_at":1790000000,"updated_at":1790000000}}}}"#
    )
}

async fn deliver(
    inbox: &WebhookInbox,
    secret: &WebhookSecret,
    now: Timestamp,
    event: &str,
    task: &str,
) -> Receipt {
    let body = body(event, task);
    let headers = beatapi::sign_webhook(secret, event, now, body.as_bytes());
    let header = |name: &str| headers.iter().find(|(n, _)| *n == name).map(|(_, v)| v.as_str());
    inbox.receive(Delivery::new(ProviderId::BeatApi, header, body.as_bytes())).await
}

/// Fails instead of waiting for ever.
async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), future).await.expect("it comes to its end")
}

async fn next(inbox: &WebhookInbox) -> Finished {
    soon(inbox.next()).await.unwrap()
}

/// Lets everything go on that waits neither for the clock nor for an answer.
async fn settled() {
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
}

/// Whether nothing is handed on, however often it is asked for.
async fn hands_nothing_on(inbox: &WebhookInbox) -> bool {
    let next = inbox.next();
    tokio::pin!(next);
    for _ in 0..1_000 {
        tokio::select! {
            biased;
            _ = &mut next => return false,
            () = tokio::task::yield_now() => {}
        }
    }
    true
}
