//! The calls that a job at Creatify is made of, and their bodies.

use super::super::call_result::Sent;
use super::super::unknown_step;
use super::link::{LINK, LINK_VIDEO, PARAMS};
use super::plan::{HOST, IMAGE, IMAGE_ANEW, VIDEO, VIDEO_ANEW};
use super::types::{self};
use super::{Client, Options, link as link_video};
use crate::error::Result;
use crate::job::{Job, StepRef};
use crate::model::AspectRatio;

/// The calls that a job at Creatify is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    HostAsset,
    CreateLink,
    CreateLinkWithParams,
    CreateLinkToVideo,
    GenImage,
    GenVideo,
    RegenImage,
    RegenVideo,
}

impl Call {
    pub(super) fn of(step: StepRef<'_>) -> Result<Self> {
        Ok(match step.operation() {
            HOST => Self::HostAsset,
            LINK => Self::CreateLink,
            PARAMS => Self::CreateLinkWithParams,
            LINK_VIDEO => Self::CreateLinkToVideo,
            IMAGE => Self::GenImage,
            VIDEO => Self::GenVideo,
            IMAGE_ANEW => Self::RegenImage,
            VIDEO_ANEW => Self::RegenVideo,
            _ => return Err(unknown_step(step)),
        })
    }

    pub(super) const fn makes_image(self) -> bool {
        matches!(self, Self::GenImage | Self::RegenImage)
    }
}

/// The body of a call, without what its keys add.
pub(super) enum Body {
    Link(types::CreateLinkRequest),
    Params(types::CreateLinkWithParamsRequest),
    LinkVideo(Box<types::LinkToVideoRequest>),
    Image(types::GenImageRequest),
    Video(types::GenVideoRequest),
    ImageAnew(types::RegenImageRequest),
    VideoAnew(types::RegenVideoRequest),
}

impl Body {
    /// The body of a paid call. Its webhook address carries our tag, which records echo.
    pub(super) fn of(step: StepRef<'_>, webhook_url: Option<String>) -> Result<Self> {
        let job = step.job();
        Ok(match Call::of(step)? {
            Call::HostAsset => return Err(unknown_step(step)),
            Call::CreateLink => Self::Link(link_video::page_body(job)),
            Call::CreateLinkWithParams => Self::Params(link_video::params_body(job)),
            Call::CreateLinkToVideo => {
                Self::LinkVideo(Box::new(link_video::video_body(job, &step.tag(), webhook_url)))
            }
            Call::GenImage => Self::Image(image_body(job).webhook_url(webhook_url)),
            Call::GenVideo => Self::Video(video_body(job).webhook_url(webhook_url)),
            Call::RegenImage => Self::ImageAnew(
                types::RegenImageRequest::new()
                    .image_prompt(join(job, options(job).image_prompt))
                    .webhook_url(webhook_url),
            ),
            Call::RegenVideo => Self::VideoAnew(
                types::RegenVideoRequest::new()
                    .motion_style(options(job).motion_style)
                    .video_prompt(join(job, options(job).motion_prompt))
                    .webhook_url(webhook_url),
            ),
        })
    }

    pub(super) async fn send(self, client: &Client, source: &str) -> Result<Sent> {
        let record = match self {
            Self::Link(body) => return Ok(Sent::Done(client.create_link(&body).await?.id)),
            Self::Params(body) => {
                return Ok(Sent::Done(client.create_link_with_params(&body).await?.id));
            }
            Self::LinkVideo(body) => {
                return Ok(Sent::Running(client.create_link_to_video(&body).await?.id));
            }
            Self::Image(body) => client.gen_image(&body).await?,
            Self::Video(body) => client.gen_video(source, &body).await?,
            Self::ImageAnew(body) => client.regen_image(source, &body).await?,
            Self::VideoAnew(body) => client.regen_video(source, &body).await?,
        };
        Ok(Sent::Running(record.id))
    }
}

/// The record that a step works on: the one that the step before has made, or the one of the job
/// of which something is made anew.
pub(super) fn record_id(step: StepRef<'_>) -> &str {
    let made = step.before().find(|step| step.paid).and_then(StepRef::resource);
    made.or(step.job().plan.source.as_deref()).unwrap_or_default()
}

pub(super) fn wire_ratio(ratio: AspectRatio) -> types::ProductToVideoAspectRatio {
    match ratio {
        AspectRatio::Portrait => types::ProductToVideoAspectRatio::V9x16,
        AspectRatio::Landscape => types::ProductToVideoAspectRatio::V16x9,
        AspectRatio::Square => types::ProductToVideoAspectRatio::V1x1,
    }
}

pub(super) fn image_body(job: &Job) -> types::GenImageRequest {
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

pub(super) fn video_body(job: &Job) -> types::GenVideoRequest {
    let options = options(job);
    types::GenVideoRequest::new()
        .motion_style(options.motion_style)
        .video_prompt(join(job, options.motion_prompt))
}

pub(super) fn options(job: &Job) -> Options {
    job.request.creatify.clone().unwrap_or_default()
}

pub(super) fn join(job: &Job, own: Option<String>) -> Option<String> {
    let lines: Vec<String> = job.plan.prompt.clone().into_iter().chain(own).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}
