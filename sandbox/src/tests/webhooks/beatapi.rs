//! BeatAPI's deliveries: signatures, subscriptions and retries.

use std::time::UNIX_EPOCH;

use serde_json::json;

use super::super::beatapi::{call, read};
use super::*;

pub(super) async fn endpoint_of(sandbox: &Sandbox, key: &str, body: &Value) -> Value {
    let line = Call::new(sandbox, "POST /v1/webhooks").header("Authorization", key);
    let answer = line.json(body).send().await;
    assert_eq!(answer.status, 201, "{}", answer.json());
    answer.json()["data"].take()
}

pub(super) async fn create(sandbox: &Sandbox, images: &Value) -> String {
    let body = json!({"images": images, "duration": 10, "aspect_ratio": "9:16"});
    let create = call(sandbox, "POST /v1/ecommerce-video/tasks").json(&body);
    create.send().await.json()["data"]["id"].as_str().unwrap().to_owned()
}

pub(super) fn images() -> Value {
    json!(["https://cdn.example.com/a.png"])
}

#[tokio::test]
async fn a_task_of_beatapi_is_told_signed_to_who_is_subscribed() {
    let (sandbox, receiver) = (still().await, Receiver::start(204).await);
    let own = "Bearer sk_test";
    let hook = |path: &str| json!({"url": receiver.at(path), "events": ["task.succeeded"]});
    let endpoint = endpoint_of(&sandbox, own, &hook("taken")).await;
    let disabled = endpoint_of(&sandbox, own, &hook("disabled")).await;
    let line = format!("PATCH /v1/webhooks/{}", disabled["id"].as_str().unwrap());
    call(&sandbox, &line).json(&json!({"status": "disabled"})).send().await;
    let failures = json!({"url": receiver.at("failures"), "events": ["task.failed"]});
    endpoint_of(&sandbox, own, &failures).await;
    endpoint_of(&sandbox, "Bearer sk_other", &hook("other")).await;
    let far = json!({"url": "https://hooks.example.com/a?token=x"});
    endpoint_of(&sandbox, own, &far).await;

    let id = create(&sandbox, &images()).await;
    settle(&sandbox).await;
    assert_eq!(sandbox.webhooks(), []);
    skip(&sandbox, 134);
    settled(&sandbox, 2).await;

    let taken = receiver.takes(&sandbox, 1).await.remove(0);
    assert_eq!(taken.path, "/taken");
    assert!(taken.is_signed_by_beatapi(endpoint["secret"].as_str().unwrap()));
    let event = taken.json();
    assert_eq!((&event["event"], &event["data"]["id"]), (&"task.succeeded".into(), &json!(id)));
    assert_eq!(taken.header("x-beatapi-event"), Some("task.succeeded"));
    assert_eq!(taken.header("content-type"), Some("application/json"));
    let body = taken.json();
    assert_eq!(body["data"], read(&sandbox, &id).await);
    assert_eq!(body["created_at"], body["data"]["completed_at"]);
    assert!(body["id"].as_str().unwrap().starts_with("evt_"));

    let deliveries = sandbox.webhooks();
    assert_eq!(deliveries[0].state, DeliveryState::Delivered);
    assert_eq!(deliveries[0].attempts[0].status, Some(204));
    assert_eq!(deliveries[1].state, DeliveryState::Suppressed);
    assert_eq!(deliveries[1].url, "https://hooks.example.com/a?token=…");
    let listed = Call::new(&sandbox, "GET /_sandbox/webhooks").send().await.json();
    assert_eq!(listed["deliveries"], serde_json::to_value(&deliveries).unwrap());
    assert!(!listed.to_string().contains("whsec_"));
}

#[tokio::test]
async fn a_task_that_failed_is_told_and_one_that_waits_for_its_caller_is_not() {
    let (sandbox, receiver) = (still().await, Receiver::start(200).await);
    let hook = json!({"url": receiver.at("")});
    endpoint_of(&sandbox, "Bearer sk_test", &hook).await;
    let gone = json!([format!("{}/media/gone.png", sandbox.url())]);
    let id = create(&sandbox, &gone).await;
    let music = json!({
        "audio_url": "https://cdn.example.com/a.mp3", "images": images(), "duration": 30,
        "compose_mode": "manual",
    });
    let create = call(&sandbox, "POST /v1/music-video/tasks").json(&music);
    let waiting = create.send().await.json()["data"]["id"].as_str().unwrap().to_owned();
    skip(&sandbox, 3_600);
    settled(&sandbox, 1).await;
    until(async || read(&sandbox, &waiting).await, |task| task["status"] == "storyboard_ready")
        .await;
    settle(&sandbox).await;
    assert_eq!((&only(&sandbox).job, &*only(&sandbox).event), (&id, "task.failed"));
    let body = receiver.takes(&sandbox, 1).await.remove(0).json();
    assert_eq!(
        (&body["event"], &body["data"]["status"]),
        (&"task.failed".into(), &"failed".into())
    );
}

#[tokio::test]
async fn what_beatapi_is_refused_it_sends_again_after_one_and_five_minutes() {
    let (sandbox, receiver) = (still().await, Receiver::start(500).await);
    let hook = json!({"url": receiver.at("")});
    let secret = endpoint_of(&sandbox, "Bearer sk_test", &hook).await["secret"].take();
    create(&sandbox, &images()).await;
    skip(&sandbox, 134);
    assert_attempts(&sandbox, &[60, 300]).await;
    let taken = receiver.takes(&sandbox, 3).await;
    for attempt in &taken {
        assert_eq!(attempt.json()["id"], taken[0].json()["id"]);
        // Signed anew, or the last one would be out of everybody's tolerance.
        assert!(attempt.is_signed_by_beatapi(secret.as_str().unwrap()));
    }
    let first = sandbox.webhooks()[0].attempts[0].at.duration_since(UNIX_EPOCH).unwrap().as_secs();
    let times = taken.iter().map(|attempt| attempt.header("x-beatapi-timestamp").unwrap());
    let times: Vec<u64> = times.map(|time| time.parse::<u64>().unwrap() - first).collect();
    assert_eq!(times, [0, 60, 360]);
}

#[tokio::test]
async fn a_retry_that_is_taken_is_the_last() {
    let (sandbox, receiver) = (still().await, Receiver::start(503).await);
    endpoint_of(&sandbox, "Bearer sk_test", &json!({"url": receiver.at("")})).await;
    create(&sandbox, &images()).await;
    skip(&sandbox, 134);
    receiver.takes(&sandbox, 1).await;
    receiver.shared.status.store(200, Ordering::SeqCst);
    soon(&sandbox, || only(&sandbox).attempts.len() == 1).await;
    skip(&sandbox, 60);
    settled(&sandbox, 1).await;
    skip(&sandbox, 3_600);
    settle(&sandbox).await;
    assert_eq!(receiver.takes(&sandbox, 2).await.len(), 2);
    let statuses: Vec<_> = only(&sandbox).attempts.iter().map(|attempt| attempt.status).collect();
    assert_eq!(statuses, [Some(503), Some(200)]);
}
