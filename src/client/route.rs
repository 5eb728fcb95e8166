//! One request, several accounts in order.

use std::collections::BTreeMap;
use std::future::IntoFuture;

use futures_util::FutureExt as _;

use super::ending::ending;
use super::event::Observer;
use super::submit::capped;
use super::{Client, Event, EventKind, Generate, Video, Wait};
use crate::clock::Moment;
use crate::digest::sha256;
use crate::error::{Error, ErrorKind, Result};
use crate::future::BoxFuture;
use crate::job::{Account, Decision, Job, JobId, Outcome, Reason, Stage, apply};
use crate::model::{Credits, ProviderId};
use crate::policy::{WaitPolicy, growing_pause};
use crate::request::VideoRequest;

impl Client {
    /// Submits a request to the first of several accounts that makes a video of it, and resolves
    /// with that and with what became of each attempt.
    pub fn route<'a>(&'a self, request: &'a VideoRequest) -> Route<'a> {
        Route::new(self, request)
    }
}

/// One video from the first of several accounts that makes it; await it for a
/// `Result<`[`Routed`]`, `[`RouteError`]`>`, both of which say what became of each account.
///
/// ```no_run
/// # async fn example(client: adreel::Client, request: adreel::VideoRequest) -> adreel::Result<()> {
/// use adreel::ProviderId;
///
/// let order = [ProviderId::Creatify, ProviderId::BeatApi];
/// let routed = client.route(&request).over(order).key("order-1042").await?;
/// for attempt in &routed.attempts {
///     println!("{}: {}", attempt.account.provider, attempt.end);
/// }
/// # Ok(())
/// # }
/// ```
///
/// Accounts are asked in order, and only those whose plan has everything that was asked for. The
/// next one is asked where nothing was paid for and nothing can still come: the provider refused
/// the first paid step, or has no room for it now. A job that it accepted and then gave up leads to
/// the next account only [where that is said](Self::after_failure). Nothing leads past a refusal
/// of the content, nor past a job that may have been paid for.
///
/// All jobs of a route have the same key, each in its own account, and one of them has the claim,
/// wherever the route runs: the same route again goes on with that one, in whatever order the
/// accounts are named by then.
#[must_use = "futures do nothing unless awaited"]
#[derive(Clone)]
pub struct Route<'a> {
    client: &'a Client,
    request: &'a VideoRequest,
    accounts: Vec<Account>,
    /// A provider was named that has no account.
    missing: Option<Error>,
    key: Option<String>,
    labels: BTreeMap<String, String>,
    policy: Option<WaitPolicy>,
    cap: Option<Credits>,
    allows_ignored: bool,
    after_failure: bool,
    observer: Option<Observer<'a>>,
}

impl std::fmt::Debug for Route<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Route").field("accounts", &self.accounts).finish_non_exhaustive()
    }
}

/// The video of a route, and what became of each account that was asked.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Routed {
    /// The video.
    pub video: Video,
    /// What was tried, in order; the last one made the video.
    pub attempts: Vec<Attempt>,
}

/// Why a route made no video, and what became of each account that was asked. With `?` it becomes
/// its [`Error`] where a function returns that.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RouteError {
    /// What ended it.
    pub error: Error,
    /// What was tried, in order.
    pub attempts: Vec<Attempt>,
}

impl std::fmt::Display for RouteError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for RouteError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.error)
    }
}

impl From<RouteError> for Error {
    fn from(failed: RouteError) -> Self {
        failed.error
    }
}

/// An account that a [`Route`] asks: one by name, or a provider's account without a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteAccount(Choice);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Choice {
    Account(Account),
    Provider(ProviderId),
}

impl From<ProviderId> for RouteAccount {
    fn from(provider: ProviderId) -> Self {
        Self(Choice::Provider(provider))
    }
}

impl From<Account> for RouteAccount {
    fn from(account: Account) -> Self {
        Self(Choice::Account(account))
    }
}

impl From<&Account> for RouteAccount {
    fn from(account: &Account) -> Self {
        Self(Choice::Account(account.clone()))
    }
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
            missing: None,
            key: None,
            labels: BTreeMap::new(),
            policy: None,
            cap: None,
            allows_ignored: false,
            after_failure: false,
            observer: None,
        }
    }

    /// The accounts to ask, the first one first: providers, or accounts such as those that
    /// [`Client::account`](Client::account) gives. Default: all of the client's, by provider and
    /// name.
    pub fn over(mut self, accounts: impl IntoIterator<Item = impl Into<RouteAccount>>) -> Self {
        (self.accounts, self.missing) = (Vec::new(), None);
        for account in accounts {
            match account.into().0 {
                Choice::Account(account) => self.accounts.push(account),
                Choice::Provider(provider) => match self.client.account(provider) {
                    Ok(account) => self.accounts.push(account.clone()),
                    Err(error) => self.missing = self.missing.or(Some(error)),
                },
            }
        }
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

    /// What ends the waits for its jobs. The time limit is the route's: it counts from when the route
    /// begins, however many accounts are asked. Default: the client's policy.
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
    pub fn observe(mut self, observer: impl Fn(&Event) + Send + Sync + 'a) -> Self {
        self.observer = Some(Observer::new(observer));
        self
    }

    async fn run(self) -> Result<Routed, RouteError> {
        let mut attempts = Vec::new();
        if let Some(error) = self.missing {
            return Err(RouteError { error, attempts });
        }
        match self.take(&mut attempts).await {
            Ok(Some(video)) => Ok(Routed { video, attempts }),
            Ok(None) => Err(RouteError { error: none_left(&attempts), attempts }),
            Err(error) => Err(RouteError { error, attempts }),
        }
    }

    /// Asks one account after the other. `None` where none is left.
    ///
    /// Which account is asked is one row of the ledger, the claim, whoever routes the same key in
    /// whatever order: it is taken before anything is sent, and goes on to the next account in the
    /// same write that gives up the one before.
    async fn take(&self, attempts: &mut Vec<Attempt>) -> Result<Option<Video>> {
        let begun = self.client.moment();
        let key = self.key.clone().unwrap_or_else(|| JobId::new(&*self.client.0.clock).to_string());
        let route = sha256(format!("route {key}"));
        let mut claimed = self.claimed(&route, &key).await?;
        if let Some(job) = &claimed {
            self.check_is_same(job, &key).await?;
        }
        if let Some(job) = &claimed
            && self.is_passed(job)
        {
            claimed = self.go_on(&route, &key, claimed.as_ref(), attempts).await?;
        } else if claimed.is_none() {
            claimed = self.go_on(&route, &key, None, attempts).await?;
        }
        // How often the job that has no room had changed before the claim could go on from it.
        let mut overtaken = 0;
        let mut followed = 0;
        while let Some(job) = claimed {
            if attempts.iter().any(|attempt| attempt.account == *job.account()) {
                followed += 1;
            }
            if followed > MOST_FOLLOWED {
                return Err(moved_on_elsewhere(&job));
            }
            let (account, id) = (job.account().clone(), job.id());
            let has_others = self.left(attempts).any(|other| *other != account);
            let may_give_way = has_others && overtaken < MOST_OVERTAKEN;
            let (job, error) = match self.drive(&job, begun, may_give_way).await {
                Ok(Driven::Made(video)) => {
                    attempts.push(attempt(&video.job().clone(), AttemptEnd::Made, None));
                    return Ok(Some(*video));
                }
                Ok(Driven::Full(job, reason)) => {
                    let next = self.give_way(&route, &key, *job, reason, attempts).await?;
                    overtaken = match &next {
                        // Nobody else makes it.
                        None => MOST_OVERTAKEN,
                        Some(next) if next.id() == id => overtaken + 1,
                        Some(_) => 0,
                    };
                    claimed = match next {
                        Some(next) => Some(next),
                        None => Some(self.client.job(id).await?),
                    };
                    if (1..MOST_OVERTAKEN).contains(&overtaken) {
                        let clock = &self.client.0.clock;
                        clock.sleep(growing_pause(overtaken, clock.random())).await;
                    }
                    continue;
                }
                Ok(Driven::Ended(job, error)) => (*job, error),
                Err(error) => (self.client.job(id).await?, error),
            };
            let reason = Some(Reason::from(&error));
            let end = end_of(&job);
            attempts.push(attempt(&job, end, reason));
            if !self.leads_on(end, error.kind()) {
                return Err(error);
            }
            claimed = self.go_on(&route, &key, Some(&job), attempts).await?;
            overtaken = 0;
        }
        Ok(None)
    }

    /// Goes on from an account without room for now. `None` where no other one fits, and the job
    /// itself where somebody else has changed it meanwhile: the claim stays with it then.
    async fn give_way(
        &self,
        route: &str,
        key: &str,
        full: Job,
        reason: Reason,
        attempts: &mut Vec<Attempt>,
    ) -> Result<Option<Job>> {
        let place = attempts.len();
        attempts.push(attempt(&full, AttemptEnd::Refused, Some(reason)));
        let next = self.go_on(route, key, Some(&full), attempts).await?;
        if next.as_ref().is_none_or(|next| next.id() == full.id()) {
            attempts.remove(place);
        }
        Ok(next)
    }

    /// The job that has the claim. Before there were claims, it was the one that nothing leads past.
    async fn claimed(&self, route: &str, key: &str) -> Result<Option<Job>> {
        if let Some(job) = self.holder(route).await? {
            return Ok(Some(job));
        }
        for account in &self.accounts {
            let Some(job) = self.client.jobs().find(account, key).await? else { continue };
            if self.is_passed(&job) {
                continue;
            }
            let woken = self.moved(&job, Decision::Wake);
            return match self.client.0.ledger.move_claim(route, None, &woken).await? {
                true => Ok(Some(woken)),
                false => self.holder(route).await.map(|holder| holder.or(Some(job))),
            };
        }
        Ok(None)
    }

    /// The job that has the claim as the ledger has both. One that its route has left has the claim
    /// no more: somebody has moved it since it was read, and to try that job again would be to pay
    /// beside whoever has it now.
    async fn holder(&self, route: &str) -> Result<Option<Job>> {
        let mut last = None;
        while let Some(id) = self.client.0.ledger.claim(route).await? {
            let job = self.client.job(id).await?;
            if !job.left {
                return Ok(Some(job));
            }
            if last.replace(id) == Some(id) {
                let message = "the route's claim is with a job that the route has left";
                return Err(Error::new(ErrorKind::Conflict, message).with_job(id));
            }
        }
        Ok(None)
    }

    /// Whether a route leads past a job as it stands.
    fn is_passed(&self, job: &Job) -> bool {
        let kind = job.trouble().map_or(ErrorKind::JobFailed, |trouble| trouble.kind);
        job.left || self.leads_on(end_of(job), kind)
    }

    /// The accounts that were not asked yet.
    fn left(&self, attempts: &[Attempt]) -> impl Iterator<Item = &Account> {
        let asked: Vec<_> = attempts.iter().map(|attempt| attempt.account.clone()).collect();
        self.accounts.iter().filter(move |account| !asked.contains(account))
    }

    /// Moves the claim to the next account that fits, and gives back the job that has it then:
    /// that account's, or whichever somebody else was faster with. `None` where no account is left
    /// and nobody else has gone on.
    async fn go_on(
        &self,
        route: &str,
        key: &str,
        from: Option<&Job>,
        attempts: &mut Vec<Attempt>,
    ) -> Result<Option<Job>> {
        let ledger = &self.client.0.ledger;
        let accounts: Vec<_> = self.left(attempts).cloned().collect();
        for account in accounts {
            let to = match self.next_job(route, key, &account).await {
                Ok(Candidate::New(to)) => to,
                Ok(Candidate::Taken(job)) => {
                    if job.stage() == Stage::Failed {
                        attempts.push(attempt(&job, end_of(&job), job.trouble().cloned()));
                    }
                    continue;
                }
                Err(error) if is_unfit(error.kind()) => {
                    let (end, cost) = (AttemptEnd::Unfit, Credits::ZERO);
                    let reason = Some(Reason::from(&error));
                    attempts.push(Attempt { account, job: None, end, cost, reason });
                    continue;
                }
                Err(error) => return Err(error),
            };
            let is_moved = match from {
                // It is tried again as it was when it had the claim, and not where that has moved.
                Some(from) if from.id() == to.id() => {
                    to.revision() == from.revision() + 1 && ledger.store(&to).await?
                }
                Some(from) => {
                    let left = self.moved(from, Decision::Leave);
                    if !left.left && !left.stage().is_over() {
                        // It may have been paid for, so nothing leads past it.
                        return self.client.job(from.id()).await.map(Some);
                    }
                    ledger.move_claim(route, Some(&left), &to).await?
                }
                None => ledger.move_claim(route, None, &to).await?,
            };
            if is_moved {
                return Ok(Some(to));
            }
            // Somebody else has moved the claim, or the job that has it.
            match (self.holder(route).await?, from) {
                (Some(holder), _) => return Ok(Some(holder)),
                (None, Some(from)) => return self.client.job(from.id()).await.map(Some),
                (None, None) => {}
            }
        }
        // No account is left to this route, but the claim may be with a job that somebody else has
        // gone on to, and that is the one that makes the video.
        let is_news = |holder: &Job| match from {
            Some(from) if from.id() == holder.id() => {
                from.revision() != holder.revision() && !self.is_passed(holder)
            }
            _ => true,
        };
        Ok(self.holder(route).await?.filter(is_news))
    }

    /// The job that an account would make the video with: a new one, or the one that it has under
    /// the key and that can be tried again.
    async fn next_job(&self, route: &str, key: &str, account: &Account) -> Result<Candidate> {
        let Some(existing) = self.client.jobs().find(account, key).await? else {
            return self.order(account, key).of_route(route).await.map(Candidate::New);
        };
        self.check_is_same(&existing, key).await?;
        if !existing.may_retry() {
            return Ok(Candidate::Taken(existing));
        }
        let mut again = existing;
        again.cap = self.cap.or(again.cap);
        self.client.check_request(&again)?;
        Ok(Candidate::New(self.moved(&again, Decision::Retry)))
    }

    /// Checks that a job under the route's key is of the route's request.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] where it is of another one.
    async fn check_is_same(&self, job: &Job, key: &str) -> Result<()> {
        if job.fingerprint == self.order(job.account(), key).fingerprint().await? {
            return Ok(());
        }
        let message = "the key belongs to a job with another request: use another key";
        Err(Error::new(ErrorKind::Conflict, message).with_field("key").with_job(job.id()))
    }

    fn leads_on(&self, end: AttemptEnd, kind: ErrorKind) -> bool {
        match end {
            _ if kind == ErrorKind::ContentRefused => false,
            AttemptEnd::Unfit | AttemptEnd::Refused => true,
            AttemptEnd::Failed => self.after_failure,
            AttemptEnd::Made | AttemptEnd::Open => false,
        }
    }

    fn moved(&self, job: &Job, decision: Decision) -> Job {
        apply(job.clone(), Outcome::Decided(decision), self.client.now_for(job))
    }

    fn order(&self, account: &Account, key: &str) -> Generate<'_> {
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
        order
    }

    /// Drives the job that has the claim, until it ends, or has no room where it `may_give_way`.
    async fn drive(&self, job: &Job, begun: Moment, may_give_way: bool) -> Result<Driven> {
        capped(self.client, job.clone(), self.cap).await?;
        let policy = self.policy.unwrap_or(self.client.0.wait_policy);
        let mut events = Wait::new(self.client, job.id()).policy(policy).begun(begun).events();
        let mut last = None;
        while let Some(event) = events.next().await {
            let event = event?;
            if let Some(observer) = &self.observer {
                observer.show(&event);
            }
            if let EventKind::Retrying { reason, .. } = &event.kind
                && matches!(reason.kind, ErrorKind::RateLimited | ErrorKind::NoSlot)
                && may_give_way
                && event.job.stage() == Stage::Ready
                && !event.job.may_be_paid()
            {
                return Ok(Driven::Full(Box::new(event.job), reason.clone()));
            }
            last = Some(event.job);
        }
        let unread = || Error::new(ErrorKind::Unavailable, "the wait ended without an event");
        let job = last.ok_or_else(unread)?;
        match ending(&job) {
            Some(error) => Ok(Driven::Ended(Box::new(job), error)),
            None => Video::new(self.client, job).map(|video| Driven::Made(Box::new(video))),
        }
    }
}

/// How often a job without room is found changed by others before its route stays with it: two
/// routes that both come to it would change it for each other without end.
const MOST_OVERTAKEN: u32 = 4;

/// How often a route goes back to an account that it has asked, because others have moved the claim
/// there. Each of them does so a few times only, but nobody knows how many there are.
const MOST_FOLLOWED: u32 = 32;

/// The job that an account has for a route.
enum Candidate {
    /// One that may be given the claim.
    New(Job),
    /// One that may not: it has ended for good, or somebody else is at it.
    Taken(Job),
}

/// What became of a job that has the claim.
enum Driven {
    Made(Box<Video>),
    /// Its account has no room for now.
    Full(Box<Job>, Reason),
    /// It ended without a video, as it was seen then: by now others may have it tried again.
    Ended(Box<Job>, Error),
}

fn attempt(job: &Job, end: AttemptEnd, reason: Option<Reason>) -> Attempt {
    let (account, cost) = (job.account().clone(), job.committed());
    Attempt { account, job: Some(job.id()), end, cost, reason }
}

impl<'a> IntoFuture for Route<'a> {
    type Output = Result<Routed, RouteError>;
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

/// The route goes on without this process, which is no word on the video.
fn moved_on_elsewhere(job: &Job) -> Error {
    let message = "others that route the same key move it on again and again: ask for it later";
    let error = Error::new(ErrorKind::Unavailable, message).with_provider(job.account().provider);
    match job.may_be_paid() {
        true => error.with_job(job.id()).with_handle(job.handle()),
        false => error.with_job(job.id()),
    }
}

fn none_left(attempts: &[Attempt]) -> Error {
    let told = |attempt: &Attempt| {
        let why = attempt.reason.as_ref().map_or(String::new(), |reason| match &reason.field {
            Some(field) => format!("{field}: {}", reason.message),
            None => reason.message.clone(),
        });
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
