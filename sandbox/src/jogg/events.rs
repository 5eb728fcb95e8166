//! What is delivered at a video's end. Previews have no event.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::video::Video;
use super::{Records, Service};
use crate::exchange::Submit;
use crate::hooks::{Habits, Letter, Signing, Subject, Told, event_id};
use crate::world::locked;

/// Three attempts, as the first draft and v1 say; the current pages say only that there are some.
const HABITS: Habits =
    Habits { retries: &[Duration::from_secs(5); 2], patience: Duration::from_secs(5) };

/// Tells the account's endpoints of a video, and the address of the request, when it has ended.
pub(super) fn follow(
    service: &Arc<Service>,
    records: &Records,
    submit: &Submit,
    video: &Video,
) -> Told {
    let has_endpoint = records.endpoints.iter().any(|endpoint| endpoint.is_of(&video.account));
    let is_heard = has_endpoint || video.webhook_url.is_some();
    let faults = if is_heard { submit.hook_faults() } else { Vec::new() };
    let (weak, id) = (Arc::downgrade(service), video.id.clone());
    let subject = Subject {
        account: video.account.clone(),
        job: video.id.clone(),
        work: Arc::clone(&video.work),
        habits: &HABITS,
        early: Vec::new(),
        letters: Box::new(move || {
            weak.upgrade().map_or_else(Vec::new, |service| letters(&service, &id))
        }),
        faults,
    };
    service.world.hooks.follow(&service.world, subject)
}

fn letters(service: &Service, id: &str) -> Vec<Letter> {
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
        "data": told(service, id, &read),
    });
    let endpoints = records.endpoints.iter().filter(|known| known.takes(&video.account, &event));
    let endpoints = endpoints.map(|endpoint| {
        let (url, secret) = endpoint.address();
        (url, Some(secret))
    });
    let own = video.webhook_url.clone().map(|url| (url, None));
    let letter = |(url, secret)| Letter {
        url,
        event: event.clone(),
        event_id: Some(event_id.clone()),
        body: body.clone(),
        signing: Signing::Jogg(secret),
    };
    endpoints.chain(own).map(letter).collect()
}

/// The general form of a video's event: those of product videos have no example.
fn told(service: &Service, id: &str, read: &Value) -> Map<String, Value> {
    let name = if service.world.settings.jogg.project_id { "project_id" } else { "video_id" };
    let mut data = Map::from_iter([(name.to_owned(), json!(id))]);
    for field in ["status", "video_url", "cover_url", "duration", "error"] {
        if let Some(value) = read.get(field) {
            data.insert(field.to_owned(), value.clone());
        }
    }
    data
}
