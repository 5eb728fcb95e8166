//! Reading the status of running jobs: one task for each account that has any, whoever waits.
//!
//! It reads what is due, many at a time where a list shows them, keeps to what the provider allows,
//! stores what is news, and tells those who wait. What is not news is not stored.

mod budget;
#[cfg(all(test, feature = "beatapi"))]
mod double;
mod policy;
mod queue;
mod reading;
mod watch;

pub use policy::{AdaptivePolling, PollPolicy, PollState};
pub(super) use watch::{Limits as WatchLimits, News, Watch};

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use futures_util::future::{Either, select};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};
use tokio::sync::Notify;

use super::{Client, Inner};
use crate::BoxFuture;
use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Result};
use crate::job::JobId;
use crate::model::Timestamp;
use crate::providers::List;
use budget::Budget;
use queue::{Count, Queue, Turn};
use watch::Watcher;

/// How many reads of one account are under way at a time.
const MOST_AT_ONCE: usize = 4;

/// The reads of one account.
pub(super) struct Polls {
    state: Mutex<State>,
    /// Something changed that the task has to look at.
    changed: Notify,
}

struct State {
    queue: Queue,
    budget: Budget,
    watchers: HashMap<JobId, Vec<Watcher>>,
    /// When each wait ends, and whose it is.
    deadlines: BTreeSet<(Timestamp, u64, JobId)>,
    next_watcher: u64,
    is_running: bool,
    is_closed: bool,
}

impl Polls {
    pub(super) fn new(reads_per_minute: Option<u32>) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State {
                queue: Queue::default(),
                budget: Budget::new(reads_per_minute),
                watchers: HashMap::new(),
                deadlines: BTreeSet::new(),
                next_watcher: 0,
                is_running: false,
                is_closed: false,
            }),
            changed: Notify::new(),
        })
    }

    /// Takes one of the reads that the account may make, or says when there is one.
    pub(super) fn take_read(&self, now: Timestamp) -> Result<(), Timestamp> {
        self.state().budget.take(now)
    }

    /// The provider wants no reads before this time.
    pub(super) fn pause(&self, until: Timestamp) {
        self.state().budget.pause(until);
    }

    /// Reads a job at once: something happened to it at its provider.
    pub(super) fn wake(&self, id: JobId, now: Timestamp) {
        self.state().queue.wake(id, now);
        self.changed.notify_one();
    }

    /// Whether a job's status is read.
    pub(super) fn reads(&self, id: JobId) -> bool {
        let state = self.state();
        !state.is_closed && state.queue.contains(id)
    }

    /// Ends a job's reading and tells those who wait for it.
    fn leave(&self, id: JobId, news: impl Fn() -> News) {
        let mut state = self.state();
        state.queue.remove(id);
        state.tell(id, |_| true, news);
    }

    /// Has a job read again when it is due, and tells those who wait for it.
    fn put_back(&self, id: JobId, due: Timestamp, now: Timestamp) {
        self.state().queue.done(id, due, now);
    }

    /// Has a job read by itself that its list does not show.
    fn read_alone(&self, id: JobId, now: Timestamp) {
        self.state().queue.not_shown(id, now);
    }

    fn tell(&self, id: JobId, news: impl Fn() -> News) {
        self.state().tell(id, |_| true, news);
    }

    /// Tells those who wait no longer than for so many failures in a row.
    fn tell_failures(&self, id: JobId, failures: u32) {
        let is_reached = |watcher: &Watcher| watcher.failures.is_some_and(|most| failures >= most);
        self.state().tell(id, is_reached, || News::Failing(failures));
    }

    /// Counts a read, and says what came before it and how many have failed now.
    fn count(&self, id: JobId, has_failed: bool) -> Count {
        let mut state = self.state();
        let Some(count) = state.queue.count(id) else { return Count::default() };
        let reads = count.reads;
        count.reads += 1;
        count.failures = if has_failed { count.failures + 1 } else { 0 };
        Count { reads, failures: count.failures }
    }

    /// The reads that were counted stand in the ledger now.
    fn counted(&self, id: JobId) {
        if let Some(count) = self.state().queue.count(id) {
            count.reads = 0;
        }
    }

    /// Ends every wait.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.is_closed = true;
        state.watchers.clear();
        drop(state);
        self.changed.notify_one();
    }

    /// Has a job's status read, from `due` on, until there is news of it or the deadline passes.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] after [`close`](Self::close).
    pub(super) fn watch(
        self: &Arc<Self>,
        client: &Client,
        job: JobId,
        list: Option<List>,
        due: Timestamp,
        limits: watch::Limits,
    ) -> Result<Watch> {
        let mut state = self.state();
        if state.is_closed {
            let message = "the client was shut down; the job goes on: resume it later";
            return Err(Error::new(ErrorKind::Unavailable, message).with_job(job));
        }
        let number = state.next_watcher;
        state.next_watcher += 1;
        let (watcher, watch) = watch::pair(self, job, number, limits);
        state.deadlines.insert((limits.deadline, number, job));
        state.watchers.entry(job).or_default().push(watcher);
        state.queue.add(job, due, list);
        if !std::mem::replace(&mut state.is_running, true) {
            let clock = Arc::clone(&client.0.clock);
            tokio::spawn(run(Arc::clone(self), Arc::downgrade(&client.0), clock));
        }
        drop(state);
        self.changed.notify_one();
        Ok(watch)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What to read now, within what the account may read.
    fn take(&self, now: Timestamp) -> Turn {
        let mut state = self.state();
        state.end_waits(now);
        let first_deadline = state.deadlines.first().map(|(deadline, ..)| *deadline);
        let rest = |until: Timestamp| Turn::Rest(first_deadline.map_or(until, |d| d.min(until)));
        while let Some((due, id)) = state.queue.first() {
            if due > now {
                return rest(due);
            }
            if !state.is_watched(id) {
                state.queue.remove(id);
                continue;
            }
            return match state.budget.take(now) {
                Ok(()) => state.queue.take(now),
                Err(until) => rest(until),
            };
        }
        Turn::Idle
    }

    /// Whether there is nothing left to do. The task then ends, and the next watch begins another.
    fn ends(&self) -> bool {
        let mut state = self.state();
        let ends = state.is_closed || state.queue.is_empty();
        if ends {
            state.is_running = false;
        }
        ends
    }
}

impl State {
    /// Tells those whose time is over, and forgets jobs that nobody waits for.
    fn end_waits(&mut self, now: Timestamp) {
        while let Some((deadline, number, job)) = self.deadlines.first().copied()
            && deadline <= now
        {
            self.deadlines.pop_first();
            self.tell(job, |watcher| watcher.number == number, || News::Deadline);
            self.forget_unwatched(job);
        }
    }

    fn tell(&mut self, id: JobId, who: impl Fn(&Watcher) -> bool, news: impl Fn() -> News) {
        let Some(watchers) = self.watchers.get_mut(&id) else { return };
        for watcher in watchers.extract_if(.., |watcher| who(watcher)) {
            self.deadlines.remove(&(watcher.deadline, watcher.number, id));
            watcher.tell(news());
        }
    }

    fn is_watched(&self, job: JobId) -> bool {
        self.watchers.get(&job).is_some_and(|watchers| !watchers.is_empty())
    }

    fn forget_unwatched(&mut self, job: JobId) {
        if !self.is_watched(job) {
            self.watchers.remove(&job);
            self.queue.release(job);
        }
    }
}

/// What happens where the task is cut off: its runtime may be dropped while others go on.
struct CutOff(Option<Arc<Polls>>);

impl Drop for CutOff {
    fn drop(&mut self) {
        let Some(polls) = &self.0 else { return };
        let mut state = polls.state();
        state.is_running = false;
        // Whoever still waits hears of it, and watches again where he can.
        state.watchers.clear();
        state.deadlines.clear();
        state.queue = Queue::default();
    }
}

async fn run(polls: Arc<Polls>, client: Weak<Inner>, clock: Arc<dyn Clock>) {
    let mut cut_off = CutOff(Some(Arc::clone(&polls)));
    let mut reads: FuturesUnordered<BoxFuture<'static, ()>> = FuturesUnordered::new();
    loop {
        let is_full = reads.len() >= MOST_AT_ONCE;
        let turn = if is_full { Turn::Idle } else { polls.take(clock.now()) };
        let until = match turn {
            Turn::Rest(until) => Some(until),
            Turn::Idle if reads.is_empty() && polls.ends() => {
                cut_off.0 = None;
                return;
            }
            Turn::Idle => None,
            reading => {
                // Those who wait hold the client; without it nobody does.
                let Some(inner) = client.upgrade() else { return };
                let client = Client(inner);
                reads.push(reading::read(client, Arc::clone(&polls), reading).boxed());
                continue;
            }
        };
        let rest = async {
            match until {
                Some(until) => clock.sleep(until.since(clock.now())).await,
                None => std::future::pending().await,
            }
        };
        let read = async {
            match reads.next().await {
                Some(()) => {}
                None => std::future::pending().await,
            }
        };
        let changed = polls.changed.notified();
        futures_util::pin_mut!(rest, read, changed);
        match select(select(rest, read), changed).await {
            Either::Left(_) | Either::Right(_) => {}
        }
    }
}

#[cfg(all(test, feature = "beatapi"))]
mod tests;
