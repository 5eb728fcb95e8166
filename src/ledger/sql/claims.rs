//! Who works on what: claims of routes, jobs that are due, and gates.

use sqlx::{Connection as _, Row as _};

use super::rows::{Row, counted, unpacked};
use super::statement::{Statement, query, written};
use super::store::{insertion, replacement};
use super::{Sql, errors, on};
use crate::error::Result;
use crate::job::{Account, Job, JobId};
use crate::ledger::{DueClaim, Gate};

const CLAIM: &str = "SELECT job FROM adreel_routes WHERE route = $1";
const FIRST_CLAIM: &str =
    "INSERT INTO adreel_routes (route, job) VALUES ($1, $2) ON CONFLICT DO NOTHING";
const NEXT_CLAIM: &str = "UPDATE adreel_routes SET job = $2 WHERE route = $1 AND job = $3";
const RELEASE: &str = "UPDATE adreel_jobs SET claimed_by = NULL, claimed_until = NULL \
     WHERE id = $1 AND claimed_by = $2";
const GATE: &str = "SELECT state, revision FROM adreel_gates \
     WHERE provider = $1 AND account = $2 AND realm = $3";
const FIRST_GATE: &str = "INSERT INTO adreel_gates (provider, account, realm, state, revision) \
     VALUES ($1, $2, $3, $4, 1) ON CONFLICT DO NOTHING";
const NEXT_GATE: &str = "UPDATE adreel_gates SET state = $4, revision = $5 \
     WHERE provider = $1 AND account = $2 AND realm = $3 AND revision = $6";

impl Sql {
    pub(super) async fn claimed(&self, route: &str) -> Result<Option<JobId>> {
        let found = on!(&self.pool, pool, backend => {
            sqlx::query_scalar::<_, String>(CLAIM).bind(route).fetch_optional(pool).await
        });
        let found = found.map_err(|error| errors::from_sqlx(&self.place, error))?;
        let read = |id: String| id.parse().map_err(|_| self.unreadable("the claim of a route"));
        found.map(read).transpose()
    }

    pub(super) async fn pass_claim(
        &self,
        route: &str,
        from: Option<&Job>,
        to: &Job,
    ) -> Result<bool> {
        let first = if from.is_some() { NEXT_CLAIM } else { FIRST_CLAIM };
        let mut claim = Statement::new(first).with(route).with(to.id().to_string());
        let come = if to.revision() == 0 { insertion(to)? } else { replacement(to)? };
        let mut writes = vec![(to.account(), come)];
        if let Some(from) = from {
            claim = claim.with(from.id().to_string());
            writes.push((from.account(), replacement(from)?));
        }
        // Each write locks the totals of its account. All take two locks in the same order, so that
        // none waits for another in a circle.
        writes.sort_by_key(|(account, _)| *account);
        self.write_all([claim].into_iter().chain(writes.into_iter().map(|(_, write)| write))).await
    }

    /// Runs statements in one transaction. Where one of them writes no row, nothing is written.
    async fn write_all(&self, statements: impl Iterator<Item = Statement>) -> Result<bool> {
        let keeps_connection = self.is_in_memory();
        let done = on!(&self.pool, pool, backend => async {
            let mut connection = pool.acquire().await?;
            let done = async {
                let mut transaction = connection.begin_with(backend::BEGIN_ALL).await?;
                for statement in statements {
                    let done = query!(statement).execute(&mut *transaction).await?;
                    if done.rows_affected() == 0 {
                        return transaction.rollback().await.map(|()| false);
                    }
                }
                transaction.commit().await.map(|()| true)
            }
            .await;
            if done.is_err() && !keeps_connection {
                // SQLite ends a transaction by itself when the disk is full, of which sqlx hears
                // nothing: the connection would be of no use to the pool.
                connection.close().await.ok();
            }
            done
        }
        .await);
        done.map_err(|error| errors::from_sqlx(&self.place, error))
    }

    pub(super) async fn take_due(&self, claim: &DueClaim) -> Result<Vec<Result<Job>>> {
        let claimed = on!(&self.pool, pool, backend => async {
            let mut connection = backend::begin(pool).await?;
            // Whether the statement has ended is only known once all its rows are read.
            let query = query!(taking(claim, backend::SKIP_LOCKED));
            let rows = query.fetch_all(&mut *connection).await?;
            let rows = rows.iter().map(|row| Ok((row.try_get(4)?, unpacked!(row))));
            let rows = rows.collect::<sqlx::Result<Vec<(i64, Row)>>>()?;
            backend::commit(connection).await.map(|()| rows)
        }
        .await);
        let mut claimed = claimed.map_err(|error| errors::from_sqlx(&self.place, error))?;
        let order = |(due, (id, _)): &(i64, Row)| (*due, id.as_ref().ok().cloned());
        claimed.sort_by_key(order);
        Ok(claimed.into_iter().map(|(_, row)| self.read(row)).collect())
    }

    pub(super) async fn give_back(&self, id: JobId, holder: &str) -> Result<()> {
        written!(self, Statement::new(RELEASE).with(id.to_string()).with(holder)).map(drop)
    }

    pub(super) async fn read_gate(&self, account: &Account) -> Result<Option<Gate>> {
        let found = on!(&self.pool, pool, backend => {
            let query = sqlx::query_as::<_, (String, i64)>(GATE);
            let query = query.bind(account.provider.as_str());
            query.bind(&account.name).bind(&account.realm).fetch_optional(pool).await
        });
        let found = found.map_err(|error| errors::from_sqlx(&self.place, error))?;
        let read = |(state, revision)| {
            let revision = u64::try_from(revision).map_err(|_| self.unreadable("a gate"))?;
            Ok(Gate::new(state, revision))
        };
        found.map(read).transpose()
    }

    pub(super) async fn change_gate(&self, account: &Account, gate: &Gate) -> Result<bool> {
        let Some(before) = gate.revision.checked_sub(1) else { return Ok(false) };
        let statement = match before {
            0 => Statement::new(FIRST_GATE).with_account(account).with(&*gate.state),
            _ => Statement::new(NEXT_GATE)
                .with_account(account)
                .with(&*gate.state)
                .with(counted(gate.revision)?)
                .with(counted(before)?),
        };
        Ok(written!(self, statement)? > 0)
    }

    fn is_in_memory(&self) -> bool {
        matches!(self.place, super::place::Place::Memory)
    }
}

/// What takes jobs that are due, and gives them with the time at which they are.
fn taking(claim: &DueClaim, skip_locked: &str) -> Statement {
    let mut statement = Statement::new("")
        .with(claim.now.as_millis())
        .with(&*claim.holder)
        .with(claim.until.as_millis())
        .with(i64::from(claim.limit));
    let accounts = claim.accounts.iter().map(|account| format!("({})", statement.is_of(account)));
    let accounts = match accounts.collect::<Vec<_>>() {
        accounts if accounts.is_empty() => String::new(),
        accounts => format!("AND ({}) ", accounts.join(" OR ")),
    };
    statement.text = format!(
        "WITH due AS MATERIALIZED (SELECT id FROM adreel_jobs WHERE due_at <= $1 \
         AND (claimed_until IS NULL OR claimed_until <= $1 OR claimed_by = $2) {accounts}\
         ORDER BY due_at, id LIMIT $4{skip_locked}) \
         UPDATE adreel_jobs SET claimed_by = $2, claimed_until = $3 \
         WHERE id IN (SELECT id FROM due) RETURNING revision, job_order, state, id, due_at"
    );
    statement
}
