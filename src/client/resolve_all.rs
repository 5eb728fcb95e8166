use std::collections::BTreeMap;
use std::future::IntoFuture;
use std::time::Duration;

use futures_util::{FutureExt as _, StreamExt as _, stream};
use tokio::time::Instant;

use super::jobs::LOOKS_APART;
use super::{Client, Resolution};
use crate::error::{Error, ErrorKind, Result};
use crate::future::BoxFuture;
use crate::job::{Account, Evidence, Job, JobId, Stage, StepState};
use crate::ledger::JobQuery;
use crate::model::{Credits, ProviderId, Timestamp};

/// How many jobs are looked for side by side, so that one whose look hangs does not keep the others.
const AT_A_TIME: usize = 8;

/// For how long looks are begun, in real time as a look's own limit is. Each ends by itself.
const LOOKS_WITHIN: Duration = Duration::from_secs(5 * 60);

/// Settles many held jobs in the same way. [`plan`](Self::plan) says what that would do, without
/// deciding anything; awaiting it does it at once.
///
/// ```no_run
/// # async fn example(client: adreel::Client) -> adreel::Result<()> {
/// use std::time::Duration;
///
/// use adreel::Resolution;
/// use adreel::client::Verdict;
///
/// let held = client.jobs().resolve_all(Resolution::Resubmit);
/// let mut plan = held.older_than(Duration::from_secs(2 * 60 * 60)).plan().await?;
/// for held in plan.jobs() {
///     match &held.verdict {
///         Verdict::Resolve => println!("{}: for up to {} credits", held.job.id(), held.cost),
///         Verdict::Found => println!("{}: was found, and goes on", held.job.id()),
///         Verdict::Skip(why) => println!("{}: stays held: {why}", held.job.id()),
///         _ => {}
///     }
/// }
/// println!("in all: {:?}", plan.costs());
/// // Somebody agrees to that.
/// while let Some(resolved) = plan.next().await {
///     match resolved.result {
///         Ok(job) => println!("{} is {}", job.id(), job.stage()),
///         Err(error) => eprintln!("{error}"),
///     }
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// As [`plan`](Self::plan). What goes wrong with a single job is its own [result](Resolved).
#[must_use = "nothing is decided before it is awaited, or its plan is run"]
#[derive(Clone, Debug)]
pub struct ResolveAll<'a> {
    client: &'a Client,
    resolution: Resolution,
    only_not_found: bool,
    held_for: Duration,
    account: Option<Account>,
}

/// What [`ResolveAll`] would do. It decides about the jobs that it lists, and no others.
#[derive(Debug)]
pub struct ResolvePlan {
    client: Client,
    resolution: Resolution,
    jobs: Vec<HeldJob>,
    unread: Vec<Error>,
    next: usize,
}

/// A held job, and what would become of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HeldJob {
    /// The job as it stands. One that was found is no longer held.
    pub job: Job,
    /// Since when it has been held.
    pub held_since: Timestamp,
    /// What the last look that did not find it went through.
    pub evidence: Option<Evidence>,
    /// The most that sending the held step again is expected to cost, in the provider's credits; 0
    /// where it would not be sent.
    pub cost: Credits,
    /// What would become of it.
    pub verdict: Verdict,
}

/// What would become of a held job.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// It would be settled as was asked for.
    Resolve,
    /// A look has just found it. It goes on with what was found, and nothing is decided.
    Found,
    /// It would stay held, for this reason.
    Skip(String),
}

/// What became of a held job.
#[derive(Debug)]
#[non_exhaustive]
pub struct Resolved {
    /// The job.
    pub id: JobId,
    /// Whether a look found it, so that it goes on with what was found.
    pub is_found: bool,
    /// The job as it stands, or why it is still held ([`ErrorKind::SubmitUnknown`]), or whatever
    /// else kept it from being settled.
    pub result: Result<Job>,
}

impl<'a> ResolveAll<'a> {
    pub(super) fn new(client: &'a Client, resolution: Resolution) -> Self {
        let held_for = Duration::ZERO;
        Self { client, resolution, only_not_found: false, held_for, account: None }
    }

    /// Looks for each job now, and settles only those that a look by the same keys does not find.
    /// Before a job is sent again it is looked for anyway.
    pub fn not_found(mut self) -> Self {
        self.only_not_found = true;
        self
    }

    /// Only jobs that have been held for at least this long.
    pub fn older_than(mut self, time: Duration) -> Self {
        self.held_for = time;
        self
    }

    /// Only jobs of this account, such as one that [`Client::account`] gives. Default: all of the
    /// client's.
    pub fn on(mut self, account: &Account) -> Self {
        self.account = Some(account.clone());
        self
    }

    /// Lists what would be done. Where that needs looks, they are made now, which costs nothing;
    /// what they find goes on. None is begun after five minutes: what is left then stays held.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] for [`Resolution::Adopt`], whose id is that of a single job;
    /// [`ErrorKind::Io`] or [`ErrorKind::Unavailable`] where the ledger cannot be read.
    pub async fn plan(self) -> Result<ResolvePlan> {
        if let Resolution::Adopt(_) = self.resolution {
            let message = "an id at the provider is a single job's: adopt it with resolve";
            return Err(Error::invalid("resolution", message));
        }
        let mut query = JobQuery::at([Stage::Uncertain]);
        if let Some(account) = &self.account {
            query = query.of(account);
        }
        let (mut held, mut unread) = (Vec::new(), Vec::new());
        for listed in self.client.jobs().list(&query).await? {
            match listed {
                Ok(job) => held.extend(self.held(job)),
                Err(error) => unread.push(error),
            }
        }
        if self.only_not_found || self.resolution == Resolution::Resubmit {
            self.look_for(&mut held).await;
        }
        held.iter_mut().for_each(|held| self.judge(held));
        let (client, resolution) = (self.client.clone(), self.resolution);
        Ok(ResolvePlan { client, resolution, jobs: held, unread, next: 0 })
    }

    /// A job that has been held for long enough.
    fn held(&self, job: Job) -> Option<HeldJob> {
        let held_since = job.held_since()?;
        if self.client.now_for(&job).since(held_since) < self.held_for {
            return None;
        }
        let cost = match self.resolution {
            Resolution::Resubmit => job.current_step()?.price(),
            _ => Credits::ZERO,
        };
        let verdict = match self.client.provider_of(&job) {
            Ok(_) => Verdict::Resolve,
            Err(error) => Verdict::Skip(error.to_string()),
        };
        Some(HeldJob { evidence: None, job, held_since, cost, verdict })
    }

    async fn look_at(&self, held: Vec<&mut HeldJob>, until: Instant) {
        let looks: Vec<_> = held.into_iter().map(|held| self.look(held, until).boxed()).collect();
        stream::iter(looks).buffer_unordered(AT_A_TIME).collect::<()>().await;
    }

    /// Looks for all of them, and a second time for those that one more look may free.
    async fn look_for(&self, held: &mut [HeldJob]) {
        let until = Instant::now() + LOOKS_WITHIN;
        self.look_at(held.iter_mut().collect(), until).await;
        let is_half_seen = |held: &&mut HeldJob| {
            let step = held.job.current_step();
            held.verdict == Verdict::Resolve && step.is_some_and(|step| step.whole_looks == 1)
        };
        let again: Vec<_> = held.iter_mut().filter(is_half_seen).collect();
        if self.resolution != Resolution::Resubmit || again.is_empty() {
            return;
        }
        self.client.sleep(LOOKS_APART).await;
        self.look_at(again, until).await;
    }

    async fn look(&self, held: &mut HeldJob, until: Instant) {
        if held.verdict != Verdict::Resolve {
            return;
        }
        if Instant::now() >= until {
            let why = "it was not looked for: looks for the others took too long, so ask again";
            held.verdict = Verdict::Skip(why.to_owned());
            return;
        }
        match self.client.look_now(held.job.id()).await {
            Ok(looked) => held.job = looked.job,
            Err(error) => held.verdict = Verdict::Skip(format!("it was not looked for: {error}")),
        }
    }

    fn judge(&self, held: &mut HeldJob) {
        if held.job.stage() != Stage::Uncertain {
            held.verdict = Verdict::Found;
            return;
        }
        held.evidence = held.job.current_step().and_then(|step| step.evidence().cloned());
        if held.verdict != Verdict::Resolve {
            return;
        }
        let allowed = match self.resolution {
            Resolution::Resubmit => self.client.may_be_resubmitted(&held.job),
            _ if self.only_not_found => was_not_found(held.evidence.as_ref()),
            _ => Ok(()),
        };
        if let Err(why) = allowed {
            held.verdict = Verdict::Skip(why);
        }
    }
}

/// Whether a look has just gone through what there is without finding the job.
fn was_not_found(evidence: Option<&Evidence>) -> std::result::Result<(), String> {
    match evidence {
        None => Err("it was not looked for".to_owned()),
        Some(evidence) if evidence.survey.is_none() || !evidence.by_same_keys => {
            Err(format!("that it is not there is not known: {evidence}"))
        }
        Some(_) => Ok(()),
    }
}

impl<'a> IntoFuture for ResolveAll<'a> {
    type Output = Result<Vec<Resolved>>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        async move { Ok(self.plan().await?.run().await) }.boxed()
    }
}

impl ResolvePlan {
    /// The jobs that are held, in the order of their making, and those that were just found.
    pub fn jobs(&self) -> &[HeldJob] {
        &self.jobs
    }

    /// Rows of the ledger that cannot be read, and are left alone.
    pub fn unread(&self) -> &[Error] {
        &self.unread
    }

    /// The most that it is expected to cost in all, in the credits of each provider.
    pub fn costs(&self) -> BTreeMap<ProviderId, Credits> {
        let mut costs = BTreeMap::new();
        for held in self.jobs.iter().filter(|held| held.verdict == Verdict::Resolve) {
            let sum = costs.entry(held.job.account().provider).or_insert(Credits::ZERO);
            *sum += held.cost;
        }
        costs
    }

    /// Settles the next job of the list, and says what became of it; `None` after the last. A job
    /// that was sent again goes on when it is [resumed](Client::resume).
    pub async fn next(&mut self) -> Option<Resolved> {
        let held = self.jobs.get(self.next)?;
        self.next += 1;
        let id = held.job.id();
        let (is_found, result) = match &held.verdict {
            Verdict::Resolve => self.resolve(held).await,
            Verdict::Found => (true, Ok(held.job.clone())),
            Verdict::Skip(why) => (false, Err(stays_held(&held.job, why))),
        };
        Some(Resolved { id, is_found, result })
    }

    /// Settles all that are left, one after the other, whatever becomes of each.
    pub async fn run(mut self) -> Vec<Resolved> {
        let mut all = Vec::new();
        while let Some(resolved) = self.next().await {
            all.push(resolved);
        }
        all
    }

    async fn resolve(&self, held: &HeldJob) -> (bool, Result<Job>) {
        let index = held.job.current();
        let result = self.client.jobs().resolve(held.job.id(), self.resolution.clone()).await;
        let state = |job: &Job| index.and_then(|index| job.step(index)).map(|step| step.state());
        // It is looked for once more before it is sent.
        let is_found = self.resolution == Resolution::Resubmit
            && result.as_ref().is_ok_and(|job| state(job) != Some(StepState::Ready));
        (is_found, result)
    }
}

fn stays_held(job: &Job, why: &str) -> Error {
    Error::new(ErrorKind::SubmitUnknown, format!("it stays held: {why}"))
        .with_provider(job.account().provider)
        .with_job(job.id())
}
