//! Music videos: two bodies that `mv_tier` tells apart, and a price for each second of the track.

use std::time::Duration;

use serde_json::{Map, Value};

use super::files::{check_images, upload_at};
use super::task::{DEFAULT_RATIO, Order};
use super::{MUSIC, NOT_REACHABLE, is_reachable, read_urls};
use crate::audio;
use crate::check::{Fault, Fields};
use crate::credits::Credits;
use crate::studio::{Script, shape};
use crate::world::World;

/// From the accepted call to the shots, as in the contract's example.
const TAKES: Duration = Duration::from_secs(300);
/// What is billed for a track whose length cannot be found, where the body does not say it.
/// Documented is only that it says it then.
const DEFAULT_SECONDS: u32 = 30;
const FEWEST_SECONDS: u32 = 10;

/// What the two bodies differ in.
struct Tier {
    images: Vec<String>,
    rate: Credits,
    most_seconds: u32,
    not_that_long: &'static str,
    waits: bool,
}

/// Reads the body of a create call.
///
/// # Errors
/// The first problem, with the field's name.
pub(super) fn read_order(world: &World, body: &Map<String, Value>) -> Result<Order, String> {
    let mut fields = Fields::of(body);
    let is_launch = world.settings.beatapi_contract.is_launch();
    // Without tiers their word is one of many that a body may have besides.
    let tier = if is_launch { None } else { read_tier(&mut fields) };
    let tier = match tier {
        Some("premium") => read_premium(&mut fields, body),
        _ => read_standard(&mut fields, body, is_launch),
    };
    check_images(world, &mut fields, body, true);
    let track = read_url(&mut fields, "audio_url", true);
    if is_launch {
        fields.required("prompt");
    }
    let prompt = fields.optional("prompt").text(3000).unwrap_or_default();
    fields.optional("style").text(200);
    let ratio = fields.optional("aspect_ratio").choice(&["1:1", "16:9", "9:16", "4:3", "3:4"]);
    fields.optional("add_subtitle").boolean();
    let colour = fields.optional("subtitle_color").string();
    if colour.is_some_and(|colour| !is_colour(colour)) {
        fields.note("subtitle_color", Fault::Other("must be a colour such as #FFCC00"));
    }
    let range = i64::from(FEWEST_SECONDS)..=i64::from(tier.most_seconds);
    let stated = fields.optional("duration").integer(range);
    let seconds = track.map(|track| seconds(world, track, stated, &tier));
    let seconds = match seconds.transpose() {
        Ok(seconds) => seconds.unwrap_or_default(),
        Err(sentence) => {
            fields.note("audio_url", Fault::Other(sentence));
            0
        }
    };
    fields.finish().map_err(|problems| problems[0].to_string())?;
    let (images, ratio) = (tier.images, shape(ratio.unwrap_or(DEFAULT_RATIO)));
    Ok(Order {
        workflow: MUSIC,
        operation: "create_music_video",
        rate: tier.rate,
        takes: TAKES,
        script: Script { images, seconds, ratio, ..Script::of_text(prompt) },
        waits: tier.waits,
    })
}

fn read_tier<'a>(fields: &mut Fields<'a>) -> Option<&'a str> {
    fields.optional("mv_tier").choice(&["standard", "premium"])
}

fn read_standard(fields: &mut Fields<'_>, body: &Map<String, Value>, is_launch: bool) -> Tier {
    fields.required("images");
    let images = read_urls(fields, "images", 1..=7);
    if is_launch {
        fields.required("language");
    } else {
        forbid(fields, body, &["mv_mode", "lip_ref_urls"], "belongs to the premium tier");
    }
    fields.optional("language").choice(&["en", "zh"]);
    let quality = fields.optional("quality").choice(&["standard", "high"]).unwrap_or("standard");
    let lines = fields.optional("resolution").choice(&["540p", "720p", "1080p"]).unwrap_or("720p");
    let lip_sync = fields.optional("lip_sync").boolean().unwrap_or_default();
    read_url(fields, "lip_ref_url", lip_sync);
    read_url(fields, "srt_url", false);
    let mode = fields.optional("compose_mode").choice(&["auto", "manual"]);
    if (quality, lines) == ("high", "540p") {
        fields.note("quality", Fault::Other("must not be high with 540p"));
    }
    if lip_sync && lines == "540p" {
        fields.note("lip_sync", Fault::Other("must not be true with 540p"));
    }
    Tier {
        images,
        rate: standard_rate(quality, lines, lip_sync),
        most_seconds: 180,
        not_that_long: "must be a track of 10 to 180 s",
        waits: mode == Some("manual"),
    }
}

fn read_premium(fields: &mut Fields<'_>, body: &Map<String, Value>) -> Tier {
    let mode = fields.required("mv_mode").choice(&["sing", "sing_perform", "dance", "perform"]);
    let sings = matches!(mode, Some("sing" | "sing_perform"));
    let mut images;
    if sings {
        images = read_urls(fields, "images", 0..=6);
        fields.required("lip_ref_urls");
        images.extend(read_urls(fields, "lip_ref_urls", 1..=2));
    } else {
        fields.required("images");
        images = read_urls(fields, "images", 6..=6);
        forbid(fields, body, &["lip_ref_urls"], "goes with sing and sing_perform");
    }
    fields.optional("resolution").choice(&["720p"]);
    let standard_only =
        ["quality", "language", "lip_sync", "lip_ref_url", "srt_url", "compose_mode"];
    forbid(fields, body, &standard_only, "belongs to the standard tier");
    Tier {
        images,
        // Published nowhere: that of the dearest standard video with as many lines.
        rate: standard_rate("high", "720p", false),
        most_seconds: 300,
        not_that_long: "must be a track of 10 to 300 s",
        waits: false,
    }
}

/// Dollars for a second: the July price list, at 2 cents for a credit of then.
fn standard_rate(quality: &str, lines: &str, lip_sync: bool) -> Credits {
    let cents = match (quality, lines) {
        ("high", "1080p") => 36,
        ("high", _) => 32,
        (_, "540p") => 8,
        (_, "1080p") => 12,
        _ => 10,
    };
    Credits::cents(if lip_sync { cents + 4 } else { cents })
}

/// The seconds to bill. Only a track that was uploaded here is looked into, and what is found in it
/// counts before what the body says.
fn seconds(
    world: &World,
    track: &str,
    stated: Option<i64>,
    tier: &Tier,
) -> Result<u32, &'static str> {
    let file = upload_at(world, track);
    if file.as_ref().is_some_and(|file| !file.media_type.starts_with("audio/")) {
        return Err("must be a track");
    }
    let found = file.and_then(|file| audio::length(&file.bytes));
    let stated = stated.and_then(|seconds| u32::try_from(seconds).ok());
    let Some(found) = found else { return Ok(stated.unwrap_or(DEFAULT_SECONDS)) };
    let range = f64::from(FEWEST_SECONDS)..=f64::from(tier.most_seconds);
    // A started second is billed.
    let billed = found.seconds.ceil() as u32;
    range.contains(&found.seconds).then_some(billed).ok_or(tier.not_that_long)
}

fn read_url<'a>(fields: &mut Fields<'a>, name: &str, is_required: bool) -> Option<&'a str> {
    let field = if is_required { fields.required(name) } else { fields.optional(name) };
    let url = field.string()?;
    if !is_reachable(url) {
        fields.note(name, Fault::Other(NOT_REACHABLE));
        return None;
    }
    Some(url)
}

/// Refuses what the other tier's body has.
fn forbid(
    fields: &mut Fields<'_>,
    body: &Map<String, Value>,
    names: &[&str],
    sentence: &'static str,
) {
    for name in names {
        if body.contains_key(*name) {
            fields.note(name, Fault::Other(sentence));
        }
    }
}

fn is_colour(text: &str) -> bool {
    let digits = text.strip_prefix('#').unwrap_or_default();
    digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const URL: &str = "https://cdn.example.com/a.png";

    fn read(body: &Value) -> Result<Order, String> {
        let world = World::test();
        read_order(&world, body.as_object().unwrap())
    }

    fn check(good: &Value, cases: &[(&str, Value, &str)]) {
        assert_eq!(read(good).err(), None);
        for (field, value, expected) in cases {
            let mut body = good.clone();
            body[*field] = value.clone();
            assert_eq!(read(&body).err().as_deref(), Some(*expected), "{body}");
        }
    }

    #[test]
    fn the_limits_of_a_standard_video_hold() {
        let good = json!({"images": [URL], "audio_url": "https://cdn.example.com/a.mp3"});
        let private = &format!("lip_ref_url {NOT_REACHABLE}");
        let cases = [
            ("images", json!([]), "images must hold 1 to 7 items"),
            ("images", Value::Null, "images must not be null"),
            ("audio_url", Value::Null, "audio_url must not be null"),
            ("prompt", json!("x".repeat(3001)), "prompt must have at most 3000 characters"),
            ("style", json!("x".repeat(201)), "style must have at most 200 characters"),
            ("language", json!("de"), "language must be one of en, zh"),
            ("quality", json!("best"), "quality must be one of standard, high"),
            ("resolution", json!("480p"), "resolution must be one of 540p, 720p, 1080p"),
            ("aspect_ratio", json!("2:3"), "aspect_ratio must be one of 1:1, 16:9, 9:16, 4:3, 3:4"),
            ("compose_mode", json!("later"), "compose_mode must be one of auto, manual"),
            ("subtitle_color", json!("red"), "subtitle_color must be a colour such as #FFCC00"),
            ("duration", json!(181), "duration must be from 10 to 180"),
            ("lip_sync", json!(true), "lip_ref_url is required"),
            ("lip_ref_url", json!("http://10.0.0.1/a"), private),
            ("mv_mode", json!("sing"), "mv_mode belongs to the premium tier"),
            ("lip_ref_urls", json!([URL]), "lip_ref_urls belongs to the premium tier"),
            ("mv_tier", json!("gold"), "mv_tier must be one of standard, premium"),
        ];
        check(&good, &cases);
        let mut small = good.clone();
        small["resolution"] = "540p".into();
        let high = [("quality", json!("high"), "quality must not be high with 540p")];
        check(&small, &high);
        small["lip_ref_url"] = URL.into();
        check(&small, &[("lip_sync", json!(true), "lip_sync must not be true with 540p")]);
    }

    #[test]
    fn the_limits_of_a_premium_video_hold() {
        let track = "https://cdn.example.com/a.mp3";
        let sing = json!({
            "mv_tier": "premium", "mv_mode": "sing", "lip_ref_urls": [URL], "audio_url": track,
        });
        let cases = [
            ("mv_mode", Value::Null, "mv_mode must not be null"),
            ("lip_ref_urls", Value::Null, "lip_ref_urls must not be null"),
            ("lip_ref_urls", json!([URL, URL, URL]), "lip_ref_urls must hold 1 to 2 items"),
            ("images", Value::from(vec![URL; 7]), "images must hold 0 to 6 items"),
            ("resolution", json!("1080p"), "resolution must be one of 720p"),
            ("quality", json!("high"), "quality belongs to the standard tier"),
            ("compose_mode", json!("auto"), "compose_mode belongs to the standard tier"),
            ("duration", json!(301), "duration must be from 10 to 300"),
        ];
        check(&sing, &cases);
        let dance = json!({
            "mv_tier": "premium", "mv_mode": "dance", "images": vec![URL; 6], "audio_url": track,
        });
        let cases = [
            ("images", json!([URL]), "images must hold 6 to 6 items"),
            ("lip_ref_urls", json!([URL]), "lip_ref_urls goes with sing and sing_perform"),
        ];
        check(&dance, &cases);
    }

    #[test]
    fn a_second_costs_by_quality_lines_and_lips() {
        for (quality, lines, lip_sync, cents) in [
            ("standard", "540p", false, 8),
            ("standard", "720p", false, 10),
            ("standard", "720p", true, 14),
            ("standard", "1080p", false, 12),
            ("high", "720p", false, 32),
            ("high", "1080p", true, 40),
        ] {
            let body = json!({
                "images": [URL], "audio_url": URL, "quality": quality, "resolution": lines,
                "lip_sync": lip_sync, "lip_ref_url": URL, "duration": 12,
            });
            let order = read(&body).ok().unwrap();
            assert_eq!((order.rate, order.script.seconds), (Credits::cents(cents), 12));
        }
    }
}
