use std::future::IntoFuture;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt as _, Stream, StreamExt as _};

use super::{Advance, Client, Video};
use crate::BoxFuture;
use crate::error::{Error, ErrorKind, Result};
use crate::job::{Action, Decision, Job, JobId, Reason, Stage};
use crate::model::Timestamp;

/// Waiting for a job; await it for the video, or take its [`events`](Self::events).
///
/// Dropping it stops the waiting and nothing else: the job goes on at its provider.
///
/// # Errors
/// [`ErrorKind::JobFailed`], or what the provider refused the job for; [`ErrorKind::SubmitUnknown`]
/// for a job that is held; [`ErrorKind::NeedsCredentials`] where the key no longer works;
/// [`ErrorKind::Timeout`] at the deadline. Each carries the job's id.
#[must_use = "futures do nothing unless awaited"]
#[derive(Clone, Debug)]
pub struct Wait {
    client: Client,
    id: JobId,
    deadline: Duration,
}

impl Wait {
    pub(super) fn new(client: &Client, id: JobId) -> Self {
        Self { client: client.clone(), id, deadline: client.0.wait_deadline }
    }

    /// How long to wait, from now on. Default: the client's, 30 minutes.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Everything that happens to the job, as a stream: it ends after the event whose `next` is
    /// `Download`, `Hold` or `End`, or after an error.
    pub fn events(self) -> Events {
        let until = self.client.0.clock.now() + self.deadline;
        let (client, id) = (self.client, self.id);
        let state = State { client, id, until, rest: None, polls: None, ended: false };
        Events(stream::unfold(state, State::step).boxed())
    }
}

impl IntoFuture for Wait {
    type Output = Result<Video>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        async move {
            let client = self.client.clone();
            let mut events = self.events();
            let mut last = None;
            while let Some(advance) = events.next().await {
                last = Some(advance?.job);
            }
            let unread = || Error::new(ErrorKind::Unavailable, "the wait ended without an event");
            let job = last.ok_or_else(unread)?;
            match ending(&job) {
                Some(error) => Err(error),
                None => Video::new(&client, job),
            }
        }
        .boxed()
    }
}

/// What happens to a job, one [`Advance`] after the other.
#[must_use = "streams do nothing unless polled"]
pub struct Events(BoxStream<'static, Result<Advance>>);

impl Events {
    /// The next event; `None` after the last.
    pub async fn next(&mut self) -> Option<Result<Advance>> {
        self.0.next().await
    }
}

impl std::fmt::Debug for Events {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Events")
    }
}

impl Stream for Events {
    type Item = Result<Advance>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(cx)
    }
}

struct State {
    client: Client,
    id: JobId,
    until: Timestamp,
    rest: Option<Timestamp>,
    /// The reads that were made before this wait: what they found is not news.
    polls: Option<u32>,
    ended: bool,
}

impl State {
    async fn step(mut self) -> Option<(Result<Advance>, Self)> {
        if self.ended {
            return None;
        }
        let result = self.advance().await;
        match &result {
            Ok(Advance { next: Action::Rest(until), .. }) => self.rest = Some(*until),
            Ok(Advance { next: Action::Download | Action::Hold | Action::End, .. }) | Err(_) => {
                self.ended = true;
            }
            Ok(_) => {}
        }
        Some((result, self))
    }

    async fn advance(&mut self) -> Result<Advance> {
        let clock = &self.client.0.clock;
        if let Some(rest) = self.rest.take() {
            if rest > self.until {
                clock.sleep(self.until.since(clock.now())).await;
                return Err(self.deadline_passed().await);
            }
            clock.sleep(rest.since(clock.now())).await;
        }
        if clock.now() > self.until {
            return Err(self.deadline_passed().await);
        }
        let polls = match self.polls {
            Some(polls) => polls,
            None => self.begin().await?,
        };
        let advance = self.client.advance(self.id).await?;
        self.polls = Some(advance.job.polls());
        let is_news = advance.job.polls() > polls;
        let refused = advance.job.trouble().filter(|trouble| is_news && needs_credentials(trouble));
        match (advance.job.stage(), refused) {
            // The job goes on at the provider, but nothing can be seen of it.
            (Stage::Running, Some(trouble)) => {
                let error = trouble.to_error(advance.job.account().provider);
                Err(Error::new(
                    ErrorKind::NeedsCredentials,
                    "the job goes on, its status cannot be read: set a key that works and resume",
                )
                .with_provider(advance.job.account().provider)
                .with_job(self.id)
                .with_source(error))
            }
            _ => Ok(advance),
        }
    }

    /// The reads so far. A job that waited for somebody to act at the provider is read again, since
    /// whoever resumes it has reason to.
    async fn begin(&self) -> Result<u32> {
        let job = self.client.job(self.id).await?;
        let polls = job.polls();
        if job.stage() == Stage::NeedsAction && job.offers().is_none() {
            self.client.decide(job, Decision::Wake).await?;
        }
        Ok(polls)
    }

    async fn deadline_passed(&self) -> Error {
        let status = self.client.job(self.id).await.ok();
        let last = status.as_ref().and_then(Job::status).unwrap_or("not submitted");
        let message =
            format!("the deadline passed; the job goes on (last status {last}): resume it later");
        Error::new(ErrorKind::Timeout, message).with_job(self.id)
    }
}

fn needs_credentials(trouble: &Reason) -> bool {
    matches!(
        trouble.kind,
        ErrorKind::Unauthorized | ErrorKind::PlanLacks | ErrorKind::NeedsCredentials
    )
}

/// The error of a job that ended without a video; `None` where there is one, or may still be.
pub(super) fn ending(job: &Job) -> Option<Error> {
    let provider = job.account().provider;
    let told = || match job.trouble() {
        Some(trouble) => trouble.to_error(provider),
        None => Error::new(ErrorKind::JobFailed, "no reason is known").with_provider(provider),
    };
    let error = match job.stage() {
        Stage::Failed => told(),
        Stage::Uncertain => told().into_submit_unknown(),
        Stage::Lost => Error::new(ErrorKind::NotFound, "accepted, but no longer known there")
            .with_provider(provider),
        Stage::NeedsAction => {
            let message = match job.offers() {
                Some(offers) => {
                    let offers: Vec<_> =
                        offers.iter().map(|o| format!("{} ({})", o.id, o.label)).collect();
                    format!("choose one of {} and resume the job", offers.join(", "))
                }
                None => format!(
                    "the provider waits for a decision (status {}): act there and resume the job",
                    job.status().unwrap_or("unknown")
                ),
            };
            Error::new(ErrorKind::NeedsAction, message).with_provider(provider)
        }
        _ => return None,
    };
    Some(error.with_job(job.id()))
}
