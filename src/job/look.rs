//! What a look for a step with a lost answer showed, and what is kept of it.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Offer, Reason};
use crate::model::Timestamp;

/// A look for a step whose answer was lost: what was seen, and by whom. What that means is decided
/// in one place, when it is [applied](super::apply).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Look {
    /// When it began. What arrived after that it cannot have seen.
    pub begun: Timestamp,
    /// By which keys it was made: a fingerprint, from which nothing of them can be read.
    pub keys: Option<String>,
    /// What was seen.
    pub seen: Seen,
}

impl Look {
    /// A look that began at a time, by keys with this fingerprint.
    pub fn new(begun: Timestamp, keys: Option<String>, seen: Seen) -> Self {
        Self { begun, keys, seen }
    }
}

/// What a look saw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Seen {
    /// The step is there.
    Found {
        /// The provider's id of it.
        resource: String,
        /// When to read the status first; `None` for a synchronous step, which is done.
        poll_after: Option<Duration>,
        /// What has to be chosen from before the next step.
        offers: Vec<Offer>,
        /// Further ids that are the same step's.
        others: Vec<String>,
        /// Why there may be a second one.
        doubt: Option<String>,
    },
    /// It is not among what was read. That never proves that it is not there.
    Nothing(Survey),
    /// The provider is still at it.
    Busy,
    /// The look failed.
    Failed(Reason),
}

/// What was looked through without finding a step.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Survey {
    /// How many records were read.
    pub records: u32,
    /// When the oldest of them was made.
    pub back_to: Option<Timestamp>,
    /// How much such a look can tell.
    pub reach: Reach,
}

/// How much a look can tell that did not find what it looked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reach {
    /// It went, the newest first, past what is older than the call, and nothing on the way could
    /// be the step.
    Whole,
    /// It did not, for this reason.
    Partial(String),
    /// What was read would show the step in the end, but never that it is not there, for this
    /// reason.
    PresenceOnly(String),
    /// Nothing that can be read would show it, for this reason.
    Never(String),
}

impl Default for Reach {
    fn default() -> Self {
        Self::Partial("it was not looked for".to_owned())
    }
}

/// What is kept of the last look that did not find a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Evidence {
    /// When the look began.
    pub looked_at: Timestamp,
    /// Whether it was made by the keys that had sent the step.
    pub by_same_keys: bool,
    /// What was looked through; `None` where the look failed.
    pub survey: Option<Survey>,
    /// What it failed with, where it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// How many such looks there were since the step was sent.
    pub looks: u32,
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let looks = if self.looks == 1 { "look" } else { "looks" };
        write!(f, "{} {looks}, the last ", self.looks)?;
        match &self.survey {
            None => match &self.failure {
                Some(why) => write!(f, "failed: {why}")?,
                None => f.write_str("failed")?,
            },
            Some(Survey { reach: Reach::Never(why), .. }) => write!(f, "could not tell: {why}")?,
            Some(Survey { records, back_to, reach }) => {
                let noun = if *records == 1 { "record" } else { "records" };
                write!(f, "at {records} {noun}")?;
                if let Some(back_to) = back_to {
                    write!(f, " back to {back_to}")?;
                }
                match reach {
                    Reach::Partial(why) => write!(f, ", not whole: {why}")?,
                    Reach::PresenceOnly(why) => write!(f, ", which shows presence only: {why}")?,
                    _ => f.write_str(", whole")?,
                }
            }
        }
        match self.by_same_keys {
            true => Ok(()),
            false => f.write_str(", by keys that may be another account's"),
        }
    }
}
