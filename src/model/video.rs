use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Credits;

/// What a video cost, in its provider's credits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Cost {
    /// The amount.
    pub credits: Credits,
    /// How it is known.
    pub source: CostSource,
}

/// How a cost is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CostSource {
    /// The provider said so in the finished job.
    Reported,
    /// The provider reports no cost (Creatify), or not all of it: the most that its price table says.
    PriceTable,
}

/// What a job leaves behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Medium {
    /// A video.
    #[default]
    Video,
    /// A picture, where that was all that was asked for.
    Picture,
}

/// What a provider says of a finished video.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct VideoFacts {
    /// Whether it is a video.
    #[serde(default)]
    pub medium: Medium,
    /// Its address.
    pub url: String,
    /// The address of a still picture of it.
    pub poster: Option<String>,
    /// Its length, where the provider reports one.
    pub duration: Option<Duration>,
    /// What it cost.
    pub cost: Option<Cost>,
    /// The provider's whole answer.
    pub raw: serde_json::Value,
}
