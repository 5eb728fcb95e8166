//! A job as data: one video being made, from request to file.
//!
//! Nothing here does I/O. Two pure functions move a job: [`next`] says what to do, [`apply`] what
//! an [`Outcome`] makes of it. Waiting, resuming and foreign workflow engines are loops around
//! them.

mod id;
mod plan;
mod step;
mod transition;

pub use id::{Account, InvalidJobId, JobId, ProviderRef};
pub use plan::{Choice, Confidence, Estimate, Note, Plan, PlannedImage, PlannedStep};
pub use step::{Reason, Step, StepState};
pub use transition::{Action, Outcome, apply, next};

use serde::{Deserialize, Serialize};

use crate::model::{Cost, Timestamp, VideoFacts, VideoRequest};

/// How far a job has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Stage {
    /// Nothing was paid for yet.
    Ready,
    /// A paid call is on its way, or its answer was lost and is being looked for.
    Submitting,
    /// The provider has accepted it.
    Running,
    /// The provider waits for a decision.
    NeedsAction,
    /// The video is there to be fetched.
    Rendered,
    /// The video was saved.
    Done,
    /// The provider refused it or gave it up.
    Failed,
    /// It may have been paid for, which could not be proved; it is held until somebody decides.
    Uncertain,
    /// The provider accepted it and no longer knows it.
    Lost,
}

impl Stage {
    /// The stage in a word, as it is printed and stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Submitting => "submitting",
            Self::Running => "running",
            Self::NeedsAction => "needs_action",
            Self::Rendered => "rendered",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Uncertain => "uncertain",
            Self::Lost => "lost",
        }
    }
}

impl std::fmt::Display for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// One video being made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    pub(crate) id: JobId,
    pub(crate) account: Account,
    /// The digest of the caller's key, so that the key itself never leaves the process.
    pub(crate) key: Option<String>,
    pub(crate) fingerprint: String,
    pub(crate) request: VideoRequest,
    pub(crate) plan: Plan,
    pub(crate) steps: Vec<Step>,
    pub(crate) stage: Stage,
    pub(crate) status: Option<String>,
    pub(crate) trouble: Option<Reason>,
    pub(crate) polls: u32,
    pub(crate) missed_polls: u32,
    pub(crate) video: Option<VideoFacts>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) revision: u64,
}

impl Job {
    pub(crate) fn new(
        id: JobId,
        plan: Plan,
        request: VideoRequest,
        fingerprint: String,
        key: Option<String>,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            account: plan.account.clone(),
            key,
            fingerprint,
            request,
            steps: plan.steps.iter().map(|planned| Step::new(planned, now)).collect(),
            plan,
            stage: Stage::Ready,
            status: None,
            trouble: None,
            polls: 0,
            missed_polls: 0,
            video: None,
            created_at: now,
            updated_at: now,
            revision: 0,
        }
    }

    /// Our id of the job, known before anything is sent.
    pub fn id(&self) -> JobId {
        self.id
    }

    /// The account that it runs on.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// How far it has come.
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// What was asked for.
    pub fn request(&self) -> &VideoRequest {
        &self.request
    }

    /// What was planned, with the defaults that were chosen.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Its steps, in order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The provider's last word on it, such as `video_generating`, as received.
    pub fn status(&self) -> Option<&str> {
        self.status.as_deref()
    }

    /// What went wrong last, also where the job goes on in spite of it.
    pub fn trouble(&self) -> Option<&Reason> {
        self.trouble.as_ref()
    }

    /// What the provider calls it: the resource of its last paid step that was accepted.
    pub fn provider_ref(&self) -> Option<ProviderRef> {
        let mut paid = self.steps.iter().rev().filter(|step| step.paid);
        let resource = paid.find_map(|step| step.resource.clone())?;
        Some(ProviderRef { provider: self.account.provider, id: resource })
    }

    /// How often its status was read.
    pub fn polls(&self) -> u32 {
        self.polls
    }

    /// What it cost, once that is known.
    pub fn cost(&self) -> Option<Cost> {
        self.video.as_ref().and_then(|video| video.cost)
    }

    /// When it was made.
    pub fn created_at(&self) -> Timestamp {
        self.created_at
    }

    /// When it last changed.
    pub fn updated_at(&self) -> Timestamp {
        self.updated_at
    }

    /// How often it has changed: what a ledger compares before it stores.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The digest of the caller's key, unique within an account.
    pub fn key_digest(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// The index of the step that is being worked on.
    pub(crate) fn current(&self) -> Option<usize> {
        self.steps.iter().position(|step| step.state != StepState::Succeeded)
    }

    /// What a finished step left behind.
    pub(crate) fn resource_of(&self, operation: &str) -> Option<&str> {
        self.steps.iter().find(|step| step.operation == operation)?.resource.as_deref()
    }

    /// The addresses of all images in the request's order: given ones as they are, files where
    /// their step has put them.
    pub(crate) fn image_urls(&self) -> Vec<String> {
        let hosted = |index| {
            let step = self.steps.iter().find(|step| step.image == Some(index));
            step.and_then(|step| step.resource.clone())
        };
        let images = self.plan.images.iter().enumerate();
        images
            .filter_map(|(index, image)| match image {
                PlannedImage::Url(url) => Some(url.clone()),
                PlannedImage::Upload { .. } => hosted(index),
            })
            .collect()
    }

    /// The tag that a provider echoes, by which a job is found after a lost answer. It belongs to
    /// the job's step, never to an attempt.
    pub(crate) fn tag(&self, step: usize) -> String {
        format!("ar-{}-{step}", self.id)
    }
}
