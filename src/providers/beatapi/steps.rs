use std::time::Duration;

use super::super::steps::{LookUp, PollSchedule, Sent, Status, picture};
use super::super::{Provider, nothing_to_choose};
use super::plan::{UPLOAD, plan};
use super::types::{self, TaskStatus};
use super::{Client, IdempotencyKey};
use crate::BoxFuture;
use crate::catalogue::{CatalogueItem, CatalogueKind};
use crate::client::AccountConfig;
use crate::error::{Error, ErrorKind, Result};
use crate::job::{Job, Plan};
use crate::model::{
    AspectRatio, Cost, CostSource, Credits, Picture, ProviderId, VideoFacts, VideoRequest,
};
use crate::pages::Pages;
use crate::transport::{Transport, Upload};

/// The contract recommends 5 to 10 s. Nothing was seen to be ready within the first minute.
const SCHEDULE: PollSchedule = &[(1, Duration::from_secs(10)), (2, Duration::from_secs(8))];

/// A BeatAPI account as the client drives it.
pub(crate) struct Account(Client);

impl Account {
    pub(crate) fn open(config: AccountConfig) -> Result<Self> {
        Client::new(config).map(Self)
    }

    async fn create(&self, job: &Job, step: usize) -> Result<Sent> {
        let key = IdempotencyKey::new(job.tag(step))?;
        let task = self.0.create_ecommerce_video(&body(job), Some(&key)).await?;
        Ok(Sent::Running(task.id))
    }

    async fn upload(&self, job: &Job, step: usize) -> Result<Sent> {
        let picture = picture(job, step).await?;
        let file = self.0.upload_file(&Upload::bytes(picture.bytes, picture.media_type)).await?;
        Ok(Sent::Done(file.url))
    }

    async fn read(&self, job: &Job, step: usize) -> Result<Status> {
        let id = job.steps[step].resource.as_deref().unwrap_or_default();
        let answer = self.0.read_task(id).await?;
        let task = answer.value.data;
        let status = task.status.to_string();
        Ok(match task.status {
            TaskStatus::Succeeded => {
                let raw = serde_json::from_slice(&answer.body).unwrap_or_default();
                Status::Succeeded(status, Some(video(&task, raw).ok_or_else(no_video)?))
            }
            TaskStatus::Failed => {
                Status::Failed { code: task.error_code, message: task.error_message }
            }
            TaskStatus::StoryboardReady | TaskStatus::RequiresAction => Status::NeedsAction(status),
            _ => {
                let hint = task.poll_after_seconds.and_then(|secs| u64::try_from(secs).ok());
                Status::Running(status, hint.map(Duration::from_secs))
            }
        })
    }
}

impl Provider for Account {
    fn transport(&self) -> &Transport {
        &self.0.transport
    }

    fn plan<'a>(
        &'a self,
        request: &'a VideoRequest,
        pictures: &'a [Option<Picture>],
    ) -> BoxFuture<'a, Result<Plan>> {
        Box::pin(std::future::ready(plan(&self.0, request, pictures)))
    }

    fn schedule(&self) -> PollSchedule {
        SCHEDULE
    }

    fn send<'a>(&'a self, job: &'a Job, step: usize) -> BoxFuture<'a, Result<Sent>> {
        match job.steps[step].operation.as_str() {
            UPLOAD => Box::pin(self.upload(job, step)),
            _ => Box::pin(self.create(job, step)),
        }
    }

    fn poll<'a>(&'a self, job: &'a Job, step: usize) -> BoxFuture<'a, Result<Status>> {
        Box::pin(self.read(job, step))
    }

    /// BeatAPI lists no tasks, and whether an account honours idempotency keys is not known here.
    fn look_up<'a>(&'a self, _: &'a Job, _: usize) -> BoxFuture<'a, Result<LookUp>> {
        Box::pin(std::future::ready(Ok(LookUp::Impossible)))
    }

    fn balance(&self) -> BoxFuture<'_, Result<Credits>> {
        let query = types::GetUsageQuery::new();
        Box::pin(async move { Ok(self.0.get_usage(&query).await?.credit_balance) })
    }

    fn catalogue(&self, kind: CatalogueKind) -> Result<Pages<CatalogueItem>> {
        nothing_to_choose(ProviderId::BeatApi, kind)
    }
}

fn body(job: &Job) -> types::CreateEcommerceVideoRequest {
    let ratio = match job.request.aspect_ratio {
        AspectRatio::Portrait => types::EcommerceAspectRatio::V9x16,
        AspectRatio::Landscape => types::EcommerceAspectRatio::V16x9,
        AspectRatio::Square => types::EcommerceAspectRatio::V1x1,
    };
    let secs = i64::from(job.plan.duration_secs.unwrap_or_default());
    let language = job.request.language.as_ref();
    let extra = job.request.beatapi.as_ref().map(|options| options.extra.clone());
    types::CreateEcommerceVideoRequest::new(job.image_urls(), secs)
        .prompt(job.plan.prompt.clone())
        .aspect_ratio(ratio)
        .language(language.map(|language| types::Language::from(language.primary())))
        .extra(extra.unwrap_or_default())
}

fn video(task: &types::Task, raw: serde_json::Value) -> Option<VideoFacts> {
    let output = task.output.as_ref()?;
    let media = output.media.as_ref().and_then(|media| media.first());
    let url = media.map(|media| media.url.clone()).or_else(|| output.r2_url.clone())?;
    let usage = task.usage.as_ref();
    let credits = usage.and_then(|usage| usage.credits_settled.or(usage.credits_charged));
    Some(VideoFacts {
        url,
        poster: None,
        // The billed length is what was asked for, not what was measured.
        duration: None,
        cost: credits.map(|credits| Cost { credits, source: CostSource::Reported }),
        raw,
    })
}

fn no_video() -> Error {
    Error::new(ErrorKind::Decode, "the task succeeded without the address of a video")
}
