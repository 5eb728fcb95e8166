//! The rows of what happens on this side of the wire, or on the wire itself.

use std::time::Duration;

use adreel::beatapi::types::CreateEcommerceVideoRequest;
use adreel::{
    AccountConfig, BoxFuture, Client, Credits, Error, ErrorKind, Keys, Product, ProviderId,
    RetryPolicy, Upload, VideoRequest, beatapi,
};
use tokio::net::TcpListener;

use super::rows;
use crate::support::scripted::{Reply, Server, json};
use crate::support::{InstantClock, TINY_PNG, account};

type Failing = fn() -> BoxFuture<'static, Error>;

const CASES: [(&str, Failing); 11] = [
    ("a value out of its limits", || Box::pin(read("..", account("http://127.0.0.1:9")))),
    ("what the provider cannot do", || Box::pin(unsupported())),
    ("an account without a key", || Box::pin(read("t", AccountConfig::new(Keys::key(" "))))),
    ("what may cost more than a cap leaves room for", || Box::pin(over_cap())),
    ("a job's key that stands for another request", || Box::pin(another_request())),
    ("a file that cannot be read or written", || Box::pin(unreadable())),
    ("a webhook delivery without a valid signature", || Box::pin(std::future::ready(forged()))),
    ("no connection", || Box::pin(no_connection())),
    ("a connection that breaks before the answer", || Box::pin(broken())),
    ("no answer in time", || Box::pin(silence())),
    ("a paid call that may have been accepted", || Box::pin(lost())),
];

#[tokio::test]
async fn every_failure_on_this_side_is_of_its_rows_kind() {
    let rows: Vec<_> = rows().into_iter().filter(|row| row.statuses.is_empty()).collect();
    for (what, _) in CASES {
        assert!(rows.iter().any(|row| row.what == what), "{what} has no row");
    }
    for row in rows {
        let case = CASES.iter().find(|(what, _)| row.what == *what);
        let (_, fail) = case.unwrap_or_else(|| panic!("{row} has no case"));
        let error = fail().await;
        assert_eq!(error.kind(), row.kind, "{row}: {error:?}");
        let line = error.to_string();
        assert!(!line.contains(char::is_control) && !line.contains("test-key"), "{line}");
        // What never left says itself what is wrong.
        let advises = line.ends_with(&format!("; {}", row.advice));
        assert_eq!(advises, error.attempts() > 0, "{line}");
    }
}

async fn read(id: &str, config: AccountConfig) -> Error {
    let config = config.retry(RetryPolicy::default().once());
    beatapi::Client::new(config).unwrap().get_task(id).await.unwrap_err()
}

fn client(provider: ProviderId, url: &str) -> Client {
    let builder = Client::builder().account(provider, account(url));
    builder.clock(InstantClock::default()).in_memory().build().unwrap()
}

async fn unsupported() -> Error {
    let request = VideoRequest::new(Product::new("x").image_bytes(TINY_PNG));
    client(ProviderId::Creatify, "http://127.0.0.1:9").plan(&request).await.unwrap_err()
}

async fn over_cap() -> Error {
    let request = VideoRequest::new(Product::new("x").image_url("https://x.example/p.png"));
    let client = client(ProviderId::Creatify, "http://127.0.0.1:9");
    client.submit(&request).cap(Credits::whole(11)).await.unwrap_err()
}

async fn another_request() -> Error {
    let server = Server::start([json(201, r#"{"data":{"id":"t","status":"queued"}}"#)]).await;
    let client = client(ProviderId::BeatApi, &server.url);
    let request = VideoRequest::new(Product::new("x").image_url("https://x.example/p.png"));
    client.submit(&request).key("k").await.unwrap();
    client.submit(&request.duration_secs(20)).key("k").await.unwrap_err()
}

async fn unreadable() -> Error {
    let client = beatapi::Client::new(account("http://127.0.0.1:9")).unwrap();
    client.upload_file(&Upload::file("no/such.png", "image/png")).await.unwrap_err()
}

fn forged() -> Error {
    beatapi::WebhookVerifier::new("whsec_1").verify(|_| None, b"{}").unwrap_err()
}

async fn no_connection() -> Error {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    read("t", account(&format!("http://{port}"))).await
}

async fn broken() -> Error {
    let server = Server::start([Reply::HangUp]).await;
    read("t", account(&server.url)).await
}

/// Connections are taken and never answered. An attempt's timeout is real time.
async fn silence() -> Error {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let mut policy = RetryPolicy::default().once();
    policy.deadline = Duration::from_millis(50);
    let client = beatapi::Client::new(account(&url).retry(policy)).unwrap();
    client.get_task("t").await.unwrap_err()
}

async fn lost() -> Error {
    let server = Server::start([Reply::HangUp]).await;
    let client = beatapi::Client::new(account(&server.url)).unwrap();
    let body = CreateEcommerceVideoRequest::new(vec!["https://x.example/p.png".to_owned()], 15);
    let error = client.create_ecommerce_video(&body, None).await.unwrap_err();
    assert!(error.kind() == ErrorKind::SubmitUnknown && error.attempts() == 1);
    error
}
