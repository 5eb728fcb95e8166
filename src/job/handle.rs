//! The handle of a job, and whose it is.

use super::Job;
use crate::model::{Account, HandleStep, JobHandle, JobId};

/// The form in which handles are written.
const VERSION: u16 = 1;

/// The longest id of a provider's that a handle carries. A longer one stays in the ledger.
const MOST_ID_BYTES: usize = 100;

impl Job {
    /// What others need to come back to it.
    pub fn handle(&self) -> JobHandle {
        let current = self.current();
        let steps = self.steps.iter().enumerate();
        let told = steps.filter(|(index, step)| step.paid || current == Some(*index));
        let steps = told.map(|(_, step)| HandleStep {
            operation: step.operation.clone(),
            state: step.state,
            attempt: step.attempt,
            // A free step's is an address of whatever length.
            resource: step.resource.clone().filter(|id| step.paid && id.len() <= MOST_ID_BYTES),
        });
        JobHandle {
            v: VERSION,
            id: self.id,
            account: self.account.clone(),
            stage: self.stage,
            steps: steps.collect(),
            created_at: self.created_at,
        }
    }
}

impl From<&Job> for JobId {
    fn from(job: &Job) -> Self {
        job.id
    }
}

impl Account {
    /// Whether a job is of this account. One that an early version made, which kept no path of an
    /// address, is of each account that it may have been of: better it is found under another than
    /// paid for again.
    pub fn has(&self, job: &Job) -> bool {
        let is_former = || self.former().is_some_and(|former| former == job.account);
        job.account == *self || (!job.is_realm_whole && is_former())
    }
}
