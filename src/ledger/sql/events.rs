//! The events of webhooks, and leases.

use sqlx::{AssertSqlSafe, FromRow as _};

use super::rows::counted;
use super::{Sql, errors, on};
use crate::error::{Error, ErrorKind, Result};
use crate::future::BoxFuture;
use crate::job::Account;
use crate::ledger::{EventLog, LoggedEvent, NewEvent};
use crate::model::Timestamp;

/// Events are never removed, so the next number is one above the highest.
const NOTE: &str = "INSERT INTO adreel_events (number, provider, account, realm, resource, \
     outcome, name, delivery, noted_at, due_at) \
     SELECT COALESCE(MAX(number), 0) + 1, $1, $2, $3, $4, $5, $6, $7, $8, $8 FROM adreel_events \
     WHERE 1 = 1 ON CONFLICT (provider, account, realm, resource, outcome) DO NOTHING";
const ACKNOWLEDGE: &str =
    "UPDATE adreel_events SET due_at = NULL WHERE number = $1 AND due_at IS NOT NULL";
const PUT_OFF: &str = "UPDATE adreel_events SET due_at = $1 \
     WHERE number = $2 AND holder = $3 AND due_at IS NOT NULL";
const NEWEST: &str = "SELECT COALESCE(MAX(number), 0) FROM adreel_events";
const LEASE: &str = "INSERT INTO adreel_leases (name, holder, held_until) VALUES ($1, $2, $3) \
     ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, held_until = excluded.held_until \
     WHERE adreel_leases.held_until <= $4 OR adreel_leases.holder = excluded.holder";
const RELEASE: &str = "DELETE FROM adreel_leases WHERE name = $1 AND holder = $2";

/// The columns of an event, as they are read.
const COLUMNS: &str = "number, provider, account, realm, resource, outcome, name, delivery, \
     noted_at, claims, CASE WHEN due_at IS NULL THEN 1 ELSE 0 END";

type Row = (i64, String, String, String, String, String, String, Option<String>, i64, i64, i32);

/// The lock under which events are noted one after the other, so that their numbers appear in
/// order.
const ORDER: &str = "adreel events";

/// Runs a statement that writes, and gives back how many rows it wrote.
macro_rules! written {
    ($sql:expr, $query:expr) => {{
        let done = on!(&$sql.pool, pool, backend => async {
            let mut connection = backend::begin(pool).await?;
            let done = $query.execute(&mut *connection).await?;
            backend::commit(connection).await.map(|()| done.rows_affected())
        }
        .await);
        done.map_err(|error| errors::from_sqlx(&$sql.place, error))
    }};
}

/// Runs a statement that reads events.
macro_rules! listed {
    ($sql:expr, $tail:expr, $($value:expr),+) => {{
        let statement = format!("SELECT {COLUMNS} FROM adreel_events WHERE {}", $tail);
        let rows = on!(&$sql.pool, pool, backend => {
            // The text holds nothing of the caller's.
            let query = sqlx::query(AssertSqlSafe(statement))$(.bind($value))+;
            let rows = query.fetch_all(pool).await;
            rows.and_then(|rows| rows.iter().map(Row::from_row).collect::<sqlx::Result<Vec<_>>>())
        });
        let rows = rows.map_err(|error| errors::from_sqlx(&$sql.place, error))?;
        rows.into_iter().map(|row| $sql.event(row)).collect()
    }};
}

impl Sql {
    async fn add_event(&self, event: &NewEvent) -> Result<bool> {
        let done = on!(&self.pool, pool, backend => async {
            let mut connection = backend::begin(pool).await?;
            backend::lock(&mut connection, ORDER).await?;
            let done = sqlx::query(NOTE)
                .bind(event.account.provider.as_str())
                .bind(&event.account.name)
                .bind(&event.account.realm)
                .bind(&event.resource)
                .bind(&event.outcome)
                .bind(&event.name)
                .bind(&event.delivery)
                .bind(event.noted_at.as_millis())
                .execute(&mut *connection)
                .await?;
            backend::commit(connection).await.map(|()| done.rows_affected())
        }
        .await);
        done.map(|rows| rows > 0).map_err(|error| errors::from_sqlx(&self.place, error))
    }

    async fn take_event(
        &self,
        holder: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<LoggedEvent>> {
        let claimed = on!(&self.pool, pool, backend => async {
            let mut connection = backend::begin(pool).await?;
            let statement = format!(
                "UPDATE adreel_events SET holder = $1, due_at = $2, claims = claims + 1 \
                 WHERE number = (SELECT number FROM adreel_events WHERE due_at <= $3 \
                 ORDER BY due_at, number LIMIT 1{}) RETURNING {COLUMNS}",
                backend::SKIP_LOCKED
            );
            // Whether the statement has ended is only known once all its rows are read.
            let rows = sqlx::query(AssertSqlSafe(statement))
                .bind(holder)
                .bind(until.as_millis())
                .bind(now.as_millis())
                .fetch_all(&mut *connection)
                .await?;
            let row = rows.first().map(Row::from_row).transpose()?;
            backend::commit(connection).await.map(|()| row)
        }
        .await);
        let row = claimed.map_err(|error| errors::from_sqlx(&self.place, error))?;
        row.map(|row| self.event(row)).transpose()
    }

    fn event(&self, row: Row) -> Result<LoggedEvent> {
        let (number, provider, name, realm, resource, outcome, told, delivery, noted, claims, over) =
            row;
        let unreadable = || {
            let message = format!("ledger {}: event {number} was changed by others", self.place);
            Error::new(ErrorKind::Decode, message)
        };
        let provider = provider.parse().map_err(|_| unreadable())?;
        let account = Account { provider, name, realm };
        let event = NewEvent::new(&account, resource, outcome, Timestamp::from_millis(noted));
        let number = u64::try_from(number).map_err(|_| unreadable())?;
        let claims = u32::try_from(claims).map_err(|_| unreadable())?;
        Ok(LoggedEvent::new(event.told_as(told, delivery), number, claims, over != 0))
    }
}

impl EventLog for Sql {
    fn note<'a>(&'a self, event: &'a NewEvent) -> BoxFuture<'a, Result<bool>> {
        Box::pin(self.add_event(event))
    }

    fn claim<'a>(
        &'a self,
        holder: &'a str,
        now: Timestamp,
        until: Timestamp,
    ) -> BoxFuture<'a, Result<Option<LoggedEvent>>> {
        Box::pin(self.take_event(holder, now, until))
    }

    fn acknowledge(&self, number: u64) -> BoxFuture<'_, Result<bool>> {
        Box::pin(async move {
            let number = counted(number)?;
            Ok(written!(self, sqlx::query(ACKNOWLEDGE).bind(number))? > 0)
        })
    }

    fn put_off<'a>(
        &'a self,
        number: u64,
        holder: &'a str,
        until: Timestamp,
    ) -> BoxFuture<'a, Result<bool>> {
        Box::pin(async move {
            let (number, until) = (counted(number)?, until.as_millis());
            Ok(written!(self, sqlx::query(PUT_OFF).bind(until).bind(number).bind(holder))? > 0)
        })
    }

    fn since(&self, number: u64, limit: u32) -> BoxFuture<'_, Result<Vec<LoggedEvent>>> {
        Box::pin(async move {
            let number = i64::try_from(number).unwrap_or(i64::MAX);
            listed!(self, "number > $1 ORDER BY number LIMIT $2", number, i64::from(limit))
        })
    }

    fn newest(&self) -> BoxFuture<'_, Result<u64>> {
        Box::pin(async move {
            let newest = on!(&self.pool, pool, backend => {
                sqlx::query_scalar::<_, i64>(NEWEST).fetch_one(pool).await
            });
            let newest = newest.map_err(|error| errors::from_sqlx(&self.place, error))?;
            Ok(u64::try_from(newest).unwrap_or_default())
        })
    }

    fn find<'a>(
        &'a self,
        account: &'a Account,
        resource: &'a str,
    ) -> BoxFuture<'a, Result<Vec<LoggedEvent>>> {
        Box::pin(async move {
            listed!(
                self,
                "provider = $1 AND account = $2 AND realm = $3 AND resource = $4 ORDER BY number",
                account.provider.as_str(),
                &account.name,
                &account.realm,
                resource
            )
        })
    }

    fn lease<'a>(
        &'a self,
        name: &'a str,
        holder: &'a str,
        now: Timestamp,
        until: Timestamp,
    ) -> BoxFuture<'a, Result<bool>> {
        Box::pin(async move {
            let (now, until) = (now.as_millis(), until.as_millis());
            let rows =
                written!(self, sqlx::query(LEASE).bind(name).bind(holder).bind(until).bind(now))?;
            Ok(rows > 0)
        })
    }

    fn release<'a>(&'a self, name: &'a str, holder: &'a str) -> BoxFuture<'a, Result<()>> {
        Box::pin(
            async move { written!(self, sqlx::query(RELEASE).bind(name).bind(holder)).map(drop) },
        )
    }
}
