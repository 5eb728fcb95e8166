use super::super::request::{Reading, check_extra};
use super::types;
use super::{Client, language};
use crate::bindings::jogg::operations;
use crate::error::{Error, ErrorKind, Result};
use crate::job::{Confidence, Estimate, Plan, PlannedStep};
use crate::model::{
    AspectRatio, Capabilities, Credits, Durations, Field, FieldUse, ImageLimits, Languages,
    Picture, ProviderId, VideoRequest,
};

pub(super) const UPLOAD: &str = "upload_asset";
pub(super) const PRODUCT: &str = "create_product";

/// The choice of a presenter, as a plan's [`Choice`](crate::job::Choice) names it.
pub(super) const AVATAR: &str = "jogg.avatar";
pub(super) const CREATE: &str = "create_video_from_product";

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
    price: "1 credit for each started 2 minutes",
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
    ],
};

pub(super) async fn plan(
    client: &Client,
    request: &VideoRequest,
    pictures: &[Option<Picture>],
) -> Result<Plan> {
    let mut reading = Reading::new(request, pictures, &CAPABILITIES)?;
    let options = request.jogg.as_ref();
    if let Some(options) = options {
        check_extra(&options.extra, &operations::CREATE_VIDEO_FROM_PRODUCT)?;
    }
    let secs = reading.duration_secs()?;
    if options.and_then(|options| options.avatar).is_none() {
        let (id, label) = first_avatar(client, request.aspect_ratio).await?;
        reading.choose(AVATAR, id, label);
    }
    let images = reading.images(UPLOAD);
    // All lengths are below the 2 minutes of the first credit.
    let price = Credits::whole(1);
    let cost = Estimate {
        low: price,
        high: price,
        source: "pricing page, August 2026".to_owned(),
        confidence: Confidence::Documented,
    };
    let further = [PlannedStep::free(PRODUCT), PlannedStep::paid(CREATE)];
    Ok(reading.finish(client.transport.account(), images, further, None, secs, cost))
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
