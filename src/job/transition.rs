use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Job, Reason, Stage, Step, StepState};
use crate::error::ErrorKind;
use crate::model::{Timestamp, VideoFacts};

/// How often a step is sent that never left. Unpaid steps are also sent again after a lost answer.
const MAX_ATTEMPTS: u32 = 8;

/// How long a step that is being sent is left alone by everybody else: the longest attempt of a
/// paid call is 60 s, and a call that was given up may still be on its way for a while.
const SETTLE: Duration = Duration::from_secs(90);

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

/// What happened to the step that is being worked on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// It is about to be sent. This is stored before the call goes out: the intent.
    Sending,
    /// A synchronous step is done and left this resource.
    Finished(String),
    /// An asynchronous step was accepted under this id.
    Accepted {
        /// The provider's id.
        resource: String,
        /// When to read the status first.
        poll_after: Duration,
    },
    /// It surely was not accepted.
    Refused {
        /// Why.
        reason: Reason,
        /// When to send it again; `None` where that would not help.
        again_after: Option<Duration>,
    },
    /// It may have been accepted.
    AnswerLost {
        /// What was seen instead of an answer.
        reason: Reason,
        /// When to look it up, or to send it again where it is free.
        look_after: Duration,
    },
    /// A look-up found nothing, which proves nothing.
    NotSeen {
        /// When to look again; `None` where further looks are no use.
        look_after: Option<Duration>,
    },
    /// A look-up proved that it was not accepted.
    Absent,
    /// It still runs.
    Running {
        /// The provider's word for its state.
        status: String,
        /// When to read it again.
        poll_after: Duration,
    },
    /// The provider waits for a decision.
    NeedsAction {
        /// The provider's word for its state.
        status: String,
    },
    /// An asynchronous step succeeded.
    Succeeded {
        /// The provider's word for its state.
        status: String,
        /// The video, from the last step.
        video: Option<Box<VideoFacts>>,
    },
    /// The provider gave it up.
    Failed {
        /// Why.
        reason: Reason,
    },
    /// Its status could not be read, which says nothing of the job.
    PollFailed {
        /// Why.
        reason: Reason,
        /// When to read it again.
        poll_after: Duration,
    },
    /// The video was saved.
    Downloaded,
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
/// but the revision: above all, a refusal that comes after a lost answer proves nothing.
#[must_use]
pub fn apply(mut job: Job, outcome: Outcome, now: Timestamp) -> Job {
    job.revision += 1;
    job.updated_at = now;
    if outcome == Outcome::Downloaded {
        if job.stage == Stage::Rendered {
            job.stage = Stage::Done;
        }
        return job;
    }
    let Some(index) = job.current() else { return job };
    match job.steps[index].state {
        StepState::Ready => apply_ready(&mut job.steps[index], &outcome, now),
        StepState::Submitting => apply_submitting(&mut job, index, outcome, now),
        StepState::Unknown | StepState::Uncertain => apply_unknown(&mut job, index, outcome, now),
        StepState::Running => apply_running(&mut job, index, outcome, now),
        StepState::Succeeded | StepState::Failed | StepState::Lost => {}
    }
    job.stage = stage(&job);
    job
}

fn apply_ready(step: &mut Step, outcome: &Outcome, now: Timestamp) {
    if *outcome == Outcome::Sending {
        step.state = StepState::Submitting;
        step.attempt += 1;
        step.due = now + SETTLE;
    }
}

fn apply_submitting(job: &mut Job, index: usize, outcome: Outcome, now: Timestamp) {
    let step = &mut job.steps[index];
    match outcome {
        // A free step found in `submitting` is simply sent again.
        Outcome::Sending if !step.paid => {
            step.attempt += 1;
            step.due = now + SETTLE;
        }
        Outcome::Finished(resource) => {
            step.resource = Some(resource);
            step.state = StepState::Succeeded;
            job.trouble = None;
        }
        Outcome::Accepted { resource, poll_after } => {
            run(step, resource, now + poll_after);
            job.trouble = None;
        }
        Outcome::Refused { reason, again_after } => {
            // A full account is no reason to give up: the wait's deadline ends that.
            let is_full = matches!(reason.kind, ErrorKind::RateLimited | ErrorKind::NoSlot);
            let again = again_after.filter(|_| is_full || step.attempt < MAX_ATTEMPTS);
            step.state = if again.is_some() { StepState::Ready } else { StepState::Failed };
            step.due = now + again.unwrap_or_default();
            job.trouble = Some(reason);
        }
        Outcome::AnswerLost { reason, look_after } => {
            step.due = now + look_after;
            step.state = match step.paid {
                true => StepState::Unknown,
                false if step.attempt < MAX_ATTEMPTS => StepState::Ready,
                false => StepState::Failed,
            };
            job.trouble = Some(reason);
        }
        // A crash left it here: the look-up's outcomes are those of a lost answer.
        outcome => apply_unknown(job, index, outcome, now),
    }
}

fn apply_unknown(job: &mut Job, index: usize, outcome: Outcome, now: Timestamp) {
    let step = &mut job.steps[index];
    match outcome {
        Outcome::Accepted { resource, poll_after } => {
            run(step, resource, now + poll_after);
            job.trouble = None;
        }
        Outcome::Absent => {
            step.state = StepState::Ready;
            step.due = now;
        }
        Outcome::NotSeen { look_after } => {
            step.lookups += 1;
            step.due = now + look_after.unwrap_or_default();
            step.state =
                if look_after.is_some() { StepState::Unknown } else { StepState::Uncertain };
        }
        _ => {}
    }
}

fn apply_running(job: &mut Job, index: usize, outcome: Outcome, now: Timestamp) {
    let step = &mut job.steps[index];
    job.polls += 1;
    match outcome {
        Outcome::Running { status, poll_after } => {
            step.due = now + poll_after;
            job.status = Some(status);
            job.missed_polls = 0;
            job.trouble = None;
        }
        Outcome::NeedsAction { status } => {
            job.status = Some(status);
            job.stage = Stage::NeedsAction;
        }
        Outcome::Succeeded { status, video } => {
            step.state = StepState::Succeeded;
            job.status = Some(status);
            job.video = video.map(|facts| *facts);
            job.trouble = None;
        }
        Outcome::Failed { reason } => {
            step.state = StepState::Failed;
            job.trouble = Some(reason);
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
        _ => {}
    }
}

fn run(step: &mut Step, resource: String, due: Timestamp) {
    step.resource = Some(resource);
    step.state = StepState::Running;
    step.due = due;
}

fn stage(job: &Job) -> Stage {
    let Some(index) = job.current() else {
        return if job.video.is_some() { Stage::Rendered } else { Stage::Done };
    };
    let paid_before = job.steps[..index].iter().any(|step| step.paid);
    match job.steps[index].state {
        StepState::Failed => Stage::Failed,
        StepState::Lost => Stage::Lost,
        StepState::Uncertain => Stage::Uncertain,
        StepState::Running if job.stage == Stage::NeedsAction => Stage::NeedsAction,
        StepState::Unknown => Stage::Submitting,
        StepState::Submitting if job.steps[index].paid => Stage::Submitting,
        StepState::Running => Stage::Running,
        _ if paid_before => Stage::Running,
        _ => Stage::Ready,
    }
}

#[cfg(test)]
#[path = "transition_tests.rs"]
mod tests;
