//! Webhooks: the events of a job, and their deliveries to endpoints.
//!
//! Each job with an endpoint has a task of its own, which waits for the job's end in sandbox time and
//! then delivers its event to the endpoints that there are at that time. The task holds the world
//! weakly and ends with it, so that no delivery outlives its sandbox.

mod delivery;
mod dispatch;
mod fault;
mod log;

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

pub(super) use self::delivery::{Delivery, Signing};
use self::dispatch::Dispatcher;
pub(super) use self::fault::DeliveryFault;
use self::log::Log;
pub use self::log::{DeliveryAttempt, DeliveryState, WebhookDelivery};
use super::ids::{digest, hex};
use super::ledger::Account;
use super::pagination::Window;
use super::work::Work;
use super::world::{World, locked};
use super::{body, control};

/// How many endpoints a provider keeps, of all accounts together: any key is an account.
const MOST_ENDPOINTS: usize = 2_000;

/// Keeps one more endpoint; the oldest goes for it.
pub(super) fn add_endpoint<T>(endpoints: &mut Vec<T>, endpoint: T) {
    if endpoints.len() >= MOST_ENDPOINTS {
        endpoints.remove(0);
    }
    endpoints.push(endpoint);
}

/// How a provider delivers.
pub(super) struct DeliveryPolicy {
    /// How long after each attempt that was not taken the next one follows.
    pub(super) retries: &'static [Duration],
    /// How long an answer is waited for, in real time: who answers is a real program.
    pub(super) timeout: Duration,
}

/// The events of one job.
pub(super) struct JobEvents {
    pub(super) account: Account,
    pub(super) job: String,
    pub(super) work: Arc<Work>,
    pub(super) policy: &'static DeliveryPolicy,
    /// Deliveries of the event of its acceptance, where the provider has one.
    pub(super) at_start: Vec<Delivery>,
    /// Makes the deliveries of the event of its end, one for each endpoint. Called once, at that time.
    pub(super) at_end: Box<dyn Fn() -> Vec<Delivery> + Send + Sync>,
    pub(super) faults: Vec<DeliveryFault>,
}

/// All deliveries of a sandbox.
pub(super) struct Webhooks {
    log: Mutex<Log>,
    /// Counts attempts, for those who wait for another's.
    attempts: watch::Sender<u64>,
    tasks: Mutex<JoinSet<()>>,
}

impl Webhooks {
    pub(super) fn new() -> Self {
        let (log, tasks) = (Mutex::default(), Mutex::new(JoinSet::new()));
        Self { log, attempts: watch::Sender::new(0), tasks }
    }

    /// Delivers the events of a job, each at its time.
    pub(super) fn follow(&self, world: &Arc<World>, events: JobEvents) -> FirstDelivery {
        let (attempted, first_attempt) = mpsc::channel(1);
        let mut is_awaited = events.faults.contains(&DeliveryFault::BeforeAnswer);
        if is_awaited && events.at_start.is_empty() {
            // The provider has an event of the end alone, so the job has to end before its answer.
            events.work.end_now();
            is_awaited = !events.work.is_stuck();
        }
        let dispatcher = Dispatcher::new(world, events);
        let mut tasks = locked(&self.tasks);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(dispatcher.run(attempted));
        FirstDelivery(is_awaited.then_some(first_attempt))
    }

    /// Looks at what was sent. Deliveries wait meanwhile.
    pub(super) fn look<T>(&self, look: impl FnOnce(&Log) -> T) -> T {
        look(&locked(&self.log))
    }

    /// All that was sent so far, the oldest first.
    pub(super) fn deliveries(&self) -> Vec<WebhookDelivery> {
        self.look(|log| log.iter().cloned().collect())
    }
}

/// The first delivery of a job, which a planted fault may want before the answer to the call.
#[must_use = "a create call awaits it before it answers"]
pub(super) struct FirstDelivery(Option<mpsc::Receiver<Infallible>>);

impl FirstDelivery {
    /// Of a job without endpoints.
    pub(super) fn none() -> Self {
        Self(None)
    }

    /// Resolves at once, but for a job whose first delivery is to arrive before its answer.
    pub(super) async fn before_answer(self) {
        if let Some(mut first_attempt) = self.0 {
            // Nothing is ever sent: this ends when the senders are dropped.
            let _ = first_attempt.recv().await;
        }
    }
}

/// The id of an event, the same in each of its deliveries and in every run with the same seed.
pub(super) fn event_id(job: &str, event: &str) -> String {
    format!("evt_{}", hex(&digest(&[job.as_bytes(), event.as_bytes()])[..8]))
}

/// `GET /_sandbox/webhooks`.
pub(super) async fn list_route(State(world): State<Arc<World>>, request: Request) -> Response {
    match Window::read(&body::query(&request)) {
        Ok(window) => {
            let (deliveries, next) = world.webhooks.look(|log| window.of(log.newest()));
            Json(json!({"deliveries": deliveries, "next": next})).into_response()
        }
        Err(reason) => control::refusal(StatusCode::BAD_REQUEST, &reason),
    }
}
