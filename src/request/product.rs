//! What a video advertises.

use std::path::PathBuf;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::Image;

/// What the video advertises.
///
/// Only the name is needed by all providers; BeatAPI and Creatify also need an image. Which
/// provider does what with each field is said at [`VideoRequest`](crate::VideoRequest).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(deny_unknown_fields, description = "What the video advertises.")
)]
#[non_exhaustive]
pub struct Product {
    /// What it is called. It travels in every provider's request.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub name: String,
    /// What it is and does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whom it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// What it costs, as it should be read: `4.50 €`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<String>,
    /// Its page in a shop, public and without login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(url))]
    pub page_url: Option<String>,
    /// Pictures of it, the main one first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<Image>,
}

impl Product {
    /// A product with nothing but a name.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            description: None,
            audience: None,
            price: None,
            page_url: None,
            images: Vec::new(),
        }
    }

    /// Says what the product is and does.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Says whom the product is for.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into());
        self
    }

    /// Says what the product costs, as it should be read: `4.50 €`.
    #[must_use]
    pub fn price(mut self, price: impl Into<String>) -> Self {
        self.price = Some(price.into());
        self
    }

    /// Names the product's page in a shop.
    #[must_use]
    pub fn page_url(mut self, url: impl Into<String>) -> Self {
        self.page_url = Some(url.into());
        self
    }

    /// Adds an image that the provider fetches from a public address.
    #[must_use]
    pub fn image_url(mut self, url: impl Into<String>) -> Self {
        self.images.push(Image::Url(url.into()));
        self
    }

    /// Adds an image file, which is read when the job is planned and again when it is uploaded.
    #[must_use]
    pub fn image_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.images.push(Image::File(path.into()));
        self
    }

    /// Adds an image from memory: the bytes of a PNG, JPEG, WebP or GIF file.
    #[must_use]
    pub fn image_bytes(mut self, bytes: impl Into<Bytes>) -> Self {
        self.images.push(Image::Bytes(bytes.into()));
        self
    }
}
