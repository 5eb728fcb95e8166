//! When a call that may be repeated is repeated.

use std::sync::Mutex;
use std::time::Duration;

/// The least that our own wait between two attempts may be chosen from.
const LEAST_CEILING: Duration = Duration::from_millis(100);

/// When a call that may be repeated is repeated, outside of jobs: those of a provider's own client,
/// and what a [`Client`](crate::Client) reads for a plan, a balance or a list. A job comes back to its
/// calls by itself for as long as somebody [waits](crate::policy::WaitPolicy) for it.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// How many attempts a call has in all. Default: 4.
    pub max_attempts: u32,
    /// The longest first wait; each further one may be twice as long. What is below 100 ms counts
    /// as 100 ms. Default: 500 ms.
    pub base: Duration,
    /// The longest wait that is ours to choose. A provider's Retry-After may be longer.
    /// Default: 10 s.
    pub max: Duration,
    /// How long the whole call may take, waits included. Default: 3 minutes.
    pub deadline: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_attempts: 4,
            base: Duration::from_millis(500),
            max: Duration::from_secs(10),
            deadline: Duration::from_secs(180),
        }
    }
}

impl RetryPolicy {
    /// The default.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same deadline with a single attempt.
    #[must_use]
    pub const fn once(mut self) -> Self {
        self.max_attempts = 1;
        self
    }

    /// How many attempts a call has in all.
    #[must_use]
    pub const fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts;
        self
    }

    /// The longest first wait.
    #[must_use]
    pub const fn base(mut self, wait: Duration) -> Self {
        self.base = wait;
        self
    }

    /// The longest wait that is ours to choose.
    #[must_use]
    pub const fn max(mut self, wait: Duration) -> Self {
        self.max = wait;
        self
    }

    /// How long the whole call may take, waits included.
    #[must_use]
    pub const fn deadline(mut self, time: Duration) -> Self {
        self.deadline = time;
        self
    }

    /// The wait before the attempt after `attempt` (from 1): the larger of what the provider asked
    /// for and our own, half of which is left to chance, so that many clients that failed together
    /// do not come back together. A provider that asks for none is no leave to hammer.
    pub(crate) fn delay(&self, attempt: u32, random: f64, asked: Option<Duration>) -> Duration {
        let doublings = attempt.saturating_sub(1).min(16);
        let ceiling = self.base.saturating_mul(1 << doublings).min(self.max).max(LEAST_CEILING);
        jittered(ceiling, random).max(asked.unwrap_or_default())
    }
}

/// The shortest and the longest pause of [`growing_pause`].
const SHORTEST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// The pause after so many failures in a row, for what is tried until somebody's patience ends:
/// 2 s, then up to 4, 8 and so on to 60 s. Half of it is left to chance (`random` is from 0 to 1),
/// so that many that failed together do not come back together.
pub(crate) fn growing_pause(failures: u32, random: f64) -> Duration {
    let doublings = failures.saturating_sub(1).min(8);
    let ceiling = (SHORTEST_PAUSE * 2u32.pow(doublings)).min(LONGEST_PAUSE);
    jittered(ceiling, random).max(SHORTEST_PAUSE)
}

/// Between half of a wait and the whole.
fn jittered(ceiling: Duration, random: f64) -> Duration {
    let half = ceiling / 2;
    half + half.mul_f64(if random.is_finite() { random.clamp(0.0, 1.0) } else { 1.0 })
}

/// A budget of retries for each account: while a provider is down, a tenth of the calls is
/// repeated and not all of them.
#[derive(Debug)]
pub(crate) struct RetryBudget(Mutex<f64>);

impl RetryBudget {
    const CAPACITY: f64 = 20.0;
    const REFILL: f64 = 0.1;

    pub(crate) fn new() -> Self {
        Self(Mutex::new(Self::CAPACITY))
    }

    /// Pays in for a call.
    pub(crate) fn refill(&self) {
        let mut tokens = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *tokens = (*tokens + Self::REFILL).min(Self::CAPACITY);
    }

    /// Takes out a retry, if one is left.
    pub(crate) fn take(&self) -> bool {
        let mut tokens = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let left = *tokens >= 1.0;
        if left {
            *tokens -= 1.0;
        }
        left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_keep_to_what_was_asked() {
        let policy = RetryPolicy::default();
        let longest = |attempt| policy.delay(attempt, 1.0, None).as_millis();
        assert_eq!([1, 2, 3, 9].map(longest), [500, 1000, 2000, 10_000]);
        let shortest = |attempt| policy.delay(attempt, 0.0, None).as_millis();
        assert_eq!([1, 2, 3, 9].map(shortest), [250, 500, 1000, 5_000]);
        let asked = Some(Duration::from_secs(30));
        assert_eq!(policy.delay(1, 0.5, asked), Duration::from_secs(30));
        let soon = Some(Duration::from_millis(1));
        assert_eq!(policy.delay(3, 0.0, soon), Duration::from_secs(1), "ours is the larger");
        let hasty = RetryPolicy { base: Duration::ZERO, max: Duration::ZERO, ..policy };
        assert_eq!(hasty.delay(1, 0.0, None), Duration::from_millis(50));
    }

    #[test]
    fn a_pause_grows_with_the_failures_in_a_row_and_is_never_shorter_than_two_seconds() {
        let secs = |random| move |failures| growing_pause(failures, random).as_secs_f64();
        let failures = [0, 1, 2, 3, 4, 5, 6, 7, u32::MAX];
        let longest = failures.map(secs(1.0));
        assert_eq!(longest, [2.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0]);
        let shortest = failures.map(secs(0.0));
        assert_eq!(shortest, [2.0, 2.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]);
        assert_eq!(secs(f64::NAN)(3), 8.0, "whatever a clock's own randomness is");
    }

    #[test]
    fn a_spent_budget_refills_by_a_tenth_for_each_call() {
        let budget = RetryBudget::new();
        assert_eq!((0..100).filter(|_| budget.take()).count(), 20);
        (0..11).for_each(|_| budget.refill());
        assert!(budget.take());
        assert!(!budget.take());
    }
}
