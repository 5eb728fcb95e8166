//! What is known of every account's capacity in this process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::account_pace::AccountPace;
use super::queue::Line;
use crate::model::Account;

/// The lines of all accounts, and their pace where the ledger keeps none.
#[derive(Default)]
pub(in crate::client) struct Gates {
    lines: Mutex<HashMap<Account, Arc<Line>>>,
    local: Mutex<Option<HashMap<Account, (AccountPace, u64)>>>,
}

impl Gates {
    pub(super) fn line(&self, account: &Account) -> Arc<Line> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(lines.entry(account.clone()).or_default())
    }

    pub(super) fn is_local(&self) -> bool {
        self.locals().is_some()
    }

    pub(super) fn local(&self, account: &Account) -> Option<(AccountPace, u64)> {
        Some(self.locals().as_ref()?.get(account).cloned().unwrap_or_default())
    }

    pub(super) fn keep(&self, account: &Account, pace: &AccountPace, revision: u64) -> bool {
        let mut locals = self.locals();
        let kept = locals.get_or_insert_default().entry(account.clone()).or_default();
        let is_next = kept.1 == revision;
        if is_next {
            *kept = (pace.clone(), revision + 1);
        }
        is_next
    }

    fn locals(&self) -> MutexGuard<'_, Option<HashMap<Account, (AccountPace, u64)>>> {
        self.local.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
