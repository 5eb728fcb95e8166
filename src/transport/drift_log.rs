//! What answers have that their specs do not, logged once each.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use super::Operation;
use crate::json::Drift;

/// What was logged of an account's answers, so that a status that is read again and again logs a
/// difference once.
#[derive(Debug, Default)]
pub(super) struct DriftLog(Mutex<BTreeSet<(&'static str, String)>>);

/// A provider that writes more differences than these has changed beyond telling.
const MOST_LOGGED: usize = 200;

impl DriftLog {
    /// Logs what was left out of an answer.
    pub(super) fn log(&self, operation: &'static Operation, left_out: &[Drift]) {
        let mut logged = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for drift in left_out {
            let is_news = logged.len() < MOST_LOGGED
                && logged.insert((operation.id, format!("{} {}", drift.pointer, drift.expected)));
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
