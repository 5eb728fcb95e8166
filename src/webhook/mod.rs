//! Deliveries from a provider, checked before anything in them is believed.
//!
//! Anyone who knows an endpoint's address can post to it. BeatAPI and JoggAI sign what they send,
//! each in its own way, and [`beatapi::WebhookVerifier`](crate::beatapi::WebhookVerifier) and
//! [`jogg::WebhookVerifier`](crate::jogg::WebhookVerifier) give back an event only where the
//! signature proves it. Creatify signs nothing, so what it sends is a
//! [`WebhookHint`](crate::creatify::WebhookHint): a reason to read the job, and no proof of
//! anything. Beside each stands a function that signs (or writes) a delivery, for your own tests.
//!
//! A [`WebhookInbox`](crate::client::WebhookInbox) does all of that for the jobs of a client. The
//! verifiers alone take headers by name and a body as bytes, so they work with any web framework:
//!
//! ```
//! # #[cfg(feature = "beatapi")] fn main() -> adreel::Result<()> {
//! use adreel::beatapi::{WebhookVerifier, sign_webhook};
//!
//! let verifier = WebhookVerifier::new("whsec_new").or("whsec_old");
//! # let body = br#"{"id":"evt_1","event":"task.succeeded","created_at":1,"data":{"id":"task_1",
//! # "object":"task","status":"succeeded","created_at":1,"updated_at":1}}"#;
//! # let now = adreel::clock::Clock::now(&adreel::clock::SystemClock);
//! # let headers = sign_webhook(&"whsec_old".into(), "task.succeeded", now, body);
//! # let header = |name: &str| headers.iter().find(|(n, _)| *n == name).map(|(_, v)| v.as_str());
//! let event = verifier.verify(header, body)?;
//! assert_eq!(event.data.id, "task_1");
//! # Ok(()) }
//! # #[cfg(not(feature = "beatapi"))] fn main() {}
//! ```

mod address;
mod delivery;

pub(crate) use address::{Claim, address_base, step_address};
pub use delivery::Delivery;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::de::DeserializeOwned;
use sha2::Sha256;

use crate::error::{Error, ErrorKind, Result};
use crate::json::Shape;
use crate::model::{Account, ProviderId};
pub(crate) use crate::secret::WebhookSecret;

/// The longest body that is looked at; a delivery has one to three kilobytes.
const MAX_BODY_BYTES: usize = 1 << 20;

/// What a delivery says, as far as its provider can tell.
pub(crate) enum Delivered {
    /// Its signature proves it. `None` where it is no end of a job.
    Signed(Option<JobEvent>),
    /// Its address says which step of which job it is about; the account's keys tell whether that
    /// is true. With a word of ours for what its body says.
    Claimed(Claim, &'static str),
}

/// What a proved delivery says of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JobEvent {
    /// The provider's id of it.
    pub(crate) resource: String,
    /// A word of ours for how it ended.
    pub(crate) outcome: &'static str,
    /// The event's name, as the provider has it.
    pub(crate) name: String,
    /// The delivery's own id.
    pub(crate) delivery: Option<String>,
}

pub(crate) const SUCCEEDED: &str = "succeeded";
pub(crate) const FAILED: &str = "failed";

/// The secrets that are valid at present, more than one while they are being changed.
#[derive(Clone, Debug)]
pub(crate) struct Secrets(Vec<WebhookSecret>);

impl Secrets {
    pub(crate) fn new(secret: WebhookSecret) -> Self {
        Self(vec![secret])
    }

    /// The secrets that an account's deliveries are signed with.
    ///
    /// # Errors
    /// [`ErrorKind::Forged`] where none is set, since nothing is proved then.
    pub(crate) fn needed<'a>(secrets: Option<&'a Self>, account: &Account) -> Result<&'a Self> {
        secrets.ok_or_else(|| {
            let message = format!("no secret is set for its account {:?}", account.name);
            forged(account.provider, message)
        })
    }

    pub(crate) fn add(&mut self, secret: WebhookSecret) {
        self.0.push(secret);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &WebhookSecret> {
        self.0.iter()
    }

    /// Whether one of the secrets made this signature (lower-case hex of HMAC-SHA256) of the
    /// parts put together. Takes the same time wherever the first difference is.
    pub(crate) fn prove(&self, signature: &str, parts: &[&[u8]]) -> bool {
        let mut code = [0; 32];
        let Ok(code) = base16ct::lower::decode(signature, &mut code) else { return false };
        let proofs = self.0.iter().filter_map(|secret| mac(secret, parts)?.verify_slice(code).ok());
        proofs.count() > 0
    }
}

/// The signature of the parts put together, as the providers write it.
pub(crate) fn signature(secret: &WebhookSecret, parts: &[&[u8]]) -> String {
    let code = mac(secret, parts).map(|mac| mac.finalize().into_bytes());
    code.map_or_else(String::new, |code| base16ct::lower::encode_string(&code))
}

/// `None` for an empty secret, with which anyone could sign.
fn mac(secret: &WebhookSecret, parts: &[&[u8]]) -> Option<Hmac<Sha256>> {
    let key = Some(secret.expose()).filter(|key| !key.is_empty())?;
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).ok()?;
    parts.iter().for_each(|part| mac.update(part));
    Some(mac)
}

/// Checks that a body is of a size that a delivery can have, before anything is computed of it.
pub(crate) fn check_size(provider: ProviderId, body: &[u8]) -> Result<()> {
    if body.len() > MAX_BODY_BYTES {
        let message = format!("{} bytes are more than a delivery has", body.len());
        return Err(forged(provider, message));
    }
    Ok(())
}

/// A delivery whose address does not prove it.
pub(crate) fn unproved(provider: ProviderId) -> Error {
    forged(provider, "its address has no token of ours, or one of an earlier key's")
}

/// A delivery that is not proved to be the provider's.
pub(crate) fn forged(provider: ProviderId, message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Forged, message).with_provider(provider).with_operation("webhook")
}

/// Reads a delivery's body, as an answer is read.
pub(crate) fn read<T: DeserializeOwned>(
    provider: ProviderId,
    shape: &Shape,
    body: &[u8],
) -> Result<T> {
    let refused = |why: &str| {
        Error::new(ErrorKind::Decode, format!("the delivery does not fit its spec: {why}"))
            .with_provider(provider)
            .with_operation("webhook")
    };
    let json = serde_json::from_slice(body).map_err(|_| refused("it is not JSON"))?;
    match shape.decode(json) {
        Ok((event, _)) => Ok(event),
        Err(drift) => Err(refused(&drift.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_the_known_one_and_proves_its_message_only() {
        // The vector of the fact sheet on BeatAPI.
        let secret = WebhookSecret::new("whsec_emulator_demo");
        let body = br#"{"id":"evt_1","event":"task.succeeded","created_at":1790000000,"data":{"id":"task_1"}}"#;
        let parts: [&[u8]; 3] = [b"1790000000", b".", body];
        let known = "148c987d7d313d54f79dff71d64d9c9bdcc72eead7a424f7e9b7cf163cd86538";
        assert_eq!(signature(&secret, &parts), known);
        let mut secrets = Secrets::new("whsec_other".into());
        assert!(!secrets.prove(known, &parts));
        secrets.add(secret);
        assert!(secrets.prove(known, &parts));
        assert!(!secrets.prove(known, &[b"1790000001", b".", body]));
        for near in ["", "14", &known.to_uppercase(), &format!("{known}0"), &known[..62]] {
            assert!(!secrets.prove(near, &parts), "{near}");
        }
    }

    #[test]
    fn an_empty_secret_proves_nothing() {
        let secrets = Secrets::new(" ".into());
        let anyone = Hmac::<Sha256>::new_from_slice(b"").unwrap().finalize().into_bytes();
        assert!(!secrets.prove(&base16ct::lower::encode_string(&anyone), &[b""]));
    }
}
