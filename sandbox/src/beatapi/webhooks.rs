//! Webhook endpoints: added, changed and deleted.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::{Code, NOT_REACHABLE, Refusal, Service, is_reachable};
use crate::check::{Fault, Fields};
use crate::clock::Moment;
use crate::excerpt::MOST_CHARS;
use crate::ledger::Account;
use crate::webhooks;
use crate::world::locked;

const EVENTS: [&str; 2] = ["task.succeeded", "task.failed"];
const ACTIVE: &str = "active";
const STATUSES: [&str; 2] = [ACTIVE, "disabled"];

/// One endpoint of an account.
pub(super) struct Endpoint {
    account: Account,
    id: String,
    url: String,
    description: String,
    events: Vec<&'static str>,
    status: &'static str,
    secret: String,
    created_at: Moment,
    updated_at: Moment,
}

impl Endpoint {
    /// The endpoint with its secret as it is to be shown.
    fn shown(&self, secret: &str) -> Value {
        json!({
            "id": self.id,
            "object": "webhook_endpoint",
            "url": self.url,
            "description": self.description,
            "events": self.events,
            "status": self.status,
            "secret": secret,
            "created_at": self.created_at.unix_secs(),
            "updated_at": self.updated_at.unix_secs(),
        })
    }

    /// The form of the mask is not documented; this one tells an owner's endpoints apart.
    fn masked(&self) -> Value {
        let last = &self.secret[self.secret.len() - 4..];
        self.shown(&format!("whsec_****{last}"))
    }

    /// Whether it hears of an account's events.
    pub(super) fn is_of(&self, account: &Account) -> bool {
        self.account == *account && self.status == ACTIVE
    }

    /// Whether it is to hear of this one.
    pub(super) fn takes(&self, account: &Account, event: &str) -> bool {
        self.is_of(account) && self.events.contains(&event)
    }

    /// Where to, and what to sign with: the whole secret, with its prefix.
    pub(super) fn address(&self) -> (String, String) {
        (self.url.clone(), self.secret.clone())
    }

    fn change(&mut self, change: Change, now: Moment) {
        let Change { url, description, events, status } = change;
        if let Some(url) = url {
            self.url = url;
        }
        if let Some(description) = description {
            self.description = description;
        }
        if let Some(events) = events {
            self.events = events;
        }
        self.status = status.unwrap_or(self.status);
        self.updated_at = now;
    }
}

/// What a body says of an endpoint; what it leaves out stays as it is.
#[derive(Default)]
struct Change {
    url: Option<String>,
    description: Option<String>,
    events: Option<Vec<&'static str>>,
    status: Option<&'static str>,
}

/// Reads the body of an addition.
///
/// # Errors
/// The first problem, with the field's name.
fn read_new(body: &Map<String, Value>) -> Result<Change, String> {
    let mut fields = Fields::of(body);
    fields.required("url");
    let change = read_fields(&mut fields, body);
    if change.status.is_some() {
        fields.note("status", Fault::Other("cannot be set when an endpoint is added"));
    }
    fields.finish().map(|()| change).map_err(|problems| problems[0].to_string())
}

/// Reads the body of a change. An empty one is taken, as one that changes nothing: what the
/// service does with it is not documented.
///
/// # Errors
/// The first problem, with the field's name.
fn read_change(body: &Map<String, Value>) -> Result<Change, String> {
    let mut fields = Fields::of(body);
    let change = read_fields(&mut fields, body);
    fields.finish().map(|()| change).map_err(|problems| problems[0].to_string())
}

fn read_fields(fields: &mut Fields<'_>, body: &Map<String, Value>) -> Change {
    let url = fields.optional("url").text(MOST_CHARS);
    if url.is_some_and(|url| !is_reachable(url)) {
        fields.note("url", Fault::Other(NOT_REACHABLE));
    }
    let description = fields.optional("description").text(MOST_CHARS);
    Change {
        url: url.map(str::to_owned),
        description: description.map(str::to_owned),
        events: body.get("events").map(|_| read_events(fields)),
        status: fields.optional("status").choice(&STATUSES),
    }
}

/// The events in one order, each once, though they may be named twice. An empty list is refused,
/// because an endpoint that takes nothing is more likely a mistake than a wish; the contract says
/// nothing of either.
fn read_events(fields: &mut Fields<'_>) -> Vec<&'static str> {
    let given = fields.optional("events").list(1..=usize::MAX).unwrap_or_default();
    for (index, event) in given.iter().enumerate() {
        if !event.as_str().is_some_and(|event| EVENTS.contains(&event)) {
            let given = event.as_str().map_or_else(|| event.to_string(), str::to_owned);
            let fault = Fault::Choice { given, known: EVENTS.to_vec() };
            fields.note(&format!("events[{index}]"), fault);
        }
    }
    EVENTS.into_iter().filter(|event| given.iter().any(|given| given == event)).collect()
}

pub(super) async fn list_webhooks(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<Response, Refusal> {
    let account = service.account(&request)?;
    let records = locked(&service.records);
    let own = records.endpoints.iter().filter(|endpoint| endpoint.account == account);
    let list: Vec<Value> = own.map(Endpoint::masked).collect();
    Ok(Json(json!({"data": {"object": "list", "data": list}})).into_response())
}

pub(super) async fn create_webhook(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<Response, Refusal> {
    let account = service.account(&request)?;
    let body = service.read_json(request).await?;
    let new = read_new(&body).map_err(|problem| service.refuse(Code::BadRequest, problem))?;
    let now = service.world.now();
    let endpoint = Endpoint {
        account,
        id: service.world.ids.named("wh"),
        url: new.url.unwrap_or_default(),
        description: new.description.unwrap_or_default(),
        events: new.events.unwrap_or_else(|| EVENTS.to_vec()),
        status: ACTIVE,
        secret: format!("whsec_{}", service.world.ids.hex("webhook secret")),
        created_at: now,
        updated_at: now,
    };
    // The one answer with the whole secret.
    let answer = json!({"data": endpoint.shown(&endpoint.secret)});
    webhooks::add_endpoint(&mut locked(&service.records).endpoints, endpoint);
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

pub(super) async fn get_webhook(
    State(service): State<Arc<Service>>,
    webhook_id: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Refusal> {
    let account = service.account(&request)?;
    let records = locked(&service.records);
    let index = place(&service, &records.endpoints, &account, webhook_id)?;
    Ok(Json(json!({"data": records.endpoints[index].masked()})).into_response())
}

pub(super) async fn update_webhook(
    State(service): State<Arc<Service>>,
    webhook_id: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Refusal> {
    let account = service.account(&request)?;
    let body = service.read_json(request).await?;
    let mut records = locked(&service.records);
    let index = place(&service, &records.endpoints, &account, webhook_id)?;
    let change = read_change(&body).map_err(|problem| service.refuse(Code::BadRequest, problem))?;
    let endpoint = &mut records.endpoints[index];
    endpoint.change(change, service.world.now());
    Ok(Json(json!({"data": endpoint.masked()})).into_response())
}

pub(super) async fn delete_webhook(
    State(service): State<Arc<Service>>,
    webhook_id: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Refusal> {
    let account = service.account(&request)?;
    let mut records = locked(&service.records);
    let index = place(&service, &records.endpoints, &account, webhook_id)?;
    let endpoint = records.endpoints.remove(index);
    Ok(Json(json!({"data": {"id": endpoint.id, "deleted": true}})).into_response())
}

/// Where an account's endpoint stands. An id that cannot be decoded is one that was never given
/// out.
fn place(
    service: &Service,
    endpoints: &[Endpoint],
    account: &Account,
    id: Result<Path<String>, PathRejection>,
) -> Result<usize, Refusal> {
    let id = id.map(|Path(id)| id).unwrap_or_default();
    let is_it = |endpoint: &Endpoint| endpoint.id == id && endpoint.account == *account;
    let place = endpoints.iter().position(is_it);
    place.ok_or_else(|| service.refuse(Code::NotFound, "there is no such webhook endpoint"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(body: &Value) -> &Map<String, Value> {
        body.as_object().unwrap()
    }

    #[test]
    fn what_is_wrong_with_an_endpoint_is_named() {
        let url = "https://example.com/hook";
        for (body, expected) in [
            (json!({}), "url is required"),
            (json!({"url": null}), "url must not be null"),
            (json!({"url": 7}), "url must be a string"),
            (json!({"url": "http://example.com/"}), &format!("url {NOT_REACHABLE}")),
            (json!({"url": "https://10.0.0.1/"}), &format!("url {NOT_REACHABLE}")),
            (json!({"url": url, "description": 1}), "description must be a string"),
            (json!({"url": url, "events": "task.failed"}), "events must be a list"),
            (json!({"url": url, "events": []}), "events must hold at least 1 item"),
            (
                json!({"url": url, "events": ["task.failed", "task.moved"]}),
                "events[1] must be one of task.succeeded, task.failed",
            ),
            (
                json!({"url": url, "status": "active"}),
                "status cannot be set when an endpoint is added",
            ),
        ] {
            let problem = read_new(object(&body)).err();
            assert_eq!(problem.as_deref(), Some(expected), "{body}");
        }
        let long = json!({"url": format!("{url}/{}", "x".repeat(2_000))});
        let problem = read_new(object(&long)).err();
        assert_eq!(problem.as_deref(), Some("url must have at most 2000 characters"));
        let problem = read_change(object(&json!({"status": "paused"}))).err();
        assert_eq!(problem.as_deref(), Some("status must be one of active, disabled"));
    }

    #[test]
    fn events_come_in_one_order_and_once() {
        let of = |events: Value| {
            let body = json!({"url": "http://127.0.0.1:9/hook", "events": events});
            read_new(object(&body)).unwrap().events
        };
        assert_eq!(of(json!(["task.failed", "task.succeeded"])).unwrap(), EVENTS);
        assert_eq!(of(json!(["task.failed", "task.failed"])).unwrap(), ["task.failed"]);
    }
}
