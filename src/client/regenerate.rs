//! Making a part of a finished job anew.

use std::future::IntoFuture;

use futures_util::FutureExt as _;

use super::Client;
use super::submit::{accepted, insert};
use crate::digest::sha256;
use crate::error::{Error, ErrorKind, Result};
use crate::future::BoxFuture;
use crate::job::{Job, JobId, Stage};
use crate::model::Part;

impl Client {
    /// Makes the picture or the video of a finished job anew, as a job of its own. Only Creatify
    /// does so; each costs credits.
    pub fn regenerate(&self, id: impl Into<JobId>, part: Part) -> Regenerate<'_> {
        Regenerate::new(self, id.into(), part)
    }
}

/// A part of a finished job being made anew, as a job of its own; await it for the job that was
/// accepted.
///
/// # Errors
/// [`ErrorKind::Conflict`] for a job that has not ended well;
/// [`ErrorKind::Unsupported`] where the provider makes nothing anew; otherwise as
/// [`Submit`](super::Submit).
#[must_use = "futures do nothing unless awaited"]
#[derive(Debug)]
pub struct Regenerate<'a> {
    client: &'a Client,
    parent: JobId,
    part: Part,
    prompt: Option<String>,
    key: Option<String>,
}

impl<'a> Regenerate<'a> {
    pub(super) fn new(client: &'a Client, parent: JobId, part: Part) -> Self {
        Self { client, parent, part, prompt: None, key: None }
    }

    /// Another line for the part's prompt than the first job's. Default: the same.
    pub fn prompt(mut self, prompt: impl Into<String>) -> Self {
        self.prompt = Some(prompt.into());
        self
    }

    /// Gives the new job an identity of the caller's own: the same key is the same job.
    /// Default: a fresh job each time.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    async fn begin(&self) -> Result<Job> {
        let parent = self.client.job(self.parent).await?;
        if !matches!(parent.stage(), Stage::Rendered | Stage::Done) {
            let message = format!("it is {}: only what is finished is made anew", parent.stage());
            return Err(Error::new(ErrorKind::Conflict, message).with_job(parent.id()));
        }
        let provider = self.client.provider_of(&parent)?;
        let (request, plan) = provider
            .plan_anew(&parent, self.part, self.prompt.as_deref())
            .map_err(|error| error.with_job(parent.id()))?;
        let prompt = self.prompt.as_deref().unwrap_or_default();
        let named = format!("{} {} {prompt}", self.parent, self.part.as_str());
        let clock = &self.client.0.clock;
        let id = JobId::new(&**clock);
        let mut job = Job::new(id, plan, request, sha256(&named), clock.now());
        job.parent = Some(parent.id());
        job.key = self.key.as_deref().map(sha256);
        insert(self.client, job).await
    }
}

impl<'a> IntoFuture for Regenerate<'a> {
    type Output = Result<Job>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        async move {
            let job = self.begin().await?;
            accepted(self.client, job.id(), self.client.0.wait_policy, None).await
        }
        .boxed()
    }
}
