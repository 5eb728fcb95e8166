//! What was paid for: the only place that knows.

mod memory;

pub use memory::MemoryLedger;

use std::sync::Arc;

use crate::BoxFuture;
use crate::error::Result;
use crate::job::{Account, Job, JobId};

/// Where a client keeps its jobs. The ledger's row wins over a job in hand.
///
/// A row is written before a paid call goes out (the intent) and after its answer, so whatever
/// implements this must have it on disk when [`store`](Self::store) resolves, or say in its name
/// what it forgets.
pub trait Ledger: Send + Sync + 'static {
    /// Adds a job, unless its account already has one with the same key, which is then returned.
    ///
    /// # Errors
    /// Whatever keeps the row from being written. The job is then not started.
    fn insert<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<Option<Job>>>;

    /// The job with this id.
    ///
    /// # Errors
    /// Whatever keeps the row from being read.
    fn load(&self, id: JobId) -> BoxFuture<'_, Result<Option<Job>>>;

    /// The job with this key digest.
    ///
    /// # Errors
    /// Whatever keeps the rows from being read.
    fn find<'a>(
        &'a self,
        account: &'a Account,
        key_digest: &'a str,
    ) -> BoxFuture<'a, Result<Option<Job>>>;

    /// Replaces the row of a job if it still stands at the revision before the job's, and says
    /// whether it did.
    ///
    /// # Errors
    /// Whatever keeps the row from being written. A paid call is then not sent.
    fn store<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<bool>>;

    /// All jobs, the oldest first.
    ///
    /// # Errors
    /// Whatever keeps the rows from being read.
    fn jobs(&self) -> BoxFuture<'_, Result<Vec<Job>>>;
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

    fn jobs(&self) -> BoxFuture<'_, Result<Vec<Job>>> {
        (**self).jobs()
    }
}
