//! A client that is set up for a sandbox.

use std::ffi::OsString;
use std::time::Duration;

use serde::Deserialize;

use super::Sandbox;
use super::{LEAST_SPEED, MOST_MILLIS, MOST_SPEED, is_running_speed};
use crate::BoxFuture;
use crate::account::AccountConfig;
use crate::account::{Asset, AssetHost};
use crate::account::{HttpConfig, Keys};
use crate::client::{Client, ClientBuilder};
use crate::clock::ScaledClock;
use crate::clock::{Clock, scaled};
use crate::error::{Error, ErrorKind, Result};
use crate::model::ProviderId;
use crate::model::Timestamp;
use crate::policy::RetryPolicy;
use crate::policy::WaitPolicy;

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

/// How much of an answer is read where a sandbox's own is some hundred bytes, and how long it is
/// waited for, in real time: another program may stand at the address.
const MOST_ANSWER_BYTES: usize = 64 * 1024;
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

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
pub fn client_builder(
    url: &str,
    clock: impl Clock,
    speed: f64,
    variable: impl Fn(&str) -> Option<OsString>,
) -> ClientBuilder {
    let deadline = match speed {
        0.0 => WaitPolicy::new().with_time_limit(VIRTUAL_DEADLINE),
        speed => {
            WaitPolicy::new().with_told_time_limit(scaled(WAIT_DEADLINE, speed), WAIT_DEADLINE)
        }
    };
    let mut builder = Client::builder()
        .clock(clock)
        .wait_policy(deadline)
        .settle(scaled(SETTLE, speed))
        .tells_orders()
        .asset_host(SandboxHost { url: url.to_owned() });
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
        let config = AccountConfig::new(keys).base_url(url).retry(retry);
        // No key that is worth anything is sent there, wherever it runs.
        let config = config.http(HttpConfig::default().allow_plain_http());
        let mut config = config.submit_timeout(SUBMIT_TIMEOUT);
        config.webhook_url = webhook_url;
        builder = builder.account(provider, config);
    }
    builder
}

/// The same for a sandbox that runs elsewhere, and how fast it runs; its time is asked for.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] for an address that is none, at which no sandbox answers, or of one
/// whose time cannot be followed.
pub async fn client_builder_at(
    url: &str,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<(ClientBuilder, f64)> {
    let url = crate::address::web("--sandbox-url", url)?;
    let url = url.as_str().trim_end_matches('/');
    let clock = clock_of(url).await?;
    let speed = clock.speed();
    Ok((client_builder(url, clock, speed, variable), speed))
}

/// The time of a sandbox that runs elsewhere. That of a virtual clock is not followed: the machine's
/// is taken from what it shows on.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] for an address at which no sandbox answers, or one whose time
/// cannot be followed.
async fn clock_of(url: &str) -> Result<ScaledClock> {
    let invalid = |message: String| Error::invalid("--sandbox-url", message);
    let silent =
        || invalid(format!("no sandbox answers at {url}: start one with `adreel sandbox`"));
    let refused = |error: reqwest::Error| silent().with_source(error.without_url());
    let http = HttpConfig::default().open_client(url)?;
    let request = http.get(format!("{url}/_sandbox/info")).timeout(ANSWER_TIMEOUT);
    let answer = request.send().await.map_err(refused)?;
    let body = small_body(answer).await.map_err(refused)?.ok_or_else(silent)?;
    let info: Info = serde_json::from_slice(&body).map_err(|_| silent())?;
    info.check().map_err(|odd| invalid(format!("what answers at {url} is no sandbox: {odd}")))?;
    Ok(ScaledClock::from(info.now, info.speed))
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
        if self.speed != 0.0 && !is_running_speed(self.speed) {
            let speeds = format!("0, nor of {LEAST_SPEED} to {MOST_SPEED}");
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
            let error = clock_of(&url).await.unwrap_err();
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
            let builder = client_builder("http://127.0.0.1:9", SystemClock, speed, |_| None);
            builder.in_memory().build().unwrap();
        }
    }
}
