//! A call of each operation of Creatify.

use adreel::creatify::Client;

use super::sent::Sent;
use super::{Called, value};

pub(super) async fn call(client: &Client, id: &str, sent: &Sent) -> Called {
    // The lists take their ids in one text.
    let ids = sent.query_pairs().find(|(name, _)| name == "ids").map(|(_, ids)| ids);
    let ids: Vec<&str> = ids.iter().flat_map(|ids| ids.split(',')).collect();
    match id {
        "list_product_to_videos" => value(client.list_product_to_videos(Some(&ids)).await),
        "gen_image" => value(client.gen_image(&sent.body()).await),
        "get_product_to_video" => value(client.get_product_to_video(&sent.path("id")).await),
        "gen_video" => value(client.gen_video(&sent.path("id"), &sent.body()).await),
        "get_remaining_credits" => value(client.get_remaining_credits().await),
        "regen_image" => value(client.regen_image(&sent.path("id"), &sent.body()).await),
        "regen_video" => value(client.regen_video(&sent.path("id"), &sent.body()).await),
        "create_link" => value(client.create_link(&sent.body()).await),
        "create_link_with_params" => value(client.create_link_with_params(&sent.body()).await),
        "get_link" => value(client.get_link(&sent.path("id")).await),
        "update_link" => value(client.update_link(&sent.path("id"), &sent.body()).await),
        "list_links" => value(client.list_links(Some(&ids)).await),
        "list_link_to_videos" => value(client.list_link_to_videos(Some(&ids)).await),
        "create_link_to_video" => value(client.create_link_to_video(&sent.body()).await),
        "preview_link_to_video" => value(client.preview_link_to_video(&sent.body()).await),
        "preview_link_to_video_list" => {
            value(client.preview_link_to_video_list(&sent.body()).await)
        }
        "render_link_to_video" => value(client.render_link_to_video(&sent.path("id")).await),
        "render_single_preview" => {
            value(client.render_single_preview(&sent.path("id"), &sent.body()).await)
        }
        "get_link_to_video" => value(client.get_link_to_video(&sent.path("id")).await),
        "list_personas" => value(client.list_personas(&sent.query()).await),
        "list_personas_paginated" => value(client.list_personas_paginated(&sent.query()).await),
        "get_persona" => value(client.get_persona(&sent.path("id")).await),
        "list_voices" => value(client.list_voices().await),
        "list_voices_paginated" => value(client.list_voices_paginated(&sent.query()).await),
        "list_music_categories" => value(client.list_music_categories().await),
        "list_musics" => value(client.list_musics(&sent.query()).await),
        _ => None,
    }
}
