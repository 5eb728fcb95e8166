//! The jobs of the ledger: listed, held, resolved.

use std::time::Duration;

use super::{Client, ResolveAll};
use crate::digest::sha256;
use crate::error::{Error, ErrorKind, Result};
use crate::job::{Account, Decision, Job, JobId, Stage};
use crate::ledger::JobQuery;
use crate::providers::steps;

impl Client {
    /// The jobs of the ledger: listed, held, resolved.
    pub fn jobs(&self) -> Jobs<'_> {
        Jobs::new(self)
    }

    /// A job as the ledger has it.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] for an id that the ledger does not have.
    pub async fn job(&self, id: impl Into<JobId>) -> Result<Job> {
        let id = id.into();
        let missing = || Error::new(ErrorKind::NotFound, "the ledger has no such job").with_job(id);
        let loaded = self.0.ledger.load(id).await.map_err(|error| error.with_job(id))?;
        loaded.ok_or_else(missing)
    }
}

/// The jobs of a client's ledger: what there is, what is held, and what is decided for them.
///
/// What becomes of a paid call whose answer was lost, or during which the process ended:
///
#[doc = include_str!("../recovery.md")]
///
/// **Held** means: the job rests at [`Stage::Uncertain`], and nothing is sent. It is looked for again
/// when it is [resumed](Client::resume), when a webhook tells of it, and whenever a later job of its
/// account is accepted; found, it goes on by itself. What a look has seen stands in
/// [`Step::evidence`](crate::job::Step::evidence). Somebody decides with [`resolve`](Self::resolve),
/// for many at once with [`resolve_all`](Self::resolve_all), or a policy does
/// ([`Recovery`](super::Recovery)).
///
/// Source: the three API references; each cell is kept true by a test.
#[derive(Clone, Copy, Debug)]
pub struct Jobs<'a>(&'a Client);

/// What to do about a held job.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Resolution {
    /// The call was accepted, and this is the provider's id of what it made, with or without the
    /// provider's name before it (`creatify:7e5e…`). It is read there first. A job that was lost or
    /// given up is revived so too.
    Adopt(String),
    /// Send the call again. **If the first was accepted after all, both are paid**, which the job
    /// says for ever ([`Job::may_be_double`]).
    ///
    /// It is looked for twice before, and sent only where both looks were whole: by the keys that
    /// had sent it, after the provider's longest job has ended, the newest first, past a record that
    /// is older than the call, and with nothing on the way that could be this one. Where no look
    /// can tell that much, it is sent after the same time.
    Resubmit,
    /// Give the job up. What it has at the provider goes on there.
    Abandon,
}

/// How far apart the two looks before a resubmit are at least.
pub(super) const LOOKS_APART: Duration = Duration::from_secs(5);

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
        self.0.job_by_key(account, &sha256(key)).await
    }

    /// Jobs that something is still to be done for: running, held, lost, or with a video to fetch.
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

    /// Settles a held job. It then goes on when it is [resumed](Client::resume). A job that is found
    /// on the way goes on with what was found, and is not sent again.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] for a job that is not held; [`ErrorKind::SubmitUnknown`] for one that
    /// may not be sent again yet, with what speaks against it; [`ErrorKind::NotFound`] where what is
    /// to be adopted is not at the provider, and whatever keeps it from being read there.
    pub async fn resolve(&self, id: impl Into<JobId>, resolution: Resolution) -> Result<Job> {
        let job = self.0.job(id).await?;
        let decision = match resolution {
            Resolution::Adopt(text) => self.adopt(&job, &text).await?,
            Resolution::Resubmit => return self.resubmit(job).await,
            Resolution::Abandon => Decision::Abandon,
        };
        match self.0.decide(job, decision).await? {
            (job, true) => Ok(job),
            (job, false) => Err(not_held(&job)),
        }
    }

    /// Whether a held job may be sent again now, as far as the last looks for it show. A
    /// [`Resolution::Resubmit`] looks for it anew.
    ///
    /// # Errors
    /// What speaks against it, in words.
    pub fn may_be_resubmitted(&self, job: &Job) -> Result<(), String> {
        self.0.may_be_resubmitted(job)
    }

    /// Settles many held jobs at once, after a list of what that would do and cost.
    pub fn resolve_all(&self, resolution: Resolution) -> ResolveAll<'a> {
        ResolveAll::new(self.0, resolution)
    }

    async fn resubmit(&self, job: Job) -> Result<Job> {
        if job.stage() != Stage::Uncertain {
            return Err(not_held(&job));
        }
        let mut job = self.0.look_now(job.id()).await?.job;
        if job.stage() == Stage::Uncertain && self.0.may_be_resubmitted(&job).is_err() {
            self.0.sleep(LOOKS_APART).await;
            job = self.0.look_now(job.id()).await?.job;
        }
        if job.stage() != Stage::Uncertain {
            return Ok(job);
        }
        if let Err(why) = self.0.may_be_resubmitted(&job) {
            let message = format!("it is not sent again: {why}");
            let provider = job.account().provider;
            return Err(Error::new(ErrorKind::SubmitUnknown, message)
                .with_provider(provider)
                .with_job(job.id()));
        }
        let why = "sent again by decision".to_owned();
        match self.0.decide(job, Decision::Resubmit { why }).await? {
            (job, true) => Ok(job),
            (job, false) => Err(not_held(&job)),
        }
    }

    /// Holds every job that is open, because the ledger was restored from a copy: whatever it takes
    /// for unsent may have been sent since. What is found then goes on by itself. Gives back the
    /// jobs that are held now.
    ///
    /// Jobs that were made after the copy are not in it at all: look at the providers' own pages
    /// before the same requests are sent again. Nothing goes on with a row that cannot be read, so
    /// it keeps nobody from holding the others: [`open`](Self::open) tells of it.
    ///
    /// # Errors
    /// As [`list`](Self::list). What is held by then stays held, and the call can be repeated.
    pub async fn hold_restored(&self) -> Result<Vec<Job>> {
        let mut held = Vec::new();
        for job in self.open().await?.into_iter().flatten() {
            // The ledger may be shared with clients that have other accounts.
            let Ok(provider) = self.0.provider_of(&job) else { continue };
            let longest_job = self.0.longest_job(&**provider);
            let decision = Decision::HoldRestored { longest_job };
            if let (job, true) = self.0.decide(job, decision).await? {
                held.push(job);
            }
        }
        Ok(held)
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
        let step = job.current_step().filter(|step| step.is_paid()).ok_or_else(|| not_held(job))?;
        if let Some(other) = self.0.another_owner(job, resource).await? {
            let message = format!("{resource} belongs to job {other}");
            return Err(Error::new(ErrorKind::Conflict, message).with_job(job.id()));
        }
        let (provider, pages) = (self.0.provider_of(job)?, self.0.look_pages(job)?);
        let adopted = steps::adopt(&**provider, step, resource, &pages).await;
        let (resource, is_done, offers) = adopted.map_err(|error| error.with_job(job.id()))?;
        Ok(Decision::Adopt { resource, is_done, offers })
    }
}

fn not_held(job: &Job) -> Error {
    let message = format!("the job is {}: only a held (uncertain) one is resolved", job.stage());
    Error::new(ErrorKind::Conflict, message).with_job(job.id())
}
