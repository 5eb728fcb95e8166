//! What a job waits for that was refused for now.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Job, Reason, StepState};
use crate::error::ErrorKind;

/// The field of a refusal by an edge that turns this client away, and not its request: what can be
/// changed about that.
pub(crate) const EDGE_REFUSES: &str = "http.header";

/// What a step waits for that was surely not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Need {
    /// The provider cannot be reached, or cannot answer.
    Network,
    /// The account has no room for now: too many calls, or all slots are taken.
    Capacity,
    /// Keys that the provider takes.
    Keys,
    /// Credits on the account.
    Credits,
    /// A plan or permissions that cover the call.
    Plan,
    /// Room under a spend cap.
    Cap,
}

impl Need {
    /// What is needed after a refusal of this kind; `None` where waiting helps nobody.
    pub(crate) fn of(kind: ErrorKind) -> Option<Self> {
        Some(match kind {
            // What a step works on was there, so a provider that does not know it lags behind.
            ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::NotFound => Self::Network,
            ErrorKind::RateLimited | ErrorKind::NoSlot | ErrorKind::Conflict => Self::Capacity,
            ErrorKind::Unauthorized | ErrorKind::NeedsCredentials => Self::Keys,
            ErrorKind::OutOfCredits => Self::Credits,
            ErrorKind::PlanLacks => Self::Plan,
            ErrorKind::OverCap => Self::Cap,
            _ => return None,
        })
    }

    /// What is needed after a refusal for this reason. Of a client that an edge turns away, nothing is
    /// wrong with the request.
    pub(crate) fn of_refusal(reason: &Reason) -> Option<Self> {
        let is_of_client = reason.field.as_deref() == Some(EDGE_REFUSES);
        Self::of(reason.kind).or(is_of_client.then_some(Self::Network))
    }

    /// Whether somebody has to see to it, so that nobody waits for it to pass.
    pub const fn is_somebodys(self) -> bool {
        matches!(self, Self::Keys | Self::Credits | Self::Plan | Self::Cap)
    }

    /// What it is, in a word or two.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Network => "the network",
            Self::Capacity => "capacity",
            Self::Keys => "keys",
            Self::Credits => "credits",
            Self::Plan => "the plan",
            Self::Cap => "room under a cap",
        }
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Job {
    /// What its next step waits for, where that was refused and can still be sent.
    pub fn needs(&self) -> Option<Need> {
        let step = self.current_step()?;
        let trouble = self.trouble.as_ref().filter(|_| step.state == StepState::Ready)?;
        Need::of_refusal(trouble)
    }

    /// Whether it rests until somebody has seen to what its next step needs.
    pub(crate) fn rests_for_somebody(&self) -> bool {
        self.needs().is_some_and(Need::is_somebodys)
    }
}
