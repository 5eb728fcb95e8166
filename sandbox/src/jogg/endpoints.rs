//! Webhook endpoints of an account.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::{Refusal, Service, account, read_body, success};
use crate::check::{Fault, Fields, web_url};
use crate::excerpt::MOST_CHARS;
use crate::fetch::{is_loopback, is_private};
use crate::ledger::Account;
use crate::webhooks;
use crate::world::locked;

/// Documented for each user.
const MOST_ENDPOINTS: usize = 20;

/// Each of them ends well or badly.
const EVENTS: [&str; 11] = [
    "generated_video",
    "create_avatar",
    "generated_image",
    "generated_motion",
    "generated_product_video",
    "generated_avatar_video",
    "generated_template_video",
    "generated_translate_video",
    "generated_photo_avatar",
    "generated_product_avatar",
    "generated_script",
];

const ENABLED: &str = "enabled";

const ENDS: [&str; 2] = ["success", "failed"];

fn is_event(name: &str) -> bool {
    let named = |(what, end)| EVENTS.contains(&what) && ENDS.contains(&end);
    name.rsplit_once('_').is_some_and(named)
}

pub(super) struct Endpoint {
    account: Account,
    id: String,
    secret: String,
    created_at: u64,
    order: Order,
}

/// What a client may say about an endpoint, all of it each time.
struct Order {
    url: String,
    status: &'static str,
    events: Vec<String>,
}

pub(super) async fn list_events(headers: HeaderMap) -> Result<Response, Refusal> {
    account(&headers)?;
    let events = EVENTS.iter().flat_map(|what| ENDS.map(|end| format!("{what}_{end}")));
    Ok(success(json!({"events": events.collect::<Vec<_>>()})))
}

pub(super) async fn list_endpoints(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let account = account(&headers)?;
    let records = locked(&service.records);
    let own = records.endpoints.iter().filter(|endpoint| endpoint.account == account);
    Ok(success(json!({"endpoints": own.map(Endpoint::answer).collect::<Vec<_>>()})))
}

/// A repeat makes a second endpoint: there is nothing to tell it from a wish for two.
pub(super) async fn create_endpoint(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<Response, Refusal> {
    let account = account(request.headers())?;
    let order = read_order(&read_body(request).await?)?;
    let mut records = locked(&service.records);
    if records.endpoints.iter().filter(|known| known.account == account).count() >= MOST_ENDPOINTS {
        return Err(Refusal::Parameter(format!(
            "url exceeds the {MOST_ENDPOINTS} endpoints of a user"
        )));
    }
    let ids = &service.world.ids;
    let endpoint = Endpoint {
        account,
        id: ids.named("wh"),
        secret: ids.named("whsec"),
        created_at: service.world.now().unix_secs(),
        order,
    };
    let data = endpoint.answer();
    webhooks::add_endpoint(&mut records.endpoints, endpoint);
    Ok(success(data))
}

pub(super) async fn update_endpoint(
    State(service): State<Arc<Service>>,
    id: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Refusal> {
    let account = account(request.headers())?;
    let order = read_order(&read_body(request).await?)?;
    let mut records = locked(&service.records);
    let place = place(&records.endpoints, &account, id)?;
    let endpoint = &mut records.endpoints[place];
    endpoint.order = order;
    Ok(success(endpoint.answer()))
}

pub(super) async fn delete_endpoint(
    State(service): State<Arc<Service>>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let account = account(&headers)?;
    let mut records = locked(&service.records);
    let place = place(&records.endpoints, &account, id)?;
    records.endpoints.remove(place);
    Ok(success(json!({"message": "webhook deleted"})))
}

/// Where an endpoint of this account stands.
fn place(
    endpoints: &[Endpoint],
    account: &Account,
    id: Result<Path<String>, PathRejection>,
) -> Result<usize, Refusal> {
    let Path(id) = id.map_err(|_| Refusal::Record)?;
    let wanted = |known: &Endpoint| known.id == id && known.account == *account;
    endpoints.iter().position(wanted).ok_or(Refusal::Record)
}

/// The service takes HTTPS alone, and no address that it cannot reach; plain HTTP to this machine is what tests listen on.
fn read_order(body: &Map<String, Value>) -> Result<Order, Refusal> {
    let mut fields = Fields::of(body);
    let url = fields.required("url").url(MOST_CHARS);
    let parsed = url.and_then(web_url);
    if parsed.as_ref().is_some_and(|url| url.scheme() != "https" && !is_loopback(url)) {
        fields.note("url", Fault::Other("must be an https URL"));
    }
    if parsed.is_some_and(|url| is_private(&url) && !is_loopback(&url)) {
        fields.note("url", Fault::Other("must be publicly reachable"));
    }
    let status = fields.required("status").choice(&[ENABLED, "disabled"]);
    let given = fields.required("events").list(0..=usize::MAX).unwrap_or_default();
    let mut events = Vec::new();
    for (index, event) in given.iter().enumerate() {
        match event.as_str().filter(|name| is_event(name)) {
            Some(name) if events.iter().any(|known| known == name) => {}
            Some(name) => events.push(name.to_owned()),
            None => fields.note(&format!("events[{index}]"), Fault::Other("is not an event")),
        }
    }
    fields.finish()?;
    Ok(Order { url: url.unwrap_or_default().to_owned(), status: status.unwrap_or(ENABLED), events })
}

impl Endpoint {
    /// Whether it hears of an account's events.
    pub(super) fn is_of(&self, account: &Account) -> bool {
        self.account == *account && self.order.status == ENABLED
    }

    /// Whether it is to hear of this one.
    pub(super) fn takes(&self, account: &Account, event: &str) -> bool {
        self.is_of(account) && self.order.events.iter().any(|known| known == event)
    }

    /// Where to, and what to sign with: the whole secret, with its prefix.
    pub(super) fn address(&self) -> (String, String) {
        (self.order.url.clone(), self.secret.clone())
    }

    /// Always with the secret, as the service shows it on creation and in the list.
    fn answer(&self) -> Value {
        json!({
            "endpoint_id": self.id,
            "url": self.order.url,
            "secret": self.secret,
            "status": self.order.status,
            "events": self.order.events,
            "username": self.account.name,
            "created_at": self.created_at,
        })
    }
}
