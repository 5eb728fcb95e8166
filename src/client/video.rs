//! A finished video.

use std::time::Duration;

use super::Client;
use super::ending::ending;
use crate::error::{Error, ErrorKind, Result};
use crate::job::{Job, JobId, Outcome, SavedFile, Stage};
use crate::model::{Cost, Medium, ProviderId, VideoFacts};
use crate::transport::Transport;

impl Client {
    /// The video of a job, as the ledger has it. Nothing is sent, read or waited for.
    ///
    /// # Errors
    /// What a [`Wait`](super::Wait) for the job would end with, and [`ErrorKind::Timeout`] for one that has not
    /// come to its end.
    pub async fn video(&self, id: impl Into<JobId>) -> Result<Video> {
        let job = self.job(id).await?;
        match ending(&job) {
            Some(error) => Err(error),
            None if matches!(job.stage(), Stage::Rendered | Stage::Done) => Video::new(self, job),
            None => {
                let message = format!("it is {} still: resume it", job.stage());
                Err(Error::new(ErrorKind::Timeout, message).with_job(job.id()))
            }
        }
    }
}

/// A finished video at its provider. Links may expire: [`download`](Self::download) it soon.
#[derive(Clone, Debug)]
pub struct Video {
    client: Client,
    job: Job,
    facts: VideoFacts,
}

impl Video {
    pub(super) fn new(client: &Client, job: Job) -> Result<Self> {
        let missing = || Error::new(ErrorKind::Decode, "the job has no video").with_job(job.id());
        let facts = job.video.clone().ok_or_else(missing)?;
        Ok(Self { client: client.clone(), job, facts })
    }

    /// The job that made it.
    pub fn job(&self) -> &Job {
        &self.job
    }

    /// The job's id.
    pub fn job_id(&self) -> JobId {
        self.job.id()
    }

    /// The provider that made it.
    pub fn provider(&self) -> ProviderId {
        self.job.account().provider
    }

    /// Whether it is a video, or the picture that was all that was asked for.
    pub fn medium(&self) -> Medium {
        self.facts.medium
    }

    /// Its address. It can be fetched without a key.
    pub fn url(&self) -> &str {
        &self.facts.url
    }

    /// The address of a still picture of it, where the provider gives one.
    pub fn poster(&self) -> Option<&str> {
        self.facts.poster.as_deref()
    }

    /// The length that was asked for, in seconds; `None` where the provider decides.
    pub fn asked_duration_secs(&self) -> Option<u32> {
        self.job.plan().duration_secs
    }

    /// The length that the provider reports. The file's own is in [`Downloaded`](super::Downloaded).
    pub fn duration(&self) -> Option<Duration> {
        self.facts.duration
    }

    /// What it cost.
    pub fn cost(&self) -> Option<Cost> {
        self.facts.cost
    }

    /// The provider's whole answer, as received.
    pub fn raw(&self) -> &serde_json::Value {
        &self.facts.raw
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    pub(super) fn transport(&self) -> Result<Transport> {
        Ok(self.client.provider_of(&self.job)?.transport().clone())
    }

    /// Records that the video is saved, where it was not by [`download`](Self::download): the job is
    /// done, and nobody who resumes it fetches the video again.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] for a job that is gone from the ledger; [`ErrorKind::Io`] or
    /// [`ErrorKind::Unavailable`] where the ledger cannot be read or written.
    pub async fn mark_downloaded(&self) -> Result<()> {
        self.mark(Outcome::Downloaded).await
    }

    /// The same of a file, which is known again by what it holds.
    pub(super) async fn mark_saved(&self, file: SavedFile) -> Result<()> {
        self.mark(Outcome::Saved { file }).await
    }

    async fn mark(&self, saved: Outcome) -> Result<()> {
        let job = self.client.job(self.job.id()).await?;
        self.client.settle(job, saved).await.map(drop)
    }
}
