//! Seats of a ledger in Postgres: locks of sessions, which the server gives back when a session
//! ends. Each seat keeps a connection of its own open.
//!
//! A seat's name holds the time at which its server was started. A server that was restarted since,
//! or another one that took over, has lost the locks of living clients, so it cannot tell of those
//! seats whether they are held.

use std::time::Duration;

use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, PgPool};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::errors;
use super::place::Place;
use super::postgres::ACQUIRE_TIMEOUT;
use crate::error::{Error, ErrorKind, Result};
use crate::future::BoxFuture;
use crate::ledger::{KeepSeat, Seat};

/// An idle session must not be ended by the server, and one whose machine is gone has to end within
/// a minute. A setting that a server does not know is left out.
const SETTINGS: &str = "SELECT set_config(wanted.name, wanted.value, false) FROM (VALUES \
     ('idle_session_timeout', '0'), ('tcp_keepalives_idle', '30'), \
     ('tcp_keepalives_interval', '10'), ('tcp_keepalives_count', '3')) AS wanted (name, value) \
     WHERE wanted.name IN (SELECT known.name FROM pg_settings AS known)";

/// When the server was started, in microseconds.
macro_rules! started {
    () => {
        "CAST(EXTRACT(EPOCH FROM pg_postmaster_start_time()) * 1000000 AS BIGINT)"
    };
}

const TAKE: &str = concat!("SELECT pg_try_advisory_lock($1), ", started!());

/// The locks with the key `$1 $2`, in its two halves. Reading does not look like holding.
macro_rules! locks {
    () => {
        "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1 \
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
         AND CAST(classid AS BIGINT) = $1 AND CAST(objid AS BIGINT) = $2"
    };
}

const IS_TAKEN: &str = concat!("SELECT EXISTS (", locks!(), "), ", started!());
const IS_MINE: &str =
    concat!("SELECT EXISTS (", locks!(), " AND pid = pg_backend_pid()), ", started!());

/// How often a key is drawn that is not taken yet.
const TRIES: u32 = 8;

/// How long a server may take to say whether a seat is held.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// What a seat's name tells.
#[derive(Clone, Copy)]
struct Name {
    key: u64,
    /// When the server was started.
    started: i64,
}

impl Name {
    fn parse(text: &str) -> Option<Self> {
        let (key, started) = text.strip_prefix("pg-")?.split_once('-')?;
        let name = Self {
            key: u64::from_str_radix(key, 16).ok()?,
            started: i64::from_str_radix(started, 16).ok()?,
        };
        (name.text() == text).then_some(name)
    }

    fn text(self) -> String {
        format!("pg-{:016x}-{:x}", self.key, self.started)
    }

    /// The key as the server takes it.
    fn lock(self) -> i64 {
        self.key.cast_signed()
    }

    /// The halves of the key, as the server shows it.
    fn halves(self) -> (i64, i64) {
        ((self.key >> 32).cast_signed(), (self.key & 0xffff_ffff).cast_signed())
    }
}

/// A session that holds a lock; `None` once it was found to be lost.
struct Session {
    connection: Mutex<Option<PgConnection>>,
    name: Name,
}

impl Session {
    async fn is_held(&self) -> bool {
        let mut kept = self.connection.lock().await;
        let Some(connection) = kept.as_mut() else { return false };
        let (high, low) = self.name.halves();
        let query = sqlx::query_as::<_, (bool, i64)>(IS_MINE).bind(high).bind(low);
        let answer = timeout(ANSWER_TIMEOUT, query.fetch_one(connection)).await;
        let is_held = matches!(answer, Ok(Ok((true, _))));
        if !is_held {
            *kept = None;
        }
        is_held
    }
}

impl KeepSeat for Session {
    fn is_held(&self) -> BoxFuture<'_, bool> {
        Box::pin(self.is_held())
    }
}

/// Takes a seat with a connection that is not one of the pool's.
pub(super) async fn take(pool: &PgPool, place: &Place) -> Result<Seat> {
    let taken = timeout(ACQUIRE_TIMEOUT, session(pool)).await;
    let taken = taken.unwrap_or(Err(sqlx::Error::PoolTimedOut));
    let session = taken.map_err(|error| errors::from_sqlx(place, error))?;
    let Some(session) = session else {
        let message = format!("ledger {place}: no seat can be taken; try again later");
        return Err(Error::new(ErrorKind::Unavailable, message));
    };
    Ok(Seat::kept_by(session.name.text(), session))
}

async fn session(pool: &PgPool) -> sqlx::Result<Option<Session>> {
    let mut connection = PgConnection::connect_with(&pool.connect_options()).await?;
    sqlx::query(SETTINGS).execute(&mut connection).await?;
    for _ in 0..TRIES {
        let drawn = getrandom::u64()
            .map_err(|error| sqlx::Error::Io(std::io::Error::other(error.to_string())))?;
        let mut name = Name { key: drawn, started: 0 };
        let query = sqlx::query_as::<_, (bool, i64)>(TAKE).bind(name.lock());
        let (is_taken, started) = query.fetch_one(&mut connection).await?;
        if is_taken {
            name.started = started;
            return Ok(Some(Session { connection: Mutex::new(Some(connection)), name }));
        }
    }
    Ok(None)
}

/// Whether somebody holds a seat; `None` where the server cannot know.
pub(super) async fn is_taken(pool: &PgPool, place: &Place, name: &str) -> Result<Option<bool>> {
    let Some(name) = Name::parse(name) else { return Ok(None) };
    let (high, low) = name.halves();
    let query = sqlx::query_as::<_, (bool, i64)>(IS_TAKEN).bind(high).bind(low);
    let (is_held, started) =
        query.fetch_one(pool).await.map_err(|error| errors::from_sqlx(place, error))?;
    Ok((is_held || started == name.started).then_some(is_held))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_is_written_and_no_other_is() {
        for key in [0, 7, u64::MAX] {
            let name = Name { key, started: 1_790_000_000_000_000 };
            assert_eq!(Name::parse(&name.text()).map(Name::text), Some(name.text()));
        }
        for text in ["", "pg-", "pg-7-1", "pg-000000000000000g-1", "01M7Z2WPQ17E70A0ACY16PBNWG"] {
            assert!(Name::parse(text).is_none(), "{text}");
        }
        assert_eq!(Name { key: u64::MAX, started: 0 }.halves(), (0xffff_ffff, 0xffff_ffff));
    }
}
