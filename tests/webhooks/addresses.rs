//! Creatify signs nothing: the address of each of its calls proves what comes to it.

use std::future::IntoFuture as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use adreel::Delivery;
use adreel::StepState;
use adreel::client::{Received, WebhookInbox};
use adreel::clock::Clock as _;
use adreel::{
    Account, AccountConfig, BoxFuture, Client, Credentials, Job, JobId, Keys, Product, ProviderId,
    Result, Stage, VideoRequest,
};
use axum::Router;
use axum::http::{Method, StatusCode};
use tokio::net::TcpListener;

use crate::support::scripted::{Reply, Server, json};
use crate::{HandClock, hands_nothing_on, next, soon};

fn client(url: &str, key: &str, clock: &HandClock) -> Client {
    let config = AccountConfig::new(Keys::id_and_key("id", key)).base_url(url);
    let config = config.webhook_url("https://hook.example/h?shop=7");
    let builder = Client::builder().account(ProviderId::Creatify, config);
    builder.clock(clock.clone()).in_memory().build().unwrap()
}

async fn submit(client: &Client) -> JobId {
    let product = Product::new("Morning Roast").image_url("https://shop.example/p.png");
    let request = VideoRequest::new(product);
    client.submit(&request).key("order-1042").record().await.unwrap().id()
}

/// The query of the address that the last call was sent with.
fn query(server: &Server) -> String {
    let requests = server.requests();
    let bodies = requests.iter().rev().filter_map(|request| request.split_once("\r\n\r\n"));
    let addresses = bodies.filter_map(|(_, body)| {
        let body: serde_json::Value = serde_json::from_str(body).ok()?;
        body["webhook_url"].as_str().map(str::to_owned)
    });
    let address = addresses.into_iter().next().unwrap();
    assert!(address.starts_with("https://hook.example/h?shop=7&adreel="), "{address}");
    address.split_once('?').unwrap().1.to_owned()
}

async fn deliver(inbox: &WebhookInbox, query: &str, body: &str) -> Received {
    let delivery = Delivery::new(ProviderId::Creatify, |_| None, body.as_bytes()).query(query);
    let receipt = inbox.receive(delivery).await;
    receipt.received()
}

async fn reaches(client: &Client, id: JobId, is_there: impl Fn(&Job) -> bool) {
    soon(async {
        while !is_there(&client.job(id).await.unwrap()) {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// Lets a job's second step be sent, a moment after its first has ended.
async fn goes_on(client: &Client, id: JobId, clock: &HandClock) {
    soon(async {
        while client.job(id).await.unwrap().steps()[1].state() != StepState::Running {
            clock.advance(Duration::from_millis(10));
            tokio::task::yield_now().await;
        }
    })
    .await;
}

const RECORD: &str = r#"{"id":"r1","product_url":"https://shop.example/p.png","status""#;

#[tokio::test]
async fn a_delivery_finds_a_lost_answer_and_wakes_each_step() {
    let made = r#""generated_photo_url":"https://cdn.example/p.png"}"#;
    let listed =
        format!(r#"[{RECORD}:"pending","webhook_url":"https://hook.example/h?adreel={{tag}}"}}]"#);
    let video = r#""generated_video_url":"https://cdn.example/v.mp4","generated_photo_url":"https://cdn.example/p.jpg"}"#;
    let server = Server::start([
        Reply::HangUp,
        Reply::WithTag(listed),
        json(200, &format!(r#"{RECORD}:"image_generated",{made}"#)),
        json(200, &format!(r#"{RECORD}:"video_generating",{made}"#)),
        json(200, &format!(r#"{RECORD}:"video_generated",{video}"#)),
    ])
    .await;
    let clock = HandClock::new();
    let client = client(&server.url, "sk_creatify", &clock);
    let inbox = client.webhooks().inbox().build().unwrap();
    let id = submit(&client).await;
    let wait = tokio::spawn(client.resume(id).into_future());
    reaches(&client, id, |job| job.steps()[0].state() == StepState::Unknown).await;

    // Whatever the body says.
    assert_eq!(deliver(&inbox, &query(&server), "no JSON").await, Received::New);
    reaches(&client, id, |job| job.steps()[0].state() == StepState::Succeeded).await;
    goes_on(&client, id, &clock).await;
    let video_query = query(&server);
    let early = r#"{"id":"r1","status":"video_generating"}"#;
    let body = r#"{"id":"r1","status":"video_generated"}"#;
    assert_eq!(deliver(&inbox, &video_query, body).await, Received::New);
    let made = soon(wait).await.unwrap().unwrap();
    assert_eq!(made.url(), "https://cdn.example/v.mp4");
    assert_eq!(deliver(&inbox, &video_query, body).await, Received::Known);
    assert_eq!(deliver(&inbox, &video_query, early).await, Received::New);
    assert_eq!(server.requests().len(), 5, "and no read was due");

    // Three events told of one job, which is handed on once.
    let finished = next(&inbox).await;
    assert_eq!((finished.job().id(), finished.job().stage()), (id, Stage::Rendered));
    finished.acknowledge().await.unwrap();
    assert!(hands_nothing_on(&inbox).await);
    clock.advance(Duration::from_secs(1_000));
    assert!(hands_nothing_on(&inbox).await);
}

/// A double of Creatify's that loses each answer to a call and shows what a test says.
struct Records {
    url: String,
    shown: Arc<Mutex<(u16, String)>>,
    sent: Arc<Mutex<Vec<String>>>,
    reads: Arc<AtomicUsize>,
}

impl Records {
    async fn start() -> Self {
        let (shown, sent) = (Arc::new(Mutex::new((200, "[]".to_owned()))), Arc::default());
        let reads = Arc::new(AtomicUsize::new(0));
        let records = Self { url: String::new(), shown, sent, reads };
        let (shown, reads) = (Arc::clone(&records.shown), Arc::clone(&records.reads));
        let sent = Arc::clone(&records.sent);
        let answer = move |method: Method, body: String| async move {
            if method == Method::POST {
                sent.lock().unwrap().push(body);
                return (StatusCode::BAD_GATEWAY, "<html>".to_owned());
            }
            reads.fetch_add(1, Ordering::SeqCst);
            let (status, body) = shown.lock().unwrap().clone();
            (StatusCode::from_u16(status).unwrap(), body)
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(axum::serve(listener, Router::new().fallback(answer)).into_future());
        Self { url, ..records }
    }

    fn show(&self, status: u16, body: impl Into<String>) {
        *self.shown.lock().unwrap() = (status, body.into());
    }

    /// The query of the address that the call was sent with.
    fn query(&self) -> String {
        let body: serde_json::Value = serde_json::from_str(&self.sent.lock().unwrap()[0]).unwrap();
        body["webhook_url"].as_str().unwrap().split_once('?').unwrap().1.to_owned()
    }

    /// Shows the record of a job's first step.
    fn show_first(&self, id: JobId) {
        let address = format!("https://hook.example/h?adreel=ar-{id}-0");
        self.show(200, format!(r#"[{RECORD}:"pending","webhook_url":"{address}"}}]"#));
    }

    /// Resolves when it was read since there were so many reads.
    async fn is_read(&self, before: usize) {
        soon(async {
            while self.reads.load(Ordering::SeqCst) <= before {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

/// A job whose answer was lost and which is not listed: it is held.
async fn held(records: &Records) -> (HandClock, Client, JobId) {
    let clock = HandClock::new();
    let client = client(&records.url, "sk_creatify", &clock);
    let id = submit(&client).await;
    for _ in 0..100 {
        if client.advance(id).await.unwrap().job.stage() == Stage::Uncertain {
            return (clock, client, id);
        }
        clock.advance(Duration::from_secs(30));
    }
    panic!("it is not held");
}

#[tokio::test]
async fn a_delivery_for_a_held_job_has_it_looked_for_and_sends_nothing() {
    let records = Records::start().await;
    let (_, client, id) = held(&records).await;
    let inbox = client.webhooks().inbox().build().unwrap();
    // One that comes before the record is listed changes nothing.
    let before = records.reads.load(Ordering::SeqCst);
    assert_eq!(deliver(&inbox, &records.query(), "{}").await, Received::New);
    records.is_read(before).await;
    reaches(&client, id, |job| job.stage() == Stage::Uncertain).await;
    records.show_first(id);
    assert_eq!(deliver(&inbox, &records.query(), "{}").await, Received::Known);
    reaches(&client, id, |job| job.steps()[0].state() == StepState::Running).await;
    assert_eq!(records.sent.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_held_job_is_looked_for_before_it_is_told_as_held() {
    let records = Records::start().await;
    let (clock, client, id) = held(&records).await;
    let inbox = client.webhooks().inbox().build().unwrap();
    // The look beside the answer fails, and the one after it shows nothing.
    records.show(503, "{}");
    let before = records.reads.load(Ordering::SeqCst);
    assert_eq!(deliver(&inbox, &records.query(), "{}").await, Received::New);
    records.is_read(before).await;
    records.show(200, "[]");
    let finished = next(&inbox).await;
    assert_eq!(finished.job().stage(), Stage::Uncertain);
    drop(finished);
    records.show_first(id);
    clock.advance(Duration::from_secs(60));
    assert!(hands_nothing_on(&inbox).await);
    reaches(&client, id, |job| job.steps()[0].state() == StepState::Running).await;
}

#[tokio::test]
async fn an_inbox_alone_takes_a_job_from_step_to_step() {
    let server = Server::start([
        json(200, &format!(r#"{RECORD}:"pending"}}"#)),
        json(
            200,
            &format!(
                r#"{RECORD}:"image_generated","generated_photo_url":"https://cdn.example/p.jpg"}}"#
            ),
        ),
        json(200, &format!(r#"{RECORD}:"video_generating"}}"#)),
        json(
            200,
            &format!(
                r#"{RECORD}:"video_generated","generated_video_url":"https://cdn.example/v.mp4"}}"#
            ),
        ),
    ])
    .await;
    let clock = HandClock::new();
    let begun = clock.now();
    let client = client(&server.url, "sk_creatify", &clock);
    let inbox = client.webhooks().inbox().build().unwrap();
    let id = submit(&client).await;
    client.advance(id).await.unwrap();
    let done = r#"{"id":"r1","status":"done"}"#;
    assert_eq!(deliver(&inbox, &query(&server), done).await, Received::New);
    assert!(hands_nothing_on(&inbox).await);
    reaches(&client, id, |job| job.steps()[0].state() == StepState::Succeeded).await;
    soon(async {
        while client.job(id).await.unwrap().steps()[1].state() != StepState::Running {
            clock.advance(Duration::from_millis(100));
            assert!(hands_nothing_on(&inbox).await);
        }
    })
    .await;
    assert!(clock.now() < begun + Duration::from_secs(10), "it waits for no further event");
    assert_eq!(deliver(&inbox, &query(&server), done).await, Received::New);
    let finished = next(&inbox).await;
    assert_eq!(finished.job().stage(), Stage::Rendered);
    finished.acknowledge().await.unwrap();
}

#[tokio::test]
async fn without_the_token_of_a_step_of_ours_nothing_is_taken() {
    let server = Server::start([json(200, &format!(r#"{RECORD}:"pending"}}"#))]).await;
    let clock = HandClock::new();
    let client = client(&server.url, "sk_creatify", &clock);
    let inbox = client.webhooks().inbox().build().unwrap();
    let id = submit(&client).await;
    client.advance(id).await.unwrap();
    let query = query(&server);
    let (base, token) = query.split_once("adreel=").unwrap();
    let (token, tag) = token.split_once('.').unwrap();
    assert_eq!((token.len(), tag), (16, &*format!("ar-{id}-0")));
    for forged in [
        String::new(),
        base.to_owned(),
        format!("adreel={tag}"),
        format!("adreel=.{tag}"),
        format!("adreel={token}.ar-{id}-1"),
        format!("adreel={}.{tag}", token.to_lowercase()),
        format!("{query}&adreel={token}.{tag}"),
    ] {
        assert_eq!(deliver(&inbox, &forged, "{}").await, Received::Forged, "{forged}");
    }
    assert_eq!(deliver(&inbox, &query, "{}").await, Received::New);

    // After a change of the key, and where the ledger has no such job.
    let changed = self::client(&server.url, "sk_changed", &clock);
    let changed = changed.webhooks().inbox().build().unwrap();
    assert_eq!(deliver(&changed, &query, "{}").await, Received::Forged);
    let elsewhere = self::client(&server.url, "sk_creatify", &clock);
    let elsewhere = elsewhere.webhooks().inbox().build().unwrap();
    assert_eq!(deliver(&elsewhere, &query, "{}").await, Received::Forged);
}

/// Keys that say how often they are asked for.
#[derive(Clone, Debug, Default)]
struct Counted(Arc<AtomicUsize>);

impl Credentials for Counted {
    fn keys<'a>(&'a self, _: &'a Account) -> BoxFuture<'a, Result<Keys>> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Box::pin(async { Ok(Keys::id_and_key("id", "sk_creatify")) })
    }
}

#[tokio::test]
async fn a_thousand_forged_deliveries_ask_for_no_keys() {
    let server = Server::start([json(200, &format!(r#"{RECORD}:"pending"}}"#))]).await;
    let clock = HandClock::new();
    let asked = Counted::default();
    let config = AccountConfig::new(asked.clone()).base_url(&server.url);
    let config = config.webhook_url("https://hook.example/h?shop=7");
    let builder = Client::builder().account(ProviderId::Creatify, config).clock(clock.clone());
    let client = builder.in_memory().build().unwrap();
    let inbox = client.webhooks().inbox().build().unwrap();
    let id = submit(&client).await;
    client.advance(id).await.unwrap();
    let query = query(&server);
    let (token, _) = query.split_once("adreel=").unwrap().1.split_once('.').unwrap();
    let before = asked.0.load(Ordering::SeqCst);
    for number in 0..1000 {
        let other = format!("01J8ZQ4Y6T{number:016}");
        let forged = match number % 6 {
            0 => format!("adreel={token}.ar-{other}-0"),
            1 => format!("adreel={token}.{number}"),
            2 => format!("{query}&adreel={number}"),
            3 => format!("adreel={number}.ar-{id}-0"),
            4 => format!("adreel={token}.ar-{id}-{}", number + 2),
            _ => format!("shop=7&number={number}"),
        };
        assert_eq!(deliver(&inbox, &forged, "{}").await, Received::Forged, "{forged}");
    }
    assert_eq!(asked.0.load(Ordering::SeqCst), before);
    assert_eq!(deliver(&inbox, &query, "{}").await, Received::New);
    assert_eq!(asked.0.load(Ordering::SeqCst), before + 1);
}
