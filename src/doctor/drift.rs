//! What an answer has that its schema does not have, and the other way round.

use std::collections::BTreeMap;
use std::fmt;

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::paths::{Location, LocationSegment};
use serde::Serialize;
use serde_json::Value;

use crate::secret::redact;

/// One way in which an answer differs from its spec.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Drift {
    /// Where it is, as a JSON pointer in which `*` stands for every index of an array.
    pub(crate) pointer: String,
    pub(crate) kind: DriftKind,
    /// What is there, without values that may be somebody's own.
    pub(crate) detail: String,
    /// How often it is there.
    pub(crate) count: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DriftKind {
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
}

impl DriftKind {
    fn phrase(self) -> &'static str {
        match self {
            Self::UnknownField => "unknown field",
            Self::UnknownValue => "unknown value",
            Self::MissingField => "missing field",
            Self::WrongType => "wrong type",
            Self::Other => "does not fit",
        }
    }
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.pointer.is_empty() { "the answer" } else { &self.pointer };
        write!(f, "{place}: {} ({})", self.kind.phrase(), self.detail)?;
        if self.count > 1 { write!(f, ", {} times", self.count) } else { Ok(()) }
    }
}

/// All differences between an answer and a schema of the build, sorted by place.
pub(crate) fn differences(schema: &Value, answer: &Value) -> Vec<Drift> {
    let validator = jsonschema::draft4::new(schema).expect("the build writes schemas that hold");
    let mut counted = Counted::default();
    for error in validator.iter_errors(answer) {
        counted.add(&error);
    }
    let drifts = counted.0.into_iter();
    drifts.map(|((pointer, kind, detail), count)| Drift { pointer, kind, detail, count }).collect()
}

/// A hundred items of an array with the same difference are one line.
#[derive(Default)]
struct Counted(BTreeMap<(String, DriftKind, String), usize>);

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
        *self.0.entry((pointer, kind, detail.into())).or_default() += 1;
    }
}

/// Of several schemas that do not fit, the errors of the one that was most likely meant: of the
/// right type ("this object or null" is such a choice), with the fewest errors.
fn nearest<'e>(
    branches: &'e [Vec<ValidationError<'static>>],
    place: &Location,
) -> &'e [ValidationError<'static>] {
    let has_other_type = |errors: &[ValidationError<'_>]| {
        errors.iter().any(|error| {
            matches!(error.kind(), ValidationErrorKind::Type { .. })
                && error.instance_path() == place
        })
    };
    let nearest = branches.iter().min_by_key(|errors| (has_other_type(errors), errors.len()));
    nearest.map(Vec::as_slice).unwrap_or_default()
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
    pointer.push_str(&redact(name, &[]).replace('~', "~0").replace('/', "~1"));
}

/// A value as JSON, of which at most 60 characters; where its field may hold a secret or somebody's
/// data, its type only.
fn shown(place: &Location, value: &Value) -> String {
    const MAX_CHARS: usize = 60;
    const PRIVATE: [&str; 9] =
        ["auth", "credential", "email", "key", "password", "phone", "secret", "sign", "token"];
    let name = pointer(place, None).to_lowercase();
    let name = name.trim_end_matches("/*").rsplit('/').next().unwrap_or_default();
    if PRIVATE.iter().any(|word| name.contains(word)) {
        return type_of(value).to_owned();
    }
    let text = value.to_string();
    match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
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

fn type_of(value: &Value) -> &'static str {
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
