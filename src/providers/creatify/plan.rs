use super::super::request::{Local, Reading, check_extra};
use super::{Client, Options, link};
use crate::bindings::creatify::operations;
use crate::client::Part;
use crate::error::{Error, Result};
use crate::job::{Account, Confidence, Estimate, Job, Plan, PlannedMedia, PlannedStep};
use crate::model::{
    AspectRatio, Capabilities, Credits, Durations, Field, FieldUse, ImageLimits, Languages,
    ProviderId, VideoRequest,
};

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
        (Field::Track, FieldUse::Ignored),
    ],
};

/// What a picture and a video cost by the endpoint pages, and by the billing page.
const IMAGE_PRICE: (Credits, Credits) = (Credits::whole(1), Credits::whole(2));
const VIDEO_PRICE: (Credits, Credits) = (Credits::whole(3), Credits::whole(10));

/// As printed; the page looks copied, and the video's own price is as likely.
const VIDEO_ANEW_PRICE: (Credits, Credits) = (Credits::whole(1), Credits::whole(10));

const PRICES: &str = "endpoint pages (1 + 3) and billing page (2 + 10), August 2026";

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
    let (paid, cost) = match options.is_some_and(|options| options.image_only) {
        true => paid(&[(IMAGE, IMAGE_PRICE)]),
        false => paid(&[(IMAGE, IMAGE_PRICE), (VIDEO, VIDEO_PRICE)]),
    };
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
    let (steps, cost) = match part {
        Part::Image if is_image_only => paid(&[(IMAGE_ANEW, IMAGE_PRICE)]),
        Part::Image => paid(&[(IMAGE_ANEW, IMAGE_PRICE), (VIDEO, VIDEO_PRICE)]),
        Part::Video if is_image_only => paid(&[(VIDEO, VIDEO_PRICE)]),
        Part::Video => paid(&[(VIDEO_ANEW, VIDEO_ANEW_PRICE)]),
    };
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

/// The paid steps, and what they cost together.
fn paid(steps: &[(&str, (Credits, Credits))]) -> (Vec<PlannedStep>, Estimate) {
    let cost = Estimate {
        low: steps.iter().map(|(_, (low, _))| *low).sum(),
        high: steps.iter().map(|(_, (_, high))| *high).sum(),
        source: PRICES.to_owned(),
        confidence: Confidence::Derived,
    };
    let steps = steps.iter().map(|(operation, (_, high))| PlannedStep::paid(operation, *high));
    (steps.collect(), cost)
}
