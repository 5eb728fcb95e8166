//! What a call, a read of a status or a look came to, as an outcome for its job.

use std::time::Duration;

use super::Provider;
use super::call_result::{Sent, Status};
use super::ids::{UNREADABLE, is_nameable, is_usable};
use super::pace::Pace;
use crate::error::{Error, ErrorKind, Result};
use crate::job::{JobId, Offer, Outcome, Reason, Seen, StepRef, SubmitOutcome, Survey};
use crate::model::VideoFacts;
use crate::policy::growing_pause;
use crate::transport::LookPages;
use crate::words::{words, words_within};

/// The longest wait before a lost answer is looked for. What is found early need not wait for the
/// call to settle.
const LOOK_AFTER: Duration = Duration::from_secs(15);

/// Something that a look has found.
pub(crate) fn found(sent: Sent) -> Seen {
    found_with(sent, Vec::new(), None)
}

/// Something that a look has found, with further ids of the same step and a doubt.
pub(crate) fn found_with(sent: Sent, mut others: Vec<String>, doubt: Option<String>) -> Seen {
    others.truncate(MOST_KEPT);
    // It may have been made long ago.
    let (resource, poll_after, offers) = left_by(sent, Duration::ZERO);
    Seen::Found { resource, poll_after, offers, others, doubt }
}

/// A look that found nothing.
pub(crate) fn nothing(survey: Survey) -> Seen {
    Seen::Nothing(survey)
}

/// What a call that was made came to. `settle` is how long it may be on its way.
pub(crate) fn submitted(
    step: StepRef<'_>,
    sent: Result<Sent>,
    settle: Duration,
    pace: &Pace<'_>,
) -> SubmitOutcome {
    let error = match sent {
        Ok(sent) => {
            let (resource, poll_after, offers) = left_by(sent, pace.first(step));
            return SubmitOutcome::Accepted { resource, poll_after, offers };
        }
        Err(error) => error,
    };
    let reason = Reason::from(&error);
    match error.kind() {
        ErrorKind::SubmitUnknown => {
            SubmitOutcome::Unknown { reason, look_after: LOOK_AFTER.min(settle / 3) }
        }
        _ => SubmitOutcome::Rejected { reason, again_after: again_after(step, &error, pace) },
    }
}

/// What is kept of a call that could not be made.
pub(crate) fn not_sent(step: StepRef<'_>, error: &Error, pace: &Pace<'_>) -> Outcome {
    Outcome::NotSent { reason: Reason::from(error), again_after: again_after(step, error, pace) }
}

/// When to send a step again that was surely not accepted; `None` where that would not help by
/// itself. Never sooner than the provider asks for, nor than our own growing pause.
fn again_after(step: StepRef<'_>, error: &Error, pace: &Pace<'_>) -> Option<Duration> {
    // A provider's conflict is no reason to try again; that of an intent that grew old is ours.
    let is_ours = error.kind() == ErrorKind::Conflict && error.status().is_none();
    let own = growing_pause(step.attempt().max(1), pace.random);
    (error.is_transient() || is_ours).then(|| own.max(error.retry_after().unwrap_or_default()))
}

/// What reading a status came to. A failed read says nothing of the job.
pub(crate) fn of_read(step: StepRef<'_>, status: Result<Status>, pace: &Pace<'_>) -> Outcome {
    let poll_after = pace.after(step, &status);
    let word = |status: String| words_within(&status, WORD_MAX_CHARS);
    match status {
        Ok(Status::Running { status, is_known, .. }) => {
            Outcome::Running { status: word(status), is_known, poll_after }
        }
        Ok(Status::NeedsAction(status)) => Outcome::NeedsAction { status: word(status) },
        Ok(Status::Succeeded(status, video)) => {
            Outcome::Succeeded { status: word(status), video: video.map(kept) }
        }
        Ok(Status::Failed { code, message, cost }) => {
            Outcome::Failed { reason: failure(step.operation(), code, message), cost }
        }
        Err(error) => Outcome::PollFailed { reason: Reason::from(&error), poll_after },
    }
}

/// Reads the record that a person names as the held step's, and says what the answer to its call
/// would have said: the id, whether it is done, and what it offers.
pub(crate) async fn adopt(
    provider: &dyn Provider,
    step: StepRef<'_>,
    resource: &str,
    pages: &LookPages,
) -> Result<(String, bool, Vec<Offer>)> {
    let mut assumed = step.job().clone();
    assumed.steps[step.index()].resource = Some(resource.to_owned());
    let assumed = assumed.step(step.index()).expect("a copy of a job has the same steps");
    let sent = provider.adopt(assumed, pages).await?;
    let (resource, poll_after, offers) = left_by(sent, Duration::ZERO);
    Ok((resource, poll_after.is_none(), offers))
}

/// What a free step left, where later steps can name it.
///
/// # Errors
/// [`ErrorKind::Decode`] for anything else.
pub(crate) fn nameable(sent: Sent) -> Result<Sent> {
    match is_nameable(sent.id()) {
        true => Ok(sent),
        false => Err(Error::new(ErrorKind::Decode, UNREADABLE)),
    }
}

/// Why the id that a paid call was answered with cannot be that of what it has made; `None` where
/// nothing speaks against it. `owner` is another job of the account that has it.
pub(crate) fn doubted(
    provider: &dyn Provider,
    step: StepRef<'_>,
    id: &str,
    owner: Option<JobId>,
) -> Option<String> {
    match provider.works_on(step) {
        _ if !is_usable(id) => Some(UNREADABLE.to_owned()),
        Some(known) if id.eq_ignore_ascii_case(known) => None,
        Some(known) => Some(format!("the answer tells of another record than {known}")),
        None => owner.map(|job| format!("the answer names {id}, which is job {job}'s")),
    }
}

/// The id, when to read its status first, and what it offers.
fn left_by(sent: Sent, first: Duration) -> (String, Option<Duration>, Vec<Offer>) {
    match sent {
        Sent::Done(resource) => (resource, None, Vec::new()),
        Sent::Offered(resource, offers) => (resource, None, offerable(offers)),
        Sent::Running(resource) => (resource, Some(first), Vec::new()),
    }
}

/// The most offers and further ids of a step that are kept: more than any provider has styles.
const MOST_KEPT: usize = 50;

/// What can be chosen of what is offered.
fn offerable(mut offers: Vec<Offer>) -> Vec<Offer> {
    offers.retain(|offer| is_usable(&offer.id));
    offers.truncate(MOST_KEPT);
    for offer in &mut offers {
        offer.label = words_within(&offer.label, WORD_MAX_CHARS);
    }
    offers
}

/// The longest word of a provider's that is kept for a status or a name.
const WORD_MAX_CHARS: usize = 100;

/// The longest answer that is kept with a video.
const RAW_MAX_BYTES: usize = 256 << 10;

/// What is kept of a finished video.
pub(crate) fn kept(mut video: VideoFacts) -> Box<VideoFacts> {
    forget_webhook(&mut video.raw);
    if video.raw.to_string().len() > RAW_MAX_BYTES {
        video.raw = serde_json::Value::Null;
    }
    Box::new(video)
}

/// Takes out where deliveries are sent: that address proves them, and nothing need keep it.
fn forget_webhook(answer: &mut serde_json::Value) {
    match answer {
        serde_json::Value::Array(items) => items.iter_mut().for_each(forget_webhook),
        serde_json::Value::Object(fields) => {
            fields.remove("webhook_url");
            fields.values_mut().for_each(forget_webhook);
        }
        _ => {}
    }
}

/// Why a provider gave a job up, in its own words.
fn failure(operation: &str, code: Option<String>, message: Option<String>) -> Reason {
    let given = message.map(|text| words(&text)).filter(|text| !text.is_empty());
    let text = given.unwrap_or_else(|| "the provider gives no reason".to_owned());
    let mut reason = Reason::new(ErrorKind::JobFailed, text);
    reason.operation = Some(operation.to_owned());
    reason.code = code.map(|code| words(&code)).filter(|code| !code.is_empty());
    reason
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_is_offered_and_found_a_bounded_part_is_kept() {
        let offer = |number| Offer { id: format!("p{number}"), label: "Bold".to_owned() };
        let made = Sent::Offered("list".to_owned(), (0..100_000).map(offer).collect());
        let others = (0..100_000).map(|number| format!("v{number}")).collect();
        let Seen::Found { offers, others, .. } = found_with(made, others, None) else {
            panic!("it was found");
        };
        assert_eq!((offers.len(), others.len()), (MOST_KEPT, MOST_KEPT));
    }

    #[test]
    fn a_reason_that_nobody_sees_is_none() {
        let shown = |text: String| failure("read", None, Some(text)).message;
        assert_eq!(shown("\u{200b}".repeat(3_000) + "bad avatar"), "bad avatar");
        for unseen in ["\u{200b}", "\u{feff} ", "\u{1b}"] {
            assert_eq!(shown(unseen.repeat(3_000)), "the provider gives no reason");
        }
    }
}
