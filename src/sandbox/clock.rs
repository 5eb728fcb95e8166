//! Sandbox time: it starts at the machine's time and then runs `speed` times as fast.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A point of sandbox time, in milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment(u64);

impl Moment {
    /// For programs that set their own clock by this one.
    pub(super) fn unix_millis(self) -> u64 {
        self.0
    }

    pub(super) fn unix_secs(self) -> u64 {
        self.0 / 1000
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

    /// For HTTP headers, which end with the year 9999.
    pub(super) fn system_time(self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.unix_secs().min(253_402_300_799))
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

/// Gives the time; nobody is woken by it, because every status is worked out when it is read.
pub(super) struct Clock {
    start: Moment,
    begun: Instant,
    speed: f64,
    #[cfg(test)]
    skipped: std::sync::atomic::AtomicU64,
}

impl Clock {
    /// `speed` is finite and not below zero.
    pub(super) fn new(speed: f64) -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            start: Moment(millis(since_epoch)),
            begun: Instant::now(),
            speed,
            #[cfg(test)]
            skipped: std::sync::atomic::AtomicU64::new(0),
        }
    }

    pub(super) fn speed(&self) -> f64 {
        self.speed
    }

    pub(super) fn now(&self) -> Moment {
        // The cast saturates, so that no speed can overflow.
        let passed = (self.begun.elapsed().as_secs_f64() * 1000.0 * self.speed) as u64;
        #[cfg(test)]
        let passed = passed + self.skipped.load(std::sync::atomic::Ordering::Relaxed);
        self.start.plus(Duration::from_millis(passed))
    }

    /// Moves the clock on, so that a test sees each state without waiting for it.
    #[cfg(test)]
    pub(super) fn skip(&self, duration: Duration) {
        self.skipped.fetch_add(millis(duration), std::sync::atomic::Ordering::Relaxed);
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
        let still = Clock::new(0.0);
        let before = still.now();
        still.skip(Duration::from_secs(134));
        assert_eq!(still.now().since(before), Duration::from_secs(134));
    }
}
