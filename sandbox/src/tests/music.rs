//! BeatAPI's music videos.

use serde_json::json;

use super::beatapi::{call, read, refusal};
use super::*;

/// A WAV of so many tenths of a second, of 1000 bytes each second.
fn wav(tenths: usize) -> Vec<u8> {
    let head =
        b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\xe8\x03\0\0\xe8\x03\0\0\x01\0\x08\0data";
    let size = u32::try_from(tenths * 100).unwrap().to_le_bytes();
    [&head[..], &size[..], &vec![0x80; tenths * 100]].concat()
}

async fn upload(sandbox: &Sandbox, media_type: &str, bytes: &[u8]) -> Value {
    let file = call(sandbox, "POST /v1/files").bytes(media_type, bytes).send().await;
    assert_eq!(file.status, 201, "{}", file.json());
    file.json()["data"].take()
}

fn create(sandbox: &Sandbox) -> Call<'_> {
    call(sandbox, "POST /v1/music-video/tasks")
}

fn order() -> Value {
    json!({
        "images": ["https://cdn.example.com/a.png"],
        "audio_url": "https://cdn.example.com/a.mp3",
        "prompt": "Neon rain\nThe singer turns",
        "aspect_ratio": "3:4",
    })
}

async fn accepted(sandbox: &Sandbox, body: &Value) -> Value {
    let answer = create(sandbox).json(body).send().await;
    assert_eq!(answer.status, 201, "{}", answer.json());
    answer.json()["data"].take()
}

#[tokio::test]
async fn a_track_becomes_a_video_of_its_length_and_price() {
    let sandbox = still().await;
    let track = upload(&sandbox, "audio/wav", &wav(114)).await;
    assert_eq!(track["audio_duration_seconds"], 11.4);
    assert_eq!(track["audio_duration_source"], "wav_header");
    let image = upload(&sandbox, "image/png", &PNG).await;
    assert!(image.get("audio_duration_seconds").is_none());
    let mut body = order();
    body["images"] = json!([image["url"]]);
    body["audio_url"] = track["url"].clone();
    // It never overrides what was found.
    body["duration"] = 60.into();
    body["resolution"] = "1080p".into();
    let task = accepted(&sandbox, &body).await;
    for field in ["workflow", "capability_id"] {
        assert_eq!(task[field], "music-video");
    }
    let usage = &task["usage"];
    assert_eq!(
        (&usage["credits_reserved"], &usage["billable_duration_seconds"]),
        (&1.44.into(), &12.into())
    );
    let id = task["id"].as_str().unwrap();
    skip(&sandbox, 5);
    assert_eq!(read(&sandbox, id).await["status"], "processing");
    skip(&sandbox, 295);
    let done =
        until(async || read(&sandbox, id).await, |task| task["status"] != "processing").await;
    assert_eq!(
        (&done["status"], &done["usage"]["credits_settled"]),
        (&"succeeded".into(), &1.44.into())
    );
    assert!(done["completed_at"].is_u64() && done.get("storyboard").is_none());
    assert_video(&sandbox, &done["output"]["media"][0]["url"], (3, 4), 12).await;

    let shop = json!({"images": ["https://cdn.example.com/a.png"], "duration": 10});
    call(&sandbox, "POST /v1/ecommerce-video/tasks").json(&shop).send().await;
    let usage = call(&sandbox, "GET /v1/usage").send().await.json()["data"].take();
    assert_eq!(
        usage["by_workflow"],
        json!([
            {"workflow": "music-video", "tasks": 1, "credits_settled": 1.44},
            {"workflow": "ecommerce-video", "tasks": 1, "credits_settled": 0.0},
        ])
    );
    assert_eq!(usage["by_capability"][0]["capability_id"], "music-video");
    assert_eq!((&usage["total_tasks"], &usage["concurrency"]["active"]), (&2.into(), &1.into()));
    assert_eq!(submits(&sandbox, Provider::BeatApi), (2, 2));
}

#[tokio::test]
async fn a_manual_video_rests_with_its_shots() {
    let sandbox = still().await;
    let mut body = order();
    body["compose_mode"] = "manual".into();
    body["duration"] = 12.into();
    let task = accepted(&sandbox, &body).await;
    let id = task["id"].as_str().unwrap();
    assert_eq!((&task["status"], task.get("storyboard")), (&"queued".into(), None));
    skip(&sandbox, 300);
    let ready =
        until(async || read(&sandbox, id).await, |task| task["status"] != "processing").await;
    assert_eq!(
        (&ready["status"], &ready["stage"]),
        (&"storyboard_ready".into(), &"storyboard_ready".into())
    );
    assert!(ready["output"].is_null() && ready["completed_at"].is_null());
    assert!(ready.get("poll_after_seconds").is_none());
    assert_eq!(ready["usage"]["credits_settled"], ready["usage"]["credits_reserved"]);
    let shots = ready["storyboard"]["shots"].as_array().unwrap();
    let told: Vec<_> = shots
        .iter()
        .map(|shot| (shot["duration_seconds"].as_u64().unwrap(), shot["prompt"].as_str().unwrap()))
        .collect();
    assert_eq!(told, [(5, "Neon rain"), (5, "The singer turns"), (2, "Neon rain")]);
    assert!(shots[0]["id"].as_str().unwrap().starts_with("shot_"));
    skip(&sandbox, 86_400);
    assert_eq!(read(&sandbox, id).await, ready);
    let usage = call(&sandbox, "GET /v1/usage").send().await.json()["data"].take();
    assert_eq!(usage["concurrency"]["active"], 0);
}

#[tokio::test]
async fn the_seconds_of_a_track_that_cannot_be_read_are_stated_or_thirty() {
    let sandbox = still().await;
    let broken = upload(&sandbox, "audio/mpeg", b"ID3").await;
    assert!(broken.get("audio_duration_seconds").is_none());
    let mut body = order();
    let billed = async |body: &Value| {
        accepted(&sandbox, body).await["usage"]["billable_duration_seconds"].take()
    };
    assert_eq!(billed(&body).await, 30);
    body["audio_url"] = broken["url"].clone();
    assert_eq!(billed(&body).await, 30);
    body["duration"] = 45.into();
    assert_eq!(billed(&body).await, 45);
}

#[tokio::test]
async fn a_premium_video_is_made_of_faces() {
    let sandbox = still().await;
    let image = upload(&sandbox, "image/png", &PNG).await;
    let body = json!({
        "mv_tier": "premium", "mv_mode": "sing", "images": [], "lip_ref_urls": [image["url"]],
        "audio_url": upload(&sandbox, "audio/wav", &wav(100)).await["url"], "aspect_ratio": "9:16",
    });
    let task = accepted(&sandbox, &body).await;
    assert_eq!(task["usage"]["credits_reserved"], 3.2);
    skip(&sandbox, 300);
    let id = task["id"].as_str().unwrap();
    let done =
        until(async || read(&sandbox, id).await, |task| task["status"] != "processing").await;
    assert_video(&sandbox, &done["output"]["r2_url"], (9, 16), 10).await;
}

#[tokio::test]
async fn a_key_is_for_one_request_of_one_operation() {
    let sandbox = still().await;
    let send = async |line: &str, body: &Value| {
        call(&sandbox, line).header("Idempotency-Key", "k").json(body).send().await
    };
    let music = "POST /v1/music-video/tasks";
    let (first, again) = (send(music, &order()).await, send(music, &order()).await);
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(first.json()["data"]["id"], again.json()["data"]["id"]);
    let mut other = order();
    other["quality"] = "high".into();
    for (line, body) in [(music, &other), ("POST /v1/ecommerce-video/tasks", &order())] {
        let conflict = send(line, body).await;
        assert_eq!(refusal(&conflict), (409, "idempotency_conflict".to_owned()));
    }
    assert_eq!(sandbox.ledger().len(), 1);
}

#[tokio::test]
async fn tracks_of_a_wrong_length_are_refused_and_cost_nothing() {
    let sandbox = still().await;
    for tenths in [99, 3001] {
        let file = call(&sandbox, "POST /v1/files").bytes("audio/wav", &wav(tenths)).send().await;
        assert_eq!(refusal(&file), (400, "bad_request".to_owned()));
    }
    let long = upload(&sandbox, "audio/wav", &wav(1810)).await["url"].take();
    let image = upload(&sandbox, "image/png", &PNG).await["url"].take();
    let poor = Call::new(&sandbox, "POST /v1/music-video/tasks")
        .header("Authorization", "Bearer sk_sandbox_nocredits");
    for (audio, message) in [
        (long, "audio_url must be a track of 10 to 180 s"),
        (image, "audio_url must be a track"),
        (Value::Null, "audio_url must not be null"),
        (
            "http://10.0.0.1/a.mp3".into(),
            "audio_url must be a public https URL, or an http URL of this machine",
        ),
    ] {
        let mut body = order();
        body["audio_url"] = audio;
        let answer = create(&sandbox).json(&body).send().await;
        assert_eq!(refusal(&answer), (400, "bad_request".to_owned()));
        assert_eq!(answer.json()["error"]["message"], message);
    }
    assert_eq!(
        refusal(&poor.json(&order()).send().await),
        (402, "insufficient_credits".to_owned())
    );
    assert!(sandbox.ledger().is_empty());
}

#[tokio::test]
async fn a_music_video_whose_image_is_none_fails_and_is_refunded() {
    let sandbox = still().await;
    for mode in ["auto", "manual"] {
        let mut body = order();
        body["images"] = json!([format!("{}/media/none.png", sandbox.url())]);
        body["compose_mode"] = mode.into();
        let task = accepted(&sandbox, &body).await;
        skip(&sandbox, 300);
        let id = task["id"].as_str().unwrap();
        let failed =
            until(async || read(&sandbox, id).await, |task| task["status"] == "failed").await;
        assert_eq!(failed["error_message"], "the image was not found");
        assert!(failed["completed_at"].is_u64());
    }
    assert_eq!(spent(&sandbox), Credits::ZERO);
}
