//! What a link video is to be: the fields that videos and previews share, and what they cost.

use serde_json::{Map, Value, json};

use super::Refusal;
use super::order::{DEFAULT_RATIO, MOST_URL_CHARS, RATIOS};
use crate::check::{Fault, Fields};
use crate::credits::Credits;
use crate::ledger::{Price, Terms};

const LENGTHS: [u32; 4] = [15, 30, 45, 60];
const STANDARD: &str = "standard";
/// From the newest page; older ones list three.
const MODELS: [&str; 5] = [STANDARD, "aurora_v1", "aurora_v1_fast", "aurora_v2", "boreal"];
const DEFAULT_STYLE: &str = "AvatarBubbleTemplate";
/// The most previews that one call may ask for; made up, since about 52 looks are known.
const MOST_STYLES: usize = 60;
const SWITCHES: [&str; 5] =
    ["no_background_music", "no_caption", "no_emotion", "no_cta", "no_stock_broll"];

/// A body that keeps to the reference.
pub(super) struct LinkOrder {
    /// The outer id of a link.
    pub(super) link: String,
    pub(super) seconds: u32,
    pub(super) look: Look,
    /// More than one in a list of previews alone.
    pub(super) looks: Vec<Look>,
    pub(super) script: Option<String>,
    model: &'static str,
    /// Every field that answers repeat, with what it is where the body leaves it out.
    pub(super) echo: Map<String, Value>,
}

/// How one rendering is to look.
#[derive(Clone)]
pub(super) struct Look {
    pub(super) style: String,
    pub(super) ratio: &'static str,
}

/// What a job is before anything is said of it, as third parties report it.
fn defaults() -> Map<String, Value> {
    let Value::Object(fields) = json!({
        "link": null,
        "name": null,
        "target_platform": "tiktok",
        "target_audience": null,
        "language": "en",
        "video_length": LENGTHS[0],
        "aspect_ratio": DEFAULT_RATIO,
        "script_style": "DiscoveryWriter",
        "visual_style": DEFAULT_STYLE,
        "override_avatar": null,
        "override_voice": null,
        "override_script": null,
        "background_music_url": null,
        "background_music_volume": null,
        "voiceover_volume": null,
        "webhook_url": null,
        "model_version": STANDARD,
        "no_background_music": false,
        "no_caption": false,
        "no_emotion": false,
        "no_cta": false,
        "no_stock_broll": false,
        "caption_style": null,
        "caption_setting": null,
    }) else {
        return Map::new();
    };
    fields
}

pub(super) fn read(body: &Map<String, Value>) -> Result<LinkOrder, Refusal> {
    let mut fields = Fields::of(body);
    let link = fields.required("link").uuid().unwrap_or_default().to_ascii_lowercase();
    fields.optional("name").text(255);
    fields.optional("target_platform").string();
    fields.optional("target_audience").string();
    read_word(&mut fields, "language", is_code);
    let seconds = read_length(&mut fields);
    let ratio = fields.optional("aspect_ratio").choice(&RATIOS).unwrap_or(DEFAULT_RATIO);
    read_word(&mut fields, "script_style", is_name);
    let style = read_word(&mut fields, "visual_style", is_name).unwrap_or(DEFAULT_STYLE);
    let look = Look { style: style.to_owned(), ratio };
    let looks = read_looks(&mut fields, &look);
    fields.optional("override_avatar").uuid();
    fields.optional("override_avatar_by_image").url(usize::MAX);
    fields.optional("override_voice").uuid();
    let script = fields.optional("override_script").string().map(str::to_owned);
    fields.nullable("background_music_url").url(255);
    fields.nullable("background_music_volume").number(0.0..=1.0);
    fields.optional("voiceover_volume").number(0.0..=1.0);
    fields.optional("webhook_url").url(MOST_URL_CHARS);
    let model = fields.optional("model_version").choice(&MODELS).unwrap_or(STANDARD);
    for switch in SWITCHES {
        fields.optional(switch).boolean();
    }
    fields.optional("caption_style").string();
    read_captions(&mut fields);
    fields.finish()?;

    let mut echo = defaults();
    for (name, value) in &mut echo {
        if let Some(given) = body.get(name).filter(|given| !given.is_null()) {
            *value = given.clone();
        }
    }
    Ok(LinkOrder { link, seconds, look, looks, script, model, echo })
}

fn read_length(fields: &mut Fields<'_>) -> u32 {
    let Some(given) = fields.optional("video_length").integer(i64::MIN..=i64::MAX) else {
        return LENGTHS[0];
    };
    let known = LENGTHS.into_iter().find(|length| i64::from(*length) == given);
    known.unwrap_or_else(|| {
        fields.note("video_length", not_a_choice(&given.to_string()));
        LENGTHS[0]
    })
}

/// Only numbers, switches and how far they are shifted can be wrong: colours and names are in words
/// that are not known.
fn read_captions(fields: &mut Fields<'_>) {
    let Some(setting) = fields.optional("caption_setting").object() else { return };
    let mut inner = Fields::inside("caption_setting.".to_owned(), setting);
    for text in ["style", "font_family", "font_style", "text_shadow"] {
        inner.optional(text).string();
    }
    for colour in ["background_color", "text_color", "highlight_text_color"] {
        inner.optional(colour).string();
    }
    for size in ["font_size", "max_width", "line_height"] {
        inner.optional(size).number(f64::MIN..=f64::MAX);
    }
    for switch in ["hidden", "override_visual_style"] {
        inner.optional(switch).boolean();
    }
    if inner.optional("offset").object().is_some() {
        inner.optional("offset.x").number(-0.5..=0.5);
        inner.optional("offset.y").number(-0.5..=0.5);
    }
    fields.absorb(inner);
}

/// One look for each style in each ratio.
fn read_looks(fields: &mut Fields<'_>, single: &Look) -> Vec<Look> {
    let styles = read_words(fields, "visual_styles", MOST_STYLES, is_name);
    let ratios = read_words(fields, "aspect_ratios", usize::MAX, |word| RATIOS.contains(&word));
    let named = RATIOS.into_iter().filter(|known| ratios.iter().any(|ratio| ratio == known));
    let ratios = if ratios.is_empty() { vec![single.ratio] } else { named.collect() };
    let styles = if styles.is_empty() { vec![single.style.clone()] } else { styles };
    let looks = styles
        .iter()
        .flat_map(|style| ratios.iter().map(|ratio| Look { style: style.clone(), ratio }));
    looks.collect()
}

/// A list of words, of which the first wrong one is reported. An empty list counts as none.
fn read_words(
    fields: &mut Fields<'_>,
    name: &str,
    most: usize,
    is_word: impl Fn(&str) -> bool,
) -> Vec<String> {
    let given = fields.optional(name).list(0..=most).unwrap_or_default();
    if let Some(other) = given.iter().find(|value| !value.as_str().is_some_and(&is_word)) {
        let other = other.as_str().map_or_else(|| other.to_string(), str::to_owned);
        fields.note(name, not_a_choice(&other));
    }
    given.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// A word of a list that is known in part only, so that it is refused for its form alone.
fn read_word<'a>(
    fields: &mut Fields<'a>,
    name: &str,
    has_form: fn(&str) -> bool,
) -> Option<&'a str> {
    let given = fields.optional(name).string();
    if let Some(other) = given.filter(|given| !has_form(given)) {
        fields.note(name, not_a_choice(other));
    }
    given
}

fn not_a_choice(given: &str) -> Fault {
    Fault::Choice { given: given.to_owned(), known: Vec::new() }
}

/// A code such as `en` or `zh-TW`; words such as `english` are what another service takes.
fn is_code(text: &str) -> bool {
    let (language, rest) = text.split_once(['-', '_']).unwrap_or((text, "XX"));
    let letters = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphabetic());
    (2..=3).contains(&language.len())
        && (2..=4).contains(&rest.len())
        && letters(language)
        && letters(rest)
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

impl LinkOrder {
    /// For a video made in one go.
    pub(super) fn price(&self) -> Price {
        let amount = match self.model {
            "aurora_v1" => Credits::whole(1).times(self.seconds),
            "aurora_v1_fast" => Credits::cents(50).times(self.seconds),
            "aurora_v2" => Credits::cents(70).times(self.seconds),
            "boreal" => Credits::whole(10).times(self.halves()),
            _ => Credits::whole(5).times(self.halves()),
        };
        Price { operation: "create_link_to_video", amount, terms: Terms::Kept }
    }

    /// For previews: by one page each of them costs, by another only the first; here each does.
    pub(super) fn preview_price(&self, operation: &'static str, count: u32) -> Price {
        let amount = Credits::whole(1).times(self.halves()).times(count);
        Price { operation, amount, terms: Terms::Kept }
    }

    /// For the video of a preview. That a model changes it is not documented.
    pub(super) fn render_price(&self, operation: &'static str) -> Price {
        Price { operation, amount: Credits::whole(4).times(self.halves()), terms: Terms::Kept }
    }

    /// Started half minutes.
    fn halves(&self) -> u32 {
        self.seconds.div_ceil(30)
    }
}
