//! A request's steps at Creatify, and its capabilities.

use super::super::request::{Reading, check_extra};
use super::{Client, Options, link, prices};
use crate::bindings::creatify::operations;
use crate::error::{Error, Result};
use crate::input::Local;
use crate::job::{Account, Job, Plan, PlannedMedia};
use crate::model::{
    AspectRatio, Capabilities, Durations, Field, FieldUse, ImageLimits, Languages, Part, ProviderId,
};
use crate::providers::prices::{Bill, Price};
use crate::request::VideoRequest;

pub(super) const HOST: &str = "host_asset";
pub(super) const IMAGE: &str = "gen_image";
pub(super) const VIDEO: &str = "gen_video";
pub(super) const IMAGE_ANEW: &str = "regen_image";
pub(super) const VIDEO_ANEW: &str = "regen_video";

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
    price: prices::SUMMARY,
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
        (Field::Track, FieldUse::Ignored),
    ],
};

pub(super) fn plan(
    client: &Client,
    request: &VideoRequest,
    local: &Local,
    has_host: bool,
) -> Result<Plan> {
    let account = client.transport.account();
    if link::is_asked_for(request) {
        return link::plan(account, request, local, has_host);
    }
    let mut reading = Reading::new(request, local, &CAPABILITIES)?;
    let options = request.creatify.as_ref();
    if let Some(options) = options {
        check_extra(&options.extra, &operations::GEN_IMAGE)?;
    }
    let secs = reading.duration_secs()?;
    let prompt = reading.prompt(None)?;
    let images = reading.images(HOST);
    check_host(&reading, &images.0, has_host)?;
    let bill = match options.is_some_and(|options| options.image_only) {
        true => bill(&[(IMAGE, &prices::IMAGE)]),
        false => bill(&[(IMAGE, &prices::IMAGE), (VIDEO, &prices::VIDEO)]),
    };
    let bill = options.into_iter().fold(bill, |bill, options| bill.extra(&options.extra));
    let (paid, cost) = bill.finish();
    Ok(reading.finish(account, images, paid, Some(prompt), secs, cost))
}

/// # Errors
/// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) for a file that nothing gives an
/// address.
pub(super) fn check_host(
    reading: &Reading<'_>,
    images: &[PlannedMedia],
    has_host: bool,
) -> Result<()> {
    let is_upload = |image: &PlannedMedia| matches!(image, PlannedMedia::Upload { .. });
    if has_host || !images.iter().any(is_upload) {
        return Ok(());
    }
    let message = "Creatify takes images by address only: give an image_url (--image-url) of at \
                   most 200 characters, set an AssetHost that turns files into addresses, or \
                   choose another provider";
    Err(reading.unsupported("product.images", message))
}

/// The steps that make a part of a finished job anew.
pub(super) fn plan_anew(
    account: &Account,
    parent: &Job,
    part: Part,
    prompt: Option<&str>,
) -> Result<(VideoRequest, Plan)> {
    let makes = |operation: &str| parent.steps.iter().any(|step| step.operation == operation);
    let source = parent.provider_ref().filter(|_| !makes(link::LINK_VIDEO)).ok_or_else(|| {
        let message = "a link video is not made anew: submit a new job";
        Error::unsupported(ProviderId::Creatify, "regenerate", message)
    })?;
    let is_image_only = !makes(VIDEO) && !makes(VIDEO_ANEW);
    let (image, video) = ((IMAGE_ANEW, &prices::IMAGE_ANEW), (VIDEO, &prices::VIDEO));
    let bill = match part {
        Part::Image if is_image_only => bill(&[image]),
        Part::Image => bill(&[image, video]),
        Part::Video if is_image_only => bill(&[video]),
        Part::Video => bill(&[(VIDEO_ANEW, &prices::VIDEO_ANEW)]),
    };
    let (steps, cost) = bill.finish();
    let mut request = (*parent.request).clone();
    let mut options = request.creatify.take().unwrap_or_default();
    match (part, prompt.map(str::to_owned)) {
        (_, None) => {}
        (Part::Image, prompt) => options.image_prompt = prompt,
        (Part::Video, prompt) => options.motion_prompt = prompt,
    }
    options.image_only = is_image_only && part == Part::Image;
    request.creatify = Some(options).filter(|options| *options != Options::default());
    let plan = Plan {
        account: account.clone(),
        steps,
        source: Some(source.id),
        cost,
        ..(*parent.plan).clone()
    };
    Ok((request, plan))
}

/// The paid steps, one call each.
fn bill(steps: &[(&str, &Price)]) -> Bill {
    steps.iter().fold(Bill::new(), |bill, (operation, price)| bill.step(operation, price, 0))
}
