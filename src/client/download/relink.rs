//! Reads the link of a video again, since links expire.

use std::sync::Arc;

use super::super::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::job::{JobId, Outcome};
use crate::providers::call_result::Status;
use crate::providers::outcome::kept;

impl Client {
    /// The address of a finished job's video as the provider gives it now, since links expire. A new
    /// one is kept with the job.
    pub(super) async fn relink(&self, id: JobId) -> Result<String> {
        let _lock = self.0.job_locks.take(id).await;
        let job = self.job(id).await?;
        let known = job.video.as_ref().map(|video| video.url.clone()).unwrap_or_default();
        let is_too_soon =
            self.polls_of(&job).is_some_and(|polls| polls.take_read(self.0.clock.now()).is_err());
        if is_too_soon {
            return Ok(known);
        }
        let provider = Arc::clone(self.provider_of(&job)?);
        let gone = || {
            let message = "the provider no longer says that the job has a video";
            Error::new(ErrorKind::Unavailable, message).with_job(id)
        };
        let last = job.step(job.steps.len().saturating_sub(1)).ok_or_else(gone)?;
        let Status::Succeeded(_, Some(video)) = provider.poll(last).await? else {
            return Err(gone());
        };
        let url = video.url.clone();
        if url != known {
            let relinked = Outcome::Relinked { video: kept(video) };
            if let Err(error) = self.settle(job, relinked).await {
                // It is read again where it is needed again.
                tracing::warn!(job = %id, error = %error, "a video's new link was not recorded");
            }
        }
        Ok(url)
    }
}
