//! Why a job failed, as an answer says it, under whatever name and wherever in it.

use serde_json::Value;

use super::answer::{sentence, word};
use crate::words::words;

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

/// Names that say it in a record that failed or in what it says of its failure. Elsewhere they
/// stand for anything, such as the words of an advertisement.
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
    let by_name = |name: &&str| {
        let value = fields.get(*name).filter(|value| holds_reason(value))?;
        reason_within(value, true, below).or_else(|| Some(sentence(value)))
    };
    let remarks = REMARKS.iter().filter(|_| has_failed);
    FAILURES.iter().chain(remarks).find_map(by_name)
}

/// Whether a text that says why something failed stands anywhere in a value.
fn holds_reason(value: &Value) -> bool {
    match value {
        Value::String(text) => !is_empty_word(text),
        Value::Array(items) => items.iter().any(holds_reason),
        Value::Object(fields) => fields.values().any(holds_reason),
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

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
}
