//! JoggAI's deliveries: signatures, endpoints and retries.

use serde_json::json;

use super::*;

async fn jogg_video(sandbox: &Sandbox, webhook_url: Option<String>) -> String {
    let call = |line: &str| Call::new(sandbox, line).header("x-api-key", "sk_test");
    let product = call("POST /v2/product").json(&json!({"name": "Morning Roast"})).send().await;
    let product = product.json()["data"]["product_id"].take();
    let mut body = json!({
        "product_id": product,
        "video_spec": {"length": "15"},
        "avatar": {"id": 1768, "type": 0},
        "voice": {}, "audio": {},
        "script": {"style": "Storytime", "language": "english"},
    });
    if let Some(url) = webhook_url {
        body["webhook_url"] = url.into();
    }
    let video = call("POST /v2/create_video_from_product").json(&body).send().await.json();
    video["data"]["video_id"].as_str().unwrap_or_else(|| panic!("{video}")).to_owned()
}

async fn jogg_endpoint(sandbox: &Sandbox, key: &str, url: &str, status: &str) -> Value {
    let events = ["generated_product_video_success", "generated_product_video_failed"];
    let body = json!({"url": url, "status": status, "events": events});
    let call = Call::new(sandbox, "POST /v2/endpoint").header("x-api-key", key).json(&body);
    call.send().await.json()["data"].take()
}

#[tokio::test]
async fn a_video_of_jogg_is_told_signed_over_its_body() {
    let (sandbox, receiver) = (still().await, Receiver::start(200).await);
    let endpoint = jogg_endpoint(&sandbox, "sk_test", &receiver.at("taken"), "enabled").await;
    jogg_endpoint(&sandbox, "sk_test", &receiver.at("disabled"), "disabled").await;
    jogg_endpoint(&sandbox, "sk_other", &receiver.at("other"), "enabled").await;
    let id = jogg_video(&sandbox, Some(receiver.at("own"))).await;
    skip(&sandbox, 60);
    settled(&sandbox, 2).await;

    let mut taken = receiver.takes(&sandbox, 2).await;
    taken.sort_by(|a, b| b.path.cmp(&a.path));
    let paths: Vec<_> = taken.iter().map(|taken| taken.path.as_str()).collect();
    assert_eq!(paths, ["/taken", "/own"]);
    let expected = signature::of_jogg(endpoint["secret"].as_str().unwrap(), &taken[0].body);
    assert_eq!(taken[0].header("x-webhook-signature"), Some(&*expected));
    assert_eq!(taken[0].header("user-agent"), Some("JoggAI-Webhook/2.0"));
    assert_eq!(taken[0].header("x-webhook-event"), Some("generated_product_video_success"));
    assert_eq!(taken[1].header("x-webhook-signature"), None);
    assert_eq!(taken[0].body, taken[1].body);
    let body = taken[0].json();
    let video = |file: &str| format!("{}/media/jogg/project/{id}/{file}", sandbox.url());
    assert_eq!(
        body["data"],
        json!({
            "video_id": id, "status": "completed", "duration": 15,
            "video_url": video("video.mp4"), "cover_url": video("cover.jpg"),
        })
    );
    assert_eq!(body["event"], "generated_product_video_success");
    assert!(body["event_id"].as_str().unwrap().starts_with("evt_"));
}

#[tokio::test]
async fn what_jogg_is_refused_it_sends_three_times_five_seconds_apart() {
    let (sandbox, receiver) = (still().await, Receiver::start(404).await);
    jogg_endpoint(&sandbox, "sk_test", &receiver.at(""), "enabled").await;
    jogg_video(&sandbox, None).await;
    skip(&sandbox, 60);
    assert_attempts(&sandbox, &[5, 5]).await;
    receiver.takes(&sandbox, 3).await;
}

#[tokio::test]
async fn jogg_has_other_words_where_it_is_told_to() {
    let builder = Sandbox::builder().virtual_clock().quality(Quality::Thumbnail);
    let sandbox = builder.jogg_success(true).jogg_project_id(true).start().await.unwrap();
    let receiver = Receiver::start(200).await;
    jogg_endpoint(&sandbox, "sk_test", &receiver.at(""), "enabled").await;
    let id = jogg_video(&sandbox, None).await;
    skip(&sandbox, 60);
    settled(&sandbox, 1).await;
    let data = receiver.takes(&sandbox, 1).await.remove(0).json()["data"].take();
    assert_eq!((&data["project_id"], &data["status"]), (&id.as_str().into(), &"success".into()));
    assert_eq!(data["video_id"], Value::Null);
    let read = Call::new(&sandbox, &format!("GET /v2/product_video/{id}"));
    let read = read.header("x-api-key", "sk_test").send().await.json();
    assert_eq!(read["data"]["status"], "success");
}
