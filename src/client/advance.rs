use std::sync::Arc;
use std::time::Duration;

use super::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::job::{Action, Job, JobId, Outcome, apply, next};
use crate::providers::{Provider, steps};

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

/// What became of an attempt to store a job.
enum Recorded {
    /// It stands as given.
    Stored(Job),
    /// Another change came first, and the job stands like this.
    Overtaken(Job),
}

impl Recorded {
    fn job(self) -> Job {
        match self {
            Self::Stored(job) | Self::Overtaken(job) => job,
        }
    }
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
    /// [`ErrorKind::NotFound`] for an id that the ledger does not have; whatever keeps the ledger
    /// from being read or written. What goes wrong with the job itself is in the job.
    pub async fn advance(&self, id: JobId) -> Result<Advance> {
        let turn = self.0.turns.take(id).await;
        let job = self.job(id).await?;
        let action = next(&job, self.0.clock.now());
        let (Action::Send(step) | Action::LookUp(step) | Action::Poll(step)) = action else {
            return Ok(Advance { job, next: action });
        };
        let (client, provider) = (self.clone(), Arc::clone(self.provider_of(&job)?));
        let work = async move {
            let _turn = turn;
            match action {
                Action::Send(_) => client.send(&*provider, job, step).await,
                Action::LookUp(_) => {
                    let outcome = steps::look_up(&*provider, &job, step).await;
                    client.record(job, outcome).await.map(Recorded::job)
                }
                _ => {
                    let outcome = steps::poll(&*provider, &job, step).await;
                    client.record(job, client.jittered(outcome)).await.map(Recorded::job)
                }
            }
        };
        let job = tokio::spawn(work).await.map_err(|error| {
            Error::new(ErrorKind::Unavailable, "the task that advances the job ended")
                .with_job(id)
                .with_source(error)
        })??;
        let next = next(&job, self.0.clock.now());
        Ok(Advance { job, next })
    }

    async fn send(&self, provider: &dyn Provider, job: Job, step: usize) -> Result<Job> {
        // Of several that found the step ready, one stores its intent, and only that one sends.
        let intent = match self.record(job, Outcome::Sending).await? {
            Recorded::Stored(intent) => intent,
            Recorded::Overtaken(job) => return Ok(job),
        };
        let outcome = steps::send(provider, &intent, step).await;
        self.settle(intent, outcome).await
    }

    /// Stores what a call that was sent came to, or that a video was saved. Whatever happened to the
    /// job meanwhile, this is true, so it is applied to the row as it is now.
    pub(super) async fn settle(&self, mut job: Job, outcome: Outcome) -> Result<Job> {
        loop {
            match self.record(job, outcome.clone()).await {
                Ok(Recorded::Stored(job)) => return Ok(job),
                Ok(Recorded::Overtaken(current)) => job = current,
                Err(error) => {
                    if let Outcome::Accepted { resource, .. } = &outcome {
                        let job = error.job_id().map(|id| id.to_string());
                        tracing::error!(job, %resource, "an accepted job could not be recorded");
                    }
                    return Err(error);
                }
            }
        }
    }

    /// Stores what an outcome makes of a job, unless somebody else stored first.
    async fn record(&self, job: Job, outcome: Outcome) -> Result<Recorded> {
        let id = job.id();
        let after = apply(job, outcome, self.0.clock.now());
        match self.0.ledger.store(&after).await.map_err(|error| error.with_job(id))? {
            true => Ok(Recorded::Stored(after)),
            false => self.job(id).await.map(Recorded::Overtaken),
        }
    }

    /// Spreads reads out, so that jobs that began together are not read together.
    fn jittered(&self, outcome: Outcome) -> Outcome {
        let spread = |wait: Duration| wait.mul_f64(1.0 + 0.2 * self.0.clock.random());
        match outcome {
            Outcome::Running { status, poll_after } => {
                Outcome::Running { status, poll_after: spread(poll_after) }
            }
            Outcome::PollFailed { reason, poll_after } => {
                Outcome::PollFailed { reason, poll_after: spread(poll_after) }
            }
            other => other,
        }
    }
}
