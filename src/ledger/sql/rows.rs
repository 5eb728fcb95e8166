use std::future::ready;
use std::path::PathBuf;

use sqlx::{AssertSqlSafe, FromRow as _, Row as _};

use super::{Sql, fault, on, seats};
use crate::BoxFuture;
use crate::error::{Error, ErrorKind, Result};
use crate::job::{Account, Job, JobId, Stage, StoredJob};
use crate::ledger::{Bounds, EventLog, JobQuery, Ledger, Seat, Stored};

const INSERT: &str = "INSERT INTO adreel_jobs (id, provider, account, realm, job_key, stage, \
     due_at, job_order, state, revision, created_at, updated_at, resource, committed, reserved_at, \
     run) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) \
     ON CONFLICT DO NOTHING";
const LOAD: &str = "SELECT revision, job_order, state, id FROM adreel_jobs WHERE id = $1";
const FIND: &str = "SELECT revision, job_order, state, id FROM adreel_jobs \
     WHERE provider = $1 AND account = $2 AND realm = $3 AND job_key = $4";
const FIND_RESOURCE: &str = "SELECT revision, job_order, state, id FROM adreel_jobs \
     WHERE provider = $1 AND account = $2 AND realm = $3 AND resource = $4 \
     ORDER BY id DESC LIMIT 1";

/// The revision, the order and the state, and apart from them the id, which says whose they are
/// where they cannot be read.
type Row = (sqlx::Result<String>, sqlx::Result<(i64, String, String)>);

macro_rules! unpacked {
    ($row:expr) => {{
        let row = $row;
        (row.try_get::<String, _>(3), <(i64, String, String)>::from_row(row))
    }};
}

impl Sql {
    /// Whether the row is new.
    async fn add(&self, job: &Job) -> Result<bool> {
        let StoredJob { order, state, .. } = job.to_stored()?;
        let (account, revision) = (job.account(), counted(job.revision())?);
        let added = on!(&self.pool, pool, backend => async {
            let mut connection = backend::begin(pool).await?;
            let done = sqlx::query(INSERT)
                .bind(job.id().to_string())
                .bind(account.provider.as_str())
                .bind(&account.name)
                .bind(&account.realm)
                .bind(job.key_digest())
                .bind(job.stage().as_str())
                .bind(job.due_at().map(|due| due.as_millis()))
                .bind(order)
                .bind(state)
                .bind(revision)
                .bind(job.created_at().as_millis())
                .bind(job.updated_at().as_millis())
                .bind(job.provider_ref().map(|reference| reference.id))
                .bind(job.committed().millionths())
                .bind(job.reserved_at().map(|at| at.as_millis()))
                .bind(job.run())
                .execute(&mut *connection)
                .await?;
            backend::commit(connection).await.map(|()| done.rows_affected())
        }
        .await);
        added.map(|rows| rows > 0).map_err(|error| fault::told(&self.place, error))
    }

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

    async fn rows(&self, query: &JobQuery) -> Result<Vec<Result<Job>>> {
        let after = query.after.map(|id| id.to_string()).unwrap_or_default();
        let limit = query.limit.map_or(i64::MAX, i64::from);
        let stages = Stage::ALL.into_iter().filter(|stage| query.stages.contains(stage));
        let stages: Vec<_> = stages.map(Stage::as_str).collect();
        let listed = on!(&self.pool, pool, backend => {
            // The text holds nothing of the caller's: only how many stages there are.
            let asked = sqlx::query(AssertSqlSafe(list_statement(stages.len())));
            let asked = asked.bind(after).bind(limit);
            let asked = stages.into_iter().fold(asked, |asked, stage| asked.bind(stage));
            let rows = asked.fetch_all(pool).await;
            rows.map(|rows| rows.iter().map(|row| unpacked!(row)).collect::<Vec<Row>>())
        });
        let listed = listed.map_err(|error| fault::told(&self.place, error))?;
        Ok(listed.into_iter().map(|row| self.read(row)).collect())
    }

    fn read(&self, (id, content): Row) -> Result<Job> {
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

    fn unreadable(&self, why: &str) -> Error {
        let message = format!("ledger {}: a row was changed by others: {why}", self.place);
        Error::new(ErrorKind::Decode, message)
    }
}

/// What lists jobs at any of so many stages; at all where there is none.
fn list_statement(stages: usize) -> String {
    let places: Vec<_> = (3..3 + stages).map(|place| format!("${place}")).collect();
    let filter = match stages {
        0 => String::new(),
        _ => format!("AND stage IN ({}) ", places.join(", ")),
    };
    format!(
        "SELECT revision, job_order, state, id FROM adreel_jobs WHERE id > $1 {filter}\
         ORDER BY id LIMIT $2"
    )
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
        Box::pin(async move { Ok(self.change(job, &[]).await? == Stored::Yes) })
    }

    fn store_within<'a>(
        &'a self,
        job: &'a Job,
        bounds: &'a Bounds,
    ) -> BoxFuture<'a, Result<Stored>> {
        Box::pin(self.change(job, &bounds.spend))
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

    fn take_seat(&self) -> BoxFuture<'_, Result<Option<Seat>>> {
        let taken = self.place.beside(".seats").map_or(Ok(None), |folder| seats::take(&folder));
        Box::pin(ready(taken))
    }

    fn is_seated<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<bool>>> {
        let folder = self.place.beside(".seats");
        Box::pin(ready(Ok(folder.and_then(|folder| seats::is_taken(&folder, name)))))
    }
}
