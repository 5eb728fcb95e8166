use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What only BeatAPI has.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "BeatApiOptions"))]
#[non_exhaustive]
pub struct Options {
    /// Fields that are newer than the spec, put into the body of the paid call as they are.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub extra: Map<String, Value>,
}

impl Options {
    /// No options.
    pub fn new() -> Self {
        Self::default()
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
        Self::BeatApi(options)
    }
}
