//! A music video: what goes with which tier, and what it costs.

use super::contract::Billing;
use super::plan::{CAPABILITIES, MUSIC, TRACK, UPLOAD, in_unit};
use super::types::{MusicVideoMode, MusicVideoQuality, MusicVideoResolution};
use super::{MusicOptions, prices};
use crate::bindings::beatapi::operations;
use crate::error::Result;
use crate::input::Local;
use crate::job::{Account, Plan};
use crate::model::{Capabilities, Field, ImageLimits};
use crate::providers::prices::Bill;
use crate::providers::request::{CheckedRequest, check_extra};
use crate::request::VideoRequest;

/// Source: the contract of about October 2026.
static MUSIC_CAPABILITIES: Capabilities = Capabilities {
    // A premium one where somebody sings needs none.
    images: ImageLimits { min_count: 0, ..CAPABILITIES.images },
    prompt_max_chars: Some(3000),
    ..CAPABILITIES
};

const MIN_SECS: u32 = 10;
const MAX_SECS: u32 = 180;
const MAX_PREMIUM_SECS: u32 = 300;

pub(super) fn plan(
    account: &Account,
    request: &VideoRequest,
    local: &Local,
    billing: Billing,
) -> Result<Plan> {
    let mut checked = CheckedRequest::new(request, local, &MUSIC_CAPABILITIES)?;
    let options = request.beatapi.as_ref();
    if let Some(options) = options {
        check_extra(&options.extra, &operations::CREATE_MUSIC_VIDEO)?;
    }
    let music = options.and_then(|options| options.music.clone()).unwrap_or_default();
    check(&checked, &music, request.product.images.len())?;
    if music.is_premium() && request.language.is_some() {
        let text = "ignored: a premium music video has no place for it".to_owned();
        checked.note(Field::Language.path(), text, true);
    }
    let secs = match request.duration_secs {
        Some(_) => checked.duration_secs()?,
        None => None,
    };
    if secs.is_some() {
        let text = "the track's length counts; this one only where it cannot be found".to_owned();
        checked.note(Field::Duration.path(), text, false);
    }
    let prompt = checked.prompt(None)?;
    let (track, upload) = checked.track(TRACK);
    let (images, mut steps) = checked.images(UPLOAD);
    steps.extend(upload);
    let bill = in_unit(bill(&music, billing), billing);
    let bill = options.into_iter().fold(bill, |bill, options| bill.extra(&options.extra));
    let (create, cost) = bill.finish();
    let mut plan = checked.finish(account, (images, steps), create, Some(prompt), secs, cost);
    plan.track = track;
    Ok(plan)
}

/// Which fields go with which tier.
fn check(checked: &CheckedRequest<'_>, music: &MusicOptions, images: usize) -> Result<()> {
    let refused = |field: &str, message: &str| {
        Err(checked.invalid(format!("beatapi.music.{field}"), message))
    };
    let Some(mode) = &music.mode else {
        let is_540p = music.resolution == Some(MusicVideoResolution::V540p);
        let is_high = music.quality == Some(MusicVideoQuality::High);
        return match music {
            _ if images == 0 => {
                Err(checked.invalid("product.images", "at least 1 is needed: add one"))
            }
            MusicOptions { lip_ref_urls, .. } if !lip_ref_urls.is_empty() => {
                refused("lip_ref_urls", "they belong to a premium video: name its mode")
            }
            MusicOptions { lip_sync: Some(true), lip_ref_url: None, .. } => {
                refused("lip_ref_url", "it is needed with lip_sync: name a face")
            }
            MusicOptions { lip_sync: Some(true), .. } if is_540p => {
                refused("resolution", "540p does not go with lip_sync: use 720p or 1080p")
            }
            _ if is_540p && is_high => {
                refused("resolution", "540p does not go with high quality: use 720p or 1080p")
            }
            _ => Ok(()),
        };
    };
    let standard_only = [
        ("quality", music.quality.is_some()),
        ("lip_sync", music.lip_sync.is_some()),
        ("lip_ref_url", music.lip_ref_url.is_some()),
        ("srt_url", music.srt_url.is_some()),
        ("compose_mode", music.compose_mode.is_some()),
    ];
    if let Some((field, _)) = standard_only.iter().find(|(_, is_given)| *is_given) {
        return refused(field, "it belongs to a standard video: leave it or the mode out");
    }
    if music.resolution.as_ref().is_some_and(|lines| *lines != MusicVideoResolution::V720p) {
        return refused("resolution", "a premium video has 720p");
    }
    let faces = music.lip_ref_urls.len();
    match mode {
        MusicVideoMode::Sing | MusicVideoMode::SingPerform if !(1..=2).contains(&faces) => {
            refused("lip_ref_urls", "this mode needs 1 or 2 faces")
        }
        MusicVideoMode::Dance | MusicVideoMode::Perform if faces > 0 => {
            refused("lip_ref_urls", "this mode takes no faces")
        }
        MusicVideoMode::Dance | MusicVideoMode::Perform if images != 6 => {
            Err(checked.invalid("product.images", "this mode needs exactly 6"))
        }
        _ if images > 6 => Err(checked.invalid("product.images", "at most 6 are taken")),
        _ => Ok(()),
    }
}

/// The provider finds out how long the track is, so it is reckoned with the shortest and with the
/// longest that is taken.
fn bill(music: &MusicOptions, billing: Billing) -> Bill {
    let unit = billing.unit();
    let most = if music.is_premium() { MAX_PREMIUM_SECS } else { MAX_SECS };
    let secs = [MIN_SECS, most];
    let (price, is_known) = prices::music(music, unit);
    let mut bill = Bill::new().steps(MUSIC, price, secs, 1);
    if music.lip_sync == Some(true) {
        bill = bill.and(secs, prices::lip_sync(unit), 1);
    }
    bill = bill.and(secs, prices::compose(unit), 1);
    match is_known {
        true => bill,
        false => bill.unknown("what this quality and resolution cost is not known"),
    }
}
