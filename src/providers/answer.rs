//! Words, ids, links and waits in an answer, whatever form its JSON has. Nothing here fails.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::Value;

use crate::secret::HIDDEN;
use crate::transport::wait_of;

/// A text or a number, as text; `None` for anything else, and for nothing.
pub(super) fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The first of these fields that holds a text or a number.
pub(super) fn first_word(body: &Value, fields: &[&str]) -> Option<String> {
    fields.iter().find_map(|field| word(&body[*field]))
}

/// All that a value says, in the order in which it says it, without the marks of JSON.
pub(super) fn sentence(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let said = items.iter().map(sentence).filter(|text| !text.is_empty());
            said.collect::<Vec<_>>().join("; ")
        }
        Value::Object(fields) => fields.iter().fold(String::new(), |mut line, (name, value)| {
            let said = sentence(value);
            if !said.is_empty() {
                let separator = if line.is_empty() { "" } else { "; " };
                let _ = write!(line, "{separator}{name}: {said}");
            }
            line
        }),
        other => other.to_string(),
    }
}

/// Whether there is a text anywhere in a value. Numbers, flags and empty fields say nothing.
pub(super) fn has_text(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(items) => items.iter().any(has_text),
        Value::Object(fields) => fields.values().any(has_text),
        _ => false,
    }
}

/// Whether all fields of an object but these are empty: a refusal made nothing, so it holds nothing
/// else.
pub(super) fn says_only(value: &Value, names: &[&str]) -> bool {
    let is_named =
        |(name, value): (&String, &Value)| names.contains(&&**name) || !says_something(value);
    value.as_object().is_some_and(|fields| fields.iter().all(is_named))
}

/// Whether a value is more than an empty one, however that is written.
pub(super) fn says_something(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Bool(true) => true,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(items) => items.iter().any(says_something),
        Value::Object(fields) => fields.values().any(says_something),
    }
}

/// Whether a value is something that was made, or holds its id, however deep: no answer that
/// refuses a call shows what the call has made.
pub(super) fn has_id(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(has_id),
        Value::Object(fields) => {
            fields.iter().any(|(name, value)| is_id(name, value) || has_id(value))
        }
        _ => false,
    }
}

/// Whether a field holds an id. Those of the request are no thing's, and a sentence is no id.
fn is_id(name: &str, value: &Value) -> bool {
    let ends = ["_id", "-id", "Id", "ID", "_uuid", "-uuid", "Uuid", "UUID"];
    let is_named = matches!(name, "id" | "uuid") || ends.iter().any(|end| name.ends_with(end));
    let of_request = ["request", "trace", "span", "correlation"];
    let is_requests = of_request.iter().any(|word| name.to_ascii_lowercase().starts_with(word));
    is_named && !is_requests && word(value).is_some_and(|word| !word.contains(char::is_whitespace))
}

/// The longest address that is taken for one: signed ones have a few thousand bytes.
const LINK_MAX_BYTES: usize = 16 << 10;

/// The address of a file, as a field says it: `None` for nothing and for what is none.
pub(super) fn link(text: Option<&String>) -> Option<String> {
    let text = text?.trim();
    // Without the key that it held it leads nowhere.
    let is_whole = !text.is_empty() && text.len() <= LINK_MAX_BYTES && !text.contains(HIDDEN);
    let url = url::Url::parse(Some(text).filter(|_| is_whole)?).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then(|| url.into())
}

/// A wait in seconds, also as a fraction or as text: of a day at the most, and none where it says
/// zero or less.
pub(super) fn wait(value: &Value) -> Option<Duration> {
    wait_of(word(value)?.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn any_json_says_something_in_words() {
        assert_eq!(sentence(&json!(["a", null, ["b", 7]])), "a; b; 7");
        assert_eq!(sentence(&json!({"a": ["b"], "c": {"d": true}})), "a: b; c: d: true");
        assert_eq!(sentence(&json!([{}, []])), "");
        assert_eq!(sentence(&json!({"data": null, "errors": [], "a": {"b": ""}, "c": 1})), "c: 1");
        assert_eq!(first_word(&json!({"a": " ", "b": 7}), &["a", "b"]).as_deref(), Some("7"));
        assert_eq!(first_word(&json!([1]), &["a"]), None);
    }

    #[test]
    fn texts_speak_and_ids_are_those_of_things() {
        for silent in [json!(null), json!(false), json!(429), json!({"a": [" ", {"b": 7}]})] {
            assert!(!has_text(&silent), "{silent}");
        }
        assert!(has_text(&json!({"a": [{"b": "no"}]})));
        for thing in [
            json!({"id": "task_1"}),
            json!({"video_id": 7, "status": "processing"}),
            json!({"detail": "no", "record": {"uuid": "7e5e8a6f"}}),
            json!(["a warning", [{"videoId": "v"}]]),
        ] {
            assert!(has_id(&thing), "{thing}");
        }
        for other in [
            json!({"id": null}),
            json!({"request_id": "req_1"}),
            json!({"avatar_id": []}),
            json!({"link_id": "no such link"}),
        ] {
            assert!(!has_id(&other), "{other}");
        }
    }

    #[test]
    fn an_answer_with_more_than_a_refusal_may_have_made_something() {
        let is_all = |value: Value| says_only(&value, &["msg"]);
        for nothing in [json!(null), json!(0), json!(""), json!(false), json!([{ "a": " " }])] {
            assert!(is_all(json!({ "msg": "no", "data": nothing })), "{nothing}");
        }
        for something in [json!(7), json!("v1"), json!(true), json!([0.5]), json!({ "a": ["b"] })] {
            assert!(!is_all(json!({ "msg": "no", "data": something })), "{something}");
        }
        assert!(!is_all(json!(["no"])) && !is_all(json!("no")));
    }

    #[test]
    fn a_wait_is_read_in_all_its_forms_and_never_overflows() {
        for value in [json!(30), json!(30.0), json!("30"), json!(" 30 ")] {
            assert_eq!(wait(&value).unwrap().as_secs(), 30, "{value}");
        }
        assert_eq!(wait(&json!("1.5")), Some(Duration::from_millis(1500)));
        assert_eq!(wait(&json!(u64::from(u32::MAX))).unwrap().as_secs(), 86_400, "a day at most");
        let numbers = [json!(-1), json!(0), json!(0.0), json!(1e308), json!("NaN"), json!("-inf")];
        for value in numbers.into_iter().chain([json!("soon"), json!(null), json!([])]) {
            assert_eq!(wait(&value), None, "{value}");
        }
    }
}
