//! A piece of music as a request names it.

use std::fmt;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::image::{from_base64, to_base64};
use super::path;

/// A piece of music that a video is made for, and where it comes from.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Track {
    /// A public address that the provider fetches.
    Url(#[cfg_attr(feature = "schema", schemars(url))] String),
    /// A file on this machine.
    #[serde(serialize_with = "path::serialize", deserialize_with = "path::deserialize")]
    File(PathBuf),
    /// The bytes of a sound file, in JSON as base64 with padding.
    #[serde(serialize_with = "to_base64", deserialize_with = "from_base64")]
    Bytes(
        #[cfg_attr(feature = "schema", schemars(schema_with = "super::image::base64_schema"))]
        Bytes,
    ),
}

impl Track {
    /// A public address that the provider fetches.
    pub fn url(url: impl Into<String>) -> Self {
        Self::Url(url.into())
    }

    /// A file on this machine.
    pub fn file(path: impl AsRef<Path>) -> Self {
        Self::File(path.as_ref().to_owned())
    }

    /// The bytes of a sound file.
    pub fn bytes(bytes: impl Into<Bytes>) -> Self {
        Self::Bytes(bytes.into())
    }
}

impl fmt::Debug for Track {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => f.debug_tuple("Url").field(url).finish(),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Bytes(bytes) => write!(f, "Bytes({} bytes)", bytes.len()),
        }
    }
}
