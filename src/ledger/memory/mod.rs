//! A ledger that ends with the process.

mod seats;
mod state;

use std::future::ready;
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::events::MemoryEvents;
use super::{Bounds, DueClaim, EventLog, Gate, JobQuery, Ledger, Seat, SpendScope, Stored};
use crate::error::Result;
use crate::future::BoxFuture;
use crate::job::{Account, Job, JobId};
use crate::model::{Credits, Timestamp};
use seats::Seats;
use state::State;

/// A ledger that ends with the process, and with it the knowledge of what was paid. For trials,
/// tests and programs that keep jobs elsewhere.
#[derive(Debug, Default)]
pub struct MemoryLedger {
    state: Mutex<State>,
    events: MemoryEvents,
    seats: Seats,
}

impl MemoryLedger {
    /// An empty ledger.
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An answer that is there at once.
fn answered<'a, T: Send + 'a>(answer: T) -> BoxFuture<'a, Result<T>> {
    Box::pin(ready(Ok(answer)))
}

impl Ledger for MemoryLedger {
    fn insert<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<Option<Job>>> {
        answered(self.state().add(job))
    }

    fn load(&self, id: JobId) -> BoxFuture<'_, Result<Option<Job>>> {
        answered(self.state().jobs.get(&id).cloned())
    }

    fn find<'a>(
        &'a self,
        account: &'a Account,
        key_digest: &'a str,
    ) -> BoxFuture<'a, Result<Option<Job>>> {
        answered(self.state().with_key(account, key_digest).cloned())
    }

    fn store<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<bool>> {
        answered(self.state().replace(job, &Bounds::none()) == Stored::Yes)
    }

    fn store_within<'a>(
        &'a self,
        job: &'a Job,
        bounds: &'a Bounds,
    ) -> BoxFuture<'a, Result<Stored>> {
        answered(self.state().replace(job, bounds))
    }

    fn committed<'a>(
        &'a self,
        account: &'a Account,
        scope: &'a SpendScope,
    ) -> BoxFuture<'a, Result<Credits>> {
        answered(self.state().committed(account, scope))
    }

    fn slots_taken<'a>(
        &'a self,
        account: &'a Account,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<u32>> {
        answered(self.state().slots_beside(account, None, now))
    }

    fn find_resource<'a>(
        &'a self,
        account: &'a Account,
        resource: &'a str,
    ) -> BoxFuture<'a, Result<Option<Job>>> {
        answered(self.state().with_resource(account, resource).cloned())
    }

    fn list<'a>(&'a self, query: &'a JobQuery) -> BoxFuture<'a, Result<Vec<Result<Job>>>> {
        let from = query.after.map_or(Bound::Unbounded, Bound::Excluded);
        let state = self.state();
        let asked = state
            .jobs
            .range((from, Bound::Unbounded))
            .map(|(_, job)| job)
            .filter(|job| query.stages.is_empty() || query.stages.contains(&job.stage()))
            .filter(|job| query.account.as_ref().is_none_or(|account| job.account() == account))
            .take(query.limit.map_or(usize::MAX, |most| most as usize));
        answered(asked.cloned().map(Ok).collect())
    }

    fn events(&self) -> Option<&dyn EventLog> {
        Some(&self.events)
    }

    fn take_seat(&self) -> BoxFuture<'_, Result<Option<Seat>>> {
        Box::pin(ready(self.seats.take().map(Some)))
    }

    fn is_seated<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<bool>>> {
        answered(Some(self.seats.is_taken(name)))
    }

    fn claim<'a>(&'a self, route: &'a str) -> BoxFuture<'a, Result<Option<JobId>>> {
        answered(self.state().routes.get(route).copied())
    }

    fn move_claim<'a>(
        &'a self,
        route: &'a str,
        from: Option<&'a Job>,
        to: &'a Job,
    ) -> BoxFuture<'a, Result<bool>> {
        answered(self.state().move_claim(route, from, to))
    }

    fn claim_due<'a>(&'a self, claim: &'a DueClaim) -> BoxFuture<'a, Result<Vec<Result<Job>>>> {
        answered(self.state().take_due(claim).into_iter().map(Ok).collect())
    }

    fn release_due<'a>(&'a self, id: JobId, holder: &'a str) -> BoxFuture<'a, Result<()>> {
        self.state().release_due(id, holder);
        answered(())
    }

    fn gate<'a>(&'a self, account: &'a Account) -> BoxFuture<'a, Result<Option<Gate>>> {
        answered(self.state().gates.get(account).cloned())
    }

    fn store_gate<'a>(
        &'a self,
        account: &'a Account,
        gate: &'a Gate,
    ) -> BoxFuture<'a, Result<bool>> {
        answered(self.state().store_gate(account, gate))
    }
}
