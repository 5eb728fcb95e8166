//! What each provider refuses, and with which status.

use serde_json::json;

use super::*;

#[tokio::test]
async fn business_codes_of_jogg_are_statuses_where_that_is_wanted() {
    for statuses in [false, true] {
        let builder = Sandbox::builder().speed(0.0).quality(Quality::Thumbnail);
        let sandbox = builder.jogg_statuses(statuses).start().await.unwrap();
        let call = |line: &str, key: &str| Call::new(&sandbox, line).header("x-api-key", key);
        let product = async |key: &str| {
            let made = call("POST /v2/product", key).json(&json!({"name": "Roast"})).send().await;
            made.json()["data"]["product_id"].clone()
        };
        let order = async |key: &str, script: Value| {
            let body = json!({
                "product_id": product(key).await, "video_spec": {"length": "15"},
                "avatar": {"id": 1}, "voice": {}, "audio": {}, "script": script,
            });
            call("POST /v2/create_video_from_product", key).json(&body)
        };
        let script = json!({"style": "Data", "language": "english"});
        for (call, code, status) in [
            (call("GET /v2/user/whoami", "sk_1"), 0, 200),
            (call("GET /v2/user/whoami", "sk_sandbox_revoked"), 10105, 401),
            (call("GET /v2/product_video/none", "sk_1"), 10104, 404),
            (order("sk_1", json!({"style": "Data"})).await, 40000, 400),
            (order("sk_1", json!({"language": "english"})).await, 18001, 400),
            (order("sk_sandbox_nocredits", script).await, 18020, 402),
        ] {
            let answer = call.send().await;
            let expected = if statuses { status } else { 200 };
            assert_eq!((answer.status, &answer.json()["code"]), (expected, &code.into()));
        }
        // What the web server refuses has a status either way.
        for (line, status) in [("GET /v2/none", 404), ("PUT /v2/user/whoami", 405)] {
            assert_eq!(call(line, "sk_1").send().await.status, status);
        }
    }
}

/// A PNG's head is all that tells its size.
fn png_of(width: u32, height: u32) -> Vec<u8> {
    let mut png = PNG.to_vec();
    png[16..20].copy_from_slice(&width.to_be_bytes());
    png[20..24].copy_from_slice(&height.to_be_bytes());
    png
}

#[tokio::test]
async fn uploads_of_beatapi_are_looked_at_when_a_video_is_ordered() {
    let sandbox = still().await;
    let call = |line: &str| Call::new(&sandbox, line).header("Authorization", "Bearer sk_1");
    let upload = async |media_type: &str, bytes: &[u8]| {
        let made = call("POST /v1/files").bytes(media_type, bytes).send().await;
        assert_eq!(made.status, 201);
        made.json()["data"]["url"].clone()
    };
    let gif = Call::new(&sandbox, "POST /_sandbox/assets").bytes("image/gif", b"GIF89a");
    let gif = gif.send().await.json()["url"].clone();
    let text = upload("application/x-subrip", b"1").await;
    let (wide, narrow) = (png_of(64, 15), png_of(15, 64));
    let (wide, narrow) = (upload("image/png", &wide).await, upload("image/png", &narrow).await);
    let fits = upload("image/png", &png_of(64, 16)).await;
    let kind = Some("images[1] must be a PNG, JPEG or WebP image");
    let shape = Some("images[1] must be from 1:4 to 4:1");
    for (image, ecommerce, music) in [
        (&gif, kind, kind),
        (&text, kind, kind),
        (&wide, None, shape),
        (&narrow, None, shape),
        (&fits, None, None),
    ] {
        let images = json!(["https://cdn.example.com/a.png", image]);
        for (path, told, body) in [
            ("ecommerce-video", ecommerce, json!({"images": images, "duration": 10})),
            (
                "music-video",
                music,
                json!({"images": images, "audio_url": "https://a.example/a.mp3"}),
            ),
        ] {
            let answer = call(&format!("POST /v1/{path}/tasks")).json(&body).send().await;
            let expected = if told.is_some() { 400 } else { 201 };
            assert_eq!(answer.status, expected, "{path} {image}");
            assert_eq!(answer.json()["error"]["message"].as_str(), told);
        }
    }
}

#[tokio::test]
async fn beatapis_edge_turns_away_who_does_not_say_who_he_is() {
    let sandbox = still().await;
    let call = || Call::new(&sandbox, "GET /v1/workflows");
    let answer = call().header("User-Agent", "Python-urllib/3.12").send().await;
    assert_eq!((answer.status, &answer.body[..]), (403, &b"error code: 1010"[..]));
    assert!(answer.header("content-type").unwrap().starts_with("text/plain"));
    for agent in ["python-requests/2.32", "adreel"] {
        assert_eq!(call().header("User-Agent", agent).send().await.status, 200);
    }
    assert_eq!(call().send().await.status, 200);
}

#[tokio::test]
async fn jogg_takes_no_templates_and_no_endpoint_that_it_cannot_reach() {
    let sandbox = still().await;
    let call = |line: &str| Call::new(&sandbox, line).header("x-api-key", "sk_1");
    let order = |field: &str| {
        json!({
            "product_id": "MQ", "video_spec": {"length": "15"}, "avatar": {"id": 1},
            "script": {"style": "Data", "language": "english"}, "visual_styles": ["A"], field: 7,
        })
    };
    let refused = async |call: Call<'_>| call.send().await.json()["msg"].clone();
    for path in ["", "/preview_list"] {
        let create = || call(&format!("POST /v2/create_video_from_product{path}"));
        for field in ["template_id", "template_type"] {
            let told = format!("Parameter error: {field} is not taken by v2");
            assert_eq!(refused(create().json(&order(field))).await, told);
        }
        // Other fields that are not known are passed over.
        assert_eq!(refused(create().json(&order("aspect_ratio"))).await, "Record not found");
    }
    for (url, told) in [
        ("http://example.com/", "Parameter error: url must be an https URL"),
        ("https://10.0.0.1/", "Parameter error: url must be publicly reachable"),
        ("https://example.com/", "Success"),
        ("http://127.0.0.1:9/", "Success"),
    ] {
        let body = json!({"url": url, "status": "enabled", "events": []});
        assert_eq!(refused(call("POST /v2/endpoint").json(&body)).await, told, "{url}");
    }
}
