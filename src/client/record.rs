//! Writing down what became of a job.

use std::time::Duration;

use super::Client;
use super::side_file::Accepted;
use crate::error::{Error, ErrorKind, Result};
use crate::job::{Decision, Job, JobId, Outcome, SubmitOutcome, apply};

/// What became of an attempt to store a job.
pub(super) enum Recorded {
    /// It stands as given.
    Stored(Job),
    /// Another change came first, and the job stands like this.
    Overtaken(Job),
}

impl Recorded {
    pub(super) fn job(self) -> Job {
        match self {
            Self::Stored(job) | Self::Overtaken(job) => job,
        }
    }
}

/// How often it is tried to write down what is true, whatever the ledger's trouble.
const RECORD_TRIES: u32 = 5;

/// How long after the first try to take the next; each further one waits twice as long.
const RECORD_AGAIN_AFTER: Duration = Duration::from_millis(500);

impl Client {
    /// Stores what a call that was sent came to, or that a video was saved. Whatever happened to
    /// the job meanwhile, this is true, so it is applied to the row as it is now, and tried again
    /// where the ledger is in trouble.
    pub(super) async fn settle(&self, mut job: Job, outcome: Outcome) -> Result<Job> {
        let id = job.id();
        let mut place = None;
        let mut tries = 0;
        let mut wait = RECORD_AGAIN_AFTER;
        loop {
            let error = match self.record(job.clone(), outcome.clone()).await {
                Ok(Recorded::Stored(job)) => {
                    if is_paid_and_accepted(&job, &outcome) {
                        self.look_for_held(job.account());
                    }
                    return Ok(job);
                }
                Ok(Recorded::Overtaken(current)) => {
                    job = current;
                    continue;
                }
                Err(error) => error,
            };
            if tries == 0 {
                place = self.note_accepted(id, &outcome);
            }
            tries += 1;
            if tries == RECORD_TRIES {
                return Err(unrecorded(&job, &outcome, place, error));
            }
            self.0.clock.sleep(wait).await;
            wait *= 2;
            // Whether the failed write took place is not known.
            if let Ok(current) = self.job(id).await {
                job = current;
            }
        }
    }

    /// Writes down beside the ledger what the ledger cannot take, a job that was accepted, and says
    /// where.
    fn note_accepted(&self, id: JobId, outcome: &Outcome) -> Option<String> {
        let Outcome::Submitted { step, outcome, .. } = outcome else { return None };
        let SubmitOutcome::Accepted { resource, poll_after, offers } = outcome else { return None };
        let accepted = Accepted {
            job: id,
            step: *step,
            resource: resource.clone(),
            is_done: poll_after.is_none(),
            offers: offers.clone(),
            at: self.0.clock.now(),
        };
        let written = self.0.side_file.as_ref().map(|file| (file.path(), file.write(&accepted)));
        let place = match &written {
            Some((path, Ok(()))) => format!("it was written to {}", path.display()),
            Some((_, Err(error))) => format!("only the log has it: {}", error.message()),
            None => "only the log has it: there is no side file".to_owned(),
        };
        tracing::error!(
            job = %id, step, resource, place,
            "an accepted job could not be recorded in the ledger"
        );
        Some(place)
    }

    /// Stores what an outcome makes of a job, unless somebody else stored first.
    pub(super) async fn record(&self, job: Job, outcome: Outcome) -> Result<Recorded> {
        let id = job.id();
        let now = self.now_for(&job);
        let after = apply(job, outcome, now);
        match self.0.ledger.store(&after).await.map_err(|error| error.with_job(id))? {
            true => Ok(Recorded::Stored(after)),
            false => self.job(id).await.map(Recorded::Overtaken),
        }
    }

    /// Stores a decision, and says with `false` where it came too late or does not fit.
    pub(super) async fn decide(&self, job: Job, decision: Decision) -> Result<(Job, bool)> {
        let (before, revision) = ((job.steps.clone(), job.stage), job.revision());
        let job = self.record(job, Outcome::Decided(decision)).await?;
        let is_stored = matches!(&job, Recorded::Stored(job) if job.revision() == revision + 1);
        let job = job.job();
        let has_effect = (&job.steps, job.stage) != (&before.0, before.1);
        Ok((job, is_stored && has_effect))
    }
}

/// What a ledger's error comes to where it keeps from being recorded what a call came to. After a
/// paid one that was or may have been accepted, that is what has to be said, whatever is wrong with
/// the ledger.
fn unrecorded(job: &Job, outcome: &Outcome, place: Option<String>, error: Error) -> Error {
    let Outcome::Submitted { step, outcome, .. } = outcome else { return error };
    let message = match outcome {
        SubmitOutcome::Accepted { resource, .. } => format!(
            "accepted and paid as {resource}, but the ledger cannot record it; {}",
            place.unwrap_or_default()
        ),
        SubmitOutcome::Unknown { .. } => "no answer came to a paid call, and the ledger cannot              record that: it is looked for when the job is resumed"
            .to_owned(),
        SubmitOutcome::Rejected { .. } => return error,
    };
    let Some(step) = job.step(*step).filter(|step| step.is_paid()) else { return error };
    Error::new(ErrorKind::SubmitUnknown, format!("{message} ({})", error.message()))
        .with_provider(job.account().provider)
        .with_operation(step.operation().to_owned())
        .with_job(job.id())
        .with_handle(job.handle())
        .with_source(error)
}

/// Whether an outcome says that a paid call was accepted: the provider is there and takes orders, so
/// it may show by now what was not to be found before.
fn is_paid_and_accepted(job: &Job, outcome: &Outcome) -> bool {
    let Outcome::Submitted { step, outcome, .. } = outcome else { return false };
    matches!(outcome, SubmitOutcome::Accepted { .. })
        && job.step(*step).is_some_and(|step| step.is_paid())
}
