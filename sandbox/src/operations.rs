//! The operations of the three services: what a request is called in the journal, the counters and
//! the rules of faults.

use Kind::{Other, Poll, Submit};
use axum::http::Method;

use crate::provider::Provider;

/// What an operation is to the counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It costs credits when it is accepted.
    Submit,
    /// It shows where jobs stand, one or a list of them.
    Poll,
    Other,
}

#[derive(Debug)]
pub(super) struct Operation {
    pub(super) provider: Provider,
    pub(super) method: &'static str,
    /// As the router has it.
    pub(super) path: &'static str,
    /// The `operationId` of the spec.
    pub(super) id: &'static str,
    pub(super) kind: Kind,
}

const fn row(
    provider: Provider,
    method: &'static str,
    path: &'static str,
    id: &'static str,
    kind: Kind,
) -> Operation {
    Operation { provider, method, path, id, kind }
}

/// The operation of a route.
pub(super) fn find(method: &Method, path: &str) -> Option<&'static Operation> {
    OPERATIONS.iter().find(|known| known.path == path && known.method == method.as_str())
}

/// The names of all operations.
pub(super) fn names() -> impl Iterator<Item = (Provider, &'static str)> {
    OPERATIONS.iter().map(|known| (known.provider, known.id))
}

/// Whether any provider has an operation of this name.
pub(super) fn exists(id: &str) -> bool {
    OPERATIONS.iter().any(|known| known.id == id)
}

/// The provider of a path, whether or not any operation has it.
pub(super) fn provider_of(path: &str) -> Option<Provider> {
    match path.split('/').nth(1)? {
        "v1" => Some(Provider::BeatApi),
        "api" => Some(Provider::Creatify),
        "v2" => Some(Provider::Jogg),
        _ => None,
    }
}

#[rustfmt::skip]
static OPERATIONS: [Operation; 59] = [
    row(Provider::BeatApi, "GET", "/v1/workflows", "list_workflows", Other),
    row(Provider::BeatApi, "POST", "/v1/files", "upload_file", Other),
    row(Provider::BeatApi, "POST", "/v1/ecommerce-video/tasks", "create_ecommerce_video", Submit),
    row(Provider::BeatApi, "POST", "/v1/music-video/tasks", "create_music_video", Submit),
    row(Provider::BeatApi, "GET", "/v1/tasks/{task_id}", "get_task", Poll),
    row(Provider::BeatApi, "GET", "/v1/usage", "get_usage", Other),
    row(Provider::BeatApi, "GET", "/v1/webhooks", "list_webhooks", Other),
    row(Provider::BeatApi, "POST", "/v1/webhooks", "create_webhook", Other),
    row(Provider::BeatApi, "GET", "/v1/webhooks/{webhook_id}", "get_webhook", Other),
    row(Provider::BeatApi, "PATCH", "/v1/webhooks/{webhook_id}", "update_webhook", Other),
    row(Provider::BeatApi, "DELETE", "/v1/webhooks/{webhook_id}", "delete_webhook", Other),
    row(Provider::Creatify, "GET", "/api/product_to_videos/", "list_product_to_videos", Poll),
    row(Provider::Creatify, "POST", "/api/product_to_videos/gen_image/", "gen_image", Submit),
    row(Provider::Creatify, "GET", "/api/product_to_videos/{id}/", "get_product_to_video", Poll),
    row(Provider::Creatify, "POST", "/api/product_to_videos/{id}/gen_video/", "gen_video", Submit),
    row(Provider::Creatify, "POST", "/api/product_to_videos/{id}/regen_image/", "regen_image", Submit),
    row(Provider::Creatify, "POST", "/api/product_to_videos/{id}/regen_video/", "regen_video", Submit),
    row(Provider::Creatify, "GET", "/api/links/", "list_links", Other),
    row(Provider::Creatify, "POST", "/api/links/", "create_link", Submit),
    row(Provider::Creatify, "POST", "/api/links/link_with_params/", "create_link_with_params", Submit),
    row(Provider::Creatify, "GET", "/api/links/{id}/", "get_link", Other),
    row(Provider::Creatify, "PUT", "/api/links/{id}/", "update_link", Other),
    row(Provider::Creatify, "GET", "/api/link_to_videos/", "list_link_to_videos", Poll),
    row(Provider::Creatify, "POST", "/api/link_to_videos/", "create_link_to_video", Submit),
    row(Provider::Creatify, "POST", "/api/link_to_videos/preview/", "preview_link_to_video", Submit),
    row(Provider::Creatify, "POST", "/api/link_to_videos/preview_list_async/", "preview_link_to_video_list", Submit),
    row(Provider::Creatify, "POST", "/api/link_to_videos/{id}/render/", "render_link_to_video", Submit),
    row(Provider::Creatify, "POST", "/api/link_to_videos/{id}/render_single_preview/", "render_single_preview", Submit),
    row(Provider::Creatify, "GET", "/api/link_to_videos/{id}/", "get_link_to_video", Poll),
    row(Provider::Creatify, "GET", "/api/personas/", "list_personas", Other),
    row(Provider::Creatify, "GET", "/api/personas/paginated/", "list_personas_paginated", Other),
    row(Provider::Creatify, "GET", "/api/personas/{id}/", "get_persona", Other),
    row(Provider::Creatify, "GET", "/api/voices/", "list_voices", Other),
    row(Provider::Creatify, "GET", "/api/voices/paginated/", "list_voices_paginated", Other),
    row(Provider::Creatify, "GET", "/api/music_categories/", "list_music_categories", Other),
    row(Provider::Creatify, "GET", "/api/musics/", "list_musics", Other),
    row(Provider::Creatify, "GET", "/api/remaining_credits/", "get_remaining_credits", Other),
    row(Provider::Jogg, "POST", "/v2/upload/asset", "upload_asset", Other),
    row(Provider::Jogg, "POST", "/v2/product", "create_product", Other),
    row(Provider::Jogg, "PUT", "/v2/product", "update_product", Other),
    row(Provider::Jogg, "POST", "/v2/create_video_from_product", "create_video_from_product", Submit),
    row(Provider::Jogg, "GET", "/v2/product_video/{product_video_id}", "get_product_video", Poll),
    row(Provider::Jogg, "GET", "/v2/product_videos", "list_product_videos", Poll),
    row(Provider::Jogg, "GET", "/v2/avatars/public", "list_public_avatars", Other),
    row(Provider::Jogg, "POST", "/v2/create_video_from_product/preview_list", "create_previews", Submit),
    row(Provider::Jogg, "POST", "/v2/create_video_from_product/render_single_preview", "render_single_preview", Submit),
    row(Provider::Jogg, "GET", "/v2/product_previews", "list_product_previews", Poll),
    row(Provider::Jogg, "GET", "/v2/avatars/custom", "list_custom_avatars", Other),
    row(Provider::Jogg, "GET", "/v2/voices", "list_voices", Other),
    row(Provider::Jogg, "GET", "/v2/voices/custom", "list_custom_voices", Other),
    row(Provider::Jogg, "GET", "/v2/musics", "list_musics", Other),
    row(Provider::Jogg, "GET", "/v2/visual_styles", "list_visual_styles", Other),
    row(Provider::Jogg, "GET", "/v2/user/whoami", "whoami", Other),
    row(Provider::Jogg, "GET", "/v2/endpoints", "list_endpoints", Other),
    row(Provider::Jogg, "POST", "/v2/endpoint", "create_endpoint", Other),
    row(Provider::Jogg, "PUT", "/v2/endpoint/{endpoint_id}", "update_endpoint", Other),
    row(Provider::Jogg, "DELETE", "/v2/endpoint/{endpoint_id}", "delete_endpoint", Other),
    row(Provider::Jogg, "GET", "/v2/events", "list_events", Other),
    row(Provider::Jogg, "GET", "/v2/user/remaining_quota", "get_remaining_quota", Other),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The specs say it a second time, since the sandbox was written from the facts.
    #[test]
    fn the_table_is_that_of_the_specs() {
        let mut known = 0;
        for (provider, yaml) in [
            (Provider::BeatApi, include_str!("../../openapi/beatapi.yaml")),
            (Provider::Creatify, include_str!("../../openapi/creatify.yaml")),
            (Provider::Jogg, include_str!("../../openapi/jogg.yaml")),
        ] {
            let spec: serde_json::Value = yaml_serde::from_str(yaml).unwrap();
            for (path, methods) in spec["paths"].as_object().unwrap() {
                for (method, operation) in methods.as_object().unwrap() {
                    let Some(id) = operation["operationId"].as_str() else { continue };
                    let method: Method = method.to_uppercase().parse().unwrap();
                    let found = find(&method, path).unwrap_or_else(|| panic!("{method} {path}"));
                    assert_eq!((found.provider, found.id), (provider, id));
                    let is_paid = operation["x-adreel"]["paid"] == true;
                    assert_eq!(found.kind == Submit, is_paid, "{id}");
                    assert_eq!(provider_of(path), Some(provider));
                    known += 1;
                }
            }
        }
        assert_eq!(known, OPERATIONS.len());
    }
}
