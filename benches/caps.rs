//! What a submit under caps costs a ledger: with a thousand jobs in it, and with a million.
//!
//! `cargo bench --bench caps --all-features`
//!
//! A submit adds its job and stores its intent within a cap for the run, the day and the account,
//! and within the account's slots. It is measured in SQLite files, and in databases of a Postgres
//! server where `ADREEL_TEST_POSTGRES_URL` names one (`.ci/with-postgres` starts one). The small and
//! the large ledger take turns, so that whatever else the disk does meets both.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints what it saw")]

use std::time::{Duration, Instant};

use adreel::job::{Outcome, Sending, SubmitOutcome, apply};
use adreel::ledger::{Bounds, Slots, SpendLimit, SpendScope, Stored, conformance};
use adreel::{Credits, Job, Ledger, Sql};

const FEW: u32 = 1_000;
const SUBMITS: usize = 300;
/// How many submits come first and are not counted.
const WARM: usize = 30;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(run());
}

async fn run() {
    let many = std::env::var("ADREEL_BENCH_JOBS").ok().and_then(|n| n.parse().ok());
    let many: u32 = many.unwrap_or(1_000_000);
    let folder = tempfile::tempdir().unwrap();
    let mut ledgers = Vec::new();
    for jobs in [FEW, many] {
        let path = folder.path().join(format!("{jobs}.db"));
        let url = format!("sqlite:{}", path.display());
        let ledger = Sql::open(&url).await.unwrap();
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path);
        let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
        let job = conformance::job();
        for statement in sqlite_seeds(jobs, &job) {
            sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&pool).await.unwrap();
        }
        pool.close().await;
        ledgers.push(ledger);
    }
    compare("SQLite", many, &ledgers).await;
    drop(ledgers);
    #[cfg(feature = "postgres")]
    match std::env::var("ADREEL_TEST_POSTGRES_URL") {
        Ok(server) => postgres(&server, many).await,
        Err(_) => println!("Postgres: left out, ADREEL_TEST_POSTGRES_URL is not set"),
    }
}

async fn compare(name: &str, many: u32, ledgers: &[Sql]) {
    let mut took = [Vec::new(), Vec::new()];
    for round in 0..WARM + SUBMITS {
        for (ledger, took) in ledgers.iter().zip(&mut took) {
            let once = submit(ledger).await;
            if round >= WARM {
                took.push(once);
            }
        }
    }
    took.iter_mut().for_each(|took| took.sort());
    // On a machine that does other things too, the fastest tenth says more than the median.
    for (told, place) in [("half of the submits take", 2), ("the fastest tenth takes", 10)] {
        let at_most = |took: &[Duration]| took[took.len() / place].as_secs_f64() * 1_000.0;
        let [few, lots] = [&took[0], &took[1]].map(|took| at_most(took));
        println!(
            "{name}: {told} at most {few:.2} ms at {FEW} jobs and {lots:.2} ms at {many}: {:.2} \
             times as long (goal: at most 1.2)",
            lots / few
        );
    }
}

/// What a submit asks of a ledger, until its paid call may be sent.
async fn submit(ledger: &Sql) -> Duration {
    let (ready, intent) = payer();
    let now = intent.updated_at();
    let most = Credits::whole(u32::MAX);
    let scopes = [SpendScope::Run("run 7".to_owned()), SpendScope::Day(now), SpendScope::Account];
    let limits = scopes.map(|scope| SpendLimit::new(scope, most));
    let bounds = Bounds::spending(limits).slots(Slots::new(u32::MAX, now));
    let start = Instant::now();
    assert!(ledger.insert(&ready).await.unwrap().is_none());
    assert_eq!(ledger.store_within(&intent, &bounds).await.unwrap(), Stored::Yes);
    start.elapsed()
}

/// A job whose next step is paid, and the same with that step announced.
fn payer() -> (Job, Job) {
    let sending = || {
        let second = Duration::from_secs(1);
        let mut sending = Sending::new(90 * second, 1_800 * second);
        sending.run = Some("run 7".to_owned());
        Outcome::Sending(sending)
    };
    let resource = "https://cdn.example/roast.png".to_owned();
    let hosted = SubmitOutcome::Accepted { resource, poll_after: None, offers: Vec::new() };
    let job = conformance::job();
    let at = job.created_at();
    let job = apply(job, sending(), at);
    let ready = apply(job, Outcome::Submitted { step: 0, attempt: 1, outcome: hosted }, at);
    let intent = apply(ready.clone(), sending(), at);
    assert!(intent.committed() > Credits::ZERO);
    (ready, intent)
}

const COLUMNS: &str = "id, provider, account, realm, job_key, stage, due_at, job_order, state, \
     revision, stamp, created_at, updated_at, resource, committed, reserved_at, run, slot_until";

/// Rows of jobs that are over, over two months and ten runs, but for twenty that are at work. `n`
/// counts them.
fn rows(job: &Job, padded: &str) -> String {
    let (account, now) = (job.account(), job.created_at().as_millis());
    let over = format!("{now} - CAST(n % 60 AS BIGINT) * 86400000");
    format!(
        "{padded}, '{}', '{}', '{}', {padded}, CASE WHEN n < 20 THEN 'running' ELSE 'done' END, \
         CASE WHEN n < 20 THEN {now} END, '{{}}', '{{}}', 9, 9, {over}, {over}, {padded}, 4000000, \
         {over}, 'run ' || (n % 10), CASE WHEN n < 20 THEN {now} + 3600000 END",
        account.provider, account.name, account.realm
    )
}

fn sqlite_seeds(jobs: u32, job: &Job) -> Vec<String> {
    let rows = rows(job, "printf('%026d', n)");
    vec![format!(
        "WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers \
         WHERE n + 1 < {jobs}) INSERT INTO adreel_jobs ({COLUMNS}) SELECT {rows} FROM numbers"
    )]
}

#[cfg(feature = "postgres")]
async fn postgres(server: &str, many: u32) {
    use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
    let mut admin = PgConnection::connect(server).await.unwrap();
    let name = |jobs| format!("adreel_caps_{}_{jobs}", std::process::id());
    let mut ledgers = Vec::new();
    for jobs in [FEW, many] {
        let create = AssertSqlSafe(format!("CREATE DATABASE {}", name(jobs)));
        sqlx::raw_sql(create).execute(&mut admin).await.unwrap();
        let mut url = url::Url::parse(server).unwrap();
        url.set_path(&name(jobs));
        let ledger = Sql::open(url.as_str()).await.unwrap();
        let mut connection = PgConnection::connect(url.as_str()).await.unwrap();
        for statement in postgres_seeds(jobs, &conformance::job()) {
            sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
        }
        ledgers.push(ledger);
    }
    compare("Postgres", many, &ledgers).await;
    drop(ledgers);
    for jobs in [FEW, many] {
        let gone = AssertSqlSafe(format!("DROP DATABASE {} WITH (FORCE)", name(jobs)));
        sqlx::raw_sql(gone).execute(&mut admin).await.unwrap();
    }
}

/// A million changes of one total in one transaction would take hours, so that the totals are
/// filled in afterwards, as the migration does.
#[cfg(feature = "postgres")]
fn postgres_seeds(jobs: u32, job: &Job) -> Vec<String> {
    let rows = rows(job, "lpad(n::text, 26, '0')");
    let total = |scope: &str, name: &str, day: &str| {
        format!(
            "INSERT INTO adreel_totals SELECT provider, account, realm, '{scope}', {name}, {day}, \
             SUM(committed) FROM adreel_jobs GROUP BY provider, account, realm, {name}, {day}"
        )
    };
    vec![
        "ALTER TABLE adreel_jobs DISABLE TRIGGER USER".to_owned(),
        format!(
            "INSERT INTO adreel_jobs ({COLUMNS}) SELECT {rows} \
             FROM generate_series(0, {jobs} - 1) AS n"
        ),
        "ALTER TABLE adreel_jobs ENABLE TRIGGER USER".to_owned(),
        total("account", "''::text", "0::bigint"),
        total("run", "run", "0::bigint"),
        total("day", "''::text", "reserved_at - reserved_at % 86400000"),
        "VACUUM ANALYZE".to_owned(),
    ]
}
