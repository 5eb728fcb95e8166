//! From what a call came to, to what it means for a step.

use std::time::Duration;

use super::Provider;
use crate::error::{Error, ErrorKind, Result};
use crate::job::{Job, Outcome, PlannedImage, Reason};
use crate::model::{Picture, VideoFacts, inspect, same_content};
use crate::secret::redact;

/// How long to wait before a step is sent again that was refused for now, where the provider
/// does not say.
const SEND_AGAIN_AFTER: Duration = Duration::from_secs(5);

/// How long after a lost answer to look for it: the call may still be on its way.
const LOOK_AFTER: Duration = Duration::from_secs(15);

/// How often a lost answer is looked for before its job is held.
const MAX_LOOKUPS: u32 = 3;

/// When to read a job's status again: `(reads so far, wait)`, the last entry for all further ones.
pub(crate) type PollSchedule = &'static [(u32, Duration)];

/// What an accepted step left.
pub(crate) enum Sent {
    /// A synchronous one is done: a file's address, a product's id.
    Done(String),
    /// An asynchronous one runs under this id.
    Running(String),
}

/// What a status says.
pub(crate) enum Status {
    /// In the provider's word, with the wait that it asks for.
    Running(String, Option<Duration>),
    NeedsAction(String),
    Succeeded(String, Option<VideoFacts>),
    Failed {
        code: Option<String>,
        message: Option<String>,
    },
}

/// What a look for a lost step found. That it is absent is never concluded: the call may still be
/// on its way.
pub(crate) enum LookUp {
    Found(String),
    NotSeen,
    /// The provider has nothing to look at.
    Impossible,
}

/// Sends a step and says what that came to.
pub(crate) async fn send(provider: &dyn Provider, job: &Job, step: usize) -> Outcome {
    let error = match provider.send(job, step).await {
        Ok(Sent::Done(resource)) => return Outcome::Finished(resource),
        Ok(Sent::Running(resource)) => return accepted(provider, resource),
        Err(error) => error,
    };
    let reason = Reason::from(&error);
    match error.kind() {
        ErrorKind::SubmitUnknown => Outcome::AnswerLost { reason, look_after: LOOK_AFTER },
        kind if kind.is_transient() => {
            let again_after = Some(error.retry_after().unwrap_or(SEND_AGAIN_AFTER));
            Outcome::Refused { reason, again_after }
        }
        _ => Outcome::Refused { reason, again_after: None },
    }
}

/// Reads a status and says what that came to. A failed read says nothing of the job.
pub(crate) async fn poll(provider: &dyn Provider, job: &Job, step: usize) -> Outcome {
    let wait = poll_after(provider.schedule(), job.polls + 1);
    match provider.poll(job, step).await {
        Ok(Status::Running(status, hint)) => {
            Outcome::Running { status, poll_after: hint.unwrap_or(wait) }
        }
        Ok(Status::NeedsAction(status)) => Outcome::NeedsAction { status },
        Ok(Status::Succeeded(status, video)) => {
            Outcome::Succeeded { status, video: video.map(Box::new) }
        }
        Ok(Status::Failed { code, message }) => {
            Outcome::Failed { reason: failure(&job.steps[step].operation, code, message) }
        }
        Err(error) => {
            let poll_after = error.retry_after().unwrap_or(wait).max(wait);
            Outcome::PollFailed { reason: Reason::from(&error), poll_after }
        }
    }
}

/// Looks for a lost step and says what that came to.
pub(crate) async fn look_up(provider: &dyn Provider, job: &Job, step: usize) -> Outcome {
    match provider.look_up(job, step).await {
        Ok(LookUp::Found(resource)) => accepted(provider, resource),
        Ok(LookUp::Impossible) => Outcome::NotSeen { look_after: None },
        Ok(LookUp::NotSeen) | Err(_) => {
            let again = job.steps[step].lookups + 1 < MAX_LOOKUPS;
            Outcome::NotSeen { look_after: again.then_some(LOOK_AFTER) }
        }
    }
}

fn accepted(provider: &dyn Provider, resource: String) -> Outcome {
    Outcome::Accepted { resource, poll_after: poll_after(provider.schedule(), 0) }
}

fn poll_after(schedule: PollSchedule, polls: u32) -> Duration {
    let entry = schedule.iter().find(|(reads, _)| polls < *reads).or(schedule.last());
    entry.map_or(Duration::from_secs(10), |(_, wait)| *wait)
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
        Some(PlannedImage::Upload { sha256, .. }) => same_content(&picture, sha256, index)?,
        _ => return Err(missing()),
    }
    Ok(picture)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_slows_down_and_stays_at_its_last_wait() {
        const SCHEDULE: PollSchedule = &[
            (1, Duration::from_secs(10)),
            (4, Duration::from_secs(5)),
            (9, Duration::from_secs(30)),
        ];
        let waits = [0, 1, 3, 4, 8, 9, 500].map(|polls| poll_after(SCHEDULE, polls).as_secs());
        assert_eq!(waits, [10, 5, 5, 30, 30, 30, 30]);
    }
}
