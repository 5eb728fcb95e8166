//! When this client sent the paid calls whose answers it has not heard, by the clock that nobody
//! sets.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::clock::Moment;
use crate::job::{JobId, StepRef};

/// The calls by job and step.
#[derive(Debug, Default)]
pub(super) struct SentCalls(Mutex<HashMap<(JobId, usize), Moment>>);

impl SentCalls {
    pub(super) fn note(&self, step: StepRef<'_>, at: Moment) {
        self.calls().insert(key(step), at);
    }

    /// Its answer came.
    pub(super) fn forget(&self, step: StepRef<'_>) {
        self.calls().remove(&key(step));
    }

    pub(super) fn at(&self, step: StepRef<'_>) -> Option<Moment> {
        self.calls().get(&key(step)).copied()
    }

    fn calls(&self) -> MutexGuard<'_, HashMap<(JobId, usize), Moment>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(step: StepRef<'_>) -> (JobId, usize) {
    (step.job().id(), step.index())
}
