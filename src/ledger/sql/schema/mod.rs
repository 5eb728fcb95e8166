//! The tables, and how older ones are brought up to date.

#[macro_use]
mod early;

use sqlx::Connection as _;

use super::place::Place;
use super::{Pool, fault, on};
use crate::error::{Error, ErrorKind, Result};

/// The fourth migration: totals, slots, what is due and taken, claims of routes, gates. What keeps
/// the totals and refuses older releases is written in each database's own language.
macro_rules! fourth {
    ($own:literal) => {
        concat!(include_str!("fourth_tables.sql"), include_str!($own))
    };
}

/// The migrations in order; the first one leads to version 1.
#[cfg(feature = "sqlite")]
pub(super) const SQLITE: [&str; 4] =
    [first!("BINARY"), second!(), third!("BINARY"), fourth!("fourth_sqlite.sql")];
#[cfg(feature = "postgres")]
pub(super) const POSTGRES: [&str; 4] =
    [first!("\"C\""), second!(), third!("\"C\""), fourth!("fourth_postgres.sql")];

/// The same as texts that are run by hand.
pub(super) const SQLITE_TEXT: &str = concat!(
    "BEGIN;\n",
    first!("BINARY"),
    second!(),
    third!("BINARY"),
    fourth!("fourth_sqlite.sql"),
    "COMMIT;\n"
);
pub(super) const POSTGRES_TEXT: &str = concat!(
    "BEGIN;\n",
    first!("\"C\""),
    second!(),
    third!("\"C\""),
    fourth!("fourth_postgres.sql"),
    "COMMIT;\n"
);

const VERSION: &str = "SELECT COALESCE(MAX(version), 0) FROM adreel_schema";

/// The version of the schema; zero where there is none.
macro_rules! version {
    ($connection:expr, $backend:ident) => {
        match sqlx::query_scalar::<_, i64>($backend::HAS_SCHEMA).fetch_one($connection).await? {
            0 => 0,
            _ => sqlx::query_scalar::<_, i64>(VERSION).fetch_one($connection).await?,
        }
    };
}

/// Whether there are tables of ours.
pub(super) async fn is_there(pool: &Pool, place: &Place) -> Result<bool> {
    let tables = on!(pool, pool, backend => {
        sqlx::query_scalar::<_, i64>(backend::HAS_SCHEMA).fetch_one(pool).await
    });
    Ok(tables.map_err(|error| fault::told(place, error))? > 0)
}

/// Runs the migrations that are missing, one process at a time, all or none. Where none is
/// missing nothing is written, so that a user without the right to make tables can open a ledger
/// whose tables were made by hand.
pub(super) async fn update(pool: &Pool, place: &Place) -> Result<()> {
    let version = on!(pool, pool, backend => async {
        let mut connection = pool.acquire().await?;
        let version = version!(&mut *connection, backend);
        if version >= backend::MIGRATIONS.len() as i64 {
            return Ok(version);
        }
        let updated = async {
            let mut transaction = connection.begin_with(backend::BEGIN_UPDATE).await?;
            // Another process may have run them while this one waited for its turn.
            let version = version!(&mut *transaction, backend);
            let done = usize::try_from(version).unwrap_or(0);
            for migration in backend::MIGRATIONS.iter().skip(done) {
                sqlx::raw_sql(*migration).execute(&mut *transaction).await?;
            }
            transaction.commit().await.map(|()| version)
        }
        .await;
        if updated.is_err() {
            // SQLite ends a transaction by itself when the disk is full, of which sqlx hears
            // nothing: the connection would be of no use to the pool.
            connection.close().await.ok();
        }
        updated
    }
    .await.map(|version| (version, backend::MIGRATIONS.len() as i64)));
    match version.map_err(|error| fault::told(place, error))? {
        (version, newest) if version > newest => Err(newer(place, version, newest)),
        _ => Ok(()),
    }
}

fn newer(place: &Place, version: i64, newest: i64) -> Error {
    let message = format!(
        "ledger {place}: its schema has version {version} and this adreel knows up to {newest}; \
         update adreel"
    );
    Error::new(ErrorKind::Unsupported, message)
}
