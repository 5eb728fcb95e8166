//! Creatify's links and the videos of them.

use serde_json::json;

use super::creatify::call;
use super::*;

fn params(sandbox: &Sandbox) -> Call<'_> {
    call(sandbox, "POST /api/links/link_with_params/")
}

fn product() -> Value {
    let images = ["a", "b", "c"].map(|name| format!("https://cdn.example.com/{name}.png"));
    json!({"title": "Morning Roast", "description": "Roasted weekly\n$12.90", "image_urls": images})
}

async fn hosted(sandbox: &Sandbox) -> Value {
    let call = Call::new(sandbox, "POST /_sandbox/assets").bytes("image/png", &PNG);
    call.send().await.json()["url"].take()
}

/// The outer id of a new link of [`product`].
async fn link(sandbox: &Sandbox) -> String {
    let link = params(sandbox).json(&product()).send().await.json();
    link["id"].as_str().unwrap().to_owned()
}

fn create(sandbox: &Sandbox) -> Call<'_> {
    call(sandbox, "POST /api/link_to_videos/")
}

async fn read(sandbox: &Sandbox, id: &Value) -> Value {
    let line = format!("GET /api/link_to_videos/{}/", id.as_str().unwrap());
    call(sandbox, &line).send().await.json()
}

#[tokio::test]
async fn a_page_of_this_machine_is_read_and_one_of_the_internet_is_not() {
    let sandbox = still().await;
    let image = hosted(&sandbox).await;
    let html = format!(
        "<title>Roast</title><meta name=description content='Roasted weekly'>\
         <meta property=og:image content='{}'>",
        image.as_str().unwrap()
    );
    let create = |url: &str| call(&sandbox, "POST /api/links/").json(&json!({"url": url}));
    let url = serve_page(&html).await;
    let made = create(&url).send().await;
    assert_eq!(made.status, 200);
    let made = made.json();
    assert_eq!((&made["url"], &made["credits_used"]), (&url.as_str().into(), &1.0.into()));
    let inner = &made["link"];
    assert_eq!(
        (&inner["title"], &inner["description"]),
        (&"Roast".into(), &"Roasted weekly".into())
    );
    assert_eq!((&inner["image_urls"], &inner["video_urls"]), (&json!([image]), &json!([])));

    let far = create("https://shop.example/products/morning-roast").send().await.json();
    assert_eq!(far["link"]["title"], "Morning Roast");
    assert_eq!(far["link"]["image_urls"], json!(["https://shop.example/products/product.jpg"]));

    // The server of the page has gone by now.
    let gone = create(&url).send().await;
    assert_eq!((gone.status, gone.json()), (400, json!([format!("Failed to scrape url: {url}")])));
    let long = format!("https://shop.example/{}", "a".repeat(980));
    let said = json!({"url": ["Ensure this field has no more than 1000 characters."]});
    assert_eq!(create(&long).send().await.json(), said);
    let missing = call(&sandbox, "POST /api/links/").json(&json!({})).send().await;
    assert_eq!(missing.json(), json!({"url": ["This field is required."]}));
    assert_eq!(sandbox.ledger().len(), 2);
    // A link is no job.
    assert_eq!(submits(&sandbox, Provider::Creatify), (5, 0));
}

#[tokio::test]
async fn a_link_is_found_by_its_outer_id_alone() {
    let sandbox = still().await;
    let made = params(&sandbox).json(&product()).send().await;
    assert_eq!(made.status, 200);
    let made = made.json();
    let (id, inner) = (made["id"].as_str().unwrap(), made["link"]["id"].as_str().unwrap());
    assert_ne!(id, inner);
    let line = |method: &str, id: &str| format!("{method} /api/links/{id}/");
    assert_eq!(call(&sandbox, &line("GET", id)).send().await.json(), made);
    let lost = call(&sandbox, &line("GET", inner)).send().await;
    let said = json!({"detail": "No Link matches the given query."});
    assert_eq!((lost.status, lost.json()), (404, said.clone()));
    let refused = create(&sandbox).json(&json!({"link": inner})).send().await;
    assert_eq!((refused.status, refused.json()), (400, json!({"link": ["Invalid link ID"]})));
    let other =
        Call::new(&sandbox, &line("GET", id)).header("X-API-ID", "a").header("X-API-KEY", "b");
    assert_eq!(other.send().await.status, 404);

    let change =
        json!({"title": "Evening Roast", "reviews": [{"stars": 5}], "ai_industry": "Food"});
    let changed = call(&sandbox, &line("PUT", id)).json(&change).send().await.json();
    let mut expected = made["link"].clone();
    for (field, value) in change.as_object().unwrap() {
        expected[field] = value.clone();
    }
    assert_eq!(changed, expected, "the inner link, with what was left out as it was");
    assert_eq!(call(&sandbox, &line("PUT", inner)).json(&change).send().await.status, 404);
    let all = call(&sandbox, "GET /api/links/").send().await.json();
    assert_eq!((&all[0]["link"], all.as_array().unwrap().len()), (&expected, 1));
    let named = call(&sandbox, &format!("GET /api/links/?ids={inner}")).send().await;
    assert_eq!(named.json(), json!([]));
    assert_eq!(call(&sandbox, "GET /api/links/?ids=x").send().await.status, 400);
    assert_eq!(spent(&sandbox), Credits::whole(1));
}

#[tokio::test]
async fn a_described_product_needs_three_images_or_a_video() {
    let sandbox = still().await;
    let with = |field: &str, value: Value| {
        let mut body = product();
        body[field] = value;
        body
    };
    let image = "https://cdn.example.com/a.png";
    for (body, said) in [
        (json!({}), json!(["Link must have at least one image or one video."])),
        (
            with("image_urls", json!([image, image])),
            json!(["Link must have at least 3 images when it has no video."]),
        ),
        (with("image_urls", image.into()), json!({"image_urls": ["Expected a list of items."]})),
        (
            with("image_urls", json!([image, "a.png"])),
            json!({"image_urls[1]": ["Enter a valid URL."]}),
        ),
        (with("title", 7.into()), json!({"title": ["Not a valid string."]})),
        (with("logo_url", "logo".into()), json!({"logo_url": ["Enter a valid URL."]})),
    ] {
        let answer = params(&sandbox).json(&body).send().await;
        assert_eq!((answer.status, answer.json()), (400, said), "{body}");
    }
    let poor = Call::new(&sandbox, "POST /api/links/link_with_params/").header("X-API-ID", "a");
    let poor = poor.header("X-API-KEY", "sk_sandbox_nocredits").json(&product());
    assert_eq!(poor.send().await.status, 402);
    assert!(sandbox.ledger().is_empty());
    let video = json!({"video_urls": ["https://cdn.example.com/a.mp4"]});
    assert_eq!(params(&sandbox).json(&video).send().await.status, 200);
}

#[tokio::test]
async fn a_link_becomes_a_video_that_says_what_was_asked() {
    let sandbox = still().await;
    let mut body = product();
    body["image_urls"] = Value::from(vec![hosted(&sandbox).await; 3]);
    let link = params(&sandbox).json(&body).send().await.json()["id"].take();
    let order = json!({
        "link": link, "name": "Mine", "video_length": 15, "aspect_ratio": "9x16",
        "language": "de", "visual_style": "FullScreenTemplate", "no_cta": true,
        "background_music_volume": 0.5, "webhook_url": "https://hooks.example.com/a",
        "caption_setting": {"hidden": true},
    });
    let made = create(&sandbox).json(&order).send().await;
    assert_eq!(made.status, 200);
    let made = made.json();
    for (field, value) in order.as_object().unwrap() {
        assert_eq!(made[field], *value, "{field}");
    }
    assert_eq!((&made["status"], &made["progress"]), (&"pending".into(), &"0".into()));
    assert_eq!(
        (&made["credits_used"], &made["script_style"]),
        (&0.0.into(), &"DiscoveryWriter".into())
    );
    assert!(made["video_output"].is_null() && made["outputs"] == json!([]));

    let id = &made["id"];
    for (secs, status, progress) in [(2, "in_queue", "0"), (28, "running", "0.10")] {
        skip(&sandbox, secs);
        let record = read(&sandbox, id).await;
        assert_eq!((&record["status"], &record["progress"]), (&status.into(), &progress.into()));
    }
    skip(&sandbox, 269);
    assert_eq!(read(&sandbox, id).await["status"], "running");
    skip(&sandbox, 1);
    let done = until(async || read(&sandbox, id).await, |record| record["status"] == "done").await;
    assert_video(&sandbox, &done["video_output"], (9, 16), 15).await;
    assert_eq!((&done["credits_used"], &done["duration"]), (&5.0.into(), &15.into()));
    assert_eq!(done["outputs"][0]["video_output"], done["video_output"]);
    assert_eq!(done["outputs"][0]["media_job"], made["media_job"]);
    let thumbnail = format!("GET {}", done["video_thumbnail"].as_str().unwrap());
    assert_eq!(Call::new(&sandbox, &thumbnail).send().await.status, 200);
    let line = format!("GET /api/link_to_videos/?ids={}", id.as_str().unwrap());
    assert_eq!(call(&sandbox, &line).send().await.json(), json!([done]));
    assert_eq!(spent(&sandbox), Credits::whole(6));
    assert_eq!(submits(&sandbox, Provider::Creatify), (2, 1));
}

#[tokio::test]
async fn a_link_video_costs_by_its_length_and_its_model() {
    for (length, model, credits) in [
        (30, "standard", Credits::whole(5)),
        (45, "standard", Credits::whole(10)),
        (30, "aurora_v1", Credits::whole(30)),
        (15, "aurora_v1_fast", Credits::cents(750)),
        (15, "aurora_v2", Credits::cents(1050)),
        (60, "boreal", Credits::whole(20)),
    ] {
        let sandbox = still().await;
        let link = link(&sandbox).await;
        let order = json!({"link": link, "video_length": length, "model_version": model});
        assert_eq!(create(&sandbox).json(&order).send().await.status, 200);
        assert_eq!(spent(&sandbox), Credits::whole(1) + credits, "{length} {model}");
    }
}

#[tokio::test]
async fn a_link_video_is_refused_field_by_field() {
    let sandbox = still().await;
    let link = link(&sandbox).await;
    let url = serve_page("<title>Roast</title>").await;
    let bare = call(&sandbox, "POST /api/links/").json(&json!({"url": url})).send().await.json();
    let choice = |given: &str| json!([format!("\"{given}\" is not a valid choice.")]);
    for (field, value, said) in [
        ("link", Value::Null, json!(["This field may not be null."])),
        ("link", "x".into(), json!(["Must be a valid UUID."])),
        (
            "name",
            "x".repeat(256).into(),
            json!(["Ensure this field has no more than 255 characters."]),
        ),
        ("video_length", 20.into(), choice("20")),
        ("video_length", "15".into(), json!(["A valid integer is required."])),
        ("aspect_ratio", "9:16".into(), choice("9:16")),
        ("language", "english".into(), choice("english")),
        ("visual_style", "Full Screen".into(), choice("Full Screen")),
        ("model_version", "aurora_v9".into(), choice("aurora_v9")),
        ("no_cta", "no".into(), json!(["Must be a valid boolean."])),
        ("voiceover_volume", 2.into(), json!(["This field must be from 0 to 1."])),
        ("override_voice", "Olivia".into(), json!(["Must be a valid UUID."])),
        ("webhook_url", "hook".into(), json!(["Enter a valid URL."])),
    ] {
        let mut body = json!({"link": link});
        body[field] = value;
        let answer = create(&sandbox).json(&body).send().await;
        assert_eq!((answer.status, answer.json()), (400, json!({field: said})), "{body}");
    }
    let empty = create(&sandbox).json(&json!({"link": bare["id"]})).send().await;
    let said = json!(["Link must have at least one image or one video."]);
    assert_eq!((empty.status, empty.json()), (400, said));
    let nobody = call(&sandbox, "GET /api/link_to_videos/7e5e8a6f-d0d5-4736-b390-03e696ffc969/");
    let said = json!({"detail": "No LinkToVideo matches the given query."});
    assert_eq!(nobody.send().await.json(), said);
    assert_eq!(sandbox.ledger().len(), 2, "the two links");
}

#[tokio::test]
async fn a_link_video_whose_image_is_none_fails() {
    let sandbox = still().await;
    let mut body = product();
    body["image_urls"] = Value::from(vec![format!("{}/_sandbox/info", sandbox.url()); 3]);
    let link = params(&sandbox).json(&body).send().await.json()["id"].take();
    let made = create(&sandbox).json(&json!({"link": link})).send().await.json();
    skip(&sandbox, 300);
    let read_it = async || read(&sandbox, &made["id"]).await;
    let failed = until(read_it, |record| record["status"] == "failed").await;
    assert_eq!(failed["failed_reason"], "the image is not PNG, JPEG, WebP or GIF");
    assert_eq!(failed["outputs"], json!([]));
}

#[tokio::test]
async fn a_preview_is_looked_at_before_its_video_is_paid_for() {
    let sandbox = still().await;
    let order = json!({"link": link(&sandbox).await, "aspect_ratio": "1x1"});
    let made = call(&sandbox, "POST /api/link_to_videos/preview/").json(&order).send().await.json();
    let render = || {
        let id = made["id"].as_str().unwrap();
        call(&sandbox, &format!("POST /api/link_to_videos/{id}/render/"))
    };
    let early = render().send().await;
    assert_eq!((early.status, early.json()), (400, json!(["The preview is not ready yet."])));
    assert!(made["preview"].is_null());
    skip(&sandbox, 60);
    let ready = read(&sandbox, &made["id"]).await;
    assert_eq!((&ready["status"], &ready["credits_used"]), (&"pending".into(), &1.0.into()));
    let page = format!("GET {}", ready["preview"].as_str().unwrap());
    assert_eq!(Call::new(&sandbox, &page).send().await.status, 200);

    assert_eq!(render().send().await.json()["id"], made["id"]);
    let again = render().send().await;
    assert_eq!((again.status, again.json()), (400, json!(["The preview was already rendered."])));
    skip(&sandbox, 300);
    let read_it = async || read(&sandbox, &made["id"]).await;
    let done = until(read_it, |record| record["status"] == "done").await;
    assert_video(&sandbox, &done["video_output"], (1, 1), 15).await;
    assert_eq!(done["credits_used"], 5.0);
    assert_eq!(spent(&sandbox), Credits::whole(6));
    assert_eq!(submits(&sandbox, Provider::Creatify), (5, 1));
}

#[tokio::test]
async fn one_of_several_previews_is_rendered() {
    let sandbox = still().await;
    let list = || call(&sandbox, "POST /api/link_to_videos/preview_list_async/");
    let mut order = json!({
        "link": link(&sandbox).await, "video_length": 45,
        "visual_styles": ["VlogTemplate", "FullScreenTemplate"], "aspect_ratios": ["1x1", "9x16"],
    });
    let made = list().json(&order).send().await.json();
    assert_eq!((&made["status"], &made["previews"]), (&"pending".into(), &json!([])));
    skip(&sandbox, 60);
    let ready = read(&sandbox, &made["id"]).await;
    let looks: Vec<_> = ready["previews"]
        .as_array()
        .unwrap()
        .iter()
        .map(|preview| {
            (preview["visual_style"].as_str().unwrap(), preview["aspect_ratio"].as_str().unwrap())
        })
        .collect();
    let styles = ["VlogTemplate", "FullScreenTemplate"];
    let expected = styles.map(|style| [(style, "9x16"), (style, "1x1")]);
    assert_eq!(looks, expected.concat());

    let line =
        |what: &str| format!("POST /api/link_to_videos/{}/{what}/", made["id"].as_str().unwrap());
    let one = |body: Value| call(&sandbox, &line("render_single_preview")).json(&body);
    let unknown = json!({"media_job": made["media_job"]});
    for (call, said) in [
        (one(json!({})), json!({"media_job": ["This field is required."]})),
        (one(unknown), json!({"media_job": ["Invalid media job ID"]})),
        (
            call(&sandbox, &line("render")),
            json!(["This video has several previews: render one of them."]),
        ),
    ] {
        let answer = call.send().await;
        assert_eq!((answer.status, answer.json()), (400, said));
    }
    let chosen = &ready["previews"][2]["media_job"];
    assert_eq!(one(json!({"media_job": chosen})).send().await.status, 200);
    skip(&sandbox, 300);
    let read_it = async || read(&sandbox, &made["id"]).await;
    let done = until(read_it, |record| record["status"] == "done").await;
    assert_video(&sandbox, &done["video_output"], (9, 16), 45).await;
    assert_eq!(done["outputs"][0]["media_job"], *chosen);
    // 1 for the link, 2 for each of 4 previews, 8 for the video.
    assert_eq!(spent(&sandbox), Credits::whole(17));
    order["visual_styles"] = json!(["Vlog Template"]);
    let said = json!({"visual_styles": ["\"Vlog Template\" is not a valid choice."]});
    assert_eq!(list().json(&order).send().await.json(), said);
}
