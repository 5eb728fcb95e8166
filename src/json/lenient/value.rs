//! The value of a JSON text in which a field may be there twice.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// The value of a text, and whether each reader reads it so: of a field that is there twice, most
/// take what comes last.
pub(super) fn read(text: &str) -> Option<(Value, bool)> {
    let is_sure = Cell::new(true);
    let mut json = serde_json::Deserializer::from_str(text);
    let value = ValueSeed { is_sure: &is_sure }.deserialize(&mut json).ok()?;
    json.end().ok()?;
    Some((value, is_sure.get()))
}

/// As what a number comes where some other crate has turned serde_json's `arbitrary_precision` on.
const NUMBER: &str = "$serde_json::private::Number";

#[derive(Clone, Copy)]
struct ValueSeed<'a> {
    is_sure: &'a Cell<bool>,
}

impl<'de> DeserializeSeed<'de> for ValueSeed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Value, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueSeed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Number::from_f64(number).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if name == NUMBER {
                let number: String = members.next_value()?;
                return Ok(number.parse().map_or(Value::Null, Value::Number));
            }
            let value = members.next_value_seed(self)?;
            let is_lost = value.is_null() && fields.get(&name).is_some_and(|old| !old.is_null());
            if is_lost {
                self.is_sure.set(false);
            } else {
                fields.insert(name, value);
            }
        }
        Ok(Value::Object(fields))
    }
}
