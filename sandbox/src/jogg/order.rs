//! What a product video, or a preview of one, is to be.

use serde_json::{Map, Value};

use super::Refusal;
use crate::check::{Fault, Fields};

/// The styles of v2. Whether the ones that only v1 had still work is not known.
const STYLES: [&str; 6] =
    ["Don't Worry", "Storytime", "Discovery", "Data", "Top 3 reasons", "Light marketing"];
/// As many visual styles as there are, by the guide.
const MOST_LOOKS: usize = 50;

/// A body that keeps to the documentation.
#[derive(Clone)]
pub(super) struct Order {
    pub(super) product_id: String,
    pub(super) seconds: u32,
    pub(super) ratio: &'static str,
    pub(super) name: Option<String>,
    pub(super) avatar: (i64, i64),
    pub(super) webhook_url: Option<String>,
}

pub(super) fn read(body: &Map<String, Value>) -> Result<Order, Refusal> {
    let mut fields = Fields::of(body);
    let order = read_common(&mut fields, body, "script.language");
    fields.optional("visual_style").string();
    fields.finish()?;
    Ok(order)
}

/// The language of the script stands inside `script` by the page and beside it by the spec; here
/// either will do.
pub(super) fn read_previews(body: &Map<String, Value>) -> Result<(Order, Vec<String>), Refusal> {
    let mut fields = Fields::of(body);
    let language = if body.contains_key("language") { "language" } else { "script.language" };
    let order = read_common(&mut fields, body, language);
    // There is no event of a preview, and what is rendered of it was asked for elsewhere.
    let order = Order { webhook_url: None, ..order };
    let given = fields.required("visual_styles").list(1..=MOST_LOOKS).unwrap_or_default();
    let mut looks = Vec::new();
    for (index, look) in given.iter().enumerate() {
        match look.as_str() {
            Some(look) => looks.push(look.to_owned()),
            None => fields.note(&format!("visual_styles[{index}]"), Fault::NotA("a string")),
        }
    }
    fields.finish()?;
    Ok((order, looks))
}

/// `voice` and `audio` are required on paper; leaving them out worked for real. What the presenter
/// would say (`override_script`, `script`) is checked, but never shown. Of the flat body that stale
/// pages show, templates are refused; its other fields are passed over, as all that is not known.
fn read_common(fields: &mut Fields<'_>, body: &Map<String, Value>, language: &str) -> Order {
    for name in ["template_id", "template_type"].into_iter().filter(|name| body.contains_key(*name))
    {
        fields.note(name, Fault::Other("is not taken by v2"));
    }
    let product_id = fields.required("product_id").filled().unwrap_or_default();
    let mut seconds = None;
    if fields.required("video_spec").object().is_some() {
        seconds = fields.required("video_spec.length").choice(&["15", "30", "60"]);
    }
    let ratio =
        fields.optional("video_spec.aspect_ratio").choice(&["portrait", "landscape", "square"]);
    fields.optional("video_spec.caption").boolean();
    let name = fields.optional("video_spec.name").string();
    let mut avatar = (0, 0);
    if fields.required("avatar").object().is_some() {
        avatar.0 = fields.required("avatar.id").integer(i64::MIN..=i64::MAX).unwrap_or_default();
        avatar.1 = fields.optional("avatar.type").integer(0..=1).unwrap_or_default();
    }
    fields.optional("voice").object();
    fields.optional("voice.id").string();
    fields.optional("audio").object();
    fields.optional("audio.music_id").integer(0..=i64::MAX);
    if fields.required("script").object().is_some() {
        fields.required("script.style").choice(&STYLES);
        fields.required(language).filled();
        fields.optional("script.language").filled();
    }
    fields.optional("override_script").string();
    let webhook_url = fields.optional("webhook_url").url(usize::MAX);
    Order {
        product_id: product_id.to_owned(),
        seconds: seconds.and_then(|seconds| seconds.parse().ok()).unwrap_or(15),
        ratio: ratio.unwrap_or("landscape"),
        name: name.map(str::to_owned),
        avatar,
        webhook_url: webhook_url.map(str::to_owned),
    }
}
