//! What a request may ask of JoggAI alone.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::types::jogg::ScriptStyle;

/// What only JoggAI has.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "JoggOptions"))]
#[non_exhaustive]
pub struct Options {
    /// The presenter, by id. Default: the first public one that fits the ratio.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avatar: Option<i64>,
    /// Whether the presenter is one of the account's own and not a public one.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub custom_avatar: bool,
    /// The voice, by id. Default: the presenter's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub voice: Option<String>,
    /// The music, by id. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub music: Option<i64>,
    /// Whether words are shown. Default: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caption: Option<bool>,
    /// How the script is written. Default: `Discovery`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub script_style: Option<ScriptStyle>,
    /// The script itself. Runs of July 2026 report that it is ignored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub override_script: Option<String>,
    /// The look, by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visual_style: Option<String>,
    /// Makes a preview in each of these looks first, of which one is chosen before the video is
    /// rendered: 0.5 credits for each. Default: none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub previews: Vec<String>,
    /// The video's title in the account, of which the first 60 characters are used. Default: the
    /// product's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Fields that are newer than the spec, put into the body of the paid call as they are.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub extra: Map<String, Value>,
}

impl Options {
    /// No options.
    pub fn new() -> Self {
        Self::default()
    }

    /// Names a public presenter, by id.
    #[must_use]
    pub fn avatar(mut self, id: i64) -> Self {
        self.avatar = Some(id);
        self.custom_avatar = false;
        self
    }

    /// Names one of the account's own presenters, by id.
    #[must_use]
    pub fn custom_avatar(mut self, id: i64) -> Self {
        self.avatar = Some(id);
        self.custom_avatar = true;
        self
    }

    /// Names the voice, by id.
    #[must_use]
    pub fn voice(mut self, id: impl Into<String>) -> Self {
        self.voice = Some(id.into());
        self
    }

    /// Names the music, by id.
    #[must_use]
    pub fn music(mut self, id: i64) -> Self {
        self.music = Some(id);
        self
    }

    /// Says whether words are shown.
    #[must_use]
    pub fn caption(mut self, shown: bool) -> Self {
        self.caption = Some(shown);
        self
    }

    /// Says how the script is written.
    #[must_use]
    pub fn script_style(mut self, style: impl Into<ScriptStyle>) -> Self {
        self.script_style = Some(style.into());
        self
    }

    /// Gives the script itself. Runs of July 2026 report that it is ignored.
    #[must_use]
    pub fn override_script(mut self, script: impl Into<String>) -> Self {
        self.override_script = Some(script.into());
        self
    }

    /// Names the look.
    #[must_use]
    pub fn visual_style(mut self, name: impl Into<String>) -> Self {
        self.visual_style = Some(name.into());
        self
    }

    /// Makes a preview in each of these looks first. The job then waits until one is
    /// [chosen](crate::client::Jobs::choose).
    #[must_use]
    pub fn previews<S: Into<String>>(mut self, styles: impl IntoIterator<Item = S>) -> Self {
        self.previews = styles.into_iter().map(Into::into).collect();
        self
    }

    /// Gives the video a title in the account.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
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
        Self::Jogg(options)
    }
}
