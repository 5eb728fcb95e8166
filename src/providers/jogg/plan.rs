//! A request's steps at JoggAI, and its capabilities.

use super::super::request::{Reading, check_extra};
use super::{Client, Options, language, prices, types};
use crate::bindings::jogg::operations;
use crate::error::{Error, ErrorKind, Result};
use crate::input::Local;
use crate::job::{Plan, PlannedStep};
use crate::model::{
    AspectRatio, Capabilities, Durations, Field, FieldUse, ImageLimits, Languages, ProviderId,
};
use crate::providers::prices::Bill;
use crate::request::VideoRequest;

pub(super) const UPLOAD: &str = "upload_asset";
pub(super) const PRODUCT: &str = "create_product";

/// The choice of a presenter, as a plan's [`Choice`](crate::job::Choice) names it.
pub(super) const AVATAR: &str = "jogg.avatar";
pub(super) const CREATE: &str = "create_video_from_product";
pub(super) const PREVIEWS: &str = "create_previews";
pub(super) const RENDER: &str = "render_single_preview";

/// Source: the API's specification of March 2026 and runs of July and August 2026.
pub(crate) static CAPABILITIES: Capabilities = Capabilities {
    provider: ProviderId::Jogg,
    durations: Durations::Hint(&[15, 30, 60]),
    aspect_ratios: &AspectRatio::ALL,
    languages: Languages::Listed(language::TAGS),
    images: ImageLimits {
        min_count: 0,
        // No limit is documented; the others' highest is kept.
        max_count: 7,
        max_bytes: 10_000_000,
        media_types: &["image/png", "image/jpeg", "image/webp", "image/gif"],
        url_max_chars: None,
        upload: true,
    },
    prompt_max_chars: None,
    avatar: true,
    cancel: false,
    refunds: None,
    price: prices::SUMMARY,
    fields: &[
        (Field::Name, FieldUse::Required),
        (Field::Description, FieldUse::Sent),
        (Field::Audience, FieldUse::Sent),
        (Field::Price, FieldUse::JoinsDescription),
        (Field::PageUrl, FieldUse::Sent),
        (Field::Images, FieldUse::Sent),
        (Field::Prompt, FieldUse::Ignored),
        (Field::Duration, FieldUse::Sent),
        (Field::AspectRatio, FieldUse::Sent),
        (Field::Language, FieldUse::Sent),
        (Field::Track, FieldUse::Ignored),
    ],
};

pub(super) async fn plan(client: &Client, request: &VideoRequest, local: &Local) -> Result<Plan> {
    let mut reading = Reading::new(request, local, &CAPABILITIES)?;
    let options = request.jogg.as_ref();
    if let Some(options) = options {
        let operation = match options.previews.is_empty() {
            true => &operations::CREATE_VIDEO_FROM_PRODUCT,
            false => &operations::CREATE_PREVIEWS,
        };
        check_extra(&options.extra, operation)?;
        check_previews(&reading, options)?;
    }
    let secs = reading.duration_secs()?;
    if options.and_then(|options| options.avatar).is_none() {
        let (id, label) = first_avatar(client, request.aspect_ratio).await?;
        reading.choose(AVATAR, id, &label);
    }
    let images = reading.images(UPLOAD);
    let previews = options.map_or(0, |options| options.previews.len());
    let bill = bill(u32::try_from(previews).unwrap_or(u32::MAX), secs.unwrap_or_default());
    let bill = options.into_iter().fold(bill, |bill, options| bill.extra(&options.extra));
    let (paid, cost) = bill.finish();
    let further = std::iter::once(PlannedStep::free(PRODUCT)).chain(paid);
    Ok(reading.finish(client.transport.account(), images, further, None, secs, cost))
}

fn bill(previews: u32, secs: u32) -> Bill {
    match previews {
        0 => Bill::new().step(CREATE, &prices::VIDEO, secs),
        previews => Bill::new().steps(PREVIEWS, &prices::PREVIEW, [secs, secs], previews).step(
            RENDER,
            &prices::VIDEO,
            secs,
        ),
    }
}

/// The most previews of one job. No limit is documented.
const MOST_PREVIEWS: usize = 10;

fn check_previews(reading: &Reading<'_>, options: &Options) -> Result<()> {
    let refused = |message: &str| Err(reading.invalid("jogg.previews", message));
    let styles = &options.previews;
    let is_double = |(index, style): (usize, &String)| styles[..index].contains(style);
    match styles.len() {
        0 => Ok(()),
        count if count > MOST_PREVIEWS => refused("at most 10 are made"),
        _ if styles.iter().any(|style| style.trim().is_empty()) => refused("a look has no name"),
        _ if styles.iter().enumerate().any(is_double) => refused("a look is named twice"),
        _ if options.visual_style.is_some() => {
            refused("name looks here or in visual_style, not in both")
        }
        _ => Ok(()),
    }
}

/// The first public presenter that was recorded in the ratio.
async fn first_avatar(client: &Client, ratio: AspectRatio) -> Result<(String, String)> {
    let query =
        types::ListPublicAvatarsQuery::new().aspect_ratio(wire_ratio(ratio)).page(1).page_size(20);
    let avatars = client.list_public_avatars(&query).await?;
    let wanted = match ratio {
        AspectRatio::Portrait => 0,
        AspectRatio::Landscape => 1,
        AspectRatio::Square => 2,
    };
    let fits = |avatar: &&types::Avatar| avatar.aspect_ratio.is_none_or(|ratio| ratio == wanted);
    let avatar = avatars.iter().find(fits).ok_or_else(|| {
        let message = format!("no public presenter fits {ratio}: name one in jogg.avatar");
        Error::new(ErrorKind::Unsupported, message)
            .with_provider(ProviderId::Jogg)
            .with_field(AVATAR)
    })?;
    let label = avatar.name.clone().unwrap_or_else(|| format!("avatar {}", avatar.id));
    Ok((avatar.id.to_string(), label))
}

pub(super) fn wire_ratio(ratio: AspectRatio) -> types::AspectRatio {
    types::AspectRatio::from(ratio.word())
}
