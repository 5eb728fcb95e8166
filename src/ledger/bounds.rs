//! The limits that one write has to keep to.

use super::SpendLimit;
use crate::model::{Credits, Timestamp};

/// Within what a job may be stored. Default: no bounds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Bounds {
    /// Limits on what is spent. Each one holds.
    pub spend: Vec<SpendLimit>,
    /// How many slots the account has.
    pub slots: Option<Slots>,
}

impl Bounds {
    /// No bounds.
    pub fn none() -> Self {
        Self::default()
    }

    /// Limits on what is spent.
    pub fn spending(limits: impl IntoIterator<Item = SpendLimit>) -> Self {
        Self { spend: limits.into_iter().collect(), slots: None }
    }

    /// Only if the account has a slot left.
    #[must_use]
    pub fn slots(mut self, slots: Slots) -> Self {
        self.slots = Some(slots);
        self
    }

    /// Whether there are none.
    pub fn is_none(&self) -> bool {
        self.spend.is_empty() && self.slots.is_none()
    }
}

/// How many jobs of an account its provider works on at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Slots {
    /// Fewer other jobs of the account than this may take a slot.
    pub most: u32,
    /// The present: who has [no slot for longer](crate::Job::slot_until) than this takes none.
    pub now: Timestamp,
}

impl Slots {
    /// So many slots, at this time.
    pub fn new(most: u32, now: Timestamp) -> Self {
        Self { most, now }
    }
}

/// What became of a job that was to be stored within bounds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stored {
    /// It is stored.
    Yes,
    /// Somebody else stored first; nothing was written.
    Overtaken,
    /// It would break a limit on what is spent; nothing was written.
    #[non_exhaustive]
    Over {
        /// Which one.
        limit: SpendLimit,
        /// What the other jobs that count for it come to.
        others: Credits,
    },
    /// The account has no slot left; nothing was written.
    #[non_exhaustive]
    Full {
        /// How many slots the account's other jobs take.
        taken: u32,
    },
}

impl Stored {
    /// The answer for a limit that would be broken.
    pub fn over(limit: SpendLimit, others: Credits) -> Self {
        Self::Over { limit, others }
    }

    /// The answer where no slot is left.
    pub fn full(taken: u32) -> Self {
        Self::Full { taken }
    }
}
