//! The event of a task's end, and how it is delivered.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::task::Task;
use super::{Records, Service};
use crate::exchange::Submit;
use crate::webhooks::{Delivery, DeliveryPolicy, FirstDelivery, JobEvents, Signing, event_id};
use crate::world::locked;

const MINUTE: Duration = Duration::from_secs(60);
/// It is not documented.
const TIMEOUT: Duration = Duration::from_secs(10);

/// After each attempt, as the newest contract has it: three in all.
static NEWEST: DeliveryPolicy =
    DeliveryPolicy { retries: &[MINUTE, MINUTE.saturating_mul(5)], timeout: TIMEOUT };

/// As the contract had it at first: four in all.
static LAUNCH: DeliveryPolicy = DeliveryPolicy {
    retries: &[MINUTE, MINUTE.saturating_mul(5), MINUTE.saturating_mul(15)],
    timeout: TIMEOUT,
};

/// Delivers a task's event to the account's endpoints when it has ended.
pub(super) fn follow(
    service: &Arc<Service>,
    records: &Records,
    submit: &Submit,
    task: &Arc<Task>,
) -> FirstDelivery {
    let is_heard = records.endpoints.iter().any(|endpoint| endpoint.is_of(&task.account));
    let faults = if is_heard { submit.delivery_faults() } else { Vec::new() };
    let (weak, known) = (Arc::downgrade(service), Arc::clone(task));
    let events = JobEvents {
        account: task.account.clone(),
        job: task.id.clone(),
        work: Arc::clone(&task.work),
        policy: if service.contract().is_launch() { &LAUNCH } else { &NEWEST },
        at_start: Vec::new(),
        at_end: Box::new(move || {
            weak.upgrade().map_or_else(Vec::new, |service| at_end(&service, &known))
        }),
        faults,
    };
    service.world.webhooks.follow(&service.world, events)
}

/// A task that waits for its caller has no event.
fn at_end(service: &Service, task: &Task) -> Vec<Delivery> {
    let data = task.answer(&service.world, service.world.now());
    let event = match data["status"].as_str() {
        Some("succeeded") => "task.succeeded",
        Some("failed") => "task.failed",
        _ => return Vec::new(),
    };
    let id = event_id(&task.id, event);
    let body = json!({"id": id, "event": event, "created_at": data["updated_at"], "data": data});
    let records = locked(&service.records);
    let endpoints =
        records.endpoints.iter().filter(|endpoint| endpoint.takes(&task.account, event));
    let delivery = |(url, secret)| Delivery {
        url,
        event: event.to_owned(),
        event_id: Some(id.clone()),
        body: body.clone(),
        signing: Signing::BeatApi(secret),
    };
    endpoints.map(|endpoint| delivery(endpoint.address())).collect()
}
