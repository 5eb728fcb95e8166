//! The suite finds what is wrong with a ledger.

use adreel::job::SpendKind;
use adreel::ledger::conformance;
use adreel::ledger::{Bounds, SpendLimit, Stored};
use adreel::{Account, BoxFuture, Credits, Job, JobId, JobQuery, Ledger, MemoryLedger, Result};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Flaw {
    WritesNothing,
    StoresAnything,
    StoresInSecret,
    KnowsNoKeys,
    SharesKeysBetweenAccounts,
    ListsBackwards,
    ListsEveryStage,
    ListsWithoutLimit,
    ChecksNoLimits,
    ChecksBeforeItStores,
    CountsOtherAccounts,
    ForgetsRefunds,
    FindsNothing,
}

/// A ledger with one thing wrong.
struct Flawed(MemoryLedger, Flaw);

impl Flawed {
    /// The job with the same key on whatever account.
    async fn elsewhere(&self, job: &Job) -> Result<Option<Job>> {
        let jobs = self.0.list(&JobQuery::all()).await?;
        let with_its_key =
            |other: &Job| job.key_digest().is_some() && other.key_digest() == job.key_digest();
        Ok(jobs.into_iter().flatten().find(with_its_key))
    }

    /// What the other jobs come to that count for a limit.
    async fn committed_beside(&self, job: &Job, limit: &SpendLimit) -> Result<Credits> {
        let jobs = self.0.list(&JobQuery::all()).await?.into_iter().flatten();
        let counts = |other: &Job| {
            let is_its_own = other.account() == job.account();
            other.id() != job.id()
                && (is_its_own || self.1 == Flaw::CountsOtherAccounts)
                && limit.scope.counts(other)
        };
        let reserved = |job: &Job| {
            let entries = job.spending().iter();
            entries.filter(|e| e.kind == SpendKind::Reserved).map(|e| e.amount).sum()
        };
        let others = jobs.filter(counts);
        Ok(match self.1 {
            Flaw::ForgetsRefunds => others.map(|job| reserved(&job)).sum(),
            _ => others.map(|job| job.committed()).sum(),
        })
    }
}

impl Ledger for Flawed {
    fn insert<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<Option<Job>>> {
        Box::pin(async move {
            match self.1 {
                Flaw::WritesNothing => Ok(None),
                Flaw::KnowsNoKeys => {
                    Ok(self.0.insert(job).await?.filter(|old| old.id() == job.id()))
                }
                Flaw::SharesKeysBetweenAccounts => match self.elsewhere(job).await? {
                    Some(other) => Ok(Some(other)),
                    None => self.0.insert(job).await,
                },
                _ => self.0.insert(job).await,
            }
        })
    }

    fn load(&self, id: JobId) -> BoxFuture<'_, Result<Option<Job>>> {
        self.0.load(id)
    }

    fn find<'a>(
        &'a self,
        account: &'a Account,
        key_digest: &'a str,
    ) -> BoxFuture<'a, Result<Option<Job>>> {
        self.0.find(account, key_digest)
    }

    fn store<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<bool>> {
        Box::pin(async move {
            let stored = self.0.store(job).await?;
            Ok(match self.1 {
                Flaw::StoresAnything => true,
                Flaw::StoresInSecret => false,
                _ => stored,
            })
        })
    }

    fn store_within<'a>(
        &'a self,
        job: &'a Job,
        bounds: &'a Bounds,
    ) -> BoxFuture<'a, Result<Stored>> {
        Box::pin(async move {
            let told = |stored| if stored { Stored::Yes } else { Stored::Overtaken };
            match self.1 {
                Flaw::ChecksNoLimits => return self.store(job).await.map(told),
                Flaw::ChecksBeforeItStores | Flaw::CountsOtherAccounts | Flaw::ForgetsRefunds => {}
                _ => return self.0.store_within(job, bounds).await,
            }
            for limit in &bounds.spend {
                let others = self.committed_beside(job, limit).await?;
                if others + job.committed() > limit.most {
                    return Ok(Stored::over(limit.clone(), others));
                }
            }
            // Somebody else may store here.
            tokio::task::yield_now().await;
            self.0.store(job).await.map(told)
        })
    }

    fn find_resource<'a>(
        &'a self,
        account: &'a Account,
        resource: &'a str,
    ) -> BoxFuture<'a, Result<Option<Job>>> {
        Box::pin(async move {
            match self.1 {
                Flaw::FindsNothing => Ok(None),
                _ => self.0.find_resource(account, resource).await,
            }
        })
    }

    fn list<'a>(&'a self, query: &'a JobQuery) -> BoxFuture<'a, Result<Vec<Result<Job>>>> {
        Box::pin(async move {
            let mut query = query.clone();
            match self.1 {
                Flaw::ListsEveryStage => query.stages.clear(),
                Flaw::ListsWithoutLimit => query.limit = None,
                _ => {}
            }
            let mut listed = self.0.list(&query).await?;
            if self.1 == Flaw::ListsBackwards {
                listed.reverse();
            }
            Ok(listed)
        })
    }
}

#[tokio::test]
async fn each_flaw_breaks_a_rule() {
    for (flaw, rule) in [
        (Flaw::WritesNothing, "a job is loaded as it was inserted"),
        (Flaw::StoresAnything, "a job that was never inserted is not stored"),
        (Flaw::StoresInSecret, "the next revision is stored"),
        (Flaw::KnowsNoKeys, "the job that has the key already is returned"),
        (Flaw::SharesKeysBetweenAccounts, "a new job is inserted"),
        (Flaw::ListsBackwards, "jobs are listed in the order of their ids"),
        (Flaw::ListsEveryStage, "jobs are listed by the stage that they are at now"),
        (Flaw::ListsWithoutLimit, "a limit leaves the first ones"),
        (Flaw::ChecksNoLimits, "what would pass a limit is told with what the others come to"),
        (Flaw::ChecksBeforeItStores, "of many who store at the same time none passes a limit"),
        (Flaw::CountsOtherAccounts, "what stays within a limit is stored"),
        (Flaw::ForgetsRefunds, "what was refunded counts no more"),
        (Flaw::FindsNothing, "the newest job is found by what its provider calls it"),
    ] {
        let checked = conformance::check(async || Flawed(MemoryLedger::new(), flaw)).await;
        assert_eq!(checked, Err(format!("a ledger breaks the rule: {rule}")), "{flaw:?}");
    }
}

#[tokio::test]
async fn a_ledger_that_forgets_is_not_persistent() {
    let checked = conformance::check_persistent(async || MemoryLedger::new()).await;
    assert!(checked.is_err_and(|broken| broken.contains("another one stores")));
}
