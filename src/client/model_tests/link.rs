//! One client's way to the ledger that both share: it takes time, and ends with the client.

use std::sync::Arc;
use std::time::Duration;

use super::world::{Life, World};
use crate::error::Result;
use crate::future::BoxFuture;
use crate::job::{Account, Job, JobId, StepState};
use crate::ledger::{Bounds, Gate, JobQuery, Ledger, Seat, SpendScope, Stored};
use crate::model::{Credits, Timestamp};

/// The longest that the ledger takes.
const SLOW: Duration = Duration::from_millis(900);

/// How often one task asks the ledger within ten seconds at the most.
const MOST_IN_TEN_SECONDS: usize = 200;

pub(super) struct Link {
    pub(super) world: Arc<World>,
    pub(super) life: Arc<Life>,
}

impl Link {
    /// Whoever is killed on the way there has written nothing, and on the way back he has, and does
    /// not know it.
    async fn ask<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        if self.spins() {
            self.world.wrong("a task asks the ledger without end");
            std::future::pending::<()>().await;
        }
        self.world.pause(&self.life, SLOW).await;
        let answer = work.await;
        self.world.pause(&self.life, SLOW).await;
        answer
    }

    /// Whether the task that asks does so far too often.
    fn spins(&self) -> bool {
        let Some(task) = tokio::task::try_id() else { return false };
        let now = self.world.now();
        let mut seen = self.world.seen();
        let asked = seen.asked.entry(task).or_default();
        asked.push_back(now);
        while now.since(asked[0]) > Duration::from_secs(10) {
            asked.pop_front();
        }
        asked.len() > MOST_IN_TEN_SECONDS
    }

    /// Notes an intent that is stored.
    fn note(&self, job: &Job) {
        let Some(step) = job.current_step() else { return };
        if step.state() == StepState::Submitting && step.last_sent == Some(job.updated_at()) {
            let now = self.world.now();
            self.world.seen().intents.insert((job.id(), step.index()), now);
        }
    }
}

impl Ledger for Link {
    fn insert<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<Option<Job>>> {
        Box::pin(self.ask(async move { self.world.ledger.insert(job).await }))
    }

    fn load(&self, id: JobId) -> BoxFuture<'_, Result<Option<Job>>> {
        Box::pin(self.ask(async move { self.world.ledger.load(id).await }))
    }

    fn find<'a>(
        &'a self,
        account: &'a Account,
        key_digest: &'a str,
    ) -> BoxFuture<'a, Result<Option<Job>>> {
        Box::pin(self.ask(async move { self.world.ledger.find(account, key_digest).await }))
    }

    fn store<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<bool>> {
        Box::pin(self.ask(async move { self.world.ledger.store(job).await }))
    }

    fn store_within<'a>(
        &'a self,
        job: &'a Job,
        bounds: &'a Bounds,
    ) -> BoxFuture<'a, Result<Stored>> {
        Box::pin(self.ask(async move {
            let stored = self.world.ledger.store_within(job, bounds).await?;
            if stored == Stored::Yes {
                self.note(job);
            }
            Ok(stored)
        }))
    }

    fn committed<'a>(
        &'a self,
        account: &'a Account,
        scope: &'a SpendScope,
    ) -> BoxFuture<'a, Result<Credits>> {
        Box::pin(self.ask(async move { self.world.ledger.committed(account, scope).await }))
    }

    fn slots_taken<'a>(
        &'a self,
        account: &'a Account,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<u32>> {
        Box::pin(self.ask(async move { self.world.ledger.slots_taken(account, now).await }))
    }

    fn find_resource<'a>(
        &'a self,
        account: &'a Account,
        resource: &'a str,
    ) -> BoxFuture<'a, Result<Option<Job>>> {
        Box::pin(self.ask(async move { self.world.ledger.find_resource(account, resource).await }))
    }

    fn list<'a>(&'a self, query: &'a JobQuery) -> BoxFuture<'a, Result<Vec<Result<Job>>>> {
        Box::pin(self.ask(async move { self.world.ledger.list(query).await }))
    }

    fn take_seat(&self) -> BoxFuture<'_, Result<Option<Seat>>> {
        Box::pin(self.ask(async {
            if !self.world.has_seats {
                return Ok(None);
            }
            let seat = self.world.ledger.take_seat().await?;
            Ok(seat.map(|seat| {
                let name = seat.name().to_owned();
                self.life.sits(seat);
                Seat::new(name, ())
            }))
        }))
    }

    fn is_seated<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<bool>>> {
        Box::pin(self.ask(async move { self.world.ledger.is_seated(name).await }))
    }

    fn claim<'a>(&'a self, route: &'a str) -> BoxFuture<'a, Result<Option<JobId>>> {
        Box::pin(self.ask(async move { self.world.ledger.claim(route).await }))
    }

    fn move_claim<'a>(
        &'a self,
        route: &'a str,
        from: Option<&'a Job>,
        to: &'a Job,
    ) -> BoxFuture<'a, Result<bool>> {
        Box::pin(self.ask(async move { self.world.ledger.move_claim(route, from, to).await }))
    }

    fn gate<'a>(&'a self, account: &'a Account) -> BoxFuture<'a, Result<Option<Gate>>> {
        Box::pin(self.ask(async move { self.world.ledger.gate(account).await }))
    }

    fn store_gate<'a>(
        &'a self,
        account: &'a Account,
        gate: &'a Gate,
    ) -> BoxFuture<'a, Result<bool>> {
        Box::pin(self.ask(async move { self.world.ledger.store_gate(account, gate).await }))
    }
}
