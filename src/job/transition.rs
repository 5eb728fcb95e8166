use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Decision, Job, LookUp, Offer, Outcome, Reason, Stage, Step, StepState, SubmitOutcome};
use crate::error::ErrorKind;
use crate::model::{Timestamp, VideoFacts};

/// How often a step is sent that never left. Unpaid steps are also sent again after a lost answer.
const MAX_ATTEMPTS: u32 = 8;

/// When a free step that was being sent is sent by others too. Twice does no harm, and a file that
/// takes long to upload is sent twice at the most by each who waits for it.
const FREE_AGAIN_AFTER: Duration = Duration::from_secs(30);

/// How many looks after the call has settled have to show that a step is not there. A list may be
/// a little behind, so one is not enough.
const ABSENCES: u32 = 2;

/// How often in a row a provider may not know a job that it accepted before the job counts as
/// lost. Reads may lag behind a create for some seconds.
const MAX_NOT_FOUND: u32 = 5;

/// What a job needs next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Action {
    /// Send the step with this index.
    Send(usize),
    /// Find out what became of the step with this index. It is not sent.
    LookUp(usize),
    /// Read the status of the step with this index.
    Poll(usize),
    /// Nothing until this time.
    Rest(Timestamp),
    /// Fetch the video.
    Download,
    /// Nothing: somebody has to decide.
    Hold,
    /// Nothing: the job has ended.
    End,
}

/// What a job needs next. A paid step that is found in `submitting` by anyone who did not just
/// send it is looked up, never sent.
pub fn next(job: &Job, now: Timestamp) -> Action {
    match job.stage {
        Stage::Done | Stage::Failed | Stage::Lost => return Action::End,
        Stage::Rendered => return Action::Download,
        Stage::NeedsAction | Stage::Uncertain => return Action::Hold,
        Stage::Ready | Stage::Submitting | Stage::Running => {}
    }
    let Some(index) = job.current() else { return Action::End };
    let step = &job.steps[index];
    if step.due > now {
        return Action::Rest(step.due);
    }
    match step.state {
        StepState::Ready => Action::Send(index),
        StepState::Submitting if !step.paid => Action::Send(index),
        StepState::Submitting | StepState::Unknown => Action::LookUp(index),
        StepState::Running => Action::Poll(index),
        StepState::Succeeded | StepState::Failed | StepState::Lost => Action::End,
        StepState::Uncertain => Action::Hold,
    }
}

/// What an outcome makes of a job. An outcome that does not fit the step's state changes nothing
/// but the revision: above all, a refusal that comes after a lost answer proves nothing. Only an
/// id that a provider gave is never passed over, whenever it comes.
#[must_use]
pub fn apply(mut job: Job, outcome: Outcome, now: Timestamp) -> Job {
    job.revision += 1;
    job.updated_at = now;
    let run = match &outcome {
        Outcome::Sending { run, .. } => run.clone(),
        _ => None,
    };
    match outcome {
        Outcome::Downloaded => {
            if job.stage == Stage::Rendered {
                job.stage = Stage::Done;
            }
            return job;
        }
        Outcome::Relinked { video } => {
            if let Some(known) = &mut job.video {
                // What it cost was said when it ended.
                *known = VideoFacts { cost: known.cost.or(video.cost), ..*video };
            }
            return job;
        }
        Outcome::Submitted { step, attempt, outcome } => {
            submitted(&mut job, step, attempt, outcome, now);
        }
        Outcome::Decided(decision) => decided(&mut job, decision, now),
        outcome => {
            if let Some(index) = job.current() {
                worked_on(&mut job, index, outcome, now);
            }
        }
    }
    job.stage = stage(&job);
    job.enter(run, now);
    job
}

fn worked_on(job: &mut Job, index: usize, outcome: Outcome, now: Timestamp) {
    let step = &mut job.steps[index];
    match (step.state, outcome) {
        (StepState::Ready, Outcome::Sending { settle, sender, .. }) => {
            sending(step, settle, sender, now);
        }
        (StepState::Ready, Outcome::NotSent { reason }) => {
            given_up(step);
            job.trouble = Some(reason);
        }
        // A free step found in `submitting` is simply sent again.
        (StepState::Submitting, Outcome::Sending { settle, sender, .. }) if !step.paid => {
            sending(step, settle, sender, now);
        }
        // One that was found in `submitting` is looked for like one whose answer was lost.
        (StepState::Submitting | StepState::Unknown, Outcome::LookedUp(look)) => {
            looked_up(job, index, look, now);
        }
        (StepState::Running, outcome) => polled(job, index, outcome, now),
        _ => {}
    }
}

fn sending(step: &mut Step, settle: Duration, sender: Option<String>, now: Timestamp) {
    step.state = StepState::Submitting;
    step.attempt += 1;
    step.first_sent = step.first_sent.or(Some(now));
    step.last_sent = Some(now);
    step.settled = Some(now + settle);
    step.sender = sender;
    step.due = now + if step.paid { settle } else { settle.min(FREE_AGAIN_AFTER) };
    step.lookups = 0;
    step.absences = 0;
}

fn submitted(job: &mut Job, index: usize, attempt: u32, outcome: SubmitOutcome, now: Timestamp) {
    let Some(step) = job.steps.get_mut(index) else { return };
    let is_awaited = step.state == StepState::Submitting && step.attempt == attempt;
    match outcome {
        SubmitOutcome::Accepted { resource, poll_after, offers } => {
            let is_news = accepted(step, resource, poll_after, offers, now);
            if is_news && job.current() == Some(index) {
                job.trouble = None;
            }
        }
        SubmitOutcome::Rejected { reason, again_after } if is_awaited => {
            // A full account is no reason to give up: the wait's deadline ends that.
            // Nor is an intent that grew old before it was sent.
            let is_full = matches!(
                reason.kind,
                ErrorKind::RateLimited | ErrorKind::NoSlot | ErrorKind::Conflict
            );
            step.refusals += u32::from(!is_full);
            let again = again_after.filter(|_| step.refusals < MAX_ATTEMPTS);
            step.due = now + again.unwrap_or_default();
            match again {
                Some(_) => step.state = StepState::Ready,
                None => given_up(step),
            }
            job.trouble = Some(reason);
        }
        SubmitOutcome::Unknown { reason, look_after } if is_awaited => {
            step.due = now + look_after;
            step.refusals += 1;
            step.state = match step.paid {
                true => StepState::Unknown,
                false if step.refusals < MAX_ATTEMPTS => StepState::Ready,
                false => StepState::Failed,
            };
            job.trouble = Some(reason);
        }
        _ => {}
    }
}

/// A step that surely does not exist and is not sent any more.
fn given_up(step: &mut Step) {
    step.state = match step.doubt {
        // It was to be sent again although the first may exist, which this says nothing of.
        Some(_) => {
            step.again = step.again.saturating_sub(1);
            StepState::Uncertain
        }
        None => StepState::Failed,
    };
}

/// Keeps an id that the provider gave, whatever the step is thought to be by now, and says whether
/// the step goes on with it.
fn accepted(
    step: &mut Step,
    resource: String,
    poll_after: Option<Duration>,
    offers: Vec<Offer>,
    now: Timestamp,
) -> bool {
    match &step.resource {
        None => {
            // What is the only one need not be chosen.
            step.chosen = offers.first().filter(|_| offers.len() == 1).map(|o| o.id.clone());
            step.offers = offers;
            step.resource = Some(resource);
            step.state = match poll_after {
                Some(_) => StepState::Running,
                None => StepState::Succeeded,
            };
            step.due = now + poll_after.unwrap_or_default();
            return true;
        }
        Some(known) if *known == resource || step.others.contains(&resource) => {}
        Some(_) => {
            step.doubt = Some("the provider accepted it more than once".to_owned());
            step.others.push(resource);
        }
    }
    false
}

fn looked_up(job: &mut Job, index: usize, look: LookUp, now: Timestamp) {
    let step = &mut job.steps[index];
    step.lookups += 1;
    match look {
        LookUp::Found { resource, poll_after, offers, doubt } => {
            step.again += u32::from(doubt.is_some());
            step.doubt = doubt.or_else(|| step.doubt.take());
            accepted(step, resource, poll_after, offers, now);
            job.trouble = None;
        }
        LookUp::Absent { look_after } => {
            let settled = step.settled.unwrap_or(now);
            step.state = StepState::Unknown;
            step.due = (now + look_after).max(settled);
            // The call may have been on its way when the list was read.
            if now >= settled {
                step.absences += 1;
            }
            if step.absences >= ABSENCES {
                step.state = StepState::Ready;
                step.due = now;
            }
        }
        LookUp::NotYet { reason, look_after } => {
            step.state = StepState::Unknown;
            step.due = now + look_after;
            job.trouble = reason.or_else(|| job.trouble.take());
        }
        LookUp::Unprovable { why } => {
            step.state = StepState::Uncertain;
            let mut reason = job.trouble.take().unwrap_or_else(|| {
                Reason::new(ErrorKind::SubmitUnknown, "the process ended before the answer came")
            });
            if !reason.message.contains(&why) {
                reason.message = format!("{}; {why}", reason.message);
            }
            reason.operation.get_or_insert_with(|| step.operation.clone());
            job.trouble = Some(reason);
        }
    }
}

fn polled(job: &mut Job, index: usize, outcome: Outcome, now: Timestamp) {
    let step = &mut job.steps[index];
    match outcome {
        Outcome::Running { status, is_known, poll_after } => {
            step.due = now + poll_after;
            job.status = Some(status);
            job.is_status_known = is_known;
            job.trouble = None;
            job.awaits_action = false;
            job.missed_polls = 0;
        }
        Outcome::NeedsAction { status } => {
            job.status = Some(status);
            job.is_status_known = true;
            job.awaits_action = true;
            job.missed_polls = 0;
        }
        Outcome::Succeeded { status, video } => {
            step.state = StepState::Succeeded;
            job.status = Some(status);
            job.is_status_known = true;
            job.video = video.map(|facts| *facts);
            job.trouble = None;
            job.awaits_action = false;
        }
        Outcome::Failed { reason, cost } => {
            step.state = StepState::Failed;
            step.taken = cost.map(|cost| cost.credits);
            job.trouble = Some(reason);
            job.awaits_action = false;
        }
        Outcome::PollFailed { reason, poll_after } => {
            step.due = now + poll_after;
            let unknown_there = reason.kind == ErrorKind::NotFound;
            job.missed_polls = if unknown_there { job.missed_polls + 1 } else { 0 };
            if job.missed_polls >= MAX_NOT_FOUND {
                step.state = StepState::Lost;
            }
            job.trouble = Some(reason);
        }
        _ => return,
    }
    job.polls += 1;
}

fn decided(job: &mut Job, decision: Decision, now: Timestamp) {
    let Some(index) = job.current() else { return };
    let is_retried = decision == Decision::Retry && job.may_retry();
    let chosen_from = index.checked_sub(1).filter(|_| job.stage == Stage::NeedsAction);
    let step = &mut job.steps[index];
    match decision {
        Decision::Adopt { resource, is_done, offers }
            if matches!(step.state, StepState::Uncertain | StepState::Unknown) =>
        {
            let poll_after = (!is_done).then_some(Duration::ZERO);
            accepted(step, resource, poll_after, offers, now);
            job.trouble = None;
        }
        Decision::Resubmit { why } if step.state == StepState::Uncertain => {
            step.doubt = Some(why);
            step.again += 1;
            ready(step, now);
            job.trouble = None;
        }
        // Nothing was sent, so whatever kept it from that is all there is to say.
        Decision::Abandon if step.state == StepState::Ready && job.stage == Stage::Ready => {
            step.state = StepState::Failed;
            let message = "abandoned by decision before it was sent";
            job.trouble.get_or_insert_with(|| Reason::new(ErrorKind::JobFailed, message));
        }
        Decision::Abandon
            if matches!(step.state, StepState::Uncertain | StepState::Unknown)
                || job.stage == Stage::NeedsAction =>
        {
            step.state = StepState::Failed;
            step.doubt.get_or_insert_with(|| "given up while it was uncertain".to_owned());
            job.awaits_action = false;
            let message = "abandoned by decision; what the provider made of it goes on there";
            job.trouble = Some(Reason::new(ErrorKind::JobFailed, message));
        }
        Decision::Wake if step.state == StepState::Running => {
            step.due = now;
            job.awaits_action = false;
        }
        Decision::Retry if is_retried => {
            ready(step, now);
            step.refusals = 0;
        }
        Decision::Choose(id) => {
            let offering = chosen_from.map(|index| &mut job.steps[index]);
            if let Some(offering) = offering
                && offering.offers.iter().any(|offer| offer.id == id)
            {
                offering.chosen = Some(id);
                job.steps[index].due = now;
            }
        }
        _ => {}
    }
}

fn ready(step: &mut Step, now: Timestamp) {
    step.state = StepState::Ready;
    step.due = now;
}

fn stage(job: &Job) -> Stage {
    let Some(index) = job.current() else {
        return match (job.stage, &job.video) {
            (Stage::Done, _) | (_, None) => Stage::Done,
            _ => Stage::Rendered,
        };
    };
    let paid_before = job.steps[..index].iter().any(|step| step.paid);
    let step = &job.steps[index];
    match step.state {
        StepState::Failed => Stage::Failed,
        StepState::Lost => Stage::Lost,
        StepState::Uncertain => Stage::Uncertain,
        StepState::Running if job.awaits_action => Stage::NeedsAction,
        StepState::Unknown => Stage::Submitting,
        StepState::Submitting if step.paid => Stage::Submitting,
        StepState::Running => Stage::Running,
        StepState::Ready if job.offers().is_some() => Stage::NeedsAction,
        _ if paid_before => Stage::Running,
        _ => Stage::Ready,
    }
}

#[cfg(test)]
#[path = "transition_tests.rs"]
pub(super) mod tests;

#[cfg(test)]
#[path = "model_tests.rs"]
mod model;
