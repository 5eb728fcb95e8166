//! What was paid for: the only place that knows.

mod bounds;
pub mod conformance;
mod due;
mod events;
mod gate;
mod limit;
mod memory;
mod query;
mod seat;
mod shared;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod sql;

pub use bounds::{Bounds, Slots, Stored};
pub use due::DueClaim;
pub use events::{EventLog, LoggedEvent, NewEvent};
pub use gate::Gate;
use limit::begin_of;
pub use limit::{SpendLimit, SpendScope};
pub use memory::MemoryLedger;
pub use query::JobQuery;
pub use seat::{KeepSeat, Seat};
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use sql::Sql;

use std::path::PathBuf;

use crate::error::{Error, ErrorKind, Result};
use crate::future::BoxFuture;
use crate::job::{Account, Job, JobId};
use crate::model::{Credits, Timestamp};

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

    /// As [`store`](Self::store), within bounds: if what the account's jobs have
    /// [committed](Job::committed), this one included as it is to be stored, stays within every
    /// limit, and fewer of its other jobs than the account has slots [take one](Job::slot_until).
    /// That is one step: of any number that store at the same time, none passes a bound.
    ///
    /// # Errors
    /// As [`store`](Self::store). [`ErrorKind::Unsupported`] for bounds that a ledger cannot check,
    /// which is the default; a paid call is then not sent.
    fn store_within<'a>(
        &'a self,
        job: &'a Job,
        bounds: &'a Bounds,
    ) -> BoxFuture<'a, Result<Stored>> {
        Box::pin(async move {
            if !bounds.is_none() {
                let message = "this ledger checks no limits and no slots: use another or set none";
                return Err(Error::new(ErrorKind::Unsupported, message).with_job(job.id()));
            }
            Ok(if self.store(job).await? { Stored::Yes } else { Stored::Overtaken })
        })
    }

    /// What the account's jobs have [committed](Job::committed) that count for a scope. The default
    /// reads every job of the account.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    fn committed<'a>(
        &'a self,
        account: &'a Account,
        scope: &'a SpendScope,
    ) -> BoxFuture<'a, Result<Credits>> {
        Box::pin(async move {
            let query = JobQuery::all().of(account);
            let jobs = self.list(&query).await?.into_iter().collect::<Result<Vec<_>>>()?;
            Ok(jobs.iter().filter(|job| scope.counts(job)).map(Job::committed).sum())
        })
    }

    /// How many jobs of the account take a slot at a time: those whose
    /// [slot](Job::slot_until) ends after it. The default reads every job of the account.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    fn slots_taken<'a>(
        &'a self,
        account: &'a Account,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<u32>> {
        Box::pin(async move {
            let query = JobQuery::all().of(account);
            let jobs = self.list(&query).await?.into_iter().collect::<Result<Vec<_>>>()?;
            let taken = jobs.iter().filter(|job| job.slot_until() > Some(now)).count();
            Ok(u32::try_from(taken).unwrap_or(u32::MAX))
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

    /// The log of webhooks' events. `None`, the default, for a ledger that keeps none: webhooks
    /// then cannot be used with it.
    fn events(&self) -> Option<&dyn EventLog> {
        None
    }

    /// A file beside the ledger for what was accepted and cannot be written to it. `None` for a
    /// ledger that knows no place; a client can name one.
    fn side_file(&self) -> Option<PathBuf> {
        None
    }

    /// The time by the ledger's own clock, by which those who share it agree what has settled.
    /// `None`, the default, for a ledger that has none: the client's clock is then used.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    fn now(&self) -> BoxFuture<'_, Result<Option<Timestamp>>> {
        Box::pin(async { Ok(None) })
    }

    /// Takes a seat: for as long as it is held, [`is_seated`](Self::is_seated) says yes to its
    /// name in every process that shares the ledger. `None`, the default, where no seats can be
    /// taken.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] or [`ErrorKind::Unavailable`] where none can be taken now.
    fn take_seat(&self) -> BoxFuture<'_, Result<Option<Seat>>> {
        Box::pin(async { Ok(None) })
    }

    /// Whether the seat with this name is held, so that a call which its client sends may still be
    /// answered: `Some(false)` where that client is surely gone, and `None`, the default, where
    /// that cannot be told.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    fn is_seated<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<bool>>> {
        let _ = name;
        Box::pin(async { Ok(None) })
    }

    /// The job to which the key of a route belongs now, by the key's digest. `None`, the default,
    /// where nobody has claimed it.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    fn claim<'a>(&'a self, route: &'a str) -> BoxFuture<'a, Result<Option<JobId>>> {
        let _ = route;
        Box::pin(async { Ok(None) })
    }

    /// Moves the claim on a route's key from one job to another, in one write: all of it or
    /// nothing. `from` has to hold the claim, and is stored as [`store`](Self::store) does; where it
    /// is `None`, nobody may hold the claim. `to` is inserted where its revision is 0, and otherwise
    /// stored. `false` where any of that cannot be done, also where the ledger has a job with the
    /// id or the key of `to`: nothing was written then.
    ///
    /// # Errors
    /// As [`store`](Self::store). [`ErrorKind::Unsupported`], the default, for a ledger that keeps
    /// no claims: routes cannot be used with it.
    fn move_claim<'a>(
        &'a self,
        route: &'a str,
        from: Option<&'a Job>,
        to: &'a Job,
    ) -> BoxFuture<'a, Result<bool>> {
        let _ = (route, from);
        let message = "this ledger keeps no claims of routes: use another";
        let error = Error::new(ErrorKind::Unsupported, message).with_job(to.id());
        Box::pin(async { Err(error) })
    }

    /// Takes jobs for which something is [to be done](Job::due_at) by now and that nobody else has
    /// taken for longer, the earliest due first. Of any number who ask at the same time, each job
    /// goes to one. What is stored meanwhile, by whomever, leaves them taken. One that cannot be
    /// read is an error in its place.
    ///
    /// # Errors
    /// As [`store`](Self::store). [`ErrorKind::Unsupported`], the default, for a ledger from which
    /// workers cannot take jobs.
    fn claim_due<'a>(&'a self, claim: &'a DueClaim) -> BoxFuture<'a, Result<Vec<Result<Job>>>> {
        let _ = claim;
        let message = "this ledger hands out no jobs that are due: use another";
        Box::pin(async move { Err(Error::new(ErrorKind::Unsupported, message)) })
    }

    /// Gives a job back that was [taken](Self::claim_due). One that another holder has by now stays
    /// with that holder.
    ///
    /// # Errors
    /// As [`store`](Self::store).
    fn release_due<'a>(&'a self, id: JobId, holder: &'a str) -> BoxFuture<'a, Result<()>> {
        let _ = (id, holder);
        Box::pin(async { Ok(()) })
    }

    /// What the account's clients have last told each other of its pace. `None`, the default, where
    /// they have not.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    fn gate<'a>(&'a self, account: &'a Account) -> BoxFuture<'a, Result<Option<Gate>>> {
        let _ = account;
        Box::pin(async { Ok(None) })
    }

    /// Replaces the account's gate if it still stands at the revision before this one's, and says
    /// whether it did. The first one, where there is none, has the revision 1.
    ///
    /// # Errors
    /// As [`store`](Self::store). [`ErrorKind::Unsupported`], the default, for a ledger that keeps
    /// no gates: each client then learns an account's pace by itself.
    fn store_gate<'a>(
        &'a self,
        account: &'a Account,
        gate: &'a Gate,
    ) -> BoxFuture<'a, Result<bool>> {
        let _ = (account, gate);
        let message = "this ledger keeps no gates: each client learns the pace by itself";
        Box::pin(async move { Err(Error::new(ErrorKind::Unsupported, message)) })
    }
}
