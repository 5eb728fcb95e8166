//! What the sandbox answers fits the schema of the operation that was called, and has no field
//! more: it was written from the same facts, and not from the specs.

mod checked;
mod refusals;

use adreel::testing::Quality;
use adreel::testing::Sandbox;
use checked::Checked;
use serde_json::{Value, json};

const BEATAPI: &str = "Authorization: Bearer a\r\n";
const CREATIFY: &str = "X-API-ID: a\r\nX-API-KEY: b\r\n";
const JOGG: &str = "x-api-key: a\r\n";

async fn sandbox() -> Sandbox {
    let builder = Sandbox::builder().seed(7).speed(5_000.0).quality(Quality::Thumbnail);
    // A status is read over and over.
    builder.limits(false).start().await.unwrap()
}

const IMAGE: &str = "https://cdn.example.com/a.png";

#[tokio::test]
async fn every_answer_of_creatify_fits_the_spec() {
    let sandbox = sandbox().await;
    let api = Checked::new(&sandbox, "creatify", CREATIFY);
    make_product_videos(&api).await;
    make_link_videos(&api).await;
    let none = Value::Null;
    let personas = api.call("GET /api/personas/", &none, &none).await;
    api.call("GET /api/personas/{id}/", &personas[0]["id"], &none).await;
    for line in [
        "GET /api/personas/paginated/",
        "GET /api/voices/",
        "GET /api/voices/paginated/",
        "GET /api/music_categories/",
        "GET /api/musics/",
        "GET /api/remaining_credits/",
    ] {
        api.call(line, &none, &none).await;
    }
    api.assert_all_were_called();
}

async fn make_product_videos(api: &Checked<'_>) {
    let read = "GET /api/product_to_videos/{id}/";
    let body = json!({"product_url": IMAGE, "type": "product_avatar"});
    let made = api.call("POST /api/product_to_videos/gen_image/", &Value::Null, &body).await;
    let is = |status: &'static str| move |record: &Value| record["status"] == status;
    api.until(read, &made["id"], is("image_generated")).await;
    let (id, empty) = (&made["id"], json!({}));
    let other = api.call("POST /api/product_to_videos/{id}/regen_image/", id, &empty).await;
    api.until(read, &other["id"], is("image_generated")).await;
    api.call("POST /api/product_to_videos/{id}/gen_video/", id, &empty).await;
    api.until(read, id, is("video_generated")).await;
    let other = api.call("POST /api/product_to_videos/{id}/regen_video/", id, &empty).await;
    api.until(read, &other["id"], is("video_generated")).await;
    api.call("GET /api/product_to_videos/", &Value::Null, &Value::Null).await;
}

async fn make_link_videos(api: &Checked<'_>) {
    let none = Value::Null;
    let body = json!({"url": "https://shop.example/products/morning-roast"});
    api.call("POST /api/links/", &none, &body).await;
    let body = json!({"title": "Roast", "image_urls": [IMAGE, IMAGE, IMAGE], "reviews": ["good"]});
    let link = api.call("POST /api/links/link_with_params/", &none, &body).await;
    let link = &link["id"];
    api.call("PUT /api/links/{id}/", link, &json!({"title": "Morning Roast"})).await;
    api.call("GET /api/links/{id}/", link, &none).await;
    api.call("GET /api/links/", &none, &none).await;

    let read = "GET /api/link_to_videos/{id}/";
    let done = |record: &Value| record["status"] == "done";
    let body = json!({"link": link, "aspect_ratio": "1x1", "name": "Mine"});
    let made = api.call("POST /api/link_to_videos/", &none, &body).await;
    api.until(read, &made["id"], done).await;
    let made = api.call("POST /api/link_to_videos/preview/", &none, &body).await;
    api.until(read, &made["id"], |record| record["preview"].is_string()).await;
    api.call("POST /api/link_to_videos/{id}/render/", &made["id"], &none).await;
    let body = json!({"link": link, "visual_styles": ["VlogTemplate", "VanillaTemplate"]});
    let made = api.call("POST /api/link_to_videos/preview_list_async/", &none, &body).await;
    let ready = api.until(read, &made["id"], |record| record["previews"][1].is_object()).await;
    let body = json!({"media_job": ready["previews"][1]["media_job"]});
    api.call("POST /api/link_to_videos/{id}/render_single_preview/", &made["id"], &body).await;
    api.until(read, &made["id"], done).await;
    api.call("GET /api/link_to_videos/", &none, &none).await;
}

#[tokio::test]
async fn every_answer_of_jogg_fits_the_spec() {
    let sandbox = sandbox().await;
    let api = Checked::new(&sandbox, "jogg", JOGG);
    make_videos_of_jogg(&api).await;
    keep_endpoints(&api).await;
    let none = Value::Null;
    let file = json!({"filename": "a.png", "content_type": "image/png", "file_size": 7});
    api.call("POST /v2/upload/asset", &none, &file).await;
    for line in [
        "GET /v2/avatars/public",
        "GET /v2/avatars/custom",
        "GET /v2/voices",
        "GET /v2/voices/custom",
        "GET /v2/musics",
        "GET /v2/visual_styles",
        "GET /v2/user/whoami",
        "GET /v2/user/remaining_quota",
    ] {
        api.call(line, &none, &none).await;
    }
    api.assert_all_were_called();
}

async fn make_videos_of_jogg(api: &Checked<'_>) {
    let none = Value::Null;
    let product = api.call("POST /v2/product", &none, &json!({"name": "Morning Roast"})).await;
    let product = &product["data"]["product_id"];
    let change = json!({"product_id": product, "description": "Whole beans."});
    api.call("PUT /v2/product", &none, &change).await;
    let mut order = json!({
        "product_id": product,
        "video_spec": {"length": "15", "name": "Mine"},
        "avatar": {"id": 1, "type": 0},
        "voice": {},
        "audio": {},
        "script": {"style": "Storytime", "language": "english"},
    });
    let (read, done) = ("GET /v2/product_video/{product_video_id}", |video: &Value| {
        video["data"]["status"] == "completed"
    });
    let video = api.call("POST /v2/create_video_from_product", &none, &order).await;
    api.until(read, &video["data"]["video_id"], done).await;

    order["visual_styles"] = json!(["Dynamic Showcase", "No Such Style"]);
    let line = "POST /v2/create_video_from_product/preview_list";
    let made = api.call(line, &none, &order).await["data"]["previews"][0]["preview_id"].take();
    let list = "GET /v2/product_previews";
    api.until(list, &none, |list| list["data"]["previews"][0]["status"] == "completed").await;
    let line = "POST /v2/create_video_from_product/render_single_preview";
    let video = api.call(line, &none, &json!({"preview_id": made})).await;
    api.until(read, &video["data"]["video_id"], done).await;
    api.call("GET /v2/product_videos", &none, &none).await;
}

async fn keep_endpoints(api: &Checked<'_>) {
    let none = Value::Null;
    let events = api.call("GET /v2/events", &none, &none).await;
    let url = "https://example.com/hook";
    let mut order = json!({"url": url, "status": "enabled", "events": events["data"]["events"]});
    let made = api.call("POST /v2/endpoint", &none, &order).await;
    let id = &made["data"]["endpoint_id"];
    order["status"] = "disabled".into();
    api.call("PUT /v2/endpoint/{endpoint_id}", id, &order).await;
    api.call("GET /v2/endpoints", &none, &none).await;
    api.call("DELETE /v2/endpoint/{endpoint_id}", id, &none).await;
}

#[tokio::test]
async fn every_answer_of_beatapi_fits_the_spec() {
    let sandbox = sandbox().await;
    let api = Checked::new(&sandbox, "beatapi", BEATAPI);
    let none = Value::Null;
    let line = "POST /v1/files";
    let subtitles = b"1\n00:00:00,000 --> 00:00:01,000\nHello";
    let file = api.call_with(line, &none, "application/x-subrip", subtitles).await;
    assert_eq!(file["data"]["size_bytes"], subtitles.len());
    let read = "GET /v1/tasks/{task_id}";
    let body = json!({"images": [IMAGE], "duration": 10});
    let made = api.call("POST /v1/ecommerce-video/tasks", &none, &body).await;
    let is = |status: &'static str| move |task: &Value| task["data"]["status"] == status;
    api.until(read, &made["data"]["id"], is("succeeded")).await;
    for (mode, status) in [("auto", "succeeded"), ("manual", "storyboard_ready")] {
        let track = "https://cdn.example.com/a.mp3";
        let body = json!({
            "images": [IMAGE], "audio_url": track, "compose_mode": mode, "duration": 10,
        });
        let made = api.call("POST /v1/music-video/tasks", &none, &body).await;
        api.until(read, &made["data"]["id"], is(status)).await;
    }
    let url = "https://example.com/hook";
    let made = api.call("POST /v1/webhooks", &none, &json!({"url": url})).await;
    let (id, one) = (&made["data"]["id"], "/v1/webhooks/{webhook_id}");
    api.call(&format!("PATCH {one}"), id, &json!({"status": "disabled"})).await;
    api.call(&format!("GET {one}"), id, &none).await;
    api.call("GET /v1/webhooks", &none, &none).await;
    api.call(&format!("DELETE {one}"), id, &none).await;
    api.call("GET /v1/usage", &none, &none).await;
    api.call("GET /v1/workflows", &none, &none).await;
    api.assert_all_were_called();
}
