//! Which limit ended a wait.

use std::fmt;
use std::time::Duration;

/// The limit that ended a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Limit {
    /// The wait lasted this long.
    Time(Duration),
    /// The job is this old.
    JobAge(Duration),
    /// So many reads of its status failed in a row.
    FailedReads(u32),
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time(time) => write!(f, "the time limit of {time:?} passed"),
            Self::JobAge(age) => write!(f, "the job is older than its limit of {age:?}"),
            Self::FailedReads(1) => f.write_str("its status could not be read"),
            Self::FailedReads(reads) => write!(f, "its status could not be read {reads} times"),
        }
    }
}
