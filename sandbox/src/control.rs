//! What is the sandbox's own: `/_sandbox/` and the files it hands out.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, delete, get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::excerpt::shown;
use super::faults::Fault;
use super::journal::RequestRecord;
use super::pagination::Window;
use super::world::World;
use super::{assets, body, clock, link, page, studio, webhooks};

/// Largest image that is hosted.
const MOST_ASSET_BYTES: usize = 50_000_000;

pub(super) fn routes(world: &Arc<World>) -> Router {
    Router::new()
        .route("/_sandbox/info", get(info))
        .route("/_sandbox/assets", post(host_asset))
        .route("/_sandbox/ledger", get(ledger))
        .route("/_sandbox/counters", get(counters))
        .route("/_sandbox/requests", get(requests))
        .route("/_sandbox/resubmits", post(announce_resubmit))
        .route("/_sandbox/faults", get(list_faults).post(arm_fault))
        .route("/_sandbox/faults/{id}", delete(disarm_fault))
        .route("/_sandbox/webhooks", get(webhooks::list_route))
        .route("/_sandbox/clock/advance", post(clock::advance_route))
        .merge(page::routes())
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
        "seed": world.settings.seed,
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
        Err(fault) => return refusal(fault.status(), &fault.to_string()),
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

/// The newest entries, or those before a number, with 1,000 accounts and doubles at the most.
async fn ledger(State(world): State<Arc<World>>, request: Request) -> Response {
    let window = match Window::read(&body::query(&request)) {
        Ok(window) => window,
        Err(reason) => return refusal(StatusCode::BAD_REQUEST, &reason),
    };
    let (entries, next) = window.of_list(world.ledger());
    let (accounts, _) = Window::newest().of_list(world.balances());
    let (doubles, _) = Window::newest().of_list(world.double_submits());
    let ledger = json!({
        "entries": entries, "next": next, "accounts": accounts, "double_submits": doubles,
    });
    Json(ledger).into_response()
}

async fn counters(State(world): State<Arc<World>>) -> Response {
    Json(world.counters()).into_response()
}

/// The newest requests, or those of a provider, an operation or a job.
async fn requests(State(world): State<Arc<World>>, request: Request) -> Response {
    let query = body::query(&request);
    let known = [&["provider", "operation", "job"][..], &Window::NAMES].concat();
    if let Some(other) = query.keys().find(|name| !known.contains(&name.as_str())) {
        let text = format!("{} is no filter: use {}", shown(other, 100), known.join(", "));
        return refusal(StatusCode::BAD_REQUEST, &text);
    }
    let window = match Window::read(&query) {
        Ok(window) => window,
        Err(reason) => return refusal(StatusCode::BAD_REQUEST, &reason),
    };
    let is = |name: &str, value: Option<&str>| {
        query.get(name).is_none_or(|wanted| wanted.as_str() == value)
    };
    let is_wanted = |record: &&RequestRecord| {
        is("provider", record.provider)
            && is("operation", record.operation)
            && is("job", record.job.as_deref())
    };
    let (records, next) = world.journal.look(|records| {
        let wanted = records.iter().rev().filter(is_wanted);
        window.of(wanted.map(|record| (record.number, record.clone())))
    });
    Json(json!({"requests": records, "next": next})).into_response()
}

async fn list_faults(State(world): State<Arc<World>>, request: Request) -> Response {
    match Window::read(&body::query(&request)) {
        Ok(window) => {
            let (faults, next) = window.of(world.faults.newest().into_iter());
            Json(json!({"faults": faults, "next": next})).into_response()
        }
        Err(reason) => refusal(StatusCode::BAD_REQUEST, &reason),
    }
}

/// Takes `{"fault": "lost-answer", "operation": …, "times": …}`.
async fn arm_fault(State(world): State<Arc<World>>, request: Request) -> Response {
    let refused = |text: &str| refusal(StatusCode::BAD_REQUEST, text);
    let body = match body::read_object(request).await {
        Ok(body) => body,
        Err(fault) => return refusal(fault.status(), &fault.to_string()),
    };
    match Fault::read(body).and_then(|fault| world.faults.arm(fault)) {
        Ok(id) => (StatusCode::CREATED, Json(json!({"id": id}))).into_response(),
        Err(error) => refused(&error.to_string()),
    }
}

async fn disarm_fault(State(world): State<Arc<World>>, Path(id): Path<String>) -> Response {
    match world.faults.disarm(&id) {
        true => StatusCode::NO_CONTENT.into_response(),
        false => refusal(StatusCode::NOT_FOUND, "there is no such fault"),
    }
}

/// Takes `{"job": …}`: the next paid call that equals the one which made this job is meant.
async fn announce_resubmit(State(world): State<Arc<World>>, request: Request) -> Response {
    let body = match body::read_object(request).await {
        Ok(body) => body,
        Err(fault) => return refusal(fault.status(), &fault.to_string()),
    };
    match body.get("job").and_then(Value::as_str) {
        Some(job) if world.announce_resubmit(job) => StatusCode::NO_CONTENT.into_response(),
        Some(_) => refusal(StatusCode::NOT_FOUND, "no paid call made such a job"),
        None => {
            refusal(StatusCode::BAD_REQUEST, "send {\"job\": the provider's id of the first one}")
        }
    }
}

async fn serve_media(
    State(world): State<Arc<World>>,
    Path(path): Path<String>,
    request: Request,
) -> Response {
    let fault = link::fault(&world, &path, &request);
    if let Some(answer) = fault.as_ref().and_then(link::instead) {
        return answer;
    }
    match studio::open(&world, &path).await {
        Ok(Some(asset)) => link::serve(&asset, request.headers(), fault.as_ref()),
        Ok(None) => refusal(StatusCode::NOT_FOUND, "there is no such file"),
        Err(reason) => refusal(StatusCode::INTERNAL_SERVER_ERROR, &reason),
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
