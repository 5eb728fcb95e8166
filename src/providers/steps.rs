//! From what a call came to, to what it means for a step.

use std::time::Duration;

use super::Provider;
use crate::account::Keys;
use crate::error::{Error, ErrorKind, Result};
use crate::input::{Picture, Sound, inspect, listen, same_content};
use crate::job::{
    JobId, Offer, Outcome, PlannedMedia, Reason, Seen, StepRef, SubmitOutcome, Survey,
};
use crate::model::{Cost, Timestamp, VideoFacts};
use crate::plain::is_hidden;
use crate::policy::{PollPolicy, PollState, growing_pause};
use crate::secret::HIDDEN;
use crate::transport::{LookPages, PathSegment};
use crate::words::{words, words_within};

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

impl Sent {
    pub(crate) fn id(&self) -> &str {
        let (Self::Done(id) | Self::Offered(id, _) | Self::Running(id)) = self;
        id
    }
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

/// What a look may do, and with what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Looking<'a> {
    pub(crate) keys: &'a Keys,
    /// By which each page of a list is read.
    pub(crate) pages: &'a LookPages,
    /// How long ago the call was first sent; `None` where the clocks do not tell.
    pub(crate) age: Option<Duration>,
    /// By the client's monotonic clock: the time now.
    pub(crate) elapsed: Duration,
    /// Whether the same call may be sent again under its idempotency key, or why not.
    pub(crate) may_repeat: Result<(), &'static str>,
}

/// Something that a look has found.
pub(crate) fn found(sent: Sent) -> Seen {
    found_with(sent, Vec::new(), None)
}

/// Something that a look has found, with further ids of the same step and a doubt.
pub(crate) fn found_with(sent: Sent, mut others: Vec<String>, doubt: Option<String>) -> Seen {
    others.truncate(MOST_KEPT);
    // It may have been made long ago.
    let (resource, poll_after, offers) = told(sent, Duration::ZERO);
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
            let (resource, poll_after, offers) = told(sent, pace.first(step));
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
pub(crate) fn outcome(step: StepRef<'_>, status: Result<Status>, pace: &Pace<'_>) -> Outcome {
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

/// Reads what somebody says is the held step, and says what the answer to its call would have:
/// the id, whether it is done, and what it offers.
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
    let (resource, poll_after, offers) = told(sent, Duration::ZERO);
    Ok((resource, poll_after.is_none(), offers))
}

/// An answer that names another record than the one that was read says nothing of ours.
///
/// # Errors
/// [`ErrorKind::Decode`] for such an answer.
pub(crate) fn tells_of(step: StepRef<'_>, id: &str) -> Result<()> {
    names(id, step.id())
}

/// The same by the id that was read.
///
/// # Errors
/// [`ErrorKind::Decode`] for an answer that names another.
pub(crate) fn names(id: &str, asked: &str) -> Result<()> {
    if id.eq_ignore_ascii_case(asked) {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Decode, "the answer tells of another id than the one that was read"))
}

/// Whether an id can be asked for: no provider's has blanks, the marks of an address, or more than
/// some 40 characters, and none stands for nothing.
pub(super) fn is_usable(id: &str) -> bool {
    PathSegment::new("id", id).is_ok()
        && !id.contains(HIDDEN)
        && !id.contains(|c: char| c.is_whitespace() || is_hidden(c))
        && !stands_for_nothing(id)
}

/// What programs write where they have no id.
const NO_IDS: [&str; 12] = [
    "null",
    "nil",
    "none",
    "undefined",
    "unknown",
    "nan",
    "n/a",
    "true",
    "false",
    "default",
    "id",
    "{}",
];

/// Whether an id is one that a program writes in place of none. One that counts is above zero, and
/// whole.
fn stands_for_nothing(id: &str) -> bool {
    let is_number = id.bytes().all(|byte| byte.is_ascii_digit() || b"+-.".contains(&byte));
    let counts = |number: f64| number > 0.0 && number.fract() == 0.0;
    NO_IDS.contains(&&*id.to_ascii_lowercase())
        || id.bytes().all(|byte| b"0-".contains(&byte))
        || (is_number && id.parse().is_ok_and(|number: f64| !counts(number)))
}

/// The longest id or address that a free step leaves.
const LEFT_MAX_BYTES: usize = 16 << 10;

/// What a free step left, where later steps can name it.
///
/// # Errors
/// [`ErrorKind::Decode`] for anything else.
pub(crate) fn nameable(sent: Sent) -> Result<Sent> {
    let id = sent.id();
    let is_odd = |c: char| c.is_whitespace() || is_hidden(c);
    let is_id = !id.is_empty() && !id.contains(is_odd) && !stands_for_nothing(id);
    if is_id && id.len() <= LEFT_MAX_BYTES {
        return Ok(sent);
    }
    Err(Error::new(ErrorKind::Decode, UNREADABLE))
}

/// What is said of an answer whose id nobody can come back with.
pub(super) const UNREADABLE: &str = "the answer names no id that can be read";

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
fn told(sent: Sent, first: Duration) -> (String, Option<Duration>, Vec<Offer>) {
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
    let told = message.map(|text| words(&text)).filter(|text| !text.is_empty());
    let text = told.unwrap_or_else(|| "the provider gives no reason".to_owned());
    let mut reason = Reason::new(ErrorKind::JobFailed, text);
    reason.operation = Some(operation.to_owned());
    reason.code = code.map(|code| words(&code)).filter(|code| !code.is_empty());
    reason
}

/// The picture that a step uploads, read again and checked to be the one that was planned.
pub(super) async fn picture(step: StepRef<'_>) -> Result<Picture> {
    let job = step.job();
    let missing = || Error::new(ErrorKind::InvalidRequest, "the step has no image to upload");
    let index = step.image.ok_or_else(missing)?;
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
pub(super) async fn sound(step: StepRef<'_>) -> Result<Sound> {
    let job = step.job();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_stands_for_nothing_is_none() {
        let nil = "00000000-0000-0000-0000-000000000000";
        for none in ["0", "0.0", "-1", "1.5", "NULL", "None", "undefined", "false", "", "-", nil] {
            assert!(!is_usable(none), "{none}");
            assert!(nameable(Sent::Done(none.to_owned())).is_err(), "{none}");
        }
        for id in ["1", "5.0", "0a", "NTIz", "task_0", "1e5", "nullable", "7e5e8a6f-0000-4000"] {
            assert!(is_usable(id) && nameable(Sent::Done(id.to_owned())).is_ok(), "{id}");
        }
    }

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
        let told = |text: String| failure("read", None, Some(text)).message;
        assert_eq!(told("\u{200b}".repeat(3_000) + "bad avatar"), "bad avatar");
        for unseen in ["\u{200b}", "\u{feff} ", "\u{1b}"] {
            assert_eq!(told(unseen.repeat(3_000)), "the provider gives no reason");
        }
    }
}
