//! The records of a list, each read by itself: one that cannot be read hides no other.

use serde_json::Value;

use super::ids::is_usable;
use crate::digest::sha256;
use crate::error::{Error, ErrorKind, Result};
use crate::json::text_of_number;
use crate::plain::trimmed;
use crate::secret::Spelled;
use crate::transport::Operation;

/// The records of one answer, each as it was received.
#[derive(Clone, Debug)]
pub(super) struct Records {
    pub(super) records: Vec<Value>,
    /// Whether it came in a form that is not documented, so that it may be a part of the list.
    pub(super) may_be_cut: bool,
}

impl Records {
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

/// The records in a field of an answer's data. Some services write an empty list as `null`; where
/// the field is absent, nobody knows what there is.
///
/// # Errors
/// [`ErrorKind::Decode`] for an answer without data, or where the field is missing or no list.
pub(super) fn records_in(
    mut answer: Value,
    field: &str,
    operation: &Operation,
) -> Result<Vec<Value>> {
    let Some(data) = answer.get_mut("data").filter(|data| data.is_object()) else {
        return Err(no_list(operation));
    };
    match data.get_mut(field).map(Value::take) {
        Some(Value::Array(records)) => Ok(records),
        Some(Value::Null) => Ok(Vec::new()),
        _ => Err(no_list(operation)),
    }
}

fn no_list(operation: &Operation) -> Error {
    Error::new(ErrorKind::Decode, "the answer holds no list")
        .with_provider(operation.provider)
        .with_operation(operation.id)
        .with_attempts(1, std::time::Duration::ZERO)
}

/// A record's id, which some services write as a number, or with a blank beside it.
pub(super) fn id(record: &Value) -> Option<String> {
    let id = match &record["id"] {
        Value::String(id) => trimmed(id).to_owned(),
        Value::Number(id) => text_of_number(id)?,
        _ => return None,
    };
    is_usable(&id).then_some(id)
}

/// What stands in a field, as text, and behind it what that spells. Our tag is the same in whatever
/// it stands, and however a service has broken or escaped it.
pub(super) fn text(record: &Value, field: &str) -> String {
    let text = plain_text(record, field);
    let spelled = Spelled::of(&text);
    if spelled.letters().eq_ignore_ascii_case(&text) {
        text
    } else {
        text + "\n" + spelled.letters()
    }
}

/// What stands in a field, as text.
pub(super) fn plain_text(record: &Value, field: &str) -> String {
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

/// What recognises a record on another page: its id, or a digest of all of it.
pub(super) fn identity(record: &Value) -> String {
    id(record).unwrap_or_else(|| sha256(record.to_string()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_id_is_read_in_whichever_form_it_is_written_and_none_is_made_up() {
        for (written, read) in [
            (json!("v1"), Some("v1")),
            (json!(" v1\n"), Some("v1")),
            (json!("\u{feff}v1\u{200b}"), Some("v1")),
            (json!(5), Some("5")),
            (json!(5.0), Some("5")),
            (json!(1e3), Some("1000")),
            (json!(-5), None),
            (json!(u64::MAX), Some("18446744073709551615")),
            (json!(5.5), None),
            (json!(1e20), None),
            (json!("v 1"), None),
            (json!(" "), None),
            (json!(true), None),
        ] {
            assert_eq!(id(&json!({ "id": written })).as_deref(), read, "{written}");
        }
    }

    #[test]
    fn our_tag_is_found_however_a_service_has_written_it() {
        let tag = "ar-01KXQ4T5R8C2V6B1N0M3Z7Y9WA-1";
        for title in [
            tag.to_owned(),
            format!("Roast {tag} 2"),
            tag.to_lowercase(),
            tag.replace('-', "-\u{200b}"),
            tag.replace("KX", "K\u{ad}X"),
            tag.replace('-', "&#45;"),
            tag.replace('-', "&amp;hyphen;"),
            tag.replace('-', "%2D"),
            tag.replace("WA", "\r\nWA"),
            format!("&lt;Roast {}&gt;", tag.replace('-', "\\u002d")),
        ] {
            let text = text(&json!({ "title": title }), "title");
            assert!(crate::providers::list_search::carries(&text, tag), "{title}");
        }
        for title in [format!("{tag}2"), tag.replace("-1", "-12"), tag.replace("WA", "")] {
            let text = text(&json!({ "title": title }), "title");
            assert!(!crate::providers::list_search::carries(&text, tag), "{title}");
        }
        assert_eq!(
            plain_text(&json!({ "url": "https://x.example/a b" }), "url"),
            "https://x.example/a b"
        );
    }

    #[test]
    fn a_list_that_is_absent_is_not_an_empty_one() {
        let read = |data: Value| records_in(json!({ "data": data }), "videos", &LIST);
        assert_eq!(read(json!({ "videos": [1] })).unwrap(), [json!(1)]);
        assert!(read(json!({ "videos": [] })).unwrap().is_empty());
        assert!(read(json!({ "videos": null })).unwrap().is_empty());
        for odd in
            [json!({}), json!({ "list": [1] }), json!({ "videos": {} }), json!([]), json!(null)]
        {
            assert_eq!(read(odd).unwrap_err().kind(), ErrorKind::Decode);
        }
    }

    static LIST: Operation = Operation {
        provider: crate::ProviderId::Jogg,
        id: "list_product_videos",
        method: "GET",
        path: "/v2/product_videos",
        paid: false,
        replay: crate::transport::Replay::Always,
        refused: &[],
        timeout: std::time::Duration::from_secs(1),
        request_fields: &[],
        answer: &crate::json::Shape::Any,
        gives_secret: false,
    };

    #[test]
    fn a_record_without_an_id_is_known_by_a_short_digest_of_it() {
        assert_eq!(identity(&json!({ "id": 12, "title": "a" })), "12");
        let long = |end: &str| json!({ "id": "..", "title": "x".repeat(100_000) + end });
        assert_eq!(identity(&long("a")).len(), 64);
        assert_eq!(identity(&long("a")), identity(&long("a")));
        assert_ne!(identity(&long("a")), identity(&long("b")));
    }
}
