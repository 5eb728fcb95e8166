//! What the sandbox answers with no is declared, and has the form that the spec says.

use adreel::testing::Quality;
use adreel::testing::Sandbox;
use serde_json::{Value, json};

use super::checked::{Answer, Checked};
use super::{BEATAPI, CREATIFY, JOGG};

const PROVIDERS: [(&str, &str, &str); 3] = [
    ("beatapi", BEATAPI, "Authorization: Bearer sk_sandbox_nocredits\r\n"),
    ("creatify", CREATIFY, "X-API-ID: a\r\nX-API-KEY: sk_sandbox_nocredits\r\n"),
    ("jogg", JOGG, "x-api-key: sk_sandbox_nocredits\r\n"),
];

/// An id of the right form that nobody has.
const NOBODYS: &str = "0b0c6c64-8f34-4a4e-9d0c-54c8a3b0c0aa";

/// A sandbox that answers JoggAI's codes with statuses.
async fn sandbox() -> Sandbox {
    let builder = Sandbox::builder().seed(7).speed(5_000.0).quality(Quality::Thumbnail);
    builder.jogg_statuses(true).start().await.unwrap()
}

/// The first body that the spec shows for an operation, as text.
fn example(operation: &Value) -> String {
    let body = &operation["requestBody"]["content"]["application/json"];
    let shown = body["examples"].as_object().and_then(|shown| shown.values().next());
    shown.map_or_else(String::new, |shown| shown["value"].to_string())
}

/// Creatify's refusals have one of three forms, and no schema because a spec has no word for that.
fn assert_form(provider: &str, answer: &Answer) {
    let are_sentences = |value: &Value| {
        value.as_array().is_some_and(|all| !all.is_empty() && all.iter().all(Value::is_string))
    };
    let body = &answer.body;
    let is_creatifys = are_sentences(body)
        || (body["detail"].is_string() && body.as_object().unwrap().len() == 1)
        || body.as_object().is_some_and(|map| !map.is_empty() && map.values().all(are_sentences));
    assert!(provider != "creatify" || is_creatifys, "{body}");
}

#[tokio::test]
async fn every_operation_refuses_in_the_form_of_its_provider() {
    let sandbox = sandbox().await;
    for (provider, headers, _) in PROVIDERS {
        let api = Checked::new(&sandbox, provider, headers);
        let nobody = api.with_headers("");
        for (line, operation) in api.operations() {
            let expect = |answer: &Answer, status: u16| {
                assert_eq!(answer.status, status, "{line}: {}", answer.body);
                assert!(answer.head.contains("content-type: application/json"), "{line}");
                assert_form(provider, answer);
            };
            let body = example(&operation);
            let json = "application/json";
            if operation["security"] != json!([]) {
                let answer = nobody.send(&line, NOBODYS, json, body.as_bytes()).await;
                expect(&answer, 401);
                nobody.check(&line, &answer);
            }
            if line.contains('{') {
                let answer = api.send(&line, NOBODYS, json, body.as_bytes()).await;
                expect(&answer, 404);
                api.check(&line, &answer);
            }
            if !body.is_empty() {
                for wrong in ["[]", "7", "{", "\"\u{0}\""] {
                    let answer = api.send(&line, NOBODYS, json, wrong.as_bytes()).await;
                    expect(&answer, 400);
                    api.check(&line, &answer);
                }
            }
            // No spec declares 405; it has the form of another refusal.
            let (method, path) = line.split_once(' ').unwrap();
            let known = api.spec["paths"][path].as_object().unwrap();
            let mut others = ["get", "post", "put", "patch", "delete"].into_iter();
            let other = others.find(|method| !known.contains_key(*method)).unwrap();
            let wrong = format!("{} {path}", other.to_uppercase());
            let answer = api.send(&wrong, NOBODYS, json, b"").await;
            expect(&answer, 405);
            assert!(answer.head.contains("allow: "), "{wrong}: {}", answer.head);
            let allowed = answer.head.split_once("allow: ").unwrap().1.split("\r\n").next();
            assert!(allowed.unwrap().contains(&method.to_lowercase()), "{wrong}: {allowed:?}");
            let responses = operation["responses"].as_object().unwrap();
            let refusal = responses.iter().find(|(status, _)| !status.starts_with('2')).unwrap().1;
            api.check_as(&wrong, refusal, &answer);
        }
    }
}

#[tokio::test]
async fn orders_without_credits_are_refused_in_the_form_of_their_provider() {
    let sandbox = sandbox().await;
    let none = Value::Null;
    for (provider, headers, poor) in PROVIDERS {
        let api = Checked::new(&sandbox, provider, headers).with_headers(poor);
        let mut refused = 0;
        for (line, operation) in api.operations() {
            // What needs a record that was paid for is out of reach for somebody without credits.
            let paid = operation["x-adreel"]["paid"] == true;
            if !paid || line.contains('{') || line.contains("/api/link_to_videos/") {
                continue;
            }
            let mut body: Value = serde_json::from_str(&example(&operation)).unwrap();
            if body.get("preview_id").is_some() {
                continue;
            }
            if body.get("product_id").is_some() {
                let name = json!({"name": "Roast"});
                let mut made = api.call("POST /v2/product", &none, &name).await;
                body["product_id"] = made["data"]["product_id"].take();
            }
            let text = body.to_string();
            let answer = api.send(&line, "", "application/json", text.as_bytes()).await;
            assert_eq!(answer.status, 402, "{line}: {}", answer.body);
            assert_form(provider, &answer);
            api.check(&line, &answer);
            refused += 1;
        }
        assert!(refused >= 2, "{provider}: {refused}");
    }
}

#[tokio::test]
async fn a_key_of_another_order_is_refused_in_the_form_of_beatapi() {
    let sandbox = sandbox().await;
    let headers = "Authorization: Bearer a\r\nIdempotency-Key: once\r\n";
    let api = Checked::new(&sandbox, "beatapi", headers);
    let line = "POST /v1/ecommerce-video/tasks";
    let mut order = json!({"images": ["https://cdn.example.com/a.png"], "duration": 15});
    api.call(line, &Value::Null, &order).await;
    order["duration"] = 16.into();
    let answer = api.send(line, "", "application/json", order.to_string().as_bytes()).await;
    assert_eq!(
        (answer.status, &answer.body["error"]["code"]),
        (409, &"idempotency_conflict".into())
    );
    api.check(line, &answer);
}

#[tokio::test]
async fn refusals_of_jogg_inside_200_have_the_same_form() {
    let builder = Sandbox::builder().seed(7).speed(0.0).quality(Quality::Thumbnail);
    let sandbox = builder.start().await.unwrap();
    let api = Checked::new(&sandbox, "jogg", "");
    for (line, operation) in api.operations() {
        let answer = api.send(&line, NOBODYS, "application/json", b"{}").await;
        assert_eq!((answer.status, &answer.body["code"]), (200, &10105.into()), "{line}");
        api.check_as(&line, &operation["responses"]["default"], &answer);
    }
}
