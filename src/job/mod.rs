//! A job as data: one video being made, from request to file.
//!
//! Nothing here does I/O. Two pure functions move a job: [`next`] says what to do, [`apply`] what
//! an [`Outcome`] makes of it. Waiting, resuming and foreign workflow engines are loops around
//! them.

mod decide;
mod handle;
mod judge;
mod look;
mod need;
mod outcome;
mod plan;
mod spend;
mod step;
mod step_ref;
mod stored;
mod transition;

pub(crate) use judge::may_be_repeated;
pub use look::{Evidence, Look, Reach, Seen, Survey};
pub(crate) use need::EDGE_REFUSES;
pub use need::Need;
pub use outcome::{Decision, Outcome, SavedFile, Sending, SubmitOutcome};
pub use plan::{Choice, Confidence, Estimate, Note, Plan, PlannedMedia, PlannedStep};
pub use spend::{SpendEvent, SpendKind};
pub use step::{Offer, Reason, Step};
pub(crate) use step_ref::StepRef;
pub use stored::StoredJob;
pub use transition::{Action, apply, next};

pub(crate) use crate::model::{Account, JobHandle, JobId, ProviderRef, Stage, StepState};

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{Cost, Credits, Timestamp, VideoFacts};
use crate::request::VideoRequest;

/// The step that uploads the track. Its operation is the same as that of the images.
pub(crate) const UPLOAD_TRACK: &str = "upload_track";

/// One video being made.
///
/// What was asked for and planned never changes; the rest is how far it has come. A ledger keeps
/// the two apart ([`StoredJob`]), so that a version that does not know all of a request's options
/// cannot lose them.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    pub(crate) id: JobId,
    pub(crate) account: Account,
    /// Whether the account's realm has its path, where there is one: older versions left it out.
    pub(crate) is_realm_whole: bool,
    /// The digest of the caller's key, so that the key itself never leaves the process.
    pub(crate) key: Option<String>,
    pub(crate) fingerprint: String,
    pub(crate) request: Arc<VideoRequest>,
    pub(crate) plan: Arc<Plan>,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) parent: Option<JobId>,
    pub(crate) cap: Option<Credits>,
    /// The digest of its route's key.
    pub(crate) route: Option<String>,
    pub(crate) created_at: Timestamp,

    pub(crate) steps: Vec<Step>,
    pub(crate) stage: Stage,
    pub(crate) status: Option<String>,
    pub(crate) is_status_known: bool,
    pub(crate) trouble: Option<Reason>,
    pub(crate) awaits_action: bool,
    pub(crate) polls: u32,
    pub(crate) missed_polls: u32,
    /// Since when its provider says that it does not know it.
    pub(crate) missing_since: Option<Timestamp>,
    /// Whether its route has gone on to another account.
    pub(crate) left: bool,
    /// Since when it is held; not known of one that an earlier version had held.
    pub(crate) held_since: Option<Timestamp>,
    pub(crate) video: Option<VideoFacts>,
    /// What it was saved as last. Earlier versions did not write it down.
    pub(crate) saved: Option<SavedFile>,
    pub(crate) spending: Vec<SpendEvent>,
    pub(crate) updated_at: Timestamp,
    pub(crate) revision: u64,
}

impl Job {
    pub(crate) fn new(
        id: JobId,
        plan: Plan,
        request: VideoRequest,
        fingerprint: String,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            account: plan.account.clone(),
            is_realm_whole: true,
            key: None,
            fingerprint,
            request: Arc::new(request),
            steps: plan.steps.iter().map(|planned| Step::new(planned, now)).collect(),
            plan: Arc::new(plan),
            labels: BTreeMap::new(),
            parent: None,
            cap: None,
            route: None,
            stage: Stage::Ready,
            status: None,
            is_status_known: true,
            trouble: None,
            awaits_action: false,
            polls: 0,
            missed_polls: 0,
            missing_since: None,
            left: false,
            held_since: None,
            video: None,
            saved: None,
            spending: Vec::new(),
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

    /// What its provider says of the finished video; `None` before there is one. A link may be as
    /// good as a key.
    pub fn video(&self) -> Option<&VideoFacts> {
        self.video.as_ref()
    }

    /// What it cost, once that is known.
    pub fn cost(&self) -> Option<Cost> {
        self.video.as_ref().and_then(|video| video.cost)
    }

    /// What the file holds that its video was saved to last, where that is known.
    pub fn saved(&self) -> Option<&SavedFile> {
        self.saved.as_ref()
    }

    /// The caller's own words for it, such as an order's number.
    pub fn labels(&self) -> &BTreeMap<String, String> {
        &self.labels
    }

    /// The job of whose result this one makes something anew.
    pub fn parent(&self) -> Option<JobId> {
        self.parent
    }

    /// The most that its caller lets it cost, in its provider's credits.
    pub fn cap(&self) -> Option<Credits> {
        self.cap
    }

    /// What has to be chosen from before it can go on.
    pub fn offers(&self) -> Option<&[Offer]> {
        let offering = &self.steps[self.current()?.checked_sub(1)?];
        let is_open = offering.chosen.is_none() && !offering.offers.is_empty();
        is_open.then_some(&*offering.offers)
    }

    /// Whether a step may have been paid for twice.
    pub fn may_be_double(&self) -> bool {
        self.steps.iter().any(|step| step.paid && step.doubt.is_some())
    }

    /// Whether it failed before anything was accepted, so that nothing speaks against another try.
    pub fn may_retry(&self) -> bool {
        let was_paid = |step: &Step| {
            step.paid
                && (step.resource.is_some() || step.doubt.is_some() || !step.others.is_empty())
        };
        self.stage == Stage::Failed && !self.steps.iter().any(was_paid)
    }

    /// Since when it is held; `None` for a job that is not.
    pub fn held_since(&self) -> Option<Timestamp> {
        let is_held = self.stage == Stage::Uncertain;
        // Earlier versions did not write it down. Whatever came last was not before it.
        is_held.then(|| self.held_since.unwrap_or(self.updated_at))
    }

    /// When something is to be done for it next; `None` where nothing is. What is held is looked for
    /// again.
    pub fn due_at(&self) -> Option<Timestamp> {
        let step = &self.steps[self.current()?];
        let is_open = matches!(
            self.stage,
            Stage::Ready | Stage::Submitting | Stage::Running | Stage::Uncertain
        );
        is_open.then_some(step.due)
    }

    /// Until when it may take one of its account's slots; `None` where it takes none. A paid step
    /// takes one from its intent on, for as long as it may be at work at its provider.
    pub fn slot_until(&self) -> Option<Timestamp> {
        let step = &self.steps[self.current()?];
        let is_at_work = matches!(
            step.state,
            StepState::Submitting | StepState::Unknown | StepState::Running | StepState::Uncertain
        );
        step.slot_until.filter(|_| step.paid && is_at_work)
    }

    /// The digest of the key of the route that it belongs to, where it belongs to one.
    pub fn route_digest(&self) -> Option<&str> {
        self.route.as_deref()
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
                PlannedMedia::Url(url) => Some(url.clone()),
                PlannedMedia::Upload { .. } => hosted(index),
            })
            .collect()
    }

    /// The address of the track.
    pub(crate) fn track_url(&self) -> Option<String> {
        match self.plan.track.as_ref()? {
            PlannedMedia::Url(url) => Some(url.clone()),
            PlannedMedia::Upload { .. } => self.resource_of(UPLOAD_TRACK).map(str::to_owned),
        }
    }
}

/// The job and the step of a tag.
pub(crate) fn tagged(tag: &str) -> Option<(JobId, usize)> {
    let (id, step) = tag.strip_prefix("ar-")?.split_once('-')?;
    Some((id.parse().ok()?, step.parse().ok()?))
}
