//! The status reads of one account: what is due, which waits there are, and how much may be read.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::budget::Budget;
use super::queue::{Count, NextRead, Queue};
use super::watch::{News, Watcher};
use crate::clock::{Clock, Moment};
use crate::error::{Error, ErrorKind, Result};
use crate::job::JobId;
use crate::model::Timestamp;

/// The shortest time between two reads of a job that nothing happened to, whatever a policy says.
const LEAST_WAIT: Duration = Duration::from_secs(1);

/// How many reads a minute follow from what happens to jobs, beyond those that are due.
const WAKES_PER_MINUTE: u32 = 60;

/// How many pages a minute all looks of an account read together.
const PAGES_PER_MINUTE: u32 = 60;

/// How long a wait whose time is over waits for the last read of its job.
const LAST_READ_WITHIN: Duration = Duration::from_secs(5);

/// The reads of one account.
pub(in crate::client) struct Polls {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) state: Mutex<PollsState>,
    /// Something changed that the task has to look at.
    pub(super) changed: Notify,
    /// The client was shut down.
    pub(super) closed: Notify,
}

pub(super) struct PollsState {
    pub(super) queue: Queue,
    pub(super) budget: Budget,
    pub(super) wakes: Budget,
    /// The pages that looks read.
    pub(super) looks: Budget,
    pub(super) watchers: HashMap<JobId, Vec<Watcher>>,
    /// When each wait ends, and whose it is.
    pub(super) deadlines: BTreeSet<(Moment, u64, JobId)>,
    pub(super) next_watcher: u64,
    pub(super) is_running: bool,
    pub(super) is_closed: bool,
    /// How often the task panicked, one time after the other.
    pub(super) panics: u32,
}

impl Polls {
    pub(in crate::client) fn new(
        clock: Arc<dyn Clock>,
        reads_per_minute: Option<u32>,
    ) -> Arc<Self> {
        Arc::new(Self {
            clock,
            state: Mutex::new(PollsState {
                queue: Queue::default(),
                budget: Budget::new(reads_per_minute),
                wakes: Budget::new(Some(WAKES_PER_MINUTE)),
                looks: Budget::new(Some(PAGES_PER_MINUTE)),
                watchers: HashMap::new(),
                deadlines: BTreeSet::new(),
                next_watcher: 0,
                is_running: false,
                is_closed: false,
                panics: 0,
            }),
            changed: Notify::new(),
            closed: Notify::new(),
        })
    }

    pub(super) fn now(&self) -> Moment {
        Moment::now(&*self.clock)
    }

    /// Takes one of the reads that the account may make, or says when there is one.
    pub(in crate::client) fn take_read(&self, now: Timestamp) -> Result<(), Timestamp> {
        let moment = self.now();
        self.state().budget.take(moment).map_err(|until| now + until.since(moment))
    }

    /// Notes what a read came to. A refusal for now pauses all reads of the account: the wait that
    /// a provider asks for is meant for the account and not for the one job.
    pub(super) fn note_read(&self, failure: Option<&Error>) {
        let now = self.now();
        match failure.map(|error| (error.kind(), error.retry_after())) {
            None => self.state().budgets().for_each(|budget| budget.answered(now)),
            Some((ErrorKind::RateLimited, asked)) | Some((_, asked @ Some(_))) => {
                let random = self.clock.random();
                self.state().budgets().for_each(|budget| budget.refused(now, asked, random));
            }
            Some(_) => {}
        }
    }

    /// Reads a job at once: something happened to it at its provider. Where much happens, jobs
    /// follow each other, and those that are due before their turn are read then.
    pub(in crate::client) fn wake(&self, id: JobId) {
        let now = self.now();
        let mut state = self.state();
        if state.queue.may_wake(id, now) {
            let at = state.wakes.reserve(now);
            state.queue.wake(id, at);
            drop(state);
            self.changed.notify_one();
        }
    }

    /// Whether a job's status is read.
    pub(in crate::client) fn reads(&self, id: JobId) -> bool {
        let state = self.state();
        !state.is_closed && state.queue.contains(id)
    }

    /// Ends the reads of a job and gives its waits this news.
    pub(super) fn leave(&self, id: JobId, news: impl Fn() -> News) {
        let mut state = self.state();
        state.queue.remove(id);
        state.tell(id, |_| true, news);
    }

    /// Has a job that was read be read again after this wait.
    pub(super) fn put_back(&self, id: JobId, wait: Duration) {
        let now = self.now();
        self.state().queue.done(id, now + wait.max(LEAST_WAIT), now);
    }

    /// Has a job read after this wait whose status was not seen.
    pub(super) fn put_off(&self, id: JobId, wait: Duration) {
        let due = self.now() + wait;
        self.state().queue.put_off(id, due);
    }

    /// Has a job read by itself that its list does not show.
    pub(super) fn read_alone(&self, id: JobId, wait: Duration) {
        let due = self.now() + wait;
        self.state().queue.leave_list(id, due);
    }

    /// Whether a job was taken to be read and not put back.
    pub(super) fn is_being_read(&self, id: JobId) -> bool {
        self.state().queue.is_being_read(id)
    }

    /// Ends the waits whose time was over before the last read of their job.
    pub(super) fn end_last(&self, id: JobId) {
        let mut state = self.state();
        let watchers = state.watchers.get(&id).into_iter().flatten();
        if watchers.filter(|watcher| watcher.is_last).count() > 0 {
            state.tell(id, |watcher| watcher.is_last, || News::Deadline);
            state.forget_unwatched(id);
        }
    }

    /// For how long the provider has been at work on a job that is read.
    pub(super) fn age(&self, id: JobId) -> Option<Duration> {
        let now = self.now();
        self.state().queue.age(id, now)
    }

    pub(super) fn tell(&self, id: JobId, news: impl Fn() -> News) {
        self.state().tell(id, |_| true, news);
    }

    /// Ends the waits that bear no more than so many failures in a row.
    pub(super) fn tell_failures(&self, id: JobId, failures: u32) {
        let is_reached = |watcher: &Watcher| watcher.failures.is_some_and(|most| failures >= most);
        self.state().tell(id, is_reached, || News::Failing(failures));
    }

    /// Counts a read, and says what came before it and how many have failed now.
    pub(super) fn count(&self, id: JobId, has_failed: bool) -> Count {
        let mut state = self.state();
        let Some(count) = state.queue.count(id) else { return Count::default() };
        let reads = count.reads;
        count.reads += 1;
        count.failures = if has_failed { count.failures.saturating_add(1) } else { 0 };
        Count { reads, failures: count.failures }
    }

    /// The reads that were counted stand in the ledger now.
    pub(super) fn counted(&self, id: JobId) {
        if let Some(count) = self.state().queue.count(id) {
            count.reads = 0;
        }
    }

    /// Ends every wait.
    pub(in crate::client) fn close(&self) {
        let mut state = self.state();
        state.is_closed = true;
        state.clear();
        drop(state);
        self.changed.notify_one();
        self.closed.notify_waiters();
    }

    pub(super) fn state(&self) -> MutexGuard<'_, PollsState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What to read now, within what the account may read.
    pub(super) fn take(&self, now: Moment) -> NextRead {
        let mut state = self.state();
        let deadline = state.end_waits(now);
        let rest = |until: Moment| NextRead::Rest(deadline.map_or(until, |d| d.min(until)));
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
        NextRead::Idle
    }

    /// Whether there is nothing left to do. The task then ends, and the next watch begins another.
    pub(super) fn ends(&self) -> bool {
        let mut state = self.state();
        let ends = state.is_closed || state.queue.is_empty();
        if ends {
            state.is_running = false;
            state.panics = 0;
        }
        ends
    }
}

impl PollsState {
    /// What the account may read: statuses, and pages of looks.
    pub(super) fn budgets(&mut self) -> impl Iterator<Item = &mut Budget> {
        [&mut self.budget, &mut self.looks].into_iter()
    }

    /// Ends the waits whose time is over, and says when the next one ends. Before a wait ends, its
    /// job is read once more: the job may have ended since its last read.
    pub(super) fn end_waits(&mut self, now: Moment) -> Option<Moment> {
        while let Some((deadline, number, job)) = self.deadlines.first().copied()
            && deadline <= now
        {
            self.deadlines.pop_first();
            if !self.reads_last(job, number, now) {
                self.tell(job, |watcher| watcher.number == number, || News::Deadline);
                self.forget_unwatched(job);
            }
        }
        self.deadlines.first().map(|(deadline, ..)| *deadline)
    }

    /// Has a job read once more for a wait whose time is over, where that can be done soon.
    pub(in crate::client) fn reads_last(&mut self, job: JobId, number: u64, now: Moment) -> bool {
        let until = now + LAST_READ_WITHIN;
        let watchers = self.watchers.get_mut(&job).into_iter().flatten();
        let mut waiting = watchers.filter(|watcher| watcher.number == number && !watcher.is_last);
        let Some(watcher) = waiting.next() else { return false };
        if self.budget.earliest() > until || !self.queue.read_last(job, now) {
            return false;
        }
        watcher.is_last = true;
        watcher.deadline = until;
        self.deadlines.insert((until, number, job));
        true
    }

    pub(super) fn tell(
        &mut self,
        id: JobId,
        who: impl Fn(&Watcher) -> bool,
        news: impl Fn() -> News,
    ) {
        let Some(watchers) = self.watchers.get_mut(&id) else { return };
        for watcher in watchers.extract_if(.., |watcher| who(watcher)) {
            self.deadlines.remove(&(watcher.deadline, watcher.number, id));
            watcher.tell(news());
        }
    }

    /// Forgets a wait, and says whether it was still there.
    pub(super) fn unwatch(&mut self, job: JobId, number: u64) -> bool {
        let Some(watchers) = self.watchers.get_mut(&job) else { return false };
        let Some(index) = watchers.iter().position(|watcher| watcher.number == number) else {
            return false;
        };
        let watcher = watchers.swap_remove(index);
        self.deadlines.remove(&(watcher.deadline, number, job));
        true
    }

    /// Drops all waits and jobs. Each wait sees that the reads have stopped, and watches again
    /// where it can.
    pub(super) fn clear(&mut self) {
        self.watchers.clear();
        self.deadlines.clear();
        self.queue = Queue::default();
    }

    pub(super) fn is_watched(&self, job: JobId) -> bool {
        self.watchers.get(&job).is_some_and(|watchers| !watchers.is_empty())
    }

    pub(super) fn forget_unwatched(&mut self, job: JobId) {
        if !self.is_watched(job) {
            self.watchers.remove(&job);
            self.queue.release(job);
        }
    }
}
