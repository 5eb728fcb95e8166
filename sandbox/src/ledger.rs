//! The ledger: one balance for each account, and one entry for each paid call.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use axum::http::HeaderMap;
use rust_decimal::Decimal;
use rust_decimal::serde::float;
use serde::Serialize;

use super::clock::Moment;
use super::ids::{digest, hex};
use super::unfinished::Unfinished;
use super::work::{Progress, Work};
use crate::credits::Credits;
use crate::provider::Provider;

/// What one paid call did to an account. `reserved` = `settled` + `refunded` once its job is over.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LedgerEntry {
    /// Whose credits these are, by name: `beatapi`, `creatify` or `jogg`.
    pub provider: &'static str,
    /// The account, as a fingerprint of its key: a key never leaves the sandbox.
    pub account: String,
    /// The provider's id of the job.
    pub job: String,
    /// The paid operation, by the name it has in the spec.
    pub operation: &'static str,
    /// Taken from the balance when the call was accepted.
    #[serde(serialize_with = "float::serialize")]
    pub reserved: Decimal,
    /// Spent for good.
    #[serde(serialize_with = "float::serialize")]
    pub settled: Decimal,
    /// Given back, because the job failed.
    #[serde(serialize_with = "float::serialize")]
    pub refunded: Decimal,
}

/// What all entries of one account come to.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct AccountBalance {
    /// Whose credits these are, by name: `beatapi`, `creatify` or `jogg`.
    pub provider: &'static str,
    /// The account, as in its [entries](LedgerEntry).
    pub account: String,
    /// What it began with.
    #[serde(serialize_with = "float::serialize")]
    pub started: Decimal,
    /// What is left.
    #[serde(serialize_with = "float::serialize")]
    pub balance: Decimal,
    /// Reserved for jobs that are not over.
    #[serde(serialize_with = "float::serialize")]
    pub open: Decimal,
    /// Spent for good.
    #[serde(serialize_with = "float::serialize")]
    pub settled: Decimal,
    /// Given back, and so part of the balance again.
    #[serde(serialize_with = "float::serialize")]
    pub refunded: Decimal,
    /// Whether `started` = `balance` + `open` + `settled`, and no amount is below zero. The balance
    /// is kept by itself and not worked out from the entries, so this can fail.
    pub balances: bool,
}

/// The account that a key belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Account {
    pub(super) provider: Provider,
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
    pub(super) fn of_key(provider: Provider, key: &str) -> Option<Self> {
        let name = hex(&digest(&[provider.as_str().as_bytes(), key.as_bytes()])[..6]);
        let is_empty = key == Self::NO_CREDITS;
        (key != Self::REVOKED).then_some(Self { provider, name, is_empty })
    }

    /// The account of the key in a request's headers, if there is one.
    pub(super) fn of_headers(provider: Provider, headers: &HeaderMap) -> Option<Self> {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let key = match provider {
            Provider::BeatApi => header("authorization")?.split_once(' ')?.1,
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
    start: HashMap<Provider, Credits>,
    balances: HashMap<Account, Credits>,
    entries: Vec<LedgerEntry>,
    /// Entries whose job runs.
    open: Unfinished<(usize, Account)>,
}

impl Books {
    pub(super) fn new(start: HashMap<Provider, Credits>) -> Self {
        Self { start, balances: HashMap::new(), entries: Vec::new(), open: Unfinished::new() }
    }

    pub(super) fn balance(&mut self, account: &Account, now: Moment) -> Credits {
        self.settle(now);
        // A mere read adds no account.
        self.balances.get(account).copied().unwrap_or_else(|| self.start_of(account))
    }

    fn balance_of(&mut self, account: &Account) -> &mut Credits {
        let start = self.start_of(account);
        self.balances.entry(account.clone()).or_insert(start)
    }

    fn start_of(&self, account: &Account) -> Credits {
        let start = self.start.get(&account.provider).copied().unwrap_or_default();
        if account.is_empty { Credits::ZERO } else { start }
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
            self.open.push(work, (self.entries.len(), account.clone()));
        }
        self.entries.push(LedgerEntry {
            provider: account.provider.as_str(),
            account: account.name.clone(),
            job: job.to_owned(),
            operation: price.operation,
            reserved: price.amount.into(),
            settled: if kept { price.amount.into() } else { Decimal::ZERO },
            refunded: Decimal::ZERO,
        });
        Ok(())
    }

    /// All entries, in the order in which the calls were accepted.
    pub(super) fn entries(&mut self, now: Moment) -> Vec<LedgerEntry> {
        self.entries_of(now, |_| true)
    }

    /// The entries of some jobs.
    pub(super) fn entries_of(
        &mut self,
        now: Moment,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Vec<LedgerEntry> {
        self.settle(now);
        self.entries.iter().filter(|entry| is_wanted(&entry.job)).cloned().collect()
    }

    /// What the entries of each account come to that has any.
    pub(super) fn balances(&mut self, now: Moment) -> Vec<AccountBalance> {
        self.settle(now);
        let mut sums: BTreeMap<(&str, &str), [Decimal; 3]> = BTreeMap::new();
        for entry in &self.entries {
            let sums = sums.entry((entry.provider, &entry.account)).or_default();
            sums[0] += entry.reserved - entry.settled - entry.refunded;
            sums[1] += entry.settled;
            sums[2] += entry.refunded;
        }
        let accounts = self.balances.iter().filter_map(|(account, balance)| {
            let sums = sums.get(&(account.provider.as_str(), account.name.as_str()))?;
            Some(AccountBalance::of(account, self.start_of(account), *balance, *sums))
        });
        let mut accounts: Vec<_> = accounts.collect();
        accounts.sort_by(|a, b| (a.provider, &a.account).cmp(&(b.provider, &b.account)));
        accounts
    }

    /// Closes the entries of jobs that ended by now.
    fn settle(&mut self, now: Moment) {
        for ((index, account), end) in self.open.take_ended(now) {
            let entry = &mut self.entries[index];
            if matches!(end, Progress::Failed { .. }) {
                let reserved = entry.reserved;
                entry.refunded = reserved;
                *self.balance_of(&account) += reserved.into();
            } else {
                entry.settled = entry.reserved;
            }
        }
    }
}

impl AccountBalance {
    fn of(account: &Account, started: Credits, balance: Credits, sums: [Decimal; 3]) -> Self {
        let (started, balance) = (Decimal::from(started), Decimal::from(balance));
        let [open, settled, refunded] = sums.map(|sum| sum.normalize());
        let is_sound = [balance, open, settled, refunded].iter().all(|sum| *sum >= Decimal::ZERO);
        Self {
            provider: account.provider.as_str(),
            account: account.name.clone(),
            started,
            balance,
            open,
            settled,
            refunded,
            balances: is_sound && started == balance + open + settled,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock::Clock;

    fn account(key: &str) -> Account {
        Account::of_key(Provider::BeatApi, key).unwrap()
    }

    fn price(terms: Terms) -> Price {
        Price { operation: "create_ecommerce_video", amount: Credits::cents(450), terms }
    }

    #[test]
    fn a_failed_job_is_refunded_only_where_that_is_the_rule() {
        for (terms, left) in
            [(Terms::RefundedOnFailure, Credits::whole(20)), (Terms::Kept, Credits::cents(1550))]
        {
            let mut books = Books::new([(Provider::BeatApi, Credits::whole(20))].into());
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
            let balances = books.balances(later);
            assert_eq!(balances.len(), 1, "who paid for nothing has no balance to show");
            assert_eq!((balances[0].balance, balances[0].open), (left.into(), Decimal::ZERO));
            assert!(balances[0].balances);
        }
    }

    #[test]
    fn an_account_cannot_go_below_zero() {
        let mut books = Books::new([(Provider::BeatApi, Credits::whole(5))].into());
        let work = Work::accepted(Clock::new(0.0).now(), Duration::ZERO);
        let price = price(Terms::RefundedOnFailure);
        books.charge(&account("a"), "task_1", &price, &work).unwrap();
        books.charge(&account("a"), "task_2", &price, &work).unwrap_err();
        books.charge(&account("sk_sandbox_nocredits"), "task_3", &price, &work).unwrap_err();
        assert_eq!(books.entries(work.accepted_at).len(), 1);
    }

    /// Jobs of all kinds over some accounts, each with an end of its own.
    #[test]
    fn every_account_balances_at_every_moment() {
        let start = Clock::new(0.0).now();
        let credits = [Provider::BeatApi, Provider::Creatify, Provider::Jogg];
        let mut books = Books::new(credits.map(|provider| (provider, Credits::whole(900))).into());
        let mut roll = 7u64;
        let mut roll = |sides: u64| {
            roll = roll.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (roll >> 33) % sides
        };
        let mut works: Vec<Arc<Work>> = Vec::new();
        let (mut refused, mut seen) = (0, 0);
        for secs in 0..2_000 {
            let now = start.plus(Duration::from_secs(secs));
            let provider = credits[roll(3) as usize];
            let account = Account::of_key(provider, &roll(4).to_string()).unwrap();
            let kept = provider != Provider::BeatApi;
            let terms = if kept { Terms::Kept } else { Terms::RefundedOnFailure };
            let amount = Credits::cents(roll(2_000) as u32);
            let work = Work::accepted(now, Duration::from_secs(roll(200)));
            let price = Price { operation: "create_ecommerce_video", amount, terms };
            match books.charge(&account, &secs.to_string(), &price, &work) {
                Ok(()) => works.push(work),
                Err(Insufficient) => refused += 1,
            }
            if !works.is_empty() && roll(2) == 0 {
                let made = works.swap_remove(roll(works.len() as u64) as usize);
                let result = if roll(3) == 0 { Err("no".to_owned()) } else { Ok(()) };
                made.made(now, result);
            }
            let balances = books.balances(now);
            assert!(balances.iter().all(|account| account.balances), "{balances:#?}");
            seen += usize::from(balances.iter().any(|account| account.open > Decimal::ZERO));
        }
        let entries = books.entries(start.plus(Duration::from_secs(9_999)));
        let refunded = entries.iter().filter(|entry| entry.refunded > Decimal::ZERO).count();
        assert_eq!(entries.len() + refused, 2_000);
        assert!(refused > 20 && refunded > 20 && seen > 1_000, "{refused} {refunded} {seen}");

        // Books that lost a credit do not balance.
        *books.balances.values_mut().next().unwrap() += Credits::cents(1);
        let later = start.plus(Duration::from_secs(9_999));
        assert_eq!(books.balances(later).iter().filter(|account| !account.balances).count(), 1);
    }

    #[test]
    fn the_revoked_key_is_no_account() {
        assert_eq!(Account::of_key(Provider::Jogg, "sk_sandbox_revoked"), None);
        assert!(!format!("{:?}", account("sk_live_1")).contains("sk_live_1"));
    }
}
