//! Creatify signs nothing: the address of each of its calls proves what comes to it.

use std::future::IntoFuture as _;
use std::time::Duration;

use adreel::client::{Delivery, Received, WebhookInbox};
use adreel::job::{Action, StepState};
use adreel::{AccountConfig, Client, Job, JobId, Keys, Product, ProviderId, Stage, VideoRequest};

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

const RECORD: &str = r#"{"id":"r1","product_url":"https://shop.example/p.png","status""#;

#[tokio::test]
async fn a_delivery_finds_a_lost_answer_and_wakes_each_step() {
    let made = r#""generated_photo_url":"https://cdn.example/p.png"}"#;
    let listed =
        format!(r#"[{RECORD}:"pending","webhook_url":"https://hook.example/h?adreel={{tag}}"}}]"#);
    let video = r#""generated_video_url":"https://cdn.example/v.mp4","generated_photo_url":"p"}"#;
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
    reaches(&client, id, |job| job.steps()[1].state() == StepState::Running).await;
    let video_query = query(&server);
    let early = r#"{"id":"r1","status":"video_generating"}"#;
    let body = r#"{"id":"r1","status":"video_generated"}"#;
    assert_eq!(deliver(&inbox, &video_query, body).await, Received::New);
    let made = soon(wait).await.unwrap().unwrap();
    assert_eq!(made.url(), "https://cdn.example/v.mp4");
    assert_eq!(deliver(&inbox, &video_query, body).await, Received::Known);
    assert_eq!(deliver(&inbox, &video_query, early).await, Received::New);
    assert_eq!(server.requests().len(), 5, "and the clock stood still");

    // Three events told of one job, which is handed on once.
    let finished = next(&inbox).await;
    assert_eq!((finished.job().id(), finished.job().stage()), (id, Stage::Rendered));
    finished.acknowledge().await.unwrap();
    assert!(hands_nothing_on(&inbox).await);
    clock.advance(Duration::from_secs(1_000));
    assert!(hands_nothing_on(&inbox).await);
}

#[tokio::test]
async fn deliveries_prove_no_absence_however_many_come() {
    let nothing = || json(200, "[]");
    let lost = [Reply::HangUp, nothing(), nothing(), nothing(), nothing()];
    let server = Server::start(lost).await;
    let clock = HandClock::new();
    let client = client(&server.url, "sk_creatify", &clock);
    let inbox = client.webhooks().inbox().build().unwrap();
    let id = submit(&client).await;
    client.advance(id).await.unwrap();
    // The first look comes before the call has settled, the second is the first that counts.
    for secs in [15, 75] {
        clock.advance(Duration::from_secs(secs));
        client.advance(id).await.unwrap();
    }
    assert_eq!(deliver(&inbox, &query(&server), "{}").await, Received::New);
    soon(async {
        while server.requests().len() < 4 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let next = client.advance(id).await.unwrap();
    assert!(matches!(next.next, Action::Rest(_)), "{:?}", next.next);
    assert_eq!(next.job.steps()[0].state(), StepState::Unknown);
    clock.advance(Duration::from_secs(30));
    let next = client.advance(id).await.unwrap();
    assert_eq!(next.next, Action::Send(0), "the second look that counts comes when it is due");
    assert_eq!(server.requests().len(), 5);
}

#[tokio::test]
async fn an_inbox_alone_takes_a_job_from_step_to_step() {
    let server = Server::start([
        json(200, &format!(r#"{RECORD}:"pending"}}"#)),
        json(200, &format!(r#"{RECORD}:"image_generated","generated_photo_url":"p"}}"#)),
        json(200, &format!(r#"{RECORD}:"video_generating"}}"#)),
        json(200, &format!(r#"{RECORD}:"video_generated","generated_video_url":"v"}}"#)),
    ])
    .await;
    let client = client(&server.url, "sk_creatify", &HandClock::new());
    let inbox = client.webhooks().inbox().build().unwrap();
    let id = submit(&client).await;
    client.advance(id).await.unwrap();
    let done = r#"{"id":"r1","status":"done"}"#;
    assert_eq!(deliver(&inbox, &query(&server), done).await, Received::New);
    assert!(hands_nothing_on(&inbox).await);
    soon(async {
        while client.job(id).await.unwrap().steps()[1].state() != StepState::Running {
            assert!(hands_nothing_on(&inbox).await);
        }
    })
    .await;
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
    assert_eq!(deliver(&elsewhere, &query, "{}").await, Received::Ignored);
}
