//! Creatify's prices. Its endpoint pages and its billing page disagree, so that some are ranges.

use super::types::LinkToVideoModelVersion;
use crate::job::Confidence;
use crate::model::Credits;
use crate::providers::prices::{Per, Price};

/// In a few words, for people.
pub(super) const SUMMARY: &str = "1 credit for the picture and 3 for the video";
pub(super) const LINK_SUMMARY: &str = "1 credit for the link and 5 for each started 30 s";

const fn call(what: &'static str, low: u32, high: u32, source: &'static str) -> Price {
    Price {
        what,
        low: Credits::whole(low),
        high: Credits::whole(high),
        per: Per::Call,
        source,
        read: "2026-08",
        confidence: if low == high { Confidence::Documented } else { Confidence::Derived },
    }
}

const fn model(what: &'static str, hundredths: u32, per: Per) -> Price {
    let price = Credits::cents(hundredths);
    Price {
        what,
        low: price,
        high: price,
        per,
        source: "endpoint page of link videos",
        read: "2026-08",
        confidence: Confidence::Documented,
    }
}

pub(super) static IMAGE: Price =
    call("gen_image", 1, 2, "endpoint page (1) and billing page (2) for a picture");
pub(super) static VIDEO: Price =
    call("gen_video", 3, 10, "endpoint page (3) and billing page (10) for a video");
pub(super) static IMAGE_ANEW: Price =
    call("regen_image", 1, 2, "endpoint page (1) and billing page (2) for a picture");
/// As printed; the page looks copied, and the video's own price is as likely.
pub(super) static VIDEO_ANEW: Price =
    call("regen_video", 1, 10, "endpoint page (1) and billing page (10) for a video made anew");
pub(super) static LINK: Price = call("create_link", 1, 1, "endpoint page of links");

static STANDARD: Price = model("create_link_to_video, standard", 500, Per::Started(30));
static BOREAL: Price = model("create_link_to_video, boreal", 1000, Per::Started(30));
static AURORA_V1: Price = model("create_link_to_video, aurora_v1", 100, Per::Second);
static AURORA_V1_FAST: Price = model("create_link_to_video, aurora_v1_fast", 50, Per::Second);
static AURORA_V2: Price = model("create_link_to_video, aurora_v2", 70, Per::Second);

/// The price of a link video, and whether the table has its model.
pub(super) fn link_video(model: Option<&LinkToVideoModelVersion>) -> (&'static Price, bool) {
    match model {
        Some(LinkToVideoModelVersion::AuroraV1) => (&AURORA_V1, true),
        Some(LinkToVideoModelVersion::AuroraV1Fast) => (&AURORA_V1_FAST, true),
        Some(LinkToVideoModelVersion::AuroraV2) => (&AURORA_V2, true),
        Some(LinkToVideoModelVersion::Boreal) => (&BOREAL, true),
        Some(LinkToVideoModelVersion::Unknown(_)) => (&AURORA_V1, false),
        _ => (&STANDARD, true),
    }
}

/// Every row.
#[cfg(test)]
pub(crate) static ALL: [&Price; 10] = [
    &IMAGE,
    &VIDEO,
    &IMAGE_ANEW,
    &VIDEO_ANEW,
    &LINK,
    &STANDARD,
    &BOREAL,
    &AURORA_V1,
    &AURORA_V1_FAST,
    &AURORA_V2,
];
