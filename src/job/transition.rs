//! What a job needs next, and what an outcome makes of it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{
    Job, Need, Offer, Outcome, Reason, Sending, Stage, Step, StepState, SubmitOutcome, decide,
    judge,
};
use crate::error::ErrorKind;
use crate::model::{Timestamp, VideoFacts};

/// How often a step is sent that never left. Unpaid steps are also sent again after a lost answer.
const MAX_ATTEMPTS: u32 = 8;

/// When a free step that was being sent is sent by others too. Twice does no harm, and a file that
/// takes long to upload is sent twice at the most by each who waits for it.
const FREE_AGAIN_AFTER: Duration = Duration::from_secs(30);

/// How long after a step was read to be done the next one is sent: what one of a provider's servers
/// shows, another may not know yet, and one that is just going down should have gone.
const BEFORE_THE_NEXT: Duration = Duration::from_secs(1);

/// For how long, and in how many reads, a provider has to say that it does not know a job that it
/// accepted before the job counts as lost. Reads may lag behind a create, and a provider's store
/// may be restored from a copy: nothing is lost by reading on.
const LOST_AFTER: Duration = Duration::from_secs(6 * 60 * 60);
const LOST_AFTER_READS: u32 = 20;

/// The most that the time between two writes of a row counts for. Nobody heard the provider in
/// between, and a clock that was set forward makes hours of nothing.
const MOST_UNHEARD: Duration = Duration::from_secs(60 * 60);

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
    let Some(step) = job.current_step() else { return Action::End };
    let index = step.index();
    if step.due > now {
        return match job.rests_for_somebody() {
            true => Action::Hold,
            false => Action::Rest(step.due),
        };
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
    let held_since = job.held_since();
    job.missing_since = missing_since(&job, now);
    job.updated_at = now;
    let run = match &outcome {
        Outcome::Sending(sending) => {
            if !job.may_be_paid() && job.current_step().is_some_and(|step| step.paid) {
                job.reserve_anew(sending.run.as_deref(), now);
            }
            sending.run.clone()
        }
        _ => None,
    };
    match outcome {
        Outcome::Downloaded | Outcome::Saved { .. } => {
            if let Outcome::Saved { file } = outcome {
                job.saved = Some(file);
            }
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
        Outcome::Decided(decision) => decide::decided(&mut job, decision, now),
        outcome => {
            if let Some(index) = job.current() {
                worked_on(&mut job, index, outcome, now);
            }
        }
    }
    job.stage = stage(&job);
    job.held_since = (job.stage == Stage::Uncertain).then(|| held_since.unwrap_or(now));
    job.enter(run, now);
    job
}

/// Since when its provider has not known a job, without what counts for nothing; never in the
/// future, where a clock that was set back has left it.
fn missing_since(job: &Job, now: Timestamp) -> Option<Timestamp> {
    let uncounted = now.since(job.updated_at).saturating_sub(MOST_UNHEARD);
    job.missing_since.map(|since| (since + uncounted).min(now))
}

fn worked_on(job: &mut Job, index: usize, outcome: Outcome, now: Timestamp) {
    let step = &mut job.steps[index];
    match (step.state, outcome) {
        (StepState::Ready, Outcome::Sending(sending)) => sent(step, sending, now),
        // A free step found in `submitting` is simply sent again.
        (StepState::Submitting, Outcome::Sending(sending)) if !step.paid => {
            sent(step, sending, now);
        }
        (StepState::Ready, Outcome::NotSent { reason, again_after }) => {
            refused(job, index, reason, again_after, now);
        }
        (StepState::Submitting, Outcome::NotSent { reason, again_after }) if !step.paid => {
            refused(job, index, reason, again_after, now);
        }
        (StepState::Ready, Outcome::MadeAnew) => made_anew(job, index, now),
        // One that was found in `submitting` is looked for like one whose answer was lost, and one
        // that is held may be found after all.
        (
            StepState::Submitting | StepState::Unknown | StepState::Uncertain,
            Outcome::LookedUp(look),
        ) if step.paid => judge::looked_up(job, index, look, now),
        (StepState::Running, outcome) => polled(job, index, outcome, now),
        _ => {}
    }
}

fn sent(step: &mut Step, sending: Sending, now: Timestamp) {
    let Sending { settle, longest, sender, keys, run: _ } = sending;
    step.state = StepState::Submitting;
    step.attempt = step.attempt.saturating_add(1);
    step.first_sent = step.first_sent.or(Some(now));
    step.last_sent = Some(now);
    step.settled = Some(now + settle);
    step.slot_until = Some(now + longest.max(settle));
    step.sender = sender;
    step.keys = keys;
    step.due = now + if step.paid { settle } else { settle.min(FREE_AGAIN_AFTER) };
    step.lookups = 0;
    step.absences = 0;
    step.whole_looks = 0;
    step.evidence = None;
}

/// Has the free steps before a step made anew, because what they left belongs to other keys.
fn made_anew(job: &mut Job, index: usize, now: Timestamp) {
    if job.steps[..=index].iter().any(|step| step.paid && may_exist(step)) {
        return;
    }
    job.steps[..index].iter_mut().for_each(|step| step.begin_anew(now));
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
            refused(job, index, reason, again_after, now);
        }
        // A free step may be there twice, which does no harm.
        SubmitOutcome::Unknown { reason, look_after } if is_awaited && !step.paid => {
            refused(job, index, reason, Some(look_after), now);
        }
        SubmitOutcome::Unknown { reason, look_after } if is_awaited => {
            step.due = now + look_after;
            step.state = StepState::Unknown;
            // What was refused before says nothing of this call.
            step.refusals = 0;
            job.trouble = Some(reason);
        }
        _ => {}
    }
}

/// A step that surely was not accepted. It is sent again where that may help: what was paid for
/// before it is not thrown away.
fn refused(
    job: &mut Job,
    index: usize,
    reason: Reason,
    again_after: Option<Duration>,
    now: Timestamp,
) {
    let is_half_paid = job.steps[..index].iter().any(|step| step.paid);
    let step = &mut job.steps[index];
    // A full account is no reason to give up: the wait's deadline ends that. Nor is an intent that
    // grew old before it was sent.
    let is_full = Need::of(reason.kind) == Some(Need::Capacity);
    step.refusals = step.refusals.saturating_add(u32::from(!is_full));
    let again = match again_after {
        Some(wait) if is_full || is_half_paid || step.refusals < MAX_ATTEMPTS => Some(wait),
        _ if is_half_paid => Need::of_refusal(&reason).map(|_| rest(step.refusals)),
        _ => None,
    };
    match again {
        Some(wait) => {
            step.state = StepState::Ready;
            step.due = now + wait;
            if step.doubt.is_none() {
                step.first_sent = None;
            }
        }
        None => given_up(step),
    }
    job.trouble = Some(reason);
}

/// How long a half-paid job rests before it is tried whether somebody has seen to what it needs.
fn rest(refusals: u32) -> Duration {
    const FIRST: Duration = Duration::from_secs(60);
    const LONGEST: Duration = Duration::from_secs(60 * 60);
    FIRST.saturating_mul(1 << refusals.saturating_sub(1).min(10)).min(LONGEST)
}

/// Whether a step may exist at its provider.
pub(super) fn may_exist(step: &Step) -> bool {
    step.resource.is_some()
        || step.doubt.is_some()
        || matches!(
            step.state,
            StepState::Submitting | StepState::Unknown | StepState::Uncertain | StepState::Lost
        )
}

/// A step that surely does not exist and is not sent any more.
fn given_up(step: &mut Step) {
    step.state = match step.doubt {
        // It was to be sent again although the first may exist, which this says nothing of. A double
        // is no longer to be feared where that would have been the only other one.
        Some(_) => {
            step.again = step.again.saturating_sub(1);
            if step.again == 0 && step.others.is_empty() {
                step.doubt = None;
            }
            StepState::Uncertain
        }
        None => StepState::Failed,
    };
}

/// Keeps an id that the provider gave, whatever the step is thought to be by now, and says whether
/// the step goes on with it.
pub(super) fn accepted(
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
        Some(known) if *known == resource && step.state == StepState::Lost => {
            step.state = StepState::Running;
            step.due = now;
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

fn polled(job: &mut Job, index: usize, outcome: Outcome, now: Timestamp) {
    let step = &mut job.steps[index];
    match outcome {
        Outcome::Running { status, is_known, poll_after } => {
            step.due = now + poll_after;
            job.status = Some(status);
            job.is_status_known = is_known;
            job.trouble = None;
            job.awaits_action = false;
            (job.missed_polls, job.missing_since) = (0, None);
        }
        Outcome::NeedsAction { status } => {
            job.status = Some(status);
            job.is_status_known = true;
            job.awaits_action = true;
            (job.missed_polls, job.missing_since) = (0, None);
        }
        Outcome::Succeeded { status, video } => {
            step.state = StepState::Succeeded;
            job.status = Some(status);
            job.is_status_known = true;
            job.video = video.map(|facts| *facts);
            job.trouble = None;
            job.awaits_action = false;
            if let Some(following) = job.steps.get_mut(index + 1) {
                following.due = now + BEFORE_THE_NEXT;
            }
        }
        Outcome::Failed { reason, cost } => {
            step.state = StepState::Failed;
            step.taken = cost.map(|cost| cost.credits);
            job.trouble = Some(reason);
            job.awaits_action = false;
        }
        Outcome::PollFailed { reason, poll_after } => {
            step.due = now + poll_after;
            // Only the provider's own word counts; what an edge says has another kind.
            if reason.kind == ErrorKind::NotFound {
                job.missed_polls = job.missed_polls.saturating_add(1);
                let since = *job.missing_since.get_or_insert(now);
                if job.missed_polls >= LOST_AFTER_READS && now.since(since) >= LOST_AFTER {
                    step.state = StepState::Lost;
                }
            }
            job.trouble = Some(reason);
        }
        _ => return,
    }
    job.polls += 1;
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
