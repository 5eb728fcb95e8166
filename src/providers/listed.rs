//! What stands in a list, record by record: one that cannot be read hides no other.

use serde_json::Value;

use super::steps::is_usable;
use crate::digest::sha256;
use crate::error::{Error, ErrorKind, Result};
use crate::transport::Operation;

/// The records of one answer, each as it was received.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    pub(super) records: Vec<Value>,
    /// Whether it came in a form that nobody promised, so that it may be a part of the list.
    pub(super) may_be_cut: bool,
}

impl Listed {
    /// The records of an answer that should be a list. One that stands in an object, as a page of a
    /// list does, is read too.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`] where there is no list.
    pub(super) fn of(answer: Value, operation: &Operation) -> Result<Self> {
        let fields = match answer {
            Value::Array(records) => return Ok(Self { records, may_be_cut: false }),
            Value::Object(fields) => fields,
            _ => return Err(no_list(operation)),
        };
        let mut lists = fields.into_iter().filter_map(|(_, value)| match value {
            Value::Array(records) => Some(records),
            _ => None,
        });
        match (lists.next(), lists.next()) {
            (Some(records), None) => Ok(Self { records, may_be_cut: true }),
            _ => Err(no_list(operation)),
        }
    }
}

/// The records in a field of an answer's data. A list that is absent is empty.
///
/// # Errors
/// [`ErrorKind::Decode`] for an answer without data, or where the field is no list.
pub(super) fn records_in(
    mut answer: Value,
    field: &str,
    operation: &Operation,
) -> Result<Vec<Value>> {
    let Some(data) = answer.get_mut("data").filter(|data| data.is_object()) else {
        return Err(no_list(operation));
    };
    match data[field].take() {
        Value::Array(records) => Ok(records),
        Value::Null => Ok(Vec::new()),
        _ => Err(no_list(operation)),
    }
}

fn no_list(operation: &Operation) -> Error {
    Error::new(ErrorKind::Decode, "the answer holds no list")
        .with_provider(operation.provider)
        .with_operation(operation.id)
        .with_attempts(1, std::time::Duration::ZERO)
}

/// A record's id, which some services write as a number.
pub(super) fn id(record: &Value) -> Option<String> {
    let id = match &record["id"] {
        Value::String(id) => id.clone(),
        Value::Number(id) if id.is_u64() => id.to_string(),
        _ => return None,
    };
    is_usable(&id).then_some(id)
}

/// What stands in a field, as text. Our tag is the same in whatever it stands.
pub(super) fn text(record: &Value, field: &str) -> String {
    match &record[field] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        odd => odd.to_string(),
    }
}

/// Whether a field is a text, or has none.
pub(super) fn is_text(record: &Value, field: &str) -> bool {
    matches!(record[field], Value::Null | Value::String(_))
}

/// By what a record is known again on another page: its id, or a digest of all of it.
pub(super) fn identity(record: &Value) -> String {
    id(record).unwrap_or_else(|| sha256(record.to_string()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_record_without_an_id_is_known_by_a_short_digest_of_it() {
        assert_eq!(identity(&json!({ "id": 12, "title": "a" })), "12");
        let long = |end: &str| json!({ "id": "..", "title": "x".repeat(100_000) + end });
        assert_eq!(identity(&long("a")).len(), 64);
        assert_eq!(identity(&long("a")), identity(&long("a")));
        assert_ne!(identity(&long("a")), identity(&long("b")));
    }
}
