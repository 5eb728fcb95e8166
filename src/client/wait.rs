//! Waiting for a job, and what happens to it meanwhile.

use std::collections::VecDeque;
use std::future::IntoFuture;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::Either;
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt as _, Stream, StreamExt as _};

use super::ending::{ending, last_word};
use super::event::{Observer, Seen};
use super::gate::{COMES_AFTER, Place};
use super::polling::{News, WatchLimits};
use super::{Client, Event, Video};
use crate::clock::Moment;
use crate::error::{Error, ErrorKind, Limit, Result};
use crate::future::BoxFuture;
use crate::job::{Action, Decision, Job, JobHandle, JobId, Reason, Stage, StepState};
use crate::policy::{WaitPolicy, growing_pause};

impl Client {
    /// Comes back to a job, also after a restart, and resolves with the finished video. A job that
    /// waited for the provider's own page to be used is read again.
    pub fn resume(&self, id: impl Into<JobId>) -> Wait {
        Wait::new(self, id.into())
    }
}

/// Waiting for a job; await it for the video, or take its [`events`](Self::events).
///
/// Dropping it stops the waiting and nothing else: the job goes on at its provider.
///
/// # Errors
/// [`ErrorKind::JobFailed`], or what the provider refused the job for; [`ErrorKind::SubmitUnknown`]
/// for a job that is held; [`ErrorKind::NeedsAction`] for one that somebody has to act for;
/// [`ErrorKind::NeedsCredentials`] where the key no longer works; [`ErrorKind::Timeout`] where a
/// limit of its [`WaitPolicy`] ended it, which [`Error::limit`] names. Each carries the job's id,
/// and those that stop early its handle: also those of the ledger, where something was or may have
/// been paid for.
#[must_use = "futures do nothing unless awaited"]
#[derive(Clone, Debug)]
pub struct Wait {
    client: Client,
    id: JobId,
    policy: WaitPolicy,
    begun: Option<Moment>,
}

impl Wait {
    pub(super) fn new(client: &Client, id: JobId) -> Self {
        Self { client: client.clone(), id, policy: client.0.wait_policy, begun: None }
    }

    /// Counts the time limit from this [moment](Client::moment), for whoever waits for many under one
    /// limit. Default: from when the wait begins.
    pub fn begun(mut self, at: Moment) -> Self {
        self.begun = Some(at);
        self
    }

    /// What ends the wait. Default: the client's policy, whose default is 30 minutes.
    pub fn policy(mut self, policy: WaitPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// The video, with everything that happens until then shown to an observer.
    pub(super) async fn until_end(self, observer: Option<Observer<'_>>) -> Result<Video> {
        let client = self.client.clone();
        let mut events = self.events();
        let mut last = None;
        while let Some(event) = events.next().await {
            let event = event?;
            if let Some(observer) = &observer {
                observer.show(&event);
            }
            last = Some(event.job);
        }
        let missing = || Error::new(ErrorKind::Unavailable, "the wait ended without an event");
        let job = last.ok_or_else(missing)?;
        match ending(&job) {
            Some(error) => Err(error),
            None => Video::new(&client, job),
        }
    }

    /// Everything that happens to the job, as a stream. It begins with how the job stands, and ends
    /// after an event that [is the last](super::EventKind::is_last), or after an error.
    pub fn events(self) -> Events {
        let begun = self.begun.unwrap_or_else(|| self.client.moment());
        let state = State {
            client: self.client,
            id: self.id,
            policy: self.policy,
            begun,
            until: begun + self.policy.time,
            age_until: None,
            seen: Seen::default(),
            told: VecDeque::new(),
            is_begun: false,
            looks_last: false,
            idle: (0, 0),
            paid: None,
            place: None,
            over: Mutex::default(),
            is_over: false,
        };
        Events(stream::unfold(state, State::step).boxed())
    }
}

impl IntoFuture for Wait {
    type Output = Result<Video>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        self.until_end(None).boxed()
    }
}

/// What happens to a job, one [`Event`] after the other.
#[must_use = "streams do nothing unless polled"]
pub struct Events(BoxStream<'static, Result<Event>>);

impl Events {
    /// The next event; `None` after the last.
    pub async fn next(&mut self) -> Option<Result<Event>> {
        self.0.next().await
    }
}

impl std::fmt::Debug for Events {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Events")
    }
}

impl Stream for Events {
    type Item = Result<Event>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(cx)
    }
}

/// For how long a read that is under way when the time is over is still waited for.
const LAST_READ: Duration = Duration::from_secs(10);

/// The shortest wait for room.
const LEAST_REST: Duration = Duration::from_millis(200);

/// How often the ledger is read for a job that somebody else is just working on.
const LOOK_AT_OTHERS_AFTER: Duration = Duration::from_secs(2);

/// How often the ledger is read for a job that has nothing to do for long: somebody else may have
/// settled it, or its route may have gone on.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(60);

/// A wait under way. Ten thousand may be at a time, so what is only needed for a moment is boxed.
struct State {
    client: Client,
    id: JobId,
    policy: WaitPolicy,
    begun: Moment,
    until: Moment,
    age_until: Option<Moment>,
    seen: Seen,
    told: VecDeque<Result<Event>>,
    is_begun: bool,
    /// The status is read although the time is over.
    looks_last: bool,
    /// How often it found nothing to do at one revision of the job.
    idle: (u64, u32),
    /// What is paid for, or about to be.
    paid: Option<Box<JobHandle>>,
    /// Where it waits to be sent.
    place: Option<Arc<Place>>,
    /// When even a read that hangs is no longer waited for. Never locked: a mutex makes it `Sync`.
    over: Mutex<Option<BoxFuture<'static, ()>>>,
    is_over: bool,
}

/// What a wait does next.
enum Next {
    /// It tells what is new, before anything is waited for.
    Tell,
    /// Its step is sent, when it is its turn.
    Send(Box<Job>, Action),
    /// Its step is looked for.
    LookUp(Box<Job>, Action),
    /// Nothing for this long.
    Rest(Duration),
    /// Its status is read.
    Watch(super::polling::Watch),
    /// Nothing: the job has ended, or somebody has to act.
    End,
}

impl State {
    async fn step(mut self) -> Option<(Result<Event>, Self)> {
        loop {
            if let Some(told) = self.told.pop_front() {
                if self.told.is_empty() {
                    // A queue keeps the room that it had, and a job is a large thing.
                    self.told = VecDeque::new();
                }
                return Some((told, self));
            }
            if self.is_over {
                return None;
            }
            if let Err(error) = self.go_on().await {
                self.is_over = true;
                let error = self.with_paid(error).boxed().await;
                self.told.push_back(Err(error));
            }
        }
    }

    /// An error of the ledger with the job's handle, where something of it is or may be paid for:
    /// the caller then sees that there is a job to come back to. Where the row cannot be
    /// read either, it is what this wait was about to pay for.
    async fn with_paid(&mut self, error: Error) -> Error {
        let is_of_ledger =
            matches!(error.kind(), ErrorKind::Io | ErrorKind::Unavailable | ErrorKind::Decode);
        if !is_of_ledger || error.handle().is_some() {
            return error;
        }
        let handle = match self.client.job(self.id).await {
            Ok(job) => job.may_be_paid().then(|| job.handle()),
            Err(_) => self.paid.take().map(|handle| *handle),
        };
        let error = error.with_job(self.id);
        handle.into_iter().fold(error, Error::with_handle)
    }

    async fn go_on(&mut self) -> Result<()> {
        let next = self.look().boxed().await?;
        let is_late = self.left().is_zero() && !matches!(next, Next::Tell | Next::End);
        // A running job may have ended since its last read, so it is read once more.
        let may_look = matches!(next, Next::Watch(_)) && !self.looks_last;
        if is_late && !may_look {
            return Err(self.timed_out().boxed().await);
        }
        self.looks_last |= is_late;
        if !matches!(next, Next::Send(..)) {
            self.place = None;
        }
        match next {
            Next::Tell => {}
            Next::End => self.is_over = true,
            Next::LookUp(job, action) => {
                // Where this wait's time ends first, the look goes on in a task of its own.
                let looking = self.client.carry_out(&job, action, None);
                let Some(looked) = self.within(looking, self.left()).boxed().await else {
                    return Ok(());
                };
                if looked?.job.revision() == job.revision() {
                    // Somebody else is at it, or has to be waited for.
                    let pause = self.pause(job.revision());
                    self.client.rest(pause.min(self.left())).await;
                }
            }
            Next::Send(job, action) => self.send(&job, action).boxed().await?,
            Next::Rest(wait) => self.client.rest(wait.min(self.left())).await,
            Next::Watch(watch) => {
                let longest = self.left() + LAST_READ;
                let clock = &self.client.0.clock;
                let over = self.over.get_mut().unwrap_or_else(PoisonError::into_inner);
                let over = over.get_or_insert_with(|| clock.sleep(longest));
                match futures_util::future::select(watch, over).await {
                    Either::Left((news, _)) => return self.heard(news).boxed().await,
                    Either::Right(_) => return Err(self.timed_out().boxed().await),
                }
            }
        }
        Ok(())
    }

    /// What a read has brought.
    async fn heard(&self, news: News) -> Result<()> {
        match news {
            News::Changed | News::Stopped => {}
            News::Unstored => drop(self.client.advance(self.id).boxed().await?),
            News::Refused(reason) => return Err(self.refused(&reason).boxed().await),
            News::Failing(reads) => {
                return Err(self.stopped(Limit::FailedReads(reads)).boxed().await);
            }
            News::Deadline => return Err(self.timed_out().boxed().await),
        }
        Ok(())
    }

    /// What something comes to, unless it takes longer. It runs on a task of its own where it must
    /// not be cut.
    async fn within<T>(&self, work: impl Future<Output = T>, longest: Duration) -> Option<T> {
        let over = self.client.0.clock.sleep(longest);
        futures_util::pin_mut!(work);
        match futures_util::future::select(work, over).await {
            Either::Left((came, _)) => Some(came),
            Either::Right(_) => None,
        }
    }

    /// Sends the job when it is its turn on its account, or rests for a while: another
    /// process may send it first.
    async fn send(&mut self, job: &Job, action: Action) -> Result<()> {
        let line = || Arc::new(self.client.line_of(job.account()).enter(job));
        let place = Arc::clone(self.place.get_or_insert_with(line));
        if !place.is_first(self.client.0.clock.elapsed()) {
            drop(place);
            self.rest_in_line(COMES_AFTER).await;
            return Ok(());
        }
        let client = self.client.clone();
        let sending = client.carry_out(job, action, Some(Arc::downgrade(&place)));
        drop(place);
        futures_util::pin_mut!(sending);
        let is_paid = job.current_step().is_none_or(|step| step.is_paid());
        let sent = self.within(sending.as_mut(), self.left()).await;
        let advance = match sent {
            Some(sent) => sent?,
            None if !is_paid || self.leaves_line() => return Ok(()),
            // What is paid is always heard out, or nobody could say what became of it.
            None => sending.await?,
        };
        if advance.job.revision() == job.revision() {
            let wait = match advance.next {
                Action::Rest(until) => until.since(self.client.now_for(job)),
                _ => self.pause(job.revision()),
            };
            self.rest_in_line(wait.clamp(LEAST_REST, COMES_AFTER)).await;
        }
        Ok(())
    }

    /// Gives up the place, and with it the send, unless the call is announced already.
    fn leaves_line(&mut self) -> bool {
        let place = self.place.take().map(Arc::try_unwrap);
        self.place = place.and_then(Result::err);
        self.place.is_none()
    }

    async fn rest_in_line(&self, wait: Duration) {
        let Some(place) = &self.place else { return };
        let wait = self.client.0.clock.sleep(wait.min(self.left()));
        let called = place.called();
        futures_util::pin_mut!(called);
        futures_util::future::select(wait, called).await;
    }

    /// Looks at the job, notes what is new, and says what to do next.
    async fn look(&mut self) -> Result<Next> {
        let mut job = self.client.job(self.id).await?;
        let waits_there = job.stage() == Stage::NeedsAction && job.offers().is_none();
        // A new wait begins with a look: since the last one a person may have acted, what was
        // missing may be there, and a lost job may be found.
        if !std::mem::replace(&mut self.is_begun, true) {
            let age = self.client.0.clock.now().since(job.created_at());
            let now = self.client.moment();
            self.age_until = self.policy.job_age.map(|limit| now + limit.saturating_sub(age));
            if waits_there || job.needs().is_some() || job.stage() == Stage::Lost {
                job = self.client.decide(job, Decision::Wake).boxed().await?.0;
            } else if job.stage() == Stage::Uncertain {
                let looking = self.client.look_now(self.id);
                if let Some(looked) = self.within(looking, self.left()).boxed().await {
                    job = looked?.job;
                }
            }
        }
        let waits_there = job.stage() == Stage::NeedsAction && job.offers().is_none();
        let goes_on = waits_there && self.policy.through_actions;
        for kind in self.seen.news(&job) {
            let (job, client) = (job.clone(), self.client.clone());
            self.told.push_back(Ok(Event { kind, job, client }));
        }
        let now = self.client.now_for(&job);
        let at_work = job.current_step().map(|step| step.state());
        let may_be_paid =
            job.may_be_paid() || job.current_step().is_some_and(|step| step.is_paid());
        self.paid = may_be_paid.then(|| Box::new(job.handle()));
        Ok(match self.client.next(&job).await? {
            Action::Download | Action::End => Next::End,
            Action::Hold if !goes_on => Next::End,
            _ if !self.told.is_empty() => Next::Tell,
            Action::Hold | Action::Poll(_) => Next::Watch(self.watch(&job)?),
            Action::Rest(_) if at_work == Some(StepState::Running) => {
                Next::Watch(self.watch(&job)?)
            }
            // The client that sends may be done long before its time is over.
            Action::Rest(until) if at_work == Some(StepState::Submitting) => {
                Next::Rest(until.since(now).min(LOOK_AT_OTHERS_AFTER))
            }
            Action::Rest(until) => Next::Rest(until.since(now).min(LOOK_AGAIN_AFTER)),
            action @ Action::Send(_) => Next::Send(Box::new(job), action),
            action @ Action::LookUp(_) => Next::LookUp(Box::new(job), action),
        })
    }

    fn watch(&self, job: &Job) -> Result<super::polling::Watch> {
        let limits = WatchLimits { deadline: self.deadline(), failures: self.policy.failed_reads };
        self.client.watch(job, limits)
    }

    /// How long to wait where nothing is to be done at a job's revision: ever longer.
    fn pause(&mut self, revision: u64) -> Duration {
        let times = if self.idle.0 == revision { self.idle.1.saturating_add(1) } else { 1 };
        self.idle = (revision, times);
        growing_pause(times, self.client.0.clock.random())
    }

    fn deadline(&self) -> Moment {
        self.age_until.map_or(self.until, |age| age.min(self.until))
    }

    fn left(&self) -> Duration {
        self.deadline().since(self.client.moment())
    }

    async fn timed_out(&self) -> Error {
        let limit = match (self.age_until, self.policy.job_age) {
            (Some(until), Some(age)) if until < self.until => Limit::JobAge(age),
            _ => Limit::Time(self.policy.shown.unwrap_or(self.policy.time)),
        };
        self.stopped(limit).await
    }

    async fn stopped(&self, limit: Limit) -> Error {
        let job = self.client.job(self.id).await.ok();
        let last = job.as_ref().map_or("not known", last_word);
        let waited = self.client.moment().since(self.begun);
        // What keeps it from being read, or a success from being one.
        let trouble =
            job.as_ref().and_then(Job::trouble).filter(|trouble| !trouble.message.is_empty());
        let trouble = trouble
            .map_or_else(String::new, |trouble| format!(", last trouble: {}", trouble.message));
        let message =
            format!("{limit}; the job goes on (last status {last}{trouble}): resume it later");
        let error = Error::new(ErrorKind::Timeout, message).with_job(self.id).with_limit(limit);
        let error = error.with_attempts(0, waited);
        job.into_iter().fold(error, |error, job| error.with_handle(job.handle()))
    }

    /// The job goes on at the provider, but nothing can be seen of it.
    async fn refused(&self, reason: &Reason) -> Error {
        let message = "the job goes on, its status cannot be read: set a key that works and resume";
        let error = Error::new(ErrorKind::NeedsCredentials, message).with_job(self.id);
        let Ok(job) = self.client.job(self.id).await else { return error };
        let provider = job.account().provider;
        error
            .with_provider(provider)
            .with_handle(job.handle())
            .with_source(reason.to_error(provider))
    }
}
