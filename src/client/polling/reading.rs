use std::sync::Arc;
use std::time::Duration;

use super::queue::{Count, Turn};
use super::{Client, News, Polls};
use crate::client::turns::Turn as JobTurn;
use crate::error::{Error, ErrorKind, Result};
use crate::job::{Job, JobId, Reason, StepRef, StepState, apply};
use crate::providers::steps::{self, Pace, Status};
use crate::providers::{List, Provider};

/// When a job is looked at again that somebody else is just working on.
const BUSY_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// A job that is being read, and the turn with it.
struct Reading {
    job: Job,
    _turn: JobTurn,
}

impl Reading {
    /// The step that runs.
    fn step(&self) -> Option<StepRef<'_>> {
        self.job.current_step().filter(|step| step.state() == StepState::Running)
    }
}

/// Reads what is due, and puts it back into the queue.
pub(super) async fn read(client: Client, polls: Arc<Polls>, turn: Turn) {
    let (list, ids) = match turn {
        Turn::One(id) => (None, vec![id]),
        Turn::Many(list, ids) => (Some(list), ids),
        Turn::Rest(_) | Turn::Idle => return,
    };
    let mut readings = Vec::with_capacity(ids.len());
    for id in ids {
        readings.extend(begin(&client, &polls, id).await);
    }
    let Some(first) = readings.first() else { return };
    let provider = match client.provider_of(&first.job) {
        Ok(provider) => Arc::clone(provider),
        // It was found when the job was watched.
        Err(_) => {
            return readings
                .iter()
                .for_each(|reading| polls.tell(reading.job.id(), || News::Changed));
        }
    };
    match list {
        Some(list) if readings.len() > 1 => {
            read_list(&client, &polls, &*provider, list, readings).await;
        }
        _ => {
            for reading in readings {
                let Some(step) = reading.step() else { continue };
                let status = provider.poll(step).await;
                settle(&client, &polls, reading, status, client.0.clock.random()).await;
            }
        }
    }
}

/// A job as the ledger has it; `None` where it needs no reading now.
async fn begin(client: &Client, polls: &Polls, id: JobId) -> Option<Reading> {
    let now = client.0.clock.now();
    let Some(turn) = client.0.turns.try_take(id) else {
        polls.put_back(id, now + BUSY_AGAIN_AFTER, now);
        return None;
    };
    match client.job(id).await {
        Ok(job) => {
            let reading = Reading { job, _turn: turn };
            if reading.step().is_none() {
                // Somebody else has moved it on.
                polls.leave(id, || News::Changed);
                return None;
            }
            Some(reading)
        }
        Err(_) => {
            polls.leave(id, || News::Unstored);
            None
        }
    }
}

async fn read_list(
    client: &Client,
    polls: &Polls,
    provider: &dyn Provider,
    list: List,
    readings: Vec<Reading>,
) {
    let steps: Vec<_> = readings.iter().filter_map(Reading::step).collect();
    let random = client.0.clock.random();
    let statuses = match provider.poll_list(list, &steps).await {
        Ok(statuses) => statuses,
        // One who cannot list may still read each.
        Err(error) if !error.is_transient() && !needs_credentials(error.kind()) => {
            readings.iter().map(|_| None).collect()
        }
        Err(error) => {
            for reading in readings {
                let failed = Err(copy(&error));
                settle(client, polls, reading, failed, random).await;
            }
            return;
        }
    };
    for (reading, status) in readings.into_iter().zip(statuses) {
        match status {
            Some(status) => settle(client, polls, reading, status, random).await,
            None => polls.read_alone(reading.job.id(), client.0.clock.now()),
        }
    }
}

/// Stores what is news, tells those who wait, and says when to read again.
async fn settle(
    client: &Client,
    polls: &Polls,
    reading: Reading,
    status: Result<Status>,
    random: f64,
) {
    let Reading { mut job, _turn } = reading;
    let (id, now) = (job.id(), client.0.clock.now());
    let failed = status.as_ref().err().map(|error| (error.kind(), error.retry_after()));
    let Count { reads, failures } = polls.count(id, failed.is_some());
    if let Some((ErrorKind::RateLimited, again_after)) = failed {
        polls.pause(now + again_after.unwrap_or(Duration::from_secs(5)));
    }
    let before = job.clone();
    job.polls += reads;
    let pace = Pace { policy: &*client.0.poll_policy, now, failures, random };
    let Some(step) = job.current_step() else { return };
    let again_at = now + pace.after(step, &status);
    let outcome = steps::outcome(step, status, &pace);
    let after = apply(job, outcome, now);
    let is_news = is_news(&before, &after);
    if is_news && !client.0.ledger.store(&after).await.unwrap_or(false) {
        // Whether somebody else was faster or the ledger is in trouble, whoever waits finds out.
        polls.put_back(id, again_at, now);
        return polls.tell(id, || News::Unstored);
    }
    let refused =
        after.trouble().filter(|trouble| failed.is_some() && needs_credentials(trouble.kind));
    let goes_on = after.current().is_some_and(|step| after.steps[step].state == StepState::Running);
    if is_news {
        polls.counted(id);
    }
    if !goes_on {
        return polls.leave(id, || News::Changed);
    }
    polls.put_back(id, again_at, now);
    match refused {
        Some(reason) => polls.tell(id, || News::Refused(Box::new(reason.clone()))),
        None if is_news => polls.tell(id, || News::Changed),
        None => polls.tell_failures(id, failures),
    }
}

/// Whether a read says anything that the ledger does not have.
fn is_news(before: &Job, after: &Job) -> bool {
    let told = |job: &Job| {
        (job.stage, job.status.clone(), job.trouble.clone(), job.missed_polls, job.awaits_action)
    };
    let states = |job: &Job| job.steps.iter().map(|step| step.state).collect::<Vec<_>>();
    told(before) != told(after) || states(before) != states(after)
}

fn needs_credentials(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Unauthorized | ErrorKind::PlanLacks | ErrorKind::NeedsCredentials)
}

/// The same error for each job of a list.
fn copy(error: &Error) -> Error {
    let provider = error.provider();
    let reason = Reason::from(error);
    let copy = match provider {
        Some(provider) => reason.to_error(provider),
        None => Error::new(reason.kind, reason.message),
    };
    copy.with_retry_after(error.retry_after())
}
