//! What a job will do and cost, before anything is paid for.

use serde::{Deserialize, Serialize};

use super::Account;
use crate::model::{Credits, Medium};

/// What a job will do, before anything is paid for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Plan {
    /// The account that it runs on.
    pub account: Account,
    /// Its steps, in order.
    pub steps: Vec<PlannedStep>,
    /// The images in the request's order, as far as the provider uses them.
    pub images: Vec<PlannedMedia>,
    /// The track, where the provider makes a music video of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub track: Option<PlannedMedia>,
    /// What the provider calls the record of which something is made anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The prompt as it is sent, with the fields that join it.
    pub prompt: Option<String>,
    /// The length that is asked for, in seconds; `None` where the provider decides.
    pub duration_secs: Option<u32>,
    /// Defaults that were chosen, such as an avatar. They are frozen with the job.
    pub choices: Vec<Choice>,
    /// What becomes of fields that are not simply sent.
    pub notes: Vec<Note>,
    /// What it will cost.
    pub cost: Estimate,
}

impl Plan {
    /// Whether a video comes of it, or a picture alone.
    pub fn medium(&self) -> Medium {
        match self.steps.last().map(|step| step.operation.as_str()) {
            Some("gen_image" | "regen_image") => Medium::Picture,
            _ => Medium::Video,
        }
    }

    /// The value that was chosen for a field.
    pub(crate) fn choice(&self, field: &str) -> Option<&str> {
        self.choices.iter().find(|choice| choice.field == field).map(|choice| &*choice.value)
    }
}

/// One step of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PlannedStep {
    /// The operation, by its `operationId`, or `host_asset` or `upload_track`.
    pub operation: String,
    /// Whether it spends credits.
    pub paid: bool,
    /// The image that it uploads, by its index in the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<usize>,
    /// The most that a paid step is expected to cost, in the provider's credits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credits: Option<Credits>,
}

impl PlannedStep {
    pub(crate) fn free(operation: &str) -> Self {
        Self { operation: operation.to_owned(), paid: false, image: None, credits: None }
    }

    pub(crate) fn paid(operation: &str, most: Credits) -> Self {
        Self { paid: true, credits: Some(most), ..Self::free(operation) }
    }

    pub(crate) fn for_image(operation: &str, index: usize) -> Self {
        Self { image: Some(index), ..Self::free(operation) }
    }
}

/// Where an image or the track of a plan comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PlannedMedia {
    /// The provider fetches it from here.
    Url(String),
    /// It is uploaded first.
    #[non_exhaustive]
    Upload {
        /// The digest of its bytes: a file that changes afterwards is not uploaded.
        sha256: String,
        /// Its type, such as `image/png`.
        media_type: String,
        /// Its size.
        size_bytes: u64,
    },
}

/// A default that was chosen for a field that the caller left open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Choice {
    /// The field, such as `jogg.avatar`.
    pub field: String,
    /// The value, as it is sent.
    pub value: String,
    /// The value for people, such as the avatar's name.
    pub label: String,
}

/// What becomes of a field that is not simply sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Note {
    /// The field, such as `product.page_url`.
    pub field: String,
    /// What becomes of it.
    pub text: String,
    /// Whether what was asked for is lost, which `strict` makes an error.
    pub ignored: bool,
}

/// What a job will cost, in its provider's credits. Credits of one provider are not those of
/// another, and those of a BeatAPI account are dollars by its newer contract.
///
/// It is made of these prices and of nothing else:
///
#[doc = include_str!("../prices.md")]
///
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Estimate {
    /// The least.
    pub low: Credits,
    /// The most.
    pub high: Credits,
    /// Where the price stands, and when it was read.
    pub source: String,
    /// How sure it is.
    pub confidence: Confidence,
}

/// How sure a price is. A later one is less sure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Confidence {
    /// The provider's documentation states it.
    Documented,
    /// It is derived from examples or from conflicting pages.
    Derived,
    /// Part of it is not known: an option whose price is nowhere stated, or a unit that cannot be
    /// told. The most is then that of what is known, and a cap refuses it unless that is
    /// [allowed](crate::policy::Caps::allow_unknown_cost).
    Unknown,
}
