//! When this client sent the paid calls whose answers it has not heard, by the clock that nobody
//! sets.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Client;
use crate::clock::Moment;
use crate::job::{Job, JobId, StepRef};
use crate::model::Timestamp;

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

    fn at(&self, step: StepRef<'_>) -> Option<Moment> {
        self.calls().get(&key(step)).copied()
    }

    fn calls(&self) -> MutexGuard<'_, HashMap<(JobId, usize), Moment>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(step: StepRef<'_>) -> (JobId, usize) {
    (step.job().id(), step.index())
}

impl Client {
    /// When a look for a step begins. A clock that was set forward since this client sent the call
    /// has let no time pass: the call may still be on its way.
    pub(super) fn look_begins(&self, step: StepRef<'_>) -> Timestamp {
        let now = self.now_for(step.job());
        match (self.0.sent.at(step), step.last_sent) {
            (Some(at), Some(sent)) => now.min(sent + self.moment().since(at)),
            _ => now,
        }
    }

    /// Whether a job's held step may be sent again now, likewise.
    ///
    /// # Errors
    /// What speaks against it, in words.
    pub(crate) fn may_be_resubmitted(&self, job: &Job) -> Result<(), String> {
        let now = job.current_step().map(|step| self.look_begins(step));
        job.may_be_resubmitted(now.unwrap_or_else(|| self.now_for(job)))
    }
}
