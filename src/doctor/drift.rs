//! What an answer has that its schema does not have, and the other way round.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::paths::{Location, LocationSegment};
use serde::Serialize;
use serde_json::Value;

use crate::words::words;

/// One way in which an answer differs from its spec.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[non_exhaustive]
pub struct Drift {
    /// Where it is, as a JSON pointer in which `*` stands for every index of an array.
    pub pointer: String,
    /// In which way it differs.
    pub kind: DriftKind,
    /// What came, and what was expected: `null instead of number`. Values that may be somebody's own
    /// are not in it.
    pub detail: String,
    /// How often it is there.
    pub count: usize,
}

/// In which way an answer differs from its spec.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DriftKind {
    /// A field that the spec does not know.
    UnknownField,
    /// A value that is not in its enum.
    UnknownValue,
    /// A required field that is not there.
    MissingField,
    /// Another type of JSON than the spec's, or null where it may not be.
    WrongType,
    /// A limit or a format that does not hold.
    Other,
    /// How many more there are than are told.
    More,
}

impl DriftKind {
    fn phrase(self) -> &'static str {
        match self {
            Self::UnknownField => "unknown field",
            Self::UnknownValue => "unknown value",
            Self::MissingField => "missing field",
            Self::WrongType => "wrong type",
            Self::Other => "does not fit",
            Self::More => "more differences",
        }
    }
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind == DriftKind::More {
            return write!(f, "and {} {}", self.count, self.kind.phrase());
        }
        let place = if self.pointer.is_empty() { "the answer" } else { &self.pointer };
        write!(f, "{place}: {} ({})", self.kind.phrase(), self.detail)?;
        if self.count > 1 { write!(f, ", {} times", self.count) } else { Ok(()) }
    }
}

/// The most differences of one answer that are told.
const MOST_TOLD: usize = 50;

/// The differences between an answer and a schema of the build, sorted by place. Behind the most
/// that are told stands how many more there are.
pub(super) fn differences(schema: &Value, answer: &Value) -> Vec<Drift> {
    let validator = jsonschema::draft4::new(schema).expect("the build writes schemas that hold");
    let mut counted = Counted::default();
    for error in validator.iter_errors(answer) {
        counted.add(&error);
    }
    let Counted { told, more } = counted;
    let told = told.into_iter();
    let told = told.map(|((pointer, kind, detail), count)| Drift { pointer, kind, detail, count });
    let (pointer, detail) = (String::new(), format!("{MOST_TOLD} are told"));
    let rest = Drift { pointer, kind: DriftKind::More, detail, count: more };
    told.chain((more > 0).then_some(rest)).collect()
}

/// A hundred items of an array with the same difference are one line.
#[derive(Default)]
struct Counted {
    told: BTreeMap<(String, DriftKind, String), usize>,
    /// How many there are beside those.
    more: usize,
}

impl Counted {
    fn add(&mut self, error: &ValidationError<'_>) {
        let (place, instance) = (error.instance_path(), error.instance());
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                for name in unexpected {
                    let found = type_of(&instance[name]);
                    self.insert(pointer(place, Some(name)), DriftKind::UnknownField, found);
                }
            }
            ValidationErrorKind::Required { property } => {
                let pointer = pointer(place, property.as_str());
                self.insert(pointer, DriftKind::MissingField, "required");
            }
            ValidationErrorKind::Type { kind } => {
                let detail = format!("{} instead of {}", type_of(instance), expected(kind));
                self.insert(pointer(place, None), DriftKind::WrongType, detail);
            }
            // Enums hold texts. What is no text is told of as a wrong type.
            ValidationErrorKind::Enum { .. } if instance.is_string() => {
                let shown = shown(place, instance);
                self.insert(pointer(place, None), DriftKind::UnknownValue, shown);
            }
            ValidationErrorKind::Enum { .. } => {}
            ValidationErrorKind::AnyOf { context }
            | ValidationErrorKind::OneOfNotValid { context } => {
                for error in nearest(context, place) {
                    self.add(error);
                }
            }
            ValidationErrorKind::Format { format } => {
                self.insert(pointer(place, None), DriftKind::Other, format!("no {format}"));
            }
            // The message of any other error may quote the value.
            other => {
                self.insert(pointer(place, None), DriftKind::Other, other.keyword());
            }
        }
    }

    fn insert(&mut self, pointer: String, kind: DriftKind, detail: impl Into<String>) {
        let drift = (pointer, kind, detail.into());
        let has_room = self.told.len() < MOST_TOLD;
        match self.told.entry(drift) {
            Entry::Occupied(mut told) => *told.get_mut() += 1,
            Entry::Vacant(place) if has_room => *place.insert(0) += 1,
            Entry::Vacant(_) => self.more += 1,
        }
    }
}

/// Of several schemas that do not fit, the errors of the one that was most likely meant: of the
/// right type, with the fewest errors. Where none has the type, the first; "or null" stands last.
fn nearest<'e>(
    branches: &'e [Vec<ValidationError<'static>>],
    place: &Location,
) -> &'e [ValidationError<'static>] {
    let is_other_type = |error: &ValidationError<'_>| {
        let is_here = error.instance_path() == place;
        is_here && matches!(error.kind(), ValidationErrorKind::Type { .. })
    };
    let distance = |errors: &&Vec<ValidationError<'_>>| match errors.iter().any(is_other_type) {
        true => usize::MAX,
        false => errors.len(),
    };
    branches.iter().min_by_key(distance).map(Vec::as_slice).unwrap_or_default()
}

fn pointer(place: &Location, field: Option<&str>) -> String {
    let mut pointer = String::new();
    for segment in place {
        match segment {
            LocationSegment::Property(name) => push(&mut pointer, &name),
            LocationSegment::Index(_) => pointer.push_str("/*"),
        }
    }
    if let Some(field) = field {
        push(&mut pointer, field);
    }
    pointer
}

/// A name comes from outside: no control character of it may reach a terminal.
fn push(pointer: &mut String, name: &str) {
    pointer.push('/');
    pointer.push_str(&words(name).replace('~', "~0").replace('/', "~1"));
}

/// A value as JSON, of which at most 60 characters; its type only, where it may be private.
fn shown(place: &Location, value: &Value) -> String {
    const MAX_CHARS: usize = 60;
    let pointer = pointer(place, None);
    let name = pointer.trim_end_matches("/*").rsplit('/').next().unwrap_or_default();
    if is_private(name) {
        return type_of(value).to_owned();
    }
    let text = value.to_string();
    match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Whether a field of this name may hold a secret or what belongs to a person.
pub(super) fn is_private(name: &str) -> bool {
    const WORDS: [&str; 8] =
        ["credential", "email", "key", "password", "phone", "secret", "signature", "token"];
    let name = name.to_lowercase();
    WORDS.iter().any(|word| name.contains(word))
}

/// The types that a schema takes. Null is left out: it is never what was meant.
fn expected(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(word) => word.as_str().to_owned(),
        TypeKind::Multiple(words) => {
            let words = words.iter().map(|word| word.as_str()).filter(|word| *word != "null");
            words.collect::<Vec<_>>().join(" or ")
        }
    }
}

pub(super) fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lines(schema: Value, answer: Value) -> Vec<String> {
        differences(&schema, &answer).iter().map(Drift::to_string).collect()
    }

    /// An object with one closed list of objects with this one property.
    fn list_of(name: &str, property: Value) -> Value {
        let item = json!({
            "type": "object", "properties": {name: property}, "additionalProperties": false,
        });
        json!({"type": "object", "properties": {"items": {"type": "array", "items": item}}})
    }

    #[test]
    fn the_same_difference_in_many_items_is_one_line_with_its_count() {
        let schema = list_of("status", json!({"type": "string", "enum": ["done"]}));
        let item = json!({"status": "paused", "mood": 1});
        let answer = json!({"items": [item, {"status": "done"}, item, {"status": "stuck"}]});
        assert_eq!(
            lines(schema, answer),
            [
                "/items/*/mood: unknown field (integer), 2 times",
                "/items/*/status: unknown value (\"paused\"), 2 times",
                "/items/*/status: unknown value (\"stuck\")",
            ]
        );
    }

    #[test]
    fn no_value_is_shown_that_may_be_somebodys_own() {
        let word = json!({"type": "string", "enum": ["a"]});
        for name in ["api_key", "Email", "accessToken", "client_secret"] {
            let answer = json!({"items": [{name: "hunter2", "more": "hunter2"}]});
            let lines = lines(list_of(name, word.clone()), answer).join(" ");
            assert!(lines.contains("unknown value (string)"), "{lines}");
            assert!(lines.contains("more: unknown field (string)"), "{lines}");
            assert!(!lines.contains("hunter2"), "{lines}");
        }
        let long = "x".repeat(100);
        let shown = lines(list_of("state", word.clone()), json!({"items": [{"state": long}]}));
        assert_eq!(shown, [format!("/items/*/state: unknown value (\"{}…)", "x".repeat(59))]);
        let escape = json!({"items": [{"state": "\u{1b}[2J", "\u{1b}[2J/~": 1}]});
        assert_eq!(
            lines(list_of("state", word), escape),
            [
                "/items/*/[2J~1~0: unknown field (integer)",
                "/items/*/state: unknown value (\"\\u001b[2J\")",
            ]
        );
    }

    #[test]
    fn of_many_differences_the_first_are_told_and_the_rest_counted() {
        let wide: serde_json::Map<_, _> =
            (0..10_000).map(|number| (format!("field_{number}"), json!(number))).collect();
        let schema = list_of("status", json!({"type": "string"}));
        let lines = lines(schema, json!({"items": [wide]}));
        assert_eq!(lines.len(), MOST_TOLD + 1);
        assert_eq!(lines.last().unwrap(), "and 9950 more differences");
    }

    #[test]
    fn limits_and_formats_are_told_of_by_name() {
        let schema = json!({"type": "object", "properties": {
            "at": {"type": "string", "format": "date-time"},
            "left": {"type": "number", "minimum": 0},
        }});
        assert_eq!(
            lines(schema, json!({"at": "yesterday", "left": -1})),
            ["/at: does not fit (no date-time)", "/left: does not fit (minimum)"]
        );
        assert_eq!(
            lines(json!({"type": "object"}), json!([]))[0],
            "the answer: wrong type (array instead of object)"
        );
    }
}
