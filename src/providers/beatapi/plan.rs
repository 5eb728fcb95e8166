//! A request's steps at BeatAPI, and its capabilities.

use super::super::request::{Reading, check_extra};
use super::contract::Billing;
use super::{Client, IdempotencyKey, Unit, music, prices};
use crate::bindings::beatapi::operations;
use crate::error::Result;
use crate::input::Local;
use crate::job::Plan;
use crate::model::{
    AspectRatio, Capabilities, Durations, Field, FieldUse, ImageLimits, Languages, ProviderId,
};
use crate::providers::prices::Bill;
use crate::request::VideoRequest;

pub(super) const UPLOAD: &str = "upload_file";
pub(super) const TRACK: &str = crate::job::UPLOAD_TRACK;
pub(super) const CREATE: &str = "create_ecommerce_video";
pub(super) const MUSIC: &str = "create_music_video";

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
    price: prices::SUMMARY,
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
        (Field::Track, FieldUse::Sent),
    ],
};

pub(super) fn plan(
    client: &Client,
    request: &VideoRequest,
    local: &Local,
    billing: Billing,
) -> Result<Plan> {
    check_key(request)?;
    if request.track.is_some() {
        return music::plan(client.transport.account(), request, local, billing);
    }
    let mut reading = Reading::new(request, local, &CAPABILITIES)?;
    if let Some(options) = &request.beatapi {
        if options.music.is_some() {
            let message = "it belongs to a music video: give the request a track";
            return Err(reading.invalid("beatapi.music", message));
        }
        check_extra(&options.extra, &operations::CREATE_ECOMMERCE_VIDEO)?;
    }
    let secs = reading.duration_secs()?;
    let prompt = reading.prompt(None)?;
    let images = reading.images(UPLOAD);
    let price = prices::ecommerce(billing.unit());
    let bill = in_unit(Bill::new().step(CREATE, price, secs.unwrap_or_default()), billing);
    let bill = request.beatapi.iter().fold(bill, |bill, options| bill.extra(&options.extra));
    let (create, cost) = bill.finish();
    Ok(reading.finish(client.transport.account(), images, create, Some(prompt), secs, cost))
}

/// Says how it is known what a credit is.
pub(super) fn in_unit(bill: Bill, billing: Billing) -> Bill {
    match billing {
        Billing::Assumed => bill,
        Billing::Shown(Unit::Dollars) => {
            bill.note("the account shows that it is billed in dollars")
        }
        Billing::Shown(Unit::Credits) => {
            bill.note("the account shows that it is billed in credits")
        }
        Billing::Unread => bill.unknown(
            "the account could not be asked whether it is billed in dollars or in credits",
        ),
    }
}

fn check_key(request: &VideoRequest) -> Result<()> {
    let key = request.beatapi.as_ref().and_then(|options| options.idempotency_key.clone());
    let named = |error: crate::error::Error| error.with_field("beatapi.idempotency_key");
    key.map_or(Ok(()), |key| IdempotencyKey::new(key).map(drop).map_err(named))
}
