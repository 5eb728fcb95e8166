//! What is asked for: a request, and what `make` takes beside it.

use std::path::PathBuf;
use std::str::FromStr;

use adreel::{AspectRatio, Credits, Language, Product, ProviderId, Result, Track, VideoRequest};
use clap::Args;

use super::provider_option::{self, OptionValue};
use crate::commands::FILE;

#[derive(Args, Debug)]
pub(crate) struct MakeArgs {
    #[command(flatten)]
    pub(crate) request: RequestArgs,
    /// The folder for the videos; made where it is missing.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) out: PathBuf,
    /// Replace files that are there already.
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Keep words of your own with the jobs, which `jobs --cost` shows: tenant=acme. May be repeated.
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) label: Vec<Label>,
    /// Make new videos, and pay for them, although this request was made before.
    #[arg(long)]
    pub(crate) again: bool,
    /// Make a single video: with the first provider, in the order of --provider, that can do all
    /// that was asked for and accepts it.
    #[arg(long)]
    pub(crate) route: bool,
}

#[derive(Args, Debug)]
pub(crate) struct RequestArgs {
    /// Image files of the product (PNG, JPEG, WebP), the main one first.
    #[arg(value_name = "IMAGE")]
    pub(crate) images: Vec<PathBuf>,
    /// The address of an image, which the provider fetches. May be repeated.
    #[arg(long, value_name = "URL")]
    pub(crate) image_url: Vec<String>,
    /// What the product is called.
    #[arg(long)]
    pub(crate) name: String,
    /// What it is and does.
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    /// Whom it is for.
    #[arg(long, value_name = "TEXT")]
    pub(crate) audience: Option<String>,
    /// What it costs, as it should be read: "4.50 €".
    #[arg(long, value_name = "TEXT")]
    pub(crate) price: Option<String>,
    /// Its page in a shop.
    #[arg(long, value_name = "URL")]
    pub(crate) page_url: Option<String>,
    /// A sound file to make a music video for (BeatAPI).
    #[arg(long, value_name = "FILE", conflicts_with = "track_url")]
    pub(crate) track: Option<PathBuf>,
    /// The address of the sound, which the provider fetches.
    #[arg(long, value_name = "URL")]
    pub(crate) track_url: Option<String>,
    /// What should be seen and heard.
    #[arg(long, value_name = "TEXT")]
    pub(crate) prompt: Option<String>,
    /// Length in whole seconds [default: 15, where the provider needs one].
    #[arg(long, value_name = "SECS")]
    pub(crate) duration: Option<u32>,
    /// Width to height: 9:16, 16:9 or 1:1.
    #[arg(long, value_name = "RATIO", default_value = "9:16")]
    pub(crate) ratio: AspectRatio,
    /// Language of voice and text, as a tag such as en or pt-BR.
    #[arg(long, value_name = "TAG")]
    pub(crate) language: Option<Language>,
    /// Provider: beatapi, creatify or jogg. May be repeated [default: every one with a key].
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) provider: Vec<ProviderId>,
    /// An option that only one provider has: jogg.avatar=81, creatify.motion_style=talking. May be
    /// repeated. `catalogue` lists ids.
    #[arg(long, value_name = "OPTION=VALUE")]
    pub(crate) set: Vec<OptionValue>,
    /// Refuse what a provider would ignore or change.
    #[arg(long)]
    pub(crate) strict: bool,
    /// Refuse what may cost more than this with a provider, in its credits, before anything is paid.
    #[arg(long, value_name = "CREDITS", value_parser = amount)]
    pub(crate) cap: Option<Credits>,
}

impl RequestArgs {
    pub(crate) fn request(&self) -> Result<VideoRequest> {
        let mut product = Product::new(&self.name);
        for path in &self.images {
            product = product.image_file(path);
        }
        for url in &self.image_url {
            product = product.image_url(url);
        }
        product.description.clone_from(&self.description);
        product.audience.clone_from(&self.audience);
        product.price.clone_from(&self.price);
        product.page_url.clone_from(&self.page_url);
        let mut request = VideoRequest::new(product).aspect_ratio(self.ratio);
        request.prompt.clone_from(&self.prompt);
        request.duration_secs = self.duration;
        request.language.clone_from(&self.language);
        let url = self.track_url.as_ref().map(Track::url);
        request.track = self.track.as_ref().map(Track::file).or(url);
        provider_option::set(request, &self.set)
    }
}

/// A `--label`.
#[derive(Clone, Debug)]
pub(crate) struct Label {
    pub(crate) name: String,
    pub(crate) value: String,
}

impl FromStr for Label {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((FILE, _)) => {
                Err(format!("{FILE} is where make keeps its file: use another name"))
            }
            Some((name, value)) if !name.trim().is_empty() => {
                Ok(Self { name: name.to_owned(), value: value.to_owned() })
            }
            _ => Err("write name=value, such as tenant=acme".to_owned()),
        }
    }
}

/// Credits that are not below zero.
pub(super) fn amount(text: &str) -> std::result::Result<Credits, String> {
    match text.parse::<Credits>() {
        Ok(amount) if amount >= Credits::ZERO => Ok(amount),
        Ok(_) => Err("use an amount that is not below 0".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}
