//! Deliveries of JoggAI, signed without a time.

use super::types::{WebhookData, WebhookEvent, WebhookEventName};
use crate::bindings::jogg::shapes;
use crate::error::Result;
use crate::model::ProviderId;
use crate::webhook::{
    FAILED, JobEvent, SUCCEEDED, Secrets, WebhookSecret, check_size, forged, read, signature,
};

const EVENT: &str = "x-webhook-event";
const SIGNATURE: &str = "x-webhook-signature";

/// Checks JoggAI's deliveries: the header `X-Webhook-Signature` is the HMAC-SHA256 of the body, in
/// hex, with the endpoint's secret. No time is signed, so an old delivery proves as much as a new
/// one: tell events apart by their `event_id`.
///
/// Whether calls to a request's own `webhook_url` are signed, and with what, is unknown: use an
/// endpoint of the account where the proof matters.
///
/// Source: guide WebhookIntegration and page AddWebhookEndpoint; a third party verifies the same
/// way in production; read 2026-11.
#[derive(Clone, Debug)]
pub struct WebhookVerifier {
    secrets: Secrets,
}

impl WebhookVerifier {
    /// Takes deliveries that are signed with this secret, whole, as `create_endpoint` gave it.
    pub fn new(secret: impl Into<WebhookSecret>) -> Self {
        Self { secrets: Secrets::new(secret.into()) }
    }

    pub(crate) fn with(secrets: &Secrets) -> Self {
        Self { secrets: secrets.clone() }
    }

    /// Takes deliveries that are signed with this secret as well, while endpoints are changed or
    /// several of them lead here.
    #[must_use]
    pub fn or(mut self, secret: impl Into<WebhookSecret>) -> Self {
        self.secrets.add(secret.into());
        self
    }

    /// The event of a delivery that is proved to be JoggAI's. `header` gives the value of a header
    /// by its lower-case name; `body` is the body as it came, byte for byte.
    ///
    /// Answer 2xx within 5 seconds, or the delivery comes again.
    ///
    /// # Errors
    /// [`ErrorKind::Forged`](crate::ErrorKind::Forged) without a valid signature;
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode) for a body that is signed and cannot be
    /// read.
    pub fn verify<'h>(
        &self,
        header: impl Fn(&str) -> Option<&'h str>,
        body: &[u8],
    ) -> Result<WebhookEvent> {
        check_size(ProviderId::Jogg, body)?;
        let proof = header(SIGNATURE)
            .ok_or_else(|| forged(ProviderId::Jogg, format!("it lacks the header {SIGNATURE}")))?;
        if !self.secrets.prove(proof, &[body]) {
            return Err(forged(ProviderId::Jogg, "its signature is not of our secret"));
        }
        read(ProviderId::Jogg, &shapes::WEBHOOK_EVENT, body)
    }
}

/// The events of a product video's end. Whether the first two, which are older, are sent for it as
/// well is unknown.
pub(super) const ENDS: [WebhookEventName; 4] = [
    WebhookEventName::GeneratedVideoSuccess,
    WebhookEventName::GeneratedVideoFailed,
    WebhookEventName::GeneratedProductVideoSuccess,
    WebhookEventName::GeneratedProductVideoFailed,
];

impl WebhookEvent {
    /// What it says of a job; nothing where it is none of a video's end.
    pub(crate) fn job_event(self) -> Option<JobEvent> {
        let resource = self.data.video().filter(|_| ENDS.contains(&self.event))?.to_owned();
        let name = self.event.to_string();
        let outcome = if name.ends_with("_success") { SUCCEEDED } else { FAILED };
        let delivery = self.event_id.filter(|id| !id.is_empty());
        Some(JobEvent { resource, outcome, name, delivery })
    }
}

impl WebhookData {
    /// The id of the video that a delivery is about, under whichever of its names it came.
    pub fn video(&self) -> Option<&str> {
        let ids = [&self.video_id, &self.project_id, &self.product_video_id];
        ids.into_iter().flatten().map(String::as_str).find(|id| !id.is_empty())
    }
}

/// The headers that JoggAI would send with this body, for tests of whatever takes deliveries.
pub fn sign_webhook(
    secret: &WebhookSecret,
    event: &str,
    body: &[u8],
) -> Vec<(&'static str, String)> {
    vec![(EVENT, event.to_owned()), (SIGNATURE, signature(secret, &[body]))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_video_of_an_event_is_found_under_each_of_its_names() {
        for name in ["video_id", "project_id", "product_video_id"] {
            let body = format!(
                r#"{{"event":"generated_product_video_success","data":{{"{name}":"v1","error":"x"}}}}"#
            );
            let headers =
                sign_webhook(&"s".into(), "generated_product_video_success", body.as_bytes());
            let header = |wanted: &str| {
                headers.iter().find(|(known, _)| *known == wanted).map(|(_, value)| value.as_str())
            };
            let event = WebhookVerifier::new("s").verify(header, body.as_bytes()).unwrap();
            assert_eq!(event.data.video(), Some("v1"), "{name}");
        }
    }
}
