use adreel::jogg::Client;

use super::sent::Sent;
use super::{Called, value};

pub(super) async fn call(client: &Client, id: &str, sent: &Sent) -> Called {
    match id {
        "upload_asset" => value(client.upload_asset(&sent.body()).await),
        "create_product" => value(client.create_product(&sent.body()).await),
        "create_video_from_product" => value(client.create_video_from_product(&sent.body()).await),
        "get_product_video" => {
            value(client.get_product_video(&sent.path("product_video_id")).await)
        }
        "list_product_videos" => value(client.list_product_videos(&sent.query()).await),
        "list_public_avatars" => value(client.list_public_avatars(&sent.query()).await),
        "get_remaining_quota" => value(client.get_remaining_quota().await),
        _ => None,
    }
}
