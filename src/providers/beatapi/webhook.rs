//! Deliveries of BeatAPI, signed with a time.

use std::sync::Arc;
use std::time::Duration;

use super::types::{WebhookEvent, WebhookEventName};
use crate::bindings::beatapi::shapes;
use crate::clock::{Clock, SystemClock};
use crate::error::Result;
use crate::model::{ProviderId, Timestamp};
use crate::webhook::{
    FAILED, JobEvent, SUCCEEDED, Secrets, WebhookSecret, check_size, forged, read, signature,
};

const EVENT: &str = "x-beatapi-event";
const TIMESTAMP: &str = "x-beatapi-timestamp";
const SIGNATURE: &str = "x-beatapi-signature";

/// How far a delivery's time may be from ours, as BeatAPI advises.
const TOLERANCE: Duration = Duration::from_secs(300);

/// Checks BeatAPI's deliveries: the header `x-beatapi-signature` is the HMAC-SHA256 of the header
/// `x-beatapi-timestamp`, a full stop and the body, in hex, with the endpoint's secret.
///
/// Source: webhook pages of all states of the contract, read 2026-11.
#[derive(Clone)]
pub struct WebhookVerifier {
    secrets: Secrets,
    tolerance: Duration,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for WebhookVerifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("beatapi::WebhookVerifier")
            .field("secrets", &self.secrets)
            .field("tolerance", &self.tolerance)
            .finish_non_exhaustive()
    }
}

impl WebhookVerifier {
    /// Takes deliveries that are signed with this secret, whole, as `create_webhook` gave it.
    pub fn new(secret: impl Into<WebhookSecret>) -> Self {
        Self {
            secrets: Secrets::new(secret.into()),
            tolerance: TOLERANCE,
            clock: Arc::new(SystemClock),
        }
    }

    pub(crate) fn with(secrets: &Secrets, clock: &Arc<dyn Clock>) -> Self {
        let (secrets, clock) = (secrets.clone(), Arc::clone(clock));
        Self { secrets, tolerance: TOLERANCE, clock }
    }

    /// Takes deliveries that are signed with this secret as well, while secrets are changed or
    /// several endpoints lead here.
    #[must_use]
    pub fn or(mut self, secret: impl Into<WebhookSecret>) -> Self {
        self.secrets.add(secret.into());
        self
    }

    /// How far a delivery's time may be from ours, in either direction. Default: 5 minutes, as
    /// BeatAPI advises.
    #[must_use]
    pub fn tolerance(mut self, tolerance: Duration) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Takes the time from another clock than the machine's.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// The event of a delivery that is proved to be BeatAPI's, and recent. `header` gives the
    /// value of a header by its lower-case name; `body` is the body as it came, byte for byte.
    ///
    /// A delivery may come again, and late ones may be overtaken: tell events apart by their `id`,
    /// and answer any 2xx.
    ///
    /// # Errors
    /// [`ErrorKind::Forged`](crate::ErrorKind::Forged) without a valid signature or for a time
    /// that is too far off; [`ErrorKind::Decode`](crate::ErrorKind::Decode) for a body that is
    /// signed and cannot be read.
    pub fn verify<'h>(
        &self,
        header: impl Fn(&str) -> Option<&'h str>,
        body: &[u8],
    ) -> Result<WebhookEvent> {
        check_size(ProviderId::BeatApi, body)?;
        let named = |name: &'static str| {
            let missing = || forged(ProviderId::BeatApi, format!("it lacks the header {name}"));
            header(name).ok_or_else(missing)
        };
        let (time, proof) = (named(TIMESTAMP)?, named(SIGNATURE)?);
        if !self.secrets.prove(proof, &[time.as_bytes(), b".", body]) {
            return Err(forged(ProviderId::BeatApi, "its signature is not of our secret"));
        }
        self.check_time(time)?;
        read(ProviderId::BeatApi, &shapes::WEBHOOK_EVENT, body)
    }

    fn check_time(&self, text: &str) -> Result<()> {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let secs = text.parse::<i64>().ok().filter(|_| is_number);
        let time = secs.and_then(|secs| secs.checked_mul(1000)).map(Timestamp::from_millis);
        let now = self.clock.now();
        let recent =
            time.is_some_and(|time| time.since(now).max(now.since(time)) <= self.tolerance);
        if recent {
            return Ok(());
        }
        let message = format!("it was signed more than {:?} from now", self.tolerance);
        Err(forged(ProviderId::BeatApi, message))
    }
}

impl WebhookEvent {
    /// What it says of a job; nothing where it is none of a task's end.
    pub(crate) fn job_event(self) -> Option<JobEvent> {
        let outcome = match &self.event {
            WebhookEventName::TaskSucceeded => SUCCEEDED,
            WebhookEventName::TaskFailed => FAILED,
            WebhookEventName::Unknown(_) => return None,
        };
        let (resource, name) = (self.data.id, self.event.to_string());
        Some(JobEvent { resource, outcome, name, delivery: Some(self.id) })
    }
}

/// The headers that BeatAPI would send with this body, for tests of whatever takes deliveries.
pub fn sign_webhook(
    secret: &WebhookSecret,
    event: &str,
    now: Timestamp,
    body: &[u8],
) -> Vec<(&'static str, String)> {
    let time = now.as_millis().div_euclid(1000).to_string();
    let proof = signature(secret, &[time.as_bytes(), b".", body]);
    vec![(EVENT, event.to_owned()), (TIMESTAMP, time), (SIGNATURE, proof)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    const BODY: &[u8] = br#"{"id":"evt_1","event":"task.moved","created_at":1790000000,"data":{"id":"task_1","status":"dreaming"}}"#;

    struct At(i64);

    impl Clock for At {
        fn now(&self) -> Timestamp {
            Timestamp::from_millis(self.0 * 1000)
        }

        fn sleep(&self, _: Duration) -> crate::future::BoxFuture<'static, ()> {
            Box::pin(std::future::ready(()))
        }
    }

    fn verified(signed_at: i64, read_at: i64) -> Result<WebhookEvent> {
        let headers = sign_webhook(&"whsec_1".into(), "task.moved", At(signed_at).now(), BODY);
        let header = |name: &str| {
            headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
        };
        WebhookVerifier::new("whsec_1").clock(At(read_at)).verify(header, BODY)
    }

    #[test]
    fn an_event_is_read_with_words_that_the_spec_does_not_list() {
        let event = verified(1_790_000_000, 1_790_000_000).unwrap();
        assert_eq!((event.event.as_str(), event.data.status.as_str()), ("task.moved", "dreaming"));
    }

    #[test]
    fn its_time_may_be_five_minutes_off_in_either_direction() {
        let now = 1_790_000_000;
        for offset in [-300, 0, 300] {
            assert!(verified(now + offset, now).is_ok(), "{offset}");
        }
        for offset in [-301, 301, -1_790_000_000] {
            let error = verified(now + offset, now).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Forged, "{offset}");
        }
    }

    #[test]
    fn a_signed_time_that_is_no_number_is_refused() {
        for time in ["", "+1790000000", "1790000000.0", "99999999999999999999", "now"] {
            let proof = signature(&"whsec_1".into(), &[time.as_bytes(), b".", BODY]);
            let header = |name: &str| match name {
                TIMESTAMP => Some(time),
                SIGNATURE => Some(proof.as_str()),
                _ => None,
            };
            let verifier = WebhookVerifier::new("whsec_1").clock(At(1_790_000_000));
            assert_eq!(verifier.verify(header, BODY).unwrap_err().kind(), ErrorKind::Forged);
        }
    }
}
