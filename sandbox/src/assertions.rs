//! What a test claims about a client, held against what the sandbox saw.

use std::fmt::Write as _;

use super::Sandbox;

/// How many cases a message lists.
const MOST_LISTED: usize = 5;

/// Fails with every case in the message, for the log of a test that nobody watches.
#[track_caller]
fn assert_none<T>(what: &str, cases: &[T], say: impl Fn(&T) -> String) {
    if cases.is_empty() {
        return;
    }
    let mut message = format!("{} {what}", cases.len());
    for case in cases.iter().take(MOST_LISTED) {
        let _ = write!(message, "\n  {}", say(case));
    }
    panic!("{message}");
}

impl Sandbox {
    /// That nothing was paid for twice; see [`DoubleSubmit`](super::DoubleSubmit).
    ///
    /// # Panics
    /// With the calls that were doubles.
    #[track_caller]
    pub fn assert_no_double_submits(&self) {
        assert_none("double submits", &self.double_submits(), |double| {
            let (provider, operation) = (double.provider, double.operation);
            format!("{provider} {operation}: {} repeats {}", double.job, double.first)
        });
    }

    /// That a client waited as long as `Retry-After` said.
    ///
    /// # Panics
    /// With their number, where requests came before their `Retry-After`.
    #[track_caller]
    pub fn assert_no_early_retries(&self) {
        let early = self.counters().total.early_retries;
        assert_eq!(early, 0, "{early} requests came before the time that Retry-After named");
    }

    /// That so many paid calls were accepted.
    ///
    /// # Panics
    /// With those that were.
    #[track_caller]
    pub fn assert_submits(&self, accepted: usize) {
        let ledger = self.ledger();
        let calls = ledger.iter().map(|entry| format!("\n  {} {}", entry.operation, entry.job));
        let calls: String = calls.take(MOST_LISTED).collect();
        assert_eq!(ledger.len(), accepted, "{} paid calls were accepted{calls}", ledger.len());
    }

    /// That every credit is somewhere: what an account began with is its balance, what is settled
    /// and what is reserved for jobs that run.
    ///
    /// # Panics
    /// With the accounts where it is not.
    #[track_caller]
    pub fn assert_balanced(&self) {
        let wrong: Vec<_> =
            self.balances().into_iter().filter(|balance| !balance.balances).collect();
        assert_none("accounts that do not balance", &wrong, |balance| format!("{balance:?}"));
    }
}
