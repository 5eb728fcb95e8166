//! BeatAPI's prices, in both units that its accounts are billed in: the names of the fields stayed
//! when credits became dollars.

use super::types::{MusicVideoQuality, MusicVideoResolution};
use super::{MusicOptions, Unit};
use crate::job::Confidence;
use crate::model::Credits;
use crate::providers::prices::{Per, Price};

/// What one thing costs in either unit.
pub(super) struct Both {
    credits: Price,
    dollars: Price,
}

impl Both {
    pub(super) fn by(&self, unit: Unit) -> &Price {
        match unit {
            Unit::Credits => &self.credits,
            Unit::Dollars => &self.dollars,
        }
    }
}

/// In a few words, for people.
pub(super) const SUMMARY: &str = "0.30 dollars a second";

const fn second(what: &'static str, credits: u32, dollars: (u32, &'static str)) -> Both {
    let (cents, source) = dollars;
    Both {
        credits: Price {
            what,
            low: Credits::whole(credits),
            high: Credits::whole(credits),
            per: Per::Second,
            source: "price list of the older contract, in credits",
            read: "2026-07",
            confidence: Confidence::Documented,
        },
        dollars: Price {
            what,
            low: Credits::cents(cents),
            high: Credits::cents(cents),
            per: Per::Second,
            source,
            read: "2026-10",
            confidence: Confidence::Derived,
        },
    }
}

/// The newer contract states no prices, but in every example a credit became 2 cents.
const INFERRED: &str = "older price list at 2 cents a credit, in dollars";

static ECOMMERCE: Both =
    second("ecommerce-video", 15, (30, "example of the newer contract, in dollars (15 s = 4.50)"));
static MUSIC_540P: Both = second("music-video 540p", 4, (8, INFERRED));
static MUSIC_720P: Both = second(
    "music-video 720p",
    5,
    (10, "example of the newer contract, in dollars (15 s at 720p = 1.50)"),
);
static MUSIC_1080P: Both = second("music-video 1080p", 6, (12, INFERRED));
static MUSIC_HIGH_720P: Both = second("music-video 720p, high quality", 16, (32, INFERRED));
static MUSIC_HIGH_1080P: Both = second("music-video 1080p, high quality", 18, (36, INFERRED));
static LIP_SYNC: Both = second("music-video, lip sync on top", 2, (4, INFERRED));

/// Nothing is known of premium ones but that they can hardly be cheaper.
static PREMIUM: Both = Both {
    credits: Price {
        what: "music-video, premium",
        low: Credits::whole(5),
        high: Credits::whole(18),
        per: Per::Second,
        source: "no price is stated for premium: that of standard ones, in credits",
        read: "2026-07",
        confidence: Confidence::Unknown,
    },
    dollars: Price {
        what: "music-video, premium",
        low: Credits::cents(10),
        high: Credits::cents(36),
        per: Per::Second,
        source: "no price is stated for premium: that of standard ones, in dollars",
        read: "2026-10",
        confidence: Confidence::Unknown,
    },
};

/// One example of a finished video has it on top of the seconds, another has not.
static COMPOSE: Both = Both {
    credits: Price {
        what: "music-video, shots put together",
        low: Credits::ZERO,
        high: Credits::whole(1),
        per: Per::Call,
        source: "compose fee of the older contract, which an example shows on top",
        read: "2026-07",
        confidence: Confidence::Derived,
    },
    dollars: Price {
        what: "music-video, shots put together",
        low: Credits::ZERO,
        high: Credits::whole(1),
        per: Per::Call,
        source: "compose fee of the newer contract, stated as 1 dollar",
        read: "2026-10",
        confidence: Confidence::Derived,
    },
};

pub(super) fn ecommerce(unit: Unit) -> &'static Price {
    ECOMMERCE.by(unit)
}

/// The price for a second of the track, and whether a table has it.
pub(super) fn music(music: &MusicOptions, unit: Unit) -> (&'static Price, bool) {
    let is_high = music.quality == Some(MusicVideoQuality::High);
    let is_known = !matches!(music.quality, Some(MusicVideoQuality::Unknown(_)))
        && !matches!(music.resolution, Some(MusicVideoResolution::Unknown(_)));
    let both = match &music.resolution {
        _ if music.is_premium() => &PREMIUM,
        // What is not known is reckoned as the dearest.
        _ if !is_known => &MUSIC_HIGH_1080P,
        Some(MusicVideoResolution::V540p) => &MUSIC_540P,
        Some(MusicVideoResolution::V1080p) if is_high => &MUSIC_HIGH_1080P,
        Some(MusicVideoResolution::V1080p) => &MUSIC_1080P,
        _ if is_high => &MUSIC_HIGH_720P,
        _ => &MUSIC_720P,
    };
    (both.by(unit), is_known)
}

pub(super) fn lip_sync(unit: Unit) -> &'static Price {
    LIP_SYNC.by(unit)
}

pub(super) fn compose(unit: Unit) -> &'static Price {
    COMPOSE.by(unit)
}

/// Every row.
#[cfg(test)]
pub(crate) fn all() -> Vec<&'static Price> {
    let rows = [
        &ECOMMERCE,
        &MUSIC_540P,
        &MUSIC_720P,
        &MUSIC_1080P,
        &MUSIC_HIGH_720P,
        &MUSIC_HIGH_1080P,
        &LIP_SYNC,
        &PREMIUM,
        &COMPOSE,
    ];
    rows.into_iter().flat_map(|row| [&row.credits, &row.dollars]).collect()
}
