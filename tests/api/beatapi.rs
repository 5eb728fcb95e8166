//! BeatAPI's client against scripted answers.

use adreel::beatapi::{Client, IdempotencyKey, types};
use adreel::{Credits, ErrorKind, Upload};
use httpmock::prelude::*;
use serde_json::json;

use crate::support::account;

async fn client(server: &MockServer) -> Client {
    Client::new(account(&server.base_url())).unwrap()
}

fn task(status: &str) -> serde_json::Value {
    json!({"data": {
        "id": "task_p9Lm2", "object": "task", "workflow": "ecommerce-video", "status": status,
        "created_at": 1782210000, "updated_at": 1782210000, "output": null,
        "usage": {"credits_reserved": 4.5, "credits_settled": 0, "credits_refunded": 0},
        "request_id": "req_def456", "error_code": null, "error_message": null,
    }})
}

#[tokio::test]
async fn upload_file_sends_the_raw_bytes_with_their_type() {
    let server = MockServer::start_async().await;
    let mock = server
        .mock_async(|when, then| {
            when.method(POST)
                .path("/v1/files")
                .header("content-type", "image/png")
                .header("content-length", "5")
                .header("authorization", "Bearer test-key")
                .body("bytes");
            then.status(201).json_body(json!({"data": {
                "id": "file_3", "object": "file", "url": "https://media.example/f.png",
                "key": "inputs/f.png", "mime_type": "image/png", "size_bytes": 5,
                "purpose": "input", "created_at": 1782210000,
            }}));
        })
        .await;
    let file =
        client(&server).await.upload_file(&Upload::bytes("bytes", "image/png")).await.unwrap();
    mock.assert_async().await;
    assert_eq!(file.url, "https://media.example/f.png");
}

#[tokio::test]
async fn a_create_sends_its_key_fields_newer_than_the_spec_and_who_asks() {
    let server = MockServer::start_async().await;
    let mock = server
        .mock_async(|when, then| {
            when.method(POST)
                .path("/v1/ecommerce-video/tasks")
                .header("idempotency-key", "order-1042")
                .header("user-agent", concat!("adreel/", env!("CARGO_PKG_VERSION")))
                .header_missing("api-version")
                .json_body(json!({
                    "images": ["https://cdn.example.com/product.png"], "duration": 15,
                    "prompt": "Fast product launch ad for paid social.", "aspect_ratio": "9:16",
                    "newer": true,
                }));
            then.status(201).json_body(task("queued"));
        })
        .await;
    let images = vec!["https://cdn.example.com/product.png".to_owned()];
    let extra = json!({"newer": true}).as_object().unwrap().clone();
    let body = types::CreateEcommerceVideoRequest::new(images, 15)
        .prompt("Fast product launch ad for paid social.".to_owned())
        .aspect_ratio(types::EcommerceAspectRatio::V9x16)
        .extra(extra);
    let key = IdempotencyKey::new("order-1042").unwrap();
    let task = client(&server).await.create_ecommerce_video(&body, Some(&key)).await.unwrap();
    mock.assert_async().await;
    assert_eq!((task.id.as_str(), task.status), ("task_p9Lm2", types::TaskStatus::Queued));
    assert_eq!(task.usage.unwrap().credits_reserved, Some(Credits::cents(450)));
}

#[tokio::test]
async fn get_task_keeps_a_status_that_the_spec_does_not_list() {
    let server = MockServer::start_async().await;
    let mock = server
        .mock_async(|when, then| {
            when.method(GET).path("/v1/tasks/task_p9Lm2");
            then.status(200).json_body(task("dreaming"));
        })
        .await;
    let task = client(&server).await.get_task("task_p9Lm2").await.unwrap();
    mock.assert_async().await;
    assert_eq!(task.status, types::TaskStatus::Unknown("dreaming".to_owned()));
}

#[tokio::test]
async fn an_id_cannot_leave_its_place_in_the_path() {
    let server = MockServer::start_async().await;
    let mock = server
        .mock_async(|when, then| {
            when.any_request();
            then.status(200).json_body(task("queued"));
        })
        .await;
    for id in ["..", ".", "", "a/../../usage", "..\\usage", "x?y"] {
        let client = client(&server).await;
        let change = types::UpdateWebhookRequest::new();
        for (error, name) in [
            (client.get_task(id).await.unwrap_err(), "task_id"),
            (client.get_webhook(id).await.unwrap_err(), "webhook_id"),
            (client.update_webhook(id, &change).await.unwrap_err(), "webhook_id"),
            (client.delete_webhook(id).await.unwrap_err(), "webhook_id"),
        ] {
            assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some(name)));
        }
    }
    assert_eq!(mock.calls_async().await, 0);
}

#[tokio::test]
async fn errors_carry_kind_code_request_id_and_no_key() {
    let server = MockServer::start_async().await;
    server
        .mock_async(|when, then| {
            when.method(GET).path("/v1/usage");
            then.status(401).json_body(json!({"error": {
                "code": "invalid_api_key", "message": "key test-key is unknown",
                "request_id": "req_9", "retryable": false,
            }}));
        })
        .await;
    let error = client(&server).await.get_usage(&types::GetUsageQuery::new()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert_eq!((error.status(), error.code()), (Some(401), Some("invalid_api_key")));
    assert_eq!((error.request_id(), error.attempts()), (Some("req_9"), 1));
    assert_eq!(
        error.to_string(),
        "beatapi get_usage: key refused (401, invalid_api_key): key [redacted] is unknown; \
         check the key"
    );
    assert!(!format!("{error:?}").contains("test-key"));
}
