//! The suite finds what is wrong with what processes share: slots, totals, claims, gates, seats.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use adreel::ledger::{Bounds, DueClaim, Gate, Seat, Slots, SpendScope, Stored, conformance};
use adreel::{
    Account, BoxFuture, Credits, Job, JobId, JobQuery, Ledger, MemoryLedger, Result, Timestamp,
};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Flaw {
    ListsEveryAccount,
    IgnoresSlots,
    CountsSlotsThatEnded,
    CountsBeforeItStores,
    TotalsEverything,
    WritesHalfAMove,
    ReadsBeforeItMoves,
    HandsOutEarly,
    HandsOutTwice,
    NeverGivesBack,
    LetsAnybodyGiveBack,
    StoresAnyGate,
    SeesEverybody,
    SeesNobody,
    GoesBack,
}

/// A ledger with one thing wrong, and what that needs.
struct Flawed {
    rows: MemoryLedger,
    flaw: Flaw,
    routes: Mutex<HashMap<String, JobId>>,
    clock: AtomicI64,
}

impl Flawed {
    fn new(flaw: Flaw) -> Self {
        let (routes, clock) = (Mutex::default(), AtomicI64::new(1_000_000));
        Self { rows: MemoryLedger::new(), flaw, routes, clock }
    }

    /// Looks whether a claim can be moved, and moves it when somebody else may have done so.
    async fn move_late(&self, route: &str, from: Option<&Job>, to: &Job) -> Result<bool> {
        let holder = self.routes.lock().unwrap().get(route).copied();
        let may_leave = match from {
            Some(from) => self.is_next(from).await?,
            None => true,
        };
        if holder != from.map(Job::id) || !may_leave || !self.is_next(to).await? {
            return Ok(false);
        }
        tokio::task::yield_now().await;
        if let Some(from) = from {
            self.rows.store(from).await?;
        }
        match to.revision() {
            0 => drop(self.rows.insert(to).await?),
            _ => drop(self.rows.store(to).await?),
        }
        self.routes.lock().unwrap().insert(route.to_owned(), to.id());
        Ok(true)
    }

    async fn is_next(&self, job: &Job) -> Result<bool> {
        let row = self.rows.load(job.id()).await?;
        let same_key = match job.key_digest() {
            Some(key) => self.rows.find(job.account(), key).await?,
            None => None,
        };
        Ok(match job.revision().checked_sub(1) {
            Some(before) => row.is_some_and(|row| row.revision() == before),
            None => row.is_none() && same_key.is_none(),
        })
    }
}

impl Ledger for Flawed {
    fn insert<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<Option<Job>>> {
        self.rows.insert(job)
    }

    fn load(&self, id: JobId) -> BoxFuture<'_, Result<Option<Job>>> {
        self.rows.load(id)
    }

    fn find<'a>(
        &'a self,
        account: &'a Account,
        key_digest: &'a str,
    ) -> BoxFuture<'a, Result<Option<Job>>> {
        self.rows.find(account, key_digest)
    }

    fn store<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<bool>> {
        self.rows.store(job)
    }

    fn store_within<'a>(
        &'a self,
        job: &'a Job,
        bounds: &'a Bounds,
    ) -> BoxFuture<'a, Result<Stored>> {
        Box::pin(async move {
            let mut bounds = bounds.clone();
            match (self.flaw, bounds.slots) {
                (Flaw::IgnoresSlots, _) => bounds.slots = None,
                (Flaw::CountsSlotsThatEnded, Some(slots)) => {
                    bounds.slots = Some(Slots::new(slots.most, Timestamp::default()));
                }
                (Flaw::CountsBeforeItStores, Some(slots)) => {
                    bounds.slots = None;
                    let own = self.rows.load(job.id()).await?;
                    let own = own.is_some_and(|own| own.slot_until() > Some(slots.now));
                    let taken = self.rows.slots_taken(job.account(), slots.now).await?;
                    let taken = taken - u32::from(own);
                    if taken >= slots.most {
                        return Ok(Stored::full(taken));
                    }
                    tokio::task::yield_now().await;
                }
                _ => {}
            }
            self.rows.store_within(job, &bounds).await
        })
    }

    fn committed<'a>(
        &'a self,
        account: &'a Account,
        scope: &'a SpendScope,
    ) -> BoxFuture<'a, Result<Credits>> {
        match self.flaw {
            Flaw::TotalsEverything => self.rows.committed(account, &SpendScope::Account),
            _ => self.rows.committed(account, scope),
        }
    }

    fn slots_taken<'a>(
        &'a self,
        account: &'a Account,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<u32>> {
        self.rows.slots_taken(account, now)
    }

    fn find_resource<'a>(
        &'a self,
        account: &'a Account,
        resource: &'a str,
    ) -> BoxFuture<'a, Result<Option<Job>>> {
        self.rows.find_resource(account, resource)
    }

    fn list<'a>(&'a self, query: &'a JobQuery) -> BoxFuture<'a, Result<Vec<Result<Job>>>> {
        Box::pin(async move {
            let mut query = query.clone();
            if self.flaw == Flaw::ListsEveryAccount {
                query.account = None;
            }
            self.rows.list(&query).await
        })
    }

    fn now(&self) -> BoxFuture<'_, Result<Option<Timestamp>>> {
        let now = match self.flaw {
            Flaw::GoesBack => Some(self.clock.fetch_sub(1, Ordering::Relaxed)),
            _ => None,
        };
        Box::pin(async move { Ok(now.map(Timestamp::from_millis)) })
    }

    fn take_seat(&self) -> BoxFuture<'_, Result<Option<Seat>>> {
        self.rows.take_seat()
    }

    fn is_seated<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<bool>>> {
        Box::pin(async move {
            match self.flaw {
                Flaw::SeesEverybody => Ok(Some(true)),
                Flaw::SeesNobody => Ok(Some(false)),
                _ => self.rows.is_seated(name).await,
            }
        })
    }

    fn claim<'a>(&'a self, route: &'a str) -> BoxFuture<'a, Result<Option<JobId>>> {
        match self.flaw {
            Flaw::ReadsBeforeItMoves => {
                let holder = self.routes.lock().unwrap().get(route).copied();
                Box::pin(async move { Ok(holder) })
            }
            _ => self.rows.claim(route),
        }
    }

    fn move_claim<'a>(
        &'a self,
        route: &'a str,
        from: Option<&'a Job>,
        to: &'a Job,
    ) -> BoxFuture<'a, Result<bool>> {
        Box::pin(async move {
            if self.flaw == Flaw::ReadsBeforeItMoves {
                return self.move_late(route, from, to).await;
            }
            let is_moved = self.rows.move_claim(route, from, to).await?;
            if let (Flaw::WritesHalfAMove, false, Some(from)) = (self.flaw, is_moved, from) {
                self.rows.store(from).await?;
            }
            Ok(is_moved)
        })
    }

    fn claim_due<'a>(&'a self, claim: &'a DueClaim) -> BoxFuture<'a, Result<Vec<Result<Job>>>> {
        Box::pin(async move {
            let mut claim = claim.clone();
            match self.flaw {
                Flaw::HandsOutEarly => claim.now = claim.now + Duration::from_secs(3_600),
                Flaw::HandsOutTwice => claim.holder = "the same".to_owned(),
                _ => {}
            }
            self.rows.claim_due(&claim).await
        })
    }

    fn release_due<'a>(&'a self, id: JobId, holder: &'a str) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            match self.flaw {
                Flaw::NeverGivesBack => Ok(()),
                Flaw::LetsAnybodyGiveBack => self.rows.release_due(id, "one").await,
                _ => self.rows.release_due(id, holder).await,
            }
        })
    }

    fn gate<'a>(&'a self, account: &'a Account) -> BoxFuture<'a, Result<Option<Gate>>> {
        self.rows.gate(account)
    }

    fn store_gate<'a>(
        &'a self,
        account: &'a Account,
        gate: &'a Gate,
    ) -> BoxFuture<'a, Result<bool>> {
        Box::pin(async move {
            let mut gate = gate.clone();
            if self.flaw == Flaw::StoresAnyGate {
                let stands = self.rows.gate(account).await?;
                gate.revision = stands.map_or(0, |gate| gate.revision) + 1;
            }
            self.rows.store_gate(account, &gate).await
        })
    }
}

#[tokio::test]
async fn each_flaw_breaks_a_rule() {
    for (flaw, rule) in [
        (Flaw::ListsEveryAccount, "jobs are listed by their account"),
        (Flaw::IgnoresSlots, "a job is not stored where no slot is left"),
        (Flaw::CountsSlotsThatEnded, "a slot is free from its end on"),
        (Flaw::CountsBeforeItStores, "of many who store at the same time none passes a bound"),
        (Flaw::TotalsEverything, "totals count what is inserted"),
        (Flaw::WritesHalfAMove, "a claim that cannot be moved leaves everything as it was"),
        (Flaw::ReadsBeforeItMoves, "one of many moves of a claim wins"),
        (Flaw::HandsOutEarly, "what is not due yet is not taken"),
        (Flaw::HandsOutTwice, "what is taken is not taken by others"),
        (Flaw::NeverGivesBack, "what is given back can be taken"),
        (Flaw::LetsAnybodyGiveBack, "only whoever has taken a job gives it back"),
        (Flaw::StoresAnyGate, "no revision of a gate is left out"),
        (Flaw::SeesEverybody, "a name that is no seat's is held by nobody"),
        (Flaw::SeesNobody, "a seat is seen for as long as it is held"),
        (Flaw::GoesBack, "a ledger's clock goes on, for all who ask"),
    ] {
        let checked = conformance::check(async || Flawed::new(flaw)).await;
        assert_eq!(checked, Err(format!("a ledger breaks the rule: {rule}")), "{flaw:?}");
    }
}

/// A ledger of somebody's that has only what each must have.
struct Plain(MemoryLedger);

impl Ledger for Plain {
    fn insert<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<Option<Job>>> {
        self.0.insert(job)
    }

    fn load(&self, id: JobId) -> BoxFuture<'_, Result<Option<Job>>> {
        self.0.load(id)
    }

    fn find<'a>(
        &'a self,
        account: &'a Account,
        key_digest: &'a str,
    ) -> BoxFuture<'a, Result<Option<Job>>> {
        self.0.find(account, key_digest)
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
}

#[tokio::test]
async fn a_ledger_may_leave_out_what_it_cannot_do() {
    assert_eq!(conformance::check(async || Plain(MemoryLedger::new())).await, Ok(()));
}
