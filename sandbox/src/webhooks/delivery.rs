//! One event for one endpoint, as it goes over the wire: body, headers and signature.

use serde_json::{Value, json};
use url::Url;

use super::event_id;
use crate::clock::Moment;
use crate::excerpt::{self, MOST_CHARS};
use crate::signature;

/// What a forger signs with, who does not know the secret.
const FORGER: &str = "whsec_of_somebody_else";

/// One event for one endpoint.
#[derive(Clone)]
pub(crate) struct Delivery {
    pub(crate) url: String,
    /// Creatify's have no name: the status in the body.
    pub(crate) event: String,
    pub(crate) event_id: Option<String>,
    pub(crate) body: Value,
    pub(crate) signing: Signing,
}

/// How a provider proves that a delivery is its.
#[derive(Clone)]
pub(crate) enum Signing {
    BeatApi(String),
    /// With the secret of an endpoint; whether calls to a request's own address are signed is not
    /// documented, so they are not.
    Jogg(Option<String>),
    /// Creatify signs nothing.
    Nothing,
}

impl Delivery {
    /// The headers of an attempt at this time. Each attempt is signed anew: whether the services do
    /// that is unknown, but the second retry comes when the first signature is out of the tolerance
    /// that BeatAPI itself advises.
    pub(super) fn headers(&self, now: Moment, body: &[u8]) -> Vec<(&'static str, String)> {
        let mut headers = vec![("content-type", "application/json".to_owned())];
        match &self.signing {
            Signing::BeatApi(secret) => {
                let time = now.unix_secs().to_string();
                let proof = signature::of_beatapi(secret, &time, body);
                headers.push(("x-beatapi-event", self.event.clone()));
                headers.push(("x-beatapi-timestamp", time));
                headers.push(("x-beatapi-signature", proof));
            }
            Signing::Jogg(secret) => {
                headers.push(("user-agent", "JoggAI-Webhook/2.0".to_owned()));
                headers.push(("x-webhook-event", self.event.clone()));
                let proof = secret.as_ref().map(|secret| signature::of_jogg(secret, body));
                headers.extend(proof.map(|proof| ("x-webhook-signature", proof)));
            }
            Signing::Nothing => {}
        }
        headers
    }

    /// The same from somebody who wants the job to look failed, and has not the secret.
    pub(super) fn forged(&self) -> Self {
        let mut delivery = self.clone();
        let body = &mut delivery.body;
        delivery.event_id = self.event_id.as_deref().map(|id| event_id(id, "forged"));
        match &mut delivery.signing {
            Signing::BeatApi(secret) => {
                *secret = FORGER.to_owned();
                delivery.event = "task.failed".to_owned();
                body["id"] = json!(delivery.event_id);
                body["event"] = json!(delivery.event);
                body["data"]["status"] = "failed".into();
                body["data"]["stage"] = "failed".into();
                body["data"]["output"] = Value::Null;
            }
            Signing::Jogg(secret) => {
                *secret = secret.is_some().then(|| FORGER.to_owned());
                delivery.event = delivery.event.replace("_success", "_failed");
                body["event_id"] = json!(delivery.event_id);
                body["event"] = json!(delivery.event);
                body["data"]["status"] = "failed".into();
                body["data"]["error"] = json!({"code": 50000, "message": "forged"});
            }
            Signing::Nothing => {
                delivery.event = "failed".to_owned();
                body["status"] = "failed".into();
                body["failed_reason"] = "forged".into();
                match other_token(&delivery.url) {
                    Some(url) => delivery.url = url,
                    None => body["id"] = "00000000-0000-4000-8000-000000000000".into(),
                }
            }
        }
        delivery
    }
}

/// The address with other values in its query, if it has one.
fn other_token(url: &str) -> Option<String> {
    let mut url = Url::parse(url).ok()?;
    let named: Vec<_> = url.query_pairs().into_owned().collect();
    let first = named.first()?;
    let swap = |c: char| match c {
        'A' | 'a' | '0' => 'b',
        c if c.is_ascii_alphanumeric() => 'a',
        c => c,
    };
    let value: String = first.1.chars().map(swap).collect();
    let first = (first.0.clone(), value);
    let rest = named[1..].iter().cloned();
    url.query_pairs_mut().clear().extend_pairs(std::iter::once(first).chain(rest));
    Some(url.into())
}

/// An address as it may be shown: without what only its owner should know, and not all of a long
/// one.
pub(super) fn shown(url: &str) -> String {
    excerpt::shown(&without_secrets(url), MOST_CHARS).into_owned()
}

fn without_secrets(url: &str) -> String {
    let Ok(mut url) = Url::parse(url) else { return String::new() };
    let _ = (url.set_password(None), url.set_username(""));
    if url.query().is_some() {
        let names: Vec<String> = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
        url.query_pairs_mut().clear().extend_pairs(names.iter().map(|name| (name, "…")));
        return url.as_str().replace("%E2%80%A6", "…");
    }
    url.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    #[test]
    fn beatapi_is_signed_as_the_known_vector() {
        let signing = Signing::BeatApi("whsec_emulator_demo".to_owned());
        let event = "task.succeeded".to_owned();
        let delivery =
            Delivery { url: String::new(), event, event_id: None, body: Value::Null, signing };
        let body = br#"{"id":"evt_1","event":"task.succeeded","created_at":1790000000,"data":{"id":"task_1"}}"#;
        let clock = Clock::new(0.0);
        let now = clock.now();
        let at = now.minus(std::time::Duration::from_millis(now.unix_millis()));
        let at = at.plus(std::time::Duration::from_secs(1_790_000_000));
        assert_eq!(
            delivery.headers(at, body),
            [
                ("content-type", "application/json".to_owned()),
                ("x-beatapi-event", "task.succeeded".to_owned()),
                ("x-beatapi-timestamp", "1790000000".to_owned()),
                (
                    "x-beatapi-signature",
                    "148c987d7d313d54f79dff71d64d9c9bdcc72eead7a424f7e9b7cf163cd86538".to_owned()
                ),
            ]
        );
    }

    #[test]
    fn what_only_the_owner_knows_is_neither_shown_nor_forged() {
        let url = "http://me:pw@127.0.0.1:9/hook?adreel=aB0-9&x=1";
        assert_eq!(shown(url), "http://127.0.0.1:9/hook?adreel=…&x=…");
        assert_eq!(shown("http://127.0.0.1:9/hook"), "http://127.0.0.1:9/hook");
        let other = other_token("http://127.0.0.1:9/hook?adreel=aB0-9&x=1").unwrap();
        assert_eq!(other, "http://127.0.0.1:9/hook?adreel=bab-a&x=1");
        assert_eq!(other_token("http://127.0.0.1:9/hook"), None);
    }
}
