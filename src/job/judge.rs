//! The one judge of steps whose answer was lost: what a look means, when a step is held, and when
//! it may be sent again.
//!
//! A list proves presence, never absence. So what is found is adopted, what is not found is held,
//! and only a person or a named policy has a held step sent again, after looks that leave as
//! little doubt as looks can.

use std::time::Duration;

use super::transition::may_exist;

impl Job {
    /// Whether something was paid for it, or may have been.
    pub fn may_be_paid(&self) -> bool {
        self.steps.iter().any(|step| step.paid && may_exist(step))
    }

    /// Whether the step that is held may be sent again by a [decision](super::Decision::Resubmit).
    ///
    /// # Errors
    /// What speaks against it, in words.
    pub fn may_be_resubmitted(&self, now: Timestamp) -> Result<(), String> {
        let step = self.current_step().ok_or_else(|| "it has come to its end".to_owned())?;
        may_be_sent_again(step, now)
    }

    /// Whether no look can ever show that the step that is being worked on is not at its provider,
    /// so that it is never sent again: it is adopted or given up. Whether it was sent, and by which
    /// keys, is not known then, although a look could tell.
    pub fn is_beyond_proof(&self) -> bool {
        self.current_step().is_some_and(is_beyond_proof)
    }
}

use super::{Evidence, Job, Look, Reach, Reason, Seen, Step, StepRef, StepState, Survey};
use crate::error::ErrorKind;
use crate::model::Timestamp;

/// How many looks after the call has settled show nothing before a step is held: a list may be a
/// little behind.
const LOOKS_BEFORE_HOLDING: u32 = 2;

/// How many looks after the call has settled may fail, or be put off by the provider, before a
/// step is held: whatever cannot be seen can be decided by a person.
const FAILURES_BEFORE_HOLDING: u32 = 4;

/// How many looks that are as whole as they can be have to show that a step is not there before it
/// may be sent again.
const WHOLE_LOOKS: u32 = 2;

/// The longest pause between two looks for a held step.
const LONGEST_PAUSE: Duration = Duration::from_secs(60 * 60);

/// How many times the pause between two looks doubles.
const MAX_DOUBLINGS: u32 = 12;

/// What a look makes of a step that is sent, unknown or held.
pub(super) fn looked_up(job: &mut Job, index: usize, look: Look, now: Timestamp) {
    let step = &mut job.steps[index];
    step.lookups = step.lookups.saturating_add(1);
    if step.state == StepState::Submitting {
        // Why an earlier call was refused says nothing of this one.
        job.trouble = None;
    }
    let (survey, failure) = match look.seen {
        Seen::Found { resource, poll_after, offers, others, doubt } => {
            step.again += u32::from(doubt.is_some());
            step.doubt = doubt.or_else(|| step.doubt.take());
            super::transition::accepted(step, resource, poll_after, offers, now);
            for other in others {
                super::transition::accepted(step, other, poll_after, Vec::new(), now);
            }
            job.trouble = None;
            return;
        }
        Seen::Nothing(survey) => (Some(survey), None),
        Seen::Busy => (None, None),
        // What became of the look is no reason of the call's.
        Seen::Failed(reason) => (None, Some(reason.to_string())),
    };
    let step = &mut job.steps[index];
    let settled = step.settled.unwrap_or(now);
    // Whatever arrived after the look had begun cannot stand in what it read.
    let counts = look.begun >= settled;
    let by_same_keys = step.keys.is_some() && look.keys == step.keys;
    let is_whole = survey
        .as_ref()
        .is_some_and(|survey| matches!(survey.reach, Reach::Whole | Reach::PresenceOnly(_)));
    let is_over = look.begun >= step.slot_until.unwrap_or(settled);
    let is_apart = step.evidence.as_ref().is_none_or(|last| {
        step.whole_looks == 0 || look.begun.since(last.looked_at) >= Duration::from_secs(1)
    });
    step.whole_looks = match is_whole && by_same_keys && counts && is_over {
        true => step.whole_looks.saturating_add(u32::from(is_apart)),
        false => 0,
    };
    step.absences = step.absences.saturating_add(u32::from(counts));
    let never = survey.as_ref().is_some_and(|survey| matches!(survey.reach, Reach::Never(_)));
    let enough = if survey.is_some() { LOOKS_BEFORE_HOLDING } else { FAILURES_BEFORE_HOLDING };
    let looks = step.lookups;
    let evidence = Evidence { looked_at: look.begun, by_same_keys, survey, failure, looks };
    // A step that its provider is still working on is waited for, and a held step stays held.
    let is_held = step.state == StepState::Uncertain || never || step.absences >= enough;
    step.due = match is_held {
        true => now + pause(step),
        false => (now + pause(step).min(step.settle())).max(step.due.min(settled)),
    };
    if is_held {
        hold(job, index, &evidence);
    } else {
        job.steps[index].state = StepState::Unknown;
    }
    job.steps[index].evidence = Some(evidence);
}

/// The pause after a look: a third of the time that a call takes to settle, and ever more.
fn pause(step: &Step) -> Duration {
    let doublings = step.lookups.saturating_sub(1).min(MAX_DOUBLINGS);
    (step.settle() / 3).saturating_mul(1 << doublings).min(LONGEST_PAUSE)
}

fn hold(job: &mut Job, index: usize, evidence: &Evidence) {
    let step = &mut job.steps[index];
    step.state = StepState::Uncertain;
    let why = match &evidence.survey {
        Some(Survey { reach: Reach::Never(why), .. }) => why.clone(),
        _ => format!("it was not found: {evidence}"),
    };
    let reason = match job.trouble.take() {
        // A reason that was given before is kept, without the evidence of an older look.
        Some(mut reason) => {
            let told = reason.message.split(HELD).next().unwrap_or_default().to_owned();
            reason.message = told;
            reason
        }
        None => Reason::new(ErrorKind::SubmitUnknown, "the process ended before the answer came"),
    };
    let mut reason = reason;
    reason.message = format!("{}{HELD}{why}", reason.message);
    reason.operation.get_or_insert_with(|| step.operation.clone());
    job.trouble = Some(reason);
}

impl Reason {
    /// What went wrong with a held job, without what looks have shown since: that stands in
    /// [`Step::evidence`](super::Step::evidence).
    #[must_use]
    pub fn without_evidence(&self) -> Self {
        let told = self.message.split(HELD).next().unwrap_or_default();
        Self { message: told.to_owned(), ..self.clone() }
    }
}

/// What stands between what went wrong and what looks have shown.
const HELD: &str = "; held, ";

/// Whether no look can ever show that a step is not there: one could tell, and by which keys it was
/// sent is not known.
fn is_beyond_proof(step: StepRef<'_>) -> bool {
    let survey = step.evidence.as_ref().and_then(|evidence| evidence.survey.as_ref());
    let can_tell = !matches!(survey.map(|survey| &survey.reach), Some(Reach::Never(_)));
    step.keys.is_none() && step.evidence.is_some() && can_tell
}

/// Whether a held step may be sent again by a person or a named policy, or why not.
///
/// # Errors
/// What is missing, in words.
pub(crate) fn may_be_sent_again(step: StepRef<'_>, now: Timestamp) -> Result<(), String> {
    if step.state != StepState::Uncertain {
        return Err("it is not held".to_owned());
    }
    let over = step.settled.max(step.slot_until);
    if let Some(over) = over.filter(|over| now < *over) {
        return Err(format!(
            "the call may still be at work: not before {over}, when the provider's longest job has \
             ended too"
        ));
    }
    let Some(evidence) = &step.evidence else {
        return Err("nobody has looked for it yet: resume it first".to_owned());
    };
    match evidence.survey.as_ref().map(|survey| &survey.reach) {
        _ if is_beyond_proof(step) => Err(
            "it is not known by which keys it was sent, so no look can show that it is not there"
                .to_owned(),
        ),
        _ if step.keys.is_some() && !evidence.by_same_keys => {
            Err("it was sent by other keys than these: only those can show that it is not there"
                .to_owned())
        }
        Some(Reach::Never(_)) => Ok(()),
        None => Err("the last look failed".to_owned()),
        Some(Reach::Partial(why)) => Err(format!("the look was not whole: {why}")),
        _ if step.whole_looks < WHOLE_LOOKS => {
            Err("it was looked for once: two looks have to show the same".to_owned())
        }
        Some(Reach::Whole | Reach::PresenceOnly(_)) => Ok(()),
    }
}

/// Whether the same call may be sent again under its idempotency key, as a look. Its sender must
/// surely be gone, or it may still be about to send; and another account's key would buy a second
/// one.
pub(crate) fn may_be_repeated(
    step: StepRef<'_>,
    keys: Option<&str>,
    is_sender_gone: bool,
) -> Result<(), &'static str> {
    if step.keys.is_none() || step.keys.as_deref() != keys {
        return Err("its keys are not surely those that sent the call");
    }
    if step.state == StepState::Submitting && !is_sender_gone {
        return Err("whoever sent the call may still be at it");
    }
    Ok(())
}
