//! Limits of a download: how long it may stall, how slow and how large it may be.

use std::time::Duration;

use crate::model::Medium;

/// What a download may take: time, and room.
#[derive(Clone, Copy, Debug)]
pub(in crate::client) struct Limits {
    /// How long it may stand still, and the time over which its rate is taken.
    pub(in crate::client) stall_timeout: Duration,
    /// How much has to come each second at the least.
    pub(in crate::client) least_bytes_per_second: u64,
    pub(in crate::client) video_max_bytes: u64,
    pub(in crate::client) picture_max_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            stall_timeout: Duration::from_secs(30),
            // An hour and a half for 6 MB: less is no line that a video could come over.
            least_bytes_per_second: 1 << 10,
            video_max_bytes: 4 << 30,
            picture_max_bytes: 64 << 20,
        }
    }
}

impl Limits {
    /// The largest file of a kind.
    pub(super) fn max_bytes(&self, medium: Medium) -> u64 {
        match medium {
            Medium::Video => self.video_max_bytes,
            Medium::Picture => self.picture_max_bytes,
        }
    }

    /// How much has to come within a stall timeout: something, whatever the rate.
    fn bytes_per_window(&self) -> u64 {
        let millis = u64::try_from(self.stall_timeout.as_millis()).unwrap_or(u64::MAX);
        (self.least_bytes_per_second.saturating_mul(millis) / 1000).max(1)
    }
}

/// How fast an answer comes. Only the time counts in which bytes were waited for: a reader of a
/// stream may take as long as it likes.
#[derive(Debug, Default)]
pub(super) struct Pace {
    waited: Duration,
    bytes: u64,
}

impl Pace {
    /// How much longer may be waited for what comes next.
    pub(super) fn left(&self, limits: &Limits) -> Duration {
        limits.stall_timeout.saturating_sub(self.waited)
    }

    /// Bytes came after such a wait.
    pub(super) fn came(&mut self, bytes: usize, waited: Duration, limits: &Limits) {
        self.waited = self.waited.saturating_add(waited);
        self.bytes = self.bytes.saturating_add(bytes as u64);
        if self.bytes >= limits.bytes_per_window() {
            *self = Self::default();
        }
    }

    /// Whether anything has come since there was last enough of it.
    pub(super) fn has_bytes(&self) -> bool {
        self.bytes > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn what_crawls_has_one_window_and_what_is_fast_enough_any_number() {
        let limits = Limits::default();
        let mut pace = Pace::default();
        // A byte in ten seconds.
        for left in [30, 20, 10, 0] {
            assert_eq!(pace.left(&limits), left * SECOND);
            pace.came(1, 10 * SECOND, &limits);
        }
        // A hundred megabytes at 8 KB a second.
        let mut pace = Pace::default();
        for _ in 0..12_500 {
            assert!(pace.left(&limits) > 20 * SECOND);
            pace.came(8000, SECOND, &limits);
        }
        // A slow reader does not make the answer slow.
        for _ in 0..1000 {
            pace.came(10, Duration::ZERO, &limits);
        }
        assert!(pace.left(&limits) > 20 * SECOND);
    }

    #[test]
    fn without_a_least_rate_a_byte_is_enough() {
        let limits = Limits { least_bytes_per_second: 0, ..Limits::default() };
        let mut pace = Pace::default();
        pace.came(1, 29 * SECOND, &limits);
        assert_eq!(pace.left(&limits), 30 * SECOND);
    }
}
