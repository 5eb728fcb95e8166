//! What the spec says of a call, and ids that stand in its path.

use std::time::Duration;

use crate::json::Shape;
use crate::model::ProviderId;

/// One call of a provider's API, and what the transport must know of it.
///
/// Every entry stands in the provider's spec under `x-adreel`, and nowhere else.
#[derive(Debug)]
#[non_exhaustive]
pub struct Operation {
    /// Whose operation it is.
    pub provider: ProviderId,
    /// The `operationId`, which is also the name of the client's method.
    pub id: &'static str,
    /// The HTTP method.
    pub method: &'static str,
    /// The path template.
    pub path: &'static str,
    /// Whether it spends credits when accepted.
    pub paid: bool,
    /// Whether it is safe to send again.
    pub replay: Replay,
    /// Statuses and business codes that prove that nothing was accepted. Any other answer but
    /// success leaves that unknown.
    pub refused: &'static [u32],
    /// How long one attempt may take.
    pub timeout: Duration,
    /// The fields of the request body that the spec knows.
    pub request_fields: &'static [&'static str],
    /// What its answer looks like.
    pub(crate) answer: &'static Shape,
    /// Whether its answer gives the secret of a webhook, which then is what was asked for.
    pub(crate) gives_secret: bool,
}

/// Whether an operation is safe to send again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Replay {
    /// Always.
    Always,
    /// Never: a repeat makes a second job and is paid a second time.
    Never,
    /// With the same idempotency key, where the account honours it.
    IdempotencyKey,
}

/// A value of a path parameter, which can stand for one segment and nothing else.
///
/// The generated client percent-encodes path parameters but leaves `.`, `..` and `\` alone, which
/// URL parsing then resolves: `get_task("..")` would call another operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PathSegment(String);

impl PathSegment {
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) naming the parameter.
    pub(crate) fn new(parameter: &'static str, value: &str) -> crate::error::Result<Self> {
        let is_dots = value.chars().all(|c| c == '.');
        let breaks_out = |c: char| matches!(c, '/' | '\\' | '?' | '#' | '%') || c.is_control();
        if is_dots || value.len() > 256 || value.chars().any(breaks_out) {
            let message = format!("{value:?} is not an id of this provider");
            return Err(crate::error::Error::invalid(parameter, message));
        }
        Ok(Self(value.to_owned()))
    }
}

impl std::fmt::Display for PathSegment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_plain_segment_is_taken() {
        for id in ["task_p9Lm2", "7e5e8a6f-d0d5-4736-b390-03e696ffc969", "NTIzMzc0NjI5", "a.b"] {
            assert_eq!(PathSegment::new("id", id).unwrap().to_string(), id);
        }
        for id in ["", ".", "..", "...", "a/b", "a\\b", "..\\x", "a?b", "a#b", "%2e%2e", "a\nb"] {
            let error = PathSegment::new("id", id).unwrap_err();
            assert_eq!(error.field(), Some("id"), "{id:?}");
        }
    }
}
