//! A call of each operation of BeatAPI.

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
        "create_music_video" => {
            let key = IdempotencyKey::new(sent.header("Idempotency-Key")).unwrap();
            value(client.create_music_video(&sent.body(), Some(&key)).await)
        }
        "list_webhooks" => value(client.list_webhooks().await),
        "create_webhook" => value(client.create_webhook(&sent.body()).await),
        "get_webhook" => value(client.get_webhook(&sent.path("webhook_id")).await),
        "update_webhook" => {
            value(client.update_webhook(&sent.path("webhook_id"), &sent.body()).await)
        }
        "delete_webhook" => value(client.delete_webhook(&sent.path("webhook_id")).await),
        _ => None,
    }
}
