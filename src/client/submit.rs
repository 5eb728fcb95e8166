//! Planning and submitting.

use std::collections::BTreeMap;
use std::future::IntoFuture;
use std::sync::Arc;

use futures_util::FutureExt as _;

use super::ending::ending;
use super::event::{Event, Observer};
use super::wait::Events;
use super::{Client, Video, Wait};
use crate::digest::sha256;
use crate::error::{Error, ErrorKind, Result};
use crate::future::BoxFuture;
use crate::input::Local;
use crate::job::{Decision, Job, JobId, Plan, Stage};
use crate::model::{Credits, ProviderId};
use crate::policy::WaitPolicy;
use crate::request::VideoRequest;

impl Client {
    /// A digest of a request with its files by what they hold: the same for the same request, wherever
    /// its files lie. A [key](Submit::key) that is made of it lets whoever asks for the same again come
    /// back to the same job.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] naming the field for an address that is none, or for a file that
    /// is missing, too large, or not what it should be.
    pub async fn fingerprint(request: &VideoRequest) -> Result<String> {
        Ok(Local::of(request).await?.fingerprint(request))
    }

    /// Shows what a request would do and cost, without paying. Free reads are made where a default
    /// has to be chosen. Name the provider with [`on`](Planning::on).
    pub fn plan<'a>(&'a self, request: &'a VideoRequest) -> Planning<'a> {
        Planning::new(self, request)
    }

    /// Submits a request and resolves when the provider has accepted it. Name the provider with
    /// [`on`](Submit::on).
    pub fn submit<'a>(&'a self, request: &'a VideoRequest) -> Submit<'a> {
        Submit::new(self, request)
    }

    /// Submits a request and resolves with the finished video. Name the provider with
    /// [`on`](Generate::on).
    pub fn generate<'a>(&'a self, request: &'a VideoRequest) -> Generate<'a> {
        Generate::new(self, request)
    }
}

/// What a request is submitted with.
#[derive(Clone, Debug)]
struct Order<'a> {
    client: &'a Client,
    request: &'a VideoRequest,
    provider: Option<ProviderId>,
    account: Option<String>,
    key: Option<String>,
    labels: BTreeMap<String, String>,
    cap: Option<Credits>,
    is_priced: bool,
    strict: bool,
    policy: WaitPolicy,
    observer: Option<Observer<'a>>,
}

macro_rules! order_setters {
    ($type:ident) => {
        impl<'a> $type<'a> {
            pub(super) fn new(client: &'a Client, request: &'a VideoRequest) -> Self {
                Self(Order {
                    client,
                    request,
                    provider: None,
                    account: None,
                    key: None,
                    labels: BTreeMap::new(),
                    cap: None,
                    is_priced: false,
                    strict: false,
                    policy: client.0.wait_policy,
                    observer: None,
                })
            }

            /// Names the provider. Needed where the client has several accounts.
            pub fn on(mut self, provider: ProviderId) -> Self {
                self.0.provider = Some(provider);
                self
            }

            /// Names the account, where the provider has several. Default: `default`.
            pub fn account(mut self, name: impl Into<String>) -> Self {
                self.0.account = Some(name.into());
                self
            }

            /// The most that it may cost, in the provider's credits, beside the account's own
            /// [`Caps`](super::Caps): the lower one counts. What may cost more is refused with
            /// [`ErrorKind::OverCap`] before anything is sent, and so is what costs nobody knows
            /// what. It is kept with the job. Default: the account's.
            pub fn cap(mut self, most: Credits) -> Self {
                self.0.cap = Some(most);
                self
            }

            /// Makes every field that the provider would ignore or change an error.
            pub fn strict(mut self) -> Self {
                self.0.strict = true;
                self
            }
        }
    };
}

/// A plan in the making; await it.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] or [`ErrorKind::Unsupported`] for what the provider cannot do;
/// [`ErrorKind::OverCap`] for what may cost more than its own [`cap`](Self::cap).
#[must_use = "futures do nothing unless awaited"]
#[derive(Debug)]
pub struct Planning<'a>(Order<'a>);

impl Planning<'_> {
    /// Reads from the provider, for free, what its price depends on: whether a BeatAPI account is
    /// billed in dollars or in credits. That is done by itself where there is a cap. Default: the
    /// newer unit is assumed, and the estimate's source says so.
    pub fn priced(mut self) -> Self {
        self.0.is_priced = true;
        self
    }
}

/// A submit in the making; await it for the job that was accepted.
///
/// # Errors
/// As [`Planning`]; [`ErrorKind::OverCap`] for what the account's [`Caps`](super::Caps) leave no
/// room for; [`ErrorKind::Conflict`] for a key that was used for another request;
/// [`ErrorKind::SubmitUnknown`] where the job may have been accepted; whatever the provider
/// refused it for. Errors after the plan carry the job's id.
#[must_use = "futures do nothing unless awaited"]
#[derive(Debug)]
pub struct Submit<'a>(Order<'a>);

/// A video in the making; await it, or take its [`events`](Self::events).
///
/// # Errors
/// As [`Submit`] and [`Wait`].
#[must_use = "futures do nothing unless awaited"]
#[derive(Debug)]
pub struct Generate<'a>(Order<'a>);

order_setters!(Planning);
order_setters!(Submit);
order_setters!(Generate);

macro_rules! key_setter {
    ($type:ident) => {
        impl $type<'_> {
            /// Gives the job an identity of the caller's own, such as an order's number: the same
            /// key is the same job, and another request under it is a conflict. Only a digest of
            /// it leaves the process. Default: a fresh job each time.
            pub fn key(mut self, key: impl Into<String>) -> Self {
                self.0.key = Some(key.into());
                self
            }

            /// Keeps words of the caller's own with the job, such as an order's number. They reach
            /// no provider. A job that exists already keeps its own.
            pub fn label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
                self.0.labels.insert(name.into(), value.into());
                self
            }
        }
    };
}

key_setter!(Submit);
key_setter!(Generate);

macro_rules! wait_setters {
    ($type:ident) => {
        impl<'a> $type<'a> {
            /// Shows everything that happens to the job meanwhile, such as to a progress line. The
            /// observer is called between reads and should return at once.
            pub fn observe(mut self, observer: impl Fn(&Event) + Send + Sync + 'a) -> Self {
                self.0.observer = Some(Observer::new(observer));
                self
            }

            /// What ends the wait. Default: the client's policy, whose default is 30 minutes.
            pub fn policy(mut self, policy: WaitPolicy) -> Self {
                self.0.policy = policy;
                self
            }
        }
    };
}

wait_setters!(Submit);
wait_setters!(Generate);

impl Submit<'_> {
    /// Only puts the job into the ledger, for an engine that drives it with
    /// [`advance`](Client::advance). Nothing is sent.
    ///
    /// # Errors
    /// As [`Submit`], but for what the provider says.
    pub async fn record(self) -> Result<Job> {
        self.0.begin().await
    }
}

impl Generate<'_> {
    /// Everything that happens to the job, as a stream. It ends after an event that
    /// [is the last](super::EventKind::is_last), or after an error.
    ///
    /// # Errors
    /// As [`Submit`], for what is wrong before the job is in the ledger.
    pub async fn events(self) -> Result<Events> {
        let job = self.0.begin().await?;
        Ok(Wait::new(self.0.client, job.id()).policy(self.0.policy).events())
    }
}

impl<'a> IntoFuture for Planning<'a> {
    type Output = Result<Plan>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        async move {
            let local = Local::of(self.0.request).await?;
            let plan = self.0.plan(&local).await?;
            if self.0.cap.is_some() {
                let job = self.0.job(plan, &local, String::new());
                self.0.client.check_request(&job)?;
                return Ok(Arc::unwrap_or_clone(job.plan));
            }
            Ok(plan)
        }
        .boxed()
    }
}

impl<'a> IntoFuture for Submit<'a> {
    type Output = Result<Job>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        async move {
            let job = self.0.begin().await?;
            accepted(self.0.client, job.id(), self.0.policy, self.0.observer).await
        }
        .boxed()
    }
}

impl<'a> IntoFuture for Generate<'a> {
    type Output = Result<Video>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        async move {
            let job = self.0.begin().await?;
            Wait::new(self.0.client, job.id())
                .policy(self.0.policy)
                .until_end(self.0.observer)
                .await
        }
        .boxed()
    }
}

impl Generate<'_> {
    /// A new job of a route, which nobody knows yet.
    ///
    /// # Errors
    /// As [`Planning`], and [`ErrorKind::OverCap`] for one that may cost more than a request may.
    pub(super) async fn of_route(&self, route: &str) -> Result<Job> {
        let local = Local::of(self.0.request).await?;
        let plan = self.0.plan(&local).await?;
        let mut job = self.0.job(plan, &local, local.fingerprint(self.0.request));
        job.key = self.0.key.as_deref().map(sha256);
        job.route = Some(route.to_owned());
        self.0.client.check_request(&job)?;
        Ok(job)
    }

    /// What tells its request apart from others.
    pub(super) async fn fingerprint(&self) -> Result<String> {
        Ok(Local::of(self.0.request).await?.fingerprint(self.0.request))
    }
}

impl Order<'_> {
    async fn plan(&self, local: &Local) -> Result<Plan> {
        let provider = self.client.provider(self.provider, self.account.as_deref())?;
        let is_capped = self.cap.is_some() || self.client.is_capped(provider.transport().account());
        let plan = provider.plan(&local.request, local, self.is_priced || is_capped).await?;
        match plan.notes.iter().find(|note| note.ignored && self.strict) {
            None => Ok(plan),
            Some(note) => Err(Error::unsupported(plan.account.provider, &note.field, &note.text)),
        }
    }

    /// The job in the ledger: the one that has the key already, or a new one.
    async fn begin(&self) -> Result<Job> {
        let provider = self.client.provider(self.provider, self.account.as_deref())?;
        let account = provider.transport().account();
        let local = Local::of(self.request).await?;
        let fingerprint = local.fingerprint(self.request);
        let key = self.key.as_deref().map(sha256);
        if let Some(key) = &key
            && let Some(existing) = self.client.job_by_key(account, key).await?
        {
            return again(self.client, existing, &fingerprint, self.cap).await;
        }
        provider.transport().check_known_keys()?;
        let plan = self.plan(&local).await?;
        let mut job = self.job(plan, &local, fingerprint);
        job.key = key;
        insert(self.client, job).await
    }

    /// A new job, which nobody knows yet.
    fn job(&self, plan: Plan, local: &Local, fingerprint: String) -> Job {
        let clock = &self.client.0.clock;
        let request = local.request.clone();
        let mut job = Job::new(JobId::new(&**clock), plan, request, fingerprint, clock.now());
        job.labels = self.labels.clone();
        job.cap = self.cap;
        job
    }
}

/// Puts a new job into the ledger, unless its key has one already.
///
/// # Errors
/// [`ErrorKind::OverCap`] for one that may cost more than a request may.
pub(super) async fn insert(client: &Client, job: Job) -> Result<Job> {
    client.check_request(&job)?;
    match client.0.ledger.insert(&job).await? {
        None => Ok(job),
        Some(existing) => again(client, existing, &job.fingerprint, job.cap).await,
    }
}

/// A job that is asked for once more. A cap that comes with that replaces the old one. A job that
/// failed before anything was accepted gets another try: the account may have credits by now.
///
/// # Errors
/// [`ErrorKind::Conflict`] for another request, and for a job whose route has gone on to another
/// account: one of the two might be paid for twice.
pub(super) async fn again(
    client: &Client,
    existing: Job,
    fingerprint: &str,
    cap: Option<Credits>,
) -> Result<Job> {
    let refused = |message: &str| {
        let error = Error::new(ErrorKind::Conflict, message).with_field("key");
        Err(error.with_job(existing.id()))
    };
    if existing.fingerprint != fingerprint {
        return refused("the key belongs to a job with another request: use another key");
    }
    if existing.left {
        return refused("the key belongs to a route that has gone on: route it again");
    }
    let job = capped(client, existing, cap).await?;
    match job.may_retry() {
        true => Ok(client.decide(job, Decision::Retry).await?.0),
        false => Ok(job),
    }
}

/// A job with the cap that its caller gives it now, where he gives one. Whoever else changes the job
/// at the same time, the cap is stored: a call that is announced after this is bound by it.
pub(super) async fn capped(client: &Client, job: Job, cap: Option<Credits>) -> Result<Job> {
    let mut job = job;
    while let Some(cap) = cap.filter(|cap| job.cap != Some(*cap)) {
        job = client.decide(job, Decision::Cap(cap)).await?.0;
    }
    Ok(job)
}

/// Drives a job until its provider has accepted it.
pub(super) async fn accepted(
    client: &Client,
    id: JobId,
    policy: WaitPolicy,
    observer: Option<Observer<'_>>,
) -> Result<Job> {
    let mut events = Wait::new(client, id).policy(policy).events();
    while let Some(event) = events.next().await {
        let event = event?;
        if let Some(observer) = &observer {
            observer.show(&event);
        }
        let job = event.job;
        if job.needs().is_none()
            && matches!(job.stage(), Stage::Running | Stage::Rendered | Stage::Done)
        {
            return Ok(job);
        }
    }
    let job = client.job(id).await?;
    match ending(&job) {
        Some(error) => Err(error),
        None => Ok(job),
    }
}
