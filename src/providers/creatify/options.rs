use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::types::{MotionStyle, ProductToVideoType};

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
    /// Fields that are newer than the spec, put into the body of `gen_image` as they are.
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

    /// Adds a field that is newer than the spec.
    #[must_use]
    pub fn extra(mut self, field: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.insert(field.into(), value.into());
        self
    }
}

impl From<Options> for crate::ProviderOptions {
    fn from(options: Options) -> Self {
        Self::Creatify(options)
    }
}
