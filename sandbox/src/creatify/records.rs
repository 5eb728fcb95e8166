//! Records of one kind, each of which only its own account finds.

use std::collections::HashMap;

use super::Refusal;
use crate::ledger::Account;

/// A record that has an id and belongs to an account.
pub(super) trait Owned {
    /// Its name in the service's refusals.
    const MODEL: &'static str;

    fn account(&self) -> &Account;

    fn id(&self) -> &str;
}

/// All records of a kind, in the order in which they were made.
pub(super) struct RecordStore<T> {
    all: Vec<T>,
    by_id: HashMap<String, usize>,
}

impl<T> Default for RecordStore<T> {
    fn default() -> Self {
        Self { all: Vec::new(), by_id: HashMap::new() }
    }
}

impl<T: Owned> RecordStore<T> {
    pub(super) fn add(&mut self, record: T) {
        self.by_id.insert(record.id().to_owned(), self.all.len());
        self.all.push(record);
    }

    /// Another account's record is not found.
    pub(super) fn find(&mut self, account: &Account, id: &str) -> Result<&mut T, Refusal> {
        let index = self.by_id.get(id).copied();
        let record = index.and_then(|index| self.all.get_mut(index));
        record.filter(|record| record.account() == account).ok_or(Refusal::NoRecord(T::MODEL))
    }

    /// The account's records, or those of them that `ids` names; unknown ids are left out.
    pub(super) fn list(
        &self,
        account: &Account,
        ids: Option<&[String]>,
    ) -> impl Iterator<Item = &T> {
        let is_named = move |id: &str| ids.is_none_or(|ids| ids.iter().any(|known| known == id));
        let own = self.all.iter().filter(move |record| record.account() == account);
        own.filter(move |record| is_named(record.id()))
    }
}
