//! Ledgers of earlier releases are brought up to date, and those releases then write no more.

use adreel::job::{Outcome, apply};
use adreel::ledger::SpendScope;
use adreel::{Account, Credits, Job, JobQuery, Ledger, Sql, Timestamp};
use sqlx::SqlitePool;

use crate::sqlite::{open, pool};

/// What the release before made, with jobs of two accounts in it.
const VERSION_3: &str = include_str!("../fixtures/ledgers/version-3-sqlite.sql");
#[cfg(feature = "postgres")]
pub(crate) const VERSION_3_POSTGRES: &str =
    include_str!("../fixtures/ledgers/version-3-postgres.sql");

/// How many totals differ from what the rows come to.
pub(crate) const TOTALS_AMISS: &str = "SELECT CAST(COUNT(*) AS TEXT) FROM (\
     SELECT provider FROM (\
     SELECT provider, account, realm, scope, name, day, committed FROM adreel_totals UNION ALL \
     SELECT provider, account, realm, 'account', '', 0, -committed FROM adreel_jobs UNION ALL \
     SELECT provider, account, realm, 'run', run, 0, -committed FROM adreel_jobs \
     WHERE run IS NOT NULL UNION ALL \
     SELECT provider, account, realm, 'day', '', \
     reserved_at - (reserved_at % 86400000 + 86400000) % 86400000, -committed FROM adreel_jobs \
     WHERE reserved_at IS NOT NULL\
     ) AS parts GROUP BY provider, account, realm, scope, name, day HAVING SUM(committed) <> 0\
     ) AS amiss";

/// How the release before wrote. Its texts, with values in their places.
pub(crate) const OLD_STATEMENTS: [&str; 2] = [
    "INSERT INTO adreel_jobs (id, provider, account, realm, job_key, stage, due_at, job_order, \
     state, revision, created_at, updated_at, resource, committed, reserved_at, run) VALUES \
     ('01M7Z2WPQ17E70A0ACY16PBN99', 'jogg', 'main', 'http://127.0.0.1', NULL, 'ready', 1, '{}', \
     '{}', 0, 1, 1, NULL, 0, NULL, NULL) ON CONFLICT DO NOTHING",
    "UPDATE adreel_jobs SET stage = 'ready', due_at = 1, state = '{}', revision = 1, \
     updated_at = 1, resource = NULL, committed = 4000000, reserved_at = 1, run = 'batch 7' \
     WHERE id = '01M7Z2WPQ17E70A0ACY16PBN01' AND revision = 0",
];

pub(crate) const REFUSED: &str = "this ledger was updated by a newer adreel: update this one";

fn account(ledger_jobs: &[Job], name: &str) -> Account {
    let mut accounts = ledger_jobs.iter().map(Job::account);
    accounts.find(|account| account.name == name).unwrap().clone()
}

/// Everything of the fixture is there, and it goes on.
pub(crate) async fn assert_up_to_date(ledger: &Sql) {
    let listed = ledger.list(&JobQuery::all()).await.unwrap();
    let jobs = listed.into_iter().collect::<Result<Vec<_>, _>>().unwrap();
    assert_eq!(jobs.len(), 7);
    let [main, shop] = ["main", "shop"].map(|name| account(&jobs, name));
    let run = |name: &str| SpendScope::Run(name.to_owned());
    // Three days, from an hour of the first one on.
    let day = |index: i64| {
        SpendScope::Day(Timestamp::from_millis(1_790_000_000_000 + 86_400_000 * index))
    };
    for (account, scope, cents) in [
        (&main, SpendScope::Account, 2_700),
        (&main, run("batch 7"), 1_450),
        (&main, run("batch 8"), 400),
        (&main, run("batch 9"), 0),
        (&main, day(0), 2_700),
        (&main, day(1), 2_000),
        (&main, day(2), 850),
        (&main, day(3), 0),
        (&shop, SpendScope::Account, 400),
        (&shop, run("batch 7"), 400),
        (&shop, day(0), 400),
        (&shop, day(1), 0),
    ] {
        let committed = ledger.committed(account, &scope).await.unwrap();
        assert_eq!(committed, Credits::cents(cents), "{scope:?} of {}", account.name);
    }
    assert_eq!(ledger.slots_taken(&main, Timestamp::default()).await.unwrap(), 0);
    assert_eq!(ledger.events().unwrap().newest().await.unwrap(), 1);
    assert_eq!(ledger.find(&main, &"2".repeat(64)).await.unwrap().as_ref(), Some(&jobs[1]));

    let reason = jobs.iter().find_map(Job::trouble).unwrap().clone();
    let cost = jobs.iter().find_map(Job::cost);
    let failed = Outcome::Failed { reason, cost };
    let next = apply(jobs[1].clone(), failed, jobs[1].updated_at());
    assert_ne!(next.committed(), jobs[1].committed());
    assert!(ledger.store(&next).await.unwrap());
    let sum = jobs.iter().filter(|job| *job.account() == main && job.id() != next.id());
    let sum = sum.map(Job::committed).sum::<Credits>() + next.committed();
    assert_eq!(ledger.committed(&main, &SpendScope::Account).await.unwrap(), sum);
}

async fn ask(pool: &SqlitePool, question: &'static str) -> String {
    sqlx::query_scalar(question).fetch_one(pool).await.unwrap()
}

#[tokio::test]
async fn a_file_of_version_3_is_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jobs.db");
    let old = pool(&path).await;
    sqlx::raw_sql(VERSION_3).execute(&old).await.unwrap();
    assert_up_to_date(&open(&path).await).await;
    assert_eq!(ask(&old, TOTALS_AMISS).await, "0");
    assert_eq!(ask(&old, "SELECT CAST(MAX(version) AS TEXT) FROM adreel_schema").await, "4");
    open(&path).await;
}

#[tokio::test]
async fn a_release_that_has_a_file_open_writes_no_more_once_it_is_updated() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jobs.db");
    let old = pool(&path).await;
    sqlx::raw_sql(VERSION_3).execute(&old).await.unwrap();
    let ledger = open(&path).await;
    for statement in OLD_STATEMENTS {
        let error = sqlx::query(statement).execute(&old).await.unwrap_err();
        // What that release shows of a code that it does not know.
        let error = error.into_database_error().unwrap();
        assert_eq!(error.message(), REFUSED);
    }
    let jobs = ledger.list(&JobQuery::all()).await.unwrap();
    assert_eq!((jobs.len(), jobs[0].as_ref().unwrap().revision()), (7, 0));
    assert_eq!(ask(&old, TOTALS_AMISS).await, "0");
}

#[tokio::test]
async fn totals_follow_whatever_changes_a_row() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jobs.db");
    let old = pool(&path).await;
    sqlx::raw_sql(VERSION_3).execute(&old).await.unwrap();
    drop(open(&path).await);
    for statement in BY_HAND {
        sqlx::query(statement).execute(&old).await.unwrap();
        assert_eq!(ask(&old, TOTALS_AMISS).await, "0", "{statement}");
    }
    assert_eq!(ask(&old, "SELECT CAST(SUM(committed) AS TEXT) FROM adreel_totals").await, "0");
}

pub(crate) const BY_HAND: [&str; 7] = [
    "UPDATE adreel_jobs SET committed = committed + 5",
    "UPDATE adreel_jobs SET run = 'batch 9' WHERE stage = 'running'",
    "UPDATE adreel_jobs SET run = NULL, reserved_at = reserved_at - 864000000000",
    "UPDATE adreel_jobs SET reserved_at = -1, account = 'another' WHERE account = 'shop'",
    "UPDATE adreel_jobs SET reserved_at = NULL WHERE stage = 'failed'",
    "DELETE FROM adreel_jobs WHERE stage = 'running'",
    "DELETE FROM adreel_jobs",
];
