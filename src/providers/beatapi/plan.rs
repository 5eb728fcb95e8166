use super::super::request::{Reading, check_extra};
use super::Client;
use crate::bindings::beatapi::operations;
use crate::error::Result;
use crate::job::{Confidence, Estimate, Plan, PlannedStep};
use crate::model::{
    AspectRatio, Capabilities, Credits, Durations, Field, FieldUse, ImageLimits, Languages,
    Picture, ProviderId, VideoRequest,
};

pub(super) const UPLOAD: &str = "upload_file";
pub(super) const CREATE: &str = "create_ecommerce_video";

/// Source: the contract of about October 2026.
pub(crate) static CAPABILITIES: Capabilities = Capabilities {
    provider: ProviderId::BeatApi,
    durations: Durations::Range { min_secs: 10, max_secs: 60 },
    aspect_ratios: &AspectRatio::ALL,
    languages: Languages::Listed(&["en", "zh"]),
    images: ImageLimits {
        min_count: 1,
        max_count: 7,
        max_bytes: 50_000_000,
        media_types: &["image/png", "image/jpeg", "image/webp"],
        url_max_chars: None,
        upload: true,
    },
    prompt_max_chars: Some(2000),
    avatar: false,
    cancel: false,
    refunds: Some(true),
    price: "0.30 dollars a second",
    fields: &[
        (Field::Name, FieldUse::RequiredInPrompt),
        (Field::Description, FieldUse::JoinsPrompt),
        (Field::Audience, FieldUse::JoinsPrompt),
        (Field::Price, FieldUse::JoinsPrompt),
        (Field::PageUrl, FieldUse::Ignored),
        (Field::Images, FieldUse::Required),
        (Field::Prompt, FieldUse::Sent),
        (Field::Duration, FieldUse::Sent),
        (Field::AspectRatio, FieldUse::Sent),
        (Field::Language, FieldUse::Sent),
    ],
};

/// Dollars a second, from the newest contract's example (15 s = 4.5). Its prose gives no price.
const PER_SECOND: Credits = Credits::cents(30);

pub(super) fn plan(
    client: &Client,
    request: &VideoRequest,
    pictures: &[Option<Picture>],
) -> Result<Plan> {
    let mut reading = Reading::new(request, pictures, &CAPABILITIES)?;
    if let Some(options) = &request.beatapi {
        check_extra(&options.extra, &operations::CREATE_ECOMMERCE_VIDEO)?;
    }
    let secs = reading.duration_secs()?;
    let prompt = reading.prompt(None)?;
    let images = reading.images(UPLOAD);
    let price = PER_SECOND.times(secs.unwrap_or_default());
    let cost = Estimate {
        low: price,
        high: price,
        source: "example of the contract of October 2026 (15 s = 4.50 dollars)".to_owned(),
        confidence: Confidence::Derived,
    };
    let create = [PlannedStep::paid(CREATE)];
    Ok(reading.finish(client.transport.account(), images, create, Some(prompt), secs, cost))
}
