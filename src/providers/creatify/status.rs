//! What a job at Creatify has come to, read from its record.

use super::calls::Call;
use super::errors::failed;

use serde_json::Value;

use super::super::answer::link;
use super::super::call_result::Status;
use super::types::{self, ProductToVideoStatus};
use crate::error::{Error, ErrorKind, Result};
use crate::job::{Job, StepRef};
use crate::model::{Cost, CostSource, Medium, VideoFacts};
use crate::plain::plain;

/// What a record says of a step.
pub(super) fn record_status(
    step: StepRef<'_>,
    record: types::ProductToVideo,
    raw: Value,
) -> Result<Status> {
    let (status, job) = (record.status.to_string(), step.job());
    let (is_image, is_last) = (Call::of(step)?.makes_image(), step.is_last());
    Ok(match &record.status {
        ProductToVideoStatus::Failed => failed(&raw),
        // A word of its sibling resources, for what moderation refused.
        ProductToVideoStatus::Unknown(word)
            if plain(word).trim().eq_ignore_ascii_case("rejected") =>
        {
            failed(&raw)
        }
        ProductToVideoStatus::ImageGenerated if is_image && is_last => {
            let picture = picture_facts(job, &record, raw).ok_or_else(|| no_media(&status))?;
            Status::Succeeded(status, Some(picture))
        }
        ProductToVideoStatus::ImageGenerated if is_image => Status::Succeeded(status, None),
        ProductToVideoStatus::VideoGenerated => {
            let video = video_facts(job, &record, raw).ok_or_else(|| no_media(&status))?;
            Status::Succeeded(status, Some(video))
        }
        word => {
            let is_known = !matches!(word, ProductToVideoStatus::Unknown(_));
            Status::Running { status, is_known, hint: None }
        }
    })
}

pub(super) fn video_facts(
    job: &Job,
    record: &types::ProductToVideo,
    raw: serde_json::Value,
) -> Option<VideoFacts> {
    Some(VideoFacts {
        medium: Medium::Video,
        url: link(record.generated_video_url.as_ref())?,
        poster: link(record.generated_photo_url.as_ref()),
        duration: None,
        cost: Some(cost(job)),
        raw,
    })
}

pub(super) fn picture_facts(
    job: &Job,
    record: &types::ProductToVideo,
    raw: serde_json::Value,
) -> Option<VideoFacts> {
    Some(VideoFacts {
        medium: Medium::Picture,
        url: link(record.generated_photo_url.as_ref())?,
        poster: None,
        duration: None,
        cost: Some(cost(job)),
        raw,
    })
}

/// Two pages give two prices. What a cap takes into account is the higher one.
pub(super) fn cost(job: &Job) -> Cost {
    Cost { credits: job.plan.cost.high, source: CostSource::PriceTable }
}

pub(super) fn no_media(status: &str) -> Error {
    Error::new(ErrorKind::Decode, format!("the record is {status} without an address"))
}
