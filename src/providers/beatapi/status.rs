//! What a job at BeatAPI has come to, read from its record.

use serde_json::Value;

use super::super::answer::link;
use super::types::{self};
use crate::error::{Error, ErrorKind};
use crate::job::Job;
use crate::model::{Cost, Medium, VideoFacts};
use crate::plain::plain;

pub(super) fn video(job: &Job, task: &types::Task, raw: Value) -> Option<VideoFacts> {
    let url = video_link(task.output.as_ref()?)?;
    let usage = task.usage.as_ref();
    let credits = usage.and_then(|usage| usage.credits_settled.or(usage.credits_charged));
    Some(VideoFacts {
        medium: Medium::Video,
        url,
        poster: None,
        // The billed length is what was asked for, not what was measured.
        duration: None,
        cost: credits.and_then(|credits| Cost::reported(credits, job.plan.cost.high)),
        raw,
    })
}

/// The address of the video among the files that were made: one that is marked as a video, else one
/// without a mark, else any.
pub(super) fn video_link(output: &types::TaskOutput) -> Option<String> {
    let marked = |mark: Option<bool>| {
        let meant = output.media.iter().flatten().filter(move |media| is_video(media) == mark);
        meant.filter_map(|media| link(Some(&media.url))).next()
    };
    marked(Some(true))
        .or_else(|| marked(None))
        .or_else(|| link(output.r2_url.as_ref()))
        .or_else(|| marked(Some(false)))
}

/// Whether a file is marked as a video; `None` where it has no mark.
pub(super) fn is_video(media: &types::OutputMedia) -> Option<bool> {
    let mime = media.mime_type.as_deref().map(|mime| plain(mime).trim().to_ascii_lowercase());
    let by_mime = mime.filter(|mime| !mime.is_empty()).map(|mime| mime.starts_with("video/"));
    match &media.type_ {
        Some(types::MediaType::Video) => Some(true),
        Some(types::MediaType::Image) => by_mime.or(Some(false)),
        _ => by_mime,
    }
}

/// What a failed task took all the same: nothing, as a rule.
pub(super) fn taken(job: &Job, task: &types::Task) -> Option<Cost> {
    let credits = task.usage.as_ref()?.credits_settled?;
    Cost::reported(credits, job.plan.cost.high)
}

pub(super) fn no_video() -> Error {
    Error::new(
        ErrorKind::Decode,
        "the task succeeded, and neither its output.media nor its r2_url is an address",
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn of_several_files_the_video_is_taken() {
        let file = |name: &str| format!("https://x.example/{name}");
        let taken = |output: Value| {
            let output: types::TaskOutput = serde_json::from_value(output).unwrap();
            video_link(&output).map(|url| url.rsplit('/').next().unwrap_or_default().to_owned())
        };
        let image = json!({ "type": "image", "url": file("i") });
        let cover = json!({ "mime_type": "image/png", "url": file("c") });
        let video = json!({ "type": "video", "url": file("v") });
        let clip = json!({ "mime_type": " Video/MP4", "url": file("m") });
        let wrong = json!({ "type": "image", "mime_type": "video/mp4", "url": file("w") });
        let plain = json!({ "url": file("p") });
        let empty = json!({ "type": "video", "url": "" });
        for (media, expected) in [
            (json!([image, video]), "v"),
            (json!([cover, plain, clip]), "m"),
            (json!([image, wrong]), "w"),
            (json!([empty, image, plain]), "p"),
            (json!([image, cover]), "i"),
            (json!([video, clip]), "v"),
        ] {
            assert_eq!(taken(json!({ "media": media })).as_deref(), Some(expected), "{media}");
        }
        let beside = json!({ "media": [image], "r2_url": file("r") });
        assert_eq!(taken(beside).as_deref(), Some("r"));
        assert_eq!(taken(json!({ "media": [empty] })), None);
    }
}
