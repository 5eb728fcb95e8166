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
