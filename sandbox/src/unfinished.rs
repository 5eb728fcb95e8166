//! Work that has not ended, kept so that what ended is found without looking at all of it.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::sync::Arc;

use super::clock::Moment;
use super::work::{Progress, Work};

/// Pieces of work, and what belongs to each.
pub(super) struct Unfinished<T> {
    /// What cannot have ended yet, the first to end on top.
    early: BinaryHeap<Entry<T>>,
    /// What could have ended, had its video been there in time.
    late: Vec<(Arc<Work>, T)>,
}

struct Entry<T> {
    due: Moment,
    work: Arc<Work>,
    item: T,
}

impl<T> Unfinished<T> {
    pub(super) fn new() -> Self {
        Self { early: BinaryHeap::new(), late: Vec::new() }
    }

    pub(super) fn push(&mut self, work: &Arc<Work>, item: T) {
        self.early.push(Entry { due: work.ends_at_earliest(), work: Arc::clone(work), item });
    }

    /// Takes out what has ended by now, with how it ended.
    pub(super) fn take_ended(&mut self, now: Moment) -> Vec<(T, Progress)> {
        while self.early.peek().is_some_and(|entry| entry.due <= now)
            && let Some(Entry { work, item, .. }) = self.early.pop()
        {
            self.late.push((work, item));
        }
        let ended = self.late.extract_if(.., |(work, _)| work.progress(now).is_over());
        ended.map(|(work, item)| (item, work.progress(now))).collect()
    }

    /// How many pieces there are. Those that ended count until they are taken out.
    pub(super) fn len(&self) -> usize {
        self.early.len() + self.late.len()
    }
}

impl<T> Ord for Entry<T> {
    /// The greatest of a heap is on top, which has to be the earliest.
    fn cmp(&self, other: &Self) -> Ordering {
        other.due.cmp(&self.due)
    }
}

impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.due == other.due
    }
}

impl<T> Eq for Entry<T> {}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock::Clock;

    #[test]
    fn what_ended_is_taken_out_once_and_what_is_late_when_it_is_made() {
        let start = Clock::new(0.0).now();
        let after = |secs| start.plus(Duration::from_secs(secs));
        let work = |secs| Work::accepted(start, Duration::from_secs(secs));
        let (long, short, late) = (work(60), work(10), work(20));
        let mut running = Unfinished::new();
        for (work, name) in [(&long, "long"), (&short, "short"), (&late, "late")] {
            running.push(work, name);
        }
        let names = |running: &mut Unfinished<&'static str>, secs| {
            running.take_ended(after(secs)).into_iter().map(|(name, _)| name).collect::<Vec<_>>()
        };
        long.made(start, Ok(()));
        short.made(start, Ok(()));
        assert_eq!(names(&mut running, 9), [""; 0]);
        assert!(running.late.is_empty(), "what cannot have ended is not looked at");
        assert_eq!(names(&mut running, 30), ["short"]);
        assert_eq!((names(&mut running, 30), running.len()), (vec![], 2));
        late.made(after(40), Err("no".to_owned()));
        assert_eq!(names(&mut running, 39), [""; 0]);
        let failed = Progress::Failed { at: after(40), reason: "no".to_owned() };
        assert_eq!(running.take_ended(after(41)), [("late", failed)]);
        assert_eq!(names(&mut running, 60), ["long"]);
        assert_eq!(running.len(), 0);
    }
}
