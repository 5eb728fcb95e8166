//! How long a job takes: its documented time, and at least until its video is there.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::clock::Moment;

/// One piece of paid work. Its state is worked out from the clock when somebody asks.
pub(super) struct Work {
    pub(super) accepted_at: Moment,
    lasts: Duration,
    made: OnceLock<(Moment, Result<(), String>)>,
    fate: OnceLock<Fate>,
}

/// What was decided about a piece of work, whatever is made of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fate {
    Fails {
        reason: String,
        /// Whether the credits come back; without it as the provider has it.
        refund: Option<bool>,
    },
    Stuck,
}

/// Where a piece of work stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Progress {
    Running,
    Done { at: Moment },
    Failed { at: Moment, reason: String },
}

impl Progress {
    pub(super) fn is_over(&self) -> bool {
        !matches!(self, Self::Running)
    }
}

impl Work {
    pub(super) fn accepted(accepted_at: Moment, lasts: Duration) -> Arc<Self> {
        Arc::new(Self { accepted_at, lasts, made: OnceLock::new(), fate: OnceLock::new() })
    }

    /// When it ends, if its video is there by then.
    pub(super) fn ends_at_earliest(&self) -> Moment {
        self.accepted_at.plus(self.lasts)
    }

    /// Says what came of it; only the first word counts.
    pub(super) fn made(&self, at: Moment, result: Result<(), String>) {
        let _ = self.made.set((at, result));
    }

    /// Decides what becomes of it, before it is charged for.
    pub(super) fn doom(&self, fate: Fate) {
        let _ = self.fate.set(fate);
    }

    /// Whether its credits come back if it fails, where that was decided.
    pub(super) fn refund(&self) -> Option<bool> {
        match self.fate.get() {
            Some(Fate::Fails { refund, .. }) => *refund,
            _ => None,
        }
    }

    pub(super) fn progress(&self, now: Moment) -> Progress {
        match self.fate.get() {
            Some(Fate::Stuck) => return Progress::Running,
            Some(Fate::Fails { reason, .. }) => {
                let at = self.accepted_at.plus(self.lasts);
                let failed = Progress::Failed { at, reason: reason.clone() };
                return if now < at { Progress::Running } else { failed };
            }
            None => {}
        }
        let Some((made_at, result)) = self.made.get() else { return Progress::Running };
        let at = self.ends_at_earliest().max(*made_at);
        match result {
            _ if now < at => Progress::Running,
            Ok(()) => Progress::Done { at },
            Err(reason) => Progress::Failed { at, reason: reason.clone() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::clock::Clock;

    #[test]
    fn work_ends_after_its_time_and_after_its_video() {
        let start = Clock::new(0.0).now();
        let after = |secs| start.plus(Duration::from_secs(secs));
        let work = Work::accepted(start, Duration::from_secs(60));
        assert_eq!(work.progress(after(300)), Progress::Running);
        work.made(after(10), Ok(()));
        assert_eq!(work.progress(after(59)), Progress::Running);
        assert_eq!(work.progress(after(60)), Progress::Done { at: after(60) });

        let slow = Work::accepted(start, Duration::from_secs(60));
        slow.made(after(80), Err("no".to_owned()));
        slow.made(after(90), Ok(()));
        let failed = Progress::Failed { at: after(80), reason: "no".to_owned() };
        assert_eq!(slow.progress(after(81)), failed);
    }

    #[test]
    fn a_fate_counts_whatever_was_made() {
        let start = Clock::new(0.0).now();
        let after = |secs| start.plus(Duration::from_secs(secs));
        let stuck = Work::accepted(start, Duration::from_secs(60));
        stuck.doom(Fate::Stuck);
        stuck.made(start, Ok(()));
        assert_eq!(stuck.progress(after(1_000_000)), Progress::Running);
        let fails = Work::accepted(start, Duration::from_secs(60));
        fails.doom(Fate::Fails { reason: "no".to_owned(), refund: Some(false) });
        fails.made(start, Ok(()));
        assert_eq!(fails.progress(after(59)), Progress::Running);
        let failed = Progress::Failed { at: after(60), reason: "no".to_owned() };
        assert_eq!((fails.progress(after(60)), fails.refund()), (failed, Some(false)));
    }
}
