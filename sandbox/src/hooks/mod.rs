//! Deliveries: what a provider posts to those who want to hear of a job.
//!
//! Each job that somebody may want to hear of has a task, which waits for the job's end in sandbox
//! time, and then tells whoever is subscribed at that time. It holds the world weakly and is cut
//! off with it, so that no delivery outlives its sandbox.

mod courier;
mod fault;
mod letter;
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

use self::courier::Courier;
pub(super) use self::fault::HookFault;
pub(super) use self::letter::{Letter, Signing};
use self::log::Log;
pub use self::log::{DeliveryAttempt, DeliveryState, WebhookDelivery};
use super::ids::{digest, hex};
use super::ledger::Account;
use super::part::Part;
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
pub(super) struct Habits {
    /// How long after each attempt that was not taken the next one follows.
    pub(super) retries: &'static [Duration],
    /// How long an answer is waited for, in real time: who answers is a real program.
    pub(super) patience: Duration,
}

/// A job whose end is to be told.
pub(super) struct Subject {
    pub(super) account: Account,
    pub(super) job: String,
    pub(super) work: Arc<Work>,
    pub(super) habits: &'static Habits,
    /// What is told when the job is accepted.
    pub(super) early: Vec<Letter>,
    /// What is told at its end, one for each receiver. Called once, when that time has come.
    pub(super) letters: Box<dyn Fn() -> Vec<Letter> + Send + Sync>,
    pub(super) faults: Vec<HookFault>,
}

/// All deliveries of a sandbox.
pub(super) struct Hooks {
    log: Mutex<Log>,
    /// Counts attempts, for those who wait for another's.
    attempts: watch::Sender<u64>,
    tasks: Mutex<JoinSet<()>>,
}

impl Hooks {
    pub(super) fn new() -> Self {
        let (log, tasks) = (Mutex::default(), Mutex::new(JoinSet::new()));
        Self { log, attempts: watch::Sender::new(0), tasks }
    }

    /// Tells of a job when its time has come.
    pub(super) fn follow(&self, world: &Arc<World>, subject: Subject) -> Told {
        let (telling, told) = mpsc::channel(1);
        let mut is_awaited = subject.faults.contains(&HookFault::BeforeAnswer);
        if is_awaited && subject.early.is_empty() {
            // The provider tells of ends alone: so the job has to end before its answer.
            subject.work.end_now();
            is_awaited = !subject.work.is_stuck();
        }
        let courier = Courier::new(world, subject);
        let mut tasks = locked(&self.tasks);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(courier.run(telling));
        Told(is_awaited.then_some(told))
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

/// The first delivery of a job.
#[must_use = "a create call awaits it before it answers"]
pub(super) struct Told(Option<mpsc::Receiver<Infallible>>);

impl Told {
    /// Nobody is told of the job.
    pub(super) fn nobody() -> Self {
        Self(None)
    }

    /// Resolves at once, but for a job whose first delivery is to arrive before its answer.
    pub(super) async fn before_answer(self) {
        if let Some(mut told) = self.0 {
            // Nothing is ever sent: this ends when the senders are dropped.
            let _ = told.recv().await;
        }
    }
}

/// The id of an event, the same in each of its deliveries and in every run with the same seed.
pub(super) fn event_id(job: &str, event: &str) -> String {
    format!("evt_{}", hex(&digest(&[job.as_bytes(), event.as_bytes()])[..8]))
}

/// `GET /_sandbox/webhooks`.
pub(super) async fn webhooks_route(State(world): State<Arc<World>>, request: Request) -> Response {
    match Part::read(&body::query(&request)) {
        Ok(part) => {
            let (deliveries, next) = world.hooks.look(|log| part.of(log.newest()));
            Json(json!({"deliveries": deliveries, "next": next})).into_response()
        }
        Err(reason) => control::refusal(StatusCode::BAD_REQUEST, &reason),
    }
}
