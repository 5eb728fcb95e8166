//! What several test binaries share: a clock that needs no time, a server with scripted replies.

#![allow(dead_code, reason = "no test binary uses all of it")]

pub(crate) mod scripted;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use adreel::client::AccountConfig;
use adreel::clock::Clock;
use adreel::{BoxFuture, Keys, Timestamp};

/// A clock whose waits are over at once and move its time forward.
#[derive(Clone, Debug)]
pub(crate) struct InstantClock(Arc<AtomicI64>);

impl Default for InstantClock {
    fn default() -> Self {
        Self(Arc::new(AtomicI64::new(1_790_000_000_000)))
    }
}

impl Clock for InstantClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let millis = i64::try_from(duration.as_millis()).unwrap();
        self.0.fetch_add(millis, Ordering::SeqCst);
        Box::pin(tokio::task::yield_now())
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
