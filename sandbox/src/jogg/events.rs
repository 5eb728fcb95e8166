//! The event of a video's end, and how it is delivered. Previews have no event.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::video::Video;
use super::{Records, Service};
use crate::exchange::Submit;
use crate::webhooks::{Delivery, DeliveryPolicy, FirstDelivery, JobEvents, Signing, event_id};
use crate::world::locked;

/// Three attempts, as the first draft and v1 say; the current pages say only that there are some.
const POLICY: DeliveryPolicy =
    DeliveryPolicy { retries: &[Duration::from_secs(5); 2], timeout: Duration::from_secs(5) };

/// Delivers a video's event to the account's endpoints and to the request's own address when it has
/// ended.
pub(super) fn follow(
    service: &Arc<Service>,
    records: &Records,
    submit: &Submit,
    video: &Video,
) -> FirstDelivery {
    let has_endpoint = records.endpoints.iter().any(|endpoint| endpoint.is_of(&video.account));
    let is_heard = has_endpoint || video.webhook_url.is_some();
    let faults = if is_heard { submit.delivery_faults() } else { Vec::new() };
    let (weak, id) = (Arc::downgrade(service), video.id.clone());
    let events = JobEvents {
        account: video.account.clone(),
        job: video.id.clone(),
        work: Arc::clone(&video.work),
        policy: &POLICY,
        at_start: Vec::new(),
        at_end: Box::new(move || {
            weak.upgrade().map_or_else(Vec::new, |service| at_end(&service, &id))
        }),
        faults,
    };
    service.world.webhooks.follow(&service.world, events)
}

fn at_end(service: &Service, id: &str) -> Vec<Delivery> {
    let records = locked(&service.records);
    let video = records.by_id.get(id).and_then(|index| records.videos.get(*index));
    let Some(video) = video else { return Vec::new() };
    let read = video.answer(&service.world, service.world.now());
    let end = if read["status"] == "failed" { "failed" } else { "success" };
    // The legacy `generated_video_*` is not sent: whether a product video fires it is not known.
    let event = format!("generated_product_video_{end}");
    let event_id = event_id(id, &event);
    let body = json!({
        "event_id": event_id,
        "event": event,
        "timestamp": service.world.now().unix_secs(),
        "data": event_data(service, id, &read),
    });
    let endpoints = records.endpoints.iter().filter(|known| known.takes(&video.account, &event));
    let endpoints = endpoints.map(|endpoint| {
        let (url, secret) = endpoint.address();
        (url, Some(secret))
    });
    let own = video.webhook_url.clone().map(|url| (url, None));
    let delivery = |(url, secret)| Delivery {
        url,
        event: event.clone(),
        event_id: Some(event_id.clone()),
        body: body.clone(),
        signing: Signing::Jogg(secret),
    };
    endpoints.chain(own).map(delivery).collect()
}

/// The general form of a video's event: those of product videos have no example.
fn event_data(service: &Service, id: &str, read: &Value) -> Map<String, Value> {
    let name = if service.world.settings.jogg.project_id { "project_id" } else { "video_id" };
    let mut data = Map::from_iter([(name.to_owned(), json!(id))]);
    for field in ["status", "video_url", "cover_url", "duration", "error"] {
        if let Some(value) = read.get(field) {
            data.insert(field.to_owned(), value.clone());
        }
    }
    data
}
