//! BeatAPI as its contract was at the launch.

use serde_json::json;

use super::*;
use crate::BeatApiContract;

async fn launch() -> Sandbox {
    still_with(|builder| builder.beatapi_contract(BeatApiContract::Launch).beatapi_slots(2)).await
}

fn call<'a>(sandbox: &'a Sandbox, line: &str) -> Call<'a> {
    Call::new(sandbox, line).header("Authorization", "Bearer sk_test")
}

fn create(sandbox: &Sandbox) -> Call<'_> {
    let body = json!({"images": ["https://cdn.example.com/a.png"], "duration": 15});
    call(sandbox, "POST /v1/ecommerce-video/tasks").json(&body)
}

/// The names of an object's fields, and a JSON text in which a whole number is one.
fn names(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn a_task_of_the_launch_is_the_one_of_its_documentation() {
    let sandbox = launch().await;
    let task = create(&sandbox).send().await.json()["data"].take();
    // All of the launch page's example, and no more.
    let example = json!({
        "id": task["id"], "object": "task", "workflow": "ecommerce-video", "status": "queued",
        "created_at": task["created_at"], "updated_at": task["created_at"], "output": null,
        "usage": {"credits_reserved": 225, "credits_settled": 0, "credits_refunded": 0},
        "request_id": task["request_id"], "error_code": null, "error_message": null,
    });
    assert_eq!(task.to_string(), example.to_string());
    skip(&sandbox, 134);
    let line = format!("GET /v1/tasks/{}", task["id"].as_str().unwrap());
    let read = async || {
        skip(&sandbox, 1);
        call(&sandbox, &line).send().await.json()["data"].take()
    };
    let done = until(read, |task| task["status"] == "succeeded").await;
    assert_eq!(names(&done), names(&task));
    let usage = json!({"credits_reserved": 225, "credits_settled": 225, "credits_refunded": 0});
    assert_eq!(done["usage"].to_string(), usage.to_string());

    let usage = call(&sandbox, "GET /v1/usage?period=24h").send().await.json()["data"].take();
    let example = json!({
        "object": "usage", "credit_balance": 775, "total_tasks": 1, "credits_settled": 225,
        "credits_refunded": 0, "concurrency": {"limit": 2, "active": 0},
        "by_workflow": [{"workflow": "ecommerce-video", "tasks": 1, "credits_settled": 225}],
    });
    assert_eq!(usage.to_string(), example.to_string());
    let workflows = Call::new(&sandbox, "GET /v1/workflows").send().await.json();
    let ids = workflows["data"]["data"].as_array().unwrap().iter().map(|item| item["id"].clone());
    assert_eq!(ids.collect::<Vec<_>>(), ["music-video", "ecommerce-video"]);
    assert_eq!(spent(&sandbox), Credits::whole(225));
    assert!(sandbox.balances().iter().all(|account| account.balances));
}

#[tokio::test]
async fn a_key_of_the_launch_keeps_nothing_from_being_made_twice() {
    let sandbox = launch().await;
    let long = "k".repeat(300);
    for key in ["k", "k"] {
        assert_eq!(create(&sandbox).header("Idempotency-Key", key).send().await.status, 201);
    }
    assert_eq!((sandbox.ledger().len(), spent(&sandbox)), (2, Credits::whole(450)));
    let full = create(&sandbox).header("Idempotency-Key", &long).send().await;
    assert_eq!((full.status, full.header("retry-after")), (429, Some("30")));
    assert_eq!(names(&full.json()["error"]), ["code", "message", "request_id"]);
}

#[tokio::test]
async fn refusals_of_the_launch_say_less() {
    let sandbox = launch().await;
    let code = |answer: &Answer| {
        let error = answer.json()["error"].take();
        assert_eq!(names(&error), ["code", "message", "request_id"]);
        (answer.status, error["code"].as_str().unwrap().to_owned())
    };
    let no_auth = Call::new(&sandbox, "GET /v1/usage").send().await;
    assert_eq!(code(&no_auth), (401, "unauthorized".to_owned()));
    let revoked = Call::new(&sandbox, "GET /v1/usage");
    let revoked = revoked.header("Authorization", "Bearer sk_sandbox_revoked").send().await;
    assert_eq!(code(&revoked), (401, "unauthorized".to_owned()));
    let film = call(&sandbox, "POST /v1/files").bytes("video/mp4", b"film").send().await;
    assert_eq!(code(&film), (400, "bad_request".to_owned()));
    for _ in 0..60 {
        assert_eq!(call(&sandbox, "GET /v1/tasks/none").send().await.status, 404);
    }
    let much = call(&sandbox, "GET /v1/tasks/none").send().await;
    assert_eq!((much.status, much.header("retry-after")), (429, Some("60")));
    assert_eq!(much.json()["error"]["retry_after_seconds"], 60);
}

#[tokio::test]
async fn a_music_video_of_the_launch_has_one_tier_and_wants_words() {
    let sandbox = launch().await;
    let mut body = json!({
        "images": ["https://cdn.example.com/a.png"], "duration": 12,
        "audio_url": "https://cdn.example.com/a.mp3", "prompt": "Neon rain", "language": "en",
        // Nobody there knows this word yet.
        "mv_tier": "premium",
    });
    let send =
        async |body: &Value| call(&sandbox, "POST /v1/music-video/tasks").json(body).send().await;
    let task = send(&body).await;
    assert_eq!(task.json()["data"]["usage"]["credits_reserved"], 60, "{}", task.json());
    for field in ["prompt", "language"] {
        let word = body.as_object_mut().unwrap().remove(field).unwrap();
        let answer = send(&body).await.json();
        assert_eq!(answer["error"]["message"], format!("{field} is required"));
        body[field] = word;
    }
}
