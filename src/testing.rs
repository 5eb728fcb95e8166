//! Everything without a key, a credit or a network: the sandbox, and clients that are set up for it.
//!
//! A [`Sandbox`] is the three services on a port of this machine, with credits that fall, webhooks
//! that are signed and faults on demand. It is a crate of its own, `adreel-sandbox`, and knows nothing
//! of this one; what a client needs to follow it stands here. A test of code of one's own, against the
//! failure that matters most:
//!
//! ```
//! # #[cfg(all(feature = "beatapi", feature = "creatify", feature = "jogg"))]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> adreel::Result<()> {
//! use adreel::testing::{self, Fault, FaultKind, Sandbox};
//! use adreel::{Product, ProviderId, VideoRequest};
//!
//! // The job is accepted and paid, and the connection breaks before anybody hears of it.
//! let fault = Fault::new(FaultKind::ResetAfter).operation("create_ecommerce_video");
//! let sandbox = Sandbox::builder().seed(7).speed(100.0).fault(fault).start().await?;
//! let client = testing::client(&sandbox)?;
//!
//! let product = Product::new("Morning Roast").image_file("examples/products/coffee.png");
//! let request = VideoRequest::new(product).duration_secs(15);
//! let video = client.generate(&request).key("order-1042").on(ProviderId::BeatApi).await?;
//!
//! assert!(video.url().starts_with(sandbox.url()));
//! sandbox.assert_no_double_submits();
//! sandbox.assert_submits(1);
//! # Ok(()) }
//! # #[cfg(not(all(feature = "beatapi", feature = "creatify", feature = "jogg")))]
//! # fn main() {}
//! ```
//!
//! A client follows the sandbox's clock, so its waits are as much shorter as the sandbox is faster. At
//! a speed of 100 the ten minutes in which BeatAPI can be asked again after a lost answer are six
//! seconds, which is about as little as a client can use. For a sandbox of another process, such as
//! one that `adreel sandbox` started, there is [`Connection::at`].

use std::ffi::OsString;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};
use std::{fmt, io};

#[doc(inline)]
pub use adreel_sandbox::{
    AccountBalance, ArmedFault, BeatApiContract, CREATIFY_SECONDS, Counters, DEFAULT_SPEED,
    Decimal, DeliveryAttempt, DeliveryState, DoubleSubmit, Fault, FaultKind, Fetch, InvalidFault,
    LedgerEntry, Quality, RequestRecord, SPEEDS, Sandbox, SandboxBuilder, SandboxClock, StartError,
    Tally, WebhookDelivery,
};
use serde::Deserialize;

use crate::account::{AccountConfig, Asset, AssetHost, HttpConfig, Keys};
use crate::address;
use crate::client::{Client, ClientBuilder};
use crate::clock::{Clock, ScaledClock, scaled};
use crate::error::{Error, ErrorKind, Result};
use crate::future::BoxFuture;
use crate::model::{Credits, ProviderId, Timestamp};
use crate::policy::{RetryPolicy, WaitPolicy};

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

/// The end of the year 9999, which is as late as a sandbox's time can be.
const MOST_MILLIS: i64 = 253_402_300_799_999;

/// How much of an answer is read where a sandbox's own is some hundred bytes, and how long it is
/// waited for, in real time: another program may stand at the address.
const MOST_ANSWER_BYTES: usize = 64 * 1024;
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// A client with a key for each provider, which follows the sandbox's time and keeps jobs in memory.
/// Its waits are as much shorter as the sandbox is faster; on a virtual clock they go on when the
/// clock does, and end after 30 days of it.
///
/// # Errors
/// Whatever keeps a client from being set up on this machine.
pub fn client(sandbox: &Sandbox) -> Result<Client> {
    client_builder(sandbox).in_memory().build()
}

/// The same before it is built, for a ledger or an account of one's own.
pub fn client_builder(sandbox: &Sandbox) -> ClientBuilder {
    Connection::to(sandbox).client_builder()
}

/// What a client has to know of a sandbox: where it is, and how its time runs.
#[derive(Clone)]
pub struct Connection {
    url: String,
    clock: Arc<dyn Clock>,
    speed: f64,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Connection");
        debug.field("url", &self.url).field("speed", &self.speed).finish_non_exhaustive()
    }
}

impl Connection {
    /// To a sandbox of this process.
    pub fn to(sandbox: &Sandbox) -> Self {
        let clock = Arc::new(sandbox.clock());
        Self { url: sandbox.url().to_owned(), clock, speed: sandbox.speed() }
    }

    /// To a sandbox that runs elsewhere, at an address such as `http://127.0.0.1:8080`, which is asked
    /// for its time. That of a virtual clock is not followed: the machine's is taken from what it
    /// shows on.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> adreel::Result<()> {
    /// # let other = adreel::testing::Sandbox::start().await?;
    /// # let url = other.url();
    /// // Such as the first line of `adreel sandbox --port 0` says.
    /// let client = adreel::testing::Connection::at(url).await?.client()?;
    /// # assert_eq!(client.accounts().len(), adreel::ProviderId::ALL.len());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] for a text that is no address, an address at which no sandbox
    /// answers, or a sandbox whose time cannot be followed.
    pub async fn at(url: &str) -> Result<Self> {
        let url = address::web("url", url)?;
        let url = url.as_str().trim_end_matches('/');
        let invalid = |message: String| Error::invalid("url", message);
        let silent =
            || invalid(format!("no sandbox answers at {url}: start one with `adreel sandbox`"));
        let refused = |error: reqwest::Error| silent().with_source(error.without_url());
        let http = HttpConfig::default().open_client(url)?;
        let request = http.get(format!("{url}/_sandbox/info")).timeout(ANSWER_TIMEOUT);
        let answer = request.send().await.map_err(refused)?;
        let body = small_body(answer).await.map_err(refused)?.ok_or_else(silent)?;
        let info: Info = serde_json::from_slice(&body).map_err(|_| silent())?;
        info.check()
            .map_err(|odd| invalid(format!("what answers at {url} is no sandbox: {odd}")))?;
        let clock = ScaledClock::from(info.now, info.speed);
        Ok(Self { url: url.to_owned(), speed: clock.speed(), clock: Arc::new(clock) })
    }

    /// The address of the sandbox, which is the base URL of all three providers.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// How many times as fast as the machine's clock a client's runs; 0 for a virtual clock.
    pub fn speed(&self) -> f64 {
        self.speed
    }

    /// A clock that follows the sandbox's time.
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    /// The sandbox as a place for files, since Creatify takes images by address only.
    pub fn asset_host(&self) -> impl AssetHost + use<> {
        SandboxHost { url: self.url.clone() }
    }

    /// As [`client`](client()).
    ///
    /// # Errors
    /// Whatever keeps a client from being set up on this machine.
    pub fn client(&self) -> Result<Client> {
        self.client_builder().in_memory().build()
    }

    /// As [`client_builder`](client_builder()).
    pub fn client_builder(&self) -> ClientBuilder {
        self.builder(|_| None)
    }

    /// The same with the keys and the webhooks' addresses that the environment names, in the variables
    /// of [`ClientBuilder::keys_from_env`]. Only a sandbox's own keys (`sk_sandbox…`) are used: a real
    /// one is not sent anywhere by trying things out.
    pub fn client_builder_from_env(&self) -> ClientBuilder {
        self.builder(|name| std::env::var_os(name))
    }

    fn builder(&self, variable: impl Fn(&str) -> Option<OsString>) -> ClientBuilder {
        let speed = self.speed;
        let deadline = match speed {
            0.0 => WaitPolicy::new().time_limit(VIRTUAL_DEADLINE),
            speed => {
                WaitPolicy::new().time_limit_shown(scaled(WAIT_DEADLINE, speed), WAIT_DEADLINE)
            }
        };
        let mut builder = Client::builder()
            .clock(self.clock())
            .wait_policy(deadline)
            .settle(scaled(SETTLE, speed))
            .tells_orders()
            .asset_host(self.asset_host());
        let mut retry = RetryPolicy::default();
        retry.deadline = scaled(retry.deadline, speed);
        for provider in ProviderId::ALL {
            if Client::capabilities(provider).is_none() {
                continue;
            }
            let mut read = |name: &str| {
                let name = format!("{}_{name}", provider.as_str().to_uppercase());
                builder.setting(&name, variable(&name))
            };
            let key = read("API_KEY").filter(|key| key.starts_with(KEY));
            let webhook_url = read("WEBHOOK_URL");
            let keys = Keys::id_and_key(KEY, key.unwrap_or_else(|| KEY.to_owned()));
            let config = AccountConfig::new(keys).base_url(&self.url).retry(retry);
            // No key that is worth anything is sent there, wherever it runs.
            let config = config.http(HttpConfig::default().allow_plain_http());
            let mut config = config.submit_timeout(SUBMIT_TIMEOUT);
            config.webhook_url = webhook_url;
            builder = builder.account(provider, config);
        }
        builder
    }
}

/// Waits on a virtual clock end when somebody moves the clock on.
impl Clock for SandboxClock {
    fn now(&self) -> Timestamp {
        let since_epoch = self.system_time().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(self.wait(duration))
    }
}

/// [`ErrorKind::InvalidRequest`] for a setting that cannot be, otherwise [`ErrorKind::Io`].
impl From<StartError> for Error {
    fn from(error: StartError) -> Self {
        let kind = match error.kind() {
            io::ErrorKind::InvalidInput => ErrorKind::InvalidRequest,
            _ => ErrorKind::Io,
        };
        Self::new(kind, "the sandbox cannot be started").with_source(error)
    }
}

/// An amount of the sandbox's ledger, to be compared with what a client says.
impl From<Decimal> for Credits {
    fn from(amount: Decimal) -> Self {
        amount.to_string().parse().unwrap_or(Self::MOST)
    }
}

/// An amount for [`SandboxBuilder::credits`].
impl From<Credits> for Decimal {
    fn from(credits: Credits) -> Self {
        credits.to_string().parse().unwrap_or_default()
    }
}

/// What a sandbox tells of its time.
#[derive(Deserialize)]
struct Info {
    speed: f64,
    now: Timestamp,
}

impl Info {
    /// Only what a sandbox can say is followed: every wait is worked out from it.
    fn check(&self) -> std::result::Result<(), String> {
        if self.speed != 0.0 && !SPEEDS.contains(&self.speed) {
            let speeds = format!("0, nor of {} to {}", SPEEDS.start(), SPEEDS.end());
            return Err(format!("a speed of {:e}, and neither of {speeds}", self.speed));
        }
        match (0..=MOST_MILLIS).contains(&self.now.as_millis()) {
            true => Ok(()),
            false => Err("its time is in no year from 1970 to 9999".to_owned()),
        }
    }
}

/// The body of an answer that should be a short one; `None` where it is longer.
async fn small_body(mut answer: reqwest::Response) -> reqwest::Result<Option<Vec<u8>>> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        if body.len() + chunk.len() > MOST_ANSWER_BYTES {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
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
        let refused = || Error::new(ErrorKind::Unavailable, "the sandbox did not take the file");
        let failed = |error: reqwest::Error| refused().with_source(error.without_url());
        let http = HttpConfig::default().open_client(&self.url)?;
        let request = http
            .post(format!("{}/_sandbox/assets", self.url))
            .timeout(ANSWER_TIMEOUT)
            .header(reqwest::header::CONTENT_TYPE, asset.media_type)
            .body(asset.bytes);
        let answer = request.send().await.map_err(failed)?.error_for_status().map_err(failed)?;
        let body = small_body(answer).await.map_err(failed)?.ok_or_else(refused)?;
        let hosted: Hosted = serde_json::from_slice(&body).map_err(|_| refused())?;
        Ok(hosted.url)
    }
}

impl AssetHost for SandboxHost {
    fn host(&self, asset: Asset) -> BoxFuture<'_, Result<String>> {
        Box::pin(self.put(asset))
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::response::{IntoResponse as _, Response};
    use bytes::Bytes;

    use super::*;
    use crate::clock::SystemClock;

    /// Another program, which answers every request with this.
    async fn other(answer: fn() -> Response) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().fallback(move || async move { answer() });
        tokio::spawn(async move { axum::serve(listener, app).await });
        url
    }

    fn endless() -> Response {
        let chunk = || Ok::<_, std::io::Error>(Bytes::from_static(&[b' '; 8192]));
        let chunks = futures_util::stream::repeat_with(chunk);
        Body::from_stream(chunks).into_response()
    }

    #[tokio::test]
    async fn what_another_program_answers_is_an_error_and_no_clock() {
        for answer in [
            endless as fn() -> Response,
            || "{}".into_response(),
            || "".into_response(),
            || r#"{"speed": 1e300, "now": 1764255600000}"#.into_response(),
            || r#"{"speed": 1000001, "now": 1764255600000}"#.into_response(),
            || r#"{"speed": 0.0099, "now": 1764255600000}"#.into_response(),
            || r#"{"speed": 5e-324, "now": 1764255600000}"#.into_response(),
            || r#"{"speed": -0.5, "now": 1764255600000}"#.into_response(),
            || r#"{"speed": 1e999, "now": 1764255600000}"#.into_response(),
            || r#"{"speed": null, "now": 1764255600000}"#.into_response(),
            || r#"{"speed": 60, "now": 9223372036854775807}"#.into_response(),
            || r#"{"speed": 60, "now": -9223372036854775808}"#.into_response(),
            || r#"{"speed": 60, "now": 1e300}"#.into_response(),
        ] {
            let url = other(answer).await;
            let error = Connection::at(&url).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
            let line = error.to_string();
            assert!(line.contains(&url) && !line.contains('\n') && line.len() < 300, "{line}");
        }
    }

    #[test]
    fn only_speeds_at_which_a_sandbox_runs_are_followed() {
        let is_taken = |speed: f64| Info { speed, now: Timestamp::default() }.check().is_ok();
        for speed in [0.0, -0.0, 0.01, 0.5, 1.0, 60.0, 1e6] {
            assert!(is_taken(speed), "{speed}");
        }
        for speed in [f64::MIN_POSITIVE, 1e-300, 0.0001, 0.009, -1.0, 1e7, f64::NAN] {
            assert!(!is_taken(speed), "{speed}");
        }
    }

    #[tokio::test]
    async fn a_file_is_not_hosted_by_another_program() {
        let asset = || Asset {
            bytes: b"a".as_slice().into(),
            media_type: "image/png".to_owned(),
            file_name: "a.png".to_owned(),
        };
        for answer in [endless as fn() -> Response, || "[]".into_response()] {
            let host = SandboxHost { url: other(answer).await };
            assert_eq!(host.host(asset()).await.unwrap_err().kind(), ErrorKind::Unavailable);
        }
    }

    #[test]
    fn no_speed_is_too_great_for_a_clients_times() {
        for speed in [0.0, f64::MIN_POSITIVE, 60.0, 1e300, f64::MAX] {
            let (url, clock) = ("http://127.0.0.1:9".to_owned(), Arc::new(SystemClock));
            Connection { url, clock, speed }.client().unwrap();
        }
    }

    #[tokio::test]
    async fn a_sandbox_that_does_not_start_is_an_error_of_ours_too() {
        let start =
            async |builder: SandboxBuilder| -> Result<Sandbox> { Ok(builder.start().await?) };
        let error = start(Sandbox::builder().speed(-1.0)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert_eq!(cause, "a speed of -1: use one from 0.01 to 1000000, or 0");
        let first = start(Sandbox::builder()).await.unwrap();
        let error = start(Sandbox::builder().port(first.port())).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io);
    }

    #[test]
    fn amounts_are_the_same_on_both_sides() {
        for credits in [Credits::ZERO, Credits::cents(450), Credits::whole(225), Credits::MOST] {
            assert_eq!(Credits::from(Decimal::from(credits)), credits);
        }
    }
}
