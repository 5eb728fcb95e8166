//! Jobs as rows.

use std::path::PathBuf;

use sqlx::Row as _;

use super::statement::{Statement, query};
use super::{Pool, Sql, fault, on};
use crate::error::{Error, ErrorKind, Result};
use crate::future::BoxFuture;
use crate::job::{Account, Job, JobId, Stage, StoredJob};
use crate::ledger::{Bounds, DueClaim, EventLog, Gate, JobQuery, Ledger, Seat, SpendScope, Stored};
use crate::model::{Credits, Timestamp};

const LOAD: &str = "SELECT revision, job_order, state, id FROM adreel_jobs WHERE id = $1";
const FIND: &str = "SELECT revision, job_order, state, id FROM adreel_jobs \
     WHERE provider = $1 AND account = $2 AND realm = $3 AND job_key = $4";
const FIND_RESOURCE: &str = "SELECT revision, job_order, state, id FROM adreel_jobs \
     WHERE provider = $1 AND account = $2 AND realm = $3 AND resource = $4 \
     ORDER BY id DESC LIMIT 1";

/// The revision, the order and the state, and apart from them the id, which says whose they are
/// where they cannot be read.
pub(super) type Row = (sqlx::Result<String>, sqlx::Result<(i64, String, String)>);

macro_rules! unpacked {
    ($row:expr) => {{
        let row = $row;
        let content = <(i64, String, String) as sqlx::FromRow<_>>::from_row(row);
        (row.try_get::<String, _>(3), content)
    }};
}
pub(super) use unpacked;

impl Sql {
    async fn row(&self, id: JobId) -> Result<Option<Job>> {
        let found = on!(&self.pool, pool, backend => {
            let row = sqlx::query(LOAD).bind(id.to_string()).fetch_optional(pool).await;
            row.map(|row| row.as_ref().map(|row| unpacked!(row)))
        });
        let found = found.map_err(|error| fault::told(&self.place, error))?;
        found.map(|row| self.read(row)).transpose()
    }

    /// The row of an account that a statement finds by one more text.
    async fn row_with(
        &self,
        statement: &'static str,
        account: &Account,
        text: &str,
    ) -> Result<Option<Job>> {
        let found = on!(&self.pool, pool, backend => {
            let row = sqlx::query(statement)
                .bind(account.provider.as_str())
                .bind(&account.name)
                .bind(&account.realm)
                .bind(text)
                .fetch_optional(pool)
                .await;
            row.map(|row| row.as_ref().map(|row| unpacked!(row)))
        });
        let found = found.map_err(|error| fault::told(&self.place, error))?;
        found.map(|row| self.read(row)).transpose()
    }

    async fn rows(&self, asked: &JobQuery) -> Result<Vec<Result<Job>>> {
        let listed = on!(&self.pool, pool, backend => {
            let rows = query!(listing(asked)).fetch_all(pool).await;
            rows.map(|rows| rows.iter().map(|row| unpacked!(row)).collect::<Vec<Row>>())
        });
        let listed = listed.map_err(|error| fault::told(&self.place, error))?;
        Ok(listed.into_iter().map(|row| self.read(row)).collect())
    }

    pub(super) fn read(&self, (id, content): Row) -> Result<Job> {
        let text = id.map_err(|error| fault::told(&self.place, error))?;
        let id = text.parse::<JobId>().map_err(|error| self.unreadable(&error.to_string()))?;
        let with_id = |error: Error| error.with_job(id);
        let (revision, order, state) =
            content.map_err(|error| with_id(fault::told(&self.place, error)))?;
        let job = Job::from_stored(&StoredJob::new(order, state)).map_err(with_id)?;
        if job.id() == id && counted(job.revision())? == revision {
            return Ok(job);
        }
        Err(with_id(self.unreadable(&format!(
            "its state is that of job {} at revision {}, its row stands at {revision}",
            job.id(),
            job.revision()
        ))))
    }

    pub(super) fn unreadable(&self, why: &str) -> Error {
        let message = format!("ledger {}: a row was changed by others: {why}", self.place);
        Error::new(ErrorKind::Decode, message)
    }
}

/// What lists jobs.
fn listing(asked: &JobQuery) -> Statement {
    let mut statement = Statement::new("");
    let after = statement.place(asked.after.map(|id| id.to_string()).unwrap_or_default());
    let mut filter = format!("id > {after}");
    let stages = Stage::ALL.into_iter().filter(|stage| asked.stages.contains(stage));
    let stages: Vec<_> = stages.map(|stage| statement.place(stage.as_str())).collect();
    if !stages.is_empty() {
        filter += &format!(" AND stage IN ({})", stages.join(", "));
    }
    if let Some(account) = &asked.account {
        filter += &format!(" AND {}", statement.is_of(account));
    }
    let limit = statement.place(asked.limit.map_or(i64::MAX, i64::from));
    statement.text = format!(
        "SELECT revision, job_order, state, id FROM adreel_jobs WHERE {filter} \
         ORDER BY id LIMIT {limit}"
    );
    statement
}

/// A revision as both databases keep it.
pub(super) fn counted(revision: u64) -> Result<i64> {
    let too_high = |_| Error::new(ErrorKind::Decode, format!("{revision} is no revision of a job"));
    i64::try_from(revision).map_err(too_high)
}

impl Ledger for Sql {
    fn insert<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<Option<Job>>> {
        Box::pin(async move {
            if self.add(job).await? {
                return Ok(None);
            }
            if let Some(existing) = self.row(job.id()).await? {
                return Ok(Some(existing));
            }
            let existing = match job.key_digest() {
                Some(key_digest) => self.row_with(FIND, job.account(), key_digest).await?,
                None => None,
            };
            // Rows are never removed while they are used, so somebody else is at work here.
            let gone = || {
                let message =
                    format!("ledger {}: a row went while it was read; try again", self.place);
                Error::new(ErrorKind::Unavailable, message)
            };
            existing.map(Some).ok_or_else(gone)
        })
    }

    fn load(&self, id: JobId) -> BoxFuture<'_, Result<Option<Job>>> {
        Box::pin(self.row(id))
    }

    fn find<'a>(
        &'a self,
        account: &'a Account,
        key_digest: &'a str,
    ) -> BoxFuture<'a, Result<Option<Job>>> {
        Box::pin(self.row_with(FIND, account, key_digest))
    }

    fn store<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<bool>> {
        Box::pin(async move { Ok(self.change(job, &Bounds::none()).await? == Stored::Yes) })
    }

    fn store_within<'a>(
        &'a self,
        job: &'a Job,
        bounds: &'a Bounds,
    ) -> BoxFuture<'a, Result<Stored>> {
        Box::pin(self.change(job, bounds))
    }

    fn find_resource<'a>(
        &'a self,
        account: &'a Account,
        resource: &'a str,
    ) -> BoxFuture<'a, Result<Option<Job>>> {
        Box::pin(self.row_with(FIND_RESOURCE, account, resource))
    }

    fn list<'a>(&'a self, query: &'a JobQuery) -> BoxFuture<'a, Result<Vec<Result<Job>>>> {
        Box::pin(self.rows(query))
    }

    fn events(&self) -> Option<&dyn EventLog> {
        Some(self)
    }

    fn side_file(&self) -> Option<PathBuf> {
        self.place.beside(".accepted")
    }

    fn committed<'a>(
        &'a self,
        account: &'a Account,
        scope: &'a SpendScope,
    ) -> BoxFuture<'a, Result<Credits>> {
        Box::pin(self.total(account, scope))
    }

    fn slots_taken<'a>(
        &'a self,
        account: &'a Account,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<u32>> {
        Box::pin(self.count_slots(account, now))
    }

    fn now(&self) -> BoxFuture<'_, Result<Option<Timestamp>>> {
        Box::pin(async move {
            let now = on!(&self.pool, pool, backend => backend::now(pool).await);
            let now = now.map_err(|error| fault::told(&self.place, error))?;
            Ok(now.map(Timestamp::from_millis))
        })
    }

    fn take_seat(&self) -> BoxFuture<'_, Result<Option<Seat>>> {
        Box::pin(async move {
            match &self.pool {
                #[cfg(feature = "sqlite")]
                Pool::Sqlite(_) => match self.place.beside(".seats") {
                    Some(folder) => super::seats::take(&folder),
                    None => Ok(None),
                },
                #[cfg(feature = "postgres")]
                Pool::Postgres(pool) => super::sessions::take(pool, &self.place).await.map(Some),
            }
        })
    }

    fn is_seated<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<bool>>> {
        Box::pin(async move {
            match &self.pool {
                #[cfg(feature = "sqlite")]
                Pool::Sqlite(_) => {
                    let folder = self.place.beside(".seats");
                    Ok(folder.and_then(|folder| super::seats::is_taken(&folder, name)))
                }
                #[cfg(feature = "postgres")]
                Pool::Postgres(pool) => super::sessions::is_taken(pool, &self.place, name).await,
            }
        })
    }

    fn claim<'a>(&'a self, route: &'a str) -> BoxFuture<'a, Result<Option<JobId>>> {
        Box::pin(self.claimed(route))
    }

    fn move_claim<'a>(
        &'a self,
        route: &'a str,
        from: Option<&'a Job>,
        to: &'a Job,
    ) -> BoxFuture<'a, Result<bool>> {
        Box::pin(self.pass_claim(route, from, to))
    }

    fn claim_due<'a>(&'a self, claim: &'a DueClaim) -> BoxFuture<'a, Result<Vec<Result<Job>>>> {
        Box::pin(self.take_due(claim))
    }

    fn release_due<'a>(&'a self, id: JobId, holder: &'a str) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.give_back(id, holder))
    }

    fn gate<'a>(&'a self, account: &'a Account) -> BoxFuture<'a, Result<Option<Gate>>> {
        Box::pin(self.read_gate(account))
    }

    fn store_gate<'a>(
        &'a self,
        account: &'a Account,
        gate: &'a Gate,
    ) -> BoxFuture<'a, Result<bool>> {
        Box::pin(self.change_gate(account, gate))
    }
}
