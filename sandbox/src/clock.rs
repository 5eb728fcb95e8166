//! Sandbox time: it starts at the machine's time and then runs `speed` times as fast. At a speed of
//! 0 it is a virtual clock, which only `advance` moves.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serializer;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::timeout;

use super::world::World;
use super::{MOST_MILLIS, body, control};

/// A point of sandbox time, in milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment(u64);

impl Moment {
    /// What the machine's clock shows.
    pub(super) fn of_machine() -> Self {
        Self(millis(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()))
    }

    pub(super) const fn of_unix_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// What a record of the journal says.
    pub(super) fn of_record(at: SystemTime) -> Self {
        Self(millis(at.duration_since(UNIX_EPOCH).unwrap_or_default()))
    }

    /// For programs that set their own clock by this one.
    pub(super) fn unix_millis(self) -> u64 {
        self.0
    }

    pub(super) fn unix_secs(self) -> u64 {
        self.0 / 1000
    }

    /// Without a fraction of a second, as headers tell it.
    pub(super) fn whole_second(self) -> Self {
        Self(self.0 - self.0 % 1000)
    }

    pub(super) fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(millis(duration)))
    }

    pub(super) fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(millis(duration)))
    }

    /// Zero when `earlier` is not earlier.
    pub(super) fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// For records and HTTP headers, which end with the year 9999.
    pub(super) fn system_time(self) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(self.0.min(MOST_MILLIS))
    }

    /// As Django writes it: six fraction digits and `Z`.
    pub(super) fn rfc3339(self) -> String {
        let (days, of_day) = (self.0 / 86_400_000, self.0 % 86_400_000);
        let (year, month, day) = civil(days);
        let (secs, millis) = (of_day / 1000, of_day % 1000);
        let (hour, minute, second) = (secs / 3600, secs / 60 % 60, secs % 60);
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}000Z")
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Year, month and day of a day since 1970-01-01, counted in eras of 400 years that begin on
/// 1 March, so that the leap day is the last day of a year.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (era * 400 + year + u64::from(month <= 2), month, day)
}

/// Writes the time of a record as milliseconds since 1970.
pub(super) fn as_unix_millis<S: Serializer>(at: &SystemTime, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u64(Moment::of_record(*at).unix_millis())
}

/// Shows the time, and wakes those that wait for one: as it runs, and at once where it is moved on.
pub(super) struct Clock {
    start: Moment,
    begun: Instant,
    speed: f64,
    /// Milliseconds by which it was moved on.
    advanced: watch::Sender<u64>,
}

impl Clock {
    /// `speed` is finite and not below zero.
    pub(super) fn new(speed: f64) -> Self {
        Self {
            start: Moment::of_machine(),
            begun: Instant::now(),
            speed,
            advanced: watch::Sender::new(0),
        }
    }

    pub(super) fn speed(&self) -> f64 {
        self.speed
    }

    pub(super) fn now(&self) -> Moment {
        // The cast saturates, so that no speed can overflow.
        let passed = (self.begun.elapsed().as_secs_f64() * 1000.0 * self.speed) as u64;
        let passed = passed.saturating_add(self.advanced_millis());
        self.start.plus(Duration::from_millis(passed))
    }

    /// By how many milliseconds it was moved on so far.
    pub(super) fn advanced_millis(&self) -> u64 {
        *self.advanced.borrow()
    }

    /// Moves the clock on, to the end of its time at the most.
    pub(super) fn advance(&self, duration: Duration) {
        let step = millis(duration.min(self.left()));
        self.advanced.send_modify(|all| *all = all.saturating_add(step));
    }

    /// How far it can be moved on. A later time would not fit into
    /// an answer, and clients would not believe it.
    pub(super) fn left(&self) -> Duration {
        Moment(MOST_MILLIS).since(self.now())
    }

    /// Resolves when the clock shows `moment`.
    pub(super) async fn sleep_until(&self, moment: Moment) {
        // An advance after this line is seen below, however early it comes.
        let mut advanced = self.advanced.subscribe();
        loop {
            let left = moment.since(self.now());
            if left.is_zero() {
                return;
            }
            let moved = advanced.changed();
            if self.speed > 0.0 {
                let real = Duration::try_from_secs_f64(left.as_secs_f64() / self.speed);
                let _ = timeout(real.unwrap_or(Duration::MAX), moved).await;
            } else {
                let _ = moved.await;
            }
        }
    }
}

/// The time of a [`Sandbox`](super::Sandbox), for clients: it runs as the sandbox's does and is
/// moved on with it. Cheap to clone; clones share it.
///
/// A wait on a virtual clock ends when [`advance`](Self::advance) moves the clock on, and not before.
#[derive(Clone)]
pub struct SandboxClock(Arc<Clock>);

impl SandboxClock {
    pub(super) fn new(clock: &Arc<Clock>) -> Self {
        Self(Arc::clone(clock))
    }

    /// How many times as fast as the machine's clock it runs; 0 for a virtual clock.
    pub fn speed(&self) -> f64 {
        self.0.speed()
    }

    /// The time of day that it shows, in whole milliseconds, to the end of the year 9999.
    pub fn system_time(&self) -> SystemTime {
        self.0.now().system_time()
    }

    /// Resolves when so much of the sandbox's time has passed, rounded up to a millisecond.
    pub fn wait(&self, duration: Duration) -> impl Future<Output = ()> + Send + 'static {
        // Up to the next millisecond, so that the shortest wait is one.
        let until = self.0.now().plus(duration.saturating_add(Duration::from_nanos(999_999)));
        let clock = Arc::clone(&self.0);
        async move { clock.sleep_until(until).await }
    }

    /// Moves the sandbox's time on, and with it everybody who waits for it.
    pub fn advance(&self, duration: Duration) {
        self.0.advance(duration);
    }
}

impl fmt::Debug for SandboxClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SandboxClock").field("speed", &self.speed()).finish_non_exhaustive()
    }
}

/// The longest step of one call; a larger one is more likely a wrong unit than a wish.
const MOST_SECONDS: f64 = 366.0 * 86_400.0;

/// The refusal of a step beyond the end of the clock's time.
pub(super) const END_OF_TIME: &str = "the clock ends with the year 9999";

/// A step of the clock by so many seconds, if it may be that long.
pub(super) fn step(seconds: f64) -> Option<Duration> {
    (0.0..=MOST_SECONDS).contains(&seconds).then(|| Duration::from_secs_f64(seconds))
}

/// `POST /_sandbox/clock/advance`: moves the clock on by `seconds`, and says what it then shows.
pub(super) async fn advance_route(State(world): State<Arc<World>>, request: Request) -> Response {
    let refused = |text: &str| control::refusal(StatusCode::BAD_REQUEST, text);
    let body = match body::read_object(request).await {
        Ok(body) => body,
        Err(fault) => return refused(&fault.to_string()),
    };
    let seconds = body.get("seconds").and_then(Value::as_f64);
    match seconds.and_then(step).filter(|_| body.len() == 1) {
        Some(step) if step > world.clock.left() => refused(END_OF_TIME),
        Some(step) => {
            world.clock.advance(step);
            Json(json!({"now": world.now().unix_millis()})).into_response()
        }
        None => refused("send {\"seconds\": N}, a number from 0 to 31622400, and nothing else"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (millis, text) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000000Z"),
            (1_748_603_465_449, "2025-05-30T11:11:05.449000Z"),
            (4_107_542_399_999, "2100-02-28T23:59:59.999000Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000000Z"),
        ] {
            assert_eq!(Moment(millis).rfc3339(), text);
        }
    }

    #[test]
    fn time_runs_faster_and_never_overflows() {
        let clock = Clock::new(1e300);
        assert!(clock.now() >= clock.start);
        clock.advance(Duration::MAX);
        assert_eq!((clock.now(), clock.left()), (Moment(u64::MAX), Duration::ZERO));
        let still = Clock::new(0.0);
        let before = still.now();
        still.advance(Duration::from_secs(134));
        assert_eq!(still.now().since(before), Duration::from_secs(134));
        (0..3).for_each(|_| still.advance(Duration::MAX));
        assert!(still.now().rfc3339().starts_with("9999-12-31T23:59:59.999"));
    }

    #[tokio::test]
    async fn an_advance_wakes_whoever_waits_for_less() {
        let clock = Clock::new(0.0);
        let until = clock.now().plus(Duration::from_secs(60));
        let sleep = clock.sleep_until(until);
        tokio::pin!(sleep);
        for _ in 0..3 {
            assert!(futures_util::poll!(&mut sleep).is_pending());
            clock.advance(Duration::from_secs(19));
        }
        assert!(futures_util::poll!(&mut sleep).is_pending());
        clock.advance(Duration::from_secs(3));
        sleep.await;
        // One that is over is not waited for, and a speed is no hindrance.
        clock.sleep_until(until).await;
        Clock::new(1e300).sleep_until(until).await;
        let slow = Clock::new(1e-300);
        let sleep = slow.sleep_until(slow.now().plus(Duration::from_secs(1)));
        tokio::pin!(sleep);
        assert!(futures_util::poll!(&mut sleep).is_pending());
        slow.advance(Duration::from_secs(1));
        sleep.await;
    }
}
