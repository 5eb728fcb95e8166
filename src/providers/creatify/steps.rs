use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::super::request::Local;
use super::super::steps::{Look, Looking, Sent, Status, picture};
use super::super::{List, Provider};
use super::find::find;
use super::link::{LINK, LINK_VIDEO, PARAMS};
use super::plan::{HOST, IMAGE, IMAGE_ANEW, URL_MAX_CHARS, VIDEO, plan, plan_anew};
use super::types::{self, ProductToVideoStatus};
use super::{Client, Options, link};
use crate::BoxFuture;
use crate::asset::{Asset, AssetHost};
use crate::catalogue::{CatalogueItem, CatalogueKind};
use crate::client::{AccountConfig, Part};
use crate::error::{Error, ErrorKind, Result};
use crate::job::{Job, Plan};
use crate::model::{
    AspectRatio, Cost, CostSource, Credits, Medium, Picture, ProviderId, VideoFacts, VideoRequest,
};
use crate::pages::Pages;
use crate::transport::{Operation, Transport};

/// The most ids that a list takes.
const MOST_IDS: usize = 100;

/// Where the status of pictures and videos of records stands.
const RECORDS: List = List { operation: "list_product_to_videos", most: MOST_IDS };

/// Where that of videos of links stands.
const LINK_VIDEOS: List = List { operation: "list_link_to_videos", most: MOST_IDS };

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

    /// The call of a paid step. Its webhook address carries our tag, which records echo.
    async fn create(&self, job: &Job, step: usize) -> Result<Sent> {
        let client = &self.client;
        let tag = job.tag(step);
        let webhook_url = client.transport.webhook_address(&tag).await?;
        let source = record_id(job, step);
        let record = match job.steps[step].operation.as_str() {
            LINK => return Ok(Sent::Done(client.create_link(&link::page_body(job)).await?.id)),
            PARAMS => {
                let link = client.create_link_with_params(&link::params_body(job)).await?;
                return Ok(Sent::Done(link.id));
            }
            LINK_VIDEO => {
                let body = link::video_body(job, &tag, webhook_url);
                return Ok(Sent::Running(client.create_link_to_video(&body).await?.id));
            }
            IMAGE => client.gen_image(&image_body(job).webhook_url(webhook_url)).await?,
            VIDEO => client.gen_video(source, &video_body(job).webhook_url(webhook_url)).await?,
            IMAGE_ANEW => {
                let body = types::RegenImageRequest::new()
                    .image_prompt(join(job, options(job).image_prompt))
                    .webhook_url(webhook_url);
                client.regen_image(source, &body).await?
            }
            _ => {
                let body = types::RegenVideoRequest::new()
                    .motion_style(options(job).motion_style)
                    .video_prompt(join(job, options(job).motion_prompt))
                    .webhook_url(webhook_url);
                client.regen_video(source, &body).await?
            }
        };
        Ok(Sent::Running(record.id))
    }

    async fn read(&self, job: &Job, step: usize) -> Result<Status> {
        let id = job.steps[step].resource.as_deref().unwrap_or_default();
        match job.steps[step].operation.as_str() {
            LINK | PARAMS => {
                self.client.get_link(id).await?;
                return Ok(Status::Succeeded("link".to_owned(), None));
            }
            LINK_VIDEO => {
                let answer = self.client.read_link_to_video(id).await?;
                let raw = serde_json::from_slice(&answer.body).unwrap_or_default();
                return link::status(job, answer.value, raw);
            }
            _ => {}
        }
        let answer = self.client.read_record(id).await?;
        let raw = || serde_json::from_slice(&answer.body).unwrap_or_default();
        record_status(job, step, answer.value, raw)
    }

    /// The status of each job as a list shows it.
    async fn read_list(
        &self,
        list: List,
        jobs: &[(&Job, usize)],
    ) -> Result<Vec<Option<Result<Status>>>> {
        let ids = jobs.iter().filter_map(|(job, step)| job.steps[*step].resource());
        let ids: Vec<_> = ids.collect();
        let body = match list == LINK_VIDEOS {
            true => self.client.read_link_to_videos(&ids).await?,
            false => self.client.read_records(&ids).await?,
        };
        let items: Vec<Value> = serde_json::from_slice(&body).unwrap_or_default();
        let status = |(job, step): &(&Job, usize)| {
            let id = job.steps[*step].resource()?;
            let item = items.iter().find(|item| item["id"] == id)?.clone();
            Some(match list == LINK_VIDEOS {
                true => typed(&item).and_then(|video| link::status(job, video, item)),
                false => typed(&item).and_then(|record| record_status(job, *step, record, || item)),
            })
        };
        Ok(jobs.iter().map(status).collect())
    }
}

fn typed<T: DeserializeOwned>(item: &Value) -> Result<T> {
    T::deserialize(item).map_err(|error| {
        let message = "an item of a list cannot be read";
        Error::new(ErrorKind::Decode, message)
            .with_provider(ProviderId::Creatify)
            .with_source(error)
    })
}

/// What a record says of a step.
fn record_status(
    job: &Job,
    step: usize,
    record: types::ProductToVideo,
    raw: impl FnOnce() -> Value,
) -> Result<Status> {
    let status = record.status.to_string();
    let is_image = [IMAGE, IMAGE_ANEW].contains(&job.steps[step].operation.as_str());
    let is_last = step + 1 == job.steps.len();
    Ok(match &record.status {
        ProductToVideoStatus::Failed => {
            Status::Failed { code: None, message: record.failed_reason, cost: None }
        }
        // A word of its sibling resources, for what moderation refused.
        ProductToVideoStatus::Unknown(word) if word == "rejected" => {
            Status::Failed { code: None, message: record.failed_reason, cost: None }
        }
        ProductToVideoStatus::ImageGenerated if is_image && is_last => {
            let picture = picture_facts(job, &record, raw()).ok_or_else(|| no_media(&status))?;
            Status::Succeeded(status, Some(picture))
        }
        ProductToVideoStatus::ImageGenerated if is_image => Status::Succeeded(status, None),
        ProductToVideoStatus::VideoGenerated => {
            let video = video_facts(job, &record, raw()).ok_or_else(|| no_media(&status))?;
            Status::Succeeded(status, Some(video))
        }
        word => {
            let is_known = !matches!(word, ProductToVideoStatus::Unknown(_));
            Status::Running { status, is_known, hint: None }
        }
    })
}

impl Provider for Account {
    fn transport(&self) -> &Transport {
        &self.client.transport
    }

    fn plan<'a>(
        &'a self,
        request: &'a VideoRequest,
        local: &'a Local,
        _: bool,
    ) -> BoxFuture<'a, Result<Plan>> {
        let planned = plan(&self.client, request, local, self.host.is_some());
        Box::pin(std::future::ready(planned))
    }

    fn plan_anew(
        &self,
        parent: &Job,
        part: Part,
        prompt: Option<&str>,
    ) -> Result<(VideoRequest, Plan)> {
        plan_anew(self.transport().account(), parent, part, prompt)
    }

    fn list_of(&self, job: &Job, step: usize) -> Option<List> {
        match job.steps[step].operation.as_str() {
            LINK | PARAMS => None,
            LINK_VIDEO => Some(LINK_VIDEOS),
            _ => Some(RECORDS),
        }
    }

    fn poll_list<'a>(
        &'a self,
        list: List,
        jobs: &'a [(&'a Job, usize)],
    ) -> BoxFuture<'a, Result<Vec<Option<Result<Status>>>>> {
        Box::pin(self.read_list(list, jobs))
    }

    fn send<'a>(&'a self, job: &'a Job, step: usize) -> BoxFuture<'a, Result<Sent>> {
        match job.steps[step].operation.as_str() {
            HOST => Box::pin(self.host(job, step)),
            _ => Box::pin(self.create(job, step)),
        }
    }

    fn poll<'a>(&'a self, job: &'a Job, step: usize) -> BoxFuture<'a, Result<Status>> {
        Box::pin(self.read(job, step))
    }

    fn look_up<'a>(&'a self, job: &'a Job, step: usize, _: Looking) -> BoxFuture<'a, Result<Look>> {
        Box::pin(find(&self.client, job, step))
    }

    fn operations(&self) -> &'static [&'static Operation] {
        super::OPERATIONS
    }

    fn balance(&self) -> BoxFuture<'_, Result<Credits>> {
        Box::pin(self.client.get_remaining_credits())
    }

    fn catalogue(&self, kind: CatalogueKind) -> Result<Pages<CatalogueItem>> {
        Ok(super::catalogue::list(&self.client, kind))
    }
}

/// The record that a step works on: the one that the step before has made, or the one of the job
/// of which something is made anew.
pub(super) fn record_id(job: &Job, step: usize) -> &str {
    let made = job.steps[..step].iter().rev().find(|step| step.paid);
    let made = made.and_then(|step| step.resource.as_deref());
    made.or(job.plan.source.as_deref()).unwrap_or_default()
}

pub(super) fn wire_ratio(ratio: AspectRatio) -> types::ProductToVideoAspectRatio {
    match ratio {
        AspectRatio::Portrait => types::ProductToVideoAspectRatio::V9x16,
        AspectRatio::Landscape => types::ProductToVideoAspectRatio::V16x9,
        AspectRatio::Square => types::ProductToVideoAspectRatio::V1x1,
    }
}

fn image_body(job: &Job) -> types::GenImageRequest {
    let options = options(job);
    let image = job.image_urls().into_iter().next().unwrap_or_default();
    types::GenImageRequest::new(image)
        .type_(options.kind)
        .aspect_ratio(wire_ratio(job.request.aspect_ratio))
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

fn set(text: &Option<String>) -> Option<String> {
    text.clone().filter(|text| !text.is_empty())
}

fn video_facts(
    job: &Job,
    record: &types::ProductToVideo,
    raw: serde_json::Value,
) -> Option<VideoFacts> {
    Some(VideoFacts {
        medium: Medium::Video,
        url: set(&record.generated_video_url)?,
        poster: set(&record.generated_photo_url),
        duration: None,
        cost: Some(cost(job)),
        raw,
    })
}

fn picture_facts(
    job: &Job,
    record: &types::ProductToVideo,
    raw: serde_json::Value,
) -> Option<VideoFacts> {
    Some(VideoFacts {
        medium: Medium::Picture,
        url: set(&record.generated_photo_url)?,
        poster: None,
        duration: None,
        cost: Some(cost(job)),
        raw,
    })
}

/// Two pages give two prices. What a cap takes into account is the higher one.
fn cost(job: &Job) -> Cost {
    Cost { credits: job.plan.cost.high, source: CostSource::PriceTable }
}

fn no_media(status: &str) -> Error {
    Error::new(ErrorKind::Decode, format!("the record is {status} without an address"))
}
