//! A ledger in memory whose log of events is another one.

use adreel::ledger::EventLog;
use adreel::{Account, BoxFuture, Job, JobId, JobQuery, Ledger, MemoryLedger, Result};

/// Keeps jobs in the first, and events in the second.
pub(crate) struct WithLog<L>(pub(crate) MemoryLedger, pub(crate) L);

impl<L: EventLog + 'static> Ledger for WithLog<L> {
    fn insert<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<Option<Job>>> {
        self.0.insert(job)
    }

    fn load(&self, id: JobId) -> BoxFuture<'_, Result<Option<Job>>> {
        self.0.load(id)
    }

    fn find<'a>(&'a self, of: &'a Account, key: &'a str) -> BoxFuture<'a, Result<Option<Job>>> {
        self.0.find(of, key)
    }

    fn store<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<bool>> {
        self.0.store(job)
    }

    fn find_resource<'a>(
        &'a self,
        account: &'a Account,
        resource: &'a str,
    ) -> BoxFuture<'a, Result<Option<Job>>> {
        self.0.find_resource(account, resource)
    }

    fn list<'a>(&'a self, query: &'a JobQuery) -> BoxFuture<'a, Result<Vec<Result<Job>>>> {
        self.0.list(query)
    }

    fn events(&self) -> Option<&dyn EventLog> {
        Some(&self.1)
    }
}
