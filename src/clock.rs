//! Time and randomness as parameters, so that waiting can be tested without waiting.

use std::ops::{Add, Sub};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::future::BoxFuture;
use crate::model::{JobId, Timestamp};

/// Where a client takes the time from, and how it waits.
///
/// It tells two times: that of the day, which is stored and compared with what others say and may
/// be set in both directions, and one that only runs on, by which everything is measured that
/// begins and ends within the process.
pub trait Clock: Send + Sync + 'static {
    /// The time now.
    fn now(&self) -> Timestamp;

    /// The time that has passed since some fixed moment. It never runs backwards, whatever becomes
    /// of [`now`](Self::now), and keeps pace with [`sleep`](Self::sleep).
    ///
    /// By default it follows `now`, which is right for a clock that nobody sets.
    fn elapsed(&self) -> Duration {
        self.now().since(Timestamp::default())
    }

    /// Resolves when `duration` of this clock has passed.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;

    /// Whether it shows the real time, so that it may be compared with the clock of a database.
    /// Default: it does not, as in a test or in a sandbox whose time is scaled.
    fn is_real(&self) -> bool {
        false
    }

    /// A number from 0 up to, but not including, 1, for jitter and ids.
    fn random(&self) -> f64 {
        (getrandom::u64().unwrap_or_default() >> 11) as f64 / (1u64 << 53) as f64
    }
}

impl<T: Clock + ?Sized> Clock for Arc<T> {
    fn now(&self) -> Timestamp {
        (**self).now()
    }

    fn elapsed(&self) -> Duration {
        (**self).elapsed()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        (**self).sleep(duration)
    }

    fn is_real(&self) -> bool {
        (**self).is_real()
    }

    fn random(&self) -> f64 {
        (**self).random()
    }
}

impl JobId {
    pub(crate) fn new(clock: &dyn Clock) -> Self {
        let draw = || (clock.random() * (1u64 << 40) as f64) as u128;
        Self::from_parts(clock.now(), draw() << 40 | draw())
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

    fn elapsed(&self) -> Duration {
        static BEGUN: OnceLock<Instant> = OnceLock::new();
        BEGUN.get_or_init(Instant::now).elapsed()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }

    fn is_real(&self) -> bool {
        true
    }
}

/// A clock that runs `speed` times as fast as the machine's, as the sandbox does. Once made it no
/// longer follows the machine's time of day, so nobody who sets that sets this.
#[derive(Clone, Copy, Debug)]
pub struct ScaledClock {
    shown: Timestamp,
    started: Instant,
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
        Self { shown: now, started: Instant::now(), speed }
    }

    /// How many times as fast as the machine's clock it runs.
    pub fn speed(&self) -> f64 {
        self.speed
    }
}

impl Clock for ScaledClock {
    fn now(&self) -> Timestamp {
        self.shown + self.elapsed()
    }

    fn elapsed(&self) -> Duration {
        saturating(self.started.elapsed().as_secs_f64() * self.speed)
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        SystemClock.sleep(saturating(duration.as_secs_f64() / self.speed))
    }
}

/// What lasts so long at one speed, in the time of a clock that runs at another. A speed below 1
/// shortens nothing: what waits for a machine waits no less for it.
#[cfg(feature = "sandbox")]
pub(crate) fn scaled(time: Duration, speed: f64) -> Duration {
    at_speed(time, speed.max(1.0))
}

/// What lasts so long in real time, in that of a clock of any speed.
#[cfg(feature = "sandbox")]
pub(crate) fn at_speed(time: Duration, speed: f64) -> Duration {
    saturating(time.as_secs_f64() * speed)
}

/// As many seconds as a duration can hold, where they are more.
fn saturating(secs: f64) -> Duration {
    Duration::try_from_secs_f64(secs).unwrap_or(Duration::MAX)
}

/// A moment of a clock that only runs on ([`Clock::elapsed`]). It means nothing outside of its
/// process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(Duration);

impl Moment {
    /// The moment that a clock has come to.
    pub fn now(clock: &dyn Clock) -> Self {
        Self(clock.elapsed())
    }

    /// The time that passed from `earlier` to this; zero where `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Moment {
    type Output = Self;

    /// Saturates, so that no limit that somebody sets is too long. Counts in whole milliseconds,
    /// rounded up, because a clock may know no shorter ones and would never come to the moment.
    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(whole_millis(duration)))
    }
}

/// A duration in whole milliseconds, rounded up.
pub(crate) fn whole_millis(duration: Duration) -> Duration {
    let up = duration.saturating_add(Duration::from_nanos(999_999));
    Duration::new(up.as_secs(), up.subsec_millis() * 1_000_000).max(duration)
}

impl Sub<Duration> for Moment {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(duration))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn no_wait_is_too_long_at_any_speed() {
        for speed in [f64::MIN_POSITIVE, 0.1, 0.999, 1.0, 60.0, f64::MAX, 0.0, -1.0, f64::NAN] {
            let clock = ScaledClock::new(speed);
            for wait in [Duration::MAX, Duration::MAX / 2, Duration::from_secs(u64::MAX)] {
                let is_over = clock.sleep(wait).now_or_never().is_some();
                assert!(!is_over || clock.speed() > 1e9, "{wait:?} at {speed}");
            }
            assert!(clock.now() <= Timestamp::from_millis(i64::MAX));
        }
        assert!(SystemClock.sleep(Duration::MAX).now_or_never().is_none());
    }

    #[test]
    fn a_fast_clock_stops_at_the_end_of_time() {
        let clock = ScaledClock::from(Timestamp::from_millis(i64::MAX - 1), f64::MAX);
        let begun = Instant::now();
        while begun.elapsed().is_zero() {}
        assert_eq!(clock.now(), Timestamp::from_millis(i64::MAX));
        assert_eq!(clock.elapsed(), Duration::MAX);
    }

    #[test]
    fn a_clock_that_only_tells_the_time_of_day_measures_by_it() {
        struct Told(i64);
        impl Clock for Told {
            fn now(&self) -> Timestamp {
                Timestamp::from_millis(self.0)
            }
            fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
                Box::pin(async {})
            }
        }
        assert_eq!(Moment::now(&Told(5000)).since(Moment::now(&Told(2000))).as_secs(), 3);
        assert_eq!(Moment::now(&Told(2000)).since(Moment::now(&Told(5000))), Duration::ZERO);
        assert_eq!(Moment::now(&Told(-1)), Moment::default(), "before 1970");
        assert!(!Told(0).is_real() && SystemClock.is_real());
    }

    #[test]
    fn a_moment_and_any_duration_make_a_moment() {
        let soon = Moment::default() + Duration::from_nanos(1);
        assert_eq!(soon.since(Moment::default()), Duration::from_millis(1));
        assert_eq!(soon + Duration::from_millis(2), Moment::default() + Duration::from_millis(3));
        let late = Moment::default() + Duration::MAX;
        assert_eq!(late + Duration::MAX, late);
        assert_eq!((late + Duration::from_secs(1)).since(late), Duration::ZERO);
    }
}
