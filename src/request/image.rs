//! A picture as a request names it.

use std::fmt;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::path;

/// A picture of the product, and where it comes from.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Image {
    /// A public address that the provider fetches.
    Url(#[cfg_attr(feature = "schema", schemars(url))] String),
    /// A file on this machine.
    #[serde(serialize_with = "path::serialize", deserialize_with = "path::deserialize")]
    File(PathBuf),
    /// The bytes of an image file, in JSON as base64 with padding.
    #[serde(serialize_with = "to_base64", deserialize_with = "from_base64")]
    Bytes(#[cfg_attr(feature = "schema", schemars(schema_with = "base64_schema"))] Bytes),
}

impl fmt::Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => f.debug_tuple("Url").field(url).finish(),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Bytes(bytes) => write!(f, "Bytes({} bytes)", bytes.len()),
        }
    }
}

pub(super) fn to_base64<S: Serializer>(bytes: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&BASE64.encode(bytes))
}

pub(super) fn from_base64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
    let text = String::deserialize(deserializer)?;
    BASE64.decode(text).map(Bytes::from).map_err(serde::de::Error::custom)
}

/// The pattern is what is read: whole groups of four, and no bits set in what the padding cuts off.
#[cfg(feature = "schema")]
pub(super) fn base64_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({
        "type": "string",
        "contentEncoding": "base64",
        "pattern":
            "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$",
    })
}
