//! JoggAI's prices.

use crate::job::Confidence;
use crate::model::Credits;
use crate::providers::prices::{Per, Price};

/// In a few words, for people.
pub(super) const SUMMARY: &str = "1 credit for each started 2 minutes";

pub(super) static VIDEO: Price = Price {
    what: "create_video_from_product, render_single_preview",
    low: Credits::whole(1),
    high: Credits::whole(1),
    per: Per::Started(120),
    source: "pricing page",
    read: "2026-08",
    confidence: Confidence::Documented,
};

/// That it is for each preview and not for all of a call is how the page reads.
pub(super) static PREVIEW: Price = Price {
    what: "create_previews, each",
    low: Credits::cents(50),
    high: Credits::cents(50),
    per: Per::Started(120),
    source: "pricing page, for each preview",
    read: "2026-08",
    confidence: Confidence::Derived,
};

/// Every row.
#[cfg(test)]
pub(crate) static ALL: [&Price; 2] = [&VIDEO, &PREVIEW];
