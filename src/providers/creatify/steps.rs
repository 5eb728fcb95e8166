use std::sync::Arc;
use std::time::Duration;

use super::super::Provider;
use super::super::steps::{LookUp, PollSchedule, Sent, Status, picture};
use super::plan::{HOST, IMAGE, PRICE, URL_MAX_CHARS, VIDEO, plan};
use super::types::{self, ProductToVideoStatus};
use super::{Client, Options};
use crate::BoxFuture;
use crate::asset::{Asset, AssetHost};
use crate::catalogue::{CatalogueItem, CatalogueKind};
use crate::client::AccountConfig;
use crate::error::{Error, ErrorKind, Result};
use crate::job::{Job, Plan};
use crate::model::{
    AspectRatio, Cost, CostSource, Credits, Picture, ProviderId, VideoFacts, VideoRequest,
};
use crate::pages::Pages;
use crate::transport::Transport;

/// A picture took about 30 s and a video about two minutes in the one run on record.
const SCHEDULE: PollSchedule = &[(1, Duration::from_secs(10)), (2, Duration::from_secs(8))];

/// A Creatify account as the client drives it.
pub(crate) struct Account {
    client: Client,
    host: Option<Arc<dyn AssetHost>>,
}

impl Account {
    pub(crate) fn open(config: AccountConfig, host: Option<Arc<dyn AssetHost>>) -> Result<Self> {
        Ok(Self { client: Client::new(config)?, host })
    }

    async fn host(&self, job: &Job, step: usize) -> Result<Sent> {
        let refused =
            |message: String| Error::unsupported(ProviderId::Creatify, "asset_host", message);
        let host = self.host.as_ref().ok_or_else(|| refused("none is set".to_owned()))?;
        let Picture { bytes, media_type, file_name, .. } = picture(job, step).await?;
        let media_type = media_type.to_owned();
        let url = host.host(Asset { bytes, media_type, file_name }).await?;
        let length = url.chars().count();
        if length > URL_MAX_CHARS {
            let message = format!(
                "it gave an address of {length} characters: Creatify takes at most {URL_MAX_CHARS}"
            );
            return Err(refused(message));
        }
        Ok(Sent::Done(url))
    }

    async fn gen_image(&self, job: &Job) -> Result<Sent> {
        let record = self.client.gen_image(&image_body(job)).await?;
        Ok(Sent::Running(record.id))
    }

    async fn gen_video(&self, job: &Job) -> Result<Sent> {
        let record = self.client.gen_video(record_id(job), &video_body(job)).await?;
        Ok(Sent::Running(record.id))
    }

    async fn read(&self, job: &Job, step: usize) -> Result<Status> {
        let answer = self.client.read_record(record_id(job)).await?;
        let record = answer.value;
        let status = record.status.to_string();
        let is_image = job.steps[step].operation == IMAGE;
        Ok(match record.status {
            ProductToVideoStatus::Failed => {
                Status::Failed { code: None, message: record.failed_reason }
            }
            // A word of its sibling resources, for what moderation refused.
            ProductToVideoStatus::Unknown(word) if word == "rejected" => {
                Status::Failed { code: None, message: record.failed_reason }
            }
            ProductToVideoStatus::ImageGenerated if is_image => Status::Succeeded(status, None),
            ProductToVideoStatus::VideoGenerated => {
                let raw = serde_json::from_slice(&answer.body).unwrap_or_default();
                Status::Succeeded(status, Some(video(&record, raw).ok_or_else(no_video)?))
            }
            _ => Status::Running(status, None),
        })
    }

    /// A record's own status tells that its `gen_video` was taken. A lost `gen_image` has no tag
    /// without a webhook address.
    async fn find(&self, job: &Job, step: usize) -> Result<LookUp> {
        if job.steps[step].operation != VIDEO {
            return Ok(LookUp::Impossible);
        }
        let record = self.client.get_product_to_video(record_id(job)).await?;
        Ok(match record.status {
            ProductToVideoStatus::VideoGenerating | ProductToVideoStatus::VideoGenerated => {
                LookUp::Found(record.id)
            }
            _ => LookUp::NotSeen,
        })
    }
}

impl Provider for Account {
    fn transport(&self) -> &Transport {
        &self.client.transport
    }

    fn plan<'a>(
        &'a self,
        request: &'a VideoRequest,
        pictures: &'a [Option<Picture>],
    ) -> BoxFuture<'a, Result<Plan>> {
        let planned = plan(&self.client, request, pictures, self.host.is_some());
        Box::pin(std::future::ready(planned))
    }

    fn schedule(&self) -> PollSchedule {
        SCHEDULE
    }

    fn send<'a>(&'a self, job: &'a Job, step: usize) -> BoxFuture<'a, Result<Sent>> {
        match job.steps[step].operation.as_str() {
            HOST => Box::pin(self.host(job, step)),
            IMAGE => Box::pin(self.gen_image(job)),
            _ => Box::pin(self.gen_video(job)),
        }
    }

    fn poll<'a>(&'a self, job: &'a Job, step: usize) -> BoxFuture<'a, Result<Status>> {
        Box::pin(self.read(job, step))
    }

    fn look_up<'a>(&'a self, job: &'a Job, step: usize) -> BoxFuture<'a, Result<LookUp>> {
        Box::pin(self.find(job, step))
    }

    fn balance(&self) -> BoxFuture<'_, Result<Credits>> {
        Box::pin(self.client.get_remaining_credits())
    }

    fn catalogue(&self, kind: CatalogueKind) -> Result<Pages<CatalogueItem>> {
        Ok(super::catalogue::list(&self.client, kind))
    }
}

/// The record is made by the first paid step; the second one works on the same.
fn record_id(job: &Job) -> &str {
    job.resource_of(IMAGE).unwrap_or_default()
}

fn image_body(job: &Job) -> types::GenImageRequest {
    let ratio = match job.request.aspect_ratio {
        AspectRatio::Portrait => types::ProductToVideoAspectRatio::V9x16,
        AspectRatio::Landscape => types::ProductToVideoAspectRatio::V16x9,
        AspectRatio::Square => types::ProductToVideoAspectRatio::V1x1,
    };
    let options = options(job);
    let image = job.image_urls().into_iter().next().unwrap_or_default();
    types::GenImageRequest::new(image)
        .type_(options.kind)
        .aspect_ratio(ratio)
        .image_prompt(join(job, options.image_prompt))
        .override_avatar(options.override_avatar)
        .product_showcase_url(options.product_showcase_url)
        .extra(options.extra)
}

fn video_body(job: &Job) -> types::GenVideoRequest {
    let options = options(job);
    types::GenVideoRequest::new()
        .motion_style(options.motion_style)
        .video_prompt(join(job, options.motion_prompt))
}

fn options(job: &Job) -> Options {
    job.request.creatify.clone().unwrap_or_default()
}

fn join(job: &Job, own: Option<String>) -> Option<String> {
    let lines: Vec<String> = job.plan.prompt.clone().into_iter().chain(own).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn video(record: &types::ProductToVideo, raw: serde_json::Value) -> Option<VideoFacts> {
    let set = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    Some(VideoFacts {
        url: set(&record.generated_video_url)?,
        poster: set(&record.generated_photo_url),
        duration: None,
        cost: Some(Cost { credits: PRICE, source: CostSource::PriceTable }),
        raw,
    })
}

fn no_video() -> Error {
    Error::new(ErrorKind::Decode, "the record is video_generated without the address of a video")
}
