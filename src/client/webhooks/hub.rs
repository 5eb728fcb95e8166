//! What webhooks wake: waits of this client, also by events that came to other replicas.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::select;
use tokio::sync::Notify;

use crate::clock::{Clock, Moment};
use crate::job::{Account, JobId};
use crate::ledger::LoggedEvent;

/// How often events of other replicas are looked for.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(2);

/// How often deliveries that are known already may have the same job read.
pub(super) const WAKE_EVERY: Duration = Duration::from_secs(5);

/// What is known by an event's account and resource.
type Key = (Account, String);

/// The waits of a client that webhooks wake.
#[derive(Default)]
pub(in crate::client) struct Hub {
    inboxes: AtomicUsize,
    state: Mutex<HubState>,
    /// There are jobs whose events may have come early.
    pub(super) changed: Notify,
    /// An event came here.
    pub(super) arrived: Notify,
    /// A look for a call whose answer was lost has ended.
    pub(super) looked: Notify,
}

#[derive(Default)]
pub(super) struct HubState {
    pub(super) watched: HashMap<Key, Watched>,
    /// Those whose events may have come before they were watched.
    pub(super) fresh: Vec<Key>,
    pub(super) is_running: bool,
}

pub(super) struct Watched {
    pub(super) job: JobId,
    /// The step that is waited for.
    pub(super) step: usize,
    pub(super) woken: Option<Moment>,
}

impl Watched {
    /// Whether an event is of the step that is waited for. Creatify's name theirs.
    fn is_of(&self, event: &LoggedEvent) -> bool {
        let step = event.event.outcome.split_once(':').map(|(step, _)| step.parse());
        step.is_none_or(|step| step == Ok(self.step))
    }
}

/// An inbox that is open.
pub(super) struct Opened(Arc<Hub>);

impl Drop for Opened {
    fn drop(&mut self) {
        self.0.inboxes.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Hub {
    pub(super) fn open(self: &Arc<Self>) -> Opened {
        self.inboxes.fetch_add(1, Ordering::SeqCst);
        Opened(Arc::clone(self))
    }

    pub(super) fn is_open(&self) -> bool {
        self.inboxes.load(Ordering::SeqCst) > 0
    }

    pub(super) fn state(&self) -> MutexGuard<'_, HubState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An event was noted here: waits for the next one need not look for it in the ledger first.
    pub(super) fn noted(&self, is_new: bool) {
        if is_new {
            self.arrived.notify_one();
        }
    }

    /// Resolves when an event may have come, here or elsewhere.
    pub(super) async fn event(&self, clock: &dyn Clock) {
        let arrived = self.arrived.notified();
        futures_util::pin_mut!(arrived);
        select(clock.sleep(LOOK_EVERY), arrived).await;
    }

    /// Says that a look for a call whose answer was lost has ended.
    pub(super) fn looked(&self) {
        self.looked.notify_waiters();
    }

    /// Whether an event is of a job that is waited for here.
    pub(super) fn job_of(&self, event: &LoggedEvent) -> Option<JobId> {
        let key = (event.event.account.clone(), event.event.resource.clone());
        let state = self.state();
        state.watched.get(&key).filter(|watched| watched.is_of(event)).map(|watched| watched.job)
    }
}
