//! Which spend cap left no room.

use serde::{Deserialize, Serialize};

use crate::model::{Credits, Timestamp};

/// A spend cap that leaves no room for a job, in its provider's credits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OverCap {
    /// Which cap.
    pub scope: CapScope,
    /// The most that may be spent under it.
    pub most: Credits,
    /// What is reserved and settled under it already.
    pub committed: Credits,
    /// The most that this job may cost.
    pub needed: Credits,
    /// When it has room again by itself: at the next midnight of UTC for a day's cap. `None` where
    /// only jobs that end below their price, or a higher cap, make room.
    pub room_at: Option<Timestamp>,
}

impl OverCap {
    pub(crate) fn new(
        scope: CapScope,
        most: Credits,
        committed: Credits,
        needed: Credits,
        room_at: Option<Timestamp>,
    ) -> Self {
        Self { scope, most, committed, needed, room_at }
    }
}

/// What a spend cap holds for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CapScope {
    /// One job.
    Request,
    /// All jobs of a run.
    Run,
    /// All jobs of a day, in UTC.
    Day,
    /// All jobs of the account.
    Account,
}
