//! The time by which a job's row is judged: the ledger's own, where it has a clock that all who
//! share it can go by; and never before the row was written, since it may be of a clock that was
//! ahead of ours: before it was set back, or on another machine.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Moment;
use crate::job::JobId;
use crate::model::Timestamp;

/// The last time of the ledger's clock, and when this client first saw rows whose last change lies
/// in the future.
#[derive(Debug, Default)]
pub(super) struct RowClock {
    rows: Mutex<HashMap<JobId, SeenRow>>,
    ledger: Mutex<Option<Synced>>,
}

/// What the ledger's clock showed last, if it has one, and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Synced {
    pub(super) now: Option<Timestamp>,
    pub(super) at: Moment,
}

/// For how long the ledger's clock is taken to run with ours.
pub(super) const SYNC_EVERY: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(super) struct SeenRow {
    pub(super) revision: u64,
    pub(super) updated_at: Timestamp,
    pub(super) at: Moment,
}

impl RowClock {
    pub(super) fn synced(&self) -> Option<Synced> {
        *self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn sync(&self, synced: Synced) {
        *self.ledger.lock().unwrap_or_else(PoisonError::into_inner) = Some(synced);
    }

    pub(super) fn now(&self, job: JobId, row: SeenRow, now: Timestamp) -> Timestamp {
        let mut seen = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        if row.updated_at <= now {
            seen.remove(&job);
            return now;
        }
        if seen.len() == seen.capacity() {
            // Before it grows: those that nobody asked for again.
            seen.retain(|_, seen| seen.updated_at > now);
        }
        let (at, updated_at) = (row.at, row.updated_at);
        let first = match seen.get(&job).filter(|first| first.revision == row.revision) {
            Some(first) => first.at,
            None => {
                seen.insert(job, row);
                at
            }
        };
        updated_at + at.since(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_millis(secs * 1000)
    }

    fn row(revision: u64, updated_at: Timestamp, secs: u64) -> SeenRow {
        SeenRow { revision, updated_at, at: Moment::default() + Duration::from_secs(secs) }
    }

    #[test]
    fn time_goes_on_from_a_row_that_was_written_by_a_clock_that_was_ahead() {
        let (clock, id) = (RowClock::default(), JobId::new(&SystemClock));
        assert_eq!(clock.now(id, row(1, at(100), 7), at(100)), at(100));
        // The clock was set back by two hours.
        assert_eq!(clock.now(id, row(1, at(7_300), 10), at(110)), at(7_300));
        assert_eq!(clock.now(id, row(1, at(7_300), 40), at(140)), at(7_330));
        assert_eq!(clock.now(id, row(2, at(7_330), 50), at(150)), at(7_330), "it was written anew");
        assert_eq!(clock.now(id, row(2, at(7_330), 60), at(160)), at(7_340));
        assert_eq!(clock.now(id, row(2, at(7_330), 9_999), at(9_000)), at(9_000), "it caught up");
        assert!(clock.rows.lock().unwrap().is_empty());
    }

    #[test]
    fn rows_that_nobody_asks_for_again_are_forgotten() {
        let clock = RowClock::default();
        for second in 0..10_000 {
            let id = JobId::new(&SystemClock);
            clock.now(id, row(1, at(second + 10), 0), at(second));
        }
        assert!(clock.rows.lock().unwrap().len() < 100);
    }
}
