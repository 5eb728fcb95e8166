//! From what a call came to, to what it means for a step.

use std::time::Duration;

use super::Provider;
use crate::client::{PollPolicy, PollState, Recovery, Settling};
use crate::error::{Error, ErrorKind, Result};
use crate::job::{Job, LookUp, Offer, Outcome, PlannedMedia, Reason, SubmitOutcome};
use crate::model::{Cost, Picture, Sound, Timestamp, VideoFacts, inspect, listen, same_content};
use crate::secret::redact;

/// How long to wait before a step is sent again that was refused for now, where the provider
/// does not say.
const SEND_AGAIN_AFTER: Duration = Duration::from_secs(5);

/// The longest wait before a lost answer is looked for. What is found early need not wait for the
/// call to settle.
const LOOK_AFTER: Duration = Duration::from_secs(15);

/// How much longer than a policy says a wait may be, so that jobs that began together are not read
/// together.
const SPREAD: f64 = 0.2;

/// The longest wait for a read, whatever a policy says: longer than any job takes.
const LONGEST_WAIT: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// How far a provider's clock may be from ours.
pub(crate) const CLOCK_SKEW: Duration = Duration::from_secs(5 * 60);

/// How many times the wait between two looks doubles where nothing can be seen.
const MAX_DOUBLINGS: u32 = 4;

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
    fn wait(&self, job: &Job, step: usize, reads: u32, hint: Option<Duration>) -> Duration {
        let begun = job.steps[step].last_sent.unwrap_or(self.now);
        let state = PollState {
            provider: job.account.provider,
            elapsed: self.now.since(begun),
            reads,
            failures: self.failures,
            hint,
        };
        self.policy.wait(&state).min(LONGEST_WAIT).mul_f64(1.0 + SPREAD * self.random)
    }

    /// The wait before the first read of a step that was just accepted.
    pub(crate) fn first(&self, job: &Job, step: usize) -> Duration {
        self.wait(job, step, 0, None)
    }

    /// The wait after a read.
    pub(crate) fn after(&self, job: &Job, step: usize, status: &Result<Status>) -> Duration {
        let hint = match status {
            Ok(Status::Running { hint, .. }) => *hint,
            Ok(_) => None,
            Err(error) => error.retry_after(),
        };
        self.wait(job, step, job.polls + 1, hint)
    }
}

/// What an accepted step left.
#[derive(Debug)]
pub(crate) enum Sent {
    /// A synchronous one is done: a file's address, a product's id.
    Done(String),
    /// A synchronous one is done and offers what the next step needs one of.
    Offered(String, Vec<Offer>),
    /// An asynchronous one runs under this id.
    Running(String),
}

/// What a status says.
pub(crate) enum Status {
    Running {
        /// The provider's word.
        status: String,
        /// Whether its spec lists the word.
        is_known: bool,
        /// The wait that it asks for.
        hint: Option<Duration>,
    },
    NeedsAction(String),
    Succeeded(String, Option<VideoFacts>),
    Failed {
        code: Option<String>,
        message: Option<String>,
        /// What it took all the same, where the provider says so.
        cost: Option<Cost>,
    },
}

/// What a look for a lost step showed.
#[derive(Debug)]
pub(crate) enum Look {
    /// It is there.
    Found(Sent),
    /// It is there, and for this reason there may be a second one.
    Doubtful(Sent, String),
    /// All was read in which it would have to stand.
    Absent,
    /// The provider is still at it, or what was read does not tell.
    NotYet,
    /// No look can tell, for this reason.
    Unprovable(&'static str),
}

/// What a look may do, and when it is made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Looking {
    pub(crate) now: Timestamp,
    /// Whether the same call may be sent again under the same idempotency key.
    pub(crate) may_replay: bool,
}

/// Sends a step and says what that came to.
pub(crate) async fn send(
    provider: &dyn Provider,
    job: &Job,
    step: usize,
    settling: Settling,
    pace: &Pace<'_>,
) -> SubmitOutcome {
    let error = match provider.send(job, step).await {
        Ok(sent) => {
            let (resource, poll_after, offers) = told(sent, pace.first(job, step));
            return SubmitOutcome::Accepted { resource, poll_after, offers };
        }
        Err(error) => error,
    };
    let reason = Reason::from(&error);
    match error.kind() {
        ErrorKind::SubmitUnknown => {
            SubmitOutcome::Unknown { reason, look_after: LOOK_AFTER.min(settling.look_after()) }
        }
        kind if kind.is_transient() => {
            let again_after = Some(error.retry_after().unwrap_or(SEND_AGAIN_AFTER));
            SubmitOutcome::Rejected { reason, again_after }
        }
        _ => SubmitOutcome::Rejected { reason, again_after: None },
    }
}

/// What reading a status came to. A failed read says nothing of the job.
pub(crate) fn outcome(job: &Job, step: usize, status: Result<Status>, pace: &Pace<'_>) -> Outcome {
    let poll_after = pace.after(job, step, &status);
    match status {
        Ok(Status::Running { status, is_known, .. }) => {
            Outcome::Running { status, is_known, poll_after }
        }
        Ok(Status::NeedsAction(status)) => Outcome::NeedsAction { status },
        Ok(Status::Succeeded(status, video)) => {
            Outcome::Succeeded { status, video: video.map(Box::new) }
        }
        Ok(Status::Failed { code, message, cost }) => {
            Outcome::Failed { reason: failure(&job.steps[step].operation, code, message), cost }
        }
        Err(error) => Outcome::PollFailed { reason: Reason::from(&error), poll_after },
    }
}

/// Looks for a lost step and says what that came to.
pub(crate) async fn look_up(
    provider: &dyn Provider,
    job: &Job,
    step: usize,
    recovery: Recovery,
    settling: Settling,
    pace: &Pace<'_>,
) -> LookUp {
    let looking = Looking { now: pace.now, may_replay: recovery != Recovery::Hold };
    let looks = job.steps[step].lookups.min(MAX_DOUBLINGS);
    let later = settling.look_after() * 2u32.pow(looks);
    let found = |sent, doubt| {
        // It may have been made long ago.
        let (resource, poll_after, offers) = told(sent, Duration::ZERO);
        LookUp::Found { resource, poll_after, offers, doubt }
    };
    match provider.look_up(job, step, looking).await {
        Ok(Look::Found(sent)) => found(sent, None),
        Ok(Look::Doubtful(sent, doubt)) => found(sent, Some(doubt)),
        Ok(Look::Absent) if recovery == Recovery::Hold && job.steps[step].absences > 0 => {
            let why = "it is not listed at the provider, and the policy is to hold".to_owned();
            LookUp::Unprovable { why }
        }
        Ok(Look::Absent) => LookUp::Absent { look_after: settling.look_after() },
        Ok(Look::NotYet) => LookUp::NotYet { reason: None, look_after: later },
        Ok(Look::Unprovable(why)) => LookUp::Unprovable { why: why.to_owned() },
        Err(error) => LookUp::NotYet {
            look_after: error.retry_after().unwrap_or_default().max(later),
            reason: Some(Reason::from(&error)),
        },
    }
}

/// Reads what somebody says is the held step, and says what the answer to its call would have:
/// the id, whether it is done, and what it offers.
pub(crate) async fn adopt(
    provider: &dyn Provider,
    job: &Job,
    step: usize,
    resource: &str,
) -> Result<(String, bool, Vec<Offer>)> {
    let mut assumed = job.clone();
    assumed.steps[step].resource = Some(resource.to_owned());
    let sent = provider.adopt(&assumed, step).await?;
    let (resource, poll_after, offers) = told(sent, Duration::ZERO);
    Ok((resource, poll_after.is_none(), offers))
}

/// The id, when to read its status first, and what it offers.
fn told(sent: Sent, first: Duration) -> (String, Option<Duration>, Vec<Offer>) {
    match sent {
        Sent::Done(resource) => (resource, None, Vec::new()),
        Sent::Offered(resource, offers) => (resource, None, offers),
        Sent::Running(resource) => (resource, Some(first), Vec::new()),
    }
}

/// Why a provider gave a job up, in its own words.
fn failure(operation: &str, code: Option<String>, message: Option<String>) -> Reason {
    let told = message.filter(|text| !text.trim().is_empty());
    let text = told.unwrap_or_else(|| "the provider gives no reason".to_owned());
    let mut reason = Reason::new(ErrorKind::JobFailed, redact(&text, &[]));
    reason.operation = Some(operation.to_owned());
    reason.code = code.map(|code| redact(&code, &[])).filter(|code| !code.is_empty());
    reason
}

/// The picture that a step uploads, read again and checked to be the one that was planned.
pub(super) async fn picture(job: &Job, step: usize) -> Result<Picture> {
    let missing = || Error::new(ErrorKind::InvalidRequest, "the step has no image to upload");
    let index = job.steps[step].image.ok_or_else(missing)?;
    let image = job.request.product.images.get(index).ok_or_else(missing)?;
    let picture = inspect(image, index).await?.ok_or_else(missing)?;
    match job.plan.images.get(index) {
        Some(PlannedMedia::Upload { sha256, .. }) => {
            same_content(&picture.sha256, sha256, format!("product.images[{index}]"))?;
        }
        _ => return Err(missing()),
    }
    Ok(picture)
}

/// The track that a step uploads, read again and checked to be the one that was planned.
pub(super) async fn sound(job: &Job) -> Result<Sound> {
    let missing = || Error::new(ErrorKind::InvalidRequest, "the step has no track to upload");
    let track = job.request.track.as_ref().ok_or_else(missing)?;
    let sound = listen(track).await?.ok_or_else(missing)?;
    match &job.plan.track {
        Some(PlannedMedia::Upload { sha256, .. }) => {
            same_content(&sound.sha256, sha256, "track")?;
        }
        _ => return Err(missing()),
    }
    Ok(sound)
}
