//! A provider whose jobs end when they are told to, and a clock that needs no time.

#![allow(clippy::unwrap_used, reason = "a test's own provider fails loudly")]

use std::collections::HashMap;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderValue, RETRY_AFTER};
use tokio::time::Instant;

use crate::account::{AccountConfig, Keys};
use crate::client::{Accounts, Client, ClientBuilder};
use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Result};
use crate::future::BoxFuture;
use crate::input::Local;
use crate::job::{
    Account, Confidence, Estimate, Job, JobId, Outcome, Plan, PlannedStep, Reach, Seen, Sending,
    StepRef, SubmitOutcome, Survey, apply,
};
use crate::model::{CatalogueItem, CatalogueKind, Credits, Medium, Timestamp, VideoFacts};
use crate::providers::call_result::Status;
use crate::providers::{List, Looking, Prepared, Provider};
use crate::request::{Product, VideoRequest};
use crate::transport::{Operation, Pages, Transport, retry_after};

pub(super) const LIST: List = List { operation: "list_videos", most: 100 };

/// Tokio's paused time, which moves on when nothing else is to be done. Its time of day can be set
/// in both directions. Randomness comes from a seed.
pub(super) struct PausedClock {
    begun: Instant,
    set_millis: AtomicI64,
    /// When somebody began to sleep.
    sleeps: Mutex<Vec<Duration>>,
    seed: Mutex<u64>,
}

impl PausedClock {
    fn new(seed: u64) -> Self {
        let (set_millis, sleeps) = (AtomicI64::new(0), Mutex::default());
        Self { begun: Instant::now(), set_millis, sleeps, seed: Mutex::new(seed) }
    }

    /// Moves the time of day by so many seconds, as somebody who sets a machine's clock.
    pub(super) fn set_by(&self, secs: i64) {
        self.set_millis.fetch_add(secs * 1000, Ordering::SeqCst);
    }

    /// The time of a clock that nobody sets: the provider's.
    pub(super) fn right(&self) -> Timestamp {
        Timestamp::from_millis(1_790_000_000_000) + self.begun.elapsed()
    }

    /// The most sleeps that were begun within a second.
    pub(super) fn most_sleeps_in_a_second(&self) -> usize {
        let sleeps = self.sleeps.lock().unwrap_or_else(PoisonError::into_inner);
        most_within(Duration::from_secs(1), &sleeps)
    }
}

/// The most of these times, which are in order, that lie within as long.
pub(super) fn most_within(length: Duration, times: &[Duration]) -> usize {
    let mut first = 0;
    let within = times.iter().enumerate().map(|(last, at)| {
        while *at - times[first] >= length {
            first += 1;
        }
        last + 1 - first
    });
    within.max().unwrap_or_default()
}

impl Clock for PausedClock {
    fn now(&self) -> Timestamp {
        let right = self.right().as_millis();
        Timestamp::from_millis(right + self.set_millis.load(Ordering::SeqCst))
    }

    fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.sleeps.lock().unwrap_or_else(PoisonError::into_inner).push(self.begun.elapsed());
        Box::pin(tokio::time::sleep(duration))
    }

    fn random(&self) -> f64 {
        let mut seed = self.seed.lock().unwrap_or_else(PoisonError::into_inner);
        *seed =
            seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*seed >> 33) as f64 / (1u64 << 31) as f64
    }
}

/// What a read comes to, by what its answer says.
#[derive(Clone, Copy, Debug)]
pub(super) enum Answer {
    /// The status.
    Usual,
    /// 429 with this `Retry-After`.
    Refused(&'static str),
    /// 503 with this `Retry-After`.
    Down(&'static str),
    /// A status, and how long to wait for the next read.
    Hint(Duration),
    /// 404.
    Missing,
    /// What nobody can read.
    Unreadable,
    /// Reading it panics.
    Panic,
}

/// What a double has seen and does.
#[derive(Default)]
pub(super) struct Script {
    /// When each job ends.
    pub(super) ends: HashMap<String, Timestamp>,
    /// When its status was read, alone or with others.
    pub(super) reads: Vec<(Timestamp, usize)>,
    /// Reads that were more than it allows.
    pub(super) refused: usize,
    /// How many reads out of a hundred fail.
    pub(super) failing: u32,
    /// What it calls a job that runs.
    pub(super) word: Option<&'static str>,
    pub(super) hint: Option<Duration>,
    /// How long a read takes.
    pub(super) latency: Duration,
    /// Until when it waits for somebody to act.
    pub(super) acts_at: Option<Timestamp>,
    /// The most reads in any sixty seconds.
    pub(super) limit: Option<u32>,
    pub(super) list: Option<List>,
    /// What reads come to, one of these by chance; the status where there are none.
    pub(super) answers: Vec<Answer>,
    /// Whose status makes every read of it panic.
    pub(super) poison: Option<String>,
    /// How many pages a look goes through.
    pub(super) pages: u32,
}

pub(super) struct Double {
    transport: Transport,
    clock: Arc<PausedClock>,
    script: Arc<Mutex<Script>>,
}

impl Double {
    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a read, and refuses it where it is one too many. Says what the next read is to wait
    /// for.
    fn read(&self, jobs: &[&Job]) -> Result<Option<Duration>> {
        let now = self.clock.right();
        let fails = self.clock.random() * 100.0;
        let mut script = self.script();
        let minute = script.reads.iter().rev().take_while(|(at, _)| now.since(*at).as_secs() < 60);
        if script.limit.is_some_and(|most| minute.count() >= most as usize) {
            script.refused += 1;
            return Err(Error::new(ErrorKind::RateLimited, "too many reads"));
        }
        script.reads.push((now, jobs.len()));
        let is_poisoned = jobs.iter().any(|job| Some(job.id().to_string()) == script.poison);
        let answer = match script.answers.len() {
            0 => Answer::Usual,
            count => script.answers[(self.clock.random() * count as f64) as usize],
        };
        let (failing, hint) = (script.failing, script.hint);
        drop(script);
        let later = |kind, text| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(text))]);
            let error = Error::new(kind, "not now");
            Err(error.with_retry_after(retry_after(&headers, self.clock.now())))
        };
        match answer {
            // Without a word from the panic hook, since there are many.
            _ if is_poisoned => resume_unwind(Box::new("a poisoned status")),
            Answer::Usual if fails < f64::from(failing) => {
                Err(Error::new(ErrorKind::Unavailable, "no answer"))
            }
            Answer::Usual => Ok(hint),
            Answer::Refused(text) => later(ErrorKind::RateLimited, text),
            Answer::Down(text) => later(ErrorKind::Unavailable, text),
            Answer::Hint(wait) => Ok(Some(wait)),
            Answer::Missing => Err(Error::new(ErrorKind::NotFound, "no such task")),
            Answer::Unreadable => Err(Error::new(ErrorKind::Decode, "no JSON")),
            Answer::Panic => resume_unwind(Box::new("an answer that makes us panic")),
        }
    }

    fn status(&self, step: StepRef<'_>, hint: Option<Duration>) -> Status {
        let script = self.script();
        match script.ends.get(step.id()) {
            Some(end) if *end <= self.clock.right() => {
                let facts = VideoFacts {
                    medium: Medium::Video,
                    url: "http://127.0.0.1/v.mp4".to_owned(),
                    poster: None,
                    duration: None,
                    cost: None,
                    raw: serde_json::Value::Null,
                };
                Status::Succeeded("succeeded".to_owned(), Some(facts))
            }
            _ if script.acts_at.is_some_and(|at| at > self.clock.right()) => {
                Status::NeedsAction("requires_action".to_owned())
            }
            _ => Status::Running {
                status: script.word.unwrap_or("processing").to_owned(),
                is_known: script.word.is_none(),
                hint,
            },
        }
    }
}

impl Provider for Double {
    fn transport(&self) -> &Transport {
        &self.transport
    }

    fn plan<'a>(
        &'a self,
        _: &'a VideoRequest,
        _: &'a Local,
        _: bool,
    ) -> BoxFuture<'a, Result<Plan>> {
        Box::pin(async { Ok(plan(self.transport.account().clone())) })
    }

    fn is_paid(&self, step: StepRef<'_>) -> Result<bool> {
        Ok(step.is_paid())
    }

    fn prepare<'a>(&'a self, _: StepRef<'a>, _: &'a Keys) -> BoxFuture<'a, Result<Prepared<'a>>> {
        Box::pin(async { Err(Error::new(ErrorKind::Unsupported, "it only reads")) })
    }

    fn poll<'a>(&'a self, step: StepRef<'a>) -> BoxFuture<'a, Result<Status>> {
        Box::pin(async move {
            let latency = self.script().latency;
            tokio::time::sleep(latency).await;
            self.read(&[step.job()]).map(|hint| self.status(step, hint))
        })
    }

    fn reads_per_minute(&self) -> Option<u32> {
        self.script().limit
    }

    fn list_of(&self, _: StepRef<'_>) -> Option<List> {
        self.script().list
    }

    fn poll_list<'a>(
        &'a self,
        _: List,
        steps: &'a [StepRef<'a>],
    ) -> BoxFuture<'a, Result<Vec<Option<Result<Status>>>>> {
        Box::pin(async move {
            let shown: Vec<_> = steps.iter().map(|step| step.job()).collect();
            let hint = self.read(&shown)?;
            Ok(steps.iter().map(|step| Some(Ok(self.status(*step, hint)))).collect())
        })
    }

    fn look<'a>(&'a self, _: StepRef<'a>, looking: Looking<'a>) -> BoxFuture<'a, Result<Seen>> {
        Box::pin(async move {
            let pages = self.script().pages;
            let latency = self.script().latency;
            let page = async || {
                tokio::time::sleep(latency).await;
                self.read(&[])
            };
            let mut survey = Survey { records: 0, back_to: None, reach: Reach::Whole };
            for _ in 0..pages {
                if looking.pages.read(page()).await?.is_none() {
                    survey.reach = Reach::Partial("it took too long".to_owned());
                    break;
                }
                survey.records += 1;
            }
            Ok(if pages == 0 { Seen::Busy } else { Seen::Nothing(survey) })
        })
    }

    fn operations(&self) -> &'static [&'static Operation] {
        crate::providers::beatapi::OPERATIONS
    }

    fn balance(&self) -> BoxFuture<'_, Result<Credits>> {
        Box::pin(async { Ok(Credits::ZERO) })
    }

    fn catalogue(&self, _: CatalogueKind) -> Result<Pages<CatalogueItem>> {
        Err(Error::new(ErrorKind::Unsupported, "it only reads"))
    }
}

fn plan(account: Account) -> Plan {
    Plan {
        account,
        steps: vec![PlannedStep::paid("create_ecommerce_video", Credits::whole(1))],
        images: Vec::new(),
        track: None,
        source: None,
        prompt: None,
        duration_secs: None,
        choices: Vec::new(),
        notes: Vec::new(),
        cost: Estimate {
            low: Credits::whole(1),
            high: Credits::whole(1),
            source: "a double".to_owned(),
            confidence: Confidence::Documented,
        },
    }
}

/// A client with one account, whose jobs run at a double.
pub(super) struct Stage {
    pub(super) client: Client,
    pub(super) clock: Arc<PausedClock>,
    script: Arc<Mutex<Script>>,
    account: Account,
}

impl Stage {
    pub(super) fn new(script: Script) -> Self {
        Self::with(script, |builder| builder)
    }

    pub(super) fn with(script: Script, set: impl Fn(ClientBuilder) -> ClientBuilder) -> Self {
        Self::seeded(7, script, set)
    }

    pub(super) fn seeded(
        seed: u64,
        script: Script,
        set: impl Fn(ClientBuilder) -> ClientBuilder,
    ) -> Self {
        let clock = Arc::new(PausedClock::new(seed));
        let script = Arc::new(Mutex::new(script));
        let config = AccountConfig::new(Keys::key("k")).base_url("http://127.0.0.1:9");
        let transport = Transport::new(&crate::providers::beatapi::DIALECT, config).unwrap();
        let account = transport.account().clone();
        let (shared, played) = (Arc::clone(&clock), Arc::clone(&script));
        let double: Arc<dyn Provider> =
            Arc::new(Double { transport, clock: shared, script: played });
        let accounts = Accounts::from([((account.provider, account.name.clone()), double)]);
        let builder = set(Client::builder().in_memory());
        let client = builder.assemble(Arc::clone(&clock) as _, accounts).unwrap();
        Self { client, clock, script, account }
    }

    pub(super) fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A job that the provider has just accepted, and that ends after this time.
    pub(super) async fn job(&self, takes: Duration) -> JobId {
        let job = self.sent().await;
        let first = self.client.pace().first(job.step(0).unwrap());
        self.accept(job, takes, first).await
    }

    /// A job whose call is on its way.
    pub(super) async fn sent(&self) -> Job {
        let now = self.clock.now();
        let id = JobId::new(&*self.clock);
        let request = VideoRequest::new(Product::new("Roast"));
        let job = Job::new(id, plan(self.account.clone()), request, "f".to_owned(), now);
        let secs = Duration::from_secs;
        let job = apply(job, Outcome::Sending(Sending::new(secs(90), secs(1800))), now);
        self.client.0.ledger.insert(&job).await.unwrap();
        job
    }

    /// The call's answer, with when to read the status first.
    pub(super) async fn accept(&self, job: Job, takes: Duration, first: Duration) -> JobId {
        let id = job.id();
        let accepted = SubmitOutcome::Accepted {
            resource: id.to_string(),
            poll_after: Some(first),
            offers: Vec::new(),
        };
        let outcome = Outcome::Submitted { step: 0, attempt: 1, outcome: accepted };
        let job = apply(job, outcome, self.clock.now());
        assert!(self.client.0.ledger.store(&job).await.unwrap());
        self.script().ends.insert(id.to_string(), self.clock.right() + takes);
        id
    }
}
