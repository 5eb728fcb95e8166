//! One action for a job, and what it needs next.

use std::sync::{Arc, Weak};
use std::time::Duration;

use super::Client;
use super::gate::Place;
use super::job_locks::JobLock;
use super::record::Recorded;
use super::send::Sending;
use crate::error::Result;
use crate::job::{Action, Decision, Job, JobId, Outcome, StepRef, StepState, next};
use crate::policy::Recovery;
use crate::providers::pace::Pace;
use crate::providers::{Provider, outcome};

/// A job after one action, and what it needs next.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Advance {
    /// The job as the ledger has it now.
    pub job: Job,
    /// What it needs next. `Rest` says when to come back; `Download`, `Hold` and `End` need no
    /// further advance.
    pub next: Action,
}

/// When a job is looked at again that somebody else is just working on.
const BUSY_AGAIN_AFTER: Duration = Duration::from_secs(2);

/// What is known of whoever stored a step's last intent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sender {
    /// It still lives, and may be about to send or to record.
    Lives,
    /// It is gone.
    Gone,
    /// That cannot be told.
    Unknown,
}

impl Client {
    /// Does one thing for a job: sends a step, looks for one whose answer was lost, or reads a
    /// status. Never sleeps: where there is nothing to do yet, `next` says when there is.
    ///
    /// A step is sent as one action: the intent is stored, then the call is made, then its result
    /// is stored. That runs on a task of its own, so that dropping this future never loses a job
    /// that was accepted. Calls for the same job take turns.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) for an id that the ledger does not have;
    /// [`Io`](crate::ErrorKind::Io) or [`Unavailable`](crate::ErrorKind::Unavailable) where the ledger
    /// cannot be read or written, and the latter after [`shutdown`](Self::shutdown);
    /// [`Unsupported`](crate::ErrorKind::Unsupported) for a step that this version does not know. What
    /// goes wrong with the job itself is in the job.
    pub async fn advance(&self, id: impl Into<JobId>) -> Result<Advance> {
        let (lock, job) = self.locked(id.into()).await?;
        let action = self.next(&job).await?;
        self.act(lock, job, action, None).await
    }

    /// Does what [`next`](Self::next) has decided for a job, unless it has changed since: then
    /// nothing is done, and what it needs now is said. Where it has a place in its account's line,
    /// it gives that up as soon as it counts; where the wait that has the place ends before the call
    /// is announced, nothing is sent.
    pub(super) async fn carry_out(
        &self,
        job: &Job,
        action: Action,
        place: Option<Weak<Place>>,
    ) -> Result<Advance> {
        let (lock, current) = self.locked(job.id()).await?;
        if current.revision() != job.revision() {
            let next = self.next(&current).await?;
            return Ok(Advance { job: current, next });
        }
        self.act(lock, current, action, place).await
    }

    /// Looks at a job whether or not it is due, because something may have happened at its
    /// provider, or because somebody comes back to it: reads the status of one that runs or was
    /// lost, and looks for one whose answer was lost, held or not. Nothing is sent, and nothing is
    /// held that would not be without this.
    pub(super) async fn look_now(&self, id: JobId) -> Result<Advance> {
        self.sync_clock().await;
        let (lock, mut job) = self.locked(id).await?;
        if job.current_step().is_some_and(|step| step.state() == StepState::Lost) {
            job = self.decide(job, Decision::Wake).await?.0;
        }
        let action = match job.current_step() {
            None => None,
            Some(step) => match step.state() {
                StepState::Running => Some(Action::Poll(step.index())),
                StepState::Unknown | StepState::Uncertain if step.is_paid() => {
                    Some(Action::LookUp(step.index()))
                }
                StepState::Submitting
                    if step.is_paid() && self.sender_of(step).await? != Sender::Lives =>
                {
                    Some(Action::LookUp(step.index()))
                }
                _ => None,
            },
        };
        match action {
            Some(action) => self.act(lock, job, action, None).await,
            None => {
                let next = self.next(&job).await?;
                Ok(Advance { job, next })
            }
        }
    }

    /// A job as the ledger has it once nobody else of this client works on it.
    async fn locked(&self, id: JobId) -> Result<(JobLock, Job)> {
        let lock = self.0.job_locks.take(id).await;
        Ok((lock, self.job(id).await?))
    }

    async fn act(
        &self,
        lock: JobLock,
        job: Job,
        action: Action,
        place: Option<Weak<Place>>,
    ) -> Result<Advance> {
        let id = job.id();
        let (Action::Send(index) | Action::LookUp(index) | Action::Poll(index)) = action else {
            return self.at_rest(job, action).await;
        };
        let now = self.0.clock.now();
        if let (Action::Poll(_), Some(polls)) = (action, self.polls_of(&job))
            && let Err(until) = polls.take_read(now)
        {
            return Ok(Advance { job, next: Action::Rest(until) });
        }
        let (client, provider) = (self.clone(), Arc::clone(self.provider_of(&job)?));
        let work = async move {
            let _lock = lock;
            match action {
                Action::Send(_) => client.send(&*provider, job, index, place).await,
                Action::LookUp(_) => {
                    client.look_up(&*provider, job, index).await.map(Sending::Done)
                }
                _ => client.poll(&*provider, job, index).await.map(Sending::Done),
            }
        };
        match self.0.work.run(work).await.map_err(|error| error.with_job(id))?? {
            Sending::Done(job) => {
                let action = self.next(&job).await?;
                self.at_rest(job, action).await
            }
            Sending::Waits(job, until) => Ok(Advance { job, next: Action::Rest(until) }),
        }
    }

    async fn poll(&self, provider: &dyn Provider, job: Job, index: usize) -> Result<Job> {
        let Some(step) = job.step(index) else { return Ok(job) };
        let status = provider.poll(step).await;
        let outcome = outcome::of_read(step, status, &self.pace());
        self.record(job, outcome).await.map(Recorded::job)
    }

    /// What a job needs next: the one place that decides it, for whoever drives the job. What
    /// somebody else is just sending is left to him, and nobody waits for one who is gone: a free
    /// step is sent again, a paid one is looked for at once. It goes by the ledger's time, so a clock
    /// that is ahead of it decides nothing.
    pub(super) async fn next(&self, job: &Job) -> Result<Action> {
        self.sync_clock().await;
        let now = self.now_for(job);
        let action = next(job, now);
        let Some(step) = job.current_step() else { return Ok(action) };
        Ok(match step.state() {
            StepState::Submitting => match self.sender_of(step).await? {
                Sender::Lives => Action::Rest(now + BUSY_AGAIN_AFTER),
                Sender::Gone if step.is_paid() => Action::LookUp(step.index()),
                Sender::Gone => Action::Send(step.index()),
                Sender::Unknown => action,
            },
            StepState::Uncertain if self.has_policy_for(step) => match step.due > now {
                true => Action::Rest(step.due),
                false => Action::LookUp(step.index()),
            },
            _ => action,
        })
    }

    /// A job after its action. A held one may be freed by the policy.
    async fn at_rest(&self, job: Job, action: Action) -> Result<Advance> {
        let is_freed = job.current_step().is_some_and(|step| self.has_policy_for(step))
            && self.may_be_resubmitted(&job).is_ok();
        if !is_freed {
            return Ok(Advance { job, next: action });
        }
        let why = "sent again by the policy ResubmitIfAtMost".to_owned();
        let decided = Outcome::Decided(Decision::Resubmit { why });
        let job = self.record(job, decided).await?.job();
        let next = self.next(&job).await?;
        Ok(Advance { job, next })
    }

    /// Whether a policy is to have a held step sent again: once, and not above its limit. Where that was
    /// refused, such as by a cap, it would be refused again at once.
    fn has_policy_for(&self, step: StepRef<'_>) -> bool {
        let Recovery::ResubmitIfAtMost(limit) = self.0.recovery else { return false };
        let is_new = step.doubt().is_none() && step.refusals == 0;
        step.state() == StepState::Uncertain && is_new && step.price() <= limit
    }

    /// What is known of whoever is sending a step. Of this client nobody is, since whoever works on
    /// a job here has its turn.
    pub(super) async fn sender_of(&self, step: StepRef<'_>) -> Result<Sender> {
        let Some(sender) = step.sender.as_deref() else { return Ok(Sender::Unknown) };
        if self.seat().await?.as_deref() == Some(sender) {
            return Ok(Sender::Gone);
        }
        Ok(match self.0.ledger.is_seated(sender).await? {
            Some(true) => Sender::Lives,
            Some(false) => Sender::Gone,
            None => Sender::Unknown,
        })
    }

    pub(super) fn pace(&self) -> Pace<'_> {
        let clock = &self.0.clock;
        let policy = &*self.0.poll_policy;
        Pace { policy, now: clock.now(), failures: 0, random: clock.random() }
    }

    /// How long the longest job of a provider's takes.
    pub(super) fn longest_job(&self, provider: &dyn Provider) -> Duration {
        self.0.longest_job.unwrap_or_else(|| provider.longest_job())
    }

    /// The name by which others that share the ledger see that this client lives; `None` where that
    /// cannot be seen. The seat is taken before the first intent, and another one where it was lost.
    pub(super) async fn seat(&self) -> Result<Option<String>> {
        let mut kept = self.0.seat.lock().await;
        let is_held = match &*kept {
            Some(Some(seat)) => seat.is_held().await,
            Some(None) => true,
            None => false,
        };
        if !is_held {
            *kept = Some(self.0.ledger.take_seat().await?);
        }
        Ok(kept.iter().flatten().next().map(|seat| seat.name().to_owned()))
    }
}
