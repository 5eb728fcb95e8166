//! A call of each operation of JoggAI.

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
        "update_product" => value(client.update_product(&sent.body()).await),
        "create_previews" => value(client.create_previews(&sent.body()).await),
        "render_single_preview" => value(client.render_single_preview(&sent.body()).await),
        "list_product_previews" => value(client.list_product_previews(&sent.query()).await),
        "list_custom_avatars" => value(client.list_custom_avatars(&sent.query()).await),
        "list_voices" => value(client.list_voices(&sent.query()).await),
        "list_custom_voices" => value(client.list_custom_voices(&sent.query()).await),
        "list_musics" => value(client.list_musics(&sent.query()).await),
        "list_visual_styles" => value(client.list_visual_styles(&sent.query()).await),
        "whoami" => value(client.whoami().await),
        "list_endpoints" => value(client.list_endpoints().await),
        "create_endpoint" => value(client.create_endpoint(&sent.body()).await),
        "update_endpoint" => {
            value(client.update_endpoint(&sent.path("endpoint_id"), &sent.body()).await)
        }
        "delete_endpoint" => value(client.delete_endpoint(&sent.path("endpoint_id")).await),
        "list_events" => value(client.list_events().await),
        _ => None,
    }
}
