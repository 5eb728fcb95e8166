//! What the sandbox signs is taken by the library's verifiers, which were written apart from it.

use std::sync::{Arc, Mutex};

use adreel::{beatapi, jogg};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use serde_json::{Value, json};

use super::*;

/// One delivery as it arrived.
type Taken = (HeaderMap, Bytes);

/// A server of the test that keeps whatever is posted to it.
async fn receiver() -> (String, Arc<Mutex<Vec<Taken>>>) {
    let taken: Arc<Mutex<Vec<Taken>>> = Arc::default();
    let keep = |State(taken): State<Arc<Mutex<Vec<Taken>>>>, headers: HeaderMap, body: Bytes| async move {
        taken.lock().unwrap().push((headers, body));
    };
    let app = Router::new().fallback(keep).with_state(Arc::clone(&taken));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, taken)
}

/// The `data` of an answer to a plain HTTP client.
async fn post(sandbox: &Sandbox, path: &str, body: Value) -> Value {
    let http = reqwest::Client::new().post(format!("{}{path}", sandbox.url()));
    let http = http.bearer_auth("sk_test").header("x-api-key", "sk_test");
    let mut answer: Value = http.json(&body).send().await.unwrap().json().await.unwrap();
    answer["data"].take()
}

fn header<'a>(taken: &'a Taken, name: &str) -> Option<&'a str> {
    taken.0.get(name)?.to_str().ok()
}

#[tokio::test]
async fn a_delivery_of_beatapi_is_verified_and_a_forged_one_is_not() {
    let (sandbox, (url, taken)) = (still().await, receiver().await);
    let endpoint = post(&sandbox, "/v1/webhooks", json!({"url": url})).await;
    let forged = "webhook-forged".parse().unwrap();
    sandbox.arm(forged).unwrap();
    let order = json!({"images": ["https://cdn.example.com/a.png"], "duration": 10, "aspect_ratio": "9:16"});
    let task = post(&sandbox, "/v1/ecommerce-video/tasks", order).await;
    skip(&sandbox, 134);
    settled(&sandbox, 2).await;
    let secret = endpoint["secret"].as_str().unwrap();
    let verifier = beatapi::WebhookVerifier::new(secret).clock(sandbox.clock());
    let taken = taken.lock().unwrap();
    let verify = |taken: &Taken| verifier.verify(|name| header(taken, name), &taken.1);
    assert_eq!(verify(&taken[0]).unwrap_err().kind(), adreel::ErrorKind::Forged);
    let event = verify(&taken[1]).unwrap();
    assert_eq!(
        (event.event.as_str(), &*event.data.id),
        ("task.succeeded", task["id"].as_str().unwrap())
    );
}

#[tokio::test]
async fn a_delivery_of_jogg_is_verified_and_a_forged_one_is_not() {
    let (sandbox, (url, taken)) = (still().await, receiver().await);
    let events = ["generated_product_video_success", "generated_product_video_failed"];
    let endpoint = json!({"url": url, "status": "enabled", "events": events});
    let endpoint = post(&sandbox, "/v2/endpoint", endpoint).await;
    let forged = "webhook-forged".parse().unwrap();
    sandbox.arm(forged).unwrap();
    let product = post(&sandbox, "/v2/product", json!({"name": "Morning Roast"})).await;
    let order = json!({
        "product_id": product["product_id"],
        "video_spec": {"length": "15"},
        "avatar": {"id": 1768, "type": 0},
        "voice": {}, "audio": {},
        "script": {"style": "Storytime", "language": "english"},
    });
    let video = post(&sandbox, "/v2/create_video_from_product", order).await;
    skip(&sandbox, 60);
    settled(&sandbox, 2).await;
    let verifier = jogg::WebhookVerifier::new(endpoint["secret"].as_str().unwrap());
    let taken = taken.lock().unwrap();
    let verify = |taken: &Taken| verifier.verify(|name| header(taken, name), &taken.1);
    assert_eq!(verify(&taken[0]).unwrap_err().kind(), adreel::ErrorKind::Forged);
    assert_eq!(verify(&taken[1]).unwrap().data.video(), video["video_id"].as_str());
}
