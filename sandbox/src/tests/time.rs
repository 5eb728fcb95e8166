use std::future::IntoFuture as _;

use serde_json::json;

use super::*;
use crate::clock::Clock as _;
use crate::{Client, Job, Product, VideoRequest};

/// Moves the clock on until a future has resolved. Each step is followed by a request, so that
/// what a client does meanwhile has its time.
pub(super) async fn advancing<T>(
    sandbox: &Sandbox,
    step: Duration,
    future: impl Future<Output = T>,
) -> T {
    tokio::pin!(future);
    loop {
        sandbox.advance(step);
        tokio::select! {
            biased;
            done = &mut future => return done,
            answer = Call::new(sandbox, "GET /_sandbox/info").send() => assert_eq!(answer.status, 200),
        }
    }
}

pub(super) async fn submit(client: &Client, provider: Provider) -> Job {
    let product = Product::new("Morning Roast").image_url("https://shop.example/p.png");
    client.submit(&VideoRequest::new(product)).on(provider).await.unwrap()
}

async fn advance(sandbox: &Sandbox, body: &Value) -> Answer {
    Call::new(sandbox, "POST /_sandbox/clock/advance").json(body).send().await
}

#[tokio::test]
async fn the_clock_is_moved_on_over_the_wire_too() {
    let sandbox = still().await;
    let before = sandbox.clock().now();
    let answer = advance(&sandbox, &json!({"seconds": 600.5})).await;
    assert_eq!(answer.status, 200);
    let now = sandbox.clock().now();
    assert_eq!(now.since(before), Duration::from_millis(600_500));
    assert_eq!(answer.json(), json!({"now": now.as_millis()}));
    for body in [
        json!({}),
        json!({"seconds": -1}),
        json!({"seconds": "600"}),
        json!({"seconds": 1e9}),
        json!({"seconds": null}),
        json!({"seconds": 1, "minutes": 1}),
        json!([600]),
    ] {
        let answer = advance(&sandbox, &body).await;
        assert_eq!(answer.status, 400, "{body}");
        assert!(answer.json()["error"].is_string());
    }
    assert_eq!(sandbox.clock().now(), now);
}

#[tokio::test]
async fn waits_of_a_client_follow_a_virtual_clock() {
    let sandbox = still().await;
    let client = sandbox.client().unwrap();
    for provider in Provider::ALL {
        let job = submit(&client, provider).await;
        let submitted = sandbox.clock().now();
        let wait = client.resume(job.id()).into_future();
        let video = advancing(&sandbox, Duration::from_secs(10), wait).await.unwrap();
        assert_eq!(video.job_id(), job.id());
        let waited = sandbox.clock().now().since(submitted);
        assert!(waited >= Duration::from_secs(60), "{provider}: {waited:?}");
    }
}

#[tokio::test]
async fn a_wait_does_not_end_while_the_clock_stands() {
    let sandbox = still().await;
    let client = sandbox.client().unwrap();
    let job = submit(&client, Provider::BeatApi).await;
    let wait = client.resume(job.id()).into_future();
    tokio::pin!(wait);
    for _ in 0..50 {
        tokio::select! {
            biased;
            _ = &mut wait => panic!("no time has passed"),
            answer = Call::new(&sandbox, "GET /_sandbox/info").send() => assert_eq!(answer.status, 200),
        }
    }
    assert_eq!(sandbox.counters().total.polls, 0);
}
