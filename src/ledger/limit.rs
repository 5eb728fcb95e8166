//! Limits of what may be spent, and what they hold for.

use std::time::Duration;

use crate::job::Job;
use crate::model::{Credits, Timestamp};

/// A limit on what the jobs of one account may come to, in its provider's credits.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpendLimit {
    /// Which jobs count.
    pub scope: SpendScope,
    /// The most that they may come to, the job included that is to be stored.
    pub most: Credits,
}

/// Which jobs of an account count for a limit.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SpendScope {
    /// The job alone.
    Request,
    /// Those that count for the run with this name.
    Run(String),
    /// Those that last reserved something on this day of UTC, which a time of it names, or later.
    Day(Timestamp),
    /// All of them.
    Account,
}

impl SpendScope {
    /// Whether another job of the account counts.
    pub fn counts(&self, job: &Job) -> bool {
        match self {
            Self::Request => false,
            Self::Run(run) => job.run() == Some(run),
            Self::Day(day) => job.reserved_at().is_some_and(|at| begin_of(at) >= begin_of(*day)),
            Self::Account => true,
        }
    }
}

impl SpendLimit {
    /// A limit.
    pub fn new(scope: SpendScope, most: Credits) -> Self {
        Self { scope, most }
    }
}

/// A day of UTC.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// When the day of UTC began in which a time lies. Ledgers keep a total for each.
pub(super) fn begin_of(time: Timestamp) -> Timestamp {
    let day = i64::try_from(DAY.as_millis()).unwrap_or(i64::MAX);
    let millis = time.as_millis();
    Timestamp::from_millis(millis.saturating_sub(millis.rem_euclid(day)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_also_before_1970() {
        for (millis, begin) in [
            (0, 0),
            (86_399_999, 0),
            (86_400_000, 86_400_000),
            (1_790_000_000_123, 1_789_948_800_000),
            (-1, -86_400_000),
            (i64::MIN, i64::MIN),
        ] {
            assert_eq!(begin_of(Timestamp::from_millis(millis)), Timestamp::from_millis(begin));
        }
    }
}
