//! The request itself.

use serde::{Deserialize, Serialize};

use super::{Image, Product, Track, options};
use crate::digest::sha256;
use crate::model::{AspectRatio, Language};

/// What video to make, said once for all providers.
///
/// What each provider does with each field (also as data: [`Capabilities::fields`]):
///
#[doc = include_str!("fields.md")]
///
/// Source: the three API references; the table is kept true by a test.
///
/// ```
/// use adreel::{Product, VideoRequest};
///
/// let request = VideoRequest::new(Product::new("Morning Roast").image_file("coffee.png"))
///     .prompt("Steam rises, slow push in")
///     .duration_secs(15)
///     .portrait();
/// ```
///
/// [`Capabilities::fields`]: crate::Capabilities::fields
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(
        deny_unknown_fields,
        description = "What video to make, said once for all providers."
    )
)]
#[non_exhaustive]
pub struct VideoRequest {
    /// What the video advertises.
    pub product: Product,
    /// What should be seen and heard, in plain words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// Length in whole seconds. Default: 15 where the provider needs one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 60)))]
    pub duration_secs: Option<u32>,
    /// Width to height. Default: 9:16.
    #[serde(default)]
    pub aspect_ratio: AspectRatio,
    /// Language of voice and text. Default: the provider's, which is English.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    /// A piece of music to make the video for. Where a provider makes music videos, it then makes
    /// one, as long as the track. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub track: Option<Track>,
    /// What only BeatAPI has.
    #[cfg(feature = "beatapi")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beatapi: Option<options::beatapi::Options>,
    /// What only Creatify has.
    #[cfg(feature = "creatify")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creatify: Option<options::creatify::Options>,
    /// What only JoggAI has.
    #[cfg(feature = "jogg")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jogg: Option<options::jogg::Options>,
}

impl VideoRequest {
    /// A request with every default.
    pub fn new(product: Product) -> Self {
        Self {
            product,
            prompt: None,
            duration_secs: None,
            aspect_ratio: AspectRatio::default(),
            language: None,
            track: None,
            #[cfg(feature = "beatapi")]
            beatapi: None,
            #[cfg(feature = "creatify")]
            creatify: None,
            #[cfg(feature = "jogg")]
            jogg: None,
        }
    }

    /// Says what should be seen and heard.
    #[must_use]
    pub fn prompt(mut self, prompt: impl Into<String>) -> Self {
        self.prompt = Some(prompt.into());
        self
    }

    /// Asks for a length in whole seconds.
    #[must_use]
    pub fn duration_secs(mut self, secs: u32) -> Self {
        self.duration_secs = Some(secs);
        self
    }

    /// Asks for a ratio.
    #[must_use]
    pub fn aspect_ratio(mut self, ratio: AspectRatio) -> Self {
        self.aspect_ratio = ratio;
        self
    }

    /// Asks for 9:16.
    #[must_use]
    pub fn portrait(self) -> Self {
        self.aspect_ratio(AspectRatio::Portrait)
    }

    /// Asks for 16:9.
    #[must_use]
    pub fn landscape(self) -> Self {
        self.aspect_ratio(AspectRatio::Landscape)
    }

    /// Asks for 1:1.
    #[must_use]
    pub fn square(self) -> Self {
        self.aspect_ratio(AspectRatio::Square)
    }

    /// Asks for a language.
    #[must_use]
    pub fn language(mut self, language: Language) -> Self {
        self.language = Some(language);
        self
    }

    /// Brings a piece of music to make the video for.
    #[must_use]
    pub fn track(mut self, track: Track) -> Self {
        self.track = Some(track);
        self
    }

    /// Adds what only one provider has; used where that provider renders.
    #[must_use]
    pub fn with(mut self, options: impl Into<ProviderOptions>) -> Self {
        match options.into() {
            #[cfg(feature = "beatapi")]
            ProviderOptions::BeatApi(options) => self.beatapi = Some(options),
            #[cfg(feature = "creatify")]
            ProviderOptions::Creatify(options) => self.creatify = Some(options),
            #[cfg(feature = "jogg")]
            ProviderOptions::Jogg(options) => self.jogg = Some(options),
            #[cfg(not(any(feature = "beatapi", feature = "creatify", feature = "jogg")))]
            ProviderOptions::None => self.prompt = self.prompt.take(),
        }
        self
    }

    /// A digest of everything in the request, with files by their content, that tells whether a
    /// key is used again for the same request.
    pub(crate) fn fingerprint(&self, images: &[Option<&str>], track: Option<&str>) -> String {
        let mut content = self.with_trimmed_addresses().with_trimmed_words();
        for (image, digest) in content.product.images.iter_mut().zip(images) {
            if let Some(digest) = digest {
                *image = Image::Url(format!("sha256:{digest}"));
            }
        }
        if let Some(digest) = track {
            content.track = Some(Track::Url(format!("sha256:{digest}")));
        }
        sha256(serde_json::to_vec(&content).unwrap_or_default())
    }
}

/// What only one provider has, made from that provider's `Options`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ProviderOptions {
    /// For BeatAPI.
    #[cfg(feature = "beatapi")]
    BeatApi(options::beatapi::Options),
    /// For Creatify.
    #[cfg(feature = "creatify")]
    Creatify(options::creatify::Options),
    /// For JoggAI.
    #[cfg(feature = "jogg")]
    Jogg(options::jogg::Options),
    /// Nothing, as no provider is compiled in.
    #[cfg(not(any(feature = "beatapi", feature = "creatify", feature = "jogg")))]
    None,
}

#[cfg(all(test, feature = "beatapi", feature = "creatify", feature = "jogg"))]
mod tests {
    use crate::client::Client;
    use crate::model::{Field, ProviderId};

    #[test]
    fn the_documented_table_is_the_one_that_is_used() {
        let mut table =
            "| field | BeatAPI | Creatify | JoggAI |\n| --- | --- | --- | --- |\n".to_owned();
        for field in Field::ALL {
            let uses = ProviderId::ALL.map(|provider| {
                Client::capabilities(provider).expect("it is compiled in").field(field).as_str()
            });
            table += &format!("| `{}` | {} |\n", field.path(), uses.join(" | "));
        }
        assert_eq!(include_str!("fields.md"), table, "src/request/fields.md should read:\n{table}");
    }
}
