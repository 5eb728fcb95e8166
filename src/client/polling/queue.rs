//! The order in which jobs are read.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use crate::clock::Moment;
use crate::job::JobId;
use crate::providers::List;

/// How much earlier than it is due a job is read where a list is read anyway: half of the
/// shortest usual wait. From their second read on, jobs of a list are read together.
const EARLY: Duration = Duration::from_secs(3);

/// What was read so lately is not read again because a wait ends.
const MOMENT: Duration = Duration::from_secs(1);

/// What to read next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// The status of one job.
    One(JobId),
    /// A list that shows all of these.
    Many(List, Vec<JobId>),
    /// Nothing before this time.
    Rest(Moment),
    /// Nothing that is not being read already.
    Idle,
}

/// When a job is read first.
#[derive(Clone, Copy, Debug)]
pub(super) struct First {
    pub(super) now: Moment,
    pub(super) wait: Duration,
    /// How long the provider has been at work on it.
    pub(super) age: Duration,
}

/// The jobs of an account whose status is read, in the order in which they are due.
#[derive(Debug, Default)]
pub(super) struct Queue {
    jobs: HashMap<JobId, Entry>,
    /// Those that are not being read.
    due: BTreeSet<(Moment, JobId)>,
}

#[derive(Debug)]
struct Entry {
    first: First,
    due: Moment,
    /// The list that shows it.
    list: Option<List>,
    is_being_read: bool,
    /// When it is to be read because of something that happened while it was being read.
    woken: Option<Moment>,
    /// When it was last read.
    read_at: Option<Moment>,
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
    pub(super) fn first(&self) -> Option<(Moment, JobId)> {
        self.due.first().copied()
    }

    /// Adds a job. One that is there already stays as it is: whoever reads it knows best when it
    /// is due.
    pub(super) fn add(&mut self, id: JobId, list: Option<List>, first: First) {
        if self.jobs.contains_key(&id) {
            return;
        }
        let due = first.now + first.wait;
        let entry = Entry {
            first,
            due,
            list,
            is_being_read: false,
            woken: None,
            read_at: None,
            count: Count::default(),
        };
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

    /// Whether a wake would have a job read sooner than it is read anyway.
    pub(super) fn may_wake(&self, id: JobId, now: Moment) -> bool {
        self.jobs.get(&id).is_some_and(|entry| match entry.is_being_read {
            true => entry.woken.is_none(),
            false => entry.due > now,
        })
    }

    /// Reads a job at this time, if not earlier: something happened at its provider.
    pub(super) fn wake(&mut self, id: JobId, at: Moment) {
        match self.jobs.get_mut(&id) {
            Some(entry) if entry.is_being_read => entry.woken = Some(at),
            Some(_) => self.hasten(id, at),
            None => {}
        }
    }

    /// Has a job read once more for a wait that ends. `false` where what is known of it is not
    /// older than a moment, or nothing is read of it.
    pub(super) fn read_last(&mut self, id: JobId, now: Moment) -> bool {
        let Some(entry) = self.jobs.get(&id) else { return false };
        if entry.is_being_read {
            return true;
        }
        let is_fresh = entry.read_at.is_some_and(|read_at| now.since(read_at) <= MOMENT);
        if !is_fresh {
            self.hasten(id, now);
        }
        !is_fresh
    }

    /// Takes what is due, so that nobody else takes it before it is [`done`](Self::done).
    pub(super) fn take(&mut self, now: Moment) -> Turn {
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
    pub(super) fn done(&mut self, id: JobId, due: Moment, now: Moment) {
        if let Some(entry) = self.jobs.get_mut(&id).filter(|entry| entry.is_being_read) {
            entry.read_at = Some(now);
        }
        self.put_off(id, due);
    }

    /// Puts a job back whose status nobody has seen.
    pub(super) fn put_off(&mut self, id: JobId, due: Moment) {
        let Some(entry) = self.jobs.get_mut(&id).filter(|entry| entry.is_being_read) else {
            return;
        };
        entry.is_being_read = false;
        entry.due = entry.woken.take().map_or(due, |woken| woken.min(due));
        self.due.insert((entry.due, id));
    }

    /// Puts a job back that its list does not show, or whose list could not be read: from now on it
    /// is read by itself.
    pub(super) fn leave_list(&mut self, id: JobId, due: Moment) {
        if let Some(entry) = self.jobs.get_mut(&id) {
            entry.list = None;
        }
        self.put_off(id, due);
    }

    /// For how long the provider has been at work on a job: measured once by the time of day, and
    /// from then on by what has passed.
    pub(super) fn age(&self, id: JobId, now: Moment) -> Option<Duration> {
        let first = self.jobs.get(&id)?.first;
        Some(first.age.saturating_add(now.since(first.now)))
    }

    /// Whether a job was taken and not put back.
    pub(super) fn is_being_read(&self, id: JobId) -> bool {
        self.jobs.get(&id).is_some_and(|entry| entry.is_being_read)
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

    fn hasten(&mut self, id: JobId, due: Moment) {
        let Some(entry) = self.jobs.get_mut(&id).filter(|entry| due < entry.due) else { return };
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

    fn at(secs: u64) -> Moment {
        Moment::default() + Duration::from_secs(secs)
    }

    fn due_in(secs: u64) -> First {
        First { now: at(0), wait: Duration::from_secs(secs), age: Duration::ZERO }
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
        queue.add(second, None, due_in(20));
        queue.add(first, None, due_in(10));
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
        queue.add(id, None, due_in(1));
        assert_eq!(queue.take(at(1)), Turn::One(id));
        queue.release(id);
        queue.add(id, None, due_in(2));
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
            queue.add(id, Some(LIST), due_in(12));
        }
        queue.add(late, Some(LIST), due_in(14));
        queue.add(alone, None, due_in(11));
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
        queue.add(a, Some(LIST), due_in(1));
        queue.add(b, Some(LIST), due_in(1));
        assert_eq!(queue.take(at(1)), Turn::Many(LIST, vec![a, b]));
        queue.leave_list(a, at(2));
        queue.done(b, at(2), at(2));
        assert_eq!(queue.take(at(2)), Turn::One(a));
        assert_eq!(queue.take(at(2)), Turn::One(b));
    }

    #[test]
    fn who_is_woken_is_read_at_once_also_when_he_is_being_read() {
        let mut queue = Queue::default();
        let [id] = ids();
        assert!(!queue.may_wake(id, at(1)));
        queue.add(id, None, due_in(100));
        assert!(queue.may_wake(id, at(10)));
        queue.wake(id, at(10));
        assert!(!queue.may_wake(id, at(10)), "it is read now anyway");
        assert_eq!(queue.take(at(10)), Turn::One(id));
        queue.wake(id, at(11));
        assert!(!queue.may_wake(id, at(11)), "once is enough");
        queue.done(id, at(200), at(12));
        assert_eq!(queue.take(at(12)), Turn::One(id), "what was read may be older than the wake");
        queue.done(id, at(200), at(13));
        assert_eq!(queue.take(at(13)), Turn::Rest(at(200)));
        queue.wake(id, at(300));
        assert_eq!(queue.take(at(13)), Turn::Rest(at(200)), "nobody is woken later than he is due");
    }

    #[test]
    fn a_wait_that_ends_has_a_job_read_unless_that_was_just_done() {
        let mut queue = Queue::default();
        let [id] = ids();
        assert!(!queue.read_last(id, at(1)), "nobody reads it");
        queue.add(id, None, due_in(100));
        assert!(queue.read_last(id, at(10)));
        assert_eq!(queue.take(at(10)), Turn::One(id));
        assert!(queue.read_last(id, at(10)), "the read that is under way is the last");
        queue.done(id, at(100), at(12));
        assert!(!queue.read_last(id, at(13)));
        assert_eq!(queue.take(at(14)), Turn::Rest(at(100)));
        assert!(queue.read_last(id, at(14)));
        assert_eq!(queue.take(at(14)), Turn::One(id));
        queue.put_off(id, at(15));
        assert!(queue.read_last(id, at(14)), "nobody has seen its status");
    }

    #[test]
    fn an_age_goes_on_from_what_it_was() {
        let mut queue = Queue::default();
        let [id] = ids();
        assert_eq!(queue.age(id, at(1)), None);
        queue.add(id, None, First { now: at(10), age: Duration::from_secs(50), ..due_in(5) });
        assert_eq!(queue.age(id, at(70)), Some(Duration::from_secs(110)));
    }
}
