use sqlx::Connection as _;

use super::place::Place;
use super::{Pool, fault, on};
use crate::error::{Error, ErrorKind, Result};

/// The first migration. Ids are compared byte by byte, whatever the database's language is: in
/// some languages Z does not come last, and ids would no longer sort by their time.
macro_rules! first {
    ($bytewise:literal) => {
        concat!(
            "CREATE TABLE adreel_schema (version BIGINT NOT NULL PRIMARY KEY);\n",
            "CREATE TABLE adreel_jobs (\n",
            "    id TEXT COLLATE ",
            $bytewise,
            " NOT NULL PRIMARY KEY,\n",
            "    provider TEXT NOT NULL,\n",
            "    account TEXT NOT NULL,\n",
            "    realm TEXT NOT NULL,\n",
            "    job_key TEXT,\n",
            "    stage TEXT NOT NULL,\n",
            "    due_at BIGINT,\n",
            "    job_order TEXT NOT NULL,\n",
            "    state TEXT NOT NULL,\n",
            "    revision BIGINT NOT NULL,\n",
            "    created_at BIGINT NOT NULL,\n",
            "    updated_at BIGINT NOT NULL\n",
            ");\n",
            "CREATE UNIQUE INDEX adreel_jobs_by_key\n",
            "    ON adreel_jobs (provider, account, realm, job_key)\n",
            "    WHERE job_key IS NOT NULL;\n",
            "CREATE INDEX adreel_jobs_by_stage ON adreel_jobs (stage, id);\n",
            "INSERT INTO adreel_schema (version) VALUES (1);\n",
        )
    };
}

/// The second migration: what is looked for and added up across jobs. Amounts are millionths of a
/// credit.
macro_rules! second {
    () => {
        concat!(
            "ALTER TABLE adreel_jobs ADD COLUMN resource TEXT;\n",
            "ALTER TABLE adreel_jobs ADD COLUMN committed BIGINT NOT NULL DEFAULT 0;\n",
            "ALTER TABLE adreel_jobs ADD COLUMN reserved_at BIGINT;\n",
            "ALTER TABLE adreel_jobs ADD COLUMN run TEXT;\n",
            "CREATE INDEX adreel_jobs_by_resource\n",
            "    ON adreel_jobs (provider, account, realm, resource)\n",
            "    WHERE resource IS NOT NULL;\n",
            "CREATE INDEX adreel_jobs_by_reservation\n",
            "    ON adreel_jobs (provider, account, realm, reserved_at, run, id, committed)\n",
            "    WHERE reserved_at IS NOT NULL;\n",
            "INSERT INTO adreel_schema (version) VALUES (2);\n",
        )
    };
}

/// The third migration: what webhooks told, and leases. Texts of a provider's are compared byte by
/// byte too.
macro_rules! third {
    ($bytewise:literal) => {
        concat!(
            "CREATE TABLE adreel_events (\n",
            "    number BIGINT NOT NULL PRIMARY KEY,\n",
            "    provider TEXT NOT NULL,\n",
            "    account TEXT NOT NULL,\n",
            "    realm TEXT NOT NULL,\n",
            "    resource TEXT COLLATE ",
            $bytewise,
            " NOT NULL,\n",
            "    outcome TEXT COLLATE ",
            $bytewise,
            " NOT NULL,\n",
            "    name TEXT NOT NULL,\n",
            "    delivery TEXT,\n",
            "    noted_at BIGINT NOT NULL,\n",
            "    due_at BIGINT,\n",
            "    holder TEXT,\n",
            "    claims BIGINT NOT NULL DEFAULT 0\n",
            ");\n",
            "CREATE UNIQUE INDEX adreel_events_by_resource\n",
            "    ON adreel_events (provider, account, realm, resource, outcome);\n",
            "CREATE INDEX adreel_events_by_due ON adreel_events (due_at, number)\n",
            "    WHERE due_at IS NOT NULL;\n",
            "CREATE TABLE adreel_leases (\n",
            "    name TEXT NOT NULL PRIMARY KEY,\n",
            "    holder TEXT NOT NULL,\n",
            "    held_until BIGINT NOT NULL\n",
            ");\n",
            "INSERT INTO adreel_schema (version) VALUES (3);\n",
        )
    };
}

/// The migrations in order; the first one leads to version 1.
#[cfg(feature = "sqlite")]
pub(super) const SQLITE: [&str; 3] = [first!("BINARY"), second!(), third!("BINARY")];
#[cfg(feature = "postgres")]
pub(super) const POSTGRES: [&str; 3] = [first!("\"C\""), second!(), third!("\"C\"")];

/// The same as texts that are run by hand.
pub(super) const SQLITE_TEXT: &str =
    concat!("BEGIN;\n", first!("BINARY"), second!(), third!("BINARY"), "COMMIT;\n");
pub(super) const POSTGRES_TEXT: &str =
    concat!("BEGIN;\n", first!("\"C\""), second!(), third!("\"C\""), "COMMIT;\n");

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
