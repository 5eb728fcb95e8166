use adreel::creatify::Client;

use super::sent::Sent;
use super::{Called, value};

pub(super) async fn call(client: &Client, id: &str, sent: &Sent) -> Called {
    match id {
        "list_product_to_videos" => {
            let (_, ids) = sent.query_pairs().next().unwrap();
            let ids: Vec<&str> = ids.split(',').collect();
            value(client.list_product_to_videos(Some(&ids)).await)
        }
        "gen_image" => value(client.gen_image(&sent.body()).await),
        "get_product_to_video" => value(client.get_product_to_video(&sent.path("id")).await),
        "gen_video" => value(client.gen_video(&sent.path("id"), &sent.body()).await),
        "get_remaining_credits" => value(client.get_remaining_credits().await),
        _ => None,
    }
}
