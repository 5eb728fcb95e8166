//! The page at `/_sandbox/`, as a browser asks for it.

use serde_json::json;

use super::*;
use crate::{Fault, FaultKind};

/// What somebody may call a product who wants the page to do what it should not.
const EVIL: &str = "<img src=x onerror=alert(1)>\"'><script>alert(2)</script>&amp;";

fn call<'a>(sandbox: &'a Sandbox, line: &str) -> Call<'a> {
    Call::new(sandbox, line).header("Authorization", "Bearer sk_test")
}

/// Orders a video and gives the task's id.
async fn order(sandbox: &Sandbox, body: Value) -> String {
    let created = call(sandbox, "POST /v1/ecommerce-video/tasks").json(&body).send().await;
    assert_eq!(created.status, 201, "{:?}", created.body);
    created.json()["data"]["id"].as_str().unwrap().to_owned()
}

async fn page(sandbox: &Sandbox, address: &str) -> String {
    let answer = Call::new(sandbox, &format!("GET {address}")).send().await;
    assert_eq!(answer.status, 200, "{address}");
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    String::from_utf8(answer.body.to_vec()).unwrap()
}

/// Sends a form of the page, and gives the page that it leads to.
async fn send(sandbox: &Sandbox, path: &str, form: &str) -> String {
    let media_type = "application/x-www-form-urlencoded";
    let call = Call::new(sandbox, &format!("POST {path}"));
    let answer =
        call.header("Origin", sandbox.url()).bytes(media_type, form.as_bytes()).send().await;
    assert_eq!(answer.status, 303, "{path} {form}");
    page(sandbox, answer.header("location").unwrap()).await
}

#[tokio::test]
async fn a_job_is_shown_from_its_order_to_its_video() {
    let sandbox = still().await;
    let empty = page(&sandbox, "/_sandbox/").await;
    assert!(empty.contains("Nothing was ordered yet") && empty.contains(sandbox.url()));

    let upload = Call::new(&sandbox, "POST /_sandbox/assets").bytes("image/png", &PNG).send().await;
    let image = upload.json()["url"].take();
    let images = json!([image, "https://cdn.example.com/b.png"]);
    let prompt = "Morning Roast\nSteam rises";
    let id = order(
        &sandbox,
        json!({
            "images": images, "prompt": prompt, "duration": 15, "aspect_ratio": "16:9",
        }),
    )
    .await;
    skip(&sandbox, 30);
    // Its picture is looked into first, which takes as long as it takes.
    let shown = async || page(&sandbox, "/_sandbox/").await.into();
    let running = until(shown, |page| page.as_str().unwrap().contains("15 s · 16:9")).await;
    let running = running.as_str().unwrap();
    for part in [
        "Morning Roast",
        "running</span>",
        "<progress max=\"134000\" value=\"30",
        "$4.50",
        "<strong>$4.50</strong> reserved",
        "15 s · 16:9",
        "create_ecommerce_video accepted",
        "Not fetched, so a card stands in: <code>https://cdn.example.com/b.png</code>",
    ] {
        assert!(running.contains(part), "{part}");
    }
    assert!(
        !running.contains("<video") && running.contains("<img src=\"/_sandbox/page/files/assets/")
    );

    let read = async || call(&sandbox, &format!("GET /v1/tasks/{id}")).send().await.json();
    skip(&sandbox, 105);
    let done = until(read, |task| task["data"]["status"] == "succeeded").await;
    let video = done["data"]["output"]["r2_url"].as_str().unwrap().to_owned();
    Call::new(&sandbox, &format!("GET {video}")).send().await;
    let done = page(&sandbox, &format!("/_sandbox/?job={id}")).await;
    let path = video.split("/media/").nth(1).unwrap();
    for part in [
        format!(
            "<video controls preload=\"none\" playsinline width=\"640\" height=\"360\" src=\"/_sandbox/page/files/{path}\""
        ),
        "create_ecommerce_video done".to_owned(),
        "get_task → 200".to_owned(),
        "download → 200".to_owned(),
        "<strong>$4.50</strong></p>".to_owned(),
    ] {
        assert!(done.contains(&part), "{part}");
    }
    let other = page(&sandbox, "/_sandbox/?job=another").await;
    assert!(other.contains("There is no such job") && !other.contains(&id));
    assert!(!page(&sandbox, "/_sandbox/?provider=jogg").await.contains(&id));
}

#[tokio::test]
async fn whatever_a_request_carries_is_shown_and_not_carried_out() {
    let sandbox = still().await;
    let images = json!(["https://cdn.example.com/a.png?a='&b=%3Cb%3E"]);
    let body = json!({"images": images, "prompt": EVIL, "duration": 15});
    let id = order(&sandbox, body).await;
    call(&sandbox, &format!("GET /v1/%3Cscript%3E/{id}?q=%3Cscript%3E")).send().await;
    let fault = format!("fault=job-fails&more={}", "value%3D%3Cscript%3E");
    send(&sandbox, "/_sandbox/page/arm", &fault).await;
    for query in ["", "?job=%3Cscript%3E", "?notice=7", "?provider=%3Cscript%3E"] {
        let shown = page(&sandbox, &format!("/_sandbox/{query}")).await;
        let own = "<script src=\"/_sandbox/page/live.js\" defer></script>";
        assert!(!shown.replace(own, "").contains("<script"), "{query}");
        assert!(!shown.contains("<img src=x") && !shown.contains("<b>"), "{query}");
    }
    let shown = page(&sandbox, "/_sandbox/").await;
    assert!(shown.contains("&lt;img src=x onerror=alert(1)&gt;&quot;'&gt;&lt;script&gt;"));
    let head = Call::new(&sandbox, "GET /_sandbox/").send().await.head;
    assert!(head.contains("content-security-policy: default-src 'none'"), "{head}");
}

#[tokio::test]
async fn its_buttons_do_what_they_say_and_say_what_is_wrong() {
    let sandbox = still().await;
    let armed = send(
        &sandbox,
        "/_sandbox/page/arm",
        "fault=server-error&provider=beatapi&operation=get_usage&times=2&more=status%3D503",
    )
    .await;
    let text = "server-error?operation=get_usage&amp;provider=beatapi&amp;status=503&amp;times=2";
    assert!(armed.contains(text) && armed.contains("happened 0 times"), "{armed}");
    assert_eq!(call(&sandbox, "GET /v1/usage").send().await.status, 503);
    let fired = page(&sandbox, "/_sandbox/").await;
    assert!(
        fired.contains("happened 1 time<") && fired.contains("<span class=\"fault\">server-error")
    );
    let id = sandbox.faults()[0].id.clone();
    let none = send(&sandbox, "/_sandbox/page/disarm", &format!("id={id}")).await;
    assert!(none.contains("None is armed."));

    for (path, form, reason) in [
        ("/_sandbox/page/arm", "fault=nothing", "unknown variant"),
        ("/_sandbox/page/arm", "fault=delay&more=bytes%3D2", "delay has no bytes"),
        ("/_sandbox/page/disarm", "id=fault_9", "taken back already"),
        ("/_sandbox/page/advance", "seconds=-1", "moves on by 0 to 31622400"),
        ("/_sandbox/page/advance", "seconds=nan", "moves on by 0 to 31622400"),
    ] {
        let shown = send(&sandbox, path, form).await;
        let notice = shown.split("role=\"status\">").nth(1).unwrap();
        assert!(notice[..300].contains(reason), "{path} {form}: {}", &notice[..300]);
    }

    let now = || sandbox.instance.world().now().unix_millis();
    let before = now();
    send(&sandbox, "/_sandbox/page/advance", "seconds=600").await;
    assert_eq!(now() - before, 600_000);
    order(&sandbox, json!({"images": ["https://cdn.example.com/a.png"], "duration": 15})).await;
    assert!(send(&sandbox, "/_sandbox/reset", "").await.contains("Nothing was ordered yet"));
}

#[tokio::test]
async fn another_sites_page_can_send_nothing() {
    let sandbox = still().await;
    for origin in ["https://evil.example", "null"] {
        let call = Call::new(&sandbox, "POST /_sandbox/page/advance").header("Origin", origin);
        let form = call.bytes("application/x-www-form-urlencoded", b"seconds=60");
        assert_eq!(form.send().await.status, 403, "{origin}");
    }
}

#[tokio::test]
async fn looking_is_free_and_leaves_no_trace() {
    let sandbox = still().await;
    let body = json!({"images": ["https://cdn.example.com/a.png"], "prompt": "A", "duration": 15});
    let id = order(&sandbox, body).await;
    let read = async || call(&sandbox, &format!("GET /v1/tasks/{id}")).send().await.json();
    skip(&sandbox, 135);
    until(read, |task| task["data"]["status"] == "succeeded").await;
    sandbox.arm("video-404".parse().unwrap()).unwrap();
    let requests = sandbox.requests().len();
    let shown = page(&sandbox, "/_sandbox/").await;
    for (attribute, media_type) in [("src", "video/mp4"), ("poster", "image/")] {
        let marked = format!("{attribute}=\"/_sandbox/page/files/beatapi");
        let rest = shown.split(&marked).nth(1).unwrap().split('"').next().unwrap();
        let line = format!("GET /_sandbox/page/files/beatapi{rest}");
        let file = Call::new(&sandbox, &line).send().await;
        assert_eq!(file.status, 200, "{line}");
        assert!(file.header("content-type").unwrap().starts_with(media_type), "{line}");
    }
    assert_eq!(sandbox.requests().len(), requests);
    assert_eq!(sandbox.faults()[0].happened, 0, "it is for clients");
}

#[tokio::test]
async fn a_page_that_has_not_changed_is_not_sent_again() {
    let sandbox = still().await;
    let ask = async |etag: &str| {
        Call::new(&sandbox, "GET /_sandbox/").header("If-None-Match", etag).send().await
    };
    let first = ask("\"none\"").await;
    let etag = first.header("etag").unwrap();
    assert_eq!(ask(etag).await.status, 304);
    skip(&sandbox, 1);
    let moved = ask(etag).await;
    assert_eq!(moved.status, 200);
    call(&sandbox, "GET /v1/usage").send().await;
    assert_eq!(ask(moved.header("etag").unwrap()).await.status, 200);
}

#[tokio::test]
async fn many_jobs_stand_on_many_pages() {
    let sandbox = Sandbox::builder()
        .virtual_clock()
        .limits(false)
        .credits("beatapi", 900)
        .start()
        .await
        .unwrap();
    for number in 0..30 {
        let prompt = format!("Product {number}.");
        let images = ["https://cdn.example.com/a.png"];
        order(&sandbox, json!({"images": images, "prompt": prompt, "duration": 15})).await;
    }
    let cards = |page: &str| page.matches("<article").count();
    let first = page(&sandbox, "/_sandbox/?provider=beatapi").await;
    assert_eq!(cards(&first), 12);
    assert!(first.contains("<h3 dir=\"auto\">Product 29.") && first.contains("Page 1 of 3"));
    let older = "/_sandbox/?provider=beatapi&amp;page=2";
    assert!(first.contains(older) && !first.contains("Newer"));
    let last = page(&sandbox, "/_sandbox/?page=3").await;
    assert!(cards(&last) == 6 && last.contains("<h3 dir=\"auto\">Product 0."));
    assert!(last.contains("Newer") && !last.contains("Older"));
    assert_eq!(cards(&page(&sandbox, "/_sandbox/?page=99999999999999999").await), 0);
}

#[tokio::test]
async fn who_opens_the_sandbox_in_a_browser_is_led_to_the_page() {
    let sandbox = still().await;
    for path in ["/", "/_sandbox"] {
        let answer = Call::new(&sandbox, &format!("GET {path}")).send().await;
        assert_eq!((answer.status, answer.header("location")), (303, Some("/_sandbox/")), "{path}");
    }
    for (path, media_type) in
        [("page.css", "text/css"), ("live.js", "text/javascript"), ("icon.svg", "image/svg+xml")]
    {
        let answer = Call::new(&sandbox, &format!("GET /_sandbox/page/{path}")).send().await;
        assert!(answer.header("content-type").unwrap().starts_with(media_type), "{path}");
    }
}

#[tokio::test]
async fn nobody_else_puts_words_into_it() {
    let sandbox = still().await;
    let refused = send(&sandbox, "/_sandbox/page/arm", "fault=delay&more=bytes%3D2").await;
    assert!(refused.contains("<p>delay has no bytes"));
    for notice in ["Your+session+has+ended", "7", "-1", "18446744073709551616", "0x0"] {
        let shown = page(&sandbox, &format!("/_sandbox/?notice={notice}")).await;
        assert!(shown.contains("role=\"status\"></div>"), "{notice}");
    }
    let long = send(&sandbox, "/_sandbox/page/arm", &format!("fault={}", "x".repeat(90_000))).await;
    assert!(long.contains("is no fault") && long.len() < 30_000);
}

/// What fills the page most: long names and reasons, many faults, accounts, requests and events.
#[tokio::test]
async fn whatever_is_in_it_the_page_is_short() {
    let sandbox = still().await;
    let long = "\"&<".repeat(100_000);
    for number in 0..300 {
        let value = format!("{number} {}", &long[..1_900]);
        let kind = if number < 290 { FaultKind::UnknownStatus } else { FaultKind::JobFails };
        sandbox.arm(Fault::new(kind).value(value)).unwrap();
    }
    let too_long = Fault::new(FaultKind::JobFails).value("x".repeat(2_001));
    assert!(sandbox.arm(too_long).unwrap_err().to_string().contains("at most 2000 characters"));
    let images: Vec<_> =
        (0..7).map(|n| format!("https://cdn.example.com/{n}?{}", "x".repeat(1_900))).collect();
    let body = json!({"images": images, "prompt": &long[..2_000], "duration": 15});
    let mut ids = Vec::new();
    for account in 0..100 {
        let key = format!("Bearer sk_{account}");
        let create = Call::new(&sandbox, "POST /v1/ecommerce-video/tasks");
        let task = create.header("Authorization", &key).json(&body).send().await.json();
        let id = task["data"]["id"].as_str().unwrap_or_else(|| panic!("{task}")).to_owned();
        ids.push((key, id));
    }
    for step in 0..100 {
        skip(&sandbox, step);
        for (key, id) in &ids[90..] {
            let line = format!("GET /v1/tasks/{id}?{}", "q".repeat(5_000));
            Call::new(&sandbox, &line).header("Authorization", key).send().await;
        }
    }
    for address in ["/_sandbox/".to_owned(), format!("/_sandbox/?job={}", "%22".repeat(20_000))] {
        let shown = page(&sandbox, &address).await;
        assert!(shown.len() < 1_000_000, "{} bytes", shown.len());
    }
    assert!(page(&sandbox, "/_sandbox/").await.contains("the newest 60 of 300"));
}
