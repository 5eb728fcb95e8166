//! When a status is read again: what the poll policy says, spread and bounded.

use std::time::Duration;

use super::call_result::Status;
use crate::error::Result;
use crate::job::StepRef;
use crate::model::Timestamp;
use crate::policy::{PollPolicy, PollState};

/// How much longer than a policy says a wait may be, so that jobs that began together are not read
/// together.
const SPREAD: f64 = 0.2;

/// The longest wait for a read, whatever a policy says: longer than any job takes.
const LONGEST_WAIT: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// By what it is decided when a status is read again.
pub(crate) struct Pace<'a> {
    pub(crate) policy: &'a dyn PollPolicy,
    pub(crate) now: Timestamp,
    /// How many reads have failed in a row, with the one that is spoken of.
    pub(crate) failures: u32,
    /// From 0 to 1: what waits are spread by.
    pub(crate) random: f64,
}

impl Pace<'_> {
    /// The wait after a read, or after the answer to a call where `status` is none.
    fn wait(&self, step: StepRef<'_>, reads: u32, hint: Option<Duration>) -> Duration {
        let begun = step.last_sent.unwrap_or(self.now);
        let state = PollState {
            provider: step.job().account().provider,
            elapsed: self.now.since(begun),
            reads,
            failures: self.failures,
            hint,
        };
        self.policy.wait(&state).min(LONGEST_WAIT).mul_f64(1.0 + SPREAD * self.random)
    }

    /// The wait before the first read of a step that was just accepted.
    pub(crate) fn first(&self, step: StepRef<'_>) -> Duration {
        self.wait(step, 0, None)
    }

    /// The wait after a read.
    pub(crate) fn after(&self, step: StepRef<'_>, status: &Result<Status>) -> Duration {
        let hint = match status {
            Ok(Status::Running { hint, .. }) => *hint,
            Ok(_) => None,
            Err(error) => error.retry_after(),
        };
        self.wait(step, step.job().polls().saturating_add(1), hint)
    }
}
