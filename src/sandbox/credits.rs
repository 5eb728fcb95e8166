//! Credits that fall: one balance for each account, one entry for each paid call.

use std::collections::HashMap;
use std::sync::Arc;

use axum::http::HeaderMap;
use serde::Serialize;

use super::clock::Moment;
use super::ids::{digest, hex};
use super::work::{Progress, Work};
use crate::{Credits, ProviderId};

/// What one paid call did to an account. `reserved` = `settled` + `refunded` once its job is over.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LedgerEntry {
    /// Whose credits these are.
    pub provider: ProviderId,
    /// The account, as a fingerprint of its key: a key never leaves the sandbox.
    pub account: String,
    /// The provider's id of the job.
    pub job: String,
    /// The paid operation, by the name it has in the spec.
    pub operation: &'static str,
    /// Taken from the balance when the call was accepted.
    pub reserved: Credits,
    /// Spent for good.
    pub settled: Credits,
    /// Given back, because the job failed.
    pub refunded: Credits,
}

/// Whoever a key belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Account {
    pub(super) provider: ProviderId,
    /// A fingerprint, because somebody may paste a real key by mistake.
    pub(super) name: String,
    is_empty: bool,
}

impl Account {
    /// The key of an account without credits.
    const NO_CREDITS: &str = "sk_sandbox_nocredits";
    /// A key that is refused.
    const REVOKED: &str = "sk_sandbox_revoked";

    /// `None` for the one key that is refused; any other key is an account.
    pub(super) fn of_key(provider: ProviderId, key: &str) -> Option<Self> {
        let name = hex(&digest(&[provider.as_str().as_bytes(), key.as_bytes()])[..6]);
        let is_empty = key == Self::NO_CREDITS;
        (key != Self::REVOKED).then_some(Self { provider, name, is_empty })
    }

    /// Whose key a request carries, if it is a good one.
    pub(super) fn of_headers(provider: ProviderId, headers: &HeaderMap) -> Option<Self> {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let key = match provider {
            ProviderId::BeatApi => header("authorization")?.split_once(' ')?.1,
            _ => header("x-api-key")?,
        };
        Self::of_key(provider, key.trim())
    }
}

/// What becomes of the credits of a job that fails.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Terms {
    /// They come back (documented by BeatAPI alone).
    RefundedOnFailure,
    /// They are spent once the call is accepted.
    Kept,
}

/// What a paid call costs, and on which terms.
pub(super) struct Price {
    pub(super) operation: &'static str,
    pub(super) amount: Credits,
    pub(super) terms: Terms,
}

/// The account has less than the price.
#[derive(Debug)]
pub(super) struct Insufficient;

/// All balances and entries.
pub(super) struct Books {
    start: HashMap<ProviderId, Credits>,
    balances: HashMap<Account, Credits>,
    entries: Vec<LedgerEntry>,
    /// Entries whose job runs.
    open: Vec<(usize, Account, Arc<Work>)>,
}

impl Books {
    pub(super) fn new(start: HashMap<ProviderId, Credits>) -> Self {
        Self { start, balances: HashMap::new(), entries: Vec::new(), open: Vec::new() }
    }

    pub(super) fn balance(&mut self, account: &Account, now: Moment) -> Credits {
        self.settle(now);
        *self.balance_of(account)
    }

    fn balance_of(&mut self, account: &Account) -> &mut Credits {
        let start = self.start.get(&account.provider).copied().unwrap_or_default();
        let start = if account.is_empty { Credits::ZERO } else { start };
        self.balances.entry(account.clone()).or_insert(start)
    }

    /// Takes the price of a job that is accepted.
    pub(super) fn charge(
        &mut self,
        account: &Account,
        job: &str,
        price: &Price,
        work: &Arc<Work>,
    ) -> Result<(), Insufficient> {
        self.settle(work.accepted_at);
        let balance = self.balance_of(account);
        if *balance < price.amount {
            return Err(Insufficient);
        }
        *balance -= price.amount;
        let kept = price.terms == Terms::Kept;
        if !kept {
            self.open.push((self.entries.len(), account.clone(), Arc::clone(work)));
        }
        self.entries.push(LedgerEntry {
            provider: account.provider,
            account: account.name.clone(),
            job: job.to_owned(),
            operation: price.operation,
            reserved: price.amount,
            settled: if kept { price.amount } else { Credits::ZERO },
            refunded: Credits::ZERO,
        });
        Ok(())
    }

    /// All entries, in the order in which the calls were accepted.
    pub(super) fn entries(&mut self, now: Moment) -> Vec<LedgerEntry> {
        self.settle(now);
        self.entries.clone()
    }

    /// Closes the entries of jobs that ended by now.
    fn settle(&mut self, now: Moment) {
        let (over, open) = std::mem::take(&mut self.open)
            .into_iter()
            .partition(|(_, _, work)| work.progress(now).is_over());
        self.open = open;
        for (index, account, work) in over {
            let reserved = self.entries[index].reserved;
            if matches!(work.progress(now), Progress::Failed { .. }) {
                self.entries[index].refunded = reserved;
                *self.balance_of(&account) += reserved;
            } else {
                self.entries[index].settled = reserved;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::sandbox::clock::Clock;

    fn account(key: &str) -> Account {
        Account::of_key(ProviderId::BeatApi, key).unwrap()
    }

    fn price(terms: Terms) -> Price {
        Price { operation: "create_ecommerce_video", amount: Credits::cents(450), terms }
    }

    #[test]
    fn a_failed_job_is_refunded_only_where_that_is_the_rule() {
        for (terms, left) in
            [(Terms::RefundedOnFailure, Credits::whole(20)), (Terms::Kept, Credits::cents(1550))]
        {
            let mut books = Books::new([(ProviderId::BeatApi, Credits::whole(20))].into());
            let now = Clock::new(0.0).now();
            let work = Work::accepted(now, Duration::from_secs(1));
            books.charge(&account("a"), "task_1", &price(terms), &work).unwrap();
            assert_eq!(books.balance(&account("a"), now), Credits::cents(1550));
            assert_eq!(books.balance(&account("b"), now), Credits::whole(20));
            work.made(now, Err("no".to_owned()));
            let later = now.plus(Duration::from_secs(1));
            assert_eq!(books.balance(&account("a"), later), left);
            let entry = &books.entries(later)[0];
            assert_eq!(entry.reserved, entry.settled + entry.refunded);
        }
    }

    #[test]
    fn an_account_cannot_go_below_zero() {
        let mut books = Books::new([(ProviderId::BeatApi, Credits::whole(5))].into());
        let work = Work::accepted(Clock::new(0.0).now(), Duration::ZERO);
        let price = price(Terms::RefundedOnFailure);
        books.charge(&account("a"), "task_1", &price, &work).unwrap();
        books.charge(&account("a"), "task_2", &price, &work).unwrap_err();
        books.charge(&account("sk_sandbox_nocredits"), "task_3", &price, &work).unwrap_err();
        assert_eq!(books.entries(work.accepted_at).len(), 1);
    }

    #[test]
    fn the_revoked_key_is_no_account() {
        assert_eq!(Account::of_key(ProviderId::Jogg, "sk_sandbox_revoked"), None);
        assert!(!format!("{:?}", account("sk_live_1")).contains("sk_live_1"));
    }
}
