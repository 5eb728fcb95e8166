use std::sync::Mutex;
use std::time::Duration;

/// When a call that may be repeated is repeated.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// How many attempts a call has in all. Default: 4.
    pub max_attempts: u32,
    /// The longest first wait; each further one may be twice as long. Default: 500 ms.
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
    /// The same deadline with a single attempt.
    #[must_use]
    pub const fn once(mut self) -> Self {
        self.max_attempts = 1;
        self
    }

    /// The wait before the attempt after `attempt` (from 1): full jitter, so that many clients
    /// that failed together do not come back together, and never before the provider asked.
    pub(crate) fn delay(&self, attempt: u32, random: f64, asked: Option<Duration>) -> Duration {
        let doublings = attempt.saturating_sub(1).min(16);
        let ceiling = self.base.saturating_mul(1 << doublings).min(self.max);
        asked.unwrap_or_default() + ceiling.mul_f64(random)
    }
}

/// The pause after so many refusals in a row: 2 s and ever longer, up to a minute.
pub(crate) fn growing_pause(failures: u32, random: f64) -> Duration {
    let doublings = failures.saturating_sub(1).min(5);
    let ceiling =
        Duration::from_secs(4).saturating_mul(1 << doublings).min(Duration::from_secs(60));
    ceiling.mul_f64(0.5 + 0.5 * random.clamp(0.0, 1.0))
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
        assert_eq!(policy.delay(1, 0.0, None), Duration::ZERO);
        let asked = Some(Duration::from_secs(30));
        assert_eq!(policy.delay(1, 0.5, asked), Duration::from_millis(30_250));
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
