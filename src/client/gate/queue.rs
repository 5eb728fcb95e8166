//! Who of a client's jobs is sent next on an account: first those for which something was paid
//! already, then in the order in which they were submitted.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::job::{Job, JobId};

/// By what jobs are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    is_unpaid: bool,
    job: JobId,
    /// Several may wait for the same job.
    number: u64,
}

/// The jobs of an account that wait to be sent.
#[derive(Default)]
pub(in crate::client) struct Line(Mutex<State>);

#[derive(Default)]
struct State {
    waiting: BTreeMap<Rank, Arc<Notify>>,
    next_number: u64,
}

/// A place in the line, given up when it is dropped.
pub(in crate::client) struct Place {
    line: Arc<Line>,
    rank: Rank,
    called: Arc<Notify>,
}

impl Line {
    pub(in crate::client) fn enter(self: &Arc<Self>, job: &Job) -> Place {
        let mut state = self.state();
        let number = state.next_number;
        state.next_number += 1;
        let rank = Rank { is_unpaid: !job.may_be_paid(), job: job.id(), number };
        let called = Arc::new(Notify::new());
        state.waiting.insert(rank, Arc::clone(&called));
        Place { line: Arc::clone(self), rank, called }
    }

    /// There may be room now.
    pub(in crate::client) fn wake(&self) {
        if let Some((_, first)) = self.state().waiting.first_key_value() {
            first.notify_one();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    pub(in crate::client) fn is_first(&self) -> bool {
        self.line.state().waiting.first_key_value().is_some_and(|(rank, _)| *rank == self.rank)
    }

    /// Resolves when it is first, or when there may be room.
    pub(in crate::client) async fn called(&self) {
        self.called.notified().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.line.state().waiting.remove(&self.rank);
        self.line.wake();
    }
}
