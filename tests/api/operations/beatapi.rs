use adreel::Upload;
use adreel::beatapi::{Client, IdempotencyKey};

use super::sent::Sent;
use super::{Called, value};

pub(super) async fn call(client: &Client, id: &str, sent: &Sent) -> Called {
    match id {
        "list_workflows" => value(client.list_workflows().await),
        "upload_file" => value(client.upload_file(&Upload::bytes("bytes", "image/png")).await),
        "create_ecommerce_video" => {
            let key = IdempotencyKey::new(sent.header("Idempotency-Key")).unwrap();
            value(client.create_ecommerce_video(&sent.body(), Some(&key)).await)
        }
        "get_task" => value(client.get_task(&sent.path("task_id")).await),
        "get_usage" => value(client.get_usage(&sent.query()).await),
        _ => None,
    }
}
