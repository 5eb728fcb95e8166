//! Reading the JSON of an answer whatever its form: words, ids, links, waits, reasons. Nothing here fails.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::Value;

use crate::secret::HIDDEN;
use crate::transport::wait_of;
use crate::words::words;

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

/// Whether an object says nothing but what is named here: whoever refuses a call has made nothing, and
/// so has nothing else to say.
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

/// Whether a value is something that was made, or holds its id, however deep: no answer that refuses
/// a call shows what the call has made.
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

/// Names under which services say why something failed, and nothing else, the plainest first.
const FAILURES: [&str; 14] = [
    "error_message",
    "err_msg",
    "error_msg",
    "fail_msg",
    "failed_reason",
    "failure_reason",
    "fail_reason",
    "failure_message",
    "reject_reason",
    "rejection_reason",
    "error",
    "errors",
    "failure",
    "err",
];

/// Names that say it in a record that failed or in what it says of its failure. Elsewhere they stand
/// for anything, such as the words of an advertisement.
const REMARKS: [&str; 6] = ["reason", "message", "msg", "detail", "details", "status_message"];

/// How deep in a record a reason is looked for.
const DEEPEST: u32 = 4;

/// Why the record in an answer's `data` says that it failed, wherever in it that stands; else what
/// the answer says beside it.
pub(super) fn reason_in(answer: &Value) -> Option<String> {
    reason(&answer["data"]).or_else(|| named(answer, true, DEEPEST))
}

/// Why a record says that it failed, wherever in it that stands.
pub(super) fn reason(record: &Value) -> Option<String> {
    reason_within(record, true, DEEPEST)
}

/// `has_failed` is whether all of a value is about the failure. Of a list the last is the newest; a
/// list may tell of earlier attempts, so what stands in none goes first.
fn reason_within(value: &Value, has_failed: bool, depth: u32) -> Option<String> {
    let below = depth.checked_sub(1)?;
    if let Value::Array(items) = value {
        return items.iter().rev().find_map(|item| reason_within(item, has_failed, below));
    }
    let fields = value.as_object()?;
    let parts = fields.values().filter(|part| part.is_object());
    let lists = fields.values().filter(|part| part.is_array());
    named(value, has_failed, depth)
        .or_else(|| parts.chain(lists).find_map(|part| reason_within(part, false, below)))
}

/// What stands in a value under the names of reasons.
fn named(value: &Value, has_failed: bool, depth: u32) -> Option<String> {
    let below = depth.checked_sub(1)?;
    let fields = value.as_object()?;
    let told = |name: &&str| {
        let said = fields.get(*name).filter(|said| tells(said))?;
        reason_within(said, true, below).or_else(|| Some(sentence(said)))
    };
    let remarks = REMARKS.iter().filter(|_| has_failed);
    FAILURES.iter().chain(remarks).find_map(told)
}

/// Whether a text that says why something failed stands anywhere in a value.
fn tells(value: &Value) -> bool {
    match value {
        Value::String(text) => !is_empty_word(text),
        Value::Array(items) => items.iter().any(tells),
        Value::Object(fields) => fields.values().any(tells),
        _ => false,
    }
}

/// Words that say that there is no failure.
const WELL: [&str; 26] = [
    "success",
    "successful",
    "successfully",
    "succeeded",
    "ok",
    "okay",
    "none",
    "no error",
    "no errors",
    "null",
    "nil",
    "undefined",
    "n/a",
    "true",
    "false",
    "accepted",
    "created",
    "submitted",
    "queued",
    "pending",
    "processing",
    "running",
    "completed",
    "done",
    "成功",
    "处理中",
];

/// Words that say of a failure only that there is one.
const FAILED: [&str; 4] = ["fail", "failed", "failure", "error"];

/// A text without what stands around its words.
fn bare(text: &str) -> String {
    let around = |c: char| c.is_whitespace() || ".!:;,-\"'()[]。！".contains(c);
    words(text).to_lowercase().trim_matches(around).to_owned()
}

/// Whether a word says that nothing failed. Zero says so too.
fn is_well(word: &str) -> bool {
    let is_zero = || word.parse::<f64>().is_ok_and(|number| number == 0.0);
    word.is_empty() || WELL.contains(&word) || is_zero()
}

/// Whether a text says that something failed.
pub(super) fn says_failure(text: &str) -> bool {
    !is_well(&bare(text))
}

/// Whether a text gives no reason, nor a code of one.
fn is_empty_word(text: &str) -> bool {
    let word = bare(text);
    is_well(&word) || FAILED.contains(&&*word)
}

/// The code that a record gives with its failure. That of an answer that went well is none.
pub(super) fn failure_code(record: &Value) -> Option<String> {
    let codes = ["error_code", "err_code", "failure_code", "code"];
    [record, &record["error"]].into_iter().find_map(|part| {
        let code = |name: &&str| word(&part[*name]).filter(|code| !is_empty_word(code));
        codes.iter().find_map(code).filter(|code| code != "200")
    })
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
    fn whoever_says_more_than_that_it_refuses_may_have_made_something() {
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
    fn a_reason_is_one_of_the_failure_and_no_other_word() {
        let told = |record: Value| reason(&record).unwrap_or_default();
        let bad = "bad avatar";
        // What means a failure is found wherever it stands.
        assert_eq!(told(json!({ "output": { "error": { "message": bad } } })), bad);
        assert_eq!(told(json!({ "output": { "fail_msg": [bad] } })), bad);
        assert_eq!(told(json!({ "message": { "text": bad } })), format!("text: {bad}"));
        // What may mean anything is not, outside of what failed.
        for name in REMARKS {
            let record =
                json!({ "script": { name: "Buy now!" }, "output": [{ name: "50 % off" }] });
            assert_eq!(reason(&record), None, "{name}");
            assert_eq!(told(json!({ name: bad })), bad);
            assert_eq!(told(json!({ "failure": { name: bad } })), bad);
        }
        // Of several attempts the last counts, and what is outside of the list counts more.
        let attempts = json!([{ "error": "old" }, { "error": bad }, { "error": null }]);
        assert_eq!(told(json!({ "attempts": attempts, "status": "failed" })), bad);
        let beside = json!({ "attempts": [{ "error": "old" }], "task": { "error": bad } });
        assert_eq!(told(beside), bad);
    }

    #[test]
    fn a_word_that_says_nothing_is_no_reason_and_no_code() {
        let empty = [
            json!("success"),
            json!(" OK. "),
            json!("None"),
            json!("null"),
            json!("0"),
            json!("0.0"),
            json!("TRUE"),
            json!("n/a"),
            json!("Failed!"),
            json!("suc\u{200b}cess"),
            json!(0),
            json!(true),
            json!({ "message": "Success", "code": "ok" }),
            json!(["none", ""]),
            json!("\u{2060}".repeat(3_000)),
        ];
        for empty in empty {
            assert_eq!(reason(&json!({ "error": empty, "msg": empty })), None, "{empty}");
            let told = json!({ "error_message": empty, "status_message": "bad avatar" });
            assert_eq!(reason(&told).as_deref(), Some("bad avatar"), "{empty}");
            assert_eq!(failure_code(&json!({ "code": empty })), None, "{empty}");
        }
        let code =
            failure_code(&json!({ "error_code": 0, "code": "none", "error": { "code": 7 } }));
        assert_eq!(code.as_deref(), Some("7"));
    }

    #[test]
    fn what_stands_beside_a_record_is_its_reason_where_it_has_none() {
        let data = json!({ "id": "v1", "status": "failed", "error": "none" });
        let answer = json!({ "code": 0, "msg": "video failed: bad avatar", "data": data });
        assert_eq!(reason_in(&answer).as_deref(), Some("video failed: bad avatar"));
        assert_eq!(reason_in(&json!({ "code": 0, "msg": "Success", "data": data })), None);
        let both = json!({ "msg": "failed with reason", "data": { "error": "bad avatar" } });
        assert_eq!(reason_in(&both).as_deref(), Some("bad avatar"));
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
