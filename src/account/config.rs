//! How an account is set up.

use std::sync::Arc;
use std::time::Duration;

use super::{Credentials, HttpConfig};
use crate::clock::{Clock, SystemClock};
use crate::policy::{Caps, RetryPolicy};

pub(crate) const DEFAULT_NAME: &str = "default";

/// One account: its keys, and how its provider is reached.
#[derive(Clone)]
#[non_exhaustive]
pub struct AccountConfig {
    pub(crate) name: String,
    pub(crate) base_url: Option<String>,
    pub(crate) credentials: Arc<dyn Credentials>,
    pub(crate) http: HttpConfig,
    pub(crate) retry: RetryPolicy,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) submit_timeout: Option<Duration>,
    pub(crate) webhook_url: Option<String>,
    pub(crate) caps: Caps,
    pub(crate) tells_orders: bool,
}

impl std::fmt::Debug for AccountConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccountConfig")
            .field("name", &self.name)
            .field("base_url", &self.base_url.as_ref().filter(|url| !url.contains('@')))
            .field("http", &self.http)
            .field("retry", &self.retry)
            .field("submit_timeout", &self.submit_timeout)
            .field("caps", &self.caps)
            .finish_non_exhaustive()
    }
}

impl AccountConfig {
    /// An account with these keys (or whatever gives them), at the provider's own address.
    pub fn new(credentials: impl Credentials) -> Self {
        Self {
            name: DEFAULT_NAME.to_owned(),
            base_url: None,
            credentials: Arc::new(credentials),
            http: HttpConfig::default(),
            retry: RetryPolicy::default(),
            clock: Arc::new(SystemClock),
            submit_timeout: None,
            webhook_url: None,
            caps: Caps::new(),
            tells_orders: false,
        }
    }

    /// Names the account, where a provider has several. At most 64 characters. Default: `default`.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Another address than the provider's, such as the sandbox's. Its origin and its path are the
    /// account's [realm](crate::Account::realm), together at most 200 characters. Plain http is taken
    /// for loopback alone, unless [`HttpConfig::allow_plain_http`] says otherwise.
    #[must_use]
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// How connections are made.
    #[must_use]
    pub fn http(mut self, http: HttpConfig) -> Self {
        self.http = http;
        self
    }

    /// When a call that may be repeated is repeated, outside of jobs.
    #[must_use]
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// How long a paid call may take, instead of what the spec says of it (60 s, 120 s for a link).
    /// A lost answer is looked for after the [settle time](crate::client::ClientBuilder::settle), which
    /// follows it.
    #[must_use]
    pub fn submit_timeout(mut self, timeout: Duration) -> Self {
        self.submit_timeout = Some(timeout);
        self
    }

    /// Where Creatify tells of finished jobs: at most 140 characters, since adreel adds up to 60 for
    /// each step and Creatify takes 200. What it adds is a token, by which a
    /// [`WebhookInbox`](crate::client::WebhookInbox) knows Creatify's deliveries, for Creatify signs
    /// nothing, and a tag. Creatify echoes the address in the records that it lists: that alone
    /// makes lost answers of `gen_image`, `regen_image` and `regen_video` provable.
    ///
    /// The token is made with the account's key. After a change of the key, deliveries for jobs
    /// that were sent before count as forged, and polling alone sees their end. Default: none.
    #[must_use]
    pub fn webhook_url(mut self, url: impl Into<String>) -> Self {
        self.webhook_url = Some(url.into());
        self
    }

    /// The most that may be spent. It holds for jobs of a [`Client`](crate::Client); calls of a
    /// provider's own client are not counted. Default: no cap.
    #[must_use]
    pub fn caps(mut self, caps: Caps) -> Self {
        self.caps = caps;
        self
    }

    /// Where the time comes from. A [`ClientBuilder`](crate::client::ClientBuilder) sets its own.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }
}
