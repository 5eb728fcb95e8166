//! Which of a client's jobs is sent next on an account: first those for which something was paid
//! already, then in the order in which they were submitted.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::job::{Job, JobId};

/// For how long a job waits in its account's line before it comes to see to its place.
pub(in crate::client) const COMES_AFTER: Duration = Duration::from_secs(30);

/// A place that was not asked for this long is passed over. Its job's future may rest in a program
/// that does not poll it, and must not keep the others from being sent.
const LEFT_AFTER: Duration = Duration::from_secs(90);

/// By what jobs are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    is_unpaid: bool,
    job: JobId,
    /// Several may wait for the same job.
    number: u64,
}

/// The jobs of an account that wait to be sent. Times are those that have elapsed on a client's
/// clock.
#[derive(Default)]
pub(in crate::client) struct Line(Mutex<LineState>);

#[derive(Default)]
struct LineState {
    waiting: BTreeMap<Rank, Waiting>,
    next_number: u64,
}

struct Waiting {
    called: Arc<Notify>,
    came: Duration,
}

/// A place in the line, given up when it is dropped at the latest.
pub(in crate::client) struct Place {
    line: Arc<Line>,
    rank: Rank,
    called: Arc<Notify>,
}

impl Line {
    pub(in crate::client) fn enter(self: &Arc<Self>, job: &Job) -> Place {
        self.place(!job.may_be_paid(), job.id())
    }

    fn place(self: &Arc<Self>, is_unpaid: bool, job: JobId) -> Place {
        let mut state = self.state();
        let number = state.next_number;
        state.next_number += 1;
        let rank = Rank { is_unpaid, job, number };
        Place { line: Arc::clone(self), rank, called: Arc::default() }
    }

    /// Says that there may be room now.
    pub(in crate::client) fn wake(&self) {
        self.state().wake();
    }

    fn state(&self) -> MutexGuard<'_, LineState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LineState {
    fn first(&self) -> Option<Rank> {
        self.waiting.first_key_value().map(|(rank, _)| *rank)
    }

    fn wake(&self) {
        if let Some((_, first)) = self.waiting.first_key_value() {
            first.called.notify_one();
        }
    }
}

impl Place {
    /// Comes to the place, or comes back to it, and says whether it is the first.
    pub(in crate::client) fn is_first(&self, now: Duration) -> bool {
        let mut state = self.line.state();
        let waiting = Waiting { called: Arc::clone(&self.called), came: now };
        state.waiting.insert(self.rank, waiting);
        while let Some(mut first) = state.waiting.first_entry() {
            if *first.key() == self.rank {
                return true;
            }
            if now < first.get_mut().came + LEFT_AFTER {
                return false;
            }
            first.remove();
        }
        false
    }

    /// Resolves when it has become the first, or when there may be room for the first.
    pub(in crate::client) async fn called(&self) {
        self.called.notified().await;
    }

    /// Its job is on its way, so the next one may go.
    pub(in crate::client) fn give_up(&self) {
        let mut state = self.line.state();
        let was_first = state.first() == Some(self.rank);
        state.waiting.remove(&self.rank);
        if was_first {
            state.wake();
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.give_up();
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;
    use crate::clock::SystemClock;

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    /// Places of new jobs, in the order of their submit.
    fn places<const N: usize>(line: &Arc<Line>) -> [Place; N] {
        let mut ids = [(); N].map(|()| JobId::new(&SystemClock));
        ids.sort();
        ids.map(|id| line.place(true, id))
    }

    #[test]
    fn who_gives_up_the_first_place_calls_the_next_and_nobody_else_does() {
        let line = Arc::<Line>::default();
        let [first, second, third] = places(&line);
        assert!(first.is_first(secs(0)) && !second.is_first(secs(0)) && !third.is_first(secs(0)));
        drop(third);
        assert_eq!(first.called().now_or_never(), None, "nothing has changed for it");
        first.give_up();
        assert_eq!(second.called().now_or_never(), Some(()));
        assert!(second.is_first(secs(1)));
        drop(first);
        assert_eq!(second.called().now_or_never(), None);
        line.wake();
        assert_eq!(second.called().now_or_never(), Some(()));
    }

    #[test]
    fn a_place_to_which_nobody_comes_is_passed_over_and_kept_for_who_comes_late() {
        let line = Arc::<Line>::default();
        let [first, second] = places(&line);
        assert!(first.is_first(secs(0)) && !second.is_first(secs(0)));
        assert!(!second.is_first(LEFT_AFTER - secs(1)));
        assert!(second.is_first(LEFT_AFTER));
        assert!(first.is_first(LEFT_AFTER) && !second.is_first(LEFT_AFTER));
    }
}
