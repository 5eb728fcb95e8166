//! What only SQLite has.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind as IoKind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Sqlite, SqlitePool};

use super::place::{Place, invalid};
pub(super) use super::schema::SQLITE as MIGRATIONS;
use super::{fault, seats};
use crate::error::{Error, ErrorKind, Result};

pub(super) const BEGIN_UPDATE: &str = "BEGIN IMMEDIATE";
/// What several statements that write run in. Whoever read first and wrote then could find that
/// another has written in between.
pub(super) const BEGIN_ALL: &str = "BEGIN IMMEDIATE";
pub(super) const HAS_SCHEMA: &str =
    "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'adreel_schema'";

/// One statement is at work at a time, so there is nothing to pass over.
pub(super) const SKIP_LOCKED: &str = "";

/// How long a call waits for another program's lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How long until a file is opened again that was locked.
const AGAIN_AFTER: Duration = Duration::from_millis(20);

static MAKING: Mutex<()> = Mutex::new(());

/// What a statement that writes runs on. One statement is a transaction of its own in SQLite. An
/// explicit one would be worse: where the disk is full SQLite may end it by itself, and sqlx then
/// counts one that is no longer there.
pub(super) async fn begin(pool: &SqlitePool) -> sqlx::Result<PoolConnection<Sqlite>> {
    pool.acquire().await
}

/// Nothing: one statement sees what all before it have written.
pub(super) async fn lock(_: &mut PoolConnection<Sqlite>, _: &str) -> sqlx::Result<()> {
    Ok(())
}

pub(super) async fn commit(_: PoolConnection<Sqlite>) -> sqlx::Result<()> {
    Ok(())
}

/// None: whoever shares a file is on the same machine, and so is its clock.
pub(super) async fn now(_: &SqlitePool) -> sqlx::Result<Option<i64>> {
    Ok(None)
}

pub(super) async fn in_memory() -> Result<SqlitePool> {
    let options = SqliteConnectOptions::new().in_memory(true);
    connect(options).await.map_err(|error| fault::told(&Place::Memory, error))
}

pub(super) async fn open(path: &Path) -> Result<(SqlitePool, Place)> {
    let path = made(path).map_err(|error| unusable(path, &error))?;
    let options = SqliteConnectOptions::new()
        .filename(file_name(&path))
        .journal_mode(SqliteJournalMode::Wal)
        // Less would lose the last changes in a power cut: a paid job could be paid again.
        .synchronous(SqliteSynchronous::Full)
        // On macOS a plain fsync leaves it in the disk's own memory; elsewhere it is the same.
        .pragma("fullfsync", "ON")
        .busy_timeout(BUSY_TIMEOUT);
    let place = Place::File(path);
    let pool = patiently(async || connect(options.clone()).await).await;
    Ok((pool.map_err(|error| fault::told(&place, error))?, place))
}

/// A file that is there, to read what it is: nothing of it is changed.
pub(super) async fn look(path: &Path) -> Result<(SqlitePool, Place)> {
    let path = fs::canonicalize(path).map_err(|error| unusable(path, &error))?;
    let options = SqliteConnectOptions::new().filename(file_name(&path)).busy_timeout(BUSY_TIMEOUT);
    let place = Place::File(path);
    let pool = patiently(async || connect(options.clone()).await).await;
    Ok((pool.map_err(|error| fault::told(&place, error))?, place))
}

/// The path as SQLite is told it. What is no UTF-8 it takes as a `file:` address only.
fn file_name(path: &Path) -> PathBuf {
    match path.to_str() {
        Some(_) => path.to_owned(),
        None => url::Url::from_file_path(path)
            .map_or_else(|()| path.to_owned(), |url| String::from(url).into()),
    }
}

/// Tries again for as long as a call waits for another program's lock: where many open a new file
/// at once, SQLite refuses all but one the change to a write-ahead log, without any wait of its own.
async fn patiently<T>(open: impl AsyncFn() -> sqlx::Result<T>) -> sqlx::Result<T> {
    let begun = Instant::now();
    loop {
        match open().await {
            Err(error) if is_busy(&error) && begun.elapsed() < BUSY_TIMEOUT => {
                tokio::time::sleep(AGAIN_AFTER).await;
            }
            opened => return opened,
        }
    }
}

/// Source: <https://www.sqlite.org/rescode.html>. The low byte is the code.
fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.and_then(|code| code.parse::<i32>().ok()).is_some_and(|code| matches!(code & 0xff, 5 | 6))
}

/// One connection that stays: SQLite has one writer at a time, and memory ends with its
/// connection.
async fn connect(options: SqliteConnectOptions) -> sqlx::Result<SqlitePool> {
    let pool = SqlitePoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None);
    pool.connect_with(options).await
}

/// The file under its one true path, made where there is none. Its log and its seats stand beside
/// it, so everybody has to find them there, also through a link.
fn made(path: &Path) -> io::Result<PathBuf> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        seats::make_folder(folder)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    // To close a file gives up every lock that the process has on it, also those of a connection
    // that another thread has opened since. So nobody passes here before the new file is closed.
    let turn = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
    let opened = options.open(path).map(drop);
    drop(turn);
    match opened {
        Err(error) if error.kind() != IoKind::AlreadyExists => Err(error),
        _ => fs::canonicalize(path),
    }
}

fn unusable(path: &Path, error: &io::Error) -> Error {
    let message = format!("ledger {}: {error}; check the path and its permissions", path.display());
    Error::new(ErrorKind::Io, message)
}

/// Where a pool's database is: SQLite itself knows it best.
pub(super) async fn place(pool: &SqlitePool) -> Result<Place> {
    let named = pool.connect_options().get_filename().to_owned();
    let file = "SELECT file FROM pragma_database_list WHERE name = 'main'";
    let file = sqlx::query_scalar::<_, Option<String>>(file).fetch_one(pool).await;
    match file.map_err(|error| fault::told(&Place::File(named), error))? {
        Some(file) if !file.is_empty() => {
            Ok(Place::File(fs::canonicalize(&file).unwrap_or_else(|_| file.into())))
        }
        _ => Ok(Place::Memory),
    }
}

pub(super) async fn check_durability(pool: &SqlitePool, place: &Place) -> Result<()> {
    let told = |error| fault::told(place, error);
    let synchronous = sqlx::query_scalar::<_, i64>("PRAGMA synchronous").fetch_one(pool).await;
    if synchronous.map_err(told)? < 2 {
        return Err(invalid(format!(
            "ledger {place}: a power cut could undo what was paid; set `PRAGMA synchronous=FULL`, \
             in sqlx `SqliteConnectOptions::synchronous(SqliteSynchronous::Full)`"
        )));
    }
    let journal = sqlx::query_scalar::<_, String>("PRAGMA journal_mode").fetch_one(pool).await;
    let is_kept = !matches!(&*journal.map_err(told)?, "off" | "memory");
    if place.file().is_some() && !is_kept {
        return Err(invalid(format!(
            "ledger {place}: a crash could destroy it; set `PRAGMA journal_mode=WAL`, in sqlx \
             `SqliteConnectOptions::journal_mode(SqliteJournalMode::Wal)`"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What SQLite says where somebody else holds a lock.
    #[derive(Debug)]
    struct Busy(&'static str);

    impl std::fmt::Display for Busy {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("database is locked")
        }
    }

    impl std::error::Error for Busy {}

    impl sqlx::error::DatabaseError for Busy {
        fn message(&self) -> &str {
            "database is locked"
        }

        fn code(&self) -> Option<std::borrow::Cow<'_, str>> {
            Some(self.0.into())
        }

        fn as_error(&self) -> &(dyn std::error::Error + Send + Sync + 'static) {
            self
        }

        fn as_error_mut(&mut self) -> &mut (dyn std::error::Error + Send + Sync + 'static) {
            self
        }

        fn into_error(self: Box<Self>) -> Box<dyn std::error::Error + Send + Sync + 'static> {
            self
        }

        fn kind(&self) -> sqlx::error::ErrorKind {
            sqlx::error::ErrorKind::Other
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_file_that_others_open_at_the_same_time_is_opened_when_they_have() {
        let refused = |code| sqlx::Error::Database(Box::new(Busy(code)));
        // How often a refusal with this code comes, and how often it is tried and for how long.
        for (code, refusals, tries) in [("5", 3, 4), ("261", 100, 101), ("6", 1, 2), ("14", 1, 1)] {
            let (begun, tried) = (Instant::now(), std::cell::Cell::new(0));
            let opened = patiently(async || {
                tried.set(tried.get() + 1);
                if tried.get() > refusals { Ok(()) } else { Err(refused(code)) }
            });
            assert_eq!(opened.await.is_ok(), tries > 1, "{code}");
            assert_eq!(tried.get(), tries, "{code}");
            assert!(begun.elapsed() < BUSY_TIMEOUT);
        }
        let begun = Instant::now();
        assert!(patiently(async || Err::<(), _>(refused("5"))).await.is_err());
        assert!(begun.elapsed() >= BUSY_TIMEOUT && begun.elapsed() < 2 * BUSY_TIMEOUT);
    }

    #[tokio::test]
    async fn a_file_is_opened_at_full_durability() {
        let folder = tempfile::tempdir().unwrap();
        let (pool, place) = open(&folder.path().join("jobs.db")).await.unwrap();
        let asked = async |question: &'static str| {
            sqlx::query_scalar::<_, i64>(question).fetch_one(&pool).await.unwrap()
        };
        assert_eq!(asked("PRAGMA synchronous").await, 2);
        assert_eq!(asked("PRAGMA fullfsync").await, 1);
        assert_eq!(asked("PRAGMA busy_timeout").await, 5000);
        let journal = sqlx::query_scalar::<_, String>("PRAGMA journal_mode").fetch_one(&pool).await;
        assert_eq!(journal.unwrap(), "wal");
        check_durability(&pool, &place).await.unwrap();
    }
}
