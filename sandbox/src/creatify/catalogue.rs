//! Presenters, voices and music, all made up.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::{Refusal, Service, account, path_id};
use crate::body;
use crate::check::Fields;
use crate::world::World;

/// id, name, gender, age, place, style
#[rustfmt::skip]
const PERSONAS: [[&str; 6]; 8] = [
    ["18fccce8-86e7-5f31-abc8-18915cb872be", "Anna", "f", "adult", "indoor", "selfie"],
    ["3c90c3cc-0d44-4b50-8888-8dd25736052a", "Marcus", "m", "adult", "indoor", "presenter"],
    ["5a7d9e10-1b2c-4d3e-8f40-6a1b2c3d4e5f", "Yuki", "f", "teen", "outdoor", "selfie"],
    ["6b8eaf21-2c3d-4e4f-9051-7b2c3d4e5f60", "Diego", "m", "senior", "outdoor", "other"],
    ["7c9fb032-3d4e-4f50-a162-8c3d4e5f6071", "Sam", "nb", "adult", "indoor", "presenter"],
    ["8da0c143-4e5f-4061-b273-9d4e5f607182", "Priya", "f", "adult", "fantasy", "presenter"],
    ["9eb1d254-5f60-4172-8384-ae5f60718293", "Tom", "m", "teen", "other", "selfie"],
    ["afc2e365-6071-4283-9495-bf60718293a4", "Zoe", "f", "senior", "indoor", "other"],
];

/// name, gender, then id and name of each accent. A voice has no id.
type Voice = (&'static str, &'static str, &'static [[&'static str; 2]]);

#[rustfmt::skip]
const VOICES: [Voice; 4] = [
    ("Olivia", "female", &[["6f8ca7a8-87b9-4f5d-905d-cc4598e79717", "American"], ["70a1b2c3-d4e5-4f60-8718-293a4b5c6d7e", "British"]]),
    ("Ethan", "male", &[["81b2c3d4-e5f6-4071-8829-3a4b5c6d7e8f", "American"]]),
    ("Camille", "female", &[["92c3d4e5-f607-4182-893a-4b5c6d7e8f90", "Parisian"]]),
    ("River", "", &[["a3d4e5f6-0718-4293-8a4b-5c6d7e8f90a1", "Australian"]]),
];

/// id, name, kind, seconds
const MUSIC: [(&str, &str, &str, f64); 4] = [
    ("b7f5d0a4-0c1e-4f0e-9c0d-3f5a1b2c3d4e", "Morning Light", "upbeat", 92.5),
    ("c806e1b5-1d2f-401f-8d1e-406b2c3d4e5f", "Slow Walk", "calm", 120.0),
    ("d917f2c6-2e30-4120-9e2f-517c3d4e5f60", "City Bounce", "upbeat", 64.0),
    ("ea2803d7-3f41-4231-8f30-628d4e5f6071", "Deep RecordStore", "dark", 180.0),
];

/// Puts the presenters' pictures where their addresses say.
pub(super) fn publish(world: &World) {
    for [id, name, ..] in &PERSONAS {
        let path = |ending: &str| format!("creatify/personas/{id}.{ending}");
        world.publish_presenter(name, path("svg"), path("mp4"));
    }
}

pub(super) async fn list_personas(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<Response, Refusal> {
    account(request.headers())?;
    Ok(Json(personas(&service, &body::query(&request))).into_response())
}

pub(super) async fn list_personas_paginated(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<Response, Refusal> {
    account(request.headers())?;
    let query = body::query(&request);
    page(&service, "/api/personas/paginated/", &query, personas(&service, &query))
}

pub(super) async fn get_persona(
    State(service): State<Arc<Service>>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    account(&headers)?;
    let id = path_id(id)?;
    let found = PERSONAS.iter().find(|persona| persona[0] == id);
    found.map(|found| Json(persona(&service, found)).into_response()).ok_or(Refusal::NoPath)
}

/// The presenters that every filter leaves; a filter takes several values, joined by commas.
fn personas(service: &Service, query: &Map<String, Value>) -> Vec<Value> {
    let filters = ["gender", "age_range", "location", "style"];
    let fits = |persona: &&[&str; 6]| {
        filters.iter().zip(&persona[2..]).all(|(name, has)| {
            let wanted = query.get(*name).and_then(Value::as_str);
            wanted.is_none_or(|wanted| wanted.split(',').any(|wanted| wanted.trim() == *has))
        })
    };
    PERSONAS.iter().filter(fits).map(|found| persona(service, found)).collect()
}

fn persona(service: &Service, [id, name, gender, age, location, style]: &[&str; 6]) -> Value {
    let media = |ending: &str| service.world.media_url(&format!("creatify/personas/{id}.{ending}"));
    json!({
        "id": id,
        "creator_name": name,
        "gender": gender,
        "age_range": age,
        "location": location,
        "style": style,
        "video_scene": "room",
        "keywords": "friendly",
        "suitable_industries": "Food,Beauty",
        "preview_image_16_9": media("svg"),
        "preview_image_1_1": media("svg"),
        "preview_image_9_16": media("svg"),
        "preview_video_16_9": media("mp4"),
        "preview_video_1_1": media("mp4"),
        "preview_video_9_16": media("mp4"),
        "is_active": true,
        "process_status": "done",
        "failed_reason": "",
        "created_at": "2025-01-10T08:00:00Z",
        "updated_at": "2025-06-01T08:00:00Z",
        "type": "public",
    })
}

pub(super) async fn list_voices(headers: HeaderMap) -> Result<Response, Refusal> {
    account(&headers)?;
    Ok(Json(voices()).into_response())
}

pub(super) async fn list_voices_paginated(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<Response, Refusal> {
    account(request.headers())?;
    page(&service, "/api/voices/paginated/", &body::query(&request), voices())
}

fn voices() -> Vec<Value> {
    let voice = |(name, gender, accents): &Voice| {
        let accent = |[id, name]: &[&str; 2]| {
            // There is nothing to hear here.
            json!({"id": id, "accent_name": name, "preview_url": null})
        };
        let accents: Vec<Value> = accents.iter().map(accent).collect();
        json!({"name": name, "gender": gender, "accents": accents})
    };
    VOICES.iter().map(voice).collect()
}

pub(super) async fn list_music_categories(headers: HeaderMap) -> Result<Response, Refusal> {
    account(&headers)?;
    let kinds = ["upbeat", "calm", "dark"];
    Ok(Json(kinds.map(|kind| json!({"id": kind, "name": kind}))).into_response())
}

/// In pages, as the other lists: what the service really answers is not known.
pub(super) async fn list_musics(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<Response, Refusal> {
    account(request.headers())?;
    let query = body::query(&request);
    let word = |name: &str| query.get(name).and_then(Value::as_str).map(str::to_lowercase);
    let (category, search) = (word("category"), word("search"));
    let tracks = MUSIC.iter().filter(|(_, name, kind, _)| {
        category.as_deref().is_none_or(|wanted| wanted == *kind)
            && search.as_deref().is_none_or(|text| name.to_lowercase().contains(text))
    });
    let tracks = tracks.map(|(id, name, category, duration)| {
        let url = service.world.media_url(&format!("creatify/music/{id}.mp3"));
        json!({"id": id, "name": name, "category": category, "duration": duration, "url": url})
    });
    page(&service, "/api/musics/", &query, tracks.collect())
}

/// One page as Django REST framework cuts it, with the addresses of its neighbours.
fn page(
    service: &Service,
    path: &str,
    query: &Map<String, Value>,
    items: Vec<Value>,
) -> Result<Response, Refusal> {
    let mut fields = Fields::of(query);
    let number = fields.optional("page").digits(1..=i64::MAX).unwrap_or(1);
    // No upper bound is stated.
    let size = fields.optional("page_size").digits(1..=i64::MAX).unwrap_or(10);
    fields.finish()?;
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let from = usize::try_from(number - 1).unwrap_or(usize::MAX).saturating_mul(size);
    let count = items.len();
    if from > 0 && from >= count {
        return Err(Refusal::NoPage);
    }
    let address = |number: i64| {
        let mut query = query.clone();
        query.insert("page".to_owned(), number.to_string().into());
        let pairs = query.iter().map(|(name, value)| (name, value.as_str().unwrap_or_default()));
        let text =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        format!("{}{path}?{text}", service.world.origin)
    };
    let next = (from.saturating_add(size) < count).then(|| address(number + 1));
    let previous = (number > 1).then(|| address(number - 1));
    let results: Vec<Value> = items.into_iter().skip(from).take(size).collect();
    Ok(Json(json!({"count": count, "next": next, "previous": previous, "results": results}))
        .into_response())
}
