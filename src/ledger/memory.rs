use std::collections::BTreeMap;
use std::future::ready;
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::events::MemoryEvents;
use super::{EventLog, JobQuery, Ledger, SpendLimit, Stored};
use crate::BoxFuture;
use crate::error::Result;
use crate::job::{Account, Job, JobId};

/// A ledger that ends with the process, and with it the knowledge of what was paid. For trials,
/// tests and programs that keep jobs elsewhere.
#[derive(Debug, Default)]
pub struct MemoryLedger(Mutex<BTreeMap<JobId, Job>>, MemoryEvents);

impl MemoryLedger {
    /// An empty ledger.
    pub fn new() -> Self {
        Self::default()
    }

    fn rows(&self) -> MutexGuard<'_, BTreeMap<JobId, Job>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn with_key<'a>(
    rows: &'a BTreeMap<JobId, Job>,
    account: &Account,
    key_digest: &str,
) -> Option<&'a Job> {
    rows.values().find(|job| job.account() == account && job.key_digest() == Some(key_digest))
}

/// Replaces a row where its revision and the limits allow it.
fn replace(rows: &mut BTreeMap<JobId, Job>, job: &Job, limits: &[SpendLimit]) -> Stored {
    let is_next = rows.get(&job.id()).is_some_and(|row| row.revision() + 1 == job.revision());
    if !is_next {
        return Stored::Overtaken;
    }
    for limit in limits {
        let counts = |other: &&Job| {
            other.id() != job.id() && other.account() == job.account() && limit.scope.counts(other)
        };
        let others = rows.values().filter(counts).map(Job::committed).sum();
        if others + job.committed() > limit.most {
            return Stored::over(limit.clone(), others);
        }
    }
    rows.insert(job.id(), job.clone());
    Stored::Yes
}

impl Ledger for MemoryLedger {
    fn insert<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<Option<Job>>> {
        let mut rows = self.rows();
        let with_its_key = || with_key(&rows, job.account(), job.key_digest()?);
        let existing = rows.get(&job.id()).or_else(with_its_key).cloned();
        if existing.is_none() {
            rows.insert(job.id(), job.clone());
        }
        Box::pin(ready(Ok(existing)))
    }

    fn load(&self, id: JobId) -> BoxFuture<'_, Result<Option<Job>>> {
        Box::pin(ready(Ok(self.rows().get(&id).cloned())))
    }

    fn find<'a>(
        &'a self,
        account: &'a Account,
        key_digest: &'a str,
    ) -> BoxFuture<'a, Result<Option<Job>>> {
        Box::pin(ready(Ok(with_key(&self.rows(), account, key_digest).cloned())))
    }

    fn store<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<bool>> {
        let stored = replace(&mut self.rows(), job, &[]) == Stored::Yes;
        Box::pin(ready(Ok(stored)))
    }

    fn store_within<'a>(
        &'a self,
        job: &'a Job,
        limits: &'a [SpendLimit],
    ) -> BoxFuture<'a, Result<Stored>> {
        let stored = replace(&mut self.rows(), job, limits);
        Box::pin(ready(Ok(stored)))
    }

    fn find_resource<'a>(
        &'a self,
        account: &'a Account,
        resource: &'a str,
    ) -> BoxFuture<'a, Result<Option<Job>>> {
        let rows = self.rows();
        let found = rows.values().rev().find(|job| {
            job.account() == account && job.provider_ref().is_some_and(|known| known.id == resource)
        });
        Box::pin(ready(Ok(found.cloned())))
    }

    fn list<'a>(&'a self, query: &'a JobQuery) -> BoxFuture<'a, Result<Vec<Result<Job>>>> {
        let from = query.after.map_or(Bound::Unbounded, Bound::Excluded);
        let rows = self.rows();
        let asked = rows
            .range((from, Bound::Unbounded))
            .map(|(_, job)| job)
            .filter(|job| query.stages.is_empty() || query.stages.contains(&job.stage()))
            .filter(|job| query.account.as_ref().is_none_or(|account| job.account() == account))
            .take(query.limit.map_or(usize::MAX, |most| most as usize));
        let listed = asked.cloned().map(Ok).collect();
        Box::pin(ready(Ok(listed)))
    }

    fn events(&self) -> Option<&dyn EventLog> {
        Some(&self.1)
    }
}
