//! What a job leaves behind, and what it cost.

use std::fmt;
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

impl Cost {
    /// How many times the most that a plan may cost a provider may say. Prices change, and units
    /// are taken for each other (a dollar is a hundred of BeatAPI's credits); beyond that it is a
    /// mistake, which would take up a cap for good.
    const BELIEVED_TIMES: u32 = 100;

    /// What a provider says of a cost, where that can be: `most` is the most that the job's plan
    /// may cost. What is negative or absurd is none: it counts as not reported, so that the most
    /// is settled.
    pub(crate) fn reported(credits: Credits, most: Credits) -> Option<Self> {
        // The bound itself is what anything beyond it was read as.
        let bound = match most.times(Self::BELIEVED_TIMES) {
            // A plan whose price is not known at all says nothing.
            bound if bound <= Credits::ZERO => Credits::MOST,
            bound => bound,
        };
        let is_believed = credits >= Credits::ZERO && credits <= bound && credits < Credits::MOST;
        is_believed.then_some(Self { credits, source: CostSource::Reported })
    }
}

/// `4.5 credits`, or `at most 4 credits` where the provider does not say. What a credit is worth
/// is the provider's: BeatAPI counts in dollars.
impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bound = match self.source {
            CostSource::Reported => "",
            CostSource::PriceTable => "at most ",
        };
        let noun = if self.credits == Credits::whole(1) { "credit" } else { "credits" };
        write!(f, "{bound}{} {noun}", self.credits)
    }
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
    /// The provider's whole answer, without the account's keys; null where it has more than 256 KiB.
    pub raw: serde_json::Value,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cost_that_cannot_be_is_not_believed() {
        let reported = |text: &str, most: u32| {
            let credits = serde_json::from_str(text).unwrap();
            Cost::reported(credits, Credits::whole(most)).map(|cost| cost.credits.to_string())
        };
        assert_eq!(reported("4.5", 12).as_deref(), Some("4.5"));
        assert_eq!(reported("0", 12).as_deref(), Some("0"));
        // More than was expected is taken as it is.
        assert_eq!(reported("15", 12).as_deref(), Some("15"));
        assert_eq!(reported("1200", 12).as_deref(), Some("1200"));
        for text in ["-0.01", "-3", "1200.01", "1e9", "1e25", "-1e25"] {
            assert_eq!(reported(text, 12), None, "{text}");
        }
        // Where no price is known, what is said is all there is.
        assert_eq!(reported("500", 0).as_deref(), Some("500"));
        assert_eq!(reported("1e9", 0), None);
        assert_eq!(reported("-1", 0), None);
    }
}
