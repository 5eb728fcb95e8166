//! Creatify's product videos and link videos: a Django service, with its trailing slashes and its error maps.

mod catalogue;
mod link;
mod link_order;
mod link_record;
mod link_video;
mod order;
mod product_video;
mod record;
mod records;
mod refusal;
mod webhooks;

use std::sync::{Arc, Mutex};

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, Method};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Json, Router};
use serde_json::{Map, Value, json};

use self::link::Link;
use self::link_record::LinkRecord;
pub use self::record::CREATIFY_SECONDS;
use self::record::Record;
use self::records::RecordStore;
use self::refusal::Refusal;
use super::body;
use super::check::is_uuid;
use super::exchange::{Exchange, Submit};
use super::ledger::Account;
use super::world::World;
use crate::provider::Provider;

/// How many records one list call may name.
const MOST_IDS: usize = 100;

/// Without its slash at the end no path is known: what the service does then is not documented.
pub(super) fn routes(world: &Arc<World>) -> Router {
    catalogue::publish(world);
    let service = Arc::new(Service { world: Arc::clone(world), records: Mutex::default() });
    Router::new()
        .route("/api/product_to_videos/", get(product_video::list_product_to_videos))
        .route("/api/product_to_videos/gen_image/", post(product_video::gen_image))
        .route("/api/product_to_videos/{id}/", get(product_video::get_product_to_video))
        .route("/api/product_to_videos/{id}/gen_video/", post(product_video::gen_video))
        .route("/api/product_to_videos/{id}/regen_image/", post(product_video::regen_image))
        .route("/api/product_to_videos/{id}/regen_video/", post(product_video::regen_video))
        .route("/api/links/", get(link::list_links).post(link::create_link))
        .route("/api/links/link_with_params/", post(link::create_link_with_params))
        .route("/api/links/{id}/", get(link::get_link).put(link::update_link))
        .merge(link_video::routes())
        .route("/api/personas/", get(catalogue::list_personas))
        .route("/api/personas/paginated/", get(catalogue::list_personas_paginated))
        .route("/api/personas/{id}/", get(catalogue::get_persona))
        .route("/api/voices/", get(catalogue::list_voices))
        .route("/api/voices/paginated/", get(catalogue::list_voices_paginated))
        .route("/api/music_categories/", get(catalogue::list_music_categories))
        .route("/api/musics/", get(catalogue::list_musics))
        .route("/api/remaining_credits/", get(get_remaining_credits))
        .route("/api/{*path}", any(unknown_path))
        .method_not_allowed_fallback(wrong_method)
        .with_state(service)
}

/// The state of Creatify: the records of all accounts, and the world that providers share.
struct Service {
    world: Arc<World>,
    records: Mutex<Records>,
}

#[derive(Default)]
struct Records {
    product_videos: RecordStore<Record>,
    links: RecordStore<Link>,
    link_videos: RecordStore<LinkRecord>,
}

/// Both headers have to be there; the secret one alone tells whose they are.
fn account(headers: &HeaderMap) -> Result<Account, Refusal> {
    let header = |name| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.filter(|value| !value.trim().is_empty()).ok_or(Refusal::NoKeys)
    };
    header("x-api-id")?;
    Account::of_key(Provider::Creatify, header("x-api-key")?).ok_or(Refusal::WrongKeys)
}

/// The ids that a list is limited to, if it is.
fn wanted_ids(request: &Request) -> Result<Option<Vec<String>>, Refusal> {
    let query = body::query(request);
    let wrong = |text: &str| Err(Refusal::field("ids", text));
    let ids: Vec<String> = match query.get("ids").and_then(Value::as_str) {
        None => return Ok(None),
        Some("") => return wrong("Ensure this field has at least 1 character."),
        Some(ids) => ids.split(',').map(|id| id.trim().to_ascii_lowercase()).collect(),
    };
    if ids.len() > MOST_IDS {
        return wrong(&format!("Ensure this field has no more than {MOST_IDS} ids."));
    }
    match ids.iter().find(|id| !is_uuid(id)) {
        Some(id) => wrong(&format!("\u{201c}{id}\u{201d} is not a valid UUID.")),
        None => Ok(Some(ids)),
    }
}

async fn get_remaining_credits(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let account = account(&headers)?;
    let credits = service.world.balance(&account);
    Ok(Json(json!({"remaining_credits": credits})).into_response())
}

async fn unknown_path() -> Refusal {
    Refusal::NoPath
}

async fn wrong_method(method: Method, headers: HeaderMap) -> Refusal {
    // The service asks who is there before it looks at the method.
    account(&headers).err().unwrap_or(Refusal::Method(method))
}

/// What is no UUID matches no path.
fn path_id(id: Result<Path<String>, PathRejection>) -> Result<String, Refusal> {
    match id {
        Ok(Path(id)) if is_uuid(&id) => Ok(id.to_ascii_lowercase()),
        _ => Err(Refusal::NoPath),
    }
}

/// The account of a paid call, and what it asks for.
async fn take_submit(request: Request) -> Result<(Submit, Map<String, Value>), Refusal> {
    let exchange = Exchange::of(&request);
    let account = account(request.headers())?;
    let body = read_body(request).await?;
    Ok((Submit::new(exchange, account, &body), body))
}

/// JSON or either kind of form. A form holds strings alone: what has lists and numbers is taken as
/// JSON.
async fn read_body(request: Request) -> Result<Map<String, Value>, Refusal> {
    match body::media_type(request.headers()).as_str() {
        "application/json" => Ok(body::read_object(request).await?),
        "multipart/form-data" => {
            let parts = body::read_parts(request, body::MOST_JSON_BYTES).await?.into_iter();
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            Ok(parts.map(|part| (part.name, text(&part.bytes).into())).collect())
        }
        "application/x-www-form-urlencoded" => {
            Ok(body::parse_form(&body::read(request, body::MOST_JSON_BYTES).await?))
        }
        other => {
            let other = other.to_owned();
            let is_empty = body::read(request, body::MOST_JSON_BYTES).await?.is_empty();
            if is_empty { Ok(Map::new()) } else { Err(Refusal::MediaType(other)) }
        }
    }
}
