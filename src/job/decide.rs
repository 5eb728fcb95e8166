//! What a person's or a policy's decision makes of a job.

use std::time::Duration;

use super::transition::{accepted, may_exist};
use super::{Decision, Job, Reason, Stage, Step, StepRef, StepState, judge};
use crate::error::ErrorKind;
use crate::model::Timestamp;

pub(super) fn decided(job: &mut Job, decision: Decision, now: Timestamp) {
    match decision {
        Decision::Cap(most) => job.cap = Some(most),
        Decision::HoldRestored { longest_job } => hold_restored(job, longest_job, now),
        decision => {
            if let Some(index) = job.current() {
                decided_for_step(job, index, decision, now);
            }
        }
    }
}

fn decided_for_step(job: &mut Job, index: usize, decision: Decision, now: Timestamp) {
    let may_retry = job.may_retry();
    let rests = job.needs().is_some();
    let may_resubmit =
        StepRef::new(job, index).is_some_and(|step| judge::may_be_sent_again(step, now).is_ok());
    let step = &mut job.steps[index];
    match decision {
        Decision::Adopt { resource, is_done, offers } if may_be_adopted(step, now) => {
            let poll_after = (!is_done).then_some(Duration::ZERO);
            accepted(step, resource, poll_after, offers, now);
            (job.missed_polls, job.missing_since) = (0, None);
            job.trouble = None;
        }
        Decision::Resubmit { why } if may_resubmit => {
            let evidence = step.evidence.as_ref().map(|e| format!("; {e}")).unwrap_or_default();
            let earlier = step.doubt.take().map(|doubt| format!("{doubt}; ")).unwrap_or_default();
            step.doubt = Some(format!("{earlier}{why}{evidence}"));
            step.again = step.again.saturating_add(1);
            ready(step, now);
            job.trouble = None;
        }
        Decision::Abandon => abandon(job, index),
        // Nothing of it was accepted, and the next account of its route is asked.
        Decision::Leave if may_retry || (step.state == StepState::Ready && !may_exist(step)) => {
            step.state = StepState::Failed;
            job.left = true;
            let message = "its route went on to another account";
            job.trouble.get_or_insert_with(|| Reason::new(ErrorKind::JobFailed, message));
        }
        Decision::Wake if step.state == StepState::Running => {
            step.due = now;
            job.awaits_action = false;
        }
        Decision::Wake if step.state == StepState::Lost => {
            step.state = StepState::Running;
            step.due = now;
            (job.missed_polls, job.missing_since) = (0, None);
        }
        Decision::Wake if rests => step.due = now,
        Decision::Retry if may_retry => {
            ready(step, now);
            step.refusals = 0;
            job.left = false;
            job.trouble = None;
        }
        Decision::Choose(id) => choose(job, index, id, now),
        _ => {}
    }
}

/// Whether an id that a person gives for a step is taken: the ledger has none, and no call of the
/// step is on its way.
fn may_be_adopted(step: &Step, now: Timestamp) -> bool {
    match step.state {
        StepState::Uncertain | StepState::Unknown | StepState::Lost => true,
        StepState::Submitting => step.paid && step.settled.is_none_or(|settled| settled <= now),
        // It was given up while it might exist.
        StepState::Failed => step.paid && step.doubt.is_some(),
        _ => false,
    }
}

fn abandon(job: &mut Job, index: usize) {
    let is_unpaid = job.stage == Stage::Ready;
    let rests = job.needs().is_some();
    let step = &mut job.steps[index];
    match step.state {
        // Nothing was sent, so whatever kept it from that is all there is to say.
        StepState::Ready if is_unpaid => {
            step.state = StepState::Failed;
            let message = "abandoned by decision before it was sent";
            job.trouble.get_or_insert_with(|| Reason::new(ErrorKind::JobFailed, message));
            return;
        }
        StepState::Ready if rests => step.state = StepState::Failed,
        StepState::Uncertain | StepState::Unknown => {
            step.state = StepState::Failed;
            step.doubt.get_or_insert_with(|| "given up while it was uncertain".to_owned());
        }
        StepState::Lost => step.state = StepState::Failed,
        _ if job.stage == Stage::NeedsAction => step.state = StepState::Failed,
        _ => return,
    }
    job.awaits_action = false;
    let message = "abandoned by decision; what the provider made of it goes on there";
    job.trouble = Some(Reason::new(ErrorKind::JobFailed, message));
}

fn choose(job: &mut Job, index: usize, id: String, now: Timestamp) {
    let waits = job.stage == Stage::NeedsAction;
    let Some(offering) = index.checked_sub(1).filter(|_| waits) else { return };
    let offering = &mut job.steps[offering];
    if offering.offers.iter().any(|offer| offer.id == id) {
        offering.chosen = Some(id);
        job.steps[index].due = now;
    }
}

/// The ledger may be older than what was sent: every paid call that it takes for unsent, or for
/// still to be answered, may have been accepted since, and may be at work. By which keys is not known.
fn hold_restored(job: &mut Job, longest_job: Duration, now: Timestamp) {
    let created = job.created_at;
    let is_open = |step: &Step| {
        step.paid
            && step.resource.is_none()
            && matches!(step.state, StepState::Ready | StepState::Submitting | StepState::Unknown)
    };
    let mut held = false;
    for step in job.steps.iter_mut().filter(|step| is_open(step)) {
        step.state = StepState::Uncertain;
        step.first_sent = step.first_sent.or(Some(created));
        step.settled = Some(now);
        step.slot_until = step.slot_until.max(Some(now + longest_job));
        step.keys = None;
        step.sender = None;
        step.evidence = None;
        step.due = now;
        held = true;
    }
    if held {
        let message =
            "the ledger was restored: the call may have been sent since the copy was made";
        job.trouble = Some(Reason::new(ErrorKind::SubmitUnknown, message));
    }
}

fn ready(step: &mut Step, now: Timestamp) {
    step.state = StepState::Ready;
    step.due = now;
}
