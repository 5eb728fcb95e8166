//! Refusals in each provider's own words, and faults that are armed, listed and taken back.

use adreel::ProviderId;
use adreel::testing::{Fault, Sandbox};
use serde_json::{Value, json};

use crate::case::KEY;
use crate::plain;

#[tokio::test]
async fn a_refusal_is_in_its_providers_own_words() {
    for (text, statuses, provider, line, key) in [
        (
            "429?seconds=7",
            [429, 429],
            ProviderId::Creatify,
            "POST /api/product_to_videos/gen_image/",
            "X-API-ID: a\r\nX-API-KEY: b\r\n",
        ),
        (
            "500",
            [500, 500],
            ProviderId::Creatify,
            "POST /api/product_to_videos/gen_image/",
            "X-API-ID: a\r\nX-API-KEY: b\r\n",
        ),
        (
            "no-credits",
            [402, 402],
            ProviderId::Creatify,
            "POST /api/product_to_videos/gen_image/",
            "X-API-ID: a\r\nX-API-KEY: b\r\n",
        ),
        (
            "429?seconds=7",
            [200, 429],
            ProviderId::Jogg,
            "POST /v2/create_video_from_product",
            "x-api-key: k\r\n",
        ),
        (
            "500",
            [200, 500],
            ProviderId::Jogg,
            "POST /v2/create_video_from_product",
            "x-api-key: k\r\n",
        ),
        (
            "503",
            [503, 503],
            ProviderId::Jogg,
            "POST /v2/create_video_from_product",
            "x-api-key: k\r\n",
        ),
        (
            "no-credits",
            [200, 402],
            ProviderId::Jogg,
            "POST /v2/create_video_from_product",
            "x-api-key: k\r\n",
        ),
    ] {
        for (status, with_statuses) in statuses.into_iter().zip([false, true]) {
            let fault = text.parse::<Fault>().unwrap().provider(provider);
            let builder = Sandbox::builder().virtual_clock().jogg_statuses(with_statuses);
            let sandbox = builder.fault(fault).start().await.unwrap();
            let answer = plain::send(&sandbox, line, key, &json!({})).await.answer().await;
            assert_eq!(answer.status(), status, "{provider} {text}");
            let said = answer.text();
            let words = match (provider, text) {
                (ProviderId::Creatify, "429?seconds=7") => {
                    "{\"detail\":\"Request was throttled. Expected available in 7 seconds.\"}"
                }
                (ProviderId::Creatify, "500") => "<h1>Server Error (500)</h1>",
                (ProviderId::Creatify, _) => "{\"detail\":\"Insufficient credits.\"}",
                (_, "429?seconds=7") => "\"code\":429",
                (_, "500") => "\"code\":50000",
                (_, "503") => "<h1>503 Service Unavailable</h1>",
                _ => "\"code\":18020",
            };
            assert!(said.contains(words), "{provider} {text}: {said}");
            assert_eq!(answer.header("retry-after").is_some(), text.starts_with("429"));
        }
    }
}

#[tokio::test]
async fn faults_are_armed_listed_taken_back_and_refused() {
    let sandbox = Sandbox::builder().virtual_clock().start().await.unwrap();
    let call =
        async |line: &str, body: Value| plain::send(&sandbox, line, "", &body).await.answer().await;
    let rule = json!({"fault": "lost-answer", "provider": "jogg", "times": "always", "skip": 3});
    let id = call("POST /_sandbox/faults", rule).await.json()["id"].as_str().unwrap().to_owned();
    let listed = call("GET /_sandbox/faults", Value::Null).await.json();
    assert_eq!(
        (&listed["faults"][0]["id"], &listed["faults"][0]["happened"]),
        (&id.as_str().into(), &0.into())
    );
    assert_eq!(sandbox.faults().len(), 1);
    for (rule, expected) in [
        (json!({"fault": "lost-anser"}), "unknown variant"),
        (json!({"fault": "lost-answer", "seconds": 3}), "lost-answer has no seconds"),
        (json!({"fault": "delay", "operation": "make"}), "no provider has it"),
        (json!({}), "missing field `fault`"),
        (json!([]), "must be a JSON object"),
    ] {
        let refused = call("POST /_sandbox/faults", rule).await;
        assert_eq!(refused.status(), 400);
        let said = refused.json()["error"].as_str().unwrap().to_owned();
        assert!(said.contains(expected), "{said}");
    }
    let headers = format!("{KEY}x-sandbox-fault: nothing\r\n");
    let refused =
        plain::send(&sandbox, "GET /v1/usage", &headers, &Value::Null).await.answer().await;
    assert_eq!(refused.status(), 400);
    assert!(refused.text().contains("x-sandbox-fault"), "{refused:?}");
    assert_eq!(call(&format!("DELETE /_sandbox/faults/{id}"), Value::Null).await.status(), 204);
    assert_eq!(call(&format!("DELETE /_sandbox/faults/{id}"), Value::Null).await.status(), 404);
    assert!(sandbox.faults().is_empty());
}
