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
//! [wait](crate::policy::WaitPolicy) ends, and by whoever comes back to the job after that.

mod call;
mod drift_log;
mod look_pages;
mod operation;
mod packed;
mod pages;
mod reply;
mod upload;

pub(crate) use look_pages::{LookPages, LookTurns};
pub(crate) use operation::PathSegment;
pub use operation::{Operation, Replay};
pub(crate) use pages::Page;
pub use pages::Pages;
pub use upload::Upload;

pub(crate) use call::{Answer, Call};
pub(crate) use reply::{NO_WORD, Refusal, Reply, retry_after, wait_of};

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

use crate::account::{AccountConfig, Clients, Credentials, Keys, Links, Purpose, realm};
use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Account, ProviderId};
use crate::policy::{RetryBudget, RetryPolicy};
use crate::secret::{ApiKey, KnownSecrets, WebhookSecret};
use crate::webhook;
use drift_log::DriftLog;

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
    drifts: DriftLog,
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
        let (base_url, realm) = realm::check_base_url(base_url, dialect.base_url)
            .map_err(|error| error.with_provider(dialect.provider))?;
        realm::check_name(&config.name)?;
        let base = Url::parse(&base_url).expect("its realm was read from it");
        realm::check_plain_http(&base, &config.http)
            .map_err(|error| error.with_provider(dialect.provider))?;
        let webhook_url = config.webhook_url.as_deref().map(webhook::address_base).transpose()?;
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
                drifts: DriftLog::default(),
                secrets: KnownSecrets::default(),
                tells_orders: config.tells_orders,
            }),
        })
    }

    pub(crate) fn account(&self) -> &Account {
        &self.shared.account
    }

    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.shared.clock
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

    /// Checks keys that never change: a job whose first call cannot be signed is better not made.
    ///
    /// # Errors
    /// [`ErrorKind::NeedsCredentials`] for keys that are not of this provider's form.
    pub(crate) fn check_known_keys(&self) -> Result<()> {
        let Some(keys) = self.shared.credentials.fixed() else { return Ok(()) };
        (self.shared.dialect.sign)(keys, &mut HeaderMap::new())
            .map_err(|error| error.with_provider(self.shared.dialect.provider))
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
        Some(webhook::step_address(base, tag, keys))
    }

    /// The way to what the provider's links lead to, which sees no keys.
    pub(crate) fn links(&self) -> &Links {
        &self.shared.links
    }
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
