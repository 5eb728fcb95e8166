//! What can be made to go wrong, and when.
//!
//! A fault is asked for in four ways, which all say the same: by a rule (`POST /_sandbox/faults`,
//! [`Sandbox::arm`](super::Sandbox::arm)), in a scenario file, which is a list of rules, by the header
//! `x-sandbox-fault` of one request, and by a product whose address is at
//! `https://fault.sandbox.test/`, which works through any client. The last two write a fault as
//! `name?parameter=value&…`, such as `429?seconds=5&times=2`.

mod kind;
mod magic;
mod record;
mod rules;
mod wire;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::de::{self, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};

pub use self::kind::FaultKind;
pub(super) use self::kind::FaultPoint;
pub(super) use self::magic::{RequestFacts, ids_of, of_header};
pub(super) use self::record::{distort, has_link, title_of};
pub use self::rules::ArmedFault;
pub(super) use self::rules::{Faults, Subject};
pub(super) use self::wire::{Fired, after, before};
use super::excerpt::{MOST_CHARS, cut, shown};
use super::operations;
use crate::provider::Provider;

/// Something that goes wrong, where, and how often: once, unless it is told otherwise.
///
/// ```
/// use adreel_sandbox::{Fault, FaultKind};
///
/// // The third and the fourth paid call to JoggAI are answered by nothing.
/// let fault = Fault::new(FaultKind::LostAnswer)
///     .provider("jogg")
///     .operation("create_video_from_product")
///     .skip(2)
///     .times(2);
/// let text = "lost-answer?provider=jogg&operation=create_video_from_product&skip=2&times=2";
/// assert_eq!(text.parse::<Fault>().unwrap(), fault);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[must_use]
pub struct Fault {
    #[serde(rename = "fault")]
    kind: FaultKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    provider: Option<Provider>,
    /// A name that no provider has, which a check refuses.
    #[serde(skip)]
    unknown_provider: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    operation: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    product: Option<String>,
    #[serde(default)]
    times: Times,
    #[serde(default, skip_serializing_if = "is_zero")]
    skip: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    probability: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    accepted: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seconds: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    date: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    count: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refund: Option<bool>,
}

/// The most that follows a film.
const MOST_ZEROS: u64 = 1_000_000;

/// The most that is counted of a body or a file, which have less.
const MOST_BYTES: u64 = 1_000_000_000;

/// What `times` may be.
const TIMES: &str = "a whole number from 1 to 4294967295, or \"always\"";

fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// How often a fault happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
enum Times {
    Number(u32),
    Word(Always),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Always {
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
    fn are_left_after(self, applied: u32) -> bool {
        match self {
            Self::Number(number) => applied < number,
            Self::Word(Always::Always) => true,
        }
    }
}

/// A fault that cannot be, with the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidFault(String);

impl fmt::Display for InvalidFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InvalidFault {}

impl Fault {
    /// A fault that happens once, at the first chance, wherever it can.
    pub const fn new(kind: FaultKind) -> Self {
        Self {
            kind,
            provider: None,
            unknown_provider: None,
            operation: None,
            product: None,
            times: Times::Number(1),
            skip: 0,
            probability: None,
            status: None,
            accepted: None,
            seconds: None,
            date: None,
            bytes: None,
            count: None,
            field: None,
            value: None,
            to: None,
            refund: None,
        }
    }

    /// What goes wrong.
    pub const fn kind(&self) -> FaultKind {
        self.kind
    }

    /// With this provider only: `beatapi`, `creatify` or `jogg`. Another name is refused by
    /// [`check`](Self::check), as all that cannot be is.
    pub fn provider(mut self, name: impl AsRef<str>) -> Self {
        let name = name.as_ref();
        self.provider = name.parse().ok();
        self.unknown_provider = self.provider.is_none().then(|| name.to_owned());
        self
    }

    /// With this operation only, by its `operationId`, such as `create_ecommerce_video`.
    pub fn operation(mut self, operation: impl Into<String>) -> Self {
        self.operation = Some(operation.into());
        self
    }

    /// Only where a request's body, or that of the job, holds this text.
    pub fn product(mut self, text: impl Into<String>) -> Self {
        self.product = Some(text.into());
        self
    }

    /// How many times it happens; 1 is the default.
    pub const fn times(mut self, times: u32) -> Self {
        self.times = Times::Number(times);
        self
    }

    /// Every time.
    pub const fn always(mut self) -> Self {
        self.times = Times::Word(Always::Always);
        self
    }

    /// How many chances pass before the first time; 0 is the default.
    pub const fn skip(mut self, chances: u32) -> Self {
        self.skip = chances;
        self
    }

    /// How likely it happens at each chance, from 0 to 1 (the default), drawn from the sandbox's
    /// seed.
    pub const fn probability(mut self, probability: f64) -> Self {
        self.probability = Some(probability);
        self
    }

    /// The HTTP status of [`FaultKind::ServerError`], [`FaultKind::Html`] and
    /// [`FaultKind::Redirect`].
    pub const fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// Whether the request is carried out before [`FaultKind::ServerError`] and [`FaultKind::Html`];
    /// by default it is not.
    pub const fn accepted(mut self, accepted: bool) -> Self {
        self.accepted = Some(accepted);
        self
    }

    /// Seconds of the sandbox's time, where a fault takes any.
    pub const fn seconds(mut self, seconds: f64) -> Self {
        self.seconds = Some(seconds);
        self
    }

    /// Whether [`FaultKind::TooManyRequests`] says a date instead of seconds.
    pub const fn date(mut self, date: bool) -> Self {
        self.date = Some(date);
        self
    }

    /// Bytes of a body or a file, where a fault counts them.
    pub const fn bytes(mut self, bytes: u64) -> Self {
        self.bytes = Some(bytes);
        self
    }

    /// Records of a list or characters of a title, where a fault counts them.
    pub const fn count(mut self, count: u32) -> Self {
        self.count = Some(count);
        self
    }

    /// The field of [`FaultKind::MissingField`], [`FaultKind::ExtraField`] and
    /// [`FaultKind::NullField`].
    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// The status of [`FaultKind::UnknownStatus`], the title of [`FaultKind::ChangedTitle`], the key
    /// of [`FaultKind::OtherAccount`], the reason of [`FaultKind::JobFails`], and what follows a film
    /// with [`FaultKind::VideoTail`].
    pub fn value(mut self, value: impl Into<String>) -> Self {
        self.value = Some(value.into());
        self
    }

    /// Where [`FaultKind::Redirect`] points.
    pub fn to(mut self, address: impl Into<String>) -> Self {
        self.to = Some(address.into());
        self
    }

    /// Whether the credits of [`FaultKind::JobFails`] come back.
    pub const fn refund(mut self, refund: bool) -> Self {
        self.refund = Some(refund);
        self
    }

    /// Looks whether it can be, as [`Sandbox::arm`](super::Sandbox::arm) and the start do.
    ///
    /// # Errors
    /// [`InvalidFault`] for a parameter that the fault does not have or that cannot be, for a text
    /// of more than 2,000 characters, and for a provider or an operation that there is not.
    pub fn check(&self) -> Result<(), InvalidFault> {
        let name = self.kind.as_str();
        let given = [
            ("status", self.status.is_some()),
            ("accepted", self.accepted.is_some()),
            ("seconds", self.seconds.is_some()),
            ("date", self.date.is_some()),
            ("bytes", self.bytes.is_some()),
            ("count", self.count.is_some()),
            ("field", self.field.is_some()),
            ("value", self.value.is_some()),
            ("to", self.to.is_some()),
            ("refund", self.refund.is_some()),
        ];
        let known = self.kind.parameters();
        if let Some((other, _)) = given.iter().find(|(name, is)| *is && !known.contains(name)) {
            let has = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            return Err(InvalidFault(format!("{name} has no {other}: its parameters are {has}")));
        }
        let refuse = |text: String| Err(InvalidFault(format!("{name}: {text}")));
        if let Some(unknown) = &self.unknown_provider {
            let unknown = shown(unknown, 100);
            return refuse(format!("provider must be beatapi, creatify or jogg, not {unknown:?}"));
        }
        if self.seconds.is_some_and(|seconds| !(0.0..=1e9).contains(&seconds)) {
            return refuse("seconds must be from 0 to 1000000000".to_owned());
        }
        if self.probability.is_some_and(|share| !(0.0..=1.0).contains(&share)) {
            return refuse("probability must be from 0 to 1".to_owned());
        }
        if self.times == Times::Number(0) {
            return refuse(format!("times must be {TIMES}"));
        }
        let (least, most) = match self.kind {
            FaultKind::VideoTail => (1, MOST_ZEROS),
            FaultKind::SlowBody => (1, MOST_BYTES),
            _ => (0, MOST_BYTES),
        };
        if self.bytes.is_some_and(|bytes| !(least..=most).contains(&bytes)) {
            return refuse(format!("bytes must be from {least} to {most}"));
        }
        if self.kind == FaultKind::VideoTail && self.bytes.is_some() && self.value.is_some() {
            return refuse("say bytes or value, and not both".to_owned());
        }
        self.check_texts().or_else(refuse)?;
        let statuses = match self.kind {
            FaultKind::Redirect => 300..=399,
            FaultKind::ServerError => 500..=599,
            _ => 400..=599,
        };
        if let Some(status) = self.status.filter(|status| !statuses.contains(status)) {
            let (least, most) = statuses.into_inner();
            return refuse(format!("status {status}: must be from {least} to {most}"));
        }
        match &self.operation {
            Some(_) if self.kind.point() == FaultPoint::Video => {
                refuse("operation: a link belongs to none; say provider or product".to_owned())
            }
            Some(id) if !operations::exists(id) => {
                let id = shown(id, 100);
                refuse(format!("operation {id:?}: no provider has it; use an operationId"))
            }
            _ => Ok(()),
        }
    }

    /// What is wrong with the texts.
    fn check_texts(&self) -> Result<(), String> {
        // A status, a title or a reason may well be empty.
        let may_be_empty = !matches!(self.kind, FaultKind::VideoTail | FaultKind::OtherAccount);
        for (name, text, may_be_empty) in [
            ("product", &self.product, false),
            ("field", &self.field, false),
            ("value", &self.value, may_be_empty),
            ("to", &self.to, false),
        ] {
            let Some(text) = text else { continue };
            if text.is_empty() && !may_be_empty {
                return Err(format!("{name} must not be empty"));
            }
            if cut(text, MOST_CHARS).len() < text.len() {
                return Err(format!("{name} may have at most {MOST_CHARS} characters"));
            }
        }
        Ok(())
    }

    /// Reads the fields of a fault that is still to be checked.
    ///
    /// # Errors
    /// What is wrong, with the field and what it may be.
    fn of(fields: Map<String, Value>) -> Result<Self, String> {
        let read = serde_json::from_value(fields.clone().into());
        read.map_err(|error| wrong_field(&fields).unwrap_or_else(|| error.to_string()))
    }

    /// Reads the fields of a fault, and checks it.
    pub(super) fn read(fields: Map<String, Value>) -> Result<Self, InvalidFault> {
        let fault = Self::of(fields).map_err(InvalidFault)?;
        fault.check().map(|()| fault)
    }

    /// Sandbox seconds, or those that the fault takes without any.
    pub(super) fn secs(&self, default: u32) -> Duration {
        self.seconds.map_or(Duration::from_secs(default.into()), Duration::from_secs_f64)
    }

    /// What the fault counts, or so many.
    pub(super) fn count_or(&self, default: u32) -> usize {
        usize::try_from(self.count.unwrap_or(default)).unwrap_or(usize::MAX)
    }

    pub(super) fn field_or<'a>(&'a self, default: &'a str) -> &'a str {
        self.field.as_deref().unwrap_or(default)
    }

    pub(super) fn value_or<'a>(&'a self, default: &'a str) -> &'a str {
        self.value.as_deref().unwrap_or(default)
    }

    /// How much of a file there is, or half of it.
    pub(super) fn bytes_or_half(&self, length: usize) -> usize {
        self.bytes.map_or(length / 2, |bytes| usize::try_from(bytes).unwrap_or(length).min(length))
    }

    /// What follows a file.
    pub(super) fn tail(&self) -> Vec<u8> {
        match self.bytes.and_then(|zeros| usize::try_from(zeros).ok()) {
            Some(zeros) => vec![0; zeros],
            None => self.value_or("\r\n").as_bytes().to_vec(),
        }
    }

    pub(super) fn refunds(&self) -> Option<bool> {
        self.refund
    }
}

/// The first field that cannot be read, with what it may be.
fn wrong_field(fields: &Map<String, Value>) -> Option<String> {
    let is_wrong = |name: &str, value: &Value| {
        let alone = json!({"fault": FaultKind::Delay, name: value});
        serde_json::from_value::<Fault>(alone).is_err()
    };
    let mut fields = fields.iter().filter(|(name, _)| *name != "fault");
    let (name, value) = fields.find(|(name, value)| is_wrong(name, value))?;
    let allowed = match name.as_str() {
        "provider" => "beatapi, creatify or jogg",
        "operation" | "product" | "field" | "value" | "to" => "a text",
        "times" => TIMES,
        "skip" | "count" => "a whole number from 0 to 4294967295",
        "status" => "the number of an HTTP status",
        "bytes" => "a whole number from 0 to 1000000000",
        "seconds" => "a number from 0 to 1000000000",
        "probability" => "a number from 0 to 1",
        "accepted" | "date" | "refund" => "true or false",
        _ => return None,
    };
    Some(format!("{name} must be {allowed}, not {}", shown(&value.to_string(), 100)))
}

impl fmt::Display for Fault {
    /// As it is [read](Self::from_str): `name?parameter=value&…`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ok(Value::Object(fields)) = serde_json::to_value(self) else { return Err(fmt::Error) };
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let is_told =
            |name: &str, value: &Value| name != "fault" && (name != "times" || value != 1);
        for (name, value) in fields.iter().filter(|(name, value)| is_told(name, value)) {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            query.append_pair(name, &text);
        }
        let query = query.finish();
        f.write_str(self.kind.as_str())?;
        if query.is_empty() { Ok(()) } else { write!(f, "?{query}") }
    }
}

impl FromStr for Fault {
    type Err = InvalidFault;

    /// Reads `name?parameter=value&…`. A number as the name is an HTTP status: `429`, `500` to `599`.
    fn from_str(text: &str) -> Result<Self, InvalidFault> {
        const TEXTS: [&str; 6] = ["provider", "operation", "product", "field", "value", "to"];
        let refused =
            |error: &str| InvalidFault(format!("{:?} is no fault: {error}", shown(text, 100)));
        let (name, query) = text.trim().split_once('?').unwrap_or((text.trim(), ""));
        let mut object = Map::new();
        object.insert("fault".to_owned(), name.into());
        if let Ok(status) = name.parse::<u16>() {
            let kind =
                if status == 429 { FaultKind::TooManyRequests } else { FaultKind::ServerError };
            object.insert("fault".to_owned(), kind.as_str().into());
            if status != 429 {
                object.insert("status".to_owned(), status.into());
            }
        }
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let read = serde_json::from_str::<Value>(&value).ok();
            let plain = read.filter(|_| !TEXTS.contains(&name.as_ref()));
            let value = plain.unwrap_or_else(|| value.into_owned().into());
            if object.insert(name.clone().into_owned(), value).is_some() {
                return Err(refused(&format!("{:?} is given twice", shown(&name, 100))));
            }
        }
        let fault = Self::of(object).map_err(|error| refused(&error))?;
        fault.check().map(|()| fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_reads_the_same_from_text_and_from_json() {
        for (text, json) in [
            ("reset-after", r#"{"fault":"reset-after","times":1}"#),
            ("429?seconds=5&date=true", r#"{"fault":"too-many-requests","seconds":5,"date":true}"#),
            (
                "503?accepted=true&times=2",
                r#"{"fault":"server-error","status":503,"accepted":true,"times":2}"#,
            ),
            (
                "unknown-status?value=7&times=always",
                r#"{"fault":"unknown-status","value":"7","times":"always"}"#,
            ),
            ("video-404?provider=jogg", r#"{"fault":"video-404","provider":"jogg"}"#),
        ] {
            let fault: Fault = text.parse().unwrap();
            assert_eq!(fault, serde_json::from_str(json).unwrap(), "{text}");
            let written = serde_json::to_value(&fault).unwrap();
            assert_eq!(serde_json::from_value::<Fault>(written).unwrap(), fault);
            assert_eq!(fault.to_string().parse::<Fault>().unwrap(), fault);
        }
    }

    #[test]
    fn what_is_wrong_with_a_fault_is_said() {
        for (text, expected) in [
            ("nothing", "unknown variant `nothing`"),
            ("reset-after?bytes=2", "reset-after has no bytes: its parameters are none"),
            ("404", "status 404: must be from 500 to 599"),
            ("delay?seconds=-1", "seconds must be from 0"),
            ("delay?second=1", "unknown field `second`"),
            ("delay?probability=2", "probability must be from 0 to 1"),
            ("delay?operation=make_video", "no provider has it"),
            ("video-tail?bytes=1000001", "bytes must be from 1 to 1000000"),
            ("reset-middle?bytes=18446744073709551615", "bytes must be from 0 to 1000000000"),
            ("slow-body?bytes=0", "bytes must be from 1"),
            ("delay?times=often", "times must be a whole number from 1 to 4294967295, or"),
            ("delay?times=-1", "times must be a whole number from 1"),
            ("delay?times=0", "times must be a whole number from 1"),
            ("delay?seconds=x", "seconds must be a number from 0 to 1000000000, not \"x\""),
            ("delay?skip=1.5", "skip must be a whole number from 0"),
            ("html?accepted=yes", "accepted must be true or false, not \"yes\""),
            ("delay?provider=acme", "provider must be beatapi, creatify or jogg"),
            ("missing-field?field=", "field must not be empty"),
            ("delay?product=", "product must not be empty"),
            ("video-tail?value=", "value must not be empty"),
            ("video-tail?value=a&bytes=1", "bytes or value"),
            ("delay?seconds=1&seconds=2", "\"seconds\" is given twice"),
            ("503?status=500", "\"status\" is given twice"),
            ("delay?fault=html", "\"fault\" is given twice"),
            ("", "unknown variant"),
        ] {
            let error = text.parse::<Fault>().unwrap_err().to_string();
            assert!(error.contains(expected) && !error.contains('\n'), "{text}: {error}");
        }
    }
}
