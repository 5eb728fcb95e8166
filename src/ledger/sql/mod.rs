//! The ledger in a database: SQLite or Postgres, with one schema and one text for each statement.

mod claims;
mod errors;
mod events;
mod place;
#[cfg(feature = "postgres")]
mod postgres;
mod rows;
mod schema;
#[cfg(feature = "sqlite")]
mod seats;
#[cfg(feature = "postgres")]
mod sessions;
#[cfg(feature = "sqlite")]
mod sqlite;
mod statement;
mod store;

use std::fmt;

use crate::error::Result;
use place::{Address, Place};

/// A ledger in a SQLite file, which belongs to one machine, or in Postgres, which replicas share.
///
/// What [`insert`](super::Ledger::insert) and [`store`](super::Ledger::store) have said yes to is
/// on the disk: SQLite runs with a write-ahead log and `synchronous=FULL`, and in Postgres each
/// writing transaction turns `synchronous_commit` on, whatever the server's default is.
///
/// # Features
/// `sqlite` for SQLite, which is compiled in, and `postgres` for Postgres.
///
/// # Examples
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> adreel::Result<()> {
/// # #[cfg(feature = "sqlite")] {
/// use adreel::{JobQuery, Ledger, Sql};
///
/// let ledger = Sql::open("sqlite::memory:").await?;
/// assert!(ledger.list(&JobQuery::all()).await?.is_empty());
/// # }
/// # Ok(())
/// # }
/// ```
pub struct Sql {
    pool: Pool,
    place: Place,
}

enum Pool {
    #[cfg(feature = "sqlite")]
    Sqlite(sqlx::SqlitePool),
    #[cfg(feature = "postgres")]
    Postgres(sqlx::PgPool),
}

/// Does the same work on either pool. `$backend` is the module of what differs between the two.
macro_rules! on {
    ($pool:expr, $inner:ident, $backend:ident => $work:expr) => {
        match $pool {
            #[cfg(feature = "sqlite")]
            $crate::ledger::sql::Pool::Sqlite($inner) => {
                #[allow(unused_imports, reason = "not all work differs")]
                use $crate::ledger::sql::sqlite as $backend;
                $work
            }
            #[cfg(feature = "postgres")]
            $crate::ledger::sql::Pool::Postgres($inner) => {
                #[allow(unused_imports, reason = "not all work differs")]
                use $crate::ledger::sql::postgres as $backend;
                $work
            }
        }
    };
}
use on;

#[cfg(feature = "sqlite")]
impl Pool {
    async fn close(self) {
        on!(self, pool, backend => pool.close().await);
    }
}

impl Sql {
    /// Opens a ledger by its URL and brings its schema up to date.
    ///
    /// - `sqlite:PATH` is a file. It is made with mode 0600 where there is none, and its folder
    ///   with 0700. The path stands as it is, without escapes or parameters. Who finds it locked
    ///   waits for at most 5 s.
    /// - `sqlite::memory:` ends with this value.
    /// - `postgres://USER:PASSWORD@HOST:PORT/DATABASE` (also `postgresql://`) uses at most 8
    ///   connections and one more for each client's [seat](super::Seat), and waits at most 10 s for
    ///   one. It takes libpq's parameters, such as
    ///   `sslmode=require`; `options=-c search_path=NAME` names the schema that holds the tables.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) for a URL that is none of
    /// these; [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) where its feature is left
    /// out, or where the schema is newer than this adreel;
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) and
    /// [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable) where it cannot be used. No error
    /// holds the password of the URL.
    pub async fn open(url: &str) -> Result<Self> {
        Self::at(Address::parse(url)?).await
    }

    /// Opens a ledger in a SQLite file, whose path need not be text, and brings its schema up to
    /// date. Otherwise as `sqlite:PATH` in [`open`](Self::open).
    ///
    /// # Errors
    /// As [`open`](Self::open).
    #[cfg(feature = "sqlite")]
    pub async fn open_file(path: impl AsRef<std::path::Path>) -> Result<Self> {
        Self::at(Address::File(path.as_ref())).await
    }

    /// Opens a ledger that is there by its URL, as [`open`](Self::open); `None` where there is no
    /// file or there are no tables, which stays so. For callers that only look: a ledger that is
    /// made because of a wrong address would look like one without jobs.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn open_existing(url: &str) -> Result<Option<Self>> {
        Self::found(Address::parse(url)?).await
    }

    /// The same in a SQLite file, whose path need not be text.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    #[cfg(feature = "sqlite")]
    pub async fn open_existing_file(path: impl AsRef<std::path::Path>) -> Result<Option<Self>> {
        Self::found(Address::File(path.as_ref())).await
    }

    async fn found(address: Address<'_>) -> Result<Option<Self>> {
        if let Address::File(path) = address
            && let Err(error) = std::fs::metadata(path)
            && error.kind() == std::io::ErrorKind::NotFound
        {
            return Ok(None);
        }
        // Opening a ledger changes how its file is written, and it may be somebody else's.
        #[cfg(feature = "sqlite")]
        if let Address::File(path) = &address {
            let (pool, place) = sqlite::look(path).await?;
            let pool = Pool::Sqlite(pool);
            let is_there = schema::is_there(&pool, &place).await;
            pool.close().await;
            if !is_there? {
                return Ok(None);
            }
        }
        let (pool, place) = Self::connect(address).await?;
        match schema::is_there(&pool, &place).await? {
            true => Self::ready(pool, place).await.map(Some),
            false => Ok(None),
        }
    }

    async fn at(address: Address<'_>) -> Result<Self> {
        let (pool, place) = Self::connect(address).await?;
        Self::ready(pool, place).await
    }

    async fn connect(address: Address<'_>) -> Result<(Pool, Place)> {
        Ok(match address {
            #[cfg(feature = "sqlite")]
            Address::Memory => (Pool::Sqlite(sqlite::in_memory().await?), Place::Memory),
            #[cfg(feature = "sqlite")]
            Address::File(path) => {
                let (pool, place) = sqlite::open(path).await?;
                (Pool::Sqlite(pool), place)
            }
            #[cfg(feature = "postgres")]
            Address::Server(url) => {
                let (pool, place) = postgres::open(url).await?;
                (Pool::Postgres(pool), place)
            }
            #[cfg(not(all(feature = "sqlite", feature = "postgres")))]
            left_out => return Err(left_out.left_out()),
        })
    }

    /// A ledger in a SQLite database that is already open, next to the program's own tables. Its
    /// schema is brought up to date.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) where the pool's settings
    /// would let a power cut undo what was stored: `synchronous` below `FULL`, or a file without
    /// a journal on disk. Otherwise as [`open`](Self::open).
    #[cfg(feature = "sqlite")]
    pub async fn from_sqlite_pool(pool: sqlx::SqlitePool) -> Result<Self> {
        let place = sqlite::place(&pool).await?;
        sqlite::check_durability(&pool, &place).await?;
        Self::ready(Pool::Sqlite(pool), place).await
    }

    /// A ledger in a Postgres database, next to the program's own tables, in the first schema of
    /// the `search_path`. Its schema is brought up to date.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    #[cfg(feature = "postgres")]
    pub async fn from_postgres_pool(pool: sqlx::PgPool) -> Result<Self> {
        let place = postgres::place(&pool.connect_options());
        Self::ready(Pool::Postgres(pool), place).await
    }

    /// The SQL that makes the tables for a ledger with this URL, for those who make them by hand:
    /// with `sqlite3 FILE` or `psql URL`. Nothing is opened, and a ledger whose tables were made
    /// so opens like any other.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) for a URL that
    /// [`open`](Self::open) would not take.
    pub fn schema(url: &str) -> Result<&'static str> {
        Ok(match Address::parse(url)? {
            Address::Memory | Address::File(_) => schema::SQLITE_TEXT,
            Address::Server(_) => schema::POSTGRES_TEXT,
        })
    }

    async fn ready(pool: Pool, place: Place) -> Result<Self> {
        schema::update(&pool, &place).await?;
        Ok(Self { pool, place })
    }
}

/// Says where it is, without user and password.
impl fmt::Debug for Sql {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sql").field(&format_args!("{}", self.place)).finish()
    }
}
