//! How far a job and each of its steps have come.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How far a job has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Stage {
    /// Nothing was paid for yet.
    Ready,
    /// A paid call is on its way, or its answer was lost and is being looked for.
    Submitting,
    /// The provider has accepted it.
    Running,
    /// The provider waits for a decision.
    NeedsAction,
    /// The video is there to be fetched.
    Rendered,
    /// The video was saved.
    Done,
    /// The provider refused it or gave it up.
    Failed,
    /// It may have been paid for, which could not be proved; it is held until somebody decides.
    Uncertain,
    /// The provider accepted it and no longer knows it.
    Lost,
}

impl Stage {
    /// The stage in a word, as it is printed and stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Submitting => "submitting",
            Self::Running => "running",
            Self::NeedsAction => "needs_action",
            Self::Rendered => "rendered",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Uncertain => "uncertain",
            Self::Lost => "lost",
        }
    }
}

impl Stage {
    /// Every stage.
    pub const ALL: [Self; 9] = [
        Self::Ready,
        Self::Submitting,
        Self::Running,
        Self::NeedsAction,
        Self::Rendered,
        Self::Done,
        Self::Failed,
        Self::Uncertain,
        Self::Lost,
    ];

    /// Whether nothing more will happen to the job. A lost one may turn up again.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Failed)
    }
}

/// The text was no stage's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownStage(String);

impl fmt::Display for UnknownStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = Stage::ALL.map(Stage::as_str).join(", ");
        write!(f, "{:?} is no stage: use one of {words}", self.0)
    }
}

impl std::error::Error for UnknownStage {}

impl FromStr for Stage {
    type Err = UnknownStage;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|stage| stage.as_str() == text);
        known.ok_or_else(|| UnknownStage(text.to_owned()))
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How far a step has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StepState {
    /// It can be sent.
    Ready,
    /// It is being sent, or was when the process ended.
    Submitting,
    /// Its answer was lost; what became of it is being looked up.
    Unknown,
    /// The provider accepted it and works on it.
    Running,
    /// It is done.
    Succeeded,
    /// It was refused or given up.
    Failed,
    /// Nothing could be proved; it is held.
    Uncertain,
    /// It was accepted, and the provider no longer knows it.
    Lost,
}

impl fmt::Display for StepState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ready => "ready",
            Self::Submitting => "submitting",
            Self::Unknown => "unknown",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Uncertain => "uncertain",
            Self::Lost => "lost",
        })
    }
}
