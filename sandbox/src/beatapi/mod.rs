//! BeatAPI as its newest contract has it: money in dollars, `Idempotency-Key`, one `data` envelope.
//! It can also show the contract of its launch.

mod contract;
mod ecommerce;
mod events;
mod files;
mod idempotency;
mod music;
mod refusal;
mod storyboard;
mod task;
mod usage;
mod webhooks;

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::header::{AUTHORIZATION, USER_AGENT};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Map, Value, json};

pub use self::contract::BeatApiContract;
use self::idempotency::Sent;
pub(super) use self::idempotency::{Keys, claim};
use self::refusal::{Code, Refusal};
use self::task::{Order, Task};
use self::webhooks::Endpoint;
use super::body;
use super::check::{Fault, Fields, web_url};
use super::exchange::{Exchange, Submit};
use super::fetch::{is_loopback, is_private};
use super::ledger::Account;
use super::world::{World, locked};
use crate::provider::Provider;

/// The workflows that can be run here, by their names.
const MUSIC: &str = "music-video";
const ECOMMERCE: &str = "ecommerce-video";

/// How long to wait for a slot, as in the contract's example.
const SLOT_AFTER_SECS: u64 = 30;

pub(super) fn routes(world: &Arc<World>) -> Router {
    let service = Arc::new(Service { world: Arc::clone(world), records: Mutex::default() });
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
        .layer(from_fn(edge))
        .with_state(service)
}

/// What stands before the service turns away who does not say who he is, in words of its own.
async fn edge(request: Request, next: Next) -> Response {
    let agent = request.headers().get(USER_AGENT).map(HeaderValue::as_bytes);
    if agent.is_some_and(|agent| agent.starts_with(b"Python-urllib/")) {
        return (StatusCode::FORBIDDEN, "error code: 1010").into_response();
    }
    next.run(request).await
}

/// The state of BeatAPI: the records of all accounts, and the world that providers share.
struct Service {
    world: Arc<World>,
    records: Mutex<Records>,
}

#[derive(Default)]
struct Records {
    tasks: HashMap<String, Arc<Task>>,
    /// The oldest first.
    endpoints: Vec<Endpoint>,
}

impl Service {
    fn refuse(&self, code: Code, message: impl Into<String>) -> Refusal {
        Refusal::new(code, message, self.world.ids.named("req"), self.contract())
    }

    fn contract(&self) -> BeatApiContract {
        self.world.settings.beatapi_contract
    }

    /// Refuses what is too much for now.
    fn refuse_for(&self, secs: u64, code: Code, exchange: &Exchange) -> Refusal {
        exchange.refused_until(self.world.now().plus(Duration::from_secs(secs)));
        let message = match code {
            Code::UserConcurrencyExceeded => {
                let slots = self.world.limits.slots();
                format!("all {slots} slots are taken: wait for a task to end")
            }
            _ => format!("too many requests: try again in {secs} s"),
        };
        self.refuse(code, message).retry_after(secs)
    }

    /// The account of a request's key. Keys come in many forms, so none is refused for its form.
    fn account(&self, request: &Request) -> Result<Account, Refusal> {
        let header = request.headers().get(AUTHORIZATION);
        let header =
            header.ok_or_else(|| self.refuse(Code::MissingApiKey, "no API key was sent"))?;
        let key = header.to_str().ok().and_then(|value| {
            let (scheme, key) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| key.trim()).filter(|key| !key.is_empty())
        });
        key.and_then(|key| Account::of_key(Provider::BeatApi, key))
            .ok_or_else(|| self.refuse(Code::InvalidApiKey, "the API key is not valid"))
    }

    async fn read_json(&self, request: Request) -> Result<Map<String, Value>, Refusal> {
        if body::media_type(request.headers()) != "application/json" {
            return Err(self.refuse(Code::BadRequest, "Content-Type must be application/json"));
        }
        let body = body::read_object(request).await;
        body.map_err(|fault| self.refuse(Code::BadRequest, fault.to_string()))
    }
}

/// The message for an address that is not [reachable](is_reachable).
const NOT_REACHABLE: &str = "must be a public https URL, or an http URL of this machine";

/// The service takes public https alone; the sandbox also what is on this machine, because its own
/// uploads are, and whoever tries webhooks with it.
fn is_reachable(text: &str) -> bool {
    web_url(text)
        .is_some_and(|url| is_loopback(&url) || (url.scheme() == "https" && !is_private(&url)))
}

/// A list of addresses; those that cannot be reached are reported with their places.
fn read_urls(fields: &mut Fields<'_>, name: &str, count: RangeInclusive<usize>) -> Vec<String> {
    let urls = fields.optional(name).list(count).unwrap_or_default();
    for (index, url) in urls.iter().enumerate() {
        if !url.as_str().is_some_and(is_reachable) {
            fields.note(&format!("{name}[{index}]"), Fault::Other(NOT_REACHABLE));
        }
    }
    urls.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

async fn list_workflows(State(service): State<Arc<Service>>) -> Response {
    let workflow = |id: &str, name: &str, description: &str| json!({"id": id, "object": "workflow", "name": name, "description": description});
    let mut list = vec![
        workflow(MUSIC, "Music video", "A video for a song, shot by shot."),
        workflow(ECOMMERCE, "Ecommerce video", "A video that shows a product."),
    ];
    if !service.contract().is_launch() {
        list.push(workflow("video-analysis", "Video analysis", "Answers about a video."));
    }
    Json(json!({"data": {"object": "list", "data": list}})).into_response()
}

async fn create_ecommerce_video(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<Response, Refusal> {
    let read_order = |body: &Map<String, Value>| ecommerce::read_order(&service.world, body);
    create(&service, request, "create_ecommerce_video", read_order).await
}

async fn create_music_video(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<Response, Refusal> {
    let read_order = |body: &Map<String, Value>| music::read_order(&service.world, body);
    create(&service, request, "create_music_video", read_order).await
}

async fn create(
    service: &Arc<Service>,
    mut request: Request,
    operation: &'static str,
    read_order: impl FnOnce(&Map<String, Value>) -> Result<Order, String>,
) -> Result<Response, Refusal> {
    let exchange = Exchange::of(&request);
    let account = service.account(&request)?;
    let claim = idempotency::claim_of(&mut request);
    let body = service.read_json(request).await?;
    let sent = Sent::new(operation, &body);

    // Held to the end: of two at once only one gets the last slot, or the last credits.
    let (answer, first_delivery) = {
        let mut records = locked(&service.records);
        if let Some(claim) = &claim
            && let Some(first) = claim.task_of(service, sent)?
        {
            return Ok(created(service, &first));
        }
        let order =
            read_order(&body).map_err(|problem| service.refuse(Code::BadRequest, problem))?;
        if service.world.limits.is_full(&account, service.world.now()) {
            service.world.count(Provider::BeatApi, |tally| tally.slots_over_limit += 1);
            if service.world.limits.are_on() {
                let code = Code::UserConcurrencyExceeded;
                return Err(service.refuse_for(SLOT_AFTER_SECS, code, &exchange));
            }
        }
        let submit = Submit::new(exchange, account, &body);
        let task = task::accept(&submit, order).map_err(|_| {
            service.refuse(Code::InsufficientCredits, "the balance is below the price")
        })?;
        records.tasks.insert(task.id.clone(), Arc::clone(&task));
        if let Some(claim) = claim {
            claim.keep(sent, &task);
        }
        service.world.count(Provider::BeatApi, |tally| tally.jobs += 1);
        (created(service, &task), events::follow(service, &records, &submit, &task))
    };
    first_delivery.before_answer().await;
    Ok(answer)
}

/// A replay is answered as the first time, with the task as it is now: whether the service tells
/// the two apart is not documented.
fn created(service: &Service, task: &Task) -> Response {
    let answer = task.answer(&service.world, service.world.now());
    (StatusCode::CREATED, Json(json!({"data": answer}))).into_response()
}

async fn get_task(
    State(service): State<Arc<Service>>,
    task_id: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Refusal> {
    let account = service.account(&request)?;
    let exchange = Exchange::of(&request);
    let reads = service.contract().reads();
    let taken = service.world.limits.take(&account, reads, service.world.now());
    taken.map_err(|secs| service.refuse_for(secs, Code::RateLimitExceeded, &exchange))?;
    // An id that cannot be decoded is one that was never given out.
    let task_id = task_id.map(|Path(id)| id).unwrap_or_default();
    let task = locked(&service.records).tasks.get(&task_id).cloned();
    let shown = task.filter(|task| task.account == account).and_then(|task| {
        let answer = |now| task.answer(&service.world, now);
        exchange.show(&task.id, task.created_at(), answer)
    });
    match shown {
        Some(shown) => Ok(Json(json!({"data": shown})).into_response()),
        None => Err(service.refuse(Code::NotFound, "there is no such task")),
    }
}

async fn unknown_path(State(service): State<Arc<Service>>) -> Refusal {
    service.refuse(Code::NotFound, "there is no such path")
}

async fn wrong_method(State(service): State<Arc<Service>>) -> Refusal {
    service.refuse(Code::WrongMethod, "the path does not take this method")
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
