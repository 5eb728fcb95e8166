//! What an answer should look like, written by the build from its spec, and the reading of answers
//! that look otherwise.
//!
//! A provider writes numbers as text, times with a fraction, ids as numbers, empty text for
//! nothing. None of that may cost a job that was paid for, so an answer is first brought into the
//! form of its spec, as far as its meaning is plain. A value without a plain meaning is left out
//! and reported, by its place and by what was expected there, never by its text: that may hold
//! anything. Only a required field, one without which nothing can be done, makes its object
//! unreadable.

use serde::de::DeserializeOwned;
use serde_json::{Map, Number, Value};

use super::drift::Drift;

/// What stands somewhere in an answer.
pub(crate) enum Shape {
    /// Whatever it is.
    Any,
    Text,
    /// A word of a list that may grow, such as a status. One that is missing is an empty word: an
    /// id without a status is an id.
    Word,
    Integer,
    Number,
    Flag,
    /// A type of ours that reads each form of what it stands for.
    Own {
        expected: &'static str,
        reads: fn(&Value) -> bool,
    },
    List(&'static Shape),
    Object(&'static [Field]),
}

/// A field of an object.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) is_required: bool,
    pub(crate) shape: &'static Shape,
}

/// Shapes may hold each other, so only what is expected here is shown.
impl std::fmt::Debug for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.expected())
    }
}

/// How many differences of one answer are reported.
const MOST_REPORTED: usize = 20;

/// Whether a type of ours reads a value.
pub(crate) fn reads<T: DeserializeOwned>(value: &Value) -> bool {
    T::deserialize(value).is_ok()
}

impl Shape {
    /// Decodes a value that has been brought into this form, and tells what was left out of it.
    ///
    /// # Errors
    /// What of it cannot be done without.
    pub(crate) fn decode<T: DeserializeOwned>(
        &self,
        value: Value,
    ) -> Result<(T, Vec<Drift>), Drift> {
        let mut decoder = Decoder::default();
        let fitted = decoder.fit(self, value);
        let decoded = fitted.and_then(|value| T::deserialize(value).ok());
        match decoded {
            Some(decoded) => Ok((decoded, decoder.left_out)),
            None => Err(decoder.missing.unwrap_or_else(|| Drift::of_all("what the spec says"))),
        }
    }

    /// A value in which no list of one object stands where an object should.
    pub(crate) fn opened(&self, value: Value) -> Value {
        let Self::Object(fields) = self else { return value };
        match value {
            Value::Array(mut items) if items.len() == 1 && items[0].is_object() => {
                self.opened(items.remove(0))
            }
            Value::Object(mut members) => {
                for Field { name, shape, .. } in *fields {
                    if let Some(value) = members.get_mut(*name) {
                        *value = shape.opened(value.take());
                    }
                }
                Value::Object(members)
            }
            value => value,
        }
    }

    fn expected(&self) -> &'static str {
        match self {
            Self::Any => "there",
            Self::Text | Self::Word => "a text",
            Self::Integer => "a whole number",
            Self::Number => "a number",
            Self::Flag => "true or false",
            Self::Own { expected, .. } => expected,
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}

#[derive(Default)]
struct Decoder {
    place: String,
    left_out: Vec<Drift>,
    /// The first thing that the answer cannot be read without.
    missing: Option<Drift>,
}

impl Decoder {
    /// The value in the form of its shape, or `None` where it cannot be brought into it.
    fn fit(&mut self, shape: &Shape, value: Value) -> Option<Value> {
        let fitted = match (shape, value) {
            (Shape::Any, value) => return Some(value),
            (Shape::Text | Shape::Word, value) => text(value),
            (Shape::Integer, value) => number(&value).and_then(|number| integer(&number)),
            (Shape::Number, value) => number(&value).map(Value::Number),
            (Shape::Flag, value) => flag(&value),
            (Shape::Own { reads, .. }, value) => reads(&value).then_some(value),
            (Shape::List(item), Value::Array(items)) => {
                let fitted = items.into_iter().filter_map(|value| self.part("*", item, value));
                return Some(Value::Array(fitted.collect()));
            }
            (Shape::Object(fields), Value::Object(members)) => return self.object(fields, members),
            (Shape::List(_) | Shape::Object(_), _) => None,
        };
        if fitted.is_none() {
            self.miss(shape);
        }
        fitted
    }

    fn object(&mut self, fields: &[Field], mut members: Map<String, Value>) -> Option<Value> {
        for Field { name, is_required, shape } in fields {
            let may_be_empty = *is_required && matches!(shape, Shape::Text);
            let is_there = |value: &Value| match value {
                Value::Null => matches!(shape, Shape::Any),
                // Nothing is often written as an empty text, whatever should stand there.
                Value::String(text) => may_be_empty || !text.trim().is_empty(),
                _ => true,
            };
            let value = members.remove(*name).filter(is_there);
            let is_word = matches!(shape, Shape::Word);
            let fitted = match (value, is_required) {
                (value, true) if is_word => {
                    let word = value.and_then(|value| self.part(name, shape, value));
                    Some(word.unwrap_or_else(|| Value::String(String::new())))
                }
                (Some(value), true) => self.within(name, |this| this.fit(shape, value)),
                (Some(value), false) => self.part(name, shape, value),
                (None, true) => {
                    self.within(name, |this| this.miss(shape));
                    None
                }
                (None, false) => None,
            };
            match fitted {
                Some(value) => drop(members.insert((*name).to_owned(), value)),
                None if *is_required => return None,
                None => {}
            }
        }
        Some(Value::Object(members))
    }

    /// A part that is left out where it cannot be read.
    fn part(&mut self, name: &str, shape: &Shape, value: Value) -> Option<Value> {
        let before = self.missing.take();
        let fitted = self.within(name, |this| this.fit(shape, value));
        let missing = std::mem::replace(&mut self.missing, before);
        if fitted.is_none()
            && let Some(missing) = missing
            && self.left_out.len() < MOST_REPORTED
            && !self.left_out.contains(&missing)
        {
            self.left_out.push(missing);
        }
        fitted
    }

    fn within<T>(&mut self, name: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.place.len();
        self.place.push('/');
        self.place.push_str(name);
        let read = read(self);
        self.place.truncate(length);
        read
    }

    fn miss(&mut self, shape: &Shape) {
        let drift = || Drift { pointer: self.place.clone(), expected: shape.expected() };
        if self.missing.is_none() {
            self.missing = Some(drift());
        }
    }
}

fn text(value: Value) -> Option<Value> {
    match value {
        Value::String(_) => Some(value),
        Value::Number(number) => text_of_number(&number).map(Value::String),
        Value::Bool(flag) => Some(Value::String(flag.to_string())),
        _ => None,
    }
}

/// A number as the text that was meant: an id that was written with a fraction of nothing is that
/// number. What a float has rounded is another text than was written.
pub(crate) fn text_of_number(number: &Number) -> Option<String> {
    if !number.is_f64() {
        return Some(number.to_string());
    }
    let float = number.as_f64().filter(|number| number.abs() <= EXACT)?;
    let whole = (float.fract() == 0.0).then(|| float.trunc() as i64);
    Some(whole.map_or_else(|| number.to_string(), |whole| whole.to_string()))
}

/// A number, also one that is written as text.
fn number(value: &Value) -> Option<Number> {
    match value {
        Value::Number(number) => Some(number.clone()),
        Value::String(text) => {
            let text = text.trim();
            let whole = text.parse::<i64>().ok().map(Number::from);
            whole.or_else(|| Number::from_f64(text.parse().ok()?))
        }
        _ => None,
    }
}

/// Up to here a float tells each whole number from its neighbours.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A number without its fraction, where it has room.
fn integer(number: &Number) -> Option<Value> {
    let whole = number.as_i64().or_else(|| {
        let number = number.as_f64().filter(|number| number.abs() <= EXACT)?;
        Some(number.trunc() as i64)
    });
    whole.map(Value::from)
}

fn flag(value: &Value) -> Option<Value> {
    let flag = match value {
        Value::Bool(flag) => *flag,
        Value::Number(number) => match number.as_f64()? {
            0.0 => false,
            1.0 => true,
            _ => return None,
        },
        Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" => true,
            "false" | "0" => false,
            _ => return None,
        },
        _ => return None,
    };
    Some(Value::Bool(flag))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;
    use crate::model::{Credits, UnixTime};

    static ITEM: Shape = Shape::Object(&[
        Field { name: "id", is_required: true, shape: &Shape::Text },
        Field { name: "on", is_required: false, shape: &Shape::Flag },
    ]);
    static TASK: Shape = Shape::Object(&[
        Field { name: "id", is_required: true, shape: &Shape::Text },
        Field { name: "label", is_required: false, shape: &Shape::Text },
        Field { name: "count", is_required: false, shape: &Shape::Integer },
        Field { name: "length", is_required: false, shape: &Shape::Number },
        Field {
            name: "made",
            is_required: false,
            shape: &Shape::Own { expected: "a time", reads: reads::<UnixTime> },
        },
        Field {
            name: "cost",
            is_required: false,
            shape: &Shape::Own { expected: "an amount", reads: reads::<Credits> },
        },
        Field { name: "items", is_required: false, shape: &Shape::List(&ITEM) },
        Field { name: "more", is_required: false, shape: &ITEM },
    ]);

    #[derive(Debug, Default, Deserialize, PartialEq)]
    struct Item {
        id: String,
        on: Option<bool>,
    }

    #[derive(Debug, Default, Deserialize, PartialEq)]
    struct Task {
        id: String,
        label: Option<String>,
        count: Option<i64>,
        length: Option<f64>,
        made: Option<UnixTime>,
        cost: Option<Credits>,
        #[serde(default)]
        items: Vec<Item>,
        more: Option<Item>,
    }

    fn read(more: &Value) -> (Task, Vec<String>) {
        let mut task = json!({ "id": "t" });
        task.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let (task, left_out) = TASK.decode(task).unwrap();
        (task, left_out.iter().map(Drift::to_string).collect())
    }

    fn task(change: impl FnOnce(&mut Task)) -> Task {
        let mut task = Task { id: "t".to_owned(), ..Task::default() };
        change(&mut task);
        task
    }

    #[test]
    fn what_is_meant_is_read_in_whichever_form_it_is_written() {
        let made = "1782210000".parse().ok();
        let forms = [
            (json!({ "id": 7 }), task(|t| t.id = "7".into())),
            (json!({ "id": 7.0 }), task(|t| t.id = "7".into())),
            (
                json!({ "id": 18_446_744_073_709_551_615_u64 }),
                task(|t| t.id = u64::MAX.to_string()),
            ),
            (json!({ "label": 4.5 }), task(|t| t.label = Some("4.5".into()))),
            (json!({ "count": "12" }), task(|t| t.count = Some(12))),
            (json!({ "count": " 12.75 " }), task(|t| t.count = Some(12))),
            (json!({ "count": 12.0 }), task(|t| t.count = Some(12))),
            (json!({ "count": "1e3" }), task(|t| t.count = Some(1000))),
            (json!({ "length": "2.5" }), task(|t| t.length = Some(2.5))),
            (json!({ "made": "1782210000" }), task(|t| t.made = made)),
            (json!({ "made": 1_782_210_000.25 }), task(|t| t.made = made)),
            (json!({ "made": "2026-06-23T10:20:00Z" }), task(|t| t.made = made)),
            (json!({ "cost": "4.50" }), task(|t| t.cost = Some(Credits::cents(450)))),
            (
                json!({ "more": { "id": "m", "on": "True" } }),
                task(|t| t.more = Some(Item { id: "m".into(), on: Some(true) })),
            ),
            (
                json!({ "items": [{ "id": 1, "on": 0 }] }),
                task(|t| t.items = vec![Item { id: "1".into(), on: Some(false) }]),
            ),
        ];
        for (form, expected) in forms {
            assert_eq!(read(&form), (expected, vec![]), "{form}");
        }
    }

    #[test]
    fn nothing_is_nothing_in_whichever_form_it_is_written() {
        for nothing in [json!(null), json!(""), json!("  ")] {
            for field in ["label", "count", "length", "made", "cost", "items", "more"] {
                let form = json!({ field: nothing });
                assert_eq!(read(&form), (task(|_| ()), vec![]), "{form}");
            }
        }
    }

    #[test]
    fn what_means_nothing_is_left_out_and_told_without_its_text() {
        let odd = [
            (json!({ "label": { "sk_live_1": 1 } }), "/label is not a text"),
            (json!({ "count": "sk_live_1" }), "/count is not a whole number"),
            (json!({ "count": 1e300 }), "/count is not a whole number"),
            (json!({ "length": "NaN" }), "/length is not a number"),
            (json!({ "made": "yesterday" }), "/made is not a time"),
            (json!({ "cost": [] }), "/cost is not an amount"),
            (json!({ "items": "sk_live_1" }), "/items is not a list"),
            (json!({ "more": "sk_live_1" }), "/more is not an object"),
            (json!({ "more": {} }), "/more/id is not a text"),
            (json!({ "items": [{ "id": [] }, null, {}] }), "/items/*/id is not a text"),
        ];
        for (odd, told) in odd {
            let (read, left_out) = read(&odd);
            assert_eq!(read, task(|_| ()), "{odd}");
            assert_eq!(left_out[0], told, "{odd}");
            assert!(!left_out.join(" ").contains("sk_live"), "{odd}");
        }
    }

    #[test]
    fn a_list_of_one_object_is_that_object_where_one_should_stand() {
        let opened = |value| TASK.opened(value);
        let task = json!({ "id": "t", "more": { "id": "m" }, "else": [{}] });
        for listed in [
            task.clone(),
            json!([task]),
            json!([{ "id": "t", "more": [{ "id": "m" }], "else": [{}] }]),
        ] {
            assert_eq!(opened(listed), task);
        }
        for other in [
            json!([]),
            json!([{ "id": "t" }, { "id": "u" }]),
            json!(["t"]),
            json!({ "id": ["t"], "items": [{ "id": 1 }], "more": [] }),
        ] {
            assert_eq!(opened(other.clone()), other);
        }
    }

    #[test]
    fn a_record_that_cannot_be_read_hides_no_other() {
        let torn: Vec<Value> = (0..10_000)
            .map(|n| if n % 2 == 0 { json!(n) } else { json!({ "id": n, "on": "?" }) })
            .collect();
        let (read, left_out) = read(&json!({ "items": torn }));
        assert_eq!(read.items.len(), 5_000);
        assert_eq!(left_out, ["/items/* is not an object", "/items/*/on is not true or false"]);
    }

    #[test]
    fn without_what_is_required_there_is_no_answer() {
        let lacking = [
            (json!({}), "/id is not a text"),
            (json!({ "id": null }), "/id is not a text"),
            (json!({ "id": 1e20 }), "/id is not a text"),
            (json!({ "id": 123_456_789_012_345_678_901.0_f64 }), "/id is not a text"),
            (json!({ "id": { "a": 1 }, "count": "x" }), "/id is not a text"),
            (json!([]), "the answer is not an object"),
            (json!("sk_live_1"), "the answer is not an object"),
        ];
        for (lacking, told) in lacking {
            let drift = TASK.decode::<Task>(lacking.clone()).unwrap_err();
            assert_eq!(drift.to_string(), told, "{lacking}");
        }
    }
}
