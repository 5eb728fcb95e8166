use super::super::request::{Reading, check_extra};
use super::Client;
use crate::bindings::creatify::operations;
use crate::error::Result;
use crate::job::{Confidence, Estimate, Plan, PlannedImage, PlannedStep};
use crate::model::{
    AspectRatio, Capabilities, Credits, Durations, Field, FieldUse, ImageLimits, Languages,
    Picture, ProviderId, VideoRequest,
};

pub(super) const HOST: &str = "host_asset";
pub(super) const IMAGE: &str = "gen_image";
pub(super) const VIDEO: &str = "gen_video";

/// The most characters that an image's address may have.
pub(super) const URL_MAX_CHARS: usize = 200;

/// Source: the API reference as of August 2026.
pub(crate) static CAPABILITIES: Capabilities = Capabilities {
    provider: ProviderId::Creatify,
    durations: Durations::None,
    aspect_ratios: &AspectRatio::ALL,
    languages: Languages::None,
    images: ImageLimits {
        min_count: 1,
        max_count: 1,
        max_bytes: 50_000_000,
        media_types: &["image/png", "image/jpeg", "image/webp"],
        url_max_chars: Some(URL_MAX_CHARS),
        upload: false,
    },
    prompt_max_chars: None,
    avatar: false,
    cancel: false,
    refunds: None,
    price: "1 credit for the picture and 3 for the video",
    fields: &[
        (Field::Name, FieldUse::RequiredInPrompt),
        (Field::Description, FieldUse::JoinsPrompt),
        (Field::Audience, FieldUse::JoinsPrompt),
        (Field::Price, FieldUse::JoinsPrompt),
        (Field::PageUrl, FieldUse::Ignored),
        (Field::Images, FieldUse::Required),
        (Field::Prompt, FieldUse::Sent),
        (Field::Duration, FieldUse::Ignored),
        (Field::AspectRatio, FieldUse::Sent),
        (Field::Language, FieldUse::Ignored),
    ],
};

/// What `gen_image` and `gen_video` cost. Another page of the provider's gives 2 for a picture and
/// 10 for each 30 s of video, so the estimate's high end is theirs.
pub(super) const PRICE: Credits = Credits::whole(4);
const PRICE_HIGH: Credits = Credits::whole(12);

pub(super) fn plan(
    client: &Client,
    request: &VideoRequest,
    pictures: &[Option<Picture>],
    has_host: bool,
) -> Result<Plan> {
    let mut reading = Reading::new(request, pictures, &CAPABILITIES)?;
    let options = request.creatify.as_ref();
    if let Some(options) = options {
        check_extra(&options.extra, &operations::GEN_IMAGE)?;
    }
    let secs = reading.duration_secs()?;
    let prompt = reading.prompt(None)?;
    let images = reading.images(HOST);
    let uploads = images.0.iter().any(|image| matches!(image, PlannedImage::Upload { .. }));
    if uploads && !has_host {
        let message = "Creatify takes images by address only: give an image_url (--image-url) of \
                       at most 200 characters, set an AssetHost that turns files into addresses, \
                       or choose another provider";
        return Err(reading.unsupported("product.images", message));
    }
    let cost = Estimate {
        low: PRICE,
        high: PRICE_HIGH,
        source: "endpoint pages (1 + 3) and billing page (2 + 10), August 2026".to_owned(),
        confidence: Confidence::Derived,
    };
    let paid = [PlannedStep::paid(IMAGE), PlannedStep::paid(VIDEO)];
    Ok(reading.finish(client.transport.account(), images, paid, Some(prompt), secs, cost))
}
