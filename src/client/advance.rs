use std::sync::Arc;
use std::time::Duration;

use super::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::job::{Action, Job, JobId, Outcome, StepState, apply, next};
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

impl Client {
    /// Does one thing for a job: sends a step, looks for one whose answer was lost, or reads a
    /// status. Never sleeps: where there is nothing to do yet, `next` says when there is.
    ///
    /// A step is sent as one action: the intent is stored, then the call is made, then its result
    /// is stored. That runs on a task of its own, so that dropping this future never loses a job
    /// that was accepted.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] for an id that the ledger does not have; whatever keeps the ledger
    /// from being read or written. What goes wrong with the job itself is in the job.
    pub async fn advance(&self, id: JobId) -> Result<Advance> {
        let job = self.job(id).await?;
        let action = next(&job, self.0.clock.now());
        let (Action::Send(step) | Action::LookUp(step) | Action::Poll(step)) = action else {
            return Ok(Advance { job, next: action });
        };
        let (client, provider) = (self.clone(), Arc::clone(self.provider_of(&job)?));
        let work = async move {
            match action {
                Action::Send(_) => client.send(&*provider, job, step).await,
                Action::LookUp(_) => {
                    let outcome = steps::look_up(&*provider, &job, step).await;
                    client.record(job, outcome).await
                }
                _ => {
                    let outcome = steps::poll(&*provider, &job, step).await;
                    client.record(job, client.jittered(outcome)).await
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
        let attempt = job.steps[step].attempt;
        let intent = self.record(job, Outcome::Sending).await?;
        let is_ours = intent.steps[step].state == StepState::Submitting
            && intent.steps[step].attempt == attempt + 1;
        if !is_ours {
            return Ok(intent);
        }
        let outcome = steps::send(provider, &intent, step).await;
        self.record(intent, outcome).await
    }

    /// Stores what an outcome makes of a job. Where somebody else stored first, theirs holds.
    pub(super) async fn record(&self, job: Job, outcome: Outcome) -> Result<Job> {
        let id = job.id();
        let accepted = match &outcome {
            Outcome::Accepted { resource, .. } => Some(resource.clone()),
            _ => None,
        };
        let after = apply(job, outcome, self.0.clock.now());
        let stored = self.0.ledger.store(&after).await;
        if let (Err(_) | Ok(false), Some(resource)) = (&stored, accepted) {
            tracing::error!(job = %id, %resource, "an accepted job could not be recorded");
        }
        match stored.map_err(|error| error.with_job(id))? {
            true => Ok(after),
            false => self.job(id).await,
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
