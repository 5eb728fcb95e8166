//! The calls that a job at BeatAPI is made of, and their bodies.

use super::super::unknown_step;
use super::plan::{CREATE, MUSIC, TRACK, UPLOAD};
use super::types::{self};
use super::{Client, IdempotencyKey, Options};
use crate::error::Result;
use crate::job::{Job, StepRef};
use crate::model::AspectRatio;

/// The calls that a job at BeatAPI is made of.
#[derive(Clone, Copy)]
pub(super) enum Call {
    UploadImage,
    UploadTrack,
    CreateEcommerceVideo,
    CreateMusicVideo,
}

impl Call {
    pub(super) fn of(step: StepRef<'_>) -> Result<Self> {
        Ok(match step.operation() {
            UPLOAD => Self::UploadImage,
            TRACK => Self::UploadTrack,
            CREATE => Self::CreateEcommerceVideo,
            MUSIC => Self::CreateMusicVideo,
            _ => return Err(unknown_step(step)),
        })
    }

    pub(super) const fn is_paid(self) -> bool {
        matches!(self, Self::CreateEcommerceVideo | Self::CreateMusicVideo)
    }
}

/// The body of a paid call.
pub(super) enum Body {
    Ecommerce(types::CreateEcommerceVideoRequest),
    Music(Box<types::CreateMusicVideoRequest>),
}

/// A paid call.
pub(super) struct Create {
    body: Body,
    key: IdempotencyKey,
}

impl Create {
    pub(super) fn of(step: StepRef<'_>) -> Result<Self> {
        let job = step.job();
        let own = job.request.beatapi.as_ref().and_then(|options| options.idempotency_key.clone());
        let key = IdempotencyKey::new(own.unwrap_or_else(|| step.tag()))?;
        let body = match Call::of(step)? {
            Call::CreateEcommerceVideo => Body::Ecommerce(body(job)),
            Call::CreateMusicVideo => Body::Music(Box::new(music_body(job))),
            Call::UploadImage | Call::UploadTrack => return Err(unknown_step(step)),
        };
        Ok(Self { body, key })
    }

    pub(super) async fn send(&self, client: &Client) -> Result<types::Task> {
        match &self.body {
            Body::Ecommerce(body) => client.create_ecommerce_video(body, Some(&self.key)).await,
            Body::Music(body) => client.create_music_video(body, Some(&self.key)).await,
        }
    }
}

pub(super) fn is_manual(job: &Job) -> bool {
    let options = job.request.beatapi.as_ref();
    let mode = options.and_then(|options| options.music.as_ref()?.compose_mode.as_ref());
    mode == Some(&types::ComposeMode::Manual)
}

pub(super) fn body(job: &Job) -> types::CreateEcommerceVideoRequest {
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

/// A music video's body. What was asked for in a field that the tier does not have was noted by the
/// plan.
pub(super) fn music_body(job: &Job) -> types::CreateMusicVideoRequest {
    let options = job.request.beatapi.clone().unwrap_or_default();
    let Options { extra, idempotency_key: _, music } = options;
    let music = music.unwrap_or_default();
    let is_premium = music.is_premium();
    let language = job.request.language.as_ref().filter(|_| !is_premium);
    let ratio = job.request.aspect_ratio.to_string();
    types::CreateMusicVideoRequest::new(job.track_url().unwrap_or_default())
        .images(job.image_urls())
        .prompt(job.plan.prompt.clone())
        .aspect_ratio(types::MusicVideoAspectRatio::from(ratio.as_str()))
        .language(language.map(|language| types::Language::from(language.primary())))
        .duration(job.plan.duration_secs.map(i64::from))
        .mv_tier(is_premium.then_some(types::MusicVideoTier::Premium))
        .mv_mode(music.mode)
        .quality(music.quality)
        .resolution(music.resolution)
        .style(music.style)
        .lip_sync(music.lip_sync)
        .lip_ref_url(music.lip_ref_url)
        .lip_ref_urls(music.lip_ref_urls)
        .add_subtitle(music.add_subtitle)
        .subtitle_color(music.subtitle_color)
        .srt_url(music.srt_url)
        .compose_mode(music.compose_mode)
        .extra(extra)
}
