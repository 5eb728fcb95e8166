//! What is delivered at a task's end.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::task::Task;
use super::{Records, Service};
use crate::exchange::Submit;
use crate::hooks::{Habits, Letter, Signing, Subject, Told, event_id};
use crate::world::locked;

const MINUTE: Duration = Duration::from_secs(60);
/// How long an answer is waited for is not documented.
const PATIENCE: Duration = Duration::from_secs(10);

/// After each attempt, as the newest contract has it: three in all.
static NEWEST: Habits = Habits { retries: &[MINUTE, MINUTE.saturating_mul(5)], patience: PATIENCE };

/// As the contract had it at first: four in all.
static LAUNCH: Habits = Habits {
    retries: &[MINUTE, MINUTE.saturating_mul(5), MINUTE.saturating_mul(15)],
    patience: PATIENCE,
};

/// Tells the account's endpoints of a task, when it has ended.
pub(super) fn follow(
    service: &Arc<Service>,
    records: &Records,
    submit: &Submit,
    task: &Arc<Task>,
) -> Told {
    let is_heard = records.endpoints.iter().any(|endpoint| endpoint.is_of(&task.account));
    let faults = if is_heard { submit.hook_faults() } else { Vec::new() };
    let (weak, known) = (Arc::downgrade(service), Arc::clone(task));
    let subject = Subject {
        account: task.account.clone(),
        job: task.id.clone(),
        work: Arc::clone(&task.work),
        habits: if service.contract().is_launch() { &LAUNCH } else { &NEWEST },
        early: Vec::new(),
        letters: Box::new(move || {
            weak.upgrade().map_or_else(Vec::new, |service| letters(&service, &known))
        }),
        faults,
    };
    service.world.hooks.follow(&service.world, subject)
}

/// A task that waits for its caller has no event.
fn letters(service: &Service, task: &Task) -> Vec<Letter> {
    let data = task.answer(&service.world, service.world.now());
    let event = match data["status"].as_str() {
        Some("succeeded") => "task.succeeded",
        Some("failed") => "task.failed",
        _ => return Vec::new(),
    };
    let id = event_id(&task.id, event);
    let body = json!({"id": id, "event": event, "created_at": data["updated_at"], "data": data});
    let records = locked(&service.records);
    let takers = records.endpoints.iter().filter(|endpoint| endpoint.takes(&task.account, event));
    let letter = |(url, secret)| Letter {
        url,
        event: event.to_owned(),
        event_id: Some(id.clone()),
        body: body.clone(),
        signing: Signing::BeatApi(secret),
    };
    takers.map(|endpoint| letter(endpoint.address())).collect()
}
