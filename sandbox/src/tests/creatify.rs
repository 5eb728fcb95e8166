//! Creatify's product videos: images, videos, and others of both.

use serde_json::json;

use super::*;

pub(super) fn call<'a>(sandbox: &'a Sandbox, line: &str) -> Call<'a> {
    Call::new(sandbox, line).header("X-API-ID", "an id").header("X-API-KEY", "sk_test")
}

fn gen_image(sandbox: &Sandbox) -> Call<'_> {
    call(sandbox, "POST /api/product_to_videos/gen_image/")
}

async fn read(sandbox: &Sandbox, id: &str) -> Value {
    call(sandbox, &format!("GET /api/product_to_videos/{id}/")).send().await.json()
}

fn order() -> Value {
    json!({"product_url": "https://cdn.example.com/a.png", "aspect_ratio": "1x1"})
}

#[tokio::test]
async fn one_record_is_paid_for_twice_and_ends_with_a_video() {
    let sandbox = still().await;
    let hosted = Call::new(&sandbox, "POST /_sandbox/assets").bytes("image/png", &PNG).send().await;
    let hosted = hosted.json()["url"].take();
    assert!(hosted.as_str().unwrap().len() < 200);

    let body = json!({
        "product_url": hosted, "aspect_ratio": "16x9", "image_prompt": "Morning Roast\nSteam",
        "override_avatar": null, "webhook_url": "https://hooks.example.com/a",
    });
    let record = gen_image(&sandbox).json(&body).send().await;
    assert_eq!(record.status, 200);
    let record = record.json();
    assert_eq!(
        (&record["status"], &record["type"]),
        (&"initializing".into(), &"product_anyshot".into())
    );
    assert_ne!(record["product_url"], hosted);
    let id = record["id"].as_str().unwrap();
    let early = call(&sandbox, &format!("POST /api/product_to_videos/{id}/gen_video/"));
    assert_eq!(early.json(&json!({})).send().await.status, 400);
    skip(&sandbox, 5);
    assert_eq!(read(&sandbox, id).await["status"], "image_generating");
    skip(&sandbox, 25);
    let read_it = async || read(&sandbox, id).await;
    let record = until(read_it, |record| record["status"] == "image_generated").await;
    let photo = record["generated_photo_url"].as_str().unwrap();
    assert_eq!(Call::new(&sandbox, &format!("GET {photo}")).send().await.status, 200);
    let copy = record["product_url"].as_str().unwrap();
    assert_eq!(Call::new(&sandbox, &format!("GET {copy}")).send().await.body, &PNG[..]);

    let gen_video = || call(&sandbox, &format!("POST /api/product_to_videos/{id}/gen_video/"));
    let body = json!({"motion_style": "", "video_prompt": "Slow push in"});
    let answer = gen_video().json(&body).send().await;
    assert_eq!((answer.status, &answer.json()["status"]), (200, &"video_generating".into()));
    assert_eq!(
        gen_video().json(&body).send().await.json(),
        json!(["The video of this product was already requested."])
    );
    skip(&sandbox, 119);
    assert_eq!(read(&sandbox, id).await["status"], "video_generating");
    skip(&sandbox, 1);
    let record = until(read_it, |record| record["status"] == "video_generated").await;
    assert_video(&sandbox, &record["generated_video_url"], (16, 9), crate::CREATIFY_SECONDS).await;

    let credits = call(&sandbox, "GET /api/remaining_credits/").send().await.json();
    assert_eq!(credits, json!({"remaining_credits": 496.0}));
    assert_eq!(submits(&sandbox, Provider::Creatify), (4, 1));
    assert_eq!(sandbox.ledger().len(), 2);
}

#[tokio::test]
async fn lists_are_bare_and_filtered_by_id() {
    let sandbox = still().await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        let record = gen_image(&sandbox).json(&order()).send().await.json();
        ids.push(record["id"].as_str().unwrap().to_owned());
    }
    let unknown = "7e5e8a6f-d0d5-4736-b390-03e696ffc969";
    let line = format!("GET /api/product_to_videos/?ids={},{unknown},{}", ids[0], ids[2]);
    let listed = call(&sandbox, &line).send().await.json();
    let listed: Vec<&str> =
        listed.as_array().unwrap().iter().map(|record| record["id"].as_str().unwrap()).collect();
    assert_eq!(listed, [&ids[0], &ids[2]]);
    let all = call(&sandbox, "GET /api/product_to_videos/").send().await.json();
    assert_eq!(all.as_array().unwrap().len(), 3);
    let many = format!("GET /api/product_to_videos/?ids={}", vec![unknown; 101].join(","));
    for line in ["GET /api/product_to_videos/?ids=x", "GET /api/product_to_videos/?ids=", &many] {
        let answer = call(&sandbox, line).send().await;
        assert_eq!(answer.status, 400);
        assert!(answer.json()["ids"][0].is_string());
    }
}

#[tokio::test]
async fn refusals_have_djangos_shapes_and_cost_nothing() {
    let sandbox = still().await;
    let required = json!({"product_url": ["This field is required."]});
    let long = format!("https://cdn.example.com/{}", "a".repeat(177));
    let long_said = json!({"product_url": ["Ensure this field has no more than 200 characters."]});
    for (body, said) in [
        (json!({}), required),
        (json!({"product_url": null}), json!({"product_url": ["This field may not be null."]})),
        (json!({"product_url": ""}), json!({"product_url": ["This field may not be blank."]})),
        (json!({"product_url": "a.png"}), json!({"product_url": ["Enter a valid URL."]})),
        (json!({"product_url": 7}), json!({"product_url": ["Not a valid string."]})),
        (json!({"product_url": long}), long_said),
        (
            json!({"product_url": &long[..200], "aspect_ratio": "16:9", "type": "x", "override_avatar": "x"}),
            json!({
                "aspect_ratio": ["\"16:9\" is not a valid choice."],
                "type": ["\"x\" is not a valid choice."],
                "override_avatar": ["Must be a valid UUID."],
            }),
        ),
        (
            json!([]),
            json!({"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]}),
        ),
    ] {
        let answer = gen_image(&sandbox).json(&body).send().await;
        assert_eq!((answer.status, answer.json()), (400, said), "{body}");
    }
    let unknown = "GET /api/product_to_videos/7e5e8a6f-d0d5-4736-b390-03e696ffc969/";
    let bare = || Call::new(&sandbox, "POST /api/product_to_videos/gen_image/");
    let keys = |key: &str| bare().header("X-API-ID", "an id").header("X-API-KEY", key);
    for (call, status, detail) in [
        (bare(), 401, "Authentication credentials were not provided."),
        (bare().header("X-API-KEY", "k"), 401, "Authentication credentials were not provided."),
        (keys("sk_sandbox_revoked"), 401, "Invalid API credentials."),
        (keys("sk_sandbox_nocredits").json(&order()), 402, "Insufficient credits."),
        (call(&sandbox, unknown), 404, "No ProductToVideo matches the given query."),
        (call(&sandbox, "GET /api/product_to_videos/x/"), 404, "Not found."),
        (call(&sandbox, "GET /api/product_to_videos"), 404, "Not found."),
        (call(&sandbox, "GET /api/nothing/"), 404, "Not found."),
        (call(&sandbox, "PUT /api/product_to_videos/"), 405, "Method \"PUT\" not allowed."),
        (
            gen_image(&sandbox).bytes("text/plain", b"x"),
            415,
            "Unsupported media type \"text/plain\" in request.",
        ),
    ] {
        let head = call.head.clone();
        let answer = call.send().await;
        assert_eq!((answer.status, answer.json()), (status, json!({"detail": detail})), "{head}");
    }
    assert!(sandbox.ledger().is_empty());
}

#[tokio::test]
async fn forms_are_taken_like_json() {
    let sandbox = still().await;
    let form = "product_url=https%3A%2F%2Fcdn.example.com%2Fa.png&aspect_ratio=9x16";
    let parts = "--x\r\nContent-Disposition: form-data; name=\"product_url\"\r\n\r\n\
                 https://cdn.example.com/a.png\r\n--x--\r\n";
    for (media_type, body) in
        [("application/x-www-form-urlencoded", form), ("multipart/form-data; boundary=x", parts)]
    {
        let answer = gen_image(&sandbox).bytes(media_type, body.as_bytes()).send().await;
        assert_eq!((answer.status, &answer.json()["status"]), (200, &"initializing".into()));
    }
}

#[tokio::test]
async fn a_record_whose_image_is_none_fails() {
    let sandbox = still().await;
    let body = json!({"product_url": format!("{}/_sandbox/info", sandbox.url())});
    let record = gen_image(&sandbox).json(&body).send().await.json();
    skip(&sandbox, 30);
    let id = record["id"].as_str().unwrap();
    let failed =
        until(async || read(&sandbox, id).await, |record| record["status"] == "failed").await;
    assert_eq!(failed["failed_reason"], "the image is not PNG, JPEG, WebP or GIF");
    let line = format!("POST /api/product_to_videos/{id}/gen_video/");
    assert_eq!(call(&sandbox, &line).send().await.json(), json!(["The image has failed."]));
}

#[tokio::test]
async fn catalogues_are_filtered_and_cut_into_pages() {
    let sandbox = still().await;
    let get = async |path: &str| call(&sandbox, &format!("GET {path}")).send().await;
    let women = get("/api/personas/?gender=f&age_range=teen,adult").await.json();
    let names: Vec<&str> =
        women.as_array().unwrap().iter().map(|p| p["creator_name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Anna", "Yuki", "Priya"]);
    let page = get("/api/personas/paginated/?page=2&page_size=5").await.json();
    assert_eq!((&page["count"], page["results"].as_array().unwrap().len()), (&8.into(), 3));
    assert!(page["next"].is_null() && page["previous"].is_string(), "{page}");
    assert_eq!(get("/api/personas/paginated/?page=9").await.status, 404);
    let id = women[0]["id"].as_str().unwrap();
    assert_eq!(get(&format!("/api/personas/{id}/")).await.json()["creator_name"], "Anna");
    let missing = "00000000-0000-4000-8000-000000000000";
    assert_eq!(get(&format!("/api/personas/{missing}/")).await.status, 404);
    let voices = get("/api/voices/").await.json();
    assert!(voices[0].get("id").is_none() && voices[0]["accents"][0]["id"].is_string());
    let music = get("/api/musics/?category=upbeat&search=city").await.json();
    assert_eq!(music["results"][0]["name"], "City Bounce");
}

/// A record whose image is there.
async fn with_image(sandbox: &Sandbox, body: &Value) -> Value {
    let record = gen_image(sandbox).json(body).send().await.json();
    skip(sandbox, 30);
    let id = record["id"].as_str().unwrap();
    until(async || read(sandbox, id).await, |record| record["status"] == "image_generated").await
}

fn remake<'a>(sandbox: &'a Sandbox, record: &Value, what: &str) -> Call<'a> {
    let id = record["id"].as_str().unwrap();
    call(sandbox, &format!("POST /api/product_to_videos/{id}/{what}/"))
}

#[tokio::test]
async fn another_image_is_a_record_of_its_own_that_can_get_a_video() {
    let sandbox = still().await;
    let mut body = order();
    body["image_prompt"] = "Morning Roast".into();
    body["webhook_url"] = "https://hooks.example.com/first".into();
    let source = with_image(&sandbox, &body).await;
    let change = json!({"image_prompt": "Evening", "webhook_url": "https://hooks.example.com/b"});
    let made = remake(&sandbox, &source, "regen_image").json(&change).send().await;
    assert_eq!(made.status, 200);
    let made = made.json();
    assert_ne!(made["id"], source["id"]);
    for (field, expected) in [
        ("status", "initializing".into()),
        ("regen_type", "regen_image".into()),
        ("regen_source_id", source["id"].clone()),
        ("image_prompt", "Evening".into()),
        ("webhook_url", "https://hooks.example.com/b".into()),
        ("aspect_ratio", "1x1".into()),
        ("generated_photo_url", Value::Null),
    ] {
        assert_eq!(made[field], expected, "{field}");
    }
    skip(&sandbox, 30);
    let id = made["id"].as_str().unwrap();
    let read_it = async || read(&sandbox, id).await;
    let other = until(read_it, |record| record["status"] == "image_generated").await;
    assert_ne!(other["generated_photo_url"], source["generated_photo_url"]);
    assert_eq!(read(&sandbox, source["id"].as_str().unwrap()).await, source);

    remake(&sandbox, &other, "gen_video").json(&json!({})).send().await;
    skip(&sandbox, 120);
    let done = until(read_it, |record| record["status"] == "video_generated").await;
    assert_video(&sandbox, &done["generated_video_url"], (1, 1), crate::CREATIFY_SECONDS).await;
    assert_eq!(spent(&sandbox), Credits::whole(5));
    assert_eq!(submits(&sandbox, Provider::Creatify), (3, 2));
    // An empty body keeps the prompt.
    let same = remake(&sandbox, &source, "regen_image").send().await.json();
    assert_eq!(
        (&same["image_prompt"], &same["webhook_url"]),
        (&"Morning Roast".into(), &json!(null))
    );
}

#[tokio::test]
async fn another_video_is_a_record_of_its_own_with_the_same_image() {
    let sandbox = still().await;
    let source = with_image(&sandbox, &order()).await;
    let body = json!({"motion_style": "display", "video_prompt": "Push in"});
    remake(&sandbox, &source, "gen_video").json(&body).send().await;
    let early = remake(&sandbox, &source, "regen_video").send().await;
    assert_eq!((early.status, early.json()), (400, json!(["The video is not generated yet."])));
    skip(&sandbox, 120);
    let id = source["id"].as_str().unwrap();
    let read_it = async || read(&sandbox, id).await;
    let source = until(read_it, |record| record["status"] == "video_generated").await;

    let change = json!({"video_prompt": "Turn", "webhook_url": "https://hooks.example.com/b"});
    let made = remake(&sandbox, &source, "regen_video").json(&change).send().await.json();
    for (field, expected) in [
        ("status", "video_generating".into()),
        ("regen_type", "regen_video".into()),
        ("regen_source_id", source["id"].clone()),
        ("generated_photo_url", source["generated_photo_url"].clone()),
        ("motion_style", "display".into()),
        ("video_prompt", "Turn".into()),
        ("webhook_url", "https://hooks.example.com/b".into()),
        ("generated_video_url", Value::Null),
    ] {
        assert_eq!(made[field], expected, "{field}");
    }
    assert!(made["created_at"].as_str() > source["created_at"].as_str());
    skip(&sandbox, 120);
    let new = made["id"].as_str().unwrap();
    let done =
        until(async || read(&sandbox, new).await, |record| record["status"] == "video_generated");
    let done = done.await;
    assert_ne!(done["generated_video_url"], source["generated_video_url"]);
    assert_video(&sandbox, &done["generated_video_url"], (1, 1), crate::CREATIFY_SECONDS).await;
    assert_eq!(read(&sandbox, id).await, source);
    // 1 for the image, 3 for the video, 1 for the other.
    assert_eq!(spent(&sandbox), Credits::whole(5));
    assert_eq!(submits(&sandbox, Provider::Creatify), (4, 2));
}

#[tokio::test]
async fn nothing_is_remade_of_a_record_that_has_it_not() {
    let sandbox = still().await;
    let running = gen_image(&sandbox).json(&order()).send().await.json();
    let broken = json!({"product_url": format!("{}/_sandbox/info", sandbox.url())});
    let failed = gen_image(&sandbox).json(&broken).send().await.json();
    let remade = async |record: &Value, what: &str| {
        let answer = remake(&sandbox, record, what).send().await;
        (answer.status, answer.json())
    };
    let not_yet = (400, json!(["The image is not generated yet."]));
    assert_eq!(remade(&running, "regen_image").await, not_yet);
    assert_eq!(remade(&running, "regen_video").await, (400, json!(["There is no video yet."])));
    skip(&sandbox, 30);
    let id = failed["id"].as_str().unwrap();
    until(async || read(&sandbox, id).await, |record| record["status"] == "failed").await;
    assert_eq!(remade(&failed, "regen_image").await, (400, json!(["The image has failed."])));
    assert_eq!(remade(&failed, "regen_video").await, (400, json!(["There is no video yet."])));

    let wrong = json!({"image_prompt": 7, "webhook_url": "hook"});
    let answer = remake(&sandbox, &running, "regen_image").json(&wrong).send().await;
    let said =
        json!({"image_prompt": ["Not a valid string."], "webhook_url": ["Enter a valid URL."]});
    assert_eq!((answer.status, answer.json()), (400, said));
    let wrong = json!({"motion_style": "dance"});
    let answer = remake(&sandbox, &running, "regen_video").json(&wrong).send().await;
    let said = json!({"motion_style": ["\"dance\" is not a valid choice."]});
    assert_eq!((answer.status, answer.json()), (400, said));
    let id = running["id"].as_str().unwrap();
    for what in ["regen_image", "regen_video"] {
        let line = format!("POST /api/product_to_videos/{id}/{what}/");
        let other = Call::new(&sandbox, &line).header("X-API-ID", "a").header("X-API-KEY", "other");
        assert_eq!(other.send().await.status, 404);
    }
    assert_eq!(sandbox.ledger().len(), 2);
}
