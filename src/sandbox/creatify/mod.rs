//! Creatify's product videos: a Django service, with its trailing slashes and its error maps.

mod catalogue;
mod record;
mod refusal;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, Method};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Json, Router};
use serde_json::{Map, Value, json};

pub use self::record::CREATIFY_SECONDS;
use self::record::Record;
use self::refusal::Refusal;
use super::check::is_uuid;
use super::credits::Account;
use super::world::{World, locked};
use super::{body, check};
use crate::ProviderId;

/// How many records one list call may name.
const MOST_IDS: usize = 100;

/// Without its slash at the end no path is known: what the service does then is not documented.
pub(super) fn routes(world: &Arc<World>) -> Router {
    catalogue::publish(world);
    let desk = Arc::new(Desk { world: Arc::clone(world), records: Mutex::default() });
    Router::new()
        .route("/api/product_to_videos/", get(list_product_to_videos))
        .route("/api/product_to_videos/gen_image/", post(gen_image))
        .route("/api/product_to_videos/{id}/", get(get_product_to_video))
        .route("/api/product_to_videos/{id}/gen_video/", post(gen_video))
        .route("/api/links/", get(catalogue::list_nothing))
        .route("/api/link_to_videos/", get(catalogue::list_nothing))
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
        .with_state(desk)
}

/// The records of all accounts, in the order in which they were made.
struct Desk {
    world: Arc<World>,
    records: Mutex<Records>,
}

#[derive(Default)]
struct Records {
    all: Vec<Record>,
    by_id: HashMap<String, usize>,
}

impl Records {
    /// Another account's record is not found.
    fn find(&mut self, account: &Account, id: &str) -> Result<&mut Record, Refusal> {
        let index = self.by_id.get(id).copied();
        let record = index.and_then(|index| self.all.get_mut(index));
        record.filter(|record| record.account == *account).ok_or(Refusal::NoRecord)
    }
}

/// Both headers have to be there; the secret one alone tells whose they are.
fn account(headers: &HeaderMap) -> Result<Account, Refusal> {
    let header = |name| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.filter(|value| !value.trim().is_empty()).ok_or(Refusal::NoKeys)
    };
    header("x-api-id")?;
    Account::of_key(ProviderId::Creatify, header("x-api-key")?).ok_or(Refusal::WrongKeys)
}

async fn gen_image(State(desk): State<Arc<Desk>>, request: Request) -> Result<Response, Refusal> {
    desk.world.count(ProviderId::Creatify, |tally| tally.submits += 1);
    let account = account(request.headers())?;
    let body = read_body(request).await?;
    let order = record::read_image_order(&body)?;
    let record = Record::start(&desk.world, account, order)?;
    let answer = record.answer(&desk.world);
    let mut records = locked(&desk.records);
    let index = records.all.len();
    records.by_id.insert(record.id.clone(), index);
    records.all.push(record);
    desk.world.count(ProviderId::Creatify, |tally| tally.jobs += 1);
    Ok(Json(answer).into_response())
}

async fn gen_video(
    State(desk): State<Arc<Desk>>,
    id: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Refusal> {
    desk.world.count(ProviderId::Creatify, |tally| tally.submits += 1);
    let account = account(request.headers())?;
    let body = read_body(request).await?;
    let mut records = locked(&desk.records);
    let record = records.find(&account, &path_id(id)?)?;
    let order = record::read_video_order(&body)?;
    record.start_video(&desk.world, order)?;
    Ok(Json(record.answer(&desk.world)).into_response())
}

async fn get_product_to_video(
    State(desk): State<Arc<Desk>>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    desk.world.count(ProviderId::Creatify, |tally| tally.polls += 1);
    let account = account(&headers)?;
    let mut records = locked(&desk.records);
    let record = records.find(&account, &path_id(id)?)?;
    Ok(Json(record.answer(&desk.world)).into_response())
}

/// A bare list; unknown ids are left out of it.
async fn list_product_to_videos(
    State(desk): State<Arc<Desk>>,
    request: Request,
) -> Result<Response, Refusal> {
    desk.world.count(ProviderId::Creatify, |tally| tally.polls += 1);
    let account = account(request.headers())?;
    let query = body::query(&request);
    let wrong = |text: &str| Refusal::Fields(json!({"ids": [text]}));
    let ids = match query.get("ids").and_then(Value::as_str) {
        None => None,
        Some("") => return Err(wrong("Ensure this field has at least 1 character.")),
        Some(ids) => Some(ids.split(',').map(str::trim).collect::<Vec<_>>()),
    };
    if ids.as_ref().is_some_and(|ids| ids.len() > MOST_IDS) {
        return Err(wrong(&format!("Ensure this field has no more than {MOST_IDS} ids.")));
    }
    if let Some(id) = ids.iter().flatten().find(|id| !is_uuid(id)) {
        return Err(wrong(&format!("\u{201c}{id}\u{201d} is not a valid UUID.")));
    }
    let records = desk.records.lock().unwrap_or_else(PoisonError::into_inner);
    let listed: Vec<Value> = records
        .all
        .iter()
        .filter(|record| record.account == account)
        .filter(|record| ids.as_ref().is_none_or(|ids| ids.contains(&record.id.as_str())))
        .map(|record| record.answer(&desk.world))
        .collect();
    Ok(Json(listed).into_response())
}

async fn get_remaining_credits(
    State(desk): State<Arc<Desk>>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let account = account(&headers)?;
    let credits = desk.world.balance(&account);
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
        Ok(Path(id)) if check::is_uuid(&id) => Ok(id.to_ascii_lowercase()),
        _ => Err(Refusal::NoPath),
    }
}

/// JSON or either kind of form. Every field of these operations is a string, so a form reads the
/// same.
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
