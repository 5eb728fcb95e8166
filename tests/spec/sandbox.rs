//! What the sandbox answers fits the schema of the operation that was called, and has no field
//! more: it was written from the same facts, and not from the specs.

use adreel::Sandbox;
use adreel::sandbox::Quality;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::SPECS;
use crate::codegen::json_schema::{Subject, document};

/// A sandbox whose answers are held against one spec.
struct Checked<'a> {
    sandbox: &'a Sandbox,
    spec: Value,
    headers: &'static str,
}

impl<'a> Checked<'a> {
    fn new(sandbox: &'a Sandbox, provider: &str, headers: &'static str) -> Self {
        let (_, yaml) = SPECS.iter().find(|(name, _)| *name == provider).unwrap();
        Self { sandbox, spec: yaml_serde::from_str(yaml).unwrap(), headers }
    }

    /// Calls an operation, whose path may have one id in it, and checks what comes.
    async fn call(&self, line: &str, id: &Value, body: &Value) -> Value {
        let (method, path) = line.split_once(' ').unwrap();
        let operation = &self.spec["paths"][path][method.to_lowercase()];
        let responses = operation["responses"].as_object().expect(line);
        let (_, success) = responses.iter().find(|(status, _)| status.starts_with('2')).unwrap();
        let schema = &success["content"]["application/json"]["schema"];
        let schema = document(&self.spec, schema, Subject::Answer);

        let path = match path.split_once('{') {
            Some((before, rest)) => {
                format!("{before}{}{}", id.as_str().unwrap(), rest.split_once('}').unwrap().1)
            }
            None => path.to_owned(),
        };
        let answer = self.send(method, &path, body).await;
        let validator = jsonschema::draft4::new(&schema).unwrap();
        let problems: Vec<String> = validator
            .iter_errors(&answer)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(problems.is_empty(), "{line}: {}\n{answer:#}", problems.join("\n"));
        answer
    }

    async fn send(&self, method: &str, path: &str, body: &Value) -> Value {
        let host = self.sandbox.url().strip_prefix("http://").unwrap();
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{}\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.headers,
            body.len(),
        );
        let mut stream = TcpStream::connect(host).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap();
        assert!(status.starts_with('2'), "{method} {path}: {answer}");
        serde_json::from_str(body).unwrap()
    }

    /// Reads until there is what was waited for. Every answer on the way is checked too.
    async fn until(&self, line: &str, id: &Value, is_there: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..10_000 {
            let answer = self.call(line, id, &Value::Null).await;
            if is_there(&answer) {
                return answer;
            }
        }
        panic!("{line} says nothing new");
    }
}

async fn sandbox() -> Sandbox {
    let builder = Sandbox::builder().seed(7).speed(5_000.0).quality(Quality::Thumbnail);
    // A status is read over and over.
    builder.limits(false).start().await.unwrap()
}

const IMAGE: &str = "https://cdn.example.com/a.png";

#[tokio::test]
async fn product_videos_of_creatify_fit_the_spec() {
    let sandbox = sandbox().await;
    let api = Checked::new(&sandbox, "creatify", "X-API-ID: a\r\nX-API-KEY: b\r\n");
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

#[tokio::test]
async fn links_of_creatify_and_their_videos_fit_the_spec() {
    let sandbox = sandbox().await;
    let api = Checked::new(&sandbox, "creatify", "X-API-ID: a\r\nX-API-KEY: b\r\n");
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
async fn previews_of_jogg_fit_the_spec() {
    let sandbox = sandbox().await;
    let api = Checked::new(&sandbox, "jogg", "x-api-key: a\r\n");
    let none = Value::Null;
    let product = api.call("POST /v2/product", &none, &json!({"name": "Morning Roast"})).await;
    let body = json!({
        "product_id": product["data"]["product_id"],
        "visual_styles": ["Dynamic Showcase", "No Such Style"],
        "video_spec": {"length": "15", "name": "Mine"},
        "avatar": {"id": 1, "type": 0},
        "voice": {},
        "audio": {},
        "script": {"style": "Storytime", "language": "english"},
    });
    let line = "POST /v2/create_video_from_product/preview_list";
    let made = api.call(line, &none, &body).await["data"]["previews"][0]["preview_id"].take();
    let list = "GET /v2/product_previews";
    api.until(list, &none, |list| list["data"]["previews"][0]["status"] == "completed").await;
    let line = "POST /v2/create_video_from_product/render_single_preview";
    let video = api.call(line, &none, &json!({"preview_id": made})).await;
    let (read, id) = ("GET /v2/product_video/{product_video_id}", &video["data"]["video_id"]);
    api.until(read, id, |video| video["data"]["status"] == "completed").await;
    api.call("GET /v2/product_videos", &none, &none).await;
}

#[tokio::test]
async fn music_videos_of_beatapi_fit_the_spec() {
    let sandbox = sandbox().await;
    let api = Checked::new(&sandbox, "beatapi", "Authorization: Bearer a\r\n");
    let none = Value::Null;
    for (mode, status) in [("auto", "succeeded"), ("manual", "storyboard_ready")] {
        let track = "https://cdn.example.com/a.mp3";
        let body = json!({
            "images": [IMAGE], "audio_url": track, "compose_mode": mode, "duration": 10,
        });
        let made = api.call("POST /v1/music-video/tasks", &none, &body).await;
        let (read, id) = ("GET /v1/tasks/{task_id}", &made["data"]["id"]);
        api.until(read, id, |task| task["data"]["status"] == status).await;
    }
    api.call("GET /v1/usage", &none, &none).await;
    api.call("GET /v1/workflows", &none, &none).await;
}
