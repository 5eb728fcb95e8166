use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use crate::job::JobId;
use crate::model::Timestamp;
use crate::providers::List;

/// How much earlier than it is due a job is read where a list is read anyway: half of the
/// shortest usual wait. From their second read on, jobs of a list are read together.
const EARLY: Duration = Duration::from_secs(3);

/// What to read next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// The status of one job.
    One(JobId),
    /// A list that shows all of these.
    Many(List, Vec<JobId>),
    /// Nothing before this time.
    Rest(Timestamp),
    /// Nothing that is not being read already.
    Idle,
}

/// The jobs of an account whose status is read, in the order in which they are due.
#[derive(Debug, Default)]
pub(super) struct Queue {
    jobs: HashMap<JobId, Entry>,
    /// Those that are not being read.
    due: BTreeSet<(Timestamp, JobId)>,
}

#[derive(Debug)]
struct Entry {
    due: Timestamp,
    /// The list that shows it.
    list: Option<List>,
    is_being_read: bool,
    /// Something happened while it was being read.
    is_woken: bool,
    count: Count,
}

/// What reads of a job came to that the ledger does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    /// Reads that brought no news.
    pub(super) reads: u32,
    /// The last ones that failed, one after the other.
    pub(super) failures: u32,
}

impl Queue {
    pub(super) fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    pub(super) fn contains(&self, id: JobId) -> bool {
        self.jobs.contains_key(&id)
    }

    /// The one that is due first of those that are not being read, and when.
    pub(super) fn first(&self) -> Option<(Timestamp, JobId)> {
        self.due.first().copied()
    }

    /// Adds a job. One that is there already stays as it is: whoever reads it knows best when it
    /// is due.
    pub(super) fn add(&mut self, id: JobId, due: Timestamp, list: Option<List>) {
        if self.jobs.contains_key(&id) {
            return;
        }
        let count = Count::default();
        let entry = Entry { due, list, is_being_read: false, is_woken: false, count };
        self.jobs.insert(id, entry);
        self.due.insert((due, id));
    }

    /// Forgets a job. Only the one who reads it may do so while it is being read.
    pub(super) fn remove(&mut self, id: JobId) {
        if let Some(entry) = self.jobs.remove(&id) {
            self.due.remove(&(entry.due, id));
        }
    }

    /// Forgets a job that nobody waits for any more. One that is being read stays until it is read
    /// and due again: whoever waits for it anew meanwhile finds it as it is.
    pub(super) fn release(&mut self, id: JobId) {
        if self.jobs.get(&id).is_some_and(|entry| !entry.is_being_read) {
            self.remove(id);
        }
    }

    /// Reads a job at once: something happened at its provider.
    pub(super) fn wake(&mut self, id: JobId, now: Timestamp) {
        match self.jobs.get_mut(&id) {
            Some(entry) if entry.is_being_read => entry.is_woken = true,
            Some(_) => self.move_to(id, now),
            None => {}
        }
    }

    /// Takes what is due, so that nobody else takes it before it is [`done`](Self::done).
    pub(super) fn take(&mut self, now: Timestamp) -> Turn {
        let Some((due, id)) = self.due.first().copied() else { return Turn::Idle };
        if due > now {
            return Turn::Rest(due);
        }
        let turn = match self.jobs[&id].list {
            None => Turn::One(id),
            Some(list) => {
                let shown = self.due.iter().take_while(|(due, _)| *due <= now + EARLY);
                let shown = shown.map(|(_, id)| *id).filter(|id| self.jobs[id].list == Some(list));
                let shown: Vec<_> = shown.take(list.most).collect();
                if shown.len() > 1 { Turn::Many(list, shown) } else { Turn::One(id) }
            }
        };
        match &turn {
            Turn::Many(_, ids) => ids.iter().for_each(|id| self.begin(*id)),
            _ => self.begin(id),
        }
        turn
    }

    /// Puts a job back that was read.
    pub(super) fn done(&mut self, id: JobId, due: Timestamp, now: Timestamp) {
        let Some(entry) = self.jobs.get_mut(&id).filter(|entry| entry.is_being_read) else {
            return;
        };
        entry.is_being_read = false;
        entry.due = if std::mem::take(&mut entry.is_woken) { now } else { due };
        self.due.insert((entry.due, id));
    }

    /// Puts a job back that its list does not show: from now on it is read by itself, and at once.
    pub(super) fn not_shown(&mut self, id: JobId, now: Timestamp) {
        if let Some(entry) = self.jobs.get_mut(&id) {
            entry.list = None;
        }
        self.done(id, now, now);
    }

    /// The count of a job, to be kept up to date.
    pub(super) fn count(&mut self, id: JobId) -> Option<&mut Count> {
        self.jobs.get_mut(&id).map(|entry| &mut entry.count)
    }

    fn begin(&mut self, id: JobId) {
        if let Some(entry) = self.jobs.get_mut(&id) {
            entry.is_being_read = true;
            self.due.remove(&(entry.due, id));
        }
    }

    fn move_to(&mut self, id: JobId, due: Timestamp) {
        let Some(entry) = self.jobs.get_mut(&id) else { return };
        if entry.is_being_read {
            return;
        }
        self.due.remove(&(entry.due, id));
        entry.due = due;
        self.due.insert((due, id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;

    const LIST: List = List { operation: "list_videos", most: 3 };

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_millis(secs * 1000)
    }

    fn ids<const N: usize>() -> [JobId; N] {
        let mut ids = std::array::from_fn(|_| JobId::new(&SystemClock));
        ids.sort();
        ids
    }

    #[test]
    fn jobs_are_read_when_they_are_due_and_not_twice_at_once() {
        let mut queue = Queue::default();
        let [first, second] = ids();
        queue.add(second, at(20), None);
        queue.add(first, at(10), None);
        assert_eq!(queue.take(at(9)), Turn::Rest(at(10)));
        assert_eq!(queue.take(at(10)), Turn::One(first));
        assert_eq!(queue.take(at(20)), Turn::One(second));
        assert_eq!(queue.take(at(30)), Turn::Idle);
        queue.done(first, at(40), at(31));
        assert_eq!(queue.take(at(31)), Turn::Rest(at(40)));
        queue.remove(first);
        queue.remove(second);
        assert!(queue.is_empty());
        queue.done(second, at(50), at(32));
        assert_eq!(queue.take(at(90)), Turn::Idle, "one that was removed stays away");
    }

    #[test]
    fn a_job_that_is_watched_anew_while_it_is_being_read_stands_in_the_queue_once() {
        let mut queue = Queue::default();
        let [id] = ids();
        queue.add(id, at(1), None);
        assert_eq!(queue.take(at(1)), Turn::One(id));
        queue.release(id);
        queue.add(id, at(2), None);
        assert_eq!(queue.take(at(2)), Turn::Idle, "it is still being read");
        queue.done(id, at(9), at(3));
        queue.done(id, at(12), at(3));
        assert_eq!(queue.take(at(3)), Turn::Rest(at(9)));
        queue.release(id);
        assert!(queue.is_empty());
        assert_eq!(queue.take(at(20)), Turn::Idle);
    }

    #[test]
    fn a_list_shows_what_is_due_soon_too_but_no_more_than_it_can() {
        let mut queue = Queue::default();
        let [a, b, c, d, late, alone] = ids();
        for id in [a, b, c, d] {
            queue.add(id, at(12), Some(LIST));
        }
        queue.add(late, at(14), Some(LIST));
        queue.add(alone, at(11), None);
        assert_eq!(queue.take(at(12)), Turn::One(alone));
        assert_eq!(queue.take(at(12)), Turn::Many(LIST, vec![a, b, c]));
        assert_eq!(queue.take(at(12)), Turn::Many(LIST, vec![d, late]));
        queue.done(a, at(20), at(12));
        assert_eq!(queue.take(at(20)), Turn::One(a), "a single one needs no list");
    }

    #[test]
    fn what_a_list_does_not_show_is_read_by_itself() {
        let mut queue = Queue::default();
        let [a, b] = ids();
        queue.add(a, at(1), Some(LIST));
        queue.add(b, at(1), Some(LIST));
        assert_eq!(queue.take(at(1)), Turn::Many(LIST, vec![a, b]));
        queue.not_shown(a, at(2));
        queue.done(b, at(2), at(2));
        assert_eq!(queue.take(at(2)), Turn::One(a));
        assert_eq!(queue.take(at(2)), Turn::One(b));
    }

    #[test]
    fn who_is_woken_is_read_at_once_also_when_he_is_being_read() {
        let mut queue = Queue::default();
        let [id] = ids();
        queue.add(id, at(100), None);
        queue.wake(id, at(10));
        assert_eq!(queue.take(at(10)), Turn::One(id));
        queue.wake(id, at(11));
        queue.done(id, at(200), at(12));
        assert_eq!(queue.take(at(12)), Turn::One(id), "what was read may be older than the wake");
        queue.done(id, at(200), at(13));
        assert_eq!(queue.take(at(13)), Turn::Rest(at(200)));
    }
}
