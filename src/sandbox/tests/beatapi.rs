use serde_json::json;

use super::*;

fn call<'a>(sandbox: &'a Sandbox, line: &str) -> Call<'a> {
    Call::new(sandbox, line).header("Authorization", "Bearer sk_test")
}

fn create(sandbox: &Sandbox) -> Call<'_> {
    call(sandbox, "POST /v1/ecommerce-video/tasks")
}

async fn read(sandbox: &Sandbox, id: &str) -> Value {
    call(sandbox, &format!("GET /v1/tasks/{id}")).send().await.json()["data"].take()
}

fn order() -> Value {
    json!({"images": ["https://cdn.example.com/a.png"], "duration": 10, "aspect_ratio": "9:16"})
}

/// Status and code of a refusal.
fn refusal(answer: &Answer) -> (u16, String) {
    let error = &answer.json()["error"];
    assert!(error["request_id"].as_str().unwrap().starts_with("req_"));
    assert_eq!(error["retryable"], false);
    (answer.status, error["code"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_photo_becomes_a_video_of_the_asked_length() {
    let sandbox = still().await;
    let file = call(&sandbox, "POST /v1/files").bytes("image/png", &PNG).send().await;
    assert_eq!(file.status, 201);
    let file = file.json()["data"].take();
    assert_eq!((&file["mime_type"], &file["size_bytes"]), (&json!("image/png"), &PNG.len().into()));

    let mut body = order();
    body["images"] = json!([file["url"]]);
    body["prompt"] = "Morning Roast\nSteam rises".into();
    let created = create(&sandbox).json(&body).send().await;
    assert_eq!(created.status, 201);
    let task = created.json()["data"].take();
    assert_eq!(
        (&task["status"], &task["usage"]["credits_reserved"]),
        (&"queued".into(), &3.0.into())
    );
    let id = task["id"].as_str().unwrap();

    skip(&sandbox, 5);
    let running = read(&sandbox, id).await;
    assert_eq!(
        (&running["status"], &running["poll_after_seconds"]),
        (&"processing".into(), &10.into())
    );
    assert!(running["output"].is_null() && running["completed_at"].is_null());
    skip(&sandbox, 128);
    assert_eq!(read(&sandbox, id).await["status"], "processing");
    skip(&sandbox, 1);
    let done =
        until(async || read(&sandbox, id).await, |task| task["status"] != "processing").await;
    assert_eq!(
        (&done["status"], &done["usage"]["credits_settled"]),
        (&"succeeded".into(), &3.0.into())
    );
    assert!(done["updated_at"].as_u64() >= done["created_at"].as_u64().map(|at| at + 134));
    assert_video(&sandbox, &done["output"]["media"][0]["url"], (9, 16), 10).await;

    let usage = call(&sandbox, "GET /v1/usage?period=24h").send().await.json()["data"].take();
    assert_eq!((&usage["credit_balance"], &usage["total_tasks"]), (&17.0.into(), &1.into()));
    assert_eq!(usage["concurrency"]["active"], 0);
    assert_eq!(spent(&sandbox), Credits::whole(3));
    assert_eq!(submits(&sandbox, ProviderId::BeatApi), (1, 1));
}

#[tokio::test]
async fn an_idempotency_key_pays_once() {
    let sandbox = still().await;
    let send = async |key: &str, body: &Value| {
        create(&sandbox).header("Idempotency-Key", key).json(body).send().await
    };
    let (first, again) = (send("k", &order()).await, send("k", &order()).await);
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(first.json()["data"]["id"], again.json()["data"]["id"]);
    let mut other = order();
    other["duration"] = 11.into();
    let conflict = send("k", &other).await;
    assert_eq!(refusal(&conflict), (409, "idempotency_conflict".to_owned()));
    let fresh = send("k2", &order()).await;
    assert_ne!(first.json()["data"]["id"], fresh.json()["data"]["id"]);
    assert_eq!(sandbox.ledger().len(), 2);
    assert_eq!(send(&"k".repeat(256), &order()).await.status, 400);
}

#[tokio::test]
async fn refusals_have_the_services_shape_and_cost_nothing() {
    let sandbox = still().await;
    let mut long = order();
    long["duration"] = 61.into();
    let no_auth = Call::new(&sandbox, "GET /v1/usage");
    let revoked =
        Call::new(&sandbox, "GET /v1/usage").header("Authorization", "Bearer sk_sandbox_revoked");
    let poor = Call::new(&sandbox, "POST /v1/ecommerce-video/tasks")
        .header("Authorization", "Bearer sk_sandbox_nocredits");
    for (call, status, code) in [
        (no_auth, 401, "missing_api_key"),
        (revoked, 401, "invalid_api_key"),
        (poor.json(&order()), 402, "insufficient_credits"),
        (create(&sandbox).json(&long), 400, "bad_request"),
        (create(&sandbox).json(&json!([])), 400, "bad_request"),
        (create(&sandbox).bytes("application/json", b"{"), 400, "bad_request"),
        (create(&sandbox).bytes("text/plain", b"{}"), 400, "bad_request"),
        (call(&sandbox, "GET /v1/tasks/task_nobody"), 404, "not_found"),
        (call(&sandbox, "GET /v1/tasks/%ff"), 404, "not_found"),
        (call(&sandbox, "GET /v1/usage?period=1h"), 400, "bad_request"),
        (call(&sandbox, "GET /v1/usage?page=1"), 400, "bad_request"),
        (call(&sandbox, "GET /v1/nothing/here"), 404, "not_found"),
        (call(&sandbox, "DELETE /v1/usage"), 405, "bad_request"),
    ] {
        let head = call.head.clone();
        let answer = call.send().await;
        assert_eq!(refusal(&answer), (status, code.to_owned()), "{head}");
    }
    let message = create(&sandbox).json(&long).send().await.json()["error"]["message"].take();
    assert_eq!(message, "duration must be from 10 to 60");
    assert!(sandbox.ledger().is_empty());
    let workflows = Call::new(&sandbox, "GET /v1/workflows").send().await.json();
    assert_eq!(workflows["data"]["data"][1]["id"], "ecommerce-video");
}

#[tokio::test]
async fn uploads_are_checked_in_both_forms() {
    let sandbox = still().await;
    let form = |part: &str, file: &[u8]| {
        let head = format!("--x\r\nContent-Disposition: form-data; {part}\r\n\r\n");
        [head.as_bytes(), file, b"\r\n--x--\r\n"].concat()
    };
    let upload = || call(&sandbox, "POST /v1/files");
    let image = "name=\"file\"; filename=\"a.png\"\r\nContent-Type: image/png";
    let subtitle = "name=\"file\"; filename=\"a.srt\"\r\nContent-Type: text/plain";
    let multipart = "multipart/form-data; boundary=x";
    for (call, status) in [
        (upload().bytes(multipart, &form(image, &PNG)), 201),
        (upload().bytes(multipart, &form(subtitle, b"1\n")), 201),
        (upload().bytes(multipart, &form("name=\"purpose\"", b"output")), 400),
        (upload().bytes(multipart, &form("name=\"other\"", b"x")), 400),
        (upload().bytes("multipart/form-data", &form(image, &PNG)), 400),
        (upload().bytes(multipart, b"--x\r\nbroken"), 400),
        (upload().bytes("image/jpeg", &PNG), 400),
        (upload().bytes("image/png", b"just text"), 400),
        (upload().bytes("image/png", b""), 400),
        (upload().bytes("application/pdf", b"%PDF"), 400),
        (upload().bytes("audio/mpeg", b"ID3"), 201),
        (upload().header("Content-Type", "image/png").header("Content-Length", "105906177"), 400),
        (upload().header("Content-Type", "image/png").header("Transfer-Encoding", "chunked"), 400),
    ] {
        let head = call.head.clone();
        assert_eq!(call.send().await.status, status, "{head}");
    }
}

#[tokio::test]
async fn a_task_whose_image_is_none_fails_and_is_refunded() {
    let sandbox = still().await;
    let broken = call(&sandbox, "POST /v1/files").bytes("image/png", &PNG[..40]).send().await;
    let mut urls = vec![broken.json()["data"]["url"].as_str().unwrap().to_owned()];
    // A file that was never uploaded, a page of this server that is no image, and no page.
    for path in ["media/beatapi/inputs/none.png", "_sandbox/info", "_sandbox/none"] {
        urls.push(format!("{}/{path}", sandbox.url()));
    }
    // Only who draws looks beyond the first bytes.
    for url in urls.iter().skip(usize::from(!cfg!(feature = "render"))) {
        let mut body = order();
        body["images"] = json!([url]);
        let task = create(&sandbox).json(&body).send().await.json()["data"].take();
        skip(&sandbox, 200);
        let id = task["id"].as_str().unwrap();
        let failed =
            until(async || read(&sandbox, id).await, |task| task["status"] == "failed").await;
        assert_eq!(failed["error_code"], "processing_failed");
        assert_eq!(failed["usage"]["credits_refunded"], 3.0);
        assert!(failed["output"].is_null() && failed["completed_at"].is_u64());
    }
    assert_eq!(spent(&sandbox), Credits::ZERO);
    let usage = call(&sandbox, "GET /v1/usage").send().await.json()["data"].take();
    assert_eq!(usage["credit_balance"], 20.0);
    assert!(usage["credits_refunded"].as_f64() >= Some(9.0));
}

#[tokio::test]
async fn another_accounts_task_is_not_found() {
    let sandbox = still().await;
    let task = create(&sandbox).json(&order()).send().await.json()["data"].take();
    let line = format!("GET /v1/tasks/{}", task["id"].as_str().unwrap());
    let other = Call::new(&sandbox, &line).header("Authorization", "Bearer sk_other").send().await;
    assert_eq!(refusal(&other), (404, "not_found".to_owned()));
}
