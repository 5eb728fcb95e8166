//! Ledgers: the suite for anybody's, what breaks under them, and who sits at them.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]
#![allow(clippy::print_stderr, reason = "a test that is skipped says so")]

mod events;
mod faults;
mod migrations;
#[cfg(feature = "postgres")]
mod postgres;
mod seats;
mod sqlite;
mod suite;
mod suite_shared;
#[path = "../support/with_log.rs"]
mod with_log;

use adreel::job::Sending;
use adreel::ledger::conformance;
use adreel::{Job, JobQuery, Ledger, MemoryLedger, Timestamp};

#[tokio::test]
async fn memory_conforms() {
    assert_eq!(conformance::check(async || MemoryLedger::new()).await, Ok(()));
}

/// A job after its paid call was announced.
fn announced(job: &Job) -> Job {
    let now = job.updated_at() + std::time::Duration::from_secs(1);
    let second = std::time::Duration::from_secs(1);
    let sending = adreel::job::Outcome::Sending(Sending::new(90 * second, 1_800 * second));
    adreel::job::apply(job.clone(), sending, now)
}

/// A new job in a ledger.
async fn inserted(ledger: &impl Ledger) -> Job {
    let job = conformance::job();
    assert_eq!(ledger.insert(&job).await.unwrap(), None);
    job
}

/// What a row is to say of a job, apart from its texts.
type Columns = (String, String, String, String, Option<String>, String, Option<i64>, i64, i64, i64);
const COLUMNS: &str = "SELECT id, provider, account, realm, job_key, stage, due_at, revision, \
     created_at, updated_at FROM adreel_jobs";

fn columns(job: &Job) -> Columns {
    (
        job.id().to_string(),
        job.account().provider.to_string(),
        job.account().name.clone(),
        job.account().realm.clone(),
        job.key_digest().map(str::to_owned),
        job.stage().to_string(),
        job.due_at().map(Timestamp::as_millis),
        i64::try_from(job.revision()).unwrap(),
        job.created_at().as_millis(),
        job.updated_at().as_millis(),
    )
}

/// What is readable, by revision, and whose the others are.
async fn listed(ledger: &impl Ledger) -> Vec<Result<u64, Option<adreel::JobId>>> {
    let listed = ledger.list(&JobQuery::all()).await.unwrap();
    let told = |error: adreel::Error| {
        assert_eq!(error.kind(), adreel::ErrorKind::Decode, "{error}");
        error.job_id()
    };
    listed.into_iter().map(|job| job.map(|job| job.revision()).map_err(told)).collect()
}
