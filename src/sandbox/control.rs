//! What is the sandbox's own: `/_sandbox/` and the files it hands out.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Json, Router};
use serde_json::json;

use super::world::World;
use super::{assets, body, clock, media, studio};

/// Largest image that is hosted.
const MOST_ASSET_BYTES: usize = 50_000_000;

pub(super) fn routes(world: &Arc<World>) -> Router {
    Router::new()
        .route("/_sandbox/info", get(info))
        .route("/_sandbox/assets", post(host_asset))
        .route("/_sandbox/ledger", get(ledger))
        .route("/_sandbox/counters", get(counters))
        .route("/_sandbox/clock/advance", post(clock::advance_route))
        .route("/_sandbox/{*path}", any(not_found))
        .route("/media/{*path}", get(serve_media))
        .method_not_allowed_fallback(wrong_method)
        .with_state(Arc::clone(world))
}

async fn info(State(world): State<Arc<World>>) -> Response {
    let info = json!({
        "url": world.origin,
        "version": env!("CARGO_PKG_VERSION"),
        "speed": world.clock.speed(),
        "seed": world.seed,
        "now": world.now().unix_millis(),
        "renders": cfg!(feature = "render"),
    });
    Json(info).into_response()
}

/// An asset host for providers without uploads. The same file gets the same short address.
async fn host_asset(State(world): State<Arc<World>>, request: Request) -> Response {
    let media_type = body::media_type(request.headers());
    let bytes = match body::read(request, MOST_ASSET_BYTES).await {
        Ok(bytes) => bytes,
        Err(fault) => return refusal(StatusCode::PAYLOAD_TOO_LARGE, &fault.to_string()),
    };
    if assets::image_type(&bytes) != Some(media_type.as_str()) {
        let text = "send a PNG, JPEG, WebP or GIF with its own Content-Type";
        return refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, text);
    }
    let path = studio::path_by_content("assets", &media_type, &bytes);
    let url = world.media_url(&path);
    world.assets.put(path, &media_type, bytes, world.now());
    (StatusCode::CREATED, Json(json!({"url": url}))).into_response()
}

async fn ledger(State(world): State<Arc<World>>) -> Response {
    Json(json!({"entries": world.ledger()})).into_response()
}

async fn counters(State(world): State<Arc<World>>) -> Response {
    Json(world.counters()).into_response()
}

async fn serve_media(
    State(world): State<Arc<World>>,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Response {
    match world.assets.get(&path) {
        Some(asset) => media::serve(&asset, &headers),
        None => refusal(StatusCode::NOT_FOUND, "there is no such file"),
    }
}

pub(super) async fn not_found() -> Response {
    refusal(StatusCode::NOT_FOUND, "there is nothing at this path")
}

async fn wrong_method() -> Response {
    refusal(StatusCode::METHOD_NOT_ALLOWED, "the path does not take this method")
}

pub(super) fn refusal(status: StatusCode, text: &str) -> Response {
    (status, Json(json!({"error": text}))).into_response()
}
