//! What became of one free read, as data.

use serde::{Serialize, Serializer};

use super::Drift;
use crate::error::Error;
use crate::model::ProviderId;

/// What became of one free read. As JSON it has `provider`, `operation` and `result` (`ok`, `drift`,
/// `not_checked`, `failed`), with the differences as `drift` or the `reason` why there was nothing to
/// compare.
#[derive(Debug)]
#[non_exhaustive]
pub struct Checkup {
    /// The provider.
    pub provider: ProviderId,
    /// The operation, by its `operationId`.
    pub operation: &'static str,
    /// What became of it.
    pub finding: Finding,
}

/// What an answer was found to be.
#[derive(Debug)]
#[non_exhaustive]
pub enum Finding {
    /// The answer is as the spec says.
    Fits,
    /// The answer differs from the spec.
    Drifts(Vec<Drift>),
    /// It was not sent, and why: nothing gives an id to try it with, or nobody answers.
    NotChecked(String),
    /// No answer came, or none that is JSON.
    Failed(Error),
}

impl Checkup {
    /// Why there was no answer to compare, in a line that does not name the operation again.
    pub fn reason(&self) -> Option<String> {
        match &self.finding {
            Finding::Fits | Finding::Drifts(_) => None,
            Finding::NotChecked(reason) => Some(reason.clone()),
            Finding::Failed(error) => Some(self.told(error)),
        }
    }

    fn told(&self, error: &Error) -> String {
        let told = match error.root_cause() {
            Some(cause) => format!("{error} ({cause})"),
            None => error.to_string(),
        };
        let place = format!("{} {}: ", self.provider, self.operation);
        told.strip_prefix(&place).unwrap_or(&told).to_owned()
    }
}

impl Serialize for Checkup {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Line<'a> {
            #[serde(skip_serializing_if = "Option::is_none")]
            drift: Option<&'a [Drift]>,
            operation: &'a str,
            provider: ProviderId,
            #[serde(skip_serializing_if = "Option::is_none")]
            reason: Option<String>,
            result: &'a str,
        }
        let (result, drift) = match &self.finding {
            Finding::Fits => ("ok", Some(&[][..])),
            Finding::Drifts(drifts) => ("drift", Some(&**drifts)),
            Finding::NotChecked(_) => ("not_checked", None),
            Finding::Failed(_) => ("failed", None),
        };
        let Self { provider, operation, .. } = *self;
        Line { drift, operation, provider, reason: self.reason(), result }.serialize(serializer)
    }
}
