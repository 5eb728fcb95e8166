//! One attempt loop for every call of the three APIs.
//!
//! A call that costs money must not be sent twice, and a call that costs nothing should not fail
//! because of one lost packet. What decides is what an attempt *proves*, together with
//! what the spec says of the operation ([`Operation`]):
//!
//! | what happened to this attempt | read, or replay-safe | paid, replay never |
//! | --- | --- | --- |
//! | never left (DNS, connect, TLS) | again | again |
//! | refused, "later" (429) | again, not before Retry-After | again, not before Retry-After |
//! | refused, "no" (in the operation's `refused` list) | error | error |
//! | may have arrived (timeout, reset, 5xx, 3xx, unreadable 2xx, a code not listed) | again | **never**: `SubmitUnknown` |
//!
//! How long a provider that is down is tried is one rule. Whoever waits for an answer, of a provider's
//! own client, a balance, a list or a plan, waits for the account's [`RetryPolicy`]: four attempts
//! within some seconds by default. A job has time: each of its calls is made once, and what "again"
//! stands for above is made again after a pause that grows from two seconds to a minute, until the
//! [wait](crate::client::WaitPolicy) ends, and by whoever comes back to the job after that.

mod address;
mod auth;
mod call;
mod clients;
mod drift;
mod http;
mod operation;
mod packed;
mod reply;
mod retry;
mod shape;
#[cfg(feature = "rustls-no-provider")]
mod tls;
mod upload;
mod webhook_url;

pub use auth::{Credentials, Keys};
pub use http::HttpConfig;
pub(crate) use operation::PathSegment;
pub use operation::{Operation, Replay};
pub use retry::RetryPolicy;
pub use upload::Upload;

pub(crate) use address::{is_loopback, is_private};
pub(crate) use call::{Answer, Call};
pub(crate) use clients::Links;
#[cfg(feature = "cli")]
pub(crate) use clients::odd_proxies;
pub(crate) use drift::Drift;
pub(crate) use reply::{EDGE_REFUSES, NO_WORD, Refusal, Reply, retry_after, wait_of};
pub(crate) use retry::growing_pause;
pub(crate) use shape::{Field, Shape, reads, text_of_number};
pub(crate) use webhook_url::Claim;

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

use crate::client::AccountConfig;
use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Result};
use crate::job::Account;
use crate::model::ProviderId;
use crate::secret::{ApiKey, KnownSecrets, WebhookSecret};
use clients::{Clients, Purpose};
use drift::Told;
use retry::RetryBudget;

/// What is special about one provider's way of speaking HTTP.
pub(crate) struct Dialect {
    pub(crate) provider: ProviderId,
    pub(crate) base_url: &'static str,
    /// Puts the account's keys into a request.
    pub(crate) sign: fn(&Keys, &mut HeaderMap) -> Result<()>,
    /// Reads a refusal; `None` where the answer is a success.
    pub(crate) refusal: fn(&Reply) -> Option<Refusal>,
}

/// One account's way to its provider.
#[derive(Clone)]
pub(crate) struct Transport {
    shared: Arc<Shared>,
    calls: Calls,
}

/// Whose calls these are.
#[derive(Clone)]
enum Calls {
    /// Somebody's, who waits for the answer: what may be repeated is, by the account's policy.
    Own,
    /// A job's, which keeps the time itself and comes back: each is made once.
    OfJob(Option<Arc<Permit>>),
}

/// What a step's call is made with. It was looked up before the call was announced, so that nothing
/// stands between the announcement and the first byte.
#[derive(Debug)]
pub(crate) struct Permit {
    pub(crate) keys: Keys,
    /// A digest of the key that the caller gave to the job, if there is one: a sandbox is told.
    pub(crate) order: Option<String>,
    /// By the client's monotonic clock: when the first byte may leave at the latest.
    pub(crate) not_after: Duration,
    /// How long its answer is waited for at the most.
    pub(crate) timeout: Duration,
}

/// How long keys may take to be known.
const KEYS_TIMEOUT: Duration = Duration::from_secs(20);

struct Shared {
    dialect: &'static Dialect,
    account: Account,
    base_url: String,
    base: Url,
    clients: Clients,
    links: Links,
    credentials: Arc<dyn Credentials>,
    policy: RetryPolicy,
    budget: RetryBudget,
    clock: Arc<dyn Clock>,
    submit_timeout: Option<Duration>,
    webhook_url: Option<String>,
    told: Told,
    secrets: KnownSecrets,
    tells_orders: bool,
}

impl Shared {
    fn timeout(&self, operation: &Operation) -> Duration {
        self.submit_timeout.filter(|_| operation.paid).unwrap_or(operation.timeout)
    }
}

impl Transport {
    pub(crate) fn new(dialect: &'static Dialect, config: AccountConfig) -> Result<Self> {
        let base_url = config.base_url.as_deref().unwrap_or(dialect.base_url);
        let (base_url, realm) = check_base_url(base_url, dialect.base_url)
            .map_err(|error| error.with_provider(dialect.provider))?;
        check_name(&config.name)?;
        let base = Url::parse(&base_url).expect("its realm was read from it");
        check_plain_http(&base, &config.http)
            .map_err(|error| error.with_provider(dialect.provider))?;
        let webhook_url = config.webhook_url.as_deref().map(webhook_url::base).transpose()?;
        Ok(Self {
            calls: Calls::Own,
            shared: Arc::new(Shared {
                dialect,
                account: Account { provider: dialect.provider, name: config.name, realm },
                base_url,
                clients: Clients::new(&config.http, Purpose::Calls)?,
                links: Links::new(&config.http, &base)?,
                base,
                credentials: config.credentials,
                policy: config.retry,
                budget: RetryBudget::new(),
                clock: config.clock,
                submit_timeout: config.submit_timeout,
                webhook_url,
                told: Told::default(),
                secrets: KnownSecrets::default(),
                tells_orders: config.tells_orders,
            }),
        })
    }

    pub(crate) fn account(&self) -> &Account {
        &self.shared.account
    }

    pub(crate) fn base_url(&self) -> &str {
        &self.shared.base_url
    }

    /// The client for calls. Where none can be made that reaches the provider, [`keys`](Self::keys)
    /// says so before anything is sent.
    pub(crate) fn api(&self) -> &reqwest::Client {
        self.shared.clients.reach(&self.shared.base).unwrap_or(self.shared.clients.plain())
    }

    /// How long one attempt of an operation may take.
    pub(crate) fn timeout(&self, operation: &Operation) -> Duration {
        self.shared.timeout(operation)
    }

    /// The same way for the calls of jobs.
    pub(crate) fn of_jobs(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), calls: Calls::OfJob(None) }
    }

    /// The same way for a call of a job that has a permit.
    pub(crate) fn with_permit(&self, permit: &Arc<Permit>) -> Self {
        let calls = Calls::OfJob(Some(Arc::clone(permit)));
        Self { shared: Arc::clone(&self.shared), calls }
    }

    /// The order that a paid call is for, where it is to be told.
    fn told_order(&self, operation: &Operation) -> Option<HeaderValue> {
        let permit = self.permit().filter(|_| self.shared.tells_orders && operation.paid)?;
        HeaderValue::from_str(permit.order.as_deref()?).ok()
    }

    fn permit(&self) -> Option<&Arc<Permit>> {
        match &self.calls {
            Calls::OfJob(permit) => permit.as_ref(),
            Calls::Own => None,
        }
    }

    /// How often a call is tried.
    fn policy(&self) -> RetryPolicy {
        match self.calls {
            Calls::Own => self.shared.policy,
            Calls::OfJob(_) => self.shared.policy.once(),
        }
    }

    /// The account's keys: those of the permit, or as they are now, where the provider can be reached
    /// from this machine at all.
    ///
    /// # Errors
    /// [`ErrorKind::NeedsCredentials`] where they are not known in time; whatever keeps them from
    /// being known; [`ErrorKind::Io`] without root certificates.
    pub(crate) async fn keys(&self) -> Result<Keys> {
        if let Some(permit) = self.permit() {
            return Ok(permit.keys.clone());
        }
        let placed = |error: Error| error.with_provider(self.shared.dialect.provider);
        self.shared.clients.reach(&self.shared.base).map_err(placed)?;
        let keys = self.shared.credentials.keys(&self.shared.account);
        let keys = tokio::time::timeout(KEYS_TIMEOUT, keys).await.unwrap_or_else(|_| {
            let message = format!("the keys were not there within {} s", KEYS_TIMEOUT.as_secs());
            Err(Error::new(ErrorKind::NeedsCredentials, message))
        });
        keys.map_err(placed)
    }

    /// Hides the secret of a webhook in whatever the provider answers from now on.
    pub(crate) fn hide(&self, secret: &WebhookSecret) {
        self.shared.secrets.learn_of_webhook(secret);
    }

    /// Whether the account has a webhook address.
    pub(crate) fn has_webhook_url(&self) -> bool {
        self.shared.webhook_url.is_some()
    }

    /// The account's webhook address for a job's step, for providers that take one with each call:
    /// with a token that proves deliveries to be theirs, and with the step's tag, which they echo.
    pub(crate) fn webhook_address(&self, tag: &str, keys: &Keys) -> Option<String> {
        let base = self.shared.webhook_url.as_deref()?;
        Some(webhook_url::address(base, tag, keys))
    }

    /// The way to what the provider's links lead to, which sees no keys.
    pub(crate) fn links(&self) -> &Links {
        &self.shared.links
    }
}

/// The longest name of an account. Names stand in handles, which have to stay short.
const NAME_MAX_CHARS: usize = 64;

fn check_name(name: &str) -> Result<()> {
    let is_plain = !name.trim().is_empty() && !name.chars().any(char::is_control);
    if is_plain && name.chars().count() <= NAME_MAX_CHARS {
        return Ok(());
    }
    let message =
        format!("{name:?} is no name of an account: use 1 to {NAME_MAX_CHARS} characters");
    Err(Error::invalid("account", message))
}

/// The longest realm. It stands in handles.
const REALM_MAX_CHARS: usize = 200;

/// The address without a trailing slash, which the generated client would double, and its realm:
/// the origin, and the path where it is not that of the provider's own address.
fn check_base_url(text: &str, own: &str) -> Result<(String, String)> {
    let url = crate::address::web("base_url", text)?;
    if url.query().is_some() || url.fragment().is_some() {
        let message = "it has a query or a #: write https://host or http://host:port";
        return Err(Error::invalid("base_url", message));
    }
    if cfg!(not(feature = "rustls-no-provider")) && url.scheme() == "https" {
        let message = "adreel was built without the feature rustls, so https cannot be spoken";
        return Err(Error::invalid("base_url", message));
    }
    let path_of = |url: &Url| url.path().trim_end_matches('/').to_owned();
    let (path, own) = (path_of(&url), Url::parse(own).map(|own| path_of(&own)));
    let path = if own.is_ok_and(|own| own == path) { String::new() } else { path };
    let realm = format!("{}{path}", url.origin().ascii_serialization());
    if realm.len() > REALM_MAX_CHARS {
        let message = format!("it is too long: at most {REALM_MAX_CHARS} characters are taken");
        return Err(Error::invalid("base_url", message));
    }
    Ok((url.as_str().trim_end_matches('/').to_owned(), realm))
}

/// Keys do not go over a network in plain text, unless somebody says so.
fn check_plain_http(base: &Url, http: &HttpConfig) -> Result<()> {
    if base.scheme() == "https" || address::is_loopback(base) || http.allow_plain_http {
        return Ok(());
    }
    let message = "it is plain http to another machine, so the keys could be read on the way: use \
                   https, or allow it with HttpConfig::allow_plain_http (--allow-plain-http)";
    Err(Error::invalid("base_url", message))
}

/// Puts a key into a header that is never shown.
pub(crate) fn insert_key(
    headers: &mut HeaderMap,
    name: &'static str,
    key: Option<&ApiKey>,
    prefix: &str,
) -> Result<()> {
    let needs = |message: String| Error::new(ErrorKind::NeedsCredentials, message);
    let key = key.map(ApiKey::expose).filter(|key| !key.is_empty());
    let key = key.ok_or_else(|| needs(format!("no key for the header {name} is set")))?;
    let mut value = HeaderValue::from_str(&format!("{prefix}{key}"))
        .ok()
        .filter(|_| key.bytes().all(|byte| byte.is_ascii_graphic()))
        .ok_or_else(|| {
            needs("the key holds characters that no key has: set it again".to_owned())
        })?;
    value.set_sensitive(true);
    headers.insert(HeaderName::from_static(name), value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "https://api.beatapi.io";

    fn realm(text: &str) -> String {
        check_base_url(text, OWN).unwrap().1
    }

    #[test]
    fn an_address_gives_its_realm_and_loses_its_last_slash() {
        let (base, realm) = check_base_url("http://127.0.0.1:80/gateway/", OWN).unwrap();
        assert_eq!((&*base, &*realm), ("http://127.0.0.1/gateway", "http://127.0.0.1/gateway"));
        for text in [
            "",
            "api.example",
            "ftp://x.example",
            "http://x.example?k=v",
            "http://x.example/#k",
            "http://a:b@c",
            &format!("http://x.example/{}", "x".repeat(200)),
        ] {
            let error = check_base_url(text, OWN).unwrap_err();
            assert_eq!(error.field(), Some("base_url"), "{text}");
        }
        let error = check_base_url("http://me:hunter2@x.example", OWN).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }

    #[test]
    fn plain_http_is_for_loopback_unless_it_is_allowed() {
        let default = HttpConfig::default;
        let refused = |text: &str, http: &HttpConfig| {
            let error = check_plain_http(&Url::parse(text).unwrap(), http).err();
            error.is_some_and(|error| error.field() == Some("base_url"))
        };
        for text in ["http://gate.example", "http://10.0.0.1:8080/x", "http://localhost.example"] {
            assert!(refused(text, &default()), "{text}");
            assert!(!refused(text, &default().allow_plain_http()), "{text}");
        }
        for text in ["http://127.0.0.1:9", "http://[::1]/", "http://localhost", "https://10.0.0.1"]
        {
            assert!(!refused(text, &default()), "{text}");
        }
    }

    #[test]
    fn paths_tell_realms_apart_and_ordinary_ones_stay_as_they_were() {
        assert_eq!(realm(OWN), OWN);
        for text in ["http://127.0.0.1:8080", "http://127.0.0.1:8080/", "http://127.0.0.1:8080//"] {
            assert_eq!(realm(text), "http://127.0.0.1:8080");
        }
        assert_eq!(realm("HTTPS://Gate.example:443/EU/"), "https://gate.example/EU");
        assert_ne!(realm("https://gate.example/eu"), realm("https://gate.example/us"));
        assert_eq!(realm("https://gate.example/us/../eu"), realm("https://gate.example/eu"));
        // A provider whose own address has a path has it nowhere else.
        let own = "https://api.example/v1";
        assert_eq!(check_base_url("http://127.0.0.1:9/v1/", own).unwrap().1, "http://127.0.0.1:9");
        assert_eq!(check_base_url("http://127.0.0.1:9", own).unwrap().1, "http://127.0.0.1:9");
    }
}
