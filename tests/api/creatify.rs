//! Creatify's client against scripted answers.

use adreel::creatify::{Client, types};
use adreel::{Credits, ErrorKind};
use httpmock::prelude::*;
use serde_json::json;

use crate::support::account;

async fn client(server: &MockServer) -> Client {
    Client::new(account(&server.base_url())).unwrap()
}

const ID: &str = "7e5e8a6f-d0d5-4736-b390-03e696ffc969";

fn record(status: &str) -> serde_json::Value {
    json!({
        "id": ID, "type": "product_anyshot", "product_url": "https://cdn.creatify.ai/images/x.jpg",
        "aspect_ratio": "9x16", "status": status, "generated_photo_url": "",
        "generated_video_url": null, "failed_reason": "", "regen_type": "", "regen_source_id": null,
        "created_at": "2025-05-30T04:11:05.449603-07:00", "updated_at": "2025-05-30T11:11:05Z",
    })
}

#[tokio::test]
async fn gen_image_signs_with_both_headers() {
    let server = MockServer::start_async().await;
    let mock = server
        .mock_async(|when, then| {
            when.method(POST)
                .path("/api/product_to_videos/gen_image/")
                .header("x-api-id", "test-id")
                .header("x-api-key", "test-key")
                .json_body(json!({
                    "product_url": "https://shop.example/roast.png", "aspect_ratio": "9x16",
                    "type": "product_anyshot", "image_prompt": "Morning Roast",
                }));
            then.status(201).json_body(record("initializing"));
        })
        .await;
    let body = types::GenImageRequest::new("https://shop.example/roast.png")
        .aspect_ratio(types::ProductToVideoAspectRatio::V9x16)
        .type_(types::ProductToVideoType::ProductAnyshot)
        .image_prompt("Morning Roast".to_owned());
    let record = client(&server).await.gen_image(&body).await.unwrap();
    mock.assert_async().await;
    assert_eq!(record.status, types::ProductToVideoStatus::Initializing);
    assert_eq!(record.created_at.unwrap().as_str(), "2025-05-30T04:11:05.449603-07:00");
}

#[tokio::test]
async fn gen_video_works_on_the_same_record() {
    let server = MockServer::start_async().await;
    let mock = server
        .mock_async(|when, then| {
            when.method(POST)
                .path(format!("/api/product_to_videos/{ID}/gen_video/"))
                .json_body(json!({"motion_style": "talking", "video_prompt": "steam"}));
            then.status(200).json_body(record("video_generating"));
        })
        .await;
    let body = types::GenVideoRequest::new()
        .motion_style(types::MotionStyle::Talking)
        .video_prompt("steam".to_owned());
    let record = client(&server).await.gen_video(ID, &body).await.unwrap();
    mock.assert_async().await;
    assert_eq!(record.status, types::ProductToVideoStatus::VideoGenerating);
}

#[tokio::test]
async fn records_are_read_one_by_one_and_as_a_bare_list() {
    let server = MockServer::start_async().await;
    let one = server
        .mock_async(|when, then| {
            when.method(GET).path(format!("/api/product_to_videos/{ID}/"));
            then.status(200).json_body(record("image_generated"));
        })
        .await;
    let list = server
        .mock_async(|when, then| {
            when.method(GET).path("/api/product_to_videos/").query_param("ids", format!("{ID},b"));
            then.status(200).json_body(json!([record("failed"), record("newer_status")]));
        })
        .await;
    let client = client(&server).await;
    let record = client.get_product_to_video(ID).await.unwrap();
    assert_eq!(record.status, types::ProductToVideoStatus::ImageGenerated);
    let records = client.list_product_to_videos(Some(&[ID, "b"])).await.unwrap();
    assert_eq!(records[1].status.as_str(), "newer_status");
    one.assert_async().await;
    list.assert_async().await;
    let error = client.list_product_to_videos(Some(&["x"; 101])).await.unwrap_err();
    assert_eq!(error.field(), Some("ids"));
}

#[tokio::test]
async fn get_remaining_credits_reads_a_decimal() {
    let server = MockServer::start_async().await;
    server
        .mock_async(|when, then| {
            when.method(GET).path("/api/remaining_credits/");
            then.status(200).json_body(json!({"remaining_credits": 496.5}));
        })
        .await;
    let left = client(&server).await.get_remaining_credits().await.unwrap();
    assert_eq!(left, Credits::cents(49_650));
}

#[tokio::test]
async fn a_refused_field_is_named() {
    let server = MockServer::start_async().await;
    server
        .mock_async(|when, then| {
            when.method(POST).path("/api/product_to_videos/gen_image/");
            then.status(400).json_body(json!({"product_url": ["Enter a valid URL."]}));
        })
        .await;
    let body = types::GenImageRequest::new("nonsense");
    let error = client(&server).await.gen_image(&body).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("product_url")));
    assert_eq!(
        error.to_string(),
        "creatify gen_image: product_url: request refused (400): Enter a valid URL; \
         correct the request"
    );
}
