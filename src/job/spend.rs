use serde::{Deserialize, Serialize};

use super::Job;
use crate::model::{Credits, Timestamp};

/// One entry of what a job spends. Entries are only ever added, and never change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SpendEvent {
    /// What happened.
    pub kind: SpendKind,
    /// How much, in the credits of the job's provider.
    pub amount: Credits,
    /// When.
    pub at: Timestamp,
    /// The run of the client that it counts for, where one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
}

/// What happened to credits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SpendKind {
    /// The most that a paid step and those after it may cost, before the first of them is sent.
    Reserved,
    /// What was taken in the end. It takes the place of what was reserved.
    Settled,
    /// What was reserved and not taken, or was given back.
    Refunded,
}

impl SpendKind {
    /// The kind in a word, as it is printed and stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reserved => "reserved",
            Self::Settled => "settled",
            Self::Refunded => "refunded",
        }
    }
}

impl std::fmt::Display for SpendKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl Job {
    /// What it has spent, entry by entry.
    pub fn spending(&self) -> &[SpendEvent] {
        &self.spending
    }

    /// What it counts for against a limit: what was taken or, before that is known, what was
    /// reserved.
    pub fn committed(&self) -> Credits {
        let mut committed = Credits::ZERO;
        let mut reserved = Credits::ZERO;
        for event in &self.spending {
            match event.kind {
                SpendKind::Reserved => reserved += event.amount,
                // What was reserved before is settled with it.
                SpendKind::Settled => {
                    committed += event.amount;
                    reserved = Credits::ZERO;
                }
                SpendKind::Refunded if reserved >= event.amount => reserved -= event.amount,
                SpendKind::Refunded => {
                    committed -= event.amount - reserved;
                    reserved = Credits::ZERO;
                }
            }
        }
        committed + reserved
    }

    /// When something was last reserved for it.
    pub fn reserved_at(&self) -> Option<Timestamp> {
        self.last_reserved().map(|event| event.at)
    }

    /// The run that its last reservation counts for.
    pub fn run(&self) -> Option<&str> {
        self.last_reserved()?.run.as_deref()
    }

    fn last_reserved(&self) -> Option<&SpendEvent> {
        self.spending.iter().rev().find(|event| event.kind == SpendKind::Reserved)
    }
}
