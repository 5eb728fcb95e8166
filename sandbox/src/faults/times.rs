//! How often a fault happens: a number of times, or always.

use std::fmt;

use serde::de::{self, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// What `times` may be.
pub(super) const TIMES: &str = "a whole number from 1 to 4294967295, or \"always\"";

/// How often a fault happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(super) enum Times {
    Number(u32),
    Word(Always),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Always {
    Always,
}

/// Read by hand, since of two forms the derived one does not say what it takes.
impl<'de> Deserialize<'de> for Times {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Times;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{TIMES}")
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Times, E> {
                let times = u32::try_from(number).map(Times::Number);
                times.map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Times, E> {
                let times = u32::try_from(number).map(Times::Number);
                times.map_err(|_| E::invalid_value(Unexpected::Signed(number), &self))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Times, E> {
                match text {
                    "always" => Ok(Times::Word(Always::Always)),
                    _ => Err(E::invalid_value(Unexpected::Str(text), &self)),
                }
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

impl Default for Times {
    fn default() -> Self {
        Self::Number(1)
    }
}

impl Times {
    pub(super) fn are_left_after(self, applied: u32) -> bool {
        match self {
            Self::Number(number) => applied < number,
            Self::Word(Always::Always) => true,
        }
    }
}
