//! What can be made to go wrong, and when.
//!
//! A fault is asked for in four ways, which all say the same: by a rule (`POST /_sandbox/faults`,
//! [`Sandbox::arm`](super::Sandbox::arm)), in a scenario file, which is a list of rules, by the header
//! `x-sandbox-fault` of one request, and by a product whose address is at
//! `https://fault.sandbox.test/`, which works through any client. The last two write a fault as
//! `name?parameter=value&…`, such as `429?seconds=5&times=2`.

mod check;
mod kind;
mod magic;
mod record;
mod rules;
mod text;
mod times;
mod wire;

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use self::kind::FaultKind;
pub(super) use self::kind::FaultPoint;
pub(super) use self::magic::{RequestFacts, ids_of, of_header};
pub(super) use self::record::{distort, has_link, title_of};
pub use self::rules::ArmedFault;
pub(super) use self::rules::{Faults, Subject};
use self::times::{Always, Times};
pub(super) use self::wire::{Fired, after, before};
use crate::provider::Provider;

/// Something that goes wrong, where, and how often: once by default.
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

fn is_zero(number: &u32) -> bool {
    *number == 0
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
