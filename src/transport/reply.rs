//! An answer, and what a refusal says.

use std::time::Duration;

use bytes::Bytes;
use reqwest::StatusCode;
use reqwest::header::{CONTENT_LOCATION, HeaderMap, LOCATION, RETRY_AFTER};

use super::operation::Operation;
use crate::error::ErrorKind;
use crate::job::EDGE_REFUSES;
use crate::json::lenient;
use crate::model::Timestamp;
use crate::secret::{Kept, KnownSecrets};

/// An answer with its whole body, so that it can be read for a provider's code, then decoded.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    /// The body as JSON; `None` where it is none (an edge's HTML, plain text, nothing).
    pub(crate) fn json(&self) -> Option<serde_json::Value> {
        lenient::read(&self.body)
    }

    /// What stands where the provider's own answer should be: the page or the words of an edge, or
    /// nothing. It is named and never shown, because it may hold anything and says nothing that
    /// helps. It is not the provider's word either: whether the call was accepted it cannot say, nor
    /// whether what was asked for exists.
    pub(crate) fn stray(&self) -> Refusal {
        let text = String::from_utf8_lossy(&self.body);
        let message = match text.trim() {
            "" => "nothing instead of an answer",
            text if text.starts_with('<') => "HTML or XML instead of an answer",
            text if serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() => {
                "an answer without a word of the provider's"
            }
            _ => "text instead of an answer",
        };
        let code = edge_code(text.trim());
        // The one page of an edge of which it is known that it comes before the service.
        if code.as_deref() == Some(REFUSED_CLIENT) {
            return Refusal {
                number: u32::from(self.status.as_u16()),
                kind: Some(ErrorKind::InvalidRequest),
                message: "an edge before the provider refused this client by its User-Agent, \
                          which HttpConfig::header can change"
                    .to_owned(),
                code,
                field: Some(EDGE_REFUSES.to_owned()),
                ..Refusal::default()
            };
        }
        let is_no = matches!(self.status.as_u16(), 400..=407 | 409..=428 | 430..=499);
        let kind = is_no.then_some(ErrorKind::Unavailable);
        Refusal { number: NO_WORD, kind, message: message.to_owned(), code, ..Refusal::default() }
    }

    /// The wait that `Retry-After` asks for.
    pub(crate) fn retry_after(&self, now: Timestamp) -> Option<Duration> {
        retry_after(&self.headers, now)
    }

    /// Brings a body that is not quite JSON into the form that each reader reads alike, and says
    /// whether it needed no guess: what was guessed proves no refusal. Where the call was paid, an
    /// answer is read that goes on behind its first value, or that lacks the brackets at its end:
    /// any id in it is worth more than none. Of what is free it might be half a list, so that is
    /// read again.
    pub(super) fn straighten(&mut self, is_paid: bool) -> bool {
        let Some(read) = lenient::read_with(&self.body) else { return true };
        if !read.is_all && !is_paid {
            return true;
        }
        if !read.is_strict {
            self.body = read.value.to_string().into();
        }
        read.is_sure
    }

    /// The same answer without the account's secrets, wherever it repeats them, but for what is
    /// kept; `None` where it holds none.
    pub(super) fn without(&self, secrets: &KnownSecrets, kept: Kept) -> Option<Self> {
        let body = secrets.taken_out_of(&self.body, kept)?;
        Some(Self { status: self.status, headers: self.headers.clone(), body: body.into() })
    }
}

/// The wait that an answer's head asks for, as seconds, also with a fraction, or as a date. What
/// cannot be read asks for none, and neither does a date that has passed.
pub(crate) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let asked = |text: &str| match text.parse() {
        Ok(secs) => wait_of(secs),
        Err(_) => {
            let date = httpdate::parse_http_date(text).ok()?;
            wait_of(date.duration_since(now.into()).ok()?.as_secs_f64())
        }
    };
    let told = headers.get_all(RETRY_AFTER).iter().filter_map(|value| value.to_str().ok());
    told.filter_map(|text| asked(text.trim())).max()
}

/// No provider asks for a longer wait and means it.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// A wait of so many seconds, of a day at the most. What is no number above zero, or more than
/// any clock could tell, asks for none.
pub(crate) fn wait_of(secs: f64) -> Option<Duration> {
    let wait = Duration::try_from_secs_f64(secs).ok().filter(|wait| !wait.is_zero())?;
    Some(wait.min(LONGEST_WAIT))
}

/// The number of an answer that is not the provider's, or not in the shape in which it refuses: it
/// stands in no list of what proves a refusal.
pub(crate) const NO_WORD: u32 = 0;

/// The code with which an edge turns away clients whose User-Agent it dislikes. BeatAPI's does so
/// to the default one of some languages.
const REFUSED_CLIENT: &str = "1010";

/// The number in an edge's `error code: 1010`.
fn edge_code(text: &str) -> Option<String> {
    let code = text.strip_prefix("error code: ")?;
    let is_code = code.len() <= 5 && code.bytes().all(|byte| byte.is_ascii_digit());
    is_code.then(|| code.to_owned())
}

/// What a provider said no with, in its own dialect.
#[derive(Debug, Default)]
pub(crate) struct Refusal {
    /// The kind, where the provider's code says more than the status does.
    pub(crate) kind: Option<ErrorKind>,
    /// The provider's own code.
    pub(crate) code: Option<String>,
    /// The number to look for in the operation's `refused` list: the business code where there is
    /// one, else the HTTP status.
    pub(crate) number: u32,
    pub(crate) message: String,
    pub(crate) field: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) retry_after: Option<Duration>,
}

impl Refusal {
    /// Itself where the provider says something in it. JSON that says nothing, such as `{}`, can be
    /// anybody's.
    ///
    /// A head that says where something is speaks of what was made: such an answer proves nothing.
    pub(super) fn heard(self, reply: &Reply) -> Self {
        let says_nothing = self.code.is_none() && self.message.trim().is_empty();
        let refusal = if says_nothing { reply.stray() } else { self };
        let names_a_thing =
            [LOCATION, CONTENT_LOCATION].iter().any(|name| reply.headers.contains_key(name));
        let number = if names_a_thing { NO_WORD } else { refusal.number };
        Self { number, ..refusal }
    }

    pub(crate) fn kind(&self, status: StatusCode) -> ErrorKind {
        self.kind.unwrap_or(match status.as_u16() {
            401 => ErrorKind::Unauthorized,
            402 => ErrorKind::OutOfCredits,
            403 => ErrorKind::PlanLacks,
            404 | 410 => ErrorKind::NotFound,
            409 => ErrorKind::Conflict,
            408 | 504 => ErrorKind::Timeout,
            429 => ErrorKind::RateLimited,
            200..=299 => ErrorKind::Decode,
            400..=499 => ErrorKind::InvalidRequest,
            _ => ErrorKind::Unavailable,
        })
    }
}

/// What an attempt proves about the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// It never left this machine.
    NeverLeft,
    /// It was refused for now.
    RefusedLater,
    /// It was refused.
    Refused,
    /// It may have arrived, and may have been accepted.
    Unknown,
    /// The same; what it was answered with is more than is taken, and will be the next time.
    TooLong,
}

impl Proof {
    /// An edge may answer for a service that it lost while it was at work, so nothing that comes with
    /// a status from 500 on proves anything, whatever else it says; nor does a redirect, or a
    /// request that took too long to arrive.
    pub(super) fn of_refusal(operation: &Operation, status: StatusCode, number: u32) -> Self {
        let is_answer = status.is_success() || status.is_client_error();
        match number {
            _ if !is_answer || status == StatusCode::REQUEST_TIMEOUT => Self::Unknown,
            number if !operation.refused.contains(&number) => Self::Unknown,
            429 => Self::RefusedLater,
            _ => Self::Refused,
        }
    }

    pub(super) fn of_failed_send(error: &reqwest::Error) -> Self {
        if error.is_connect() || error.is_builder() { Self::NeverLeft } else { Self::Unknown }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(retry_after: &str) -> Reply {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, retry_after.parse().unwrap());
        Reply { status: StatusCode::TOO_MANY_REQUESTS, headers, body: Bytes::new() }
    }

    #[test]
    fn retry_after_is_read_as_seconds_and_as_a_date() {
        let now = Timestamp::from_millis(784_111_777_000);
        let wait = |text| reply(text).retry_after(now);
        assert_eq!(wait("12"), Some(Duration::from_secs(12)));
        assert_eq!(wait(" 1.5 "), Some(Duration::from_millis(1500)));
        assert_eq!(wait("Sun, 06 Nov 1994 08:50:07 GMT"), Some(Duration::from_secs(30)));
        for longest in ["86401", "1e9", "Sat, 06 Nov 2094 08:50:07 GMT"] {
            assert_eq!(wait(longest), Some(Duration::from_secs(86_400)), "{longest}");
        }
    }

    #[test]
    fn what_cannot_be_read_or_lies_in_the_past_asks_for_no_wait() {
        let now = Timestamp::from_millis(784_111_777_000);
        let past = "Sun, 06 Nov 1994 08:00:00 GMT";
        let now_itself = "Sun, 06 Nov 1994 08:49:37 GMT";
        for text in
            ["", "soon", "0", "0.0", "-0", "-3", "NaN", "inf", "1e308", "1e-300", past, now_itself]
        {
            assert_eq!(reply(text).retry_after(now), None, "{text}");
        }
    }

    #[test]
    fn of_several_headers_the_longest_wait_counts() {
        let mut reply = reply("0");
        reply.headers.append(RETRY_AFTER, "9".parse().unwrap());
        reply.headers.append(RETRY_AFTER, "soon".parse().unwrap());
        assert_eq!(reply.retry_after(Timestamp::default()), Some(Duration::from_secs(9)));
    }
}
