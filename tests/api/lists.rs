//! Jobs of one account are read together where their provider has a list.

use std::future::IntoFuture as _;

use adreel::{AccountConfig, Client, Keys, Product, ProviderId, Video, VideoRequest, creatify};
use httpmock::{Mock, MockServer};
use serde_json::{Value, json};

use crate::support::InstantClock;

fn client(provider: ProviderId, server: &MockServer) -> Client {
    let config = AccountConfig::new(Keys::id_and_key("i", "k")).base_url(server.base_url());
    let builder = Client::builder().account(provider, config).clock(InstantClock::default());
    builder.in_memory().build().unwrap()
}

fn request(name: &str) -> VideoRequest {
    VideoRequest::new(Product::new(name).image_url(format!("https://x.example/{name}.png")))
}

/// Submits all, then waits for all at the same time.
async fn videos(client: &Client, requests: &[VideoRequest]) -> Vec<Video> {
    let mut ids = Vec::new();
    for request in requests {
        ids.push(client.submit(request).await.unwrap().id());
    }
    let waits = ids.into_iter().map(|id| client.resume(id).into_future());
    let videos = futures_util::future::join_all(waits).await;
    videos.into_iter().map(Result::unwrap).collect()
}

async fn answers<'a>(server: &'a MockServer, post: &str, word: &str, body: Value) -> Mock<'a> {
    let when = |when: httpmock::When| when.method("POST").path(post).body_includes(word);
    server
        .mock_async(|w, then| {
            when(w);
            then.status(200).json_body(body);
        })
        .await
}

async fn reads<'a>(server: &'a MockServer, path: &str, body: Value) -> Mock<'a> {
    server
        .mock_async(|when, then| {
            when.method("GET").path(path);
            then.status(200).json_body(body);
        })
        .await
}

#[tokio::test]
async fn creatify_records_are_read_by_their_ids_and_those_that_are_not_shown_alone() {
    let server = MockServer::start_async().await;
    let record = |name: &str| {
        json!({"id": format!("id-{name}"), "status": "image_generated", "product_url": "",
               "generated_photo_url": format!("https://cdn.example/{name}.jpg")})
    };
    for name in ["a", "b", "c"] {
        let made = json!({"id": format!("id-{name}"), "status": "initializing", "product_url": ""});
        answers(&server, "/api/product_to_videos/gen_image/", &format!("{name}.png"), made).await;
    }
    let list = reads(&server, "/api/product_to_videos/", json!([record("b"), record("a")])).await;
    let third = reads(&server, "/api/product_to_videos/id-c/", record("c")).await;

    let picture = |name| request(name).with(creatify::Options::product_shot().image_only());
    let client = client(ProviderId::Creatify, &server);
    let videos = videos(&client, &["a", "b", "c"].map(picture)).await;
    let urls: Vec<_> = videos.iter().map(Video::url).collect();
    assert_eq!(urls, ["a", "b", "c"].map(|name| format!("https://cdn.example/{name}.jpg")));
    assert_eq!(videos[1].raw()["id"], "id-b", "its own part of the list");
    assert_eq!((list.calls_async().await, third.calls_async().await), (1, 1));
}

#[tokio::test]
async fn jogg_videos_are_watched_in_the_list_and_read_once_when_they_have_ended() {
    let server = MockServer::start_async().await;
    let done = |body: Value| json!({"code": 0, "msg": "Success", "data": body});
    answers(&server, "/v2/product", "", done(json!({"product_id": "p1"}))).await;
    let mut singles = Vec::new();
    for name in ["alpha", "beta"] {
        let made = done(json!({"video_id": format!("v-{name}"), "status": "processing"}));
        answers(&server, "/v2/create_video_from_product", name, made).await;
        let video = done(
            json!({"status": "completed", "video_url": format!("https://r.example/{name}.mp4"),
            "deducted_credit": 1.5}),
        );
        singles.push(reads(&server, &format!("/v2/product_video/v-{name}"), video).await);
    }
    let listed = |name: &str| json!({"id": format!("v-{name}"), "status": "completed"});
    let list = done(json!({"videos": [listed("beta"), listed("alpha")], "total": 2}));
    let list = reads(&server, "/v2/product_videos", list).await;

    let avatar = |name| request(name).with(adreel::jogg::Options::new().avatar(81));
    let client = client(ProviderId::Jogg, &server);
    let videos = videos(&client, &["alpha", "beta"].map(avatar)).await;
    assert_eq!(videos[1].url(), "https://r.example/beta.mp4");
    assert_eq!(videos[0].cost().unwrap().credits.to_string(), "1.5", "the list does not tell it");
    assert_eq!(list.calls_async().await, 1);
    for single in singles {
        assert_eq!(single.calls_async().await, 1);
    }
}

#[tokio::test]
async fn an_account_that_cannot_list_is_read_job_by_job() {
    let server = MockServer::start_async().await;
    for name in ["a", "b"] {
        let made = json!({"id": format!("id-{name}"), "status": "initializing", "product_url": ""});
        answers(&server, "/api/product_to_videos/gen_image/", &format!("{name}.png"), made).await;
        let record = json!({"id": format!("id-{name}"), "status": "image_generated",
            "product_url": "", "generated_photo_url": "https://cdn.example/x.jpg"});
        reads(&server, &format!("/api/product_to_videos/id-{name}/"), record).await;
    }
    let list = server
        .mock_async(|when, then| {
            when.method("GET").path("/api/product_to_videos/");
            then.status(404).json_body(json!({"detail": "Not found."}));
        })
        .await;
    let picture = |name| request(name).with(creatify::Options::product_shot().image_only());
    let client = client(ProviderId::Creatify, &server);
    videos(&client, &["a", "b"].map(picture)).await;
    assert_eq!(list.calls_async().await, 1);
}
