//! Writing jobs: each in one statement, which where bounds are given checks them as it writes.

use sqlx::Row as _;

use super::rows::counted;
use super::statement::{Statement, query, written};
use super::{Sql, errors, on};
use crate::error::{Error, ErrorKind, Result};
use crate::job::{Account, Job, StoredJob};
use crate::ledger::{Bounds, Slots, SpendLimit, SpendScope, Stored, begin_of};
use crate::model::{Credits, Timestamp};

const INSERT: &str = "INSERT INTO adreel_jobs (id, provider, account, realm, job_key, stage, \
     due_at, job_order, state, revision, stamp, created_at, updated_at, resource, committed, \
     reserved_at, run, slot_until, route) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, \
     $11, $12, $13, $14, $15, $16, $17, $18) ON CONFLICT DO NOTHING";
/// The stamp says that this version writes all columns that are kept beside the state.
const STORE: &str = "UPDATE adreel_jobs SET stage = $1, due_at = $2, state = $3, revision = $4, \
     stamp = $4, updated_at = $5, resource = $6, committed = $7, reserved_at = $8, run = $9, \
     slot_until = $10 WHERE id = $11 AND revision = $12";
const REVISION: &str = "SELECT revision FROM adreel_jobs WHERE id = $1";

/// How often storing a job is tried again where a limit refused it that has room by the time the
/// reason is looked up.
const TRIES: u32 = 8;

/// What adds a job.
pub(super) fn insertion(job: &Job) -> Result<Statement> {
    let StoredJob { order, state, .. } = job.to_stored()?;
    let account = job.account();
    Ok(Statement::new(INSERT)
        .with(job.id().to_string())
        .with_account(account)
        .with(job.key_digest())
        .with(job.stage().as_str())
        .with(job.due_at().map(Timestamp::as_millis))
        .with(order)
        .with(state)
        .with(counted(job.revision())?)
        .with(job.created_at().as_millis())
        .with(job.updated_at().as_millis())
        .with(job.provider_ref().map(|reference| reference.id))
        .with(job.committed().millionths())
        .with(job.reserved_at().map(Timestamp::as_millis))
        .with(job.run())
        .with(job.slot_until().map(Timestamp::as_millis))
        .with(job.route_digest()))
}

/// What replaces a job's state where it stands at the revision before.
pub(super) fn replacement(job: &Job) -> Result<Statement> {
    let revision = counted(job.revision())?;
    Ok(Statement::new(STORE)
        .with(job.stage().as_str())
        .with(job.due_at().map(Timestamp::as_millis))
        .with(job.to_stored_state()?)
        .with(revision)
        .with(job.updated_at().as_millis())
        .with(job.provider_ref().map(|reference| reference.id))
        .with(job.committed().millionths())
        .with(job.reserved_at().map(Timestamp::as_millis))
        .with(job.run())
        .with(job.slot_until().map(Timestamp::as_millis))
        .with(job.id().to_string())
        .with(revision - 1))
}

/// The bounds of an account that others' jobs count for too.
struct Shared<'a> {
    limits: Vec<&'a SpendLimit>,
    slots: Option<Slots>,
}

impl<'a> Shared<'a> {
    fn of(bounds: &'a Bounds) -> Self {
        let limits = bounds.spend.iter().filter(|limit| limit.scope != SpendScope::Request);
        Self { limits: limits.collect(), slots: bounds.slots }
    }

    fn is_none(&self) -> bool {
        self.limits.is_empty() && self.slots.is_none()
    }

    /// What others have taken of each, as SQL: first of the limits, then of the slots.
    fn taken(&self, statement: &mut Statement, job: &Job) -> Vec<String> {
        let account = statement.is_of(job.account());
        let id = statement.place(job.id().to_string());
        let limits = self.limits.iter().map(|limit| {
            let (total, own) = scoped(statement, &limit.scope);
            format!(
                "({} - COALESCE((SELECT committed FROM adreel_jobs WHERE id = {id}{own}), 0))",
                sum(&account, &total)
            )
        });
        let mut taken: Vec<_> = limits.collect();
        if let Some(slots) = self.slots {
            let now = statement.place(slots.now.as_millis());
            taken.push(format!("({} AND id <> {id})", count(&account, &now)));
        }
        taken
    }

    /// The most that others may have taken of each for the job to be stored.
    fn room<'b>(&'b self, job: &'b Job) -> impl Iterator<Item = i64> + 'b {
        let limits = self.limits.iter().map(|limit| {
            limit.most.whole_millionths().saturating_sub(job.committed().millionths())
        });
        limits.chain(self.slots.map(|slots| i64::from(slots.most) - 1))
    }

    /// The answer where others have taken too much of one.
    fn refusal(&self, index: usize, taken: i64) -> Stored {
        match self.limits.get(index) {
            Some(limit) => Stored::over((*limit).clone(), Credits::from_millionths(taken)),
            None => Stored::full(u32::try_from(taken).unwrap_or(u32::MAX)),
        }
    }
}

/// What a scope demands of a total, and of a job's own row.
fn scoped(statement: &mut Statement, scope: &SpendScope) -> (String, String) {
    match scope {
        SpendScope::Run(run) => {
            let run = statement.place(&**run);
            (format!("scope = 'run' AND name = {run}"), format!(" AND run = {run}"))
        }
        SpendScope::Day(day) => {
            let day = statement.place(begin_of(*day).as_millis());
            let total = format!("scope = 'day' AND name = '' AND day >= {day}");
            (total, format!(" AND reserved_at >= {day}"))
        }
        SpendScope::Request | SpendScope::Account => {
            ("scope = 'account'".to_owned(), String::new())
        }
    }
}

/// What the jobs of an account have committed. Postgres adds integers up to a decimal, so it is told
/// to stay with them.
fn sum(account: &str, total: &str) -> String {
    format!(
        "(SELECT CAST(COALESCE(SUM(committed), 0) AS BIGINT) FROM adreel_totals \
         WHERE {account} AND {total})"
    )
}

/// How many jobs of an account take a slot; a further condition can follow.
fn count(account: &str, now: &str) -> String {
    format!("SELECT COUNT(*) FROM adreel_jobs WHERE {account} AND slot_until > {now}")
}

impl Sql {
    pub(super) async fn add(&self, job: &Job) -> Result<bool> {
        Ok(written!(self, insertion(job)?)? > 0)
    }

    pub(super) async fn change(&self, job: &Job, bounds: &Bounds) -> Result<Stored> {
        for limit in bounds.spend.iter().filter(|limit| limit.scope == SpendScope::Request) {
            if job.committed() > limit.most {
                return Ok(Stored::over(limit.clone(), Credits::ZERO));
            }
        }
        let shared = Shared::of(bounds);
        if shared.is_none() {
            let is_stored = written!(self, replacement(job)?)? > 0;
            return Ok(if is_stored { Stored::Yes } else { Stored::Overtaken });
        }
        for _ in 0..TRIES {
            // Only the write itself decides. This keeps those for whom there is no room anyway from
            // waiting for their turn to write, and tells them why.
            if let Some(refusal) = self.refusal(job, &shared).await? {
                return Ok(refusal);
            }
            if self.change_within(job, &shared).await? {
                return Ok(Stored::Yes);
            }
            if !self.stands_before(job).await? {
                return Ok(Stored::Overtaken);
            }
        }
        let message = format!("ledger {}: spending changes too fast; try again", self.place);
        Err(Error::new(ErrorKind::Unavailable, message).with_job(job.id()))
    }

    /// The first bound that is broken.
    async fn refusal(&self, job: &Job, shared: &Shared<'_>) -> Result<Option<Stored>> {
        let mut statement = Statement::new("");
        statement.text = format!("SELECT {}", shared.taken(&mut statement, job).join(", "));
        let taken = self.numbers(statement).await?;
        let broken = taken.iter().zip(shared.room(job)).position(|(taken, room)| *taken > room);
        Ok(broken.map(|index| shared.refusal(index, taken[index])))
    }

    /// Whether the row stood at the revision before the job's, and the bounds left room.
    async fn change_within(&self, job: &Job, shared: &Shared<'_>) -> Result<bool> {
        let mut statement = replacement(job)?;
        for (taken, room) in shared.taken(&mut statement, job).into_iter().zip(shared.room(job)) {
            let room = statement.place(room);
            statement.text += &format!(" AND {taken} <= {room}");
        }
        let account = job.account();
        let name = format!("{} {} {}", account.provider, account.name, account.realm);
        let changed = on!(&self.pool, pool, backend => async {
            let mut connection = backend::begin(pool).await?;
            backend::lock(&mut connection, &name).await?;
            let done = query!(statement).execute(&mut *connection).await?;
            backend::commit(connection).await.map(|()| done.rows_affected())
        }
        .await);
        changed.map(|rows| rows > 0).map_err(|error| errors::from_sqlx(&self.place, error))
    }

    async fn stands_before(&self, job: &Job) -> Result<bool> {
        let found = on!(&self.pool, pool, backend => {
            let query = sqlx::query_scalar::<_, i64>(REVISION).bind(job.id().to_string());
            query.fetch_optional(pool).await
        });
        let found = found.map_err(|error| errors::from_sqlx(&self.place, error))?;
        Ok(found == Some(counted(job.revision())? - 1))
    }

    pub(super) async fn total(&self, account: &Account, scope: &SpendScope) -> Result<Credits> {
        if *scope == SpendScope::Request {
            return Ok(Credits::ZERO);
        }
        let mut statement = Statement::new("");
        let account = statement.is_of(account);
        let (total, _) = scoped(&mut statement, scope);
        statement.text = format!("SELECT {}", sum(&account, &total));
        let numbers = self.numbers(statement).await?;
        Ok(Credits::from_millionths(numbers.first().copied().unwrap_or_default()))
    }

    pub(super) async fn count_slots(&self, account: &Account, now: Timestamp) -> Result<u32> {
        let mut statement = Statement::new("");
        let account = statement.is_of(account);
        let now = statement.place(now.as_millis());
        statement.text = count(&account, &now);
        let numbers = self.numbers(statement).await?;
        Ok(numbers.first().map_or(0, |taken| u32::try_from(*taken).unwrap_or(u32::MAX)))
    }

    /// The numbers of the one row that a statement gives.
    async fn numbers(&self, statement: Statement) -> Result<Vec<i64>> {
        let numbers = on!(&self.pool, pool, backend => {
            let row = query!(statement).fetch_one(pool).await;
            row.and_then(|row| (0..row.len()).map(|index| row.try_get(index)).collect())
        });
        numbers.map_err(|error| errors::from_sqlx(&self.place, error))
    }
}
