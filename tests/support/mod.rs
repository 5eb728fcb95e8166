//! What several test binaries share: a clock that needs no time, a server with scripted replies.

#![allow(dead_code, reason = "no test binary uses all of it")]

pub(crate) mod scripted;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use adreel::AccountConfig;
use adreel::clock::Clock;
use adreel::{BoxFuture, Keys, Timestamp};
use tokio::sync::Notify;

/// A clock whose waits are over at once and move its time forward. Only the limit of a wait, which
/// runs beside what is waited for, is over when shorter waits have brought the time there.
#[derive(Clone, Debug)]
pub(crate) struct InstantClock(Arc<Shown>);

#[derive(Debug)]
struct Shown {
    nanos: AtomicU64,
    moved: Notify,
    /// What lasts so long is the limit of a wait.
    limit: Duration,
}

impl InstantClock {
    /// A clock in whose tests nothing lasts so long but the limit of a wait.
    pub(crate) fn with_limits_of(limit: Duration) -> Self {
        let nanos = AtomicU64::new(1_790_000_000_000_000_000);
        Self(Arc::new(Shown { nanos, moved: Notify::new(), limit }))
    }

    /// Moves the time forward.
    pub(crate) fn pass(&self, duration: Duration) {
        let nanos = u64::try_from(duration.as_nanos()).unwrap();
        self.0.nanos.fetch_add(nanos, Ordering::SeqCst);
        self.0.moved.notify_waiters();
    }
}

impl Default for InstantClock {
    fn default() -> Self {
        Self::with_limits_of(Duration::from_secs(15 * 60))
    }
}

impl Clock for InstantClock {
    fn now(&self) -> Timestamp {
        Timestamp::default() + self.elapsed()
    }

    fn elapsed(&self) -> Duration {
        Duration::from_nanos(self.0.nanos.load(Ordering::SeqCst))
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        if duration < self.0.limit {
            self.pass(duration);
            return Box::pin(tokio::task::yield_now());
        }
        let (clock, until) = (self.clone(), self.elapsed() + duration);
        Box::pin(async move {
            loop {
                let moved = clock.0.moved.notified();
                if clock.elapsed() >= until {
                    return;
                }
                moved.await;
            }
        })
    }
}

/// An account at a test's own server.
pub(crate) fn account(url: &str) -> AccountConfig {
    AccountConfig::new(Keys::id_and_key("test-id", "test-key"))
        .base_url(url)
        .clock(InstantClock::default())
}

/// The bytes of a real 2 x 3 px PNG.
pub(crate) const TINY_PNG: &[u8] = include_bytes!("../fixtures/tiny.png");
