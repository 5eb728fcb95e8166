//! JoggAI: every answer is HTTP 200 with a business code, unless the sandbox is set up to use HTTP
//! statuses, and a video is made from a product.

mod avatars;
mod catalogue;
mod endpoints;
mod events;
mod order;
mod page;
mod preview;
mod product;
mod refusal;
mod upload;
mod video;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::middleware::{Next, from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post, put};
use axum::{Json, Router};
use serde_json::{Map, Value, json};

use self::endpoints::Endpoint;
use self::preview::Preview;
use self::product::Product;
use self::refusal::Refusal;
use self::upload::Slot;
use self::video::Video;
use super::body;
use super::bounded_map::BoundedMap;
use super::exchange::Exchange;
use super::ledger::Account;
use super::limits::Rate;
use super::world::World;
use crate::provider::Provider;

pub(super) fn routes(world: &Arc<World>) -> Router {
    avatars::publish(world);
    let service = Arc::new(Service { world: Arc::clone(world), records: Mutex::default() });
    let routes = Router::new()
        .route("/v2/upload/asset", post(upload::upload_asset))
        .route("/storage/jogg/{name}", put(upload::put_asset))
        .route("/v2/product", post(product::create_product).put(product::update_product))
        .route("/v2/create_video_from_product", post(video::create_video_from_product))
        .route("/v2/product_video/{product_video_id}", get(video::get_product_video))
        .route("/v2/product_videos", get(video::list_product_videos))
        .route("/v2/avatars/public", get(avatars::list_public_avatars))
        .route("/v2/create_video_from_product/preview_list", post(preview::create_previews))
        .route(
            "/v2/create_video_from_product/render_single_preview",
            post(preview::render_single_preview),
        )
        .route("/v2/product_previews", get(preview::list_product_previews))
        .route("/v2/avatars/custom", get(catalogue::list_custom_avatars))
        .route("/v2/voices", get(catalogue::list_voices))
        .route("/v2/voices/custom", get(catalogue::list_custom_voices))
        .route("/v2/musics", get(catalogue::list_musics))
        .route("/v2/visual_styles", get(catalogue::list_visual_styles))
        .route("/v2/endpoints", get(endpoints::list_endpoints))
        .route("/v2/endpoint", post(endpoints::create_endpoint))
        .route(
            "/v2/endpoint/{endpoint_id}",
            put(endpoints::update_endpoint).delete(endpoints::delete_endpoint),
        )
        .route("/v2/events", get(endpoints::list_events))
        .route("/v2/user/whoami", get(catalogue::whoami))
        .route("/v2/user/remaining_quota", get(get_remaining_quota))
        .route("/v2/{*path}", any(unknown_path))
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(Arc::clone(world), limit_posts))
        .with_state(service);
    if world.settings.jogg_statuses {
        routes.layer(map_response(refusal::with_status))
    } else {
        routes
    }
}

/// POSTs of an account in a minute, whatever they are for; nothing else is limited.
const POSTS: Rate = Rate { calls: "jogg posts", most: 20 };

/// Counts POSTs before anybody looks at what they say. `Retry-After` is documented nowhere, and
/// clients had no way to know without it.
async fn limit_posts(State(world): State<Arc<World>>, request: Request, next: Next) -> Response {
    let account = account(request.headers()).ok().filter(|_| request.method() == Method::POST);
    let Some(account) = account else { return next.run(request).await };
    let (mut response, left) = match world.limits.take(&account, POSTS, world.now()) {
        Ok(left) => (next.run(request).await, left),
        Err(secs) => {
            let until = world.now().plus(Duration::from_secs(secs));
            Exchange::of(&request).refused_until(until);
            (Refusal::TooMany { secs }.into_response(), 0)
        }
    };
    response.headers_mut().insert("x-ratelimit-remaining", HeaderValue::from(left));
    response
}

/// The state of JoggAI: the records of all accounts, and the world that providers share.
struct Service {
    world: Arc<World>,
    records: Mutex<Records>,
}

#[derive(Default)]
struct Records {
    /// Addresses for uploads, by the name in them.
    slots: BoundedMap<Slot>,
    products: BoundedMap<Product>,
    /// In the order in which they were made.
    videos: Vec<Video>,
    by_id: HashMap<String, usize>,
    /// In the order in which they were made.
    previews: Vec<Preview>,
    endpoints: Vec<Endpoint>,
}

fn account(headers: &HeaderMap) -> Result<Account, Refusal> {
    let key = headers.get("x-api-key").and_then(|value| value.to_str().ok());
    key.filter(|key| !key.trim().is_empty())
        .and_then(|key| Account::of_key(Provider::Jogg, key))
        .ok_or(Refusal::Key)
}

/// The envelope of an answer that is yes.
fn success(data: Value) -> Response {
    Json(json!({"code": 0, "msg": "Success", "data": data})).into_response()
}

/// The envelope where there is nothing to say.
fn success_without_data() -> Response {
    Json(json!({"code": 0, "msg": "Success"})).into_response()
}

async fn read_body(request: Request) -> Result<Map<String, Value>, Refusal> {
    if body::media_type(request.headers()) != "application/json" {
        return Err(Refusal::Parameter("Content-Type must be application/json".to_owned()));
    }
    body::read_object(request).await.map_err(|fault| Refusal::Parameter(fault.to_string()))
}

async fn get_remaining_quota(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let account = account(&headers)?;
    Ok(success(json!({"remaining_quota": service.world.balance(&account)})))
}

async fn unknown_path() -> Refusal {
    Refusal::Path
}

async fn wrong_method() -> Refusal {
    Refusal::Method
}
