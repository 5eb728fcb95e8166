//! Ids in answers: which of them can be asked for, and whether they are those of a step.

use crate::error::{Error, ErrorKind, Result};
use crate::job::StepRef;
use crate::plain::is_hidden;
use crate::secret::HIDDEN;
use crate::transport::PathSegment;

/// An answer that names another record than the one that was read says nothing of ours.
///
/// # Errors
/// [`ErrorKind::Decode`] for such an answer.
pub(crate) fn tells_of(step: StepRef<'_>, id: &str) -> Result<()> {
    names(id, step.id())
}

/// The same by the id that was read.
///
/// # Errors
/// [`ErrorKind::Decode`] for an answer that names another.
pub(crate) fn names(id: &str, asked: &str) -> Result<()> {
    if id.eq_ignore_ascii_case(asked) {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Decode, "the answer tells of another id than the one that was read"))
}

/// Whether an id can be asked for: no provider's has blanks, the marks of an address, or more than
/// some 40 characters, and none stands for nothing.
pub(super) fn is_usable(id: &str) -> bool {
    PathSegment::new("id", id).is_ok()
        && !id.contains(HIDDEN)
        && !id.contains(|c: char| c.is_whitespace() || is_hidden(c))
        && !stands_for_nothing(id)
}

/// What programs write where they have no id.
const NO_IDS: [&str; 12] = [
    "null",
    "nil",
    "none",
    "undefined",
    "unknown",
    "nan",
    "n/a",
    "true",
    "false",
    "default",
    "id",
    "{}",
];

/// Whether an id is one that a program writes in place of none. One that counts is above zero, and
/// whole.
fn stands_for_nothing(id: &str) -> bool {
    let is_number = id.bytes().all(|byte| byte.is_ascii_digit() || b"+-.".contains(&byte));
    let counts = |number: f64| number > 0.0 && number.fract() == 0.0;
    NO_IDS.contains(&&*id.to_ascii_lowercase())
        || id.bytes().all(|byte| b"0-".contains(&byte))
        || (is_number && id.parse().is_ok_and(|number: f64| !counts(number)))
}

/// The longest id or address that a free step leaves.
const LEFT_MAX_BYTES: usize = 16 << 10;

/// Whether a later step can name what a free step left: an id or an address.
pub(super) fn is_nameable(id: &str) -> bool {
    let is_odd = |c: char| c.is_whitespace() || is_hidden(c);
    let is_id = !id.is_empty() && !id.contains(is_odd) && !stands_for_nothing(id);
    is_id && id.len() <= LEFT_MAX_BYTES
}

/// The message for an answer whose id cannot be asked for.
pub(super) const UNREADABLE: &str = "the answer names no id that can be read";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_stands_for_nothing_is_none() {
        let nil = "00000000-0000-0000-0000-000000000000";
        for none in ["0", "0.0", "-1", "1.5", "NULL", "None", "undefined", "false", "", "-", nil] {
            assert!(!is_usable(none), "{none}");
            assert!(!is_nameable(none), "{none}");
        }
        for id in ["1", "5.0", "0a", "NTIz", "task_0", "1e5", "nullable", "7e5e8a6f-0000-4000"] {
            assert!(is_usable(id) && is_nameable(id), "{id}");
        }
    }
}
