//! What ends a wait.

use std::time::Duration;

/// How long a wait lasts by default. Providers name 10 minutes for a video; half an hour means
/// that something is wrong.
const TIME: Duration = Duration::from_secs(30 * 60);

/// What ends a wait before its job has ended. A value: set one for a client, or for a single wait.
///
/// The job itself goes on whatever ends the wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitPolicy {
    pub(crate) time: Duration,
    /// The same as errors say it, where the clock is scaled.
    pub(crate) shown: Option<Duration>,
    pub(crate) job_age: Option<Duration>,
    pub(crate) failed_reads: Option<u32>,
    pub(crate) through_actions: bool,
}

impl Default for WaitPolicy {
    fn default() -> Self {
        Self { time: TIME, shown: None, job_age: None, failed_reads: None, through_actions: false }
    }
}

impl WaitPolicy {
    /// The default: 30 minutes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Waits for this long. Default: 30 minutes.
    #[must_use]
    pub fn time_limit(mut self, time: Duration) -> Self {
        (self.time, self.shown) = (time, None);
        self
    }

    /// The same on a clock that is slower or faster than people's, such as a
    /// [`ScaledClock`](crate::clock::ScaledClock): it waits for `time` of that clock, and errors say `shown`.
    #[must_use]
    pub fn time_limit_shown(self, time: Duration, shown: Duration) -> Self {
        Self { shown: Some(shown), ..self.time_limit(time) }
    }

    /// Waits until the job is this old, however often somebody came back to it. Default: no limit.
    #[must_use]
    pub fn job_age_limit(mut self, age: Duration) -> Self {
        self.job_age = Some(age);
        self
    }

    /// Waits until so many reads of the status have failed in a row. Default: no limit, since a
    /// provider that cannot be reached for a while goes on with the job.
    #[must_use]
    pub fn failed_reads_limit(mut self, most: u32) -> Self {
        self.failed_reads = Some(most.max(1));
        self
    }

    /// Goes on waiting where the provider waits for somebody to act on its own page. Default: that
    /// ends a wait.
    #[must_use]
    pub fn through_actions(mut self) -> Self {
        self.through_actions = true;
        self
    }
}
