//! BeatAPI as its newest contract has it: money in dollars, `Idempotency-Key`, one `data` envelope.

mod ecommerce;
mod files;
mod music;
mod refusal;
mod storyboard;
mod task;
mod usage;
mod webhooks;

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex};

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::http::header::AUTHORIZATION;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Map, Value, json};

use self::refusal::{Code, Refusal};
use self::task::{Order, Task};
use self::webhooks::Endpoint;
use super::body;
use super::check::{Fault, Fields, web_url};
use super::credits::Account;
use super::exchange::{Exchange, Submit};
use super::fetch::{is_loopback, is_private};
use super::world::{World, locked};
use crate::ProviderId;

/// The workflows that can be run here, by their names.
const MUSIC: &str = "music-video";
const ECOMMERCE: &str = "ecommerce-video";

/// Longest `Idempotency-Key`. The contract gives a limit for later operations only; it is theirs.
const MOST_KEY_CHARS: usize = 255;

pub(super) fn routes(world: &Arc<World>) -> Router {
    let desk = Arc::new(Desk { world: Arc::clone(world), records: Mutex::default() });
    Router::new()
        .route("/v1/workflows", get(list_workflows))
        .route("/v1/files", post(files::upload_file))
        .route("/v1/ecommerce-video/tasks", post(create_ecommerce_video))
        .route("/v1/music-video/tasks", post(create_music_video))
        .route("/v1/tasks/{task_id}", get(get_task))
        .route("/v1/usage", get(usage::get_usage))
        .route("/v1/webhooks", get(webhooks::list_webhooks).post(webhooks::create_webhook))
        .route(
            "/v1/webhooks/{webhook_id}",
            get(webhooks::get_webhook)
                .patch(webhooks::update_webhook)
                .delete(webhooks::delete_webhook),
        )
        .route("/v1/{*path}", axum::routing::any(unknown_path))
        .method_not_allowed_fallback(wrong_method)
        .with_state(desk)
}

/// The records of all accounts.
struct Desk {
    world: Arc<World>,
    records: Mutex<Records>,
}

#[derive(Default)]
struct Records {
    tasks: HashMap<String, Arc<Task>>,
    /// By account and `Idempotency-Key`.
    replays: HashMap<(Account, String), Replay>,
    /// The oldest first.
    endpoints: Vec<Endpoint>,
}

/// What was sent under an `Idempotency-Key`, and the task that it got.
struct Replay {
    path: String,
    body: Map<String, Value>,
    task: Arc<Task>,
}

impl Desk {
    fn refuse(&self, code: Code, message: impl Into<String>) -> Refusal {
        Refusal::new(code, message, self.world.ids.named("req"))
    }

    /// Whose key a request carries. Keys come in many forms, so none is refused for its form.
    fn account(&self, request: &Request) -> Result<Account, Refusal> {
        let header = request.headers().get(AUTHORIZATION);
        let header =
            header.ok_or_else(|| self.refuse(Code::MissingApiKey, "no API key was sent"))?;
        let key = header.to_str().ok().and_then(|value| {
            let (scheme, key) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| key.trim()).filter(|key| !key.is_empty())
        });
        key.and_then(|key| Account::of_key(ProviderId::BeatApi, key))
            .ok_or_else(|| self.refuse(Code::InvalidApiKey, "the API key is not valid"))
    }

    fn idempotency_key(&self, request: &Request) -> Result<Option<String>, Refusal> {
        let Some(header) = request.headers().get("idempotency-key") else { return Ok(None) };
        let key = header.to_str().ok().filter(|key| (1..=MOST_KEY_CHARS).contains(&key.len()));
        let limit = format!("Idempotency-Key must have 1 to {MOST_KEY_CHARS} characters");
        key.map(|key| Some(key.to_owned())).ok_or_else(|| self.refuse(Code::BadRequest, limit))
    }

    async fn read_json(&self, request: Request) -> Result<Map<String, Value>, Refusal> {
        if body::media_type(request.headers()) != "application/json" {
            return Err(self.refuse(Code::BadRequest, "Content-Type must be application/json"));
        }
        let body = body::read_object(request).await;
        body.map_err(|fault| self.refuse(Code::BadRequest, fault.to_string()))
    }
}

/// What is said of an address that is not [reachable](is_reachable).
const NOT_REACHABLE: &str = "must be a public https URL, or an http URL of this machine";

/// The service takes public https alone; the sandbox also what is on this machine, because its own
/// uploads are, and whoever tries webhooks with it.
fn is_reachable(text: &str) -> bool {
    web_url(text)
        .is_some_and(|url| is_loopback(&url) || (url.scheme() == "https" && !is_private(&url)))
}

/// A list of addresses; the names of those that cannot be reached are told with their places.
fn read_urls(fields: &mut Fields<'_>, name: &str, count: RangeInclusive<usize>) -> Vec<String> {
    let urls = fields.optional(name).list(count).unwrap_or_default();
    for (index, url) in urls.iter().enumerate() {
        if !url.as_str().is_some_and(is_reachable) {
            fields.note(&format!("{name}[{index}]"), Fault::Other(NOT_REACHABLE));
        }
    }
    urls.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

async fn list_workflows() -> Response {
    let workflow = |id: &str, name: &str, description: &str| json!({"id": id, "object": "workflow", "name": name, "description": description});
    let list = [
        workflow(MUSIC, "Music video", "A video for a song, shot by shot."),
        workflow(ECOMMERCE, "Ecommerce video", "A video that shows a product."),
        workflow("video-analysis", "Video analysis", "Answers about a video."),
    ];
    Json(json!({"data": {"object": "list", "data": list}})).into_response()
}

async fn create_ecommerce_video(
    State(desk): State<Arc<Desk>>,
    request: Request,
) -> Result<Response, Refusal> {
    create(&desk, request, ecommerce::read_order).await
}

async fn create_music_video(
    State(desk): State<Arc<Desk>>,
    request: Request,
) -> Result<Response, Refusal> {
    create(&desk, request, |body| music::read_order(&desk.world, body)).await
}

async fn create(
    desk: &Desk,
    request: Request,
    read_order: impl FnOnce(&Map<String, Value>) -> Result<Order, String>,
) -> Result<Response, Refusal> {
    let exchange = Exchange::of(&request);
    let account = desk.account(&request)?;
    let path = request.uri().path().to_owned();
    let key = desk.idempotency_key(&request)?.map(|key| (account.clone(), key));
    let body = desk.read_json(request).await?;

    // Held to the end: of two equal requests at once the second has to find the first one's task.
    let mut records = locked(&desk.records);
    if let Some(first) = key.as_ref().and_then(|key| records.replays.get(key)) {
        return if (&first.path, &first.body) == (&path, &body) {
            Ok(created(desk, &first.task))
        } else {
            let message = "this Idempotency-Key was used with another request";
            Err(desk.refuse(Code::IdempotencyConflict, message))
        };
    }
    let order = read_order(&body).map_err(|problem| desk.refuse(Code::BadRequest, problem))?;
    let submit = Submit::new(exchange, account, &body);
    let task = task::accept(&submit, order)
        .map_err(|_| desk.refuse(Code::InsufficientCredits, "the balance is below the price"))?;
    records.tasks.insert(task.id.clone(), Arc::clone(&task));
    if let Some(key) = key {
        records.replays.insert(key, Replay { path, body, task: Arc::clone(&task) });
    }
    desk.world.count(ProviderId::BeatApi, |tally| tally.jobs += 1);
    Ok(created(desk, &task))
}

/// A replay is answered as the first time, with the task as it is now: whether the service tells
/// the two apart is not documented.
fn created(desk: &Desk, task: &Task) -> Response {
    let answer = task.answer(&desk.world, desk.world.now());
    (StatusCode::CREATED, Json(json!({"data": answer}))).into_response()
}

async fn get_task(
    State(desk): State<Arc<Desk>>,
    task_id: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Refusal> {
    let account = desk.account(&request)?;
    // An id that cannot be decoded is one that was never given out.
    let task_id = task_id.map(|Path(id)| id).unwrap_or_default();
    let task = locked(&desk.records).tasks.get(&task_id).cloned();
    match task.filter(|task| task.account == account) {
        Some(task) => {
            let answer = |now| task.answer(&desk.world, now);
            let shown = Exchange::of(&request).show(&task.id, task.created_at(), answer);
            Ok(Json(json!({"data": shown})).into_response())
        }
        None => Err(desk.refuse(Code::NotFound, "there is no such task")),
    }
}

async fn unknown_path(State(desk): State<Arc<Desk>>) -> Refusal {
    desk.refuse(Code::NotFound, "there is no such path")
}

async fn wrong_method(State(desk): State<Arc<Desk>>) -> Refusal {
    desk.refuse(Code::WrongMethod, "the path does not take this method")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_of_the_internet_or_of_this_machine() {
        for good in ["https://cdn.example.com/a.png", "http://127.0.0.1:9/a", "http://localhost/a"]
        {
            assert!(is_reachable(good), "{good}");
        }
        for bad in [
            "http://cdn.example.com/a.png",
            "https://10.0.0.1/a.png",
            "https://localhost/a.png",
            "data:image/png;base64,AAAA",
            "file:///etc/passwd",
            "a.png",
        ] {
            assert!(!is_reachable(bad), "{bad}");
        }
    }
}
