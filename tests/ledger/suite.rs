//! The suite finds what is wrong with a ledger.

use adreel::ledger::conformance;
use adreel::{Account, BoxFuture, Job, JobId, JobQuery, Ledger, MemoryLedger, Result};

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

    fn find_resource<'a>(
        &'a self,
        account: &'a Account,
        resource: &'a str,
    ) -> BoxFuture<'a, Result<Option<Job>>> {
        self.0.find_resource(account, resource)
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
