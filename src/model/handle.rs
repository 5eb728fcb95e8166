//! What others need to come back to a job.

use serde::{Deserialize, Serialize};

use super::{Account, JobId, ProviderRef, Stage, StepState, Timestamp};

/// What others need to come back to a job: a queue's message, a workflow's value, a column. Below
/// 1 KB of JSON, without a secret and without content.
///
/// It says how the job stood when it was taken. What the ledger says wins: use [`id`](Self::id), or
/// the handle itself, with [`Client::resume`](crate::Client::resume),
/// [`Client::advance`](crate::Client::advance) and [`Client::job`](crate::Client::job).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct JobHandle {
    /// The form in which it is written: 1.
    pub v: u16,
    /// Our id of the job.
    pub id: JobId,
    /// The account that it runs on.
    pub account: Account,
    /// How far it had come.
    pub stage: Stage,
    /// Its paid steps, and the one that was being worked on.
    pub steps: Vec<HandleStep>,
    /// When the job was made.
    pub created_at: Timestamp,
}

/// A step as a handle tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HandleStep {
    /// The operation, by its `operationId`.
    pub operation: String,
    /// How far it had come.
    pub state: StepState,
    /// How often it was sent.
    pub attempt: u32,
    /// The provider's id of what it made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
}

impl JobHandle {
    /// What the provider called the job.
    pub fn provider_ref(&self) -> Option<ProviderRef> {
        let id = self.steps.iter().rev().find_map(|step| step.resource.clone())?;
        Some(ProviderRef { provider: self.account.provider, id })
    }
}

impl From<&JobHandle> for JobId {
    fn from(handle: &JobHandle) -> Self {
        handle.id
    }
}
