use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use super::Operation;

/// Something in an answer that is not as its spec says. Its text is never part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Drift {
    /// Where, as a JSON pointer in which `*` stands for a place in a list.
    pub(crate) pointer: String,
    pub(crate) expected: &'static str,
}

impl Drift {
    /// That the answer as a whole is something else.
    pub(super) fn of_all(expected: &'static str) -> Self {
        Self { pointer: String::new(), expected }
    }
}

impl std::fmt::Display for Drift {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let pointer = if self.pointer.is_empty() { "the answer" } else { &self.pointer };
        write!(f, "{pointer} is not {}", self.expected)
    }
}

/// What was told of an account's answers, so that a status that is read again and again tells of a
/// difference once.
#[derive(Debug, Default)]
pub(super) struct Told(Mutex<BTreeSet<(&'static str, String)>>);

/// A provider that writes more differences than these has changed beyond telling.
const MOST_TOLD: usize = 200;

impl Told {
    /// Logs what was left out of an answer.
    pub(super) fn tell(&self, operation: &'static Operation, left_out: &[Drift]) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for drift in left_out {
            let is_news = told.len() < MOST_TOLD
                && told.insert((operation.id, format!("{} {}", drift.pointer, drift.expected)));
            if is_news {
                tracing::warn!(
                    provider = %operation.provider,
                    operation = operation.id,
                    %drift,
                    "left out of an answer: update adreel, or tell its makers"
                );
            }
        }
    }
}
