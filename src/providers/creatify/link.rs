//! A link video: a link is made of a page, or of pictures and words, and then a video of the link.

use super::errors::failed;
use super::plan::{HOST, check_host};
use super::types::{self, LinkToVideoStatus};
use super::{LinkOptions, Options, prices};
use crate::bindings::creatify::operations;
use crate::error::{Error, ErrorKind, Result};
use crate::input::Local;
use crate::job::{Account, Job, Plan};
use crate::model::{
    AspectRatio, Capabilities, Cost, CostSource, Credits, Durations, Field, FieldUse, ImageLimits,
    Languages, Medium, ProviderId, VideoFacts,
};
use crate::providers::answer;
use crate::providers::call_result::Status;
use crate::providers::prices::Bill;
use crate::providers::request::{CheckedRequest, check_extra};
use crate::request::VideoRequest;

pub(super) const LINK: &str = "create_link";
pub(super) const PARAMS: &str = "create_link_with_params";
pub(super) const LINK_VIDEO: &str = "create_link_to_video";

/// The longest name of a link video, of which our tag takes some 32 characters.
const NAME_MAX_CHARS: usize = 60;

/// What is done with a request where a link video is made. Source: the reference of August 2026.
static OF_PAGE: Capabilities = Capabilities {
    provider: ProviderId::Creatify,
    durations: Durations::Hint(&[15, 30, 45, 60]),
    aspect_ratios: &AspectRatio::ALL,
    // Some 76 codes are taken and not all are known, so none is refused.
    languages: Languages::None,
    images: ImageLimits {
        min_count: 0,
        max_count: 0,
        max_bytes: 0,
        media_types: &[],
        url_max_chars: None,
        upload: false,
    },
    prompt_max_chars: None,
    avatar: true,
    cancel: false,
    refunds: None,
    price: prices::LINK_SUMMARY,
    fields: &[
        (Field::Name, FieldUse::Sent),
        (Field::Description, FieldUse::Ignored),
        (Field::Audience, FieldUse::Sent),
        (Field::Price, FieldUse::Ignored),
        (Field::PageUrl, FieldUse::Required),
        (Field::Prompt, FieldUse::Ignored),
        (Field::Duration, FieldUse::Sent),
        (Field::AspectRatio, FieldUse::Sent),
        (Field::Language, FieldUse::Sent),
        (Field::Track, FieldUse::Ignored),
    ],
};

/// The same without a page.
static OF_IMAGES: Capabilities = Capabilities {
    images: ImageLimits {
        min_count: 3,
        max_count: 20,
        max_bytes: 50_000_000,
        media_types: &["image/png", "image/jpeg", "image/webp"],
        url_max_chars: None,
        upload: false,
    },
    fields: &[
        (Field::Name, FieldUse::Sent),
        (Field::Description, FieldUse::Sent),
        (Field::Audience, FieldUse::Sent),
        (Field::Price, FieldUse::JoinsDescription),
        (Field::PageUrl, FieldUse::Ignored),
        (Field::Images, FieldUse::Required),
        (Field::Prompt, FieldUse::Ignored),
        (Field::Duration, FieldUse::Sent),
        (Field::AspectRatio, FieldUse::Sent),
        (Field::Language, FieldUse::Sent),
        (Field::Track, FieldUse::Ignored),
    ],
    ..OF_PAGE
};

/// The longest address of a page.
const PAGE_URL_MAX_CHARS: usize = 1000;

/// Whether a request asks for a link video.
pub(super) fn is_asked_for(request: &VideoRequest) -> bool {
    let options = request.creatify.as_ref();
    let has_page_only = request.product.page_url.is_some() && request.product.images.is_empty();
    has_page_only || options.is_some_and(|options| options.link.is_some())
}

pub(super) fn plan(
    account: &Account,
    request: &VideoRequest,
    local: &Local,
    has_host: bool,
) -> Result<Plan> {
    let is_of_page = request.product.images.is_empty();
    let capabilities = if is_of_page { &OF_PAGE } else { &OF_IMAGES };
    let mut checked = CheckedRequest::new(request, local, capabilities)?;
    let options = request.creatify.clone().unwrap_or_default();
    check_extra(&options.extra, &operations::CREATE_LINK_TO_VIDEO)?;
    note_options(&mut checked, &options);
    let length = request.product.page_url.as_ref().map(|url| url.chars().count());
    match length {
        None if is_of_page => {
            let message = "a link video needs the product's page, or at least 3 images";
            return Err(checked.invalid("product.page_url", message));
        }
        Some(length) if is_of_page && length > PAGE_URL_MAX_CHARS => {
            let message = format!("{length} characters: at most {PAGE_URL_MAX_CHARS} are taken");
            return Err(checked.invalid("product.page_url", message));
        }
        _ => {}
    }
    let secs = checked.duration_secs()?;
    let images = checked.images(HOST);
    check_host(&checked, &images.0, has_host)?;
    let link = options.link.unwrap_or_default();
    let (price, is_known) = prices::link_video(link.model_version.as_ref());
    let first = if is_of_page { LINK } else { PARAMS };
    let mut bill = Bill::new().step(first, &prices::LINK, 0);
    bill = bill.step(LINK_VIDEO, price, secs.unwrap_or_default()).extra(&options.extra);
    if !is_known {
        bill = bill.unknown("what this model costs is not known");
    }
    let (paid, cost) = bill.finish();
    Ok(checked.finish(account, images, paid, None, secs, cost))
}

/// What belongs to a product shot has no place here.
fn note_options(checked: &mut CheckedRequest<'_>, options: &Options) {
    let shot_only = [
        ("creatify.type", options.kind.is_some()),
        ("creatify.motion_style", options.motion_style.is_some()),
        ("creatify.product_showcase_url", options.product_showcase_url.is_some()),
        ("creatify.image_prompt", options.image_prompt.is_some()),
        ("creatify.motion_prompt", options.motion_prompt.is_some()),
        ("creatify.image_only", options.image_only),
    ];
    for (field, _) in shot_only.iter().filter(|(_, is_given)| *is_given) {
        checked.note(field, "ignored: a link video has no place for it".to_owned(), true);
    }
}

pub(super) fn page_body(job: &Job) -> types::CreateLinkRequest {
    types::CreateLinkRequest::new(job.request.product.page_url.clone().unwrap_or_default())
}

pub(super) fn params_body(job: &Job) -> types::CreateLinkWithParamsRequest {
    let checked = CheckedRequest::of_planned(&job.request, &OF_IMAGES);
    types::CreateLinkWithParamsRequest::new()
        .title(job.request.product.name.clone())
        .description(checked.description())
        .image_urls(job.image_urls())
}

pub(super) fn video_body(
    job: &Job,
    tag: &str,
    webhook_url: Option<String>,
) -> types::LinkToVideoRequest {
    let link = [LINK, PARAMS].into_iter().find_map(|step| job.resource_of(step));
    let options = job.request.creatify.clone().unwrap_or_default();
    let own: LinkOptions = options.link.unwrap_or_default();
    let name: String = job.request.product.name.chars().take(NAME_MAX_CHARS).collect();
    let language = job.request.language.as_ref();
    types::LinkToVideoRequest::new(link.unwrap_or_default())
        // Our tag follows the product's name, which stays readable.
        .name(format!("{name} {tag}"))
        .webhook_url(webhook_url)
        .target_audience(job.request.product.audience.clone())
        .target_platform(own.target_platform)
        .language(language.map(|known| types::LinkToVideoLanguage::from(known.primary())))
        .video_length(job.plan.duration_secs.map(i64::from))
        .aspect_ratio(super::calls::wire_ratio(job.request.aspect_ratio))
        .visual_style(own.visual_style)
        .script_style(own.script_style)
        .override_avatar(options.override_avatar)
        .override_voice(own.override_voice)
        .override_script(own.override_script)
        .background_music_url(own.background_music_url)
        .no_background_music(own.no_background_music)
        .no_caption(own.no_caption)
        .model_version(own.model_version)
        .extra(options.extra)
}

pub(super) fn status(
    job: &Job,
    made: types::LinkToVideo,
    raw: serde_json::Value,
) -> Result<Status> {
    let word = made.status.to_string();
    Ok(match made.status {
        LinkToVideoStatus::Done => {
            let missing = "the link video is done, and its video_output is no address";
            let missing = || Error::new(ErrorKind::Decode, missing);
            Status::Succeeded(word, Some(facts(job, made, raw).ok_or_else(missing)?))
        }
        LinkToVideoStatus::Failed | LinkToVideoStatus::Rejected => failed(&raw),
        known => {
            let is_known = !matches!(known, LinkToVideoStatus::Unknown(_));
            Status::Running { status: word, is_known, hint: None }
        }
    })
}

fn facts(job: &Job, made: types::LinkToVideo, raw: serde_json::Value) -> Option<VideoFacts> {
    let secs = made.duration.filter(|secs| *secs > 0.0);
    // What is charged later stands as 0 here.
    let reported = made.credits_used.filter(|credits| *credits > Credits::ZERO);
    let most = job.plan.cost.high;
    let reported = reported.and_then(|credits| Cost::reported(credits, most));
    let cost = match reported {
        Some(cost) => Cost { credits: cost.credits + prices::LINK.high, ..cost },
        None => Cost { credits: job.plan.cost.high, source: CostSource::PriceTable },
    };
    Some(VideoFacts {
        medium: Medium::Video,
        url: answer::link(made.video_output.as_ref())?,
        poster: answer::link(made.video_thumbnail.as_ref()),
        duration: secs.and_then(|secs| std::time::Duration::try_from_secs_f64(secs).ok()),
        cost: Some(cost),
        raw,
    })
}
