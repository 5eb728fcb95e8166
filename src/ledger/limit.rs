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
    /// Those that reserved something since this time, the beginning of a day.
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
            Self::Day(begin) => job.reserved_at().is_some_and(|at| at >= *begin),
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

/// What became of a job that was to be stored within limits.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stored {
    /// It is stored.
    Yes,
    /// Somebody else stored first; nothing was written.
    Overtaken,
    /// It would break a limit; nothing was written.
    #[non_exhaustive]
    Over {
        /// Which one.
        limit: SpendLimit,
        /// What the other jobs that count for it come to.
        others: Credits,
    },
}

impl Stored {
    /// The answer for a limit that would be broken.
    pub fn over(limit: SpendLimit, others: Credits) -> Self {
        Self::Over { limit, others }
    }
}
