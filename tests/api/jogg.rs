use adreel::jogg::{Client, types};
use adreel::{Credits, ErrorKind, Upload};
use httpmock::prelude::*;
use serde_json::{Value, json};

use crate::support::account;

async fn client(server: &MockServer) -> Client {
    Client::new(account(&server.base_url())).unwrap()
}

fn envelope(data: Value) -> Value {
    json!({"code": 0, "msg": "Success", "data": data})
}

fn video_request() -> types::CreateVideoFromProductRequest {
    types::CreateVideoFromProductRequest::new(
        "NTIzMzc0NjI5",
        types::VideoSpec::new("30").name("My Product Video".to_owned()),
        types::AvatarSpec::new(1).type_(0),
        types::VoiceSpec::new(),
        types::AudioSpec::new().music_id(13),
        types::ScriptSpec::new(types::ScriptStyle::DontWorry, "english"),
    )
}

#[tokio::test]
async fn upload_asset_and_its_put_keep_the_key_from_the_presigned_address() {
    let server = MockServer::start_async().await;
    let sign_url = server.url("/presigned?signature=s");
    let sign = server
        .mock_async(|when, then| {
            when.method(POST).path("/v2/upload/asset").header("x-api-key", "test-key").json_body(
                json!({"filename": "p.png", "content_type": "image/png", "file_size": 5}),
            );
            then.status(200).json_body(envelope(
                json!({"sign_url": sign_url, "asset_url": "https://res.jogg.ai/p.png"}),
            ));
        })
        .await;
    let put = server
        .mock_async(|when, then| {
            when.method(PUT)
                .path("/presigned")
                .header("content-type", "image/png")
                .header_missing("x-api-key")
                .body("bytes");
            then.status(200);
        })
        .await;
    let client = client(&server).await;
    let request = types::UploadAssetRequest::new("p.png", "image/png").file_size(5);
    let asset = client.upload_asset(&request).await.unwrap();
    client.put_asset(&asset, &Upload::bytes("bytes", "image/png")).await.unwrap();
    sign.assert_async().await;
    put.assert_async().await;
}

#[tokio::test]
async fn create_product_reads_the_product() {
    let server = MockServer::start_async().await;
    let mock = server
        .mock_async(|when, then| {
            when.method(POST).path("/v2/product").json_body(json!({
                "name": "Morning Roast",
                "media": [{"type": 1, "url": "https://res.jogg.ai/p.png"}],
            }));
            then.status(200).json_body(envelope(json!({"product_id": "NTIzMzc0NjI5"})));
        })
        .await;
    let media = types::ProductMediaSpec::new().type_(1).url("https://res.jogg.ai/p.png".to_owned());
    let body =
        types::CreateProductRequest::new().name("Morning Roast".to_owned()).media(vec![media]);
    let product = client(&server).await.create_product(&body).await.unwrap();
    mock.assert_async().await;
    assert_eq!(product.product_id, "NTIzMzc0NjI5");
}

#[tokio::test]
async fn create_video_from_product_sends_the_nested_body() {
    let server = MockServer::start_async().await;
    let mock = server
        .mock_async(|when, then| {
            when.method(POST).path("/v2/create_video_from_product").json_body(json!({
                "product_id": "NTIzMzc0NjI5",
                "video_spec": {"length": "30", "name": "My Product Video"},
                "avatar": {"id": 1, "type": 0}, "voice": {}, "audio": {"music_id": 13},
                "script": {"style": "Don't Worry", "language": "english"},
            }));
            then.status(200)
                .json_body(envelope(json!({"video_id": "video_789", "status": "processing"})));
        })
        .await;
    let video = client(&server).await.create_video_from_product(&video_request()).await.unwrap();
    mock.assert_async().await;
    assert_eq!(video.video_id.as_deref(), Some("video_789"));
}

#[tokio::test]
async fn an_accepted_video_without_an_id_may_have_been_paid() {
    let server = MockServer::start_async().await;
    for body in [envelope(json!({"status": "processing"})), json!({"code": 0, "msg": "ok"})] {
        let mock = server
            .mock_async(|when, then| {
                when.method(POST).path("/v2/create_video_from_product");
                then.status(200).json_body(body.clone());
            })
            .await;
        let error =
            client(&server).await.create_video_from_product(&video_request()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::SubmitUnknown);
        assert_eq!(mock.calls_async().await, 1);
        mock.delete_async().await;
    }
}

#[tokio::test]
async fn get_product_video_reads_every_end_word() {
    let server = MockServer::start_async().await;
    for word in ["completed", "success"] {
        let mock = server
            .mock_async(|when, then| {
                when.method(GET).path("/v2/product_video/video_789");
                then.status(200).json_body(envelope(json!({
                    "title": "My Product Video", "video_url": "https://example.com/video.mp4",
                    "status": word, "created_at": 1640995200, "deducted_credit": 10.5,
                    "newer_field": {},
                })));
            })
            .await;
        let video = client(&server).await.get_product_video("video_789").await.unwrap();
        assert_eq!(video.status.as_str(), word);
        assert_eq!(video.deducted_credit, Some(Credits::cents(1050)));
        mock.delete_async().await;
    }
}

#[tokio::test]
async fn lists_and_quota_are_read() {
    let server = MockServer::start_async().await;
    server
        .mock_async(|when, then| {
            when.method(GET)
                .path("/v2/product_videos")
                .query_param("page", "2")
                .query_param("page_size", "100")
                .query_param("sort_order", "desc");
            then.status(200).json_body(envelope(
                json!({"videos": [{"id": "v1", "title": "t"}], "total": 101, "page": 2}),
            ));
        })
        .await;
    server
        .mock_async(|when, then| {
            when.method(GET).path("/v2/avatars/public").query_param("aspect_ratio", "square");
            then.status(200)
                .json_body(envelope(json!({"avatars": [{"id": 81, "aspect_ratio": 2}]})));
        })
        .await;
    server
        .mock_async(|when, then| {
            when.method(GET).path("/v2/user/remaining_quota");
            then.status(200).json_body(envelope(json!({"remaining_quota": 0.5})));
        })
        .await;
    let client = client(&server).await;
    let videos = types::ListProductVideosQuery::new().page(2).page_size(100).sort_order("desc");
    let page = client.list_product_videos(&videos).await.unwrap();
    assert_eq!(page.videos.unwrap()[0].id, "v1");
    let square = types::ListPublicAvatarsQuery::new().aspect_ratio(types::AspectRatio::Square);
    let avatars = client.list_public_avatars(&square).await;
    assert_eq!(avatars.unwrap()[0].id, 81);
    assert_eq!(client.get_remaining_quota().await.unwrap(), Credits::cents(50));
}

#[tokio::test]
async fn business_codes_inside_200_are_errors() {
    let server = MockServer::start_async().await;
    let table = [
        (10105, ErrorKind::Unauthorized),
        (18020, ErrorKind::OutOfCredits),
        (18025, ErrorKind::PlanLacks),
        (40000, ErrorKind::InvalidRequest),
    ];
    for (code, kind) in table {
        let mock = server
            .mock_async(|when, then| {
                when.method(POST).path("/v2/create_video_from_product");
                then.status(200).json_body(json!({"code": code, "msg": "no", "data": null}));
            })
            .await;
        let error =
            client(&server).await.create_video_from_product(&video_request()).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (kind, Some(&*code.to_string())));
        assert_eq!(mock.calls_async().await, 1, "{code}");
        mock.delete_async().await;
    }
}
