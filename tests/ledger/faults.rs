//! What a ledger in a file says when it cannot write, and that it goes on afterwards.

use std::time::Duration;

use adreel::ledger::conformance;
use adreel::{Error, ErrorKind, Job, Ledger, Sql};
use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

use crate::sqlite::{open, pool, pool_with, run, url};
use crate::{announced, inserted, listed};

/// One line that names the ledger and says what to do.
fn assert_told(error: &Error, what: &str) {
    assert_eq!(error.kind(), ErrorKind::Io, "{error}");
    let text = error.to_string();
    assert!(text.contains("jobs.db: ") && text.contains(what), "{text}");
    assert!(!text.contains('\n') && text.contains("; "), "{text}");
}

#[tokio::test]
async fn a_full_disk_is_told_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let pool = pool(&folder.path().join("jobs.db")).await;
    let ledger = Sql::from_sqlite_pool(pool.clone()).await.unwrap();
    let first = inserted(&ledger).await;
    run(&pool, "PRAGMA max_page_count = 24").await;
    let mut written = 1;
    let error = loop {
        let job = conformance::job();
        match ledger.insert(&job).await {
            Ok(_) => written += 1,
            Err(error) => break error,
        }
        assert!(written < 1000, "the disk never gets full");
    };
    assert_told(&error, "is full; free some space on the disk");
    assert_eq!(listed(&ledger).await.len(), written);
    run(&pool, "PRAGMA max_page_count = 100000").await;
    assert!(ledger.store(&announced(&first)).await.unwrap());
    inserted(&ledger).await;
    assert_eq!(listed(&ledger).await.len(), written + 1);
}

/// A route that a job has, and what would move it on.
async fn claimed(ledger: &Sql) -> (Job, Job, Job) {
    let from = conformance::job();
    assert!(ledger.move_claim("route", None, &from).await.unwrap());
    let left = announced(&from);
    (from, left, conformance::job())
}

#[tokio::test]
async fn a_claim_that_finds_the_disk_full_moves_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let pool = pool(&folder.path().join("jobs.db")).await;
    let ledger = Sql::from_sqlite_pool(pool.clone()).await.unwrap();
    let (from, left, to) = claimed(&ledger).await;
    let pages = sqlx::query_scalar::<_, i64>("PRAGMA page_count").fetch_one(&pool).await.unwrap();
    run(&pool, format!("PRAGMA max_page_count = {pages}")).await;
    // Until not one more job has room.
    while ledger.insert(&conformance::job()).await.is_ok() {}
    let error = ledger.move_claim("route", Some(&left), &to).await.unwrap_err();
    assert_told(&error, "is full; free some space on the disk");
    assert_eq!(ledger.claim("route").await.unwrap(), Some(from.id()));
    assert_eq!(ledger.load(from.id()).await.unwrap(), Some(from));
    assert_eq!(ledger.load(to.id()).await.unwrap(), None);
    // The limit was the connection's, so a new one is as good as a new disk.
    assert!(ledger.move_claim("route", Some(&left), &to).await.unwrap());
    assert_eq!(ledger.claim("route").await.unwrap(), Some(to.id()));
}

/// A database in memory ends with its connection, so that one is kept.
#[tokio::test]
async fn a_claim_that_cannot_be_moved_ends_no_database_in_memory() {
    let options = SqliteConnectOptions::new().in_memory(true);
    let options = options.synchronous(sqlx::sqlite::SqliteSynchronous::Full);
    let pool = pool_with(options).await;
    let ledger = Sql::from_sqlite_pool(pool.clone()).await.unwrap();
    let (from, left, to) = claimed(&ledger).await;
    run(
        &pool,
        "CREATE TRIGGER no BEFORE INSERT ON adreel_jobs BEGIN SELECT RAISE(ABORT, 'no'); END",
    )
    .await;
    ledger.move_claim("route", Some(&left), &to).await.unwrap_err();
    assert_eq!(ledger.load(from.id()).await.unwrap(), Some(from));
    run(&pool, "DROP TRIGGER no").await;
    assert!(ledger.move_claim("route", Some(&left), &to).await.unwrap());
}

#[tokio::test]
async fn a_disk_that_is_full_from_the_start_spoils_no_pool() {
    let folder = tempfile::tempdir().unwrap();
    let pool = pool(&folder.path().join("jobs.db")).await;
    run(&pool, "CREATE TABLE program (row TEXT); PRAGMA max_page_count = 3").await;
    let error = Sql::from_sqlite_pool(pool.clone()).await.unwrap_err();
    assert_told(&error, "is full; free some space on the disk");
    // The limit was the connection's, so a new one is as good as a new disk.
    let ledger = Sql::from_sqlite_pool(pool).await.unwrap();
    inserted(&ledger).await;
}

#[tokio::test]
async fn a_ledger_that_can_only_be_read_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let pool = pool(&folder.path().join("jobs.db")).await;
    let ledger = Sql::from_sqlite_pool(pool.clone()).await.unwrap();
    let job = inserted(&ledger).await;
    run(&pool, "PRAGMA query_only = ON").await;
    for error in [
        ledger.insert(&conformance::job()).await.unwrap_err(),
        ledger.store(&announced(&job)).await.unwrap_err(),
    ] {
        assert_told(&error, "it can only be read; check the permissions");
    }
    assert_eq!(ledger.load(job.id()).await.unwrap(), Some(job));
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_without_permission_is_told() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let ledger = async |name: &str, mode| {
        let path = folder.path().join(name).join("jobs.db");
        std::fs::create_dir(folder.path().join(name)).unwrap();
        let pool = pool(&path).await;
        drop(Sql::from_sqlite_pool(pool.clone()).await.unwrap());
        // SQLite would share what is still open.
        pool.close().await;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        path
    };
    let readable = ledger("readable", 0o444).await;
    if std::fs::OpenOptions::new().write(true).open(&readable).is_ok() {
        eprintln!("skipped: permissions do not hold for root");
        return;
    }
    let refused = match Sql::open(&url(&readable)).await {
        Ok(ledger) => ledger.insert(&conformance::job()).await.unwrap_err(),
        Err(error) => error,
    };
    assert_told(&refused, "it can only be read; check the permissions");
    let closed = ledger("closed", 0o000).await;
    let error = Sql::open(&url(&closed)).await.unwrap_err();
    assert_told(&error, "it cannot be opened; check the path and its permissions");
}

#[tokio::test]
async fn a_lock_that_is_held_too_long_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jobs.db");
    // It stays open: whoever closes a file last has it for himself for a moment.
    let _open = open(&path).await;
    let options = SqliteConnectOptions::new().filename(&path);
    let hurried = options.clone().busy_timeout(Duration::from_millis(10));
    let ledger = Sql::from_sqlite_pool(pool_with(hurried).await).await.unwrap();
    let mut other = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql("BEGIN EXCLUSIVE").execute(&mut other).await.unwrap();
    let error = ledger.insert(&conformance::job()).await.unwrap_err();
    assert_told(&error, "another program holds a lock on it");
    sqlx::raw_sql("COMMIT").execute(&mut other).await.unwrap();
    inserted(&ledger).await;
}

#[tokio::test]
async fn a_file_that_is_no_ledger_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jobs.db");
    let garbage = "a list of coffees, not a database\n".repeat(200);
    std::fs::write(&path, &garbage).unwrap();
    let error = Sql::open(&url(&path)).await.unwrap_err();
    assert_told(&error, "it is not a SQLite database; name another file");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), garbage);
}

#[tokio::test]
async fn a_damaged_file_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jobs.db");
    let damaged = pool(&path).await;
    let ledger = Sql::from_sqlite_pool(damaged.clone()).await.unwrap();
    inserted(&ledger).await;
    damaged.close().await;
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[4096..].fill(0x5a);
    std::fs::write(&path, bytes).unwrap();
    let error = Sql::open(&url(&path)).await.unwrap_err();
    assert_told(&error, "it is damaged; restore it from a backup");
}

#[tokio::test]
async fn a_place_where_no_file_can_be_is_told() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    let error = Sql::open(&url(&folder.path().join("file/jobs.db"))).await.unwrap_err();
    assert_told(&error, "check the path and its permissions");
    std::fs::create_dir(folder.path().join("jobs.db")).unwrap();
    let error = Sql::open(&url(&folder.path().join("jobs.db"))).await.unwrap_err();
    assert_told(&error, "it cannot be opened; check the path and its permissions");
}

#[tokio::test]
async fn a_url_that_is_no_ledgers_is_told() {
    for url in ["mysql://u:secret@h/d", "jobs.db", "sqlite:", "sqlite:jobs.db?mode=ro&p=secret"] {
        let error = Sql::open(url).await.unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("ledger")));
        assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
        assert!(Sql::schema(url).is_err());
    }
}

#[cfg(not(feature = "postgres"))]
#[tokio::test]
async fn a_feature_that_is_left_out_is_told() {
    let error = Sql::open("postgres://u:secret@h/d").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("build it with the feature `postgres`"), "{error}");
    assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
}
