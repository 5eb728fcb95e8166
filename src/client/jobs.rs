use super::Client;
use crate::digest::sha256;
use crate::error::{Error, ErrorKind, Result};
use crate::job::{Account, Decision, Job, JobId, Stage, StepState};
use crate::ledger::JobQuery;
use crate::providers::steps;

/// The jobs of a client's ledger: what there is, what is held, and what is decided for them.
///
/// What becomes of a paid call whose answer was lost, or during which the process ended:
///
#[doc = include_str!("../recovery.md")]
///
/// **Held** means: the job rests at [`Stage::Uncertain`], nothing is sent, and somebody decides
/// with [`resolve`](Self::resolve), or a policy does ([`Recovery`](super::Recovery)).
///
/// Source: the three API references; each cell is kept true by a test.
#[derive(Clone, Copy, Debug)]
pub struct Jobs<'a>(&'a Client);

/// What to do about a held job.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Resolution {
    /// The call was accepted, and this is the provider's id of what it made, with or without the
    /// provider's name before it (`creatify:7e5e…`). It is read there first.
    Adopt(String),
    /// Send the call again. **If the first was accepted after all, both are paid.**
    Resubmit,
    /// Give the job up. What it has at the provider goes on there.
    Abandon,
}

impl<'a> Jobs<'a> {
    pub(super) fn new(client: &'a Client) -> Self {
        Self(client)
    }

    /// Jobs in the order of their making. One that cannot be read is an error in its place.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] or [`ErrorKind::Unavailable`] where the ledger cannot be read.
    pub async fn list(&self, query: &JobQuery) -> Result<Vec<Result<Job>>> {
        self.0.0.ledger.list(query).await
    }

    /// The job of an account that was submitted under a key.
    ///
    /// # Errors
    /// As [`list`](Self::list), and [`ErrorKind::Decode`] for a job of a newer version.
    pub async fn find(&self, account: &Account, key: &str) -> Result<Option<Job>> {
        self.0.0.ledger.find(account, &sha256(key)).await
    }

    /// Jobs that something is still to be done for: running, held, or with a video to fetch.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn open(&self) -> Result<Vec<Result<Job>>> {
        self.list(&JobQuery::at(Stage::ALL.into_iter().filter(|stage| !stage.is_over()))).await
    }

    /// Jobs that wait for [`resolve`](Self::resolve).
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn held(&self) -> Result<Vec<Result<Job>>> {
        self.list(&JobQuery::at([Stage::Uncertain])).await
    }

    /// Settles a held job. It then goes on when it is [resumed](Client::resume).
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] for a job that is not held; [`ErrorKind::NotFound`] where what is to
    /// be adopted is not at the provider, and whatever keeps it from being read there.
    pub async fn resolve(&self, id: impl Into<JobId>, resolution: Resolution) -> Result<Job> {
        let job = self.0.job(id).await?;
        let is_given_up = resolution == Resolution::Abandon;
        let may_be_given_up =
            matches!(job.stage(), Stage::Ready | Stage::Submitting | Stage::NeedsAction);
        if job.stage() != Stage::Uncertain && !(is_given_up && may_be_given_up) {
            return Err(not_held(&job));
        }
        let decision = match resolution {
            Resolution::Adopt(text) => self.adopt(&job, &text).await?,
            Resolution::Resubmit => Decision::Resubmit { why: "sent again by decision".to_owned() },
            Resolution::Abandon => Decision::Abandon,
        };
        match self.0.decide(job, decision).await? {
            (job, true) => Ok(job),
            (job, false) => Err(not_held(&job)),
        }
    }

    /// Takes one of what a job offers, such as a preview, by its id. The job then goes on when it
    /// is resumed.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] for a job that offers nothing; [`ErrorKind::InvalidRequest`] for an
    /// id that is none of what it offers.
    pub async fn choose(&self, id: impl Into<JobId>, offer: &str) -> Result<Job> {
        let job = self.0.job(id).await?;
        let Some(offers) = job.offers() else {
            let message = format!("it is {} and offers nothing to choose from", job.stage());
            return Err(Error::new(ErrorKind::Conflict, message).with_job(job.id()));
        };
        if !offers.iter().any(|known| known.id == offer) {
            let ids: Vec<_> = offers.iter().map(|known| known.id.as_str()).collect();
            let message = format!("{offer:?} is not offered: use one of {}", ids.join(", "));
            return Err(Error::invalid("choose", message).with_job(job.id()));
        }
        match self.0.decide(job, Decision::Choose(offer.to_owned())).await? {
            (job, true) => Ok(job),
            (job, false) => Err(not_held(&job)),
        }
    }

    async fn adopt(&self, job: &Job, text: &str) -> Result<Decision> {
        let provider = job.account().provider;
        let resource = match text.split_once(':') {
            Some((name, id)) if name == provider.as_str() => id,
            _ => text,
        };
        let held = job.current().filter(|index| job.steps[*index].state == StepState::Uncertain);
        let index = held.ok_or_else(|| not_held(job))?;
        let adopted = steps::adopt(&**self.0.provider_of(job)?, job, index, resource).await;
        let (resource, is_done, offers) = adopted.map_err(|error| error.with_job(job.id()))?;
        Ok(Decision::Adopt { resource, is_done, offers })
    }
}

fn not_held(job: &Job) -> Error {
    let message = format!("the job is {}: only a held (uncertain) one is resolved", job.stage());
    Error::new(ErrorKind::Conflict, message).with_job(job.id())
}
