//! Spend limits, and jobs that are found by what their provider calls them.

use futures_util::future::join_all;

use super::jobs::{account, announced, outcomes};
use super::{Broken, Checked, RIVALS, Suite, rule};
use crate::error::ErrorKind;
use crate::job::{Job, Outcome, Reason, Seen, SubmitOutcome};
use crate::ledger::{Bounds, Ledger, SpendLimit, SpendScope, Stored};
use crate::model::{Credits, ProviderId, Timestamp};

/// A day, in milliseconds.
pub(super) const DAY: i64 = 24 * 60 * 60 * 1_000;

/// What each of the suite's jobs reserves.
pub(super) const RESERVES: Credits = Credits::whole(4);

pub(super) fn within(scope: SpendScope, most: Credits) -> Bounds {
    Bounds::spending([SpendLimit::new(scope, most)])
}

impl<L: Ledger> Suite<'_, L> {
    /// A job in the ledger whose next step is paid, and the same with that step announced.
    async fn about_to_pay(&self, job: Job, run: &str) -> Checked<Job> {
        let mut job = self.inserted(job).await?;
        for outcome in outcomes().into_iter().take(2) {
            job = self.jobs.after(&job, outcome);
            rule(self.ledger.store(&job).await?, "the next revision is stored")?;
        }
        Ok(self.jobs.after(&job, announced(run)))
    }

    async fn spends(&self, job: &Job, bounds: &Bounds) -> Checked<Stored> {
        Ok(self.ledger.store_within(job, bounds).await?)
    }

    pub(super) async fn what_spends_is_stored_within_its_limits(&self) -> Checked {
        // An account of its own, since amounts of other rules would count.
        let mine = account(ProviderId::Creatify, "limits", "http://127.0.0.1");
        let fresh = || self.jobs.with(&mine, None);
        let total = |most| within(SpendScope::Account, Credits::whole(most));
        let first = self.about_to_pay(fresh(), "a").await?;
        match self.ledger.store_within(&first, &total(8)).await {
            // A ledger may refuse limits altogether, as long as it then writes nothing.
            Err(error) if error.kind() == ErrorKind::Unsupported => {
                let unwritten = self.ledger.load(first.id()).await?;
                let is_before = unwritten.is_some_and(|row| row.revision() + 1 == first.revision());
                return rule(is_before, "what is refused for its limits is not written");
            }
            stored => rule(stored? == Stored::Yes, "what stays within a limit is stored")?,
        }
        rule(self.is_there(&first).await?, "what stays within a limit is stored")?;
        let again = self.spends(&first, &total(8)).await?;
        rule(again == Stored::Overtaken, "limits do not let a stale job be stored")?;
        let second = self.about_to_pay(fresh(), "b").await?;
        rule(self.spends(&second, &total(8)).await? == Stored::Yes, "a limit can be reached")?;

        let third = self.about_to_pay(fresh(), "a").await?;
        let over = self.spends(&third, &total(11)).await?;
        let expected = Stored::over(
            SpendLimit::new(SpendScope::Account, Credits::whole(11)),
            RESERVES.times(2),
        );
        rule(over == expected, "what would pass a limit is told with what the others come to")?;
        let written = self.ledger.load(third.id()).await?;
        let is_before = written.is_some_and(|row| row.revision() + 1 == third.revision());
        rule(is_before, "what would pass a limit is not written")?;
        self.each_scope_counts_its_own(&third).await?;

        // What is given back has room for others again.
        let refused = self.jobs.after(&first, refused());
        rule(self.ledger.store(&refused).await?, "the next revision is stored")?;
        let stored = self.spends(&third, &total(8)).await?;
        rule(stored == Stored::Yes, "what was refunded counts no more")
    }

    /// Two others have reserved 4 each, one in the run `a` and one in the run `b`.
    async fn each_scope_counts_its_own(&self, third: &Job) -> Checked {
        let millis = third.reserved_at().map_or(0, Timestamp::as_millis);
        let at = |millis| SpendScope::Day(Timestamp::from_millis(millis));
        for (scope, others, told) in [
            (SpendScope::Request, 0, "the limit of a request counts the job alone"),
            (SpendScope::Run("a".to_owned()), 1, "the limit of a run counts the run's jobs"),
            (SpendScope::Run("c".to_owned()), 0, "the limit of a run counts the run's jobs"),
            (at(millis + DAY), 0, "the limit of a day counts what was reserved since it began"),
            (at(millis), 2, "the limit of a day counts what was reserved since it began"),
            (at(millis - DAY), 2, "the limit of a day counts what was reserved since it began"),
            (SpendScope::Account, 2, "the limit of an account counts all of its jobs"),
        ] {
            let others = RESERVES.times(others);
            let most = others + Credits::cents(399);
            let over = self.spends(third, &within(scope.clone(), most)).await?;
            rule(over == Stored::over(SpendLimit::new(scope, most), others), told)?;
        }
        // The first limit that is broken is told, wherever it stands.
        let loose = SpendLimit::new(SpendScope::Account, Credits::whole(1_000));
        let tight = SpendLimit::new(SpendScope::Run("b".to_owned()), Credits::whole(7));
        let over = self.spends(third, &Bounds::spending([loose, tight.clone()])).await?;
        rule(over == Stored::over(tight, RESERVES), "every limit is checked")?;

        for elsewhere in [
            account(ProviderId::Jogg, "limits", "http://127.0.0.1"),
            account(ProviderId::Creatify, "others", "http://127.0.0.1"),
            account(ProviderId::Creatify, "limits", "https://api.creatify.ai"),
        ] {
            let job = self.about_to_pay(self.jobs.with(&elsewhere, None), "a").await?;
            let stored = self.spends(&job, &within(SpendScope::Account, RESERVES)).await?;
            rule(stored == Stored::Yes, "each provider, account and realm has limits of its own")?;
        }
        Ok(())
    }

    pub(super) async fn as_many_of_many_rivals_spend_as_a_limit_lets(&self) -> Checked {
        let mine = account(ProviderId::Creatify, "rivals", "http://127.0.0.1");
        let mut rivals = Vec::new();
        for _ in 0..RIVALS {
            rivals.push(self.about_to_pay(self.jobs.with(&mine, None), "a").await?);
        }
        let limits = within(SpendScope::Account, RESERVES.times(5) + Credits::whole(3));
        let calls = rivals.iter().zip(self.turns());
        let calls = calls.map(|(rival, ledger)| ledger.store_within(rival, &limits));
        let mut stored = 0;
        for answer in join_all(calls).await {
            match answer {
                Ok(Stored::Yes) => stored += 1,
                Ok(Stored::Over { .. }) => {}
                Err(error) if error.kind() == ErrorKind::Unsupported => return Ok(()),
                Ok(Stored::Overtaken | Stored::Full { .. }) => {
                    return Err(Broken(
                        "a ledger takes its own check for somebody else".to_owned(),
                    ));
                }
                Err(error) => return Err(error.into()),
            }
        }
        rule(stored <= 5, "of many who store at the same time none passes a limit")?;
        rule(stored == 5, "a limit keeps nobody back for whom there is room")
    }

    pub(super) async fn a_job_is_found_by_what_its_provider_calls_it(&self) -> Checked {
        let mine = &self.jobs.account;
        let unknown = self.ledger.find_resource(mine, "nothing").await?;
        rule(unknown.is_none(), "an unknown id of a provider finds nothing")?;
        // An id that no job of another rule has.
        let name = format!("task {}", self.jobs.id());
        let mut made = Vec::new();
        for _ in 0..2 {
            let job = self.about_to_pay(self.jobs.job(), "a").await?;
            rule(self.ledger.store(&job).await?, "the next revision is stored")?;
            let none = self.ledger.find_resource(mine, &name).await?;
            rule(none == made.last().cloned(), "a job is not found before it has the id")?;
            let running = self.jobs.after(&job, accepted(&name));
            rule(self.ledger.store(&running).await?, "the next revision is stored")?;
            let found = self.other.find_resource(mine, &name).await?;
            let told = "the newest job is found by what its provider calls it";
            rule(found.as_ref() == Some(&running), told)?;
            made.push(running);
        }
        let other = account(mine.provider, "another", &mine.realm);
        let elsewhere = self.ledger.find_resource(&other, &name).await?;
        rule(elsewhere.is_none(), "an id of a provider is looked for within its account")
    }
}

fn refused() -> Outcome {
    let reason = Reason::new(ErrorKind::OutOfCredits, "no");
    let outcome = SubmitOutcome::Rejected { reason, again_after: None };
    Outcome::Submitted { step: 1, attempt: 1, outcome }
}

/// The answer was lost, and what it said is found.
fn accepted(resource: &str) -> Outcome {
    super::jobs::look(Seen::Found {
        resource: resource.to_owned(),
        poll_after: Some(std::time::Duration::from_secs(1)),
        offers: Vec::new(),
        others: Vec::new(),
        doubt: None,
    })
}
