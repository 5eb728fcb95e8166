//! What the services allow an account: so many calls in a minute, and so many tasks at a time. All
//! of it in sandbox time.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use super::clock::Moment;
use super::ledger::Account;
use super::unfinished::Unfinished;
use super::work::Work;
use super::world::locked;

/// The time in which the calls of a rate are counted.
const WINDOW: Duration = Duration::from_secs(60);

/// How far two clocks that measure the same wait may differ.
const TOLERANCE: Duration = Duration::from_millis(100);

/// From how many entries on idle ones are removed.
const TIDY_FROM: usize = 256;

/// BeatAPI's slots of its highest tier.
pub(super) const MOST_SLOTS: u32 = 30;

/// What a minute may see of one kind of call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Rate {
    pub(super) calls: &'static str,
    pub(super) most: usize,
}

/// All accounts, and what each has used up.
pub(super) struct Limits {
    is_on: bool,
    slots: u32,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// When the calls of the last minute came, the oldest first. Refused ones are not among them,
    /// so none is longer than its rate.
    windows: HashMap<(Account, Rate), VecDeque<Moment>>,
    /// By account and operation: before when another call is early.
    refusals: HashMap<(Account, &'static str), Moment>,
    /// The tasks that hold a slot.
    active: HashMap<Account, Unfinished<()>>,
    /// How many things there were after the last tidying.
    tidied: usize,
}

impl Limits {
    /// Where they are off nothing is refused; what is active is known all the same.
    pub(super) fn new(is_on: bool, slots: u32) -> Self {
        Self { is_on, slots, state: Mutex::default() }
    }

    /// Takes one call of a rate, and says how many are left. What another check refuses afterwards
    /// has been taken, as by a counter that stands in front of the service.
    ///
    /// # Errors
    /// The whole seconds after which there is one.
    pub(super) fn take(&self, account: &Account, rate: Rate, now: Moment) -> Result<usize, u64> {
        if !self.is_on {
            return Ok(rate.most);
        }
        let mut state = self.tidied(now);
        let calls = state.windows.entry((account.clone(), rate)).or_default();
        while calls.front().is_some_and(|call| call.plus(WINDOW) <= now) {
            calls.pop_front();
        }
        if calls.len() >= rate.most {
            let free = calls.front().map_or(now, |oldest| oldest.plus(WINDOW));
            return Err(whole_secs(free.since(now)));
        }
        calls.push_back(now);
        Ok(rate.most - calls.len())
    }

    /// How many tasks of an account may be active at a time.
    pub(super) fn slots(&self) -> u32 {
        self.slots
    }

    /// How many tasks of an account are.
    pub(super) fn active(&self, account: &Account, now: Moment) -> usize {
        let mut state = locked(&self.state);
        state.active.get_mut(account).map_or(0, |active| {
            active.take_ended(now);
            active.len()
        })
    }

    /// Whether all slots of an account are taken.
    pub(super) fn is_full(&self, account: &Account, now: Moment) -> bool {
        self.active(account, now) >= self.slots as usize
    }

    /// Whether what is too much is refused.
    pub(super) fn are_on(&self) -> bool {
        self.is_on
    }

    /// Gives a task a slot until its work is over. The caller holds a lock from its check for a free
    /// slot until here, so that no two tasks take the same one.
    pub(super) fn occupy(&self, account: &Account, work: &Arc<Work>) {
        let mut state = self.tidied(work.accepted_at);
        state.active.entry(account.clone()).or_insert_with(Unfinished::new).push(work, ());
    }

    /// Notes that an operation was refused to an account, with a wait that ends then.
    pub(super) fn refused(&self, account: &Account, operation: &'static str, until: Moment) {
        let mut state = locked(&self.state);
        let known = state.refusals.entry((account.clone(), operation)).or_insert(until);
        *known = until.max(*known);
    }

    /// Whether a call comes before the wait is over that an earlier refusal asked for.
    pub(super) fn is_early(&self, account: &Account, operation: &'static str, now: Moment) -> bool {
        let state = self.tidied(now);
        let until = state.refusals.get(&(account.clone(), operation));
        until.is_some_and(|until| now.plus(TOLERANCE) < *until)
    }

    /// The state, from which idle entries are removed when there are many.
    fn tidied(&self, now: Moment) -> MutexGuard<'_, State> {
        let mut state = locked(&self.state);
        if state.len() >= TIDY_FROM.max(2 * state.tidied) {
            state.tidy(now);
        }
        state
    }
}

impl State {
    fn len(&self) -> usize {
        self.windows.len() + self.refusals.len() + self.active.len()
    }

    fn tidy(&mut self, now: Moment) {
        self.windows.retain(|_, calls| calls.back().is_some_and(|call| call.plus(WINDOW) > now));
        self.refusals.retain(|_, until| *until > now);
        self.active.retain(|_, active| {
            active.take_ended(now);
            active.len() > 0
        });
        self.tidied = self.len();
    }
}

/// Rounded up, so that a client that waits so long is not early.
pub(super) fn whole_secs(wait: Duration) -> u64 {
    wait.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::provider::Provider;

    const RATE: Rate = Rate { calls: "calls", most: 3 };

    fn account(key: &str) -> Account {
        Account::of_key(Provider::Jogg, key).unwrap()
    }

    #[test]
    fn no_window_of_a_minute_sees_more_calls_than_its_rate() {
        let start = Clock::new(0.0).now();
        let at = |millis| start.plus(Duration::from_millis(millis));
        let (limits, a) = (Limits::new(true, 0), account("a"));
        let take = |millis| limits.take(&a, RATE, at(millis));
        assert_eq!([take(0), take(10_000), take(59_000)], [Ok(2), Ok(1), Ok(0)]);
        assert_eq!([take(59_000), take(59_001), take(59_999)], [Err(1), Err(1), Err(1)]);
        assert_eq!(limits.take(&account("b"), RATE, at(59_000)), Ok(2), "another's is another");
        // Only the first call is a minute old, and the refused ones were not counted.
        assert_eq!([take(60_000), take(60_000), take(60_001)], [Ok(0), Err(10), Err(10)]);
        assert_eq!(take(200_000), Ok(2));
        let off = Limits::new(false, 0);
        assert!((0..100).all(|_| off.take(&a, RATE, start) == Ok(3)));
    }

    #[test]
    fn a_slot_is_free_again_when_its_work_is_over() {
        let start = Clock::new(0.0).now();
        let (limits, a) = (Limits::new(true, 2), account("a"));
        let works = [10, 20].map(|secs| Work::accepted(start, Duration::from_secs(secs)));
        works.iter().for_each(|work| limits.occupy(&a, work));
        works.iter().for_each(|work| work.made(start, Ok(())));
        let full = |secs| limits.is_full(&a, start.plus(Duration::from_secs(secs)));
        assert_eq!([full(9), full(10)], [true, false]);
        assert_eq!(limits.active(&a, start.plus(Duration::from_secs(20))), 0);
        assert!(!limits.is_full(&account("b"), start));
    }

    #[test]
    fn a_call_before_the_wait_is_over_is_early() {
        let start = Clock::new(0.0).now();
        let (limits, a) = (Limits::new(true, 0), account("a"));
        let early =
            |operation, secs| limits.is_early(&a, operation, start.plus(Duration::from_secs(secs)));
        assert!(!early("get_task", 0));
        limits.refused(&a, "get_task", start.plus(Duration::from_secs(30)));
        limits.refused(&a, "get_task", start.plus(Duration::from_secs(12)));
        assert_eq!([early("get_task", 29), early("get_task", 30)], [true, false]);
        assert!(!early("get_usage", 0) && !limits.is_early(&account("b"), "get_task", start));
    }

    #[test]
    fn accounts_that_are_idle_are_forgotten() {
        let start = Clock::new(0.0).now();
        let limits = Limits::new(true, 1);
        for number in 0..20_000u64 {
            let now = start.plus(Duration::from_secs(number));
            let account = account(&number.to_string());
            limits.take(&account, RATE, now).unwrap();
            limits.refused(&account, "get_task", now.plus(Duration::from_secs(30)));
            let work = Work::accepted(now, Duration::from_secs(5));
            limits.occupy(&account, &work);
            work.made(now, Ok(()));
        }
        let state = locked(&limits.state);
        assert!(state.len() < 2 * TIDY_FROM, "{}", state.len());
        assert!(state.windows.keys().any(|(known, _)| *known == account("19999")));
    }
}
