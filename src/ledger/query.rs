//! Which jobs to list.

use crate::job::{Account, JobId, Stage};

/// Which jobs to list. Default: all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct JobQuery {
    /// Only jobs at one of these stages; all where it is empty.
    pub stages: Vec<Stage>,
    /// Only jobs of this account.
    pub account: Option<Account>,
    /// Only jobs that come after this one.
    pub after: Option<JobId>,
    /// At most this many.
    pub limit: Option<u32>,
}

impl JobQuery {
    /// All jobs.
    pub fn all() -> Self {
        Self::default()
    }

    /// Jobs at one of these stages.
    pub fn at(stages: impl IntoIterator<Item = Stage>) -> Self {
        Self { stages: stages.into_iter().collect(), ..Self::default() }
    }

    /// Only those of one account.
    #[must_use]
    pub fn of(mut self, account: &Account) -> Self {
        self.account = Some(account.clone());
        self
    }

    /// Only those that come after this one.
    #[must_use]
    pub fn after(mut self, id: JobId) -> Self {
        self.after = Some(id);
        self
    }

    /// At most this many.
    #[must_use]
    pub fn limit(mut self, most: u32) -> Self {
        self.limit = Some(most);
        self
    }
}
