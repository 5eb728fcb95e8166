//! Deliveries of Creatify, which signs nothing.

use serde_json::Value;

use super::types;
use crate::bindings::creatify::shapes;
use crate::error::Result;
use crate::json::Shape;
use crate::model::ProviderId;
use crate::webhook::{check_size, read};

/// What was posted to a request's `webhook_url`, by Creatify or by anyone who knows the address:
/// nothing is signed. It may come early (a video's hook was seen while the video was still being
/// made), late, twice or never, so it is a reason to read the job and proves nothing.
///
/// Put something unguessable into the path of the address, and keep it within 200 characters.
///
/// Source: pages of the operations that take a `webhook_url`; a public deployment log; read
/// 2026-11.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum WebhookHint {
    /// From `gen_image`, `gen_video`, `regen_image` or `regen_video`.
    ProductToVideo(Box<types::ProductToVideo>),
    /// From a link video, or a preview or rendering of one.
    LinkToVideo(types::LinkToVideoHook),
    /// From a list of previews.
    Previews(types::PreviewListHook),
    /// JSON that is none of these.
    Other(Value),
}

impl WebhookHint {
    /// Reads a body. What it says is not to be believed before the job was read.
    ///
    /// # Errors
    /// [`ErrorKind::Forged`](crate::ErrorKind::Forged) for a body that is far too long,
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode) for one that is no JSON.
    pub fn read(body: &[u8]) -> Result<Self> {
        check_size(ProviderId::Creatify, body)?;
        let json: Value = read(ProviderId::Creatify, &Shape::Any, body)?;
        let has = |field: &str| json.get(field).is_some();
        let hint = if !has("status") {
            return Ok(Self::Other(json));
        } else if has("previews") {
            read(ProviderId::Creatify, &shapes::PREVIEW_LIST_HOOK, body).map(Self::Previews)
        } else if has("video_output") {
            read(ProviderId::Creatify, &shapes::LINK_TO_VIDEO_HOOK, body).map(Self::LinkToVideo)
        } else {
            read(ProviderId::Creatify, &shapes::PRODUCT_TO_VIDEO, body)
                .map(|record| Self::ProductToVideo(Box::new(record)))
        };
        Ok(hint.unwrap_or(Self::Other(json)))
    }

    /// The word for how far it is.
    pub(crate) fn status(&self) -> &str {
        match self {
            Self::ProductToVideo(record) => record.status.as_str(),
            Self::LinkToVideo(job) => job.status.as_str(),
            Self::Previews(job) => job.status.as_str(),
            Self::Other(json) => json["status"].as_str().unwrap_or_default(),
        }
    }

    /// Whether it says that a picture or a video has come to its end.
    pub(crate) fn is_of_an_end(&self) -> bool {
        let ends = ["image_generated", "video_generated", "done", "failed", "rejected"];
        ends.contains(&self.status())
    }

    /// The id of the record or job that should be read.
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::ProductToVideo(record) => Some(&record.id),
            Self::LinkToVideo(job) => Some(&job.id),
            Self::Previews(job) => Some(&job.id),
            Self::Other(json) => json["id"].as_str(),
        }
    }
}

/// A body as Creatify would post it for a record, for tests of whatever takes hints.
pub fn webhook_body(record: &types::ProductToVideo) -> Vec<u8> {
    serde_json::to_vec(record).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_told_apart_by_what_they_carry() {
        let hint = |json: &str| WebhookHint::read(json.as_bytes()).unwrap();
        let record = hint(r#"{"id":"a","status":"video_generating","product_url":"p"}"#);
        assert!(matches!(record, WebhookHint::ProductToVideo(_)));
        let job = hint(r#"{"id":"b","status":"done","failed_reason":"","video_output":null}"#);
        assert!(matches!(job, WebhookHint::LinkToVideo(_)));
        let previews = hint(r#"{"id":"c","status":"pending","previews":[]}"#);
        assert!(matches!(previews, WebhookHint::Previews(_)));
        let other = hint(r#"{"id":"d"}"#);
        assert_eq!(
            (&other, other.id()),
            (&WebhookHint::Other(serde_json::json!({"id":"d"})), Some("d"))
        );
        assert!(WebhookHint::read(b"<html>").is_err());
    }
}
