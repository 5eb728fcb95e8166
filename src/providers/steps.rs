//! From what a call came to, to what it means for a step.

use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::job::{Job, Outcome, PlannedImage, Reason};
use crate::model::{Picture, inspect, same_content};

/// How long to wait before a step is sent again that was refused for now, where the provider
/// does not say.
const SEND_AGAIN_AFTER: Duration = Duration::from_secs(5);

/// How long after a lost answer to look for it: the call may still be on its way.
const LOOK_AFTER: Duration = Duration::from_secs(15);

/// How often a lost answer is looked for before its job is held.
const MAX_LOOKUPS: u32 = 3;

/// When to read a job's status again: `(reads so far, wait)`, the last entry for all further ones.
pub(super) type PollSchedule = &'static [(u32, Duration)];

pub(super) fn poll_after(schedule: PollSchedule, polls: u32) -> Duration {
    let entry = schedule.iter().find(|(reads, _)| polls < *reads).or(schedule.last());
    entry.map_or(Duration::from_secs(10), |(_, wait)| *wait)
}

/// What a send came to. The resource of a success is what later steps need.
pub(super) fn sent(result: Result<Outcome>) -> Outcome {
    let error = match result {
        Ok(outcome) => return outcome,
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

/// What a failed read of a status came to.
pub(super) fn unread(error: &Error, wait: Duration) -> Outcome {
    let poll_after = error.retry_after().unwrap_or(wait).max(wait);
    Outcome::PollFailed { reason: Reason::from(error), poll_after }
}

/// What a look-up that found nothing came to: nothing is proved by it, so nothing is sent again.
pub(super) fn not_seen(job: &Job, step: usize) -> Outcome {
    let lookups = job.steps[step].lookups;
    Outcome::NotSeen { look_after: (lookups + 1 < MAX_LOOKUPS).then_some(LOOK_AFTER) }
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

/// A job that its provider gave up, with the provider's own words for why.
pub(super) fn failed(operation: &str, code: Option<String>, message: Option<String>) -> Outcome {
    let told = message.filter(|text| !text.trim().is_empty());
    let text = told.unwrap_or_else(|| "the provider gives no reason".to_owned());
    let mut reason = Reason::new(ErrorKind::JobFailed, crate::secret::redact(&text, &[]));
    reason.operation = Some(operation.to_owned());
    reason.code = code;
    Outcome::Failed { reason }
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
