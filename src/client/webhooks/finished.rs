//! Jobs that have come to their end, each given once to one of those who wait for them.

use std::time::Duration;

use super::super::ending::ending;
use super::WebhookInbox;
use crate::client::{Advance, Client, Video};
use crate::error::Result;
use crate::job::{Action, Job, Stage, StepState};
use crate::ledger::{EventLog, LoggedEvent};
use crate::model::Timestamp;

/// For how long an event is kept whose job is not known: its id may not be recorded yet.
const UNKNOWN_FOR: Duration = Duration::from_secs(10 * 60);

/// For how long one is kept whose account the client does not have: another replica may have it,
/// and a removed one may come back.
const NO_ACCOUNT_FOR: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The first wait for a job that is not known, and for one that still runs. Each further one is
/// twice as long, up to the longest.
const UNKNOWN_AGAIN: Duration = Duration::from_secs(2);
const UNKNOWN_LONGEST: Duration = Duration::from_secs(5 * 60);
const RUNNING_AGAIN: Duration = Duration::from_secs(10);
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);

/// An event without its account waits for this part of its age. By then a replica that has the
/// account has had it long since, even where most have not.
const PART_OF_AGE: u32 = 8;

/// The holder of the mark that a halt was reported, and for how long it holds. Ledgers hold the
/// word.
const REPORTED: &str = "told";
const REPORTED_FOR: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// A job that has come to its end, or to a halt, as its provider and the ledger say. Acknowledge it
/// when it was dealt with; otherwise it is handed on again.
#[derive(Debug)]
#[must_use = "it is handed on again unless it is acknowledged"]
pub struct Finished {
    inbox: WebhookInbox,
    job: Job,
    event: LoggedEvent,
    holder: String,
}

impl Finished {
    /// The job as the ledger has it: rendered, done, failed, lost, held, or waiting for somebody.
    pub fn job(&self) -> &Job {
        &self.job
    }

    /// The event that told of it.
    pub fn event(&self) -> &LoggedEvent {
        &self.event
    }

    /// Its video.
    ///
    /// # Errors
    /// What a [`Wait`](crate::client::Wait) for the job would end with.
    pub fn video(&self) -> Result<Video> {
        match ending(&self.job) {
            Some(error) => Err(error),
            None => Video::new(&self.inbox.0.client, self.job.clone()),
        }
    }

    /// Says that it was dealt with: it is never handed on again.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) or
    /// [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable) where the ledger cannot be
    /// written. It is then handed on again.
    pub async fn acknowledge(self) -> Result<()> {
        let client = &self.inbox.0.client;
        let log = client.event_log()?;
        if is_halt(&self.job) {
            let now = client.0.clock.now();
            log.lease(&halt(&self.job), REPORTED, now, now + REPORTED_FOR).await?;
        }
        log.acknowledge(self.event.number).await?;
        // Other events of the same end are settled with it. One that is missed here is recognised
        // when it is claimed.
        for sibling in siblings(log, &self.event).await? {
            if !sibling.is_acknowledged {
                log.acknowledge(sibling.number).await?;
            }
        }
        if !is_halt(&self.job) {
            log.release(&halt(&self.job), REPORTED).await?;
        }
        log.release(&lease(&self.job), &self.holder).await
    }

    /// Has it handed on again after a time, to the next call of any replica.
    ///
    /// # Errors
    /// As [`acknowledge`](Self::acknowledge).
    pub async fn put_off(self, time: Duration) -> Result<()> {
        let client = &self.inbox.0.client;
        let (log, until) = (client.event_log()?, client.0.clock.now() + time);
        log.release(&lease(&self.job), &self.holder).await?;
        log.put_off(self.event.number, &self.holder, until).await.map(drop)
    }
}

/// What is to be done with an event that was claimed.
enum Verdict {
    /// The job has ended.
    Deliver(Box<Job>),
    /// Nothing more.
    Drop,
    /// The same again after this time.
    After(Duration),
}

impl WebhookInbox {
    /// The next job that has come to its end, as soon as there is one. The job is read at its
    /// provider first; one of several steps goes on to its next one. Each end comes once to one of
    /// all who wait, here and in other replicas, unless it is not acknowledged within the
    /// [claim](super::WebhookInboxBuilder::claim).
    ///
    /// Only jobs that a delivery told of come here. For the others there are
    /// [`resume`](Client::resume) and [`Jobs::open`](crate::client::Jobs::open).
    ///
    /// An event is kept until its job has ended, however long that takes. Two are let go: that of a
    /// job which the ledger does not know, after ten minutes, and that of an account which no
    /// client of this ledger has had for seven days.
    ///
    /// Dropping it loses nothing: what it had claimed is handed on when the claim runs out.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) or
    /// [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable) where the ledger is in trouble.
    /// Call it again after a while.
    pub async fn next(&self) -> Result<Finished> {
        let client = &self.0.client;
        loop {
            let (holder, now) = (client.new_holder(), client.0.clock.now());
            let until = now + self.0.claim;
            match client.event_log()?.claim(&holder, now, until).await? {
                None => client.0.hub.event(&*client.0.clock).await,
                Some(event) => {
                    if let Some(finished) = self.settle(event, holder, until).await? {
                        return Ok(finished);
                    }
                }
            }
        }
    }

    async fn settle(
        &self,
        event: LoggedEvent,
        holder: String,
        until: Timestamp,
    ) -> Result<Option<Finished>> {
        let client = &self.0.client;
        let log = client.event_log()?;
        match self.judge(&event, &holder, until).await? {
            Verdict::Deliver(job) => {
                return Ok(Some(Finished { inbox: self.clone(), job: *job, event, holder }));
            }
            Verdict::Drop => log.acknowledge(event.number).await?,
            Verdict::After(wait) => {
                log.put_off(event.number, &holder, client.0.clock.now() + wait).await?
            }
        };
        Ok(None)
    }

    async fn judge(&self, event: &LoggedEvent, holder: &str, until: Timestamp) -> Result<Verdict> {
        let client = &self.0.client;
        let now = client.0.clock.now();
        let age = now.since(event.event.noted_at);
        let wait = |first: Duration, longest: Duration| {
            let doublings = event.claims.saturating_sub(1).min(16);
            Verdict::After((first * 2u32.pow(doublings)).min(longest))
        };
        let Some(job) = client.job_of(event).await? else {
            return Ok(match age < UNKNOWN_FOR {
                true => wait(UNKNOWN_AGAIN, UNKNOWN_LONGEST),
                false => Verdict::Drop,
            });
        };
        if client.provider_of(&job).is_err() {
            return Ok(match age < NO_ACCOUNT_FOR {
                true => Verdict::After((age / PART_OF_AGE).clamp(UNKNOWN_AGAIN, LONGEST_WAIT)),
                false => Verdict::Drop,
            });
        }
        // Of one that has halted, an event says that its provider has gone on with it.
        let job = match has_ended(&job) && !is_halt(&job) {
            true => job,
            false => client.look_through(job).await?,
        };
        if !has_ended(&job) {
            // A step that is due soon is sent then, whether or not another event comes.
            if let Some(soon) = sent_within(&job, client.0.clock.now(), RUNNING_AGAIN) {
                return Ok(Verdict::After(soon));
            }
            // However old it is: no other event may ever tell of the end.
            return Ok(wait(RUNNING_AGAIN, LONGEST_WAIT));
        }
        // A job may have several events: one of each step, or the same again. The lease lets one
        // claimant hand its end on; the others find it reported.
        let log = client.event_log()?;
        if !log.lease(&lease(&job), holder, now, until).await? {
            return Ok(Verdict::After(self.0.claim));
        }
        let is_reported = siblings(log, event).await?.iter().any(|sibling| sibling.is_acknowledged);
        // What was reported may have been a halt, from which the job has gone on to its end.
        if is_reported && (is_halt(&job) || !was_halt_reported(log, &job, holder, now).await?) {
            log.release(&lease(&job), holder).await?;
            return Ok(Verdict::Drop);
        }
        Ok(Verdict::Deliver(Box::new(job)))
    }
}

/// The other events of the same resource.
async fn siblings(log: &dyn EventLog, event: &LoggedEvent) -> Result<Vec<LoggedEvent>> {
    let mut found = log.find(&event.event.account, &event.event.resource).await?;
    found.retain(|other| other.number != event.number);
    Ok(found)
}

/// The lease under which a job is handed on.
fn lease(job: &Job) -> String {
    format!("end of {}", job.id())
}

/// The mark that a halt of a job was reported. The report of its end is another.
fn halt(job: &Job) -> String {
    format!("halt of {}", job.id())
}

/// Whether the mark stands. Another holder's lease cannot be read, so taking it is tried.
async fn was_halt_reported(
    log: &dyn EventLog,
    job: &Job,
    holder: &str,
    now: Timestamp,
) -> Result<bool> {
    let is_free = log.lease(&halt(job), holder, now, now).await?;
    if is_free {
        log.release(&halt(job), holder).await?;
    }
    Ok(!is_free)
}

/// In how much time a job's next step is to be sent, where that is within a limit.
fn sent_within(job: &Job, now: Timestamp, limit: Duration) -> Option<Duration> {
    let is_ready = job.current_step()?.state() == StepState::Ready;
    let due = job.due_at().filter(|due| is_ready && *due > now)?;
    Some(due.since(now)).filter(|wait| *wait < limit)
}

/// Whether there is something to hand on: an end, or a halt that somebody has to see.
fn has_ended(job: &Job) -> bool {
    !matches!(job.stage(), Stage::Ready | Stage::Submitting | Stage::Running)
}

/// Whether a job has stopped where it may go on.
fn is_halt(job: &Job) -> bool {
    matches!(job.stage(), Stage::NeedsAction | Stage::Uncertain | Stage::Lost)
}

impl Client {
    /// The job of an event, where the ledger has it on an account of this client's.
    async fn job_of(&self, event: &LoggedEvent) -> Result<Option<Job>> {
        let (account, resource) = (&event.event.account, &event.event.resource);
        // Events are noted by our id of the job where deliveries name it by that, as Creatify's do.
        let named = match resource.parse() {
            Ok(id) => self.0.ledger.load(id).await?.filter(|job| account.has(job)),
            Err(_) => None,
        };
        let job = match named {
            Some(job) => Some(job),
            None => self.job_by_resource(account, resource).await?,
        };
        Ok(job.filter(|job| account.has(job)))
    }

    /// Looks at a job now, and does what it needs next without waiting.
    async fn look_through(&self, job: Job) -> Result<Job> {
        let mut advance = self.look_now(job.id()).await?;
        for _ in 0..job.steps().len() {
            let Advance { next: Action::Send(_), .. } = advance else { break };
            advance = self.advance(job.id()).await?;
        }
        // Waits of this client need not read it again.
        if let Some(polls) = self.polls_of(&advance.job) {
            polls.wake(job.id());
        }
        Ok(advance.job)
    }
}
