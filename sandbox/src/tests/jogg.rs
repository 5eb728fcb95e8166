//! JoggAI: products, videos, previews, lists and business codes.

use serde_json::json;

use super::*;

fn call<'a>(sandbox: &'a Sandbox, line: &str) -> Call<'a> {
    Call::new(sandbox, line).header("x-api-key", "sk_test")
}

/// The data of an answer that is yes.
async fn data(call: Call<'_>) -> Value {
    let answer = call.send().await.json();
    assert_eq!((&answer["code"], &answer["msg"]), (&0.into(), &"Success".into()), "{answer}");
    answer["data"].clone()
}

async fn product(sandbox: &Sandbox, body: &Value) -> String {
    let product = data(call(sandbox, "POST /v2/product").json(body)).await;
    product["product_id"].as_str().unwrap().to_owned()
}

fn create(sandbox: &Sandbox) -> Call<'_> {
    call(sandbox, "POST /v2/create_video_from_product")
}

fn order(product_id: &str) -> Value {
    json!({
        "product_id": product_id,
        "video_spec": {"length": "15", "aspect_ratio": "portrait", "caption": true, "name": "Mine"},
        "avatar": {"id": 1768, "type": 0},
        "voice": {},
        "audio": {},
        "script": {"style": "Storytime", "language": "english"},
    })
}

async fn read(sandbox: &Sandbox, id: &str) -> Value {
    data(call(sandbox, &format!("GET /v2/product_video/{id}"))).await
}

#[tokio::test]
async fn an_uploaded_photo_becomes_a_product_and_a_video() {
    let sandbox = still().await;
    let wanted = json!({"filename": "a.png", "content_type": "image/png", "file_size": PNG.len()});
    let place = data(call(&sandbox, "POST /v2/upload/asset").json(&wanted)).await;
    let put = || Call::new(&sandbox, &format!("PUT {}", place["sign_url"].as_str().unwrap()));
    assert_eq!(put().bytes("image/jpeg", &PNG).send().await.status, 403);
    assert_eq!(put().bytes("image/png", &PNG).send().await.status, 200);
    let asset = Call::new(&sandbox, &format!("GET {}", place["asset_url"].as_str().unwrap()));
    assert_eq!(asset.send().await.body, &PNG[..]);

    let body = json!({
        "name": "Morning Roast", "description": "Roasted weekly\n$12.90",
        "media": [{"type": 1, "name": "front", "url": place["asset_url"]}],
    });
    let product = product(&sandbox, &body).await;
    let created = data(create(&sandbox).json(&order(&product))).await;
    assert_eq!(created["status"], "processing");
    let id = created["video_id"].as_str().unwrap();
    skip(&sandbox, 59);
    assert_eq!(read(&sandbox, id).await["status"], "processing");
    skip(&sandbox, 1);
    let done =
        until(async || read(&sandbox, id).await, |video| video["status"] != "processing").await;
    assert_eq!((&done["status"], &done["title"]), (&"completed".into(), &"Mine".into()));
    assert_eq!(done["deducted_credit"], 1.0);
    assert_video(&sandbox, &done["video_url"], (9, 16), 15).await;
    let cover = Call::new(&sandbox, &format!("GET {}", done["cover_url"].as_str().unwrap()));
    assert!(cover.send().await.header("content-type").unwrap().starts_with("image/"));

    let quota = data(call(&sandbox, "GET /v2/user/remaining_quota")).await;
    assert_eq!(quota, json!({"remaining_quota": 99.0}));
    let list = data(call(&sandbox, "GET /v2/product_videos?status=4")).await;
    assert_eq!((&list["total"], &list["videos"][0]["id"]), (&1.into(), &id.into()));
    let list = data(call(&sandbox, "GET /v2/product_videos?status=3")).await;
    assert_eq!((&list["total"], &list["videos"]), (&0.into(), &json!([])));
    assert_eq!(submits(&sandbox, Provider::Jogg), (1, 1));
}

#[tokio::test]
async fn refusals_are_codes_inside_200_and_cost_nothing() {
    let sandbox = still().await;
    let product = product(&sandbox, &json!({"url": "https://shop.example/morning-roast"})).await;
    let with = |path: &str, value: Value| {
        let mut body = order(&product);
        *body.pointer_mut(path).unwrap() = value;
        create(&sandbox).json(&body)
    };
    let without = |parent: &str, field: &str| {
        let mut body = order(&product);
        body.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(field);
        create(&sandbox).json(&body)
    };
    let bare =
        |key: &str| Call::new(&sandbox, "GET /v2/user/remaining_quota").header("x-api-key", key);
    let poor = Call::new(&sandbox, "POST /v2/product").header("x-api-key", "sk_sandbox_nocredits");
    let poors = data(poor.json(&json!({"name": "A"}))).await;
    let poor = Call::new(&sandbox, "POST /v2/create_video_from_product")
        .header("x-api-key", "sk_sandbox_nocredits")
        .json(&order(poors["product_id"].as_str().unwrap()));
    let upload = |body: Value| call(&sandbox, "POST /v2/upload/asset").json(&body);
    let made = |body: Value| call(&sandbox, "POST /v2/product").json(&body);
    for (call, code, msg) in [
        (bare("sk_sandbox_revoked"), 10105, "Invalid API key"),
        (Call::new(&sandbox, "GET /v2/product_videos"), 10105, "Invalid API key"),
        (poor, 18020, "Insufficient credit"),
        (with("/product_id", "bm9uZQ".into()), 10104, "Record not found"),
        (with("/avatar/id", 2.into()), 10104, "Record not found"),
        (with("/avatar/type", 1.into()), 10104, "Record not found"),
        (call(&sandbox, "GET /v2/product_video/none"), 10104, "Record not found"),
        (without("/script", "style"), 18001, "script.style required"),
        (without("", "product_id"), 40000, "Parameter error: product_id is required"),
        (without("", "avatar"), 40000, "Parameter error: avatar is required"),
        (without("/avatar", "id"), 40000, "Parameter error: avatar.id is required"),
        (without("/script", "language"), 40000, "Parameter error: script.language is required"),
        (without("/video_spec", "length"), 40000, "Parameter error: video_spec.length is required"),
        (
            with("/video_spec/length", "45".into()),
            40000,
            "Parameter error: video_spec.length must be one of 15, 30, 60",
        ),
        (
            with("/video_spec/length", 30.into()),
            40000,
            "Parameter error: video_spec.length must be one of 15, 30, 60",
        ),
        (
            with("/video_spec/aspect_ratio", 1.into()),
            40000,
            "Parameter error: video_spec.aspect_ratio must be one of portrait, landscape, square",
        ),
        (
            with("/script/style", "Soft Selling".into()),
            40000,
            "Parameter error: script.style must be one of Don't Worry, Storytime, Discovery, Data, Top 3 reasons, Light marketing",
        ),
        (made(json!({})), 40000, "Parameter error: url or name is required"),
        (made(json!({"url": null})), 40000, "Parameter error: url must not be null"),
        (made(json!({"url": "shop"})), 40000, "Parameter error: url must be an http or https URL"),
        (
            made(json!({"name": "A", "media": [{"type": 3, "url": "https://a.example/a.png"}]})),
            40000,
            "Parameter error: media[0].type must be from 1 to 2",
        ),
        (upload(json!({"filename": "a"})), 40000, "Parameter error: content_type is required"),
        (
            upload(json!({"filename": "a.pdf", "content_type": "application/pdf"})),
            40000,
            "Parameter error: content_type is not a supported format",
        ),
        (
            upload(json!({"filename": "a", "content_type": "image/png", "file_size": 10_000_001})),
            40000,
            "Parameter error: file_size must be from 1 to 10000000",
        ),
        (
            call(&sandbox, "GET /v2/product_videos?page_size=101"),
            40000,
            "Parameter error: page_size must be from 1 to 100",
        ),
        (
            call(&sandbox, "GET /v2/avatars/public?aspect_ratio=0"),
            40000,
            "Parameter error: aspect_ratio must be one of portrait, landscape, square",
        ),
    ] {
        let head = call.head.clone();
        let answer = call.send().await;
        let said = json!({"code": code, "msg": msg, "data": null});
        assert_eq!((answer.status, answer.json()), (200, said), "{head}");
    }
    assert_eq!(call(&sandbox, "GET /v2/nothing").send().await.status, 404);
    assert_eq!(call(&sandbox, "GET /v2/product").send().await.status, 405);
    assert!(sandbox.ledger().is_empty());
}

#[tokio::test]
async fn presenters_are_listed_by_ratio_and_page() {
    let sandbox = still().await;
    let list = async |query: &str| {
        let line = format!("GET /v2/avatars/public{query}");
        data(call(&sandbox, &line)).await["avatars"].as_array().unwrap().clone()
    };
    let portraits = list("?aspect_ratio=portrait").await;
    assert!(!portraits.is_empty() && portraits.iter().all(|avatar| avatar["aspect_ratio"] == 0));
    assert_eq!(list("?page=2&page_size=4").await.len(), 4);
    assert!(list("?page=9223372036854775807").await.is_empty());
    let cover = portraits[0]["cover_url"].as_str().unwrap();
    assert_eq!(Call::new(&sandbox, &format!("GET {cover}")).send().await.status, 200);
}

#[tokio::test]
async fn a_video_whose_image_is_none_fails_and_stays_paid() {
    let sandbox = still().await;
    let media = json!([{"type": 1, "url": format!("{}/media/none.png", sandbox.url())}]);
    let product = product(&sandbox, &json!({"name": "A", "media": media})).await;
    let created = data(create(&sandbox).json(&order(&product))).await;
    skip(&sandbox, 60);
    let id = created["video_id"].as_str().unwrap();
    let failed =
        until(async || read(&sandbox, id).await, |video| video["status"] == "failed").await;
    assert_eq!(failed["error"], json!({"code": 50000, "message": "the image was not found"}));
    assert_eq!(spent(&sandbox), Credits::whole(1));
}

#[tokio::test]
async fn voices_and_music_are_listed_by_filter_and_page() {
    let sandbox = still().await;
    let voices = async |query: &str| data(call(&sandbox, &format!("GET /v2/voices{query}"))).await;
    let first = voices("").await;
    assert_eq!((first["voices"].as_array().unwrap().len(), &first["has_more"]), (10, &true.into()));
    let last = voices("?page=2").await;
    assert_eq!((last["voices"].as_array().unwrap().len(), &last["has_more"]), (2, &false.into()));
    let found = voices("?language=english&gender=female&age=old&use_case=narrative_story").await;
    assert_eq!((found["voices"].as_array().unwrap().len(), &found["has_more"]), (1, &false.into()));
    assert_eq!(found["voices"][0]["accent"], "british");
    assert_eq!(voices("?language=Klingon").await, json!({"voices": [], "has_more": false}));

    let music = data(call(&sandbox, "GET /v2/musics?page=2&page_size=2")).await;
    assert_eq!(music["music"].as_array().unwrap().len(), 2);
    let pages = json!({"page": 2, "page_size": 2, "total_items": 5, "total_pages": 3});
    assert_eq!(music["pagination"], pages);
}

#[tokio::test]
async fn the_other_reads_have_their_documented_form() {
    let sandbox = still().await;
    let read = async |path: &str| data(call(&sandbox, &format!("GET {path}"))).await;
    let styles = read("/v2/visual_styles?aspect_ratio=portrait").await;
    assert_eq!(
        styles["visual_styles"][0],
        json!({"id": 2400, "name": "Simple split screen template"})
    );
    assert_eq!(read("/v2/avatars/custom?status=completed").await, json!({"avatars": []}));
    assert_eq!(read("/v2/voices/custom").await, json!({"total": 0, "voices": []}));
    let user = read("/v2/user/whoami").await;
    assert!(user["email"].as_str().unwrap().ends_with("@sandbox.test"));
    let events = read("/v2/events").await;
    let events = events["events"].as_array().unwrap();
    assert_eq!(events.len(), 22);
    assert!(events.contains(&"generated_product_video_success".into()));
}

#[tokio::test]
async fn what_is_changed_of_a_product_shows_in_its_video() {
    let sandbox = still().await;
    let product = product(&sandbox, &json!({"name": "A", "description": "Old"})).await;
    let change = |body: Value| call(&sandbox, "PUT /v2/product").json(&body);
    let media = json!([{"type": 1, "url": format!("{}/media/none.png", sandbox.url())}]);
    let body = json!({"product_id": product, "name": "B", "media": media});
    let answer = change(body).send().await.json();
    assert_eq!(answer, json!({"code": 0, "msg": "Success"}), "without data");
    let mut wanted = order(&product);
    wanted["video_spec"].as_object_mut().unwrap().remove("name");
    let created = data(create(&sandbox).json(&wanted)).await;
    skip(&sandbox, 60);
    let id = created["video_id"].as_str().unwrap();
    let video = until(async || read(&sandbox, id).await, |video| video["status"] == "failed").await;
    assert_eq!(video["title"], "B");
    assert_eq!(video["error"]["message"], "the image was not found");

    let code = async |call: Call<'_>| call.send().await.json()["code"].clone();
    assert_eq!(code(change(json!({"product_id": "bm9uZQ"}))).await, 10104);
    let other = Call::new(&sandbox, "PUT /v2/product").header("x-api-key", "sk_other");
    assert_eq!(code(other.json(&json!({"product_id": product}))).await, 10104);
    let refused = change(json!({"name": "B"})).send().await.json();
    assert_eq!(refused["msg"], "Parameter error: product_id is required");
}

fn endpoint(url: &str) -> Value {
    json!({"url": url, "status": "enabled", "events": ["generated_product_video_success"]})
}

#[tokio::test]
async fn endpoints_are_made_changed_and_deleted_by_whoever_owns_them() {
    let sandbox = still().await;
    let list = async || data(call(&sandbox, "GET /v2/endpoints")).await["endpoints"].clone();
    let body = endpoint("https://shop.example/hook");
    let made = data(call(&sandbox, "POST /v2/endpoint").json(&body)).await;
    let (id, secret) = (made["endpoint_id"].as_str().unwrap(), made["secret"].as_str().unwrap());
    assert!(id.starts_with("wh_") && secret.starts_with("whsec_"), "{made}");
    assert_eq!(list().await, json!([made]), "with its secret");

    let line = |method: &str| format!("{method} /v2/endpoint/{id}");
    let new = json!({"url": "http://127.0.0.1:1/hook", "status": "disabled", "events": []});
    let changed = data(call(&sandbox, &line("PUT")).json(&new)).await;
    for field in ["url", "status", "events"] {
        assert_eq!(changed[field], new[field]);
    }
    assert_eq!((&changed["secret"], &list().await[0]), (&made["secret"], &changed));

    let other = |method: &str| Call::new(&sandbox, &line(method)).header("x-api-key", "sk_other");
    for call in [other("PUT").json(&new), other("DELETE")] {
        assert_eq!(call.send().await.json()["code"], 10104);
    }
    let gone = data(call(&sandbox, &line("DELETE"))).await;
    assert_eq!(gone, json!({"message": "webhook deleted"}));
    assert_eq!(call(&sandbox, &line("DELETE")).send().await.json()["code"], 10104);
    assert_eq!(list().await, json!([]));
}

#[tokio::test]
async fn an_endpoint_is_refused_by_the_name_of_its_field_and_after_twenty() {
    let sandbox = still().await;
    let create = |body: &Value| call(&sandbox, "POST /v2/endpoint").json(body);
    let good = endpoint("https://shop.example/hook");
    let with = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body
    };
    for (body, told) in [
        (json!({}), "url is required"),
        (with("url", "http://shop.example/hook".into()), "url must be an https URL"),
        (with("url", "shop".into()), "url must be an http or https URL"),
        (with("status", "on".into()), "status must be one of enabled, disabled"),
        (with("events", "all".into()), "events must be a list"),
        (with("events", json!(["generated_preview_success"])), "events[0] is not an event"),
        (with("events", json!(["generated_script_success", 1])), "events[1] is not an event"),
    ] {
        let said = json!({"code": 40000, "msg": format!("Parameter error: {told}"), "data": null});
        assert_eq!(create(&body).send().await.json(), said);
    }
    for _ in 0..20 {
        data(create(&good)).await;
    }
    assert_eq!(create(&good).send().await.json()["code"], 40000);
    let other = Call::new(&sandbox, "POST /v2/endpoint").header("x-api-key", "sk_other");
    data(other.json(&good)).await;
}

#[tokio::test]
async fn a_page_of_this_machine_is_read_for_a_product_without_a_name() {
    let sandbox = still().await;
    let create = |body: Value| call(&sandbox, "POST /v2/product").json(&body);
    let page = "<title>Roast</title><meta name=description content=Weekly><img src=/a.png>";
    let url = serve_page(page).await;
    let made = data(create(json!({"url": url, "description": "Daily"}))).await;
    assert_eq!((&made["name"], &made["description"]), (&"Roast".into(), &"Daily".into()));
    let image = format!("{}/a.png", url.strip_suffix("/shop/morning-roast").unwrap());
    assert_eq!(made["media"], json!([{"type": 1, "url": image}]));
    // The server of the page has gone by now: only who has no name for the product minds.
    let named = data(create(json!({"url": url, "name": "Mine"}))).await;
    assert_eq!((&named["name"], &named["media"]), (&"Mine".into(), &json!([])));
    let gone = create(json!({"url": url})).send().await.json();
    assert_eq!(gone["msg"], "Parameter error: failed to extract product information");
    let far = data(create(json!({"url": "https://shop.example/morning-roast"}))).await;
    assert_eq!((&far["name"], &far["media"]), (&"Morning Roast".into(), &json!([])));
}

fn previews_of(product_id: &str) -> Value {
    let mut body = order(product_id);
    body["visual_styles"] = json!(["Simple Product Switch", "No Such Style", "Dynamic Showcase"]);
    body
}

#[tokio::test]
async fn a_preview_is_made_for_each_style_and_one_of_them_rendered() {
    let sandbox = still().await;
    let product = product(&sandbox, &json!({"name": "Morning Roast"})).await;
    let create = call(&sandbox, "POST /v2/create_video_from_product/preview_list");
    let started = data(create.json(&previews_of(&product))).await["previews"].take();
    let refused =
        json!({"visual_style": "No Such Style", "err_msg": "The visual style was not found."});
    assert_eq!(started[1], refused);
    let (first, second) = (&started[0]["preview_id"], &started[2]["preview_id"]);
    assert!(first.is_string() && second.is_string() && first != second);
    assert_eq!(spent(&sandbox), Credits::whole(1), "a half for each that was started");

    let list =
        async |query: &str| data(call(&sandbox, &format!("GET /v2/product_previews{query}"))).await;
    let running = list("?status=3").await;
    assert_eq!((&running["total"], &running["previews"][0]["id"]), (&2.into(), second));
    skip(&sandbox, 150);
    let done =
        until(async || list("?status=4&sort_order=asc").await, |list| list["total"] == 2).await;
    let item = &done["previews"][0];
    assert_eq!((&item["id"], &item["title"]), (first, &"Mine".into()));
    assert_eq!(item["status"], "completed");
    assert_video(&sandbox, &item["video_url"], (9, 16), 15).await;
    let second_page = list("?page=2&page_size=1").await;
    assert_eq!((&second_page["total"], &second_page["previews"][0]["id"]), (&2.into(), first));

    let render = call(&sandbox, "POST /v2/create_video_from_product/render_single_preview");
    let made = data(render.json(&json!({"preview_id": second}))).await;
    assert_eq!(made["status"], "processing");
    let id = made["video_id"].as_str().unwrap();
    skip(&sandbox, 60);
    let video =
        until(async || read(&sandbox, id).await, |video| video["status"] != "processing").await;
    assert_eq!((&video["status"], &video["title"]), (&"completed".into(), &"Mine".into()));
    assert_eq!(video["deducted_credit"], 1.0);
    assert_video(&sandbox, &video["video_url"], (9, 16), 15).await;
    let videos = data(call(&sandbox, "GET /v2/product_videos")).await;
    assert_eq!((&videos["total"], &videos["videos"][0]["id"]), (&1.into(), &id.into()));
    assert_eq!(spent(&sandbox), Credits::whole(2));
    assert_eq!(submits(&sandbox, Provider::Jogg), (2, 3));
}

#[tokio::test]
async fn previews_are_refused_like_videos_and_cost_nothing_then() {
    let sandbox = still().await;
    let product = product(&sandbox, &json!({"name": "Morning Roast"})).await;
    let create =
        |body: &Value| call(&sandbox, "POST /v2/create_video_from_product/preview_list").json(body);
    let with = |change: fn(&mut Value)| {
        let mut body = previews_of(&product);
        change(&mut body);
        create(&body)
    };
    let render = |body: Value| {
        call(&sandbox, "POST /v2/create_video_from_product/render_single_preview").json(&body)
    };
    let poor = |line: &str| Call::new(&sandbox, line).header("x-api-key", "sk_sandbox_nocredits");
    let poors = data(poor("POST /v2/product").json(&json!({"name": "A"}))).await;
    let poors = previews_of(poors["product_id"].as_str().unwrap());
    for (call, code, msg) in [
        (
            with(|body| body["visual_styles"] = Value::Null),
            40000,
            "Parameter error: visual_styles must not be null",
        ),
        (
            with(|body| body["visual_styles"] = json!([])),
            40000,
            "Parameter error: visual_styles must hold 1 to 50 items",
        ),
        (
            with(|body| body["visual_styles"] = json!(["Dynamic Showcase", 7])),
            40000,
            "Parameter error: visual_styles[1] must be a string",
        ),
        (
            with(|body| body["script"]["language"] = Value::Null),
            40000,
            "Parameter error: script.language must not be null",
        ),
        (with(|body| body["script"]["style"] = Value::Null), 18001, "script.style required"),
        (with(|body| body["product_id"] = "bm9uZQ".into()), 10104, "Record not found"),
        (with(|body| body["avatar"]["id"] = 2.into()), 10104, "Record not found"),
        (
            poor("POST /v2/create_video_from_product/preview_list").json(&poors),
            18020,
            "Insufficient credit",
        ),
        (render(json!({})), 40000, "Parameter error: preview_id is required"),
        (render(json!({"preview_id": "none"})), 10104, "Record not found"),
        (
            call(&sandbox, "GET /v2/product_previews?status=6"),
            40000,
            "Parameter error: status must be from 3 to 5",
        ),
    ] {
        let head = call.head.clone();
        let said = json!({"code": code, "msg": msg, "data": null});
        assert_eq!(call.send().await.json(), said, "{head}");
    }
    // All styles unknown: each is refused by itself, and nothing is paid for.
    let none = data(with(|body| body["visual_styles"] = json!(["A"]))).await;
    assert!(none["previews"][0]["preview_id"].is_null());
    assert!(sandbox.ledger().is_empty());

    // The language may stand beside the script.
    let beside = with(|body| {
        body["language"] = "english".into();
        body["script"].as_object_mut().unwrap().remove("language");
    });
    let own = data(beside).await["previews"][0]["preview_id"].take();
    let other = "POST /v2/create_video_from_product/render_single_preview";
    let other = Call::new(&sandbox, other).header("x-api-key", "sk_other");
    assert_eq!(other.json(&json!({"preview_id": own})).send().await.json()["code"], 10104);
    let others = Call::new(&sandbox, "GET /v2/product_previews").header("x-api-key", "sk_other");
    assert_eq!(data(others).await["total"], 0);
}
