//! What a job at JoggAI has come to, read from its record.

use std::time::Duration;

use super::super::answer::link;
use super::plan::PREVIEWS;
use super::types::{self};
use crate::error::{Error, ErrorKind};
use crate::job::Job;
use crate::model::{Cost, CostSource, Credits, Medium, VideoFacts};

pub(super) fn facts(
    job: &Job,
    video: &types::ProductVideo,
    raw: serde_json::Value,
) -> Option<VideoFacts> {
    let secs = video.video_duration.or(video.duration).filter(|secs| secs.is_finite());
    Some(VideoFacts {
        medium: Medium::Video,
        url: link(video.video_url.as_ref())?,
        poster: link(video.cover_url.as_ref()),
        duration: secs.and_then(|secs| Duration::try_from_secs_f64(secs).ok()),
        cost: video.deducted_credit.and_then(|credits| cost(job, credits)),
        raw,
    })
}

/// What a video reports is its own price; that of its previews is the price table's.
pub(super) fn cost(job: &Job, credits: Credits) -> Option<Cost> {
    let reported = Cost::reported(credits, job.plan.cost.high)?;
    let previews = job.plan.steps.iter().find(|step| step.operation == PREVIEWS);
    Some(match previews.and_then(|step| step.credits) {
        Some(previews) => Cost { credits: credits + previews, source: CostSource::PriceTable },
        None => reported,
    })
}

pub(super) fn no_video() -> Error {
    Error::new(ErrorKind::Decode, "the video is completed, and its video_url is no address")
}
