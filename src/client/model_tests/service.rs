//! What a provider has, and what must not come to it.

use std::sync::Arc;
use std::time::Duration;

use super::world::{CameTo, Kind, LONGEST, Life, Seen, Sent, StepId, UnderWay, World, order_of};
use crate::error::ErrorKind;
use crate::job::{JobId, Step, StepRef};
use crate::model::{Credits, Timestamp};

/// How long a provider answers a repeated key with what it made first.
const KEYS_KEPT: Duration = Duration::from_secs(600);

/// How long a paid call takes to settle at the least: its time-out, and half a minute.
const SETTLE: Duration = Duration::from_secs(90);

/// By how much the client's times may be before the world's: the ledger takes time.
const EARLIER: Duration = Duration::from_secs(3);

/// What a call made.
#[derive(Clone)]
pub(super) struct Record {
    pub(super) id: String,
    pub(super) tenant: char,
    pub(super) step: StepId,
    pub(super) made: Timestamp,
    pub(super) listed_from: Timestamp,
    pub(super) ends: Timestamp,
    pub(super) fails: bool,
}

/// A call that arrives although nobody waits for its answer.
struct Late {
    arrives: Timestamp,
    record: Record,
}

#[derive(Default)]
pub(super) struct Service {
    pub(super) records: Vec<Record>,
    late: Vec<Late>,
}

/// The provider's account that keys belong to: that of `x1` and `x2` is `x`.
pub(super) fn tenant(keys: &str) -> char {
    keys.chars().next().unwrap_or('?')
}

impl Service {
    pub(super) fn arrive(&mut self, now: Timestamp) {
        let (due, late) =
            std::mem::take(&mut self.late).into_iter().partition(|l| l.arrives <= now);
        self.late = late;
        let due: Vec<Late> = due;
        for Late { arrives, record } in due {
            self.make(Record { made: arrives, ..record });
        }
    }

    /// Makes what a call asks for, unless its key says that it is there. Gives its id.
    fn make(&mut self, record: Record) -> String {
        let is_same = |known: &&Record| {
            (known.step, known.tenant) == (record.step, record.tenant)
                && record.id.starts_with("beatapi")
                && record.made.since(known.made) < KEYS_KEPT
        };
        if let Some(known) = self.records.iter().find(is_same) {
            return known.id.clone();
        }
        self.records.push(record.clone());
        record.id
    }

    /// What keys show of a step, with those that a list does not show yet.
    pub(super) fn of_step(&self, step: StepId, keys: &str) -> Vec<&Record> {
        let is_theirs = |r: &&Record| r.step == step && r.tenant == tenant(keys);
        self.records.iter().filter(is_theirs).collect()
    }
}

/// What becomes of a paid call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// At once.
    Now,
    /// After this time.
    Later(Duration),
    /// Not at all.
    Never,
}

impl World {
    /// A call of a step begins, and may leave.
    pub(super) fn begins(self: &Arc<Self>, step: StepRef<'_>, life: &Arc<Life>) -> Begun {
        let mut seen = self.seen();
        let number = seen.next_number;
        seen.next_number += 1;
        let step = (step.job().id(), step.index());
        seen.under_way.push(UnderWay { number, step, life: Arc::clone(life) });
        Begun { world: Arc::clone(self), number }
    }

    /// A paid call leaves. Notes what must not be, and gives its number.
    pub(super) fn leaves(&self, step: StepRef<'_>, keys: &str, life: &Arc<Life>) -> usize {
        let now = self.now();
        let id = (step.job().id(), step.index());
        let order = order_of(step.job());
        let mut guard = self.seen();
        let seen = &mut *guard;
        let mut wrong = Vec::new();
        let kind = Kind::of(step.job().account().provider);
        let known =
            kind.steps().iter().any(|(op, price)| *op == step.operation() && price.is_some());
        if !known || !step.is_paid() || seen.planted.contains(&id) {
            wrong.push("a call that is not known, or not known to be paid, left".to_owned());
        }
        let intent = seen.intents.get(&id).copied().unwrap_or(now);
        if let Some(most) = seen.highest_cap(&order, intent)
            && kind.price() > most
        {
            wrong.push(format!("a call of a job for {} left under a cap of {most}", kind.price()));
        }
        if seen.is_hasty(id, &order, now) {
            wrong.push("a job was sent twice within two seconds".to_owned());
        }
        if seen.sent.iter().any(|s| s.order == order && s.step.0 != id.0 && s.is_open()) {
            wrong.push("an order was sent to a second account".to_owned());
        }
        let by_policy = usize::from(self.policy.is_some_and(|most| step.price() <= most));
        if let Err(why) = seen.may_be_sent(id, intent, by_policy) {
            wrong.push(format!("a step that may have been accepted was sent again: {why}"));
        }
        let told = |what: &String| format!("{what}: {} step {}, {order}", id.0, id.1);
        seen.wrong.extend(wrong.iter().map(told));
        let (keys, life) = (keys.to_owned(), Arc::clone(life));
        seen.sent.push(Sent { at: now, intent, step: id, order, keys, life, refused: None });
        seen.sent.len() - 1
    }

    pub(super) fn refuses(&self, number: usize, kind: ErrorKind) {
        self.seen().sent[number].refused = Some(kind);
    }

    /// Accepts a call, now or later, and gives the id of what it makes.
    pub(super) fn accepts(&self, step: StepRef<'_>, keys: &str, arrival: Arrival) -> String {
        let now = self.now();
        let lag = [0, 0, 0, 40, 200, 900, 9_000][usize::from(self.roll(7))];
        let takes = [60, 20, 150, 290][usize::from(self.roll(4))];
        let fails = self.roll(9) == 1;
        let mut seen = self.seen();
        let number = seen.next_number;
        seen.next_number += 1;
        let provider = step.job().account().provider;
        let after = match arrival {
            Arrival::Later(time) => time,
            _ => Duration::ZERO,
        };
        let record = Record {
            id: format!("{provider}-{number}"),
            tenant: tenant(keys),
            step: (step.job().id(), step.index()),
            made: now + after,
            listed_from: now + after + Duration::from_secs(lag),
            ends: now + after + Duration::from_secs(takes),
            fails,
        };
        let service = seen.service(provider);
        match arrival {
            Arrival::Now => service.make(record),
            Arrival::Later(_) => {
                service.late.push(Late { arrives: record.made, record: record.clone() });
                record.id
            }
            Arrival::Never => record.id,
        }
    }

    /// A paid call is repeated under its key, as a look.
    pub(super) fn repeats(&self, step: StepRef<'_>, keys: &str) {
        let now = self.now();
        let id = (step.job().id(), step.index());
        let mut guard = self.seen();
        let seen = &mut *guard;
        let open = || seen.sent.iter().filter(|sent| sent.step == id && sent.is_open());
        let mut wrong = Vec::new();
        if let Some(first) = open().next()
            && now.since(first.at) >= KEYS_KEPT
        {
            wrong.push("a call was repeated after the window");
        }
        // A step that was sent again by decision has the keys of that call.
        if open().next_back().is_some_and(|sent| sent.keys != keys) {
            wrong.push("a call was repeated by other keys");
        }
        if seen.under_way.iter().any(|call| call.step == id && !call.life.is_gone()) {
            wrong.push("a call was repeated while its sender lives");
        }
        let told = |what: &&str| format!("{what}: {} step {}", id.0, id.1);
        seen.wrong.extend(wrong.iter().map(told));
    }

    /// A look comes to an end.
    pub(super) fn looked(&self, at: Timestamp, step: StepId, keys: &str, came_to: CameTo) {
        let keys = keys.to_owned();
        self.seen().looks.push(super::world::LookedAt { at, step, keys, came_to });
    }
}

/// A call that is under way until this is dropped.
pub(super) struct Begun {
    world: Arc<World>,
    number: u64,
}

impl Drop for Begun {
    fn drop(&mut self) {
        self.world.seen().under_way.retain(|call| call.number != self.number);
    }
}

impl Seen {
    pub(super) fn service(&mut self, provider: crate::ProviderId) -> &mut Service {
        &mut self.services[Kind::of(provider) as usize]
    }

    /// The highest cap that an order may have had when an intent of it was stored; `None` where it
    /// may have had none.
    fn highest_cap(&self, order: &str, at: Timestamp) -> Option<Credits> {
        let calls = || self.caps.iter().filter(|call| call.order == order && call.begun <= at);
        let stored = |call: &super::world::CapCall| call.stored.filter(|stored| *stored <= at);
        calls().find_map(stored)?;
        let is_replaced = |call: &super::world::CapCall| {
            let end = stored(call);
            end.is_some_and(|end| calls().any(|c| c.begun > end && stored(c).is_some()))
        };
        calls().filter(|call| !is_replaced(call)).map(|call| call.cap).max()
    }

    /// Whether a step is sent again sooner than after two seconds, without anybody who asks for it.
    fn is_hasty(&self, step: StepId, order: &str, now: Timestamp) -> bool {
        let last = self.sent.iter().rev().find(|sent| sent.step == step);
        let Some(last) = last.filter(|last| now.since(last.at) < Duration::from_secs(2)) else {
            return false;
        };
        // What ended a job leaves it to somebody to try again: each route that comes to it does.
        let has_ended = last.refused.is_some_and(|kind| !kind.is_transient());
        let is_asked = |(at, by): &(Timestamp, String)| *at >= last.at && by == order;
        !last.life.is_gone() && !has_ended && !self.acted.iter().any(is_asked)
    }

    /// Whether a step may be sent: nothing of it was, or what was is surely not there, or somebody
    /// decided so after looks that left as little doubt as looks can.
    fn may_be_sent(
        &mut self,
        step: StepId,
        intent: Timestamp,
        by_policy: usize,
    ) -> Result<(), String> {
        let open: Vec<_> = self.sent.iter().filter(|s| s.step == step && s.is_open()).collect();
        let Some(last) = open.last() else { return Ok(()) };
        let decided = self.resubmits.get(&step.0).copied().unwrap_or_default() + by_policy;
        if decided < open.len() {
            return Err(format!("sent {} times, and {decided} decisions", open.len()));
        }
        let over = last.intent + LONGEST.max(SETTLE);
        if intent + EARLIER < over {
            return Err("before its longest job has ended".to_owned());
        }
        let since = self.looks.iter().filter(|l| l.step == step && l.at >= last.at);
        let since: Vec<_> = since.filter(|look| look.at <= intent).collect();
        let is_never = since.iter().any(|look| look.came_to == CameTo::Never);
        let is_whole = |look: &&&super::world::LookedAt| {
            look.came_to == CameTo::Whole && look.keys == last.keys && look.at + EARLIER >= over
        };
        let whole = since.iter().filter(is_whole).count();
        if !is_never && whole < 2 {
            return Err(format!("after {whole} whole looks of {}", since.len()));
        }
        *self.allowed.entry(step).or_default() += 1;
        Ok(())
    }
}

/// Whether a row still tells of what a record is.
pub(super) fn tells_of(step: &Step, record: &Record) -> bool {
    use crate::job::StepState::{Submitting, Uncertain, Unknown};
    step.resource() == Some(&record.id)
        || step.others().contains(&record.id)
        || step.doubt().is_some()
        || matches!(step.state(), Submitting | Unknown | Uncertain)
}

/// How many records a step has.
pub(super) fn made_of(records: &[Record], job: JobId, index: usize) -> usize {
    records.iter().filter(|record| record.step == (job, index)).count()
}
