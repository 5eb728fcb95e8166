//! How long a job takes: its documented time, and at least until its video is there.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::clock::Moment;

/// One piece of paid work. Its state is worked out from the clock when somebody asks.
pub(super) struct Work {
    pub(super) accepted_at: Moment,
    lasts: Duration,
    made: OnceLock<(Moment, Result<(), String>)>,
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
        Arc::new(Self { accepted_at, lasts, made: OnceLock::new() })
    }

    /// Says what came of it; only the first word counts.
    pub(super) fn made(&self, at: Moment, result: Result<(), String>) {
        let _ = self.made.set((at, result));
    }

    pub(super) fn progress(&self, now: Moment) -> Progress {
        let Some((made_at, result)) = self.made.get() else { return Progress::Running };
        let at = self.accepted_at.plus(self.lasts).max(*made_at);
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
}
