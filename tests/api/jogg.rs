//! JoggAI's client against scripted answers.

use adreel::jogg::{Client, types};
use adreel::{ErrorKind, Upload};
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

fn previews_request() -> types::CreatePreviewsRequest {
    types::CreatePreviewsRequest::new(
        "NTIzMzc0NjI5",
        vec!["Dynamic Showcase".to_owned()],
        types::VideoSpec::new("30"),
        types::AvatarSpec::new(1),
        types::VoiceSpec::new(),
        types::AudioSpec::new(),
        types::ScriptSpec::new(types::ScriptStyle::DontWorry, "english"),
    )
    .language("english".to_owned())
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
async fn what_is_accepted_without_an_id_may_have_been_paid() {
    let server = MockServer::start_async().await;
    let nameless = json!({"visual_style": "Dynamic Showcase", "preview_id": ""});
    for body in [
        json!({"code": 0, "msg": "ok"}),
        envelope(json!({"status": "processing"})),
        envelope(json!({"video_id": "", "preview_list_id": "pl_1", "previews": []})),
        envelope(json!({"product_video_id": "", "previews": [nameless]})),
    ] {
        let mock = server
            .mock_async(|when, then| {
                when.method(POST).path_prefix("/v2/create_video_from_product");
                then.status(200).json_body(body.clone());
            })
            .await;
        let client = client(&server).await;
        let preview = types::RenderSinglePreviewRequest::new("preview_123");
        for error in [
            client.create_video_from_product(&video_request()).await.unwrap_err(),
            client.create_previews(&previews_request()).await.unwrap_err(),
            client.render_single_preview(&preview).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::SubmitUnknown, "{error:?} of {body}");
        }
        assert_eq!(mock.calls_async().await, 3);
        mock.delete_async().await;
    }
}

#[tokio::test]
async fn previews_that_were_all_refused_were_not_paid() {
    let server = MockServer::start_async().await;
    server
        .mock_async(|when, then| {
            when.method(POST).path("/v2/create_video_from_product/preview_list");
            then.status(200).json_body(envelope(json!({"previews": [{"err_msg": "no"}]})));
        })
        .await;
    let list = client(&server).await.create_previews(&previews_request()).await.unwrap();
    assert_eq!(list.previews.unwrap()[0].err_msg.as_deref(), Some("no"));
}
