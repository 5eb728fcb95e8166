//! What was paid for: the only place that knows.

pub mod conformance;
mod events;
mod limit;
mod memory;
mod seat;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod sql;

pub use events::{EventLog, LoggedEvent, NewEvent};
pub use limit::{SpendLimit, SpendScope, Stored};
pub use memory::MemoryLedger;
pub use seat::Seat;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use sql::Sql;

use std::path::PathBuf;
use std::sync::Arc;

use crate::BoxFuture;
use crate::error::{Error, ErrorKind, Result};
use crate::job::{Account, Job, JobId, Stage};

/// Where a client keeps its jobs. The ledger's row wins over a job in hand.
///
/// A row is written before a paid call goes out (the intent) and after its answer, so whatever
/// implements this must have it on disk when [`insert`](Self::insert) and [`store`](Self::store)
/// resolve, or say in its name what it forgets. `adreel::ledger::conformance` tests an
/// implementation.
pub trait Ledger: Send + Sync + 'static {
    /// Adds a job, unless there is one with its id, or its account has one with its key. The one
    /// that is there is then returned, and nothing is written.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] or [`ErrorKind::Unavailable`] where the row cannot be written. The job is
    /// then not started.
    fn insert<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<Option<Job>>>;

    /// The job with this id.
    ///
    /// # Errors
    /// As [`insert`](Self::insert) where the row cannot be read, and [`ErrorKind::Decode`] where it
    /// is none of this version's.
    fn load(&self, id: JobId) -> BoxFuture<'_, Result<Option<Job>>>;

    /// The job of an account with this key digest.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    fn find<'a>(
        &'a self,
        account: &'a Account,
        key_digest: &'a str,
    ) -> BoxFuture<'a, Result<Option<Job>>>;

    /// Replaces the state of a job if it still stands at the revision before the job's, and says
    /// whether it did.
    ///
    /// # Errors
    /// As [`insert`](Self::insert). A paid call is then not sent.
    fn store<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<bool>>;

    /// As [`store`](Self::store), if what the account's jobs have [committed](Job::committed), this
    /// one included as it is to be stored, stays within every limit. That is one step: of any
    /// number that store at the same time, none passes a limit.
    ///
    /// # Errors
    /// As [`store`](Self::store). [`ErrorKind::Unsupported`] for limits that a ledger cannot check,
    /// which is the default; a paid call is then not sent.
    fn store_within<'a>(
        &'a self,
        job: &'a Job,
        limits: &'a [SpendLimit],
    ) -> BoxFuture<'a, Result<Stored>> {
        Box::pin(async move {
            if !limits.is_empty() {
                let message = "this ledger checks no spend limits: use another or set none";
                return Err(Error::new(ErrorKind::Unsupported, message).with_job(job.id()));
            }
            Ok(if self.store(job).await? { Stored::Yes } else { Stored::Overtaken })
        })
    }

    /// The newest job of an account whose last paid step that was accepted has this id at the
    /// provider.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    fn find_resource<'a>(
        &'a self,
        account: &'a Account,
        resource: &'a str,
    ) -> BoxFuture<'a, Result<Option<Job>>>;

    /// Jobs in the order of their ids, which is that of their making. One that cannot be read is
    /// an error in its place, and carries its id where that is known.
    ///
    /// # Errors
    /// As [`insert`](Self::insert) where no row can be read.
    fn list<'a>(&'a self, query: &'a JobQuery) -> BoxFuture<'a, Result<Vec<Result<Job>>>>;

    /// The events that webhooks told. `None`, the default, for a ledger that keeps none: webhooks
    /// then cannot be used with it.
    fn events(&self) -> Option<&dyn EventLog> {
        None
    }

    /// A file beside the ledger for what was accepted and cannot be written to it. `None` for a
    /// ledger that knows no place; a client can name one.
    fn side_file(&self) -> Option<PathBuf> {
        None
    }

    /// Takes a seat: for as long as it is held, [`is_seated`](Self::is_seated) says yes to its
    /// name in every process that shares the ledger. `None` where that cannot be told.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] where none can be taken.
    fn take_seat(&self) -> Result<Option<Seat>> {
        Ok(None)
    }

    /// Whether somebody holds the seat with this name, so that a call which he sends may still be
    /// answered.
    fn is_seated(&self, name: &str) -> bool {
        let _ = name;
        false
    }
}

/// Which jobs to list. Default: all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct JobQuery {
    /// Only jobs at one of these stages; all where it is empty.
    pub stages: Vec<Stage>,
    /// Only jobs of this account.
    pub account: Option<Account>,
    /// Only jobs that come after this one.
    pub after: Option<JobId>,
    /// At most this many.
    pub limit: Option<u32>,
}

impl JobQuery {
    /// All jobs.
    pub fn all() -> Self {
        Self::default()
    }

    /// Jobs at one of these stages.
    pub fn at(stages: impl IntoIterator<Item = Stage>) -> Self {
        Self { stages: stages.into_iter().collect(), ..Self::default() }
    }

    /// Only those of one account.
    #[must_use]
    pub fn of(mut self, account: &Account) -> Self {
        self.account = Some(account.clone());
        self
    }

    /// Only those that come after this one.
    #[must_use]
    pub fn after(mut self, id: JobId) -> Self {
        self.after = Some(id);
        self
    }

    /// At most this many.
    #[must_use]
    pub fn limit(mut self, most: u32) -> Self {
        self.limit = Some(most);
        self
    }
}

/// Several clients may share one ledger.
impl<L: Ledger + ?Sized> Ledger for Arc<L> {
    fn insert<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<Option<Job>>> {
        (**self).insert(job)
    }

    fn load(&self, id: JobId) -> BoxFuture<'_, Result<Option<Job>>> {
        (**self).load(id)
    }

    fn find<'a>(
        &'a self,
        account: &'a Account,
        key_digest: &'a str,
    ) -> BoxFuture<'a, Result<Option<Job>>> {
        (**self).find(account, key_digest)
    }

    fn store<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<bool>> {
        (**self).store(job)
    }

    fn store_within<'a>(
        &'a self,
        job: &'a Job,
        limits: &'a [SpendLimit],
    ) -> BoxFuture<'a, Result<Stored>> {
        (**self).store_within(job, limits)
    }

    fn find_resource<'a>(
        &'a self,
        account: &'a Account,
        resource: &'a str,
    ) -> BoxFuture<'a, Result<Option<Job>>> {
        (**self).find_resource(account, resource)
    }

    fn list<'a>(&'a self, query: &'a JobQuery) -> BoxFuture<'a, Result<Vec<Result<Job>>>> {
        (**self).list(query)
    }

    fn events(&self) -> Option<&dyn EventLog> {
        (**self).events()
    }

    fn side_file(&self) -> Option<PathBuf> {
        (**self).side_file()
    }

    fn take_seat(&self) -> Result<Option<Seat>> {
        (**self).take_seat()
    }

    fn is_seated(&self, name: &str) -> bool {
        (**self).is_seated(name)
    }
}
