//! How long a job takes: its documented time, and at least until its video is there.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::future::{Either, select};
use futures_util::pin_mut;
use tokio::sync::Notify;

use super::clock::{Clock, Moment};

/// One paid job at work. Its state follows from the clock, whenever it is read.
pub(super) struct Work {
    pub(super) accepted_at: Moment,
    lasts: Duration,
    made: OnceLock<(Moment, Result<(), String>)>,
    fate: OnceLock<Fate>,
    /// Whether it ends before its documented time.
    is_hurried: AtomicBool,
    /// Notified at every change of the fields above.
    changed: Notify,
}

/// An end that a planted fault has decided, whatever becomes of the video.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fate {
    Fails {
        reason: String,
        /// Whether the credits come back; `None` for the provider's own rule.
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
        Arc::new(Self {
            accepted_at,
            lasts,
            made: OnceLock::new(),
            fate: OnceLock::new(),
            is_hurried: AtomicBool::new(false),
            changed: Notify::new(),
        })
    }

    /// When it ends, if its video is there by then.
    pub(super) fn ends_at_earliest(&self) -> Moment {
        let is_hurried = self.is_hurried.load(Ordering::Relaxed);
        self.accepted_at.plus(if is_hurried { Duration::ZERO } else { self.lasts })
    }

    /// Reports that its video is there or could not be made. Only the first report counts.
    pub(super) fn made(&self, at: Moment, result: Result<(), String>) {
        let _ = self.made.set((at, result));
        self.changed.notify_waiters();
    }

    /// Ends it as soon as its video is there.
    pub(super) fn end_now(&self) {
        self.is_hurried.store(true, Ordering::Relaxed);
        self.changed.notify_waiters();
    }

    /// Decides what becomes of it, before it is charged for.
    pub(super) fn decide_fate(&self, fate: Fate) {
        let _ = self.fate.set(fate);
    }

    /// Whether it was decided that it never ends.
    pub(super) fn is_stuck(&self) -> bool {
        self.fate.get() == Some(&Fate::Stuck)
    }

    /// Whether its credits come back if it fails, where that was decided.
    pub(super) fn refund(&self) -> Option<bool> {
        match self.fate.get() {
            Some(Fate::Fails { refund, .. }) => *refund,
            _ => None,
        }
    }

    pub(super) fn progress(&self, now: Moment) -> Progress {
        match self.end() {
            Some((at, None)) if now >= at => Progress::Done { at },
            Some((at, Some(reason))) if now >= at => {
                Progress::Failed { at, reason: reason.to_owned() }
            }
            _ => Progress::Running,
        }
    }

    /// When it ends, and why it fails if it does, once that is known.
    fn end(&self) -> Option<(Moment, Option<&str>)> {
        let at = self.ends_at_earliest();
        match self.fate.get() {
            Some(Fate::Stuck) => None,
            Some(Fate::Fails { reason, .. }) => Some((at, Some(reason))),
            None => {
                let (made_at, result) = self.made.get()?;
                Some((at.max(*made_at), result.as_ref().err().map(String::as_str)))
            }
        }
    }

    /// Resolves when it has ended.
    pub(super) async fn ended(&self, clock: &Clock) {
        loop {
            let changed = self.changed.notified();
            pin_mut!(changed);
            // Changes after this line are seen, also before the wait for them begins.
            changed.as_mut().enable();
            match self.end() {
                None => changed.await,
                Some((at, _)) => {
                    let over = clock.sleep_until(at);
                    pin_mut!(over);
                    if let Either::Left(_) = select(over, changed).await {
                        return;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        stuck.decide_fate(Fate::Stuck);
        stuck.made(start, Ok(()));
        assert_eq!(stuck.progress(after(1_000_000)), Progress::Running);
        let fails = Work::accepted(start, Duration::from_secs(60));
        fails.decide_fate(Fate::Fails { reason: "no".to_owned(), refund: Some(false) });
        fails.made(start, Ok(()));
        assert_eq!(fails.progress(after(59)), Progress::Running);
        let failed = Progress::Failed { at: after(60), reason: "no".to_owned() };
        assert_eq!((fails.progress(after(60)), fails.refund()), (failed, Some(false)));
    }

    #[tokio::test]
    async fn its_end_is_seen_however_it_comes() {
        let clock = Clock::new(0.0);
        let work = Work::accepted(clock.now(), Duration::from_secs(60));
        let ended = work.ended(&clock);
        tokio::pin!(ended);
        assert!(futures_util::poll!(&mut ended).is_pending());
        clock.advance(Duration::from_secs(60));
        assert!(futures_util::poll!(&mut ended).is_pending());
        work.made(clock.now(), Ok(()));
        ended.await;

        let work = Work::accepted(clock.now(), Duration::from_secs(60));
        work.made(clock.now(), Ok(()));
        let ended = work.ended(&clock);
        tokio::pin!(ended);
        assert!(futures_util::poll!(&mut ended).is_pending());
        work.end_now();
        ended.await;
        assert_eq!(work.progress(clock.now()), Progress::Done { at: clock.now() });
    }
}
