//! What a body asks for: the image, the video, and what is to change.

use serde_json::{Map, Value};

use super::Refusal;
use crate::check::Fields;

pub(super) const RATIOS: [&str; 3] = ["16x9", "9x16", "1x1"];
/// Reported for product videos from the reference itself, while older samples show 9x16.
pub(super) const DEFAULT_RATIO: &str = RATIOS[0];

/// The longest address that is taken; documented for `product_url`, and for `webhook_url` on
/// sibling resources.
pub(super) const MOST_URL_CHARS: usize = 200;

/// A body of `gen_image` that keeps to the reference.
#[derive(Clone)]
pub(super) struct ImageOrder {
    pub(super) kind: &'static str,
    pub(super) product_url: String,
    pub(super) ratio: &'static str,
    pub(super) override_avatar: Option<String>,
    pub(super) product_showcase_url: Option<String>,
    pub(super) image_prompt: Option<String>,
    pub(super) webhook_url: Option<String>,
}

/// Clients were seen to send null for what they leave open.
pub(super) fn read_image_order(body: &Map<String, Value>) -> Result<ImageOrder, Refusal> {
    let mut fields = Fields::of(body);
    let product_url = fields.required("product_url").url(MOST_URL_CHARS).unwrap_or_default();
    let kind = fields.optional("type").choice(&["product_anyshot", "product_avatar"]);
    let ratio = fields.optional("aspect_ratio").choice(&RATIOS);
    let override_avatar = fields.nullable("override_avatar").uuid();
    let product_showcase_url = fields.nullable("product_showcase_url").url(usize::MAX);
    let image_prompt = fields.nullable("image_prompt").string();
    let webhook_url = fields.nullable("webhook_url").url(MOST_URL_CHARS);
    fields.finish()?;
    Ok(ImageOrder {
        kind: kind.unwrap_or("product_anyshot"),
        product_url: product_url.to_owned(),
        ratio: ratio.unwrap_or(DEFAULT_RATIO),
        override_avatar: override_avatar.map(str::to_owned),
        product_showcase_url: product_showcase_url.map(str::to_owned),
        image_prompt: image_prompt.map(str::to_owned),
        webhook_url: webhook_url.map(str::to_owned),
    })
}

/// A body of `regen_image`; all of it is optional.
pub(super) struct ImageChange {
    pub(super) image_prompt: Option<String>,
    pub(super) webhook_url: Option<String>,
}

pub(super) fn read_image_change(body: &Map<String, Value>) -> Result<ImageChange, Refusal> {
    let mut fields = Fields::of(body);
    let image_prompt = fields.optional("image_prompt").string().map(str::to_owned);
    let webhook_url = fields.optional("webhook_url").url(MOST_URL_CHARS).map(str::to_owned);
    fields.finish()?;
    Ok(ImageChange { image_prompt, webhook_url })
}

/// A body of `gen_video`, and by assumption of `regen_video`; all of it is optional.
pub(super) struct VideoOrder {
    pub(super) motion_style: Option<&'static str>,
    pub(super) video_prompt: Option<String>,
    pub(super) webhook_url: Option<String>,
}

pub(super) fn read_video_order(body: &Map<String, Value>) -> Result<VideoOrder, Refusal> {
    let mut fields = Fields::of(body);
    let motion_style = fields.optional("motion_style").choice(&["talking", "display", ""]);
    let video_prompt = fields.optional("video_prompt").string().map(str::to_owned);
    let webhook_url = fields.optional("webhook_url").url(MOST_URL_CHARS).map(str::to_owned);
    fields.finish()?;
    Ok(VideoOrder { motion_style, video_prompt, webhook_url })
}
