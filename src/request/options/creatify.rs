//! What a request may ask of Creatify alone.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::types::creatify::{
    LinkToVideoModelVersion, LinkToVideoScriptStyle, LinkToVideoVisualStyle, MotionStyle,
    ProductToVideoType,
};

/// What only Creatify has.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CreatifyOptions"))]
#[non_exhaustive]
pub struct Options {
    /// The product alone in a made scene (`product_anyshot`, the default) or in a presenter's
    /// hands (`product_avatar`).
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<ProductToVideoType>,
    /// The presenter, by the id of a persona. Default: Creatify's choice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub override_avatar: Option<String>,
    /// What a presenter does: talks, or displays the product.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub motion_style: Option<MotionStyle>,
    /// The address of a picture to take the scene from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_showcase_url: Option<String>,
    /// A line for the picture's prompt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_prompt: Option<String>,
    /// A line for the video's prompt: how things move.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub motion_prompt: Option<String>,
    /// Whether the picture is all that is made: 1 credit instead of 4. Its video can be made later,
    /// by [`regenerate`](crate::Client::regenerate). Default: no.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub image_only: bool,
    /// A link video, with a script, a voice and cuts, of the product's page or of at least 3 images.
    /// Default: only where the product has a page and no image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<LinkOptions>,
    /// Fields that are newer than the spec, put into the body of `gen_image` (of a link video:
    /// `create_link_to_video`) as they are.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub extra: Map<String, Value>,
}

impl Options {
    /// The product alone in a made scene.
    pub fn product_shot() -> Self {
        Self { kind: Some(ProductToVideoType::ProductAnyshot), ..Self::default() }
    }

    /// The product in the hands of a presenter, who talks or displays it.
    pub fn presenter(motion: MotionStyle) -> Self {
        let kind = Some(ProductToVideoType::ProductAvatar);
        Self { kind, motion_style: Some(motion), ..Self::default() }
    }

    /// Names the presenter, by the id of a persona.
    #[must_use]
    pub fn override_avatar(mut self, persona_id: impl Into<String>) -> Self {
        self.override_avatar = Some(persona_id.into());
        self
    }

    /// Names a picture to take the scene from.
    #[must_use]
    pub fn product_showcase_url(mut self, url: impl Into<String>) -> Self {
        self.product_showcase_url = Some(url.into());
        self
    }

    /// Says what the picture shows.
    #[must_use]
    pub fn image_prompt(mut self, prompt: impl Into<String>) -> Self {
        self.image_prompt = Some(prompt.into());
        self
    }

    /// Says how things move.
    #[must_use]
    pub fn motion_prompt(mut self, prompt: impl Into<String>) -> Self {
        self.motion_prompt = Some(prompt.into());
        self
    }

    /// The picture alone.
    #[must_use]
    pub fn image_only(mut self) -> Self {
        self.image_only = true;
        self
    }

    /// A link video of the product's page or of at least 3 images.
    #[must_use]
    pub fn link(mut self, link: LinkOptions) -> Self {
        self.link = Some(link);
        self
    }

    /// Adds a field that is newer than the spec.
    #[must_use]
    pub fn extra(mut self, field: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.insert(field.into(), value.into());
        self
    }
}

impl From<Options> for crate::request::ProviderOptions {
    fn from(options: Options) -> Self {
        Self::Creatify(options)
    }
}

/// What a link video is like. Prices of models differ: the estimate says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "CreatifyLinkOptions")
)]
#[non_exhaustive]
pub struct LinkOptions {
    /// The look. Default: Creatify's, reported as `AvatarBubbleTemplate`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visual_style: Option<LinkToVideoVisualStyle>,
    /// How the script is written. Default: Creatify's, reported as `DiscoveryWriter`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub script_style: Option<LinkToVideoScriptStyle>,
    /// The script itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub override_script: Option<String>,
    /// The voice, by the id of an accent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub override_voice: Option<String>,
    /// The address of the music, at most 255 characters. Default: music of Creatify's choice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub background_music_url: Option<String>,
    /// Whether to leave music out. Default: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_background_music: Option<bool>,
    /// Whether to leave captions out. Default: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_caption: Option<bool>,
    /// Where the video will run, in free words. Default: Creatify's, reported as `tiktok`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_platform: Option<String>,
    /// The model that moves the presenter. Default: `standard`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_version: Option<LinkToVideoModelVersion>,
}

impl LinkOptions {
    /// Every default.
    pub fn new() -> Self {
        Self::default()
    }

    /// Names the look.
    #[must_use]
    pub fn visual_style(mut self, style: impl Into<LinkToVideoVisualStyle>) -> Self {
        self.visual_style = Some(style.into());
        self
    }

    /// Says how the script is written.
    #[must_use]
    pub fn script_style(mut self, style: impl Into<LinkToVideoScriptStyle>) -> Self {
        self.script_style = Some(style.into());
        self
    }

    /// Gives the script itself.
    #[must_use]
    pub fn override_script(mut self, script: impl Into<String>) -> Self {
        self.override_script = Some(script.into());
        self
    }

    /// Names the model that moves the presenter.
    #[must_use]
    pub fn model_version(mut self, model: impl Into<LinkToVideoModelVersion>) -> Self {
        self.model_version = Some(model.into());
        self
    }
}
