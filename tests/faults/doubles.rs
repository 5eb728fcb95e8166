//! A double is what was bought twice, whatever was said; and nothing else is one.

use adreel::ProviderId;
use adreel::testing::{Quality, Sandbox};
use serde_json::{Value, json};

use crate::library::{client, request};
use crate::plain;

const KEY: &str = "x-api-key: k\r\n";

async fn sandbox() -> Sandbox {
    let builder = Sandbox::builder().virtual_clock().quality(Quality::Thumbnail);
    builder.limits(false).start().await.unwrap()
}

async fn call(sandbox: &Sandbox, line: &str, key: &str, body: &Value) -> Value {
    plain::send(sandbox, line, key, body).await.answer().await.json()
}

/// Makes a product, and a video of it under a name, and gives the video's id.
async fn film(sandbox: &Sandbox, product: &str, name: &str) -> String {
    let avatars = call(sandbox, "GET /v2/avatars/public", KEY, &Value::Null).await;
    let product = json!({"name": product, "description": "Steam rises"});
    let product = call(sandbox, "POST /v2/product", KEY, &product).await;
    let body = json!({
        "product_id": product["data"]["product_id"],
        "video_spec": {"length": "15", "name": name},
        "avatar": {"id": avatars["data"]["avatars"][0]["id"], "type": 0},
        "voice": {}, "audio": {},
        "script": {"style": "Storytime", "language": "english"},
    });
    let made = call(sandbox, "POST /v2/create_video_from_product", KEY, &body).await;
    made["data"]["video_id"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned()
}

const TAG: &str = "ar-01JDABCDEFGHJKMNPQRSTVWXYZ-1";
const OTHER_TAG: &str = "ar-01JDZZZZZZZZZZZZZZZZZZZZZZ-1";

#[tokio::test]
async fn a_planted_double_with_another_tag_and_another_product_id_is_caught() {
    let sandbox = sandbox().await;
    let first = film(&sandbox, "Roast", &format!("Roast {TAG}")).await;
    film(&sandbox, "Other Roast", &format!("Roast {TAG}")).await;
    film(&sandbox, "Roast", &format!("Another name {TAG}")).await;
    sandbox.assert_no_double_submits();
    let second = film(&sandbox, "Roast", &format!("Roast {OTHER_TAG}")).await;
    let doubles = sandbox.double_submits();
    assert_eq!((doubles.len(), &doubles[0].first, &doubles[0].job), (1, &first, &second));
    let counters = call(&sandbox, "GET /_sandbox/counters", "", &Value::Null).await;
    assert_eq!(counters["double_submits"], 1);
    assert_eq!(counters["providers"]["jogg"]["double_submits"], 1);
    let ledger = call(&sandbox, "GET /_sandbox/ledger", "", &Value::Null).await;
    assert_eq!(ledger["double_submits"][0]["first"], first.as_str());
    let message = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        sandbox.assert_no_double_submits();
    }));
    let message = message.unwrap_err().downcast::<String>().unwrap();
    assert!(message.contains(&first) && message.contains(&second), "{message}");
}

#[tokio::test]
async fn a_second_generation_that_was_announced_is_none_and_a_third_is() {
    let sandbox = sandbox().await;
    let first = film(&sandbox, "Roast", &format!("Roast {TAG}")).await;
    let announced = json!({"job": first});
    let said = plain::send(&sandbox, "POST /_sandbox/resubmits", "", &announced).await;
    assert_eq!(said.answer().await.status(), 204);
    film(&sandbox, "Roast", &format!("Roast {OTHER_TAG}")).await;
    sandbox.assert_no_double_submits();
    film(&sandbox, "Roast", &format!("Roast {OTHER_TAG}")).await;
    assert_eq!(sandbox.double_submits().len(), 1);
}

#[tokio::test]
async fn uploads_count_as_their_content_and_addresses_for_webhooks_not_at_all() {
    let sandbox = sandbox().await;
    let png = include_bytes!("../fixtures/tiny.png");
    let key = "Authorization: Bearer k\r\n";
    let upload = async || {
        let made = plain::upload(&sandbox, "POST /v1/files", key, "image/png", png).await;
        made.answer().await.json()["data"]["url"].as_str().unwrap().to_owned()
    };
    let (one, two) = (upload().await, upload().await);
    assert_ne!(one, two, "each upload has an address of its own");
    for (image, doubles) in [(&one, 0), (&two, 1)] {
        let body = json!({"images": [image], "duration": 10});
        call(&sandbox, "POST /v1/ecommerce-video/tasks", key, &body).await;
        assert_eq!(sandbox.double_submits().len(), doubles);
    }
    let key = "X-API-ID: a\r\nX-API-KEY: b\r\n";
    for (hook, doubles) in [("1", 1), ("2", 2)] {
        let body = json!({
            "product_url": "https://cdn.example.com/roast.png",
            "webhook_url": format!("https://hooks.example.com/{hook}"),
        });
        call(&sandbox, "POST /api/product_to_videos/gen_image/", key, &body).await;
        assert_eq!(sandbox.double_submits().len(), doubles);
    }
}

async fn fast() -> Sandbox {
    let sandbox = Sandbox::builder().speed(2_000.0).quality(Quality::Thumbnail);
    sandbox.start().await.unwrap()
}

/// Two keys are two orders of one product. One key is one order, also where the client has forgotten
/// that it paid for it.
#[tokio::test(flavor = "multi_thread")]
async fn orders_with_different_keys_are_no_double_and_a_forgotten_one_is() {
    for provider in ProviderId::ALL {
        let sandbox = fast().await;
        let request = request("Roast");
        let order = async |key: &str| {
            // Its ledger is a new one each time.
            let client = client(&sandbox);
            client.generate(&request).key(key).on(provider).await.unwrap();
        };
        order("order-1").await;
        let calls = sandbox.ledger().len();
        order("order-2").await;
        sandbox.assert_submits(2 * calls);
        sandbox.assert_no_double_submits();
        order("order-1").await;
        sandbox.assert_submits(3 * calls);
        assert_eq!(sandbox.double_submits().len(), calls, "{provider}");
    }
}

/// Two jobs without a key may be one order that was forgotten between two attempts.
#[tokio::test(flavor = "multi_thread")]
async fn two_jobs_without_a_key_are_announced_by_who_means_them() {
    let sandbox = fast().await;
    let client = client(&sandbox);
    let request = request("Roast");
    let order = async || drop(client.generate(&request).on(ProviderId::Jogg).await.unwrap());
    order().await;
    sandbox.announce_resubmit(&sandbox.ledger()[0].job);
    order().await;
    sandbox.assert_no_double_submits();
    order().await;
    assert_eq!(sandbox.double_submits().len(), 1);
}

/// A key that is made anew for each attempt is the mistake itself, so it says nothing; who means two
/// orders says so by name.
#[tokio::test]
async fn a_plain_client_says_which_order_it_means() {
    let sandbox = sandbox().await;
    let order = async |key: &str, order: &str| {
        let body = json!({"images": ["https://cdn.example.com/roast.png"], "duration": 10});
        let headers = format!("Authorization: Bearer k\r\nIdempotency-Key: {key}\r\n{order}");
        call(&sandbox, "POST /v1/ecommerce-video/tasks", &headers, &body).await;
        sandbox.double_submits().len()
    };
    assert_eq!(order("1", "x-sandbox-order: 1042\r\n").await, 0);
    assert_eq!(order("2", "x-sandbox-order: 1043\r\n").await, 0);
    assert_eq!(order("3", "x-sandbox-order: 1043\r\n").await, 1);
    assert_eq!(order("4", "").await, 2);
}
