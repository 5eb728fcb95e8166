use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;

use super::queue::{Count, Turn};
use super::{News, Polls};
use crate::client::Client;
use crate::client::turns::Turn as JobTurn;
use crate::error::{Error, ErrorKind, Result};
use crate::job::{Job, JobId, StepRef, StepState, apply};
use crate::policy::growing_pause;
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

/// Reads what is due, and puts it back into the queue, whatever happens.
pub(super) async fn read(client: Client, polls: Arc<Polls>, turn: Turn) {
    let (list, ids) = match turn {
        Turn::One(id) => (None, vec![id]),
        Turn::Many(list, ids) => (Some(list), ids),
        Turn::Rest(_) | Turn::Idle => return,
    };
    if guarded(&ids, read_all(&client, &polls, list, ids.clone())).await.is_err() {
        let left = ids.into_iter().filter(|id| polls.is_being_read(*id));
        left.for_each(|id| failed_inside(&client, &polls, id));
    }
}

/// Does the work, and makes an error of a panic: others are read by the same task.
async fn guarded<T>(jobs: &[JobId], work: impl Future<Output = T>) -> Result<T> {
    AssertUnwindSafe(work).catch_unwind().await.map_err(|_| {
        tracing::error!(?jobs, "reading a status panicked inside adreel: report it");
        Error::new(ErrorKind::Decode, "reading it failed inside adreel: report it")
    })
}

/// A read whose result was lost by a panic counts as failed. The job is read again by itself, and
/// ever later.
fn failed_inside(client: &Client, polls: &Polls, id: JobId) {
    let Count { failures, .. } = polls.count(id, true);
    polls.read_alone(id, growing_pause(failures, client.0.clock.random()));
    polls.tell_failures(id, failures);
    polls.end_last(id);
}

async fn read_all(client: &Client, polls: &Polls, list: Option<List>, ids: Vec<JobId>) {
    let mut readings = Vec::with_capacity(ids.len());
    for id in ids {
        readings.extend(begin(client, polls, id).await);
    }
    let Some(first) = readings.first() else { return };
    let provider = match client.provider_of(&first.job) {
        Ok(provider) => Arc::clone(provider),
        // It was found when the job was watched.
        Err(_) => {
            let ids = readings.iter().map(|reading| reading.job.id());
            return ids.for_each(|id| polls.leave(id, || News::Changed));
        }
    };
    match list {
        Some(list) if readings.len() > 1 => {
            read_list(client, polls, &*provider, list, readings).await;
        }
        _ => {
            for reading in readings {
                let Some(step) = reading.step() else { continue };
                let poll = async { provider.poll(step).await };
                let status = guarded(&[reading.job.id()], poll).await.flatten();
                settle(client, polls, reading, status, client.0.clock.random()).await;
            }
        }
    }
}

/// A job as the ledger has it; `None` where it needs no reading now.
async fn begin(client: &Client, polls: &Polls, id: JobId) -> Option<Reading> {
    let Some(turn) = client.0.turns.try_take(id) else {
        polls.put_off(id, BUSY_AGAIN_AFTER);
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
    let ids: Vec<_> = readings.iter().map(|reading| reading.job.id()).collect();
    let poll = async { provider.poll_list(list, &steps).await };
    let statuses = match guarded(&ids, poll).await.flatten() {
        Ok(statuses) => statuses,
        // One who cannot list may still read each.
        Err(error) if !error.is_transient() && !needs_credentials(error.kind()) => {
            readings.iter().map(|_| None).collect()
        }
        Err(error) => {
            for reading in readings {
                let failed = Err(error.clone());
                settle(client, polls, reading, failed, random).await;
            }
            return;
        }
    };
    for (reading, status) in readings.into_iter().zip(statuses) {
        match status {
            Some(status) => settle(client, polls, reading, status, random).await,
            None => polls.read_alone(reading.job.id(), Duration::ZERO),
        }
    }
}

/// Notes what a read came to, and puts its job back.
async fn settle(
    client: &Client,
    polls: &Polls,
    reading: Reading,
    status: Result<Status>,
    random: f64,
) {
    let id = reading.job.id();
    polls.heard(status.as_ref().err());
    if guarded(&[id], keep(client, polls, reading, status, random)).await.is_err() {
        return failed_inside(client, polls, id);
    }
    polls.end_last(id);
}

/// Stores what is news, tells those who wait, and says when to read again.
async fn keep(
    client: &Client,
    polls: &Polls,
    reading: Reading,
    status: Result<Status>,
    random: f64,
) {
    let Reading { mut job, _turn } = reading;
    let (id, now) = (job.id(), client.now_for(&job));
    let failed = status.as_ref().err().map(Error::kind);
    let Count { reads, failures } = polls.count(id, failed.is_some());
    let before = job.clone();
    job.polls += reads;
    let Some(step) = job.current_step() else { return };
    let begun = step.last_sent.unwrap_or(now);
    let by_age = polls.age(id).map_or(now, |age| begun + age);
    let pace = Pace { policy: &*client.0.poll_policy, now: by_age, failures, random };
    let mut wait = pace.after(step, &status);
    if failed == Some(ErrorKind::Decode) {
        // The same words will hardly be understood sooner than somebody mends something.
        wait = wait.max(growing_pause(failures, random));
    }
    let outcome = steps::outcome(step, status, &pace);
    let after = apply(job, outcome, now);
    let is_news = is_news(&before, &after);
    if is_news && !client.0.ledger.store(&after).await.unwrap_or(false) {
        // Whether somebody else was faster or the ledger is in trouble, whoever waits finds out.
        polls.put_back(id, wait);
        return polls.tell(id, || News::Unstored);
    }
    let refused =
        after.trouble().filter(|trouble| failed.is_some() && needs_credentials(trouble.kind));
    let goes_on = after.current().is_some_and(|step| after.steps[step].state == StepState::Running);
    if is_news {
        polls.counted(id);
    }
    if !goes_on {
        // It may have given a slot back.
        client.line_of(after.account()).wake();
        return polls.leave(id, || News::Changed);
    }
    polls.put_back(id, wait);
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
