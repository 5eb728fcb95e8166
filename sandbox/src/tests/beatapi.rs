//! BeatAPI: ecommerce videos, uploads, usage and idempotency keys.

use serde_json::json;

use super::*;

pub(super) fn call<'a>(sandbox: &'a Sandbox, line: &str) -> Call<'a> {
    Call::new(sandbox, line).header("Authorization", "Bearer sk_test")
}

fn create(sandbox: &Sandbox) -> Call<'_> {
    call(sandbox, "POST /v1/ecommerce-video/tasks")
}

pub(super) async fn read(sandbox: &Sandbox, id: &str) -> Value {
    call(sandbox, &format!("GET /v1/tasks/{id}")).send().await.json()["data"].take()
}

fn order() -> Value {
    json!({"images": ["https://cdn.example.com/a.png"], "duration": 10, "aspect_ratio": "9:16"})
}

/// Status and code of a refusal.
pub(super) fn refusal(answer: &Answer) -> (u16, String) {
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
    assert_eq!(submits(&sandbox, Provider::BeatApi), (1, 1));
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

fn hook() -> Value {
    json!({"url": "https://example.com/hook", "description": "Production"})
}

/// The endpoint in an answer.
fn endpoint(answer: &Answer, status: u16) -> Value {
    assert_eq!(answer.status, status, "{}", answer.json());
    answer.json()["data"].take()
}

#[tokio::test]
async fn a_webhook_endpoint_shows_its_secret_once() {
    let sandbox = still().await;
    let made = call(&sandbox, "POST /v1/webhooks").json(&hook()).send().await;
    let made = endpoint(&made, 201);
    let secret = made["secret"].as_str().unwrap();
    assert!(secret.starts_with("whsec_") && secret.len() == "whsec_".len() + 32, "{secret}");
    assert_eq!(made["events"], json!(["task.succeeded", "task.failed"]));
    assert_eq!((&made["object"], &made["status"]), (&"webhook_endpoint".into(), &"active".into()));

    let line = format!("/v1/webhooks/{}", made["id"].as_str().unwrap());
    let read = endpoint(&call(&sandbox, &format!("GET {line}")).send().await, 200);
    let list = call(&sandbox, "GET /v1/webhooks").send().await.json()["data"].take();
    assert_eq!(list, json!({"object": "list", "data": [read]}));
    let mut masked = made.clone();
    masked["secret"] = format!("whsec_****{}", &secret[secret.len() - 4..]).into();
    assert_eq!(read, masked);

    let second = call(&sandbox, "POST /v1/webhooks").json(&hook()).send().await;
    let second = endpoint(&second, 201);
    assert_ne!((&second["id"], &second["secret"]), (&made["id"], &made["secret"]));
}

#[tokio::test]
async fn a_webhook_endpoint_is_changed_field_by_field_and_deleted_once() {
    let sandbox = still().await;
    let made = call(&sandbox, "POST /v1/webhooks").json(&hook()).send().await;
    let made = endpoint(&made, 201);
    let line = format!("/v1/webhooks/{}", made["id"].as_str().unwrap());
    let change = async |body: Value| {
        skip(&sandbox, 60);
        endpoint(&call(&sandbox, &format!("PATCH {line}")).json(&body).send().await, 200)
    };
    let mut expected = endpoint(&call(&sandbox, &format!("GET {line}")).send().await, 200);
    for body in [
        json!({"status": "disabled"}),
        json!({"url": "http://127.0.0.1:9/hook"}),
        json!({"description": "Staging", "events": ["task.failed"], "status": "active"}),
        json!({}),
    ] {
        for (field, value) in body.as_object().unwrap() {
            expected[field] = value.clone();
        }
        expected["updated_at"] = (expected["updated_at"].as_u64().unwrap() + 60).into();
        assert_eq!(change(body).await, expected);
    }

    let gone = endpoint(&call(&sandbox, &format!("DELETE {line}")).send().await, 200);
    assert_eq!(gone, json!({"id": made["id"], "deleted": true}));
    let again = call(&sandbox, &format!("DELETE {line}")).send().await;
    assert_eq!(refusal(&again), (404, "not_found".to_owned()));
    let list = call(&sandbox, "GET /v1/webhooks").send().await.json()["data"].take();
    assert_eq!(list["data"], json!([]));
}

#[tokio::test]
async fn webhook_endpoints_are_refused_as_the_contract_says() {
    let sandbox = still().await;
    let made = call(&sandbox, "POST /v1/webhooks").json(&hook()).send().await;
    let made = endpoint(&made, 201);
    let line = |method: &str| format!("{method} /v1/webhooks/{}", made["id"].as_str().unwrap());
    let other = |line: &str| Call::new(&sandbox, line).header("Authorization", "Bearer sk_other");
    let create = || call(&sandbox, "POST /v1/webhooks");
    let update = || call(&sandbox, &line("PATCH"));
    let private = json!({"url": "https://192.168.1.2/"});
    let later = json!({"url": "https://example.com/hook", "status": "disabled"});
    for (call, status, code) in [
        (Call::new(&sandbox, "GET /v1/webhooks"), 401, "missing_api_key"),
        (Call::new(&sandbox, "POST /v1/webhooks").json(&hook()), 401, "missing_api_key"),
        (create().json(&json!({})), 400, "bad_request"),
        (create().json(&json!([])), 400, "bad_request"),
        (create().json(&private), 400, "bad_request"),
        (create().json(&later), 400, "bad_request"),
        (create().bytes("text/plain", b"{}"), 400, "bad_request"),
        (update().json(&private), 400, "bad_request"),
        (update().json(&json!({"status": "paused"})), 400, "bad_request"),
        (other(&line("GET")), 404, "not_found"),
        (other(&line("PATCH")).json(&json!({})), 404, "not_found"),
        (other(&line("DELETE")), 404, "not_found"),
        (call(&sandbox, "GET /v1/webhooks/wh_nobody"), 404, "not_found"),
        (call(&sandbox, "GET /v1/webhooks/%ff"), 404, "not_found"),
        (call(&sandbox, &line("PUT")), 405, "bad_request"),
    ] {
        let head = call.head.clone();
        assert_eq!(refusal(&call.send().await), (status, code.to_owned()), "{head}");
    }
    // None of that changed anything, and another account has none.
    let list = async |call: Call<'_>| call.send().await.json()["data"]["data"].take();
    let own = list(call(&sandbox, "GET /v1/webhooks")).await;
    assert_eq!((own[0]["url"].as_str(), own[1].is_null()), (made["url"].as_str(), true));
    assert_eq!(list(other("GET /v1/webhooks")).await, json!([]));
}
