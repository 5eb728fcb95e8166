//! A client that is set up for a sandbox.

use std::time::Duration;

use serde::Deserialize;

use super::Sandbox;
use crate::BoxFuture;
use crate::asset::{Asset, AssetHost};
use crate::client::{AccountConfig, Client, ClientBuilder, WaitPolicy};
use crate::clock::Clock;
#[cfg(feature = "cli")]
use crate::clock::ScaledClock;
use crate::error::{Error, ErrorKind, Result};
use crate::model::ProviderId;
#[cfg(feature = "cli")]
use crate::model::Timestamp;
use crate::transport::{HttpConfig, Keys, RetryPolicy};

/// The key that is used where none is given. Any would do.
const KEY: &str = "sk_sandbox";

/// How long a wait may last in real time: a render waits for a core, however fast the clock is.
const WAIT_DEADLINE: Duration = Duration::from_secs(600);

/// The same on a virtual clock, which a test moves on as far as it likes.
const VIRTUAL_DEADLINE: Duration = Duration::from_secs(30 * 86_400);

/// How long a paid call may take, in real time, and after how long it is surely over. A sandbox is
/// near, and nobody wants to wait for it as for a service.
const SUBMIT_TIMEOUT: Duration = Duration::from_secs(3);
const SETTLE: Duration = Duration::from_secs(4);

impl Sandbox {
    /// A client with a key for each provider, which follows the sandbox's time and keeps jobs in
    /// memory. Its waits are as much shorter as the sandbox is faster; on a virtual clock they go
    /// on when the clock does, and end after 30 days of it.
    ///
    /// # Errors
    /// Whatever keeps a client from being set up on this machine.
    pub fn client(&self) -> Result<Client> {
        self.client_builder().in_memory().build()
    }

    /// The same before it is built, for a ledger or an account of one's own.
    pub fn client_builder(&self) -> ClientBuilder {
        client_builder(self.url(), self.clock(), self.speed(), |_| None)
    }
}

/// A client for the sandbox at `url`. Keys are looked up like those of the real services, but only
/// a sandbox's own (`sk_sandbox…`) are used: a real key is not sent anywhere by trying things out.
pub(crate) fn client_builder(
    url: &str,
    clock: impl Clock,
    speed: f64,
    variable: impl Fn(&str) -> Option<String>,
) -> ClientBuilder {
    let deadline = match speed {
        0.0 => VIRTUAL_DEADLINE,
        speed => WAIT_DEADLINE.mul_f64(speed.max(1.0)),
    };
    let mut builder = Client::builder()
        .clock(clock)
        .wait_policy(WaitPolicy::new().with_time_limit(deadline))
        .settle(SETTLE.mul_f64(speed.max(1.0)))
        .asset_host(SandboxHost { url: url.to_owned() });
    let mut retry = RetryPolicy::default();
    retry.deadline = retry.deadline.mul_f64(speed.max(1.0));
    for provider in ProviderId::ALL {
        if Client::capabilities(provider).is_none() {
            continue;
        }
        let name = format!("{}_API_KEY", provider.as_str().to_uppercase());
        let key = variable(&name).filter(|key| key.trim().starts_with(KEY));
        let keys = Keys::id_and_key(KEY, key.unwrap_or_else(|| KEY.to_owned()));
        let config = AccountConfig::new(keys).base_url(url).retry(retry);
        // No key that is worth anything is sent there, wherever it runs.
        let config = config.http(HttpConfig::default().allow_plain_http());
        let mut config = config.submit_timeout(SUBMIT_TIMEOUT);
        config.webhook_url = variable(&format!("{}_WEBHOOK_URL", provider.as_str().to_uppercase()));
        builder = builder.account(provider, config);
    }
    builder
}

/// The time of a sandbox that runs elsewhere. That of a virtual clock is not followed: the machine's
/// is taken from what it shows on.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] for an address at which no sandbox answers.
#[cfg(feature = "cli")]
pub(crate) async fn clock_of(url: &str) -> Result<ScaledClock> {
    #[derive(Deserialize)]
    struct Info {
        speed: f64,
        now: Timestamp,
    }
    let refused = |error: reqwest::Error| {
        let message = format!("no sandbox answers at {url}: start one with `adreel sandbox`");
        Error::invalid("--sandbox-url", message).with_source(error.without_url())
    };
    let http = HttpConfig::default().open_client(url)?;
    let info = http.get(format!("{url}/_sandbox/info")).send().await.map_err(refused)?;
    let info: Info = info.json().await.map_err(refused)?;
    Ok(ScaledClock::from(info.now, info.speed))
}

/// The sandbox as a place for files, since Creatify takes images by address only.
struct SandboxHost {
    url: String,
}

impl SandboxHost {
    async fn put(&self, asset: Asset) -> Result<String> {
        #[derive(Deserialize)]
        struct Hosted {
            url: String,
        }
        let failed = |error: reqwest::Error| {
            Error::new(ErrorKind::Unavailable, "the sandbox did not take the file")
                .with_source(error.without_url())
        };
        let http = HttpConfig::default().open_client(&self.url)?;
        let request = http
            .post(format!("{}/_sandbox/assets", self.url))
            .header(reqwest::header::CONTENT_TYPE, asset.media_type)
            .body(asset.bytes);
        let answer = request.send().await.map_err(failed)?.error_for_status().map_err(failed)?;
        Ok(answer.json::<Hosted>().await.map_err(failed)?.url)
    }
}

impl AssetHost for SandboxHost {
    fn host(&self, asset: Asset) -> BoxFuture<'_, Result<String>> {
        Box::pin(self.put(asset))
    }
}
