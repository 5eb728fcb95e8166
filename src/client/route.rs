use std::collections::BTreeMap;
use std::future::IntoFuture;

use futures_util::FutureExt as _;

use super::wait::ending;
use super::{Client, Event, EventKind, Generate, Video, WaitPolicy};
use crate::BoxFuture;
use crate::error::{Error, ErrorKind, Result};
use crate::job::{Account, Decision, Job, JobId, Reason, Stage};
use crate::model::{Credits, VideoRequest};

/// One video from the first of several accounts that makes it; await it for what became of each.
///
/// Accounts are asked in order, and only those whose plan has everything that was asked for. The
/// next one is asked where nothing was paid for and nothing can still come: the provider refused
/// the first paid step, or has no room for it now. A job that it accepted and then gave up leads to
/// the next account only [where that is said](Self::after_failure). Nothing leads past a refusal
/// of the content, nor past a job that may have been paid for.
///
/// All jobs of a route have the same key, each in its own account: the same route again goes on
/// with the job that is there.
#[must_use = "futures do nothing unless awaited"]
#[derive(Clone)]
pub struct Route<'a> {
    client: &'a Client,
    request: &'a VideoRequest,
    accounts: Vec<Account>,
    key: Option<String>,
    labels: BTreeMap<String, String>,
    policy: Option<WaitPolicy>,
    cap: Option<Credits>,
    allows_ignored: bool,
    after_failure: bool,
    observer: Option<&'a (dyn Fn(&Event) + Send + Sync)>,
}

impl std::fmt::Debug for Route<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Route").field("accounts", &self.accounts).finish_non_exhaustive()
    }
}

/// What became of a route: the video, or the error that ended it, and every attempt before.
#[derive(Debug)]
#[non_exhaustive]
pub struct Routed {
    /// What was tried, in order.
    pub attempts: Vec<Attempt>,
    /// The video, or why there is none.
    pub result: Result<Video>,
}

/// What became of one account's attempt.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Attempt {
    /// The account.
    pub account: Account,
    /// Its job, where there is one.
    pub job: Option<JobId>,
    /// How it ended.
    pub end: AttemptEnd,
    /// What it cost, or may cost still, in the credits of the account's provider.
    pub cost: Credits,
    /// Why there is no video of it.
    pub reason: Option<Reason>,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AttemptEnd {
    /// It made the video.
    Made,
    /// Its plan lacks something that was asked for; nothing was sent.
    Unfit,
    /// The provider refused it, or had no room; nothing was paid for.
    Refused,
    /// The provider accepted it and gave it up.
    Failed,
    /// It has not ended, or may have been paid for. Nothing else may be tried.
    Open,
}

impl std::fmt::Display for AttemptEnd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Made => "made",
            Self::Unfit => "unfit",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Open => "open",
        })
    }
}

impl<'a> Route<'a> {
    pub(super) fn new(client: &'a Client, request: &'a VideoRequest) -> Self {
        Self {
            client,
            request,
            accounts: client.accounts().into_iter().cloned().collect(),
            key: None,
            labels: BTreeMap::new(),
            policy: None,
            cap: None,
            allows_ignored: false,
            after_failure: false,
            observer: None,
        }
    }

    /// The accounts to ask, the first one first, such as those that
    /// [`Client::account`](Client::account) gives. Default: all of the client's, by provider and
    /// name.
    pub fn over(mut self, accounts: impl IntoIterator<Item = Account>) -> Self {
        self.accounts = accounts.into_iter().collect();
        self
    }

    /// Gives the route an identity of the caller's own, as [`Generate::key`] does.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Keeps words of the caller's own with each job.
    pub fn label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.insert(name.into(), value.into());
        self
    }

    /// What ends the wait for each job. Default: the client's policy.
    pub fn policy(mut self, policy: WaitPolicy) -> Self {
        self.policy = Some(policy);
        self
    }

    /// The most that each attempt may cost, in the credits of its provider, as [`Generate::cap`]
    /// does. Default: the accounts' own caps.
    pub fn cap(mut self, most: Credits) -> Self {
        self.cap = Some(most);
        self
    }

    /// Also asks accounts that would ignore a field of the request.
    pub fn allow_ignored_fields(mut self) -> Self {
        self.allows_ignored = true;
        self
    }

    /// Asks the next account also where one accepted the job and gave it up. **Both may be paid**:
    /// BeatAPI alone documents that it gives the credits back.
    pub fn after_failure(mut self) -> Self {
        self.after_failure = true;
        self
    }

    /// Shows everything that happens to each job, such as to a progress line.
    pub fn observe(mut self, observer: &'a (dyn Fn(&Event) + Send + Sync)) -> Self {
        self.observer = Some(observer);
        self
    }

    async fn run(self) -> Routed {
        let mut attempts = Vec::new();
        let result = match self.take(&mut attempts).await {
            Ok(Some(video)) => Ok(video),
            Ok(None) => Err(none_left(&attempts)),
            Err(error) => Err(error),
        };
        Routed { attempts, result }
    }

    /// Asks one account after the other. `None` where none is left.
    async fn take(&self, attempts: &mut Vec<Attempt>) -> Result<Option<Video>> {
        let key = self.key.clone().unwrap_or_else(|| JobId::new(&*self.client.0.clock).to_string());
        let first = self.first(&key).await?;
        for (index, account) in self.accounts.iter().enumerate().skip(first) {
            let is_last = index + 1 == self.accounts.len();
            let error = match self.ask(account, &key, is_last).await {
                Ok(video) => {
                    attempts.push(self.attempt(account, video.job(), AttemptEnd::Made, None));
                    return Ok(Some(video));
                }
                Err(error) => error,
            };
            let reason = Some(Reason::from(&error));
            let Some(id) = error.job_id() else {
                let (end, cost) = (AttemptEnd::Unfit, Credits::ZERO);
                attempts.push(Attempt { account: account.clone(), job: None, end, cost, reason });
                match is_unfit(error.kind()) {
                    true => continue,
                    false => return Err(error),
                }
            };
            let job = self.client.job(id).await?;
            let end = end_of(&job);
            attempts.push(self.attempt(account, &job, end, reason));
            if !self.leads_on(end, error.kind()) {
                return Err(error);
            }
        }
        Ok(None)
    }

    /// The account to begin with: the one whose job under this key nothing leads past, wherever it
    /// stands, or else the first.
    async fn first(&self, key: &str) -> Result<usize> {
        for (index, account) in self.accounts.iter().enumerate() {
            let Some(job) = self.client.jobs().find(account, key).await? else { continue };
            let kind = job.trouble().map_or(ErrorKind::JobFailed, |trouble| trouble.kind);
            if !self.leads_on(end_of(&job), kind) {
                return Ok(index);
            }
        }
        Ok(0)
    }

    fn leads_on(&self, end: AttemptEnd, kind: ErrorKind) -> bool {
        match end {
            _ if kind == ErrorKind::ContentRefused => false,
            AttemptEnd::Unfit | AttemptEnd::Refused => true,
            AttemptEnd::Failed => self.after_failure,
            AttemptEnd::Made | AttemptEnd::Open => false,
        }
    }

    async fn ask(&self, account: &Account, key: &str, is_last: bool) -> Result<Video> {
        let mut order = Generate::new(self.client, self.request)
            .on(account.provider)
            .account(&account.name)
            .key(key);
        if !self.allows_ignored {
            order = order.strict();
        }
        for (name, value) in &self.labels {
            order = order.label(name, value);
        }
        if let Some(policy) = self.policy {
            order = order.policy(policy);
        }
        if let Some(most) = self.cap {
            order = order.cap(most);
        }
        let mut events = order.events().await?;
        let mut last = None;
        while let Some(event) = events.next().await {
            let event = event?;
            if let Some(observer) = self.observer {
                observer(&event);
            }
            let is_full = matches!(&event.kind, EventKind::Retrying { reason, .. }
                if matches!(reason.kind, ErrorKind::RateLimited | ErrorKind::NoSlot));
            if is_full && !is_last && event.job.stage() == Stage::Ready {
                return Err(self.give_up(event.job).await?);
            }
            last = Some(event.job);
        }
        let unread = || Error::new(ErrorKind::Unavailable, "the wait ended without an event");
        let job = last.ok_or_else(unread)?;
        match ending(&job) {
            Some(error) => Err(error),
            None => Video::new(self.client, job),
        }
    }

    /// Ends a job for which nothing was paid, so that nobody sends it later. Where somebody else
    /// has sent it meanwhile, that is an error which nothing leads past.
    async fn give_up(&self, job: Job) -> Result<Error> {
        let job = self.client.decide(job, Decision::Abandon).await?.0;
        let open = || {
            let message = "somebody else goes on with the job: resume it";
            Error::new(ErrorKind::Conflict, message).with_job(job.id())
        };
        Ok(ending(&job).unwrap_or_else(open))
    }

    fn attempt(
        &self,
        account: &Account,
        job: &Job,
        end: AttemptEnd,
        reason: Option<Reason>,
    ) -> Attempt {
        let (account, job, cost) = (account.clone(), Some(job.id()), job.committed());
        Attempt { account, job, end, cost, reason }
    }
}

impl<'a> IntoFuture for Route<'a> {
    type Output = Routed;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        self.run().boxed()
    }
}

/// How a job that made no video ended.
fn end_of(job: &Job) -> AttemptEnd {
    match job.stage() {
        Stage::Failed if job.may_retry() => AttemptEnd::Refused,
        Stage::Failed => AttemptEnd::Failed,
        Stage::Rendered | Stage::Done => AttemptEnd::Made,
        _ => AttemptEnd::Open,
    }
}

/// Whether an error before there was a job says that the account cannot do what was asked.
fn is_unfit(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::InvalidRequest
            | ErrorKind::Unsupported
            | ErrorKind::NeedsCredentials
            | ErrorKind::OverCap
    )
}

fn none_left(attempts: &[Attempt]) -> Error {
    let told = |attempt: &Attempt| {
        let why = attempt.reason.as_ref().map_or("", |reason| &reason.message);
        format!("{} {}: {why}", attempt.account.provider, attempt.end)
    };
    match attempts {
        [] => Error::invalid("over", "the route has no accounts: set some up, or name them"),
        attempts => {
            let told = attempts.iter().map(told).collect::<Vec<_>>().join("; ");
            let kind = match attempts.iter().all(|attempt| attempt.end == AttemptEnd::Unfit) {
                true => ErrorKind::Unsupported,
                false => ErrorKind::Unavailable,
            };
            Error::new(kind, format!("no account of the route made it: {told}"))
        }
    }
}
