//! Storing a job, where limits are given within them: one statement that checks and writes.

use std::fmt::Write as _;

use sqlx::AssertSqlSafe;

use super::rows::counted;
use super::{Sql, fault, on};
use crate::error::{Error, ErrorKind, Result};
use crate::job::Job;
use crate::ledger::{SpendLimit, SpendScope, Stored};
use crate::model::Credits;

const STORE: &str = "UPDATE adreel_jobs SET stage = $1, due_at = $2, state = $3, revision = $4, \
     updated_at = $5, resource = $6, committed = $7, reserved_at = $8, run = $9 \
     WHERE id = $10 AND revision = $11";
const REVISION: &str = "SELECT revision FROM adreel_jobs WHERE id = $1";

/// How often a job is stored anew that no limit keeps from it any more when that is asked again.
const TRIES: u32 = 8;

/// Binds what tells which other jobs count: their account, the job itself, and the scope.
macro_rules! bind_scope {
    ($query:expr, $job:expr, $limit:expr) => {{
        let account = $job.account();
        let query = $query
            .bind($job.id().to_string())
            .bind(account.provider.as_str())
            .bind(&account.name)
            .bind(&account.realm);
        match &$limit.scope {
            SpendScope::Run(run) => query.bind(run),
            SpendScope::Day(begin) => query.bind(begin.as_millis()),
            SpendScope::Request | SpendScope::Account => query,
        }
    }};
}

impl Sql {
    pub(super) async fn change(&self, job: &Job, limits: &[SpendLimit]) -> Result<Stored> {
        for limit in limits.iter().filter(|limit| limit.scope == SpendScope::Request) {
            if job.committed() > limit.most {
                return Ok(Stored::over(limit.clone(), Credits::ZERO));
            }
        }
        let shared: Vec<_> =
            limits.iter().filter(|limit| limit.scope != SpendScope::Request).collect();
        for _ in 0..TRIES {
            // Only the write itself decides. This keeps those for whom there is no room anyway from
            // waiting for their turn to write, and tells them why.
            for limit in &shared {
                let others = self.committed_by_others(job, limit).await?;
                if others + job.committed() > limit.most {
                    return Ok(Stored::over((*limit).clone(), others));
                }
            }
            if self.update(job, &shared).await? {
                return Ok(Stored::Yes);
            }
            if shared.is_empty() || !self.stands_before(job).await? {
                return Ok(Stored::Overtaken);
            }
        }
        let message = format!("ledger {}: spending changes too fast; try again", self.place);
        Err(Error::new(ErrorKind::Unavailable, message).with_job(job.id()))
    }

    /// Whether the row stood at the revision before the job's, and the limits left room.
    async fn update(&self, job: &Job, limits: &[&SpendLimit]) -> Result<bool> {
        let revision = counted(job.revision())?;
        let state = job.to_stored_state()?;
        let statement = store_statement(limits);
        let account = job.account();
        let changed = on!(&self.pool, pool, backend => async {
            let mut connection = backend::begin(pool).await?;
            if !limits.is_empty() {
                let name = format!("{} {} {}", account.provider, account.name, account.realm);
                backend::lock(&mut connection, &name).await?;
            }
            // The text holds nothing of the caller's: only which limits there are.
            let query = sqlx::query(AssertSqlSafe(statement))
                .bind(job.stage().as_str())
                .bind(job.due_at().map(|due| due.as_millis()))
                .bind(state)
                .bind(revision)
                .bind(job.updated_at().as_millis())
                .bind(job.provider_ref().map(|reference| reference.id))
                .bind(job.committed().millionths())
                .bind(job.reserved_at().map(|at| at.as_millis()))
                .bind(job.run())
                .bind(job.id().to_string())
                .bind(revision - 1);
            let query = limits.iter().fold(query, |query, limit| {
                bind_scope!(query, job, limit).bind(room(job, limit))
            });
            let done = query.execute(&mut *connection).await?;
            backend::commit(connection).await.map(|()| done.rows_affected())
        }
        .await);
        changed.map(|rows| rows > 0).map_err(|error| fault::told(&self.place, error))
    }

    async fn stands_before(&self, job: &Job) -> Result<bool> {
        let found = on!(&self.pool, pool, backend => {
            let query = sqlx::query_scalar::<_, i64>(REVISION).bind(job.id().to_string());
            query.fetch_optional(pool).await
        });
        let found = found.map_err(|error| fault::told(&self.place, error))?;
        Ok(found == Some(counted(job.revision())? - 1))
    }

    async fn committed_by_others(&self, job: &Job, limit: &SpendLimit) -> Result<Credits> {
        let statement = format!("SELECT {}", sum_of_others(limit, 1));
        let sum = on!(&self.pool, pool, backend => {
            let query = sqlx::query_scalar::<_, i64>(AssertSqlSafe(statement));
            bind_scope!(query, job, limit).fetch_one(pool).await
        });
        sum.map(Credits::from_millionths).map_err(|error| fault::told(&self.place, error))
    }
}

/// What the other jobs may come to.
fn room(job: &Job, limit: &SpendLimit) -> i64 {
    limit.most.whole_millionths().saturating_sub(job.committed().millionths())
}

fn store_statement(limits: &[&SpendLimit]) -> String {
    let mut statement = STORE.to_owned();
    let mut place = 12;
    for limit in limits {
        let after = place + places(limit);
        let others = sum_of_others(limit, place);
        // Writing to a string cannot fail.
        let _ = write!(statement, " AND {others} <= ${after}");
        place = after + 1;
    }
    statement
}

/// How many values [`bind_scope`] binds for a limit.
fn places(limit: &SpendLimit) -> u32 {
    match limit.scope {
        SpendScope::Run(_) | SpendScope::Day(_) => 5,
        SpendScope::Request | SpendScope::Account => 4,
    }
}

/// What the other jobs that count for a limit come to, as SQL whose values begin at a place.
/// Postgres adds integers up to a decimal, so it is told to stay with them.
fn sum_of_others(limit: &SpendLimit, place: u32) -> String {
    let scope = match limit.scope {
        SpendScope::Run(_) => format!(" AND run = ${}", place + 4),
        SpendScope::Day(_) => format!(" AND reserved_at >= ${}", place + 4),
        SpendScope::Request | SpendScope::Account => String::new(),
    };
    format!(
        "(SELECT CAST(COALESCE(SUM(committed), 0) AS BIGINT) FROM adreel_jobs \
         WHERE id <> ${} AND provider = ${} AND account = ${} AND realm = ${} \
         AND reserved_at IS NOT NULL{scope})",
        place,
        place + 1,
        place + 2,
        place + 3,
    )
}
