//! Points in time, ours and those that providers write.

use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;

/// A point in time: milliseconds since 1970 in UTC.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The time that lies `millis` milliseconds after 1970 began.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970 began.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// The time now, by the machine's clock. A [`Client`](crate::Client) goes by its
    /// [`Clock`](crate::clock::Clock).
    pub fn now() -> Self {
        SystemTime::now().into()
    }

    /// When the next day of UTC begins.
    pub(crate) const fn next_day(self) -> Self {
        Self(self.day().saturating_add(1).saturating_mul(DAY_MILLIS))
    }

    /// The day of UTC that it lies in, counted from 1970.
    pub const fn day(self) -> i64 {
        self.0.div_euclid(DAY_MILLIS)
    }

    /// The time that a number means: seconds since 1970, also with a fraction, or a thousandth, a
    /// millionth or less of a second where it is too large for that.
    pub(crate) fn of_number(number: f64) -> Option<Self> {
        /// Of the year 5138, in seconds. What is larger is written in a smaller unit.
        const FAR: f64 = 1e11;
        let mut secs = number;
        for _ in 0..3 {
            secs = if secs.abs() < FAR { secs } else { secs / 1000.0 };
        }
        Self((secs * 1000.0).round() as i64).believed().filter(|_| secs < FAR)
    }

    /// The time that a text means: a number of seconds, or a date with its zone. One without a zone
    /// may be hours off, and what a look proves hangs on that, so it is none.
    pub(crate) fn of_text(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(number) = text.parse() {
            return Self::of_number(number);
        }
        let date = text.parse::<chrono::DateTime<chrono::FixedOffset>>().ok();
        let date = date.or_else(|| chrono::DateTime::parse_from_rfc2822(text).ok())?;
        Self(date.timestamp_millis()).believed()
    }

    /// Itself, unless it lies before any provider was there. Zero, a day as a number and a wrong unit
    /// are no times, and as times they would show that a list goes back further than it does.
    fn believed(self) -> Option<Self> {
        /// The year 2020.
        const FIRST: i64 = 1_577_836_800_000;
        (self.0 >= FIRST).then_some(self)
    }

    /// The time that a field of an answer holds, in whichever form.
    pub(crate) fn of_json(value: &serde_json::Value) -> Option<Self> {
        match value {
            serde_json::Value::Number(number) => Self::of_number(number.as_f64()?),
            serde_json::Value::String(text) => Self::of_text(text),
            _ => None,
        }
    }

    /// The time that passed from `earlier` to this; zero where `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

/// In UTC, to the second: `2026-11-27T03:22:56Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match chrono::DateTime::from_timestamp(self.0.div_euclid(1000), 0) {
            Some(time) => write!(f, "{time:?}"),
            None => write!(f, "{} ms after 1970", self.0),
        }
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }
}

/// To the millisecond. What lies before 1970 or beyond what a number holds is the nearest that can be
/// said.
impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        match time.duration_since(UNIX_EPOCH) {
            Ok(after) => Self(0) + after,
            Err(before) => Self(0) - before.duration(),
        }
    }
}

impl From<Timestamp> for SystemTime {
    fn from(time: Timestamp) -> Self {
        UNIX_EPOCH + time.since(Timestamp(0))
    }
}

/// A time as BeatAPI and Jogg send it: whole seconds since 1970. Read in each other usual form too:
/// with a fraction, as text, as a date.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct UnixTime(i64);

impl UnixTime {
    /// The same time in adreel's own type.
    pub const fn timestamp(self) -> Timestamp {
        Timestamp(self.0.saturating_mul(1000))
    }
}

impl fmt::Display for UnixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for UnixTime {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl<'de> Deserialize<'de> for UnixTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let time = deserializer.deserialize_any(AnyTime)?;
        Ok(Self(time.as_millis().div_euclid(1000)))
    }
}

/// A time as Creatify sends it: RFC 3339 text, kept as received, so that no spelling of it can
/// make an answer unreadable. A number is read as seconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct DateTime(String);

impl<'de> Deserialize<'de> for DateTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Text(String),
            Number(f64),
        }
        match Form::deserialize(deserializer)? {
            Form::Text(text) => Ok(Self(text)),
            Form::Number(number) => {
                let time = Timestamp::of_number(number);
                time.map(|time| Self(time.to_string())).ok_or_else(|| de::Error::custom("no time"))
            }
        }
    }
}

/// Reads a time in each usual form.
struct AnyTime;

impl Visitor<'_> for AnyTime {
    type Value = Timestamp;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time")
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Timestamp, E> {
        self.visit_f64(number as f64)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Timestamp, E> {
        self.visit_f64(number as f64)
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Timestamp, E> {
        Timestamp::of_number(number).ok_or_else(|| E::custom("no time"))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Timestamp, E> {
        Timestamp::of_text(text).ok_or_else(|| E::custom("no time"))
    }
}

impl DateTime {
    /// The text as received.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same time in adreel's own type; `None` where the text is no time with a zone.
    pub fn timestamp(&self) -> Option<Timestamp> {
        Timestamp::of_text(&self.0)
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for DateTime {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_with_any_offset_and_fraction() {
        let read = |text: &str| DateTime(text.to_owned()).timestamp().map(Timestamp::as_millis);
        assert_eq!(read("2026-06-23T10:20:00Z"), Some(1_782_210_000_000));
        assert_eq!(read("2026-06-23T10:20:00.123456+00:00"), Some(1_782_210_000_123));
        assert_eq!(read("2026-06-23T03:20:00.5-07:00"), Some(1_782_210_000_500));
        assert_eq!(read("2026-06-23 10:20:00 +0000"), Some(1_782_210_000_000));
        assert_eq!(read("Tue, 23 Jun 2026 10:20:00 GMT"), Some(1_782_210_000_000));
        for none in [
            "yesterday",
            "",
            "2026-06-23T10:20:00",
            "2026-06-23 10:20:00",
            "0001-01-01T00:00:00Z",
            "1970-01-01T00:00:01Z",
            "20261127",
        ] {
            assert_eq!(read(none), None, "{none}");
        }
    }

    #[test]
    fn a_field_is_read_as_a_time_in_each_usual_form() {
        let forms = [
            r"1782210000",
            r"1782210000.25",
            r"1782210000000",
            r"1782210000000000",
            r"1.78221e9",
            r#""1782210000""#,
            r#"" 1782210000.9 ""#,
            r#""2026-06-23T10:20:00Z""#,
            r#""2026-06-23T12:20:00.5+02:00""#,
        ];
        for form in forms {
            let read: UnixTime = serde_json::from_str(form).unwrap();
            assert_eq!(read, UnixTime(1_782_210_000), "{form}");
            let read: DateTime = serde_json::from_str(form).unwrap();
            let secs = read.timestamp().map(|time| time.as_millis().div_euclid(1000));
            assert_eq!(secs, Some(1_782_210_000), "{form}");
        }
        for none in [
            "true",
            "{}",
            "[1]",
            r#""soon""#,
            r#""""#,
            "1e300",
            r#""NaN""#,
            "0",
            "-1",
            "1782210.000",
            "29703500",
            "-1782210000",
        ] {
            assert!(serde_json::from_str::<UnixTime>(none).is_err(), "{none}");
        }
    }
}
