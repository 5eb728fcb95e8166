//! What only Postgres has.

use std::str::FromStr as _;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{PgPool, Postgres, Transaction};

use super::fault;
use super::place::{Place, SERVER, invalid};
pub(super) use super::schema::POSTGRES as MIGRATIONS;
use crate::error::Result;

/// The lock spells `adreel`; it ends with the transaction.
pub(super) const BEGIN_UPDATE: &str = "BEGIN ISOLATION LEVEL READ COMMITTED; \
     SELECT pg_advisory_xact_lock(x'61647265656c'::bigint)";
pub(super) const HAS_SCHEMA: &str =
    "SELECT COUNT(*) FROM pg_catalog.pg_class WHERE oid = to_regclass('adreel_schema')";

/// Whoever claims passes over what another is just claiming, and takes the next.
pub(super) const SKIP_LOCKED: &str = " FOR UPDATE SKIP LOCKED";

/// The default of a server, a database, a role or a pool may be to answer before the disk has it,
/// and an intent that a crash undoes is a job that is paid twice. Only under this isolation does a
/// row that another transaction has just added count as a conflict and not as an error.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL synchronous_commit TO on";
/// The same for several statements.
pub(super) const BEGIN_ALL: &str = BEGIN;

/// The present, not the beginning of a transaction.
const NOW: &str = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)";

const MAX_CONNECTIONS: u32 = 8;
pub(super) const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);

/// What a statement that writes runs on.
pub(super) async fn begin(pool: &PgPool) -> sqlx::Result<Transaction<'static, Postgres>> {
    pool.begin_with(BEGIN).await
}

/// Waits for those who store within the limits of the same account: two statements that run at the
/// same time would not see each other's amounts. The lock ends with the transaction, and so does
/// the setting: planning a submit's statements anew each time takes longer than they do.
pub(super) async fn lock(
    transaction: &mut Transaction<'static, Postgres>,
    account: &str,
) -> sqlx::Result<()> {
    let lock = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0)), \
                set_config('plan_cache_mode', 'force_generic_plan', true)";
    sqlx::query(lock).bind(account).execute(&mut **transaction).await.map(drop)
}

pub(super) async fn commit(transaction: Transaction<'static, Postgres>) -> sqlx::Result<()> {
    transaction.commit().await
}

/// The server's own time, in milliseconds.
pub(super) async fn now(pool: &PgPool) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar(NOW).fetch_one(pool).await.map(Some)
}

pub(super) async fn open(url: &str) -> Result<(PgPool, Place)> {
    let options = PgConnectOptions::from_str(url).map_err(|_| invalid(SERVER))?;
    let options = match options.get_application_name() {
        Some(_) => options,
        None => options.application_name("adreel"),
    };
    let place = place(&options);
    let pool = PgPoolOptions::new().max_connections(MAX_CONNECTIONS);
    let pool = pool.acquire_timeout(ACQUIRE_TIMEOUT).connect_with(options).await;
    Ok((pool.map_err(|error| fault::told(&place, error))?, place))
}

pub(super) fn place(options: &PgConnectOptions) -> Place {
    let host = match options.get_socket() {
        Some(folder) => folder.display().to_string(),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    };
    // Postgres' own default is the name of the user, which is not told.
    let database = match options.get_database() {
        None => "the user's own database",
        // That is what a password with its user looks like, put where it does not belong.
        Some(name) if name.contains(['@', ':']) => "a database whose name is not told",
        Some(name) => name,
    };
    Place::Server { host, database: database.to_owned() }
}
