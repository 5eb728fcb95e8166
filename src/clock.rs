//! Time and randomness as parameters, so that waiting can be tested without waiting.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::BoxFuture;
use crate::model::Timestamp;

/// Where a client takes the time from, and how it waits.
pub trait Clock: Send + Sync + 'static {
    /// The time now.
    fn now(&self) -> Timestamp;

    /// Resolves when `duration` of this clock has passed.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;

    /// The time since some fixed moment, by a clock that is never set.
    fn elapsed(&self) -> Duration {
        self.now().since(Timestamp::default())
    }

    /// A number from 0 up to, but not including, 1, for jitter and ids.
    fn random(&self) -> f64 {
        (getrandom::u64().unwrap_or_default() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// The machine's clock, waiting with tokio's timer.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// A clock that runs `speed` times as fast as the machine's, as the sandbox does.
#[derive(Clone, Copy, Debug)]
pub struct ScaledClock {
    shown: Timestamp,
    started: Timestamp,
    speed: f64,
}

impl ScaledClock {
    /// A clock that is right now and gains from then on. A speed that is not above zero counts
    /// as 1.
    pub fn new(speed: f64) -> Self {
        Self::from(SystemClock.now(), speed)
    }

    /// A clock that shows `now` now, so that several processes share a sandbox's time.
    pub fn from(now: Timestamp, speed: f64) -> Self {
        let speed = if speed.is_finite() && speed > 0.0 { speed } else { 1.0 };
        Self { shown: now, started: SystemClock.now(), speed }
    }

    /// How many times as fast as the machine's clock it runs.
    pub fn speed(&self) -> f64 {
        self.speed
    }
}

impl Clock for ScaledClock {
    fn now(&self) -> Timestamp {
        let elapsed = SystemClock.now().since(self.started);
        self.shown + elapsed.mul_f64(self.speed)
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        SystemClock.sleep(duration.div_f64(self.speed))
    }
}
