//! A ledger behind a pointer is one too.

use std::path::PathBuf;
use std::sync::Arc;

use super::{Bounds, DueClaim, EventLog, Gate, JobQuery, Ledger, Seat, SpendScope, Stored};
use crate::error::Result;
use crate::future::BoxFuture;
use crate::job::{Account, Job, JobId};
use crate::model::{Credits, Timestamp};

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
        bounds: &'a Bounds,
    ) -> BoxFuture<'a, Result<Stored>> {
        (**self).store_within(job, bounds)
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

    fn take_seat(&self) -> BoxFuture<'_, Result<Option<Seat>>> {
        (**self).take_seat()
    }

    fn is_seated<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<bool>>> {
        (**self).is_seated(name)
    }

    fn now(&self) -> BoxFuture<'_, Result<Option<Timestamp>>> {
        (**self).now()
    }

    fn committed<'a>(
        &'a self,
        account: &'a Account,
        scope: &'a SpendScope,
    ) -> BoxFuture<'a, Result<Credits>> {
        (**self).committed(account, scope)
    }

    fn slots_taken<'a>(
        &'a self,
        account: &'a Account,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<u32>> {
        (**self).slots_taken(account, now)
    }

    fn claim<'a>(&'a self, route: &'a str) -> BoxFuture<'a, Result<Option<JobId>>> {
        (**self).claim(route)
    }

    fn move_claim<'a>(
        &'a self,
        route: &'a str,
        from: Option<&'a Job>,
        to: &'a Job,
    ) -> BoxFuture<'a, Result<bool>> {
        (**self).move_claim(route, from, to)
    }

    fn claim_due<'a>(&'a self, claim: &'a DueClaim) -> BoxFuture<'a, Result<Vec<Result<Job>>>> {
        (**self).claim_due(claim)
    }

    fn release_due<'a>(&'a self, id: JobId, holder: &'a str) -> BoxFuture<'a, Result<()>> {
        (**self).release_due(id, holder)
    }

    fn gate<'a>(&'a self, account: &'a Account) -> BoxFuture<'a, Result<Option<Gate>>> {
        (**self).gate(account)
    }

    fn store_gate<'a>(
        &'a self,
        account: &'a Account,
        gate: &'a Gate,
    ) -> BoxFuture<'a, Result<bool>> {
        (**self).store_gate(account, gate)
    }
}
