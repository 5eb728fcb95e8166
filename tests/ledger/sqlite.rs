//! The ledger in a SQLite file.

use std::path::Path;

use adreel::ledger::conformance;
use adreel::{ErrorKind, Ledger, Sql};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, SqlitePool};

use crate::migrations::TOTALS_AMISS;
use crate::{COLUMNS, Columns, announced, columns, inserted, listed};

pub(crate) fn url(path: &Path) -> String {
    format!("sqlite:{}", path.display())
}

pub(crate) async fn open(path: &Path) -> Sql {
    Sql::open(&url(path)).await.unwrap()
}

/// A pool of one connection, as a program has one.
pub(crate) async fn pool(path: &Path) -> SqlitePool {
    pool_with(SqliteConnectOptions::new().filename(path).create_if_missing(true)).await
}

pub(crate) async fn pool_with(options: SqliteConnectOptions) -> SqlitePool {
    SqlitePoolOptions::new().max_connections(1).connect_with(options).await.unwrap()
}

pub(crate) async fn run(pool: &SqlitePool, statement: impl Into<String>) {
    sqlx::raw_sql(AssertSqlSafe(statement.into())).execute(pool).await.unwrap();
}

#[tokio::test]
async fn a_file_conforms() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jobs.db");
    assert_eq!(conformance::check_persistent(async || open(&path).await).await, Ok(()));
    let amiss = sqlx::query_scalar::<_, String>(TOTALS_AMISS).fetch_one(&pool(&path).await).await;
    assert_eq!(amiss.unwrap(), "0");
}

#[tokio::test]
async fn a_pool_conforms() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("program.db");
    let opened = async || Sql::from_sqlite_pool(pool(&path).await).await.unwrap();
    assert_eq!(conformance::check_persistent(opened).await, Ok(()));
}

#[tokio::test]
async fn memory_conforms() {
    let opened = async || Sql::open("sqlite::memory:").await.unwrap();
    assert_eq!(conformance::check(opened).await, Ok(()));
}

#[tokio::test]
async fn many_open_a_new_file_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jobs.db");
    let opened = futures_util::future::join_all((0..16).map(|_| open(&path))).await;
    for ledger in &opened {
        inserted(ledger).await;
    }
    assert_eq!(listed(&opened[0]).await, vec![Ok(0); 16]);
}

#[tokio::test]
async fn a_row_says_in_columns_what_the_job_says() {
    let folder = tempfile::tempdir().unwrap();
    let pool = pool(&folder.path().join("jobs.db")).await;
    let ledger = Sql::from_sqlite_pool(pool.clone()).await.unwrap();
    let job = inserted(&ledger).await;
    let row = || sqlx::query_as::<_, Columns>(COLUMNS).fetch_one(&pool);
    assert_eq!(row().await.unwrap(), columns(&job));
    let next = announced(&job);
    assert!(ledger.store(&next).await.unwrap());
    assert_eq!(row().await.unwrap(), columns(&next));
}

#[tokio::test]
async fn the_order_is_written_once() {
    let folder = tempfile::tempdir().unwrap();
    let pool = pool(&folder.path().join("jobs.db")).await;
    let ledger = Sql::from_sqlite_pool(pool.clone()).await.unwrap();
    let job = inserted(&ledger).await;
    run(&pool, "UPDATE adreel_jobs SET job_order = 'marked'").await;
    assert!(ledger.store(&announced(&job)).await.unwrap());
    let order = sqlx::query_scalar::<_, String>("SELECT job_order FROM adreel_jobs");
    assert_eq!(order.fetch_one(&pool).await.unwrap(), "marked");
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_an_error_in_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let pool = pool(&folder.path().join("jobs.db")).await;
    let ledger = Sql::from_sqlite_pool(pool.clone()).await.unwrap();
    let mut ids = Vec::new();
    for _ in 0..4 {
        ids.push(inserted(&ledger).await.id());
    }
    ids.sort();
    for (statement, id) in [
        ("UPDATE adreel_jobs SET state = 'no JSON' WHERE id = $1", ids[0]),
        ("UPDATE adreel_jobs SET state = x'ff00ff' WHERE id = $1", ids[1]),
        ("UPDATE adreel_jobs SET revision = 7, stamp = 7 WHERE id = $1", ids[2]),
    ] {
        sqlx::query(statement).bind(id.to_string()).execute(&pool).await.unwrap();
    }
    run(
        &pool,
        "INSERT INTO adreel_jobs (id, provider, account, realm, stage, job_order, state, revision, \
         stamp, created_at, updated_at) SELECT 'zebra', provider, account, realm, stage, job_order, \
         state, revision, stamp, created_at, updated_at FROM adreel_jobs LIMIT 1",
    )
    .await;
    let expected = [Err(Some(ids[0])), Err(Some(ids[1])), Err(Some(ids[2])), Ok(0), Err(None)];
    assert_eq!(listed(&ledger).await, expected);
    let error = ledger.load(ids[2]).await.unwrap_err();
    assert!(error.to_string().contains("at revision 0, its row stands at 7"), "{error}");
}

#[tokio::test]
async fn a_schema_that_was_made_by_hand_is_taken_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jobs.db");
    let by_hand = pool(&path).await;
    run(&by_hand, Sql::schema("sqlite:jobs.db").unwrap()).await;
    run(&by_hand, "PRAGMA query_only = ON").await;
    Sql::from_sqlite_pool(by_hand).await.unwrap();
    inserted(&open(&path).await).await;
}

/// What version 0.1 made, with a job in it.
const VERSION_1: &str = include_str!("../fixtures/ledgers/version-1.sql");

#[tokio::test]
async fn a_ledger_of_version_1_is_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jobs.db");
    let old = pool(&path).await;
    run(&old, VERSION_1).await;
    let ledger = open(&path).await;
    let versions = sqlx::query_scalar::<_, i64>("SELECT MAX(version) FROM adreel_schema");
    assert_eq!(versions.fetch_one(&old).await.unwrap(), 4);
    let id = "01M7Z2WPQ17E70A0ACY16PBNWG".parse().unwrap();
    let job = ledger.load(id).await.unwrap().unwrap();
    assert_eq!((job.stage(), job.committed()), (adreel::Stage::Running, adreel::Credits::ZERO));
    // It counts from its next change on, and is found by what its provider calls it.
    let running = adreel::job::Outcome::Running {
        status: "running".to_owned(),
        is_known: true,
        poll_after: std::time::Duration::from_secs(5),
    };
    let next = adreel::job::apply(job.clone(), running, job.updated_at());
    assert!(ledger.store(&next).await.unwrap());
    assert!(next.committed() > adreel::Credits::ZERO);
    let resource = job.provider_ref().unwrap().id;
    assert_eq!(ledger.find_resource(job.account(), &resource).await.unwrap(), Some(next));
    inserted(&ledger).await;
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jobs.db");
    drop(open(&path).await);
    run(&pool(&path).await, "INSERT INTO adreel_schema (version) VALUES (99)").await;
    let error = Sql::open(&url(&path)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().ends_with("and this adreel knows up to 4; update adreel"), "{error}");
}

#[tokio::test]
async fn a_pool_that_a_power_cut_would_rob_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jobs.db");
    let options = || SqliteConnectOptions::new().filename(&path).create_if_missing(true);
    let careless = options().synchronous(SqliteSynchronous::Normal);
    let error = Sql::from_sqlite_pool(pool_with(careless).await).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("ledger")));
    assert!(error.to_string().contains("set `PRAGMA synchronous=FULL`"), "{error}");
    let careless = options().journal_mode(SqliteJournalMode::Memory);
    let error = Sql::from_sqlite_pool(pool_with(careless).await).await.unwrap_err();
    assert!(error.to_string().contains("set `PRAGMA journal_mode=WAL`"), "{error}");
    let careful = options().synchronous(SqliteSynchronous::Extra);
    Sql::from_sqlite_pool(pool_with(careful).await).await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn only_its_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data/adreel/jobs.db");
    let ledger = open(&path).await;
    inserted(&ledger).await;
    let _seat = ledger.take_seat().await.unwrap();
    for (name, mode) in [
        ("data", 0o40700),
        ("data/adreel", 0o40700),
        ("data/adreel/jobs.db", 0o100_600),
        ("data/adreel/jobs.db-wal", 0o100_600),
        ("data/adreel/jobs.db-shm", 0o100_600),
        ("data/adreel/jobs.db.seats", 0o40700),
    ] {
        let found = std::fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
        assert_eq!(found, mode, "{name}: {found:o}");
    }
}

#[tokio::test]
async fn it_says_where_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().canonicalize().unwrap().join("jobs.db");
    let ledger = open(&path).await;
    assert_eq!(format!("{ledger:?}"), format!("Sql({})", path.display()));
    let beside = path.with_file_name("jobs.db.accepted");
    assert_eq!(ledger.side_file(), Some(beside.clone()));
    let from_pool = Sql::from_sqlite_pool(pool(&path).await).await.unwrap();
    assert_eq!(from_pool.side_file(), Some(beside));
    let memory = Sql::open("sqlite::memory:").await.unwrap();
    assert_eq!((memory.side_file(), format!("{memory:?}")), (None, "Sql(in memory)".to_owned()));
}
