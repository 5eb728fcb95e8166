//! All that the ledger in memory holds.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::job::{Account, Job, JobId};
use crate::ledger::{Bounds, DueClaim, Gate, SpendLimit, SpendScope, Stored, begin_of};
use crate::model::{Credits, Timestamp};

/// The jobs, and what would otherwise have to be looked for or added up in all of them.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) jobs: BTreeMap<JobId, Job>,
    keys: HashMap<(Account, String), JobId>,
    resources: BTreeSet<(Account, String, JobId)>,
    totals: HashMap<Account, Totals>,
    slots: HashMap<Account, BTreeSet<(Timestamp, JobId)>>,
    due: BTreeSet<(Timestamp, JobId)>,
    taken: HashMap<JobId, Taken>,
    pub(super) routes: HashMap<String, JobId>,
    pub(super) gates: HashMap<Account, Gate>,
}

/// What the jobs of an account have committed.
#[derive(Debug, Default)]
struct Totals {
    all: Credits,
    runs: HashMap<String, Credits>,
    /// By the beginning of the day on which they last reserved something.
    days: BTreeMap<Timestamp, Credits>,
}

/// By whom a job is taken, and until when.
#[derive(Debug)]
struct Taken {
    holder: String,
    until: Timestamp,
}

impl Totals {
    /// Counts a job's part in, or out again.
    fn count(&mut self, job: &Job, change: impl Fn(&mut Credits, Credits)) {
        let committed = job.committed();
        change(&mut self.all, committed);
        if let Some(run) = job.run() {
            change(self.runs.entry(run.to_owned()).or_default(), committed);
        }
        if let Some(at) = job.reserved_at() {
            change(self.days.entry(begin_of(at)).or_default(), committed);
        }
    }

    fn of(&self, scope: &SpendScope) -> Credits {
        match scope {
            SpendScope::Request => Credits::ZERO,
            SpendScope::Run(run) => self.runs.get(run).copied().unwrap_or_default(),
            SpendScope::Day(day) => self.days.range(begin_of(*day)..).map(|(_, sum)| *sum).sum(),
            SpendScope::Account => self.all,
        }
    }
}

impl State {
    /// Adds a job where there is none with its id or its account's key, and otherwise gives that.
    pub(super) fn add(&mut self, job: &Job) -> Option<Job> {
        let with_its_key = || self.with_key(job.account(), job.key_digest()?);
        let existing = self.jobs.get(&job.id()).or_else(with_its_key).cloned();
        if existing.is_none() {
            self.put(job);
        }
        existing
    }

    pub(super) fn with_key(&self, account: &Account, key_digest: &str) -> Option<&Job> {
        self.jobs.get(self.keys.get(&(account.clone(), key_digest.to_owned()))?)
    }

    pub(super) fn with_resource(&self, account: &Account, resource: &str) -> Option<&Job> {
        let from = (account.clone(), resource.to_owned(), JobId::MIN);
        let to = (account.clone(), resource.to_owned(), JobId::MAX);
        self.jobs.get(&self.resources.range(from..=to).next_back()?.2)
    }

    /// Replaces a job where its revision and the bounds allow it.
    pub(super) fn replace(&mut self, job: &Job, bounds: &Bounds) -> Stored {
        if !self.is_next(job) {
            return Stored::Overtaken;
        }
        for limit in &bounds.spend {
            let others = self.committed_beside(job, limit);
            if others + job.committed() > limit.most {
                return Stored::over(limit.clone(), others);
            }
        }
        if let Some(slots) = bounds.slots {
            let taken = self.slots_beside(job.account(), Some(job.id()), slots.now);
            if taken >= slots.most {
                return Stored::full(taken);
            }
        }
        self.put(job);
        Stored::Yes
    }

    fn is_next(&self, job: &Job) -> bool {
        self.jobs.get(&job.id()).is_some_and(|row| row.revision() + 1 == job.revision())
    }

    fn committed_beside(&self, job: &Job, limit: &SpendLimit) -> Credits {
        let own = self.jobs.get(&job.id()).filter(|own| limit.scope.counts(own));
        self.committed(job.account(), &limit.scope) - own.map(Job::committed).unwrap_or_default()
    }

    pub(super) fn committed(&self, account: &Account, scope: &SpendScope) -> Credits {
        self.totals.get(account).map(|totals| totals.of(scope)).unwrap_or_default()
    }

    /// How many jobs of an account take a slot, one of them left out.
    pub(super) fn slots_beside(
        &self,
        account: &Account,
        own: Option<JobId>,
        now: Timestamp,
    ) -> u32 {
        let ends = self.slots.get(account).into_iter().flat_map(|ends| ends.iter().rev());
        let taken = ends.take_while(|(until, _)| *until > now).filter(|(_, id)| Some(*id) != own);
        u32::try_from(taken.count()).unwrap_or(u32::MAX)
    }

    /// Moves a route's claim, and says whether that could be done.
    pub(super) fn move_claim(&mut self, route: &str, from: Option<&Job>, to: &Job) -> bool {
        let may_leave = from.is_none_or(|from| self.is_next(from));
        let may_come = match to.revision() {
            0 => {
                let key = to.key_digest();
                !self.jobs.contains_key(&to.id())
                    && key.is_none_or(|key| self.with_key(to.account(), key).is_none())
            }
            _ => self.is_next(to),
        };
        if self.routes.get(route) != from.map(Job::id).as_ref() || !may_leave || !may_come {
            return false;
        }
        from.into_iter().chain([to]).for_each(|job| self.put(job));
        self.routes.insert(route.to_owned(), to.id());
        true
    }

    /// Takes jobs that are due.
    pub(super) fn take_due(&mut self, claim: &DueClaim) -> Vec<Job> {
        let is_free = |id: &JobId| {
            let taken = self.taken.get(id);
            taken.is_none_or(|taken| taken.until <= claim.now || taken.holder == claim.holder)
        };
        let is_asked =
            |job: &&Job| claim.accounts.is_empty() || claim.accounts.contains(job.account());
        let due = self.due.iter().take_while(|(due, _)| *due <= claim.now).map(|(_, id)| id);
        let free = due.filter(|id| is_free(id)).filter_map(|id| self.jobs.get(id));
        let jobs: Vec<_> = free.filter(is_asked).take(claim.limit as usize).cloned().collect();
        for job in &jobs {
            let taken = Taken { holder: claim.holder.clone(), until: claim.until };
            self.taken.insert(job.id(), taken);
        }
        jobs
    }

    pub(super) fn release_due(&mut self, id: JobId, holder: &str) {
        if self.taken.get(&id).is_some_and(|taken| taken.holder == holder) {
            self.taken.remove(&id);
        }
    }

    pub(super) fn store_gate(&mut self, account: &Account, gate: &Gate) -> bool {
        let stands_at = self.gates.get(account).map_or(0, |gate| gate.revision);
        let is_next = stands_at.checked_add(1) == Some(gate.revision);
        if is_next {
            self.gates.insert(account.clone(), gate.clone());
        }
        is_next
    }

    fn put(&mut self, job: &Job) {
        if let Some(old) = self.jobs.insert(job.id(), job.clone()) {
            self.forget(&old);
        }
        let (id, account) = (job.id(), job.account());
        if let Some(key) = job.key_digest() {
            self.keys.insert((account.clone(), key.to_owned()), id);
        }
        if let Some(known) = job.provider_ref() {
            self.resources.insert((account.clone(), known.id, id));
        }
        if let Some(until) = job.slot_until() {
            self.slots.entry(account.clone()).or_default().insert((until, id));
        }
        self.due.extend(job.due_at().map(|due| (due, id)));
        self.totals.entry(account.clone()).or_default().count(job, |sum, part| *sum += part);
    }

    /// Takes a job out of everything but the rows.
    fn forget(&mut self, job: &Job) {
        let (id, account) = (job.id(), job.account());
        if let Some(key) = job.key_digest() {
            self.keys.remove(&(account.clone(), key.to_owned()));
        }
        if let Some(known) = job.provider_ref() {
            self.resources.remove(&(account.clone(), known.id, id));
        }
        if let (Some(until), Some(slots)) = (job.slot_until(), self.slots.get_mut(account)) {
            slots.remove(&(until, id));
        }
        if let Some(due) = job.due_at() {
            self.due.remove(&(due, id));
        }
        if let Some(totals) = self.totals.get_mut(account) {
            totals.count(job, |sum, part| *sum -= part);
        }
    }
}
