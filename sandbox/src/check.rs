//! Reading the fields of a request: what is wrong is collected, each provider words it its own way.
//!
//! A field that is absent, or null where that is known to be taken, reads as `None`. So does a wrong
//! one, and its problem is noted; nothing may be used before [`Fields::finish`].

use std::fmt;
use std::ops::RangeInclusive;

use serde_json::{Map, Value};
use url::Url;

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Problem {
    /// Its path, such as `video_spec.length` or `images[0]`.
    pub(super) field: String,
    pub(super) fault: Fault,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fault {
    Missing,
    Null,
    Blank,
    /// It is not a string, an integer, …
    NotA(&'static str),
    Choice {
        given: String,
        known: Vec<&'static str>,
    },
    TooLong {
        most: usize,
    },
    Outside(RangeInclusive<i64>),
    /// The same for numbers with a fraction.
    Apart(RangeInclusive<f64>),
    Count(RangeInclusive<usize>),
    Url,
    Uuid,
    /// Something that only one provider minds, as a sentence that follows the field's name.
    Other(&'static str),
}

impl fmt::Display for Fault {
    /// What follows the field's name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("is required"),
            Self::Null => f.write_str("must not be null"),
            Self::Blank => f.write_str("must not be empty"),
            Self::NotA(kind) => write!(f, "must be {kind}"),
            Self::Choice { known, .. } => write!(f, "must be one of {}", known.join(", ")),
            Self::TooLong { most } => write!(f, "must have at most {most} characters"),
            Self::Outside(range) if *range.end() == i64::MAX => {
                write!(f, "must be at least {}", range.start())
            }
            Self::Outside(range) => write!(f, "must be from {} to {}", range.start(), range.end()),
            Self::Apart(range) => write!(f, "must be from {} to {}", range.start(), range.end()),
            Self::Count(range) if *range.end() == usize::MAX => {
                write!(f, "must hold at least {} item", range.start())
            }
            Self::Count(range) => write!(f, "must hold {} to {} items", range.start(), range.end()),
            Self::Url => f.write_str("must be an http or https URL"),
            Self::Uuid => f.write_str("must be a UUID"),
            Self::Other(sentence) => f.write_str(sentence),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.field, self.fault)
    }
}

/// The fields of a JSON object, of a form or of a query.
pub(super) struct Fields<'a> {
    object: &'a Map<String, Value>,
    prefix: String,
    problems: Vec<Problem>,
}

impl<'a> Fields<'a> {
    pub(super) fn of(object: &'a Map<String, Value>) -> Self {
        Self { object, prefix: String::new(), problems: Vec::new() }
    }

    /// The fields of an object inside, whose problems are to be handed to [`Self::absorb`].
    pub(super) fn inside(prefix: String, object: &'a Map<String, Value>) -> Self {
        Self { object, prefix, problems: Vec::new() }
    }

    /// A field that may be left out. `path` names it, with dots into inner objects.
    pub(super) fn optional(&mut self, path: &str) -> Field<'_, 'a> {
        if self.value(path).is_some_and(Value::is_null) {
            self.note(path, Fault::Null);
        }
        self.nullable(path)
    }

    /// A field that may be left out or be null.
    pub(super) fn nullable(&mut self, path: &str) -> Field<'_, 'a> {
        let value = self.value(path).filter(|value| !value.is_null());
        Field { path: self.path(path), value, fields: self }
    }

    /// A field that has to be there.
    pub(super) fn required(&mut self, path: &str) -> Field<'_, 'a> {
        if self.value(path).is_none() {
            self.note(path, Fault::Missing);
        }
        self.optional(path)
    }

    fn value(&self, path: &str) -> Option<&'a Value> {
        let mut parts = path.split('.');
        let first = self.object.get(parts.next()?)?;
        parts.try_fold(first, |value, part| value.get(part))
    }

    fn path(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }

    pub(super) fn note(&mut self, path: &str, fault: Fault) {
        let field = self.path(path);
        self.problems.push(Problem { field, fault });
    }

    pub(super) fn absorb(&mut self, inner: Fields<'_>) {
        self.problems.extend(inner.problems);
    }

    /// The problems in the order of the fields, if there are any.
    pub(super) fn finish(self) -> Result<(), Vec<Problem>> {
        if self.problems.is_empty() { Ok(()) } else { Err(self.problems) }
    }
}

/// One field that is being read.
pub(super) struct Field<'f, 'a> {
    fields: &'f mut Fields<'a>,
    path: String,
    value: Option<&'a Value>,
}

impl<'a> Field<'_, 'a> {
    fn refuse<T>(self, fault: Fault) -> Option<T> {
        self.fields.problems.push(Problem { field: self.path, fault });
        None
    }

    pub(super) fn string(self) -> Option<&'a str> {
        match self.value? {
            Value::String(text) => Some(text),
            _ => self.refuse(Fault::NotA("a string")),
        }
    }

    /// A string of at most `most` characters.
    pub(super) fn text(self, most: usize) -> Option<&'a str> {
        match self.value? {
            Value::String(text) if text.chars().count() > most => {
                self.refuse(Fault::TooLong { most })
            }
            _ => self.string(),
        }
    }

    /// A string with something in it.
    pub(super) fn filled(self) -> Option<&'a str> {
        match self.value? {
            Value::String(text) if text.is_empty() => self.refuse(Fault::Blank),
            _ => self.string(),
        }
    }

    /// One of the words of a closed list.
    pub(super) fn choice(self, known: &[&'static str]) -> Option<&'static str> {
        let given = match self.value? {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        match known.iter().find(|word| **word == given && self.is_string()) {
            Some(word) => Some(word),
            None => self.refuse(Fault::Choice { given, known: known.to_vec() }),
        }
    }

    fn is_string(&self) -> bool {
        self.value.is_some_and(Value::is_string)
    }

    pub(super) fn integer(self, range: RangeInclusive<i64>) -> Option<i64> {
        match integer(self.value?) {
            None => self.refuse(Fault::NotA("an integer")),
            Some(number) if !range.contains(&number) => self.refuse(Fault::Outside(range)),
            number => number,
        }
    }

    /// A number with or without a fraction.
    pub(super) fn number(self, range: RangeInclusive<f64>) -> Option<f64> {
        match self.value?.as_f64() {
            None => self.refuse(Fault::NotA("a number")),
            Some(number) if !range.contains(&number) => self.refuse(Fault::Apart(range)),
            number => number,
        }
    }

    /// A list of addresses; the first one that is none is told by its place.
    pub(super) fn urls(self) -> Option<Vec<String>> {
        let values = self.value?.as_array();
        let wrong =
            values.into_iter().flatten().position(|value| !value.as_str().is_some_and(is_web_url));
        if let Some(index) = wrong {
            let field = format!("{}[{index}]", self.path);
            self.fields.problems.push(Problem { field, fault: Fault::Url });
            return None;
        }
        let values = self.list(0..=usize::MAX)?;
        Some(values.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    }

    /// An integer as a query writes it.
    pub(super) fn digits(self, range: RangeInclusive<i64>) -> Option<i64> {
        match self.value?.as_str().and_then(digits) {
            None => self.refuse(Fault::NotA("an integer")),
            Some(number) if !range.contains(&number) => self.refuse(Fault::Outside(range)),
            number => number,
        }
    }

    pub(super) fn boolean(self) -> Option<bool> {
        match self.value?.as_bool() {
            None => self.refuse(Fault::NotA("true or false")),
            flag => flag,
        }
    }

    pub(super) fn object(self) -> Option<&'a Map<String, Value>> {
        match self.value?.as_object() {
            None => self.refuse(Fault::NotA("an object")),
            object => object,
        }
    }

    /// A list of as many values as are allowed.
    pub(super) fn list(self, count: RangeInclusive<usize>) -> Option<&'a [Value]> {
        match self.value?.as_array() {
            None => self.refuse(Fault::NotA("a list")),
            Some(values) if !count.contains(&values.len()) => self.refuse(Fault::Count(count)),
            Some(values) => Some(values),
        }
    }

    /// An http or https URL of at most `most` characters.
    pub(super) fn url(self, most: usize) -> Option<&'a str> {
        match self.value? {
            Value::String(text) if text.is_empty() => self.refuse(Fault::Blank),
            Value::String(text) if web_url(text).is_none() => self.refuse(Fault::Url),
            _ => self.text(most),
        }
    }

    pub(super) fn uuid(self) -> Option<&'a str> {
        match self.value? {
            Value::String(text) if !is_uuid(text) => self.refuse(Fault::Uuid),
            _ => self.string(),
        }
    }
}

/// A whole number; one that has no room is the nearest that has.
fn integer(value: &Value) -> Option<i64> {
    let large = || value.as_f64().filter(|number| number.abs() >= i64::MAX as f64);
    value.as_i64().or_else(|| large().map(|number| number as i64))
}

/// The same of a text.
fn digits(text: &str) -> Option<i64> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse::<i64>().unwrap_or(i64::MAX) * sign)
}

/// An address that has a host and one of the web's two schemes. What an address may not hold is
/// refused, where a browser would encode it.
pub(super) fn web_url(text: &str) -> Option<Url> {
    let may_stand = |byte: u8| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte);
    let url = Url::parse(text).ok().filter(|_| text.bytes().all(may_stand))?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

fn is_web_url(text: &str) -> bool {
    web_url(text).is_some()
}

pub(super) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn problems(body: &Value, read: impl FnOnce(&mut Fields<'_>)) -> Vec<String> {
        let mut fields = Fields::of(body.as_object().unwrap());
        read(&mut fields);
        let problems = fields.finish().err().unwrap_or_default();
        problems.iter().map(Problem::to_string).collect()
    }

    #[test]
    fn every_problem_is_collected_with_its_path() {
        let body = json!({"spec": {"length": 30, "name": null}, "count": 7, "when": "noon"});
        let problems = problems(&body, |fields| {
            fields.required("spec.length").choice(&["15", "30"]);
            fields.required("spec.name").string();
            fields.required("title").string();
            fields.optional("absent").integer(1..=2);
            fields.required("count").integer(10..=60);
            fields.optional("when").url(200);
        });
        let expected = [
            "spec.length must be one of 15, 30",
            "spec.name must not be null",
            "title is required",
            "count must be from 10 to 60",
            "when must be an http or https URL",
        ];
        assert_eq!(problems, expected);
    }

    #[test]
    fn null_is_absent_only_where_it_is_allowed() {
        let body = json!({"a": null, "b": null, "c": null});
        let problems = problems(&body, |fields| {
            fields.nullable("a").string();
            fields.optional("b").string();
            fields.required("c").string();
        });
        assert_eq!(problems, ["b must not be null", "c must not be null"]);
    }

    #[test]
    fn numbers_without_room_are_out_of_range_and_no_other_kind() {
        let body: Value = serde_json::from_str(
            r#"{"a": 81000000000000000000000, "b": "81000000000000000000000", "c": "-7", "d": "x"}"#,
        )
        .unwrap();
        let problems = problems(&body, |fields| {
            assert_eq!(fields.optional("a").integer(0..=i64::MAX), Some(i64::MAX));
            assert_eq!(fields.optional("b").digits(1..=i64::MAX), Some(i64::MAX));
            fields.optional("b").digits(1..=5);
            fields.optional("c").digits(0..=5);
            fields.optional("d").digits(0..=5);
        });
        assert_eq!(
            problems,
            ["b must be from 1 to 5", "c must be from 0 to 5", "d must be an integer"]
        );
    }

    #[test]
    fn limits_count_characters_and_not_bytes() {
        let body = json!({"a": "é".repeat(5), "b": "é".repeat(6)});
        let problems = problems(&body, |fields| {
            fields.required("a").text(5);
            fields.required("b").text(5);
        });
        assert_eq!(problems, ["b must have at most 5 characters"]);
    }

    #[test]
    fn addresses_of_the_web_are_whole_and_encoded() {
        for good in ["https://a.example", "http://[::1]:80/a%20b?c=d#e", "http://0/"] {
            assert!(web_url(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "a.example",
            "https://",
            "ftp://a.example/",
            "https://a.example/a b",
            " https://a.example",
            "https://caf\u{e9}.example/",
            "https://a.example/\\b",
        ] {
            assert!(web_url(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn uuids_have_their_dashes() {
        assert!(is_uuid("7e5e8a6f-d0d5-4736-b390-03e696ffc969"));
        assert!(!is_uuid("7e5e8a6f-d0d5-4736-b390-03e696ffc96"));
        assert!(!is_uuid("7e5e8a6fxd0d5-4736-b390-03e696ffc969"));
    }
}
