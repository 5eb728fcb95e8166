//! Setting a client up.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;

use super::ahead::Ahead;
use super::download::Limits;
use super::gate::Gates;
use super::polling::Polls;
use super::sent::SentCalls;
use super::side_file::SideFile;
use super::turns::Turns;
use super::work::Work;
use super::{Accounts, Client, Inner};
use crate::account::{AccountConfig, AssetHost, HttpConfig, Keys};
use crate::clock::{Clock, SystemClock};
use crate::error::{Error, Result};
use crate::job::JobId;
use crate::ledger::{Ledger, MemoryLedger};
use crate::model::ProviderId;
use crate::plain::setting;
use crate::policy::{AdaptivePolling, Caps, PollPolicy, Recovery, WaitPolicy};
use crate::providers;

impl Client {
    /// Begins a client. It needs a ledger and, to do anything, an account.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }
}

/// How long one look may take, where nothing else is set.
const LOOK_TIMEOUT: Duration = Duration::from_secs(60);

/// Sets a [`Client`] up.
#[derive(Default)]
pub struct ClientBuilder {
    accounts: Vec<(ProviderId, AccountConfig)>,
    ledger: Option<Arc<dyn Ledger>>,
    clock: Option<Arc<dyn Clock>>,
    host: Option<Arc<dyn AssetHost>>,
    wait_policy: WaitPolicy,
    poll_policy: Option<Arc<dyn PollPolicy>>,
    settle: Option<Duration>,
    longest_job: Option<Duration>,
    look_timeout: Option<Duration>,
    submit_timeout: Option<Duration>,
    downloads: Limits,
    allow_plain_http: bool,
    allow_private_links: bool,
    recovery: Recovery,
    side_file: Option<PathBuf>,
    run: Option<String>,
    tells_orders: bool,
    /// What was set for each account, once they are opened.
    caps: BTreeMap<(ProviderId, String), Caps>,
    /// Why the first setting that cannot be read is none.
    unread: Option<Error>,
}

impl std::fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientBuilder").field("accounts", &self.accounts).finish_non_exhaustive()
    }
}

impl ClientBuilder {
    /// Adds an account for each provider whose keys are in the environment: `BEATAPI_API_KEY`,
    /// `CREATIFY_API_ID` with `CREATIFY_API_KEY`, `JOGG_API_KEY`. `BEATAPI_BASE_URL` and its like
    /// lead to another address than the provider's, and `CREATIFY_WEBHOOK_URL` and its like are
    /// where it tells of finished jobs ([`AccountConfig::webhook_url`]). One that is no UTF-8 is an
    /// error of [`build`](Self::build): without its address an account would be the real service's.
    #[must_use]
    pub fn keys_from_env(self) -> Self {
        self.keys_from(|name| std::env::var_os(name))
    }

    /// [`keys_from_env`](Self::keys_from_env) with another way to look variables up.
    #[must_use]
    pub fn keys_from<V: Into<OsString>>(mut self, variable: impl Fn(&str) -> Option<V>) -> Self {
        for provider in ProviderId::ALL {
            let prefix = provider.as_str().to_uppercase();
            let mut read = |name: &str| {
                let name = format!("{prefix}_{name}");
                self.setting(&name, variable(&name))
            };
            let (key, id) = (read("API_KEY"), read("API_ID"));
            let (base_url, webhook_url) = (read("BASE_URL"), read("WEBHOOK_URL"));
            let Some(key) = key else { continue };
            let keys = match (provider, id) {
                (ProviderId::Creatify, Some(id)) => Keys::id_and_key(id, key),
                // Half of a pair is no account; using it says which half is missing.
                _ => Keys::key(key),
            };
            let mut config = AccountConfig::new(keys);
            config.base_url = base_url;
            config.webhook_url = webhook_url;
            self = self.account(provider, config);
        }
        self
    }

    /// The [text of a variable](setting); `None` where it is not set, or blank.
    pub(crate) fn setting(
        &mut self,
        name: &str,
        value: Option<impl Into<OsString>>,
    ) -> Option<String> {
        match setting(value?.into()) {
            Ok(text) => text,
            Err(error) => {
                self.unread.get_or_insert_with(|| Error::invalid(name, error.to_string()));
                None
            }
        }
    }

    /// The same builder, where all variables that it has read are text. [`build`](Self::build) looks
    /// at that too; this is for whoever does something before, such as making a ledger.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) naming the first variable
    /// that is no text.
    pub fn checked(mut self) -> Result<Self> {
        self.unread.take().map_or(Ok(self), Err)
    }

    /// Adds an account. A later one with the same provider and name replaces an earlier one.
    #[must_use]
    pub fn account(mut self, provider: ProviderId, config: AccountConfig) -> Self {
        self.accounts.push((provider, config));
        self
    }

    /// Keeps jobs in a ledger.
    #[must_use]
    pub fn ledger(mut self, ledger: impl Ledger) -> Self {
        self.ledger = Some(Arc::new(ledger));
        self
    }

    /// Keeps jobs in memory only. What was paid for is forgotten when the process ends.
    #[must_use]
    pub fn in_memory(self) -> Self {
        self.ledger(MemoryLedger::new())
    }

    /// Gives local files an address, for providers that take no uploads (Creatify).
    #[must_use]
    pub fn asset_host(mut self, host: impl AssetHost) -> Self {
        self.host = Some(Arc::new(host));
        self
    }

    /// Takes time and randomness from another clock than the machine's.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// What ends a wait before its job has ended. Default: 30 minutes.
    #[must_use]
    pub fn wait_policy(mut self, policy: WaitPolicy) -> Self {
        self.wait_policy = policy;
        self
    }

    /// When the status of a running job is read again. Default: [`AdaptivePolling`].
    #[must_use]
    pub fn poll_policy(mut self, policy: impl PollPolicy) -> Self {
        self.poll_policy = Some(Arc::new(policy));
        self
    }

    /// How long a paid call may be on its way, whatever becomes of its sender: one whose answer was
    /// lost, and that two looks have not found by then, is held. Default: the call's timeout and
    /// 30 s, so 90 s for most. Where it is set, a call's answer is waited for two thirds of it at
    /// the most.
    #[must_use]
    pub fn settle(mut self, time: Duration) -> Self {
        self.settle = Some(time);
        self
    }

    /// How long the longest job of a provider's takes. A held one gives its slot back after that,
    /// and may be sent again by a decision or a policy. Default: 30 minutes, three times what any
    /// provider documents for a video.
    #[must_use]
    pub fn longest_job(mut self, time: Duration) -> Self {
        self.longest_job = Some(time);
        self
    }

    /// [`AccountConfig::submit_timeout`] for every account, whatever its own is.
    #[must_use]
    pub fn submit_timeout(mut self, timeout: Duration) -> Self {
        self.submit_timeout = Some(timeout);
        self
    }

    /// How long one look for a call whose answer was lost may take, with the waits for its turns: all
    /// looks of an account read some 60 pages a minute together. One that takes longer ends with what
    /// it has read, and is not whole. In real time, as all timeouts of attempts. Default: 60 s.
    #[must_use]
    pub fn look_timeout(mut self, timeout: Duration) -> Self {
        self.look_timeout = Some(timeout);
        self
    }

    /// How long a download may stand still, or come at less than the
    /// [least rate](Self::least_bytes_per_second), before its connection is given up and it goes on
    /// with another. In real time, as all timeouts of attempts. Default: 30 s.
    #[must_use]
    pub fn stall_timeout(mut self, timeout: Duration) -> Self {
        self.downloads.stall_timeout = timeout;
        self
    }

    /// How many bytes of a download have to come each second, on average over a
    /// [`stall_timeout`](Self::stall_timeout): a download may take hours, but not for ever. Where it is
    /// 0, a byte in that time is enough. Default: 1024.
    #[must_use]
    pub fn least_bytes_per_second(mut self, bytes: u64) -> Self {
        self.downloads.least_bytes_per_second = bytes;
        self
    }

    /// How large a video may be that is downloaded. Default: 4 GiB.
    #[must_use]
    pub fn video_max_bytes(mut self, bytes: u64) -> Self {
        self.downloads.video_max_bytes = bytes;
        self
    }

    /// How large a picture may be that is downloaded. Default: 64 MiB.
    #[must_use]
    pub fn picture_max_bytes(mut self, bytes: u64) -> Self {
        self.downloads.picture_max_bytes = bytes;
        self
    }

    /// [`HttpConfig::allow_plain_http`](crate::HttpConfig::allow_plain_http) for every account.
    #[must_use]
    pub fn allow_plain_http(mut self) -> Self {
        self.allow_plain_http = true;
        self
    }

    /// [`HttpConfig::allow_private_links`](crate::HttpConfig::allow_private_links) for every account.
    #[must_use]
    pub fn allow_private_links(mut self) -> Self {
        self.allow_private_links = true;
        self
    }

    /// What is done about a paid call whose answer was lost. Default: [`Recovery::Adopt`].
    #[must_use]
    pub fn recovery(mut self, policy: Recovery) -> Self {
        self.recovery = policy;
        self
    }

    /// Names the run that its jobs count for, of which [`Caps::per_run`](super::Caps::per_run)
    /// speaks. Clients with the same name share it. Default: a fresh name for each client.
    #[must_use]
    pub fn run(mut self, name: impl Into<String>) -> Self {
        self.run = Some(name.into());
        self
    }

    /// A file for jobs that were accepted while the ledger could not be written. Its room, 64 KiB,
    /// is taken at once. Default: beside the ledger, for one that is a file; otherwise none, and
    /// only the log tells of them.
    #[must_use]
    pub fn side_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.side_file = Some(path.into());
        self
    }

    /// Tells a sandbox with each paid call which order of the caller's it is for, as a digest of
    /// the order's key. No provider hears of it.
    #[cfg(feature = "sandbox")]
    pub(crate) fn tells_orders(mut self) -> Self {
        self.tells_orders = true;
        self
    }

    /// Builds the client. Nothing is sent.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) without a ledger, or for a
    /// setting or a variable that is none; [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) for an
    /// account of a provider that is not compiled in; [`ErrorKind::Io`](crate::ErrorKind::Io) where
    /// the side file cannot be made.
    pub fn build(self) -> Result<Client> {
        let mut builder = self.checked()?;
        let clock = builder.clock.take().unwrap_or_else(|| Arc::new(SystemClock));
        let mut accounts = BTreeMap::new();
        for (provider, mut config) in std::mem::take(&mut builder.accounts) {
            config.clock = Arc::clone(&clock);
            config.http = builder.reached(config.http);
            config.submit_timeout = builder.submit_timeout.or(config.submit_timeout);
            config.tells_orders = builder.tells_orders;
            let name = config.name.clone();
            builder.caps.insert((provider, name.clone()), config.caps);
            let opened = providers::open(provider, config, builder.host.clone())?;
            accounts.insert((provider, name), opened);
        }
        builder.assemble(clock, accounts)
    }

    /// How an account is reached, with what is allowed to all.
    fn reached(&self, mut http: HttpConfig) -> HttpConfig {
        if self.allow_plain_http {
            http = http.allow_plain_http();
        }
        if self.allow_private_links {
            http = http.allow_private_links();
        }
        http
    }

    /// Puts the client together, with accounts that are open.
    pub(super) fn assemble(self, clock: Arc<dyn Clock>, accounts: Accounts) -> Result<Client> {
        let ledger = self.ledger.ok_or_else(|| {
            let message = "name one with .ledger(…), or .in_memory() to forget jobs at the end";
            Error::invalid("ledger", message)
        })?;
        let polls = accounts.iter().map(|(account, provider)| {
            (account.clone(), Polls::new(Arc::clone(&clock), provider.reads_per_minute()))
        });
        let polls = polls.collect();
        let poll_policy = self.poll_policy.unwrap_or_else(|| Arc::new(AdaptivePolling::new()));
        let side_file = self.side_file.or_else(|| ledger.side_file());
        let side_file = side_file.map(SideFile::open).transpose()?;
        let run = self.run.unwrap_or_else(|| JobId::new(&*clock).to_string());
        Ok(Client(Arc::new(Inner {
            accounts,
            polls,
            caps: self.caps,
            run,
            hub: Arc::default(),
            ledger,
            clock,
            ahead: Ahead::default(),
            sent: SentCalls::default(),
            turns: Turns::default(),
            gates: Gates::default(),
            work: Work::default(),
            seat: Mutex::default(),
            side_file,
            recovery: self.recovery,
            settle: self.settle,
            longest_job: self.longest_job,
            look_timeout: self.look_timeout.unwrap_or(LOOK_TIMEOUT),
            downloads: self.downloads,
            wait_policy: self.wait_policy,
            poll_policy,
        })))
    }
}

#[cfg(all(test, unix, feature = "beatapi"))]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn a_variable_that_is_no_text_is_no_real_service() {
        use std::os::unix::ffi::OsStringExt as _;
        for odd in ["BEATAPI_API_KEY", "BEATAPI_BASE_URL", "BEATAPI_WEBHOOK_URL", "JOGG_API_KEY"] {
            let client = Client::builder().keys_from(|name| match name {
                name if name == odd => Some(OsString::from_vec(b"http://127.0.0.1:9\xff".to_vec())),
                "BEATAPI_API_KEY" => Some("key".into()),
                _ => None,
            });
            let error = client.in_memory().build().unwrap_err();
            assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some(odd)));
        }
    }
}
