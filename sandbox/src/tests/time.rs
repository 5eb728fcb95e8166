//! The clock over the wire.

use std::time::UNIX_EPOCH;

use serde_json::json;

use super::*;

async fn advance(sandbox: &Sandbox, body: &Value) -> Answer {
    Call::new(sandbox, "POST /_sandbox/clock/advance").json(body).send().await
}

#[tokio::test]
async fn the_clock_is_moved_on_over_the_wire_too() {
    let sandbox = still().await;
    let before = sandbox.clock().system_time();
    let answer = advance(&sandbox, &json!({"seconds": 600.5})).await;
    assert_eq!(answer.status, 200);
    let now = sandbox.clock().system_time();
    assert_eq!(now.duration_since(before).unwrap(), Duration::from_millis(600_500));
    assert_eq!(
        answer.json(),
        json!({"now": now.duration_since(UNIX_EPOCH).unwrap().as_millis() as u64})
    );
    for body in [
        json!({}),
        json!({"seconds": -1}),
        json!({"seconds": "600"}),
        json!({"seconds": 1e9}),
        json!({"seconds": null}),
        json!({"seconds": 1, "minutes": 1}),
        json!([600]),
    ] {
        let answer = advance(&sandbox, &body).await;
        assert_eq!(answer.status, 400, "{body}");
        assert!(answer.json()["error"].is_string());
    }
    assert_eq!(sandbox.clock().system_time(), now);
}
