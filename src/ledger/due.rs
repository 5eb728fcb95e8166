//! Jobs that are due, claimed by one of several replicas.

use crate::job::Account;
use crate::model::Timestamp;

/// Who takes which of the jobs for which something is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DueClaim {
    /// Only jobs of these accounts; of all where it is empty.
    pub accounts: Vec<Account>,
    /// Who takes them. What this holder has already is taken again, until the new time.
    pub holder: String,
    /// The present: jobs that are [due](crate::Job::due_at) by now are taken.
    pub now: Timestamp,
    /// Until when nobody else takes them.
    pub until: Timestamp,
    /// At most this many.
    pub limit: u32,
}

impl DueClaim {
    /// Jobs of all accounts.
    pub fn new(holder: impl Into<String>, now: Timestamp, until: Timestamp, limit: u32) -> Self {
        Self { accounts: Vec::new(), holder: holder.into(), now, until, limit }
    }

    /// Only jobs of these accounts; of all where there is none.
    #[must_use]
    pub fn of<'a>(mut self, accounts: impl IntoIterator<Item = &'a Account>) -> Self {
        self.accounts = accounts.into_iter().cloned().collect();
        self
    }
}
