//! The way to the services or to a sandbox, with the limits that the command line sets.

use std::time::Duration;

use adreel::WaitPolicy;
use adreel::client::{Client, ClientBuilder};
use adreel::testing::{Connection, Sandbox};
use adreel::{Error, ErrorKind, HttpConfig, Result};

use crate::args::{Age, Global};
use crate::output;
use crate::setting::SettleMs;

/// A client that lacks nothing but its ledger.
pub(crate) struct Connected {
    pub(crate) builder: ClientBuilder,
    /// The sandbox of this process, which ends with it.
    pub(crate) sandbox: Option<Sandbox>,
}

impl Connected {
    /// # Errors
    /// For a sandbox that cannot be started or reached, and for variables that are no text.
    pub(crate) async fn new(global: &Global) -> Result<Self> {
        let (builder, speed, sandbox) = reach(global).await?;
        let builder = builder.checked()?;
        let settle_ms = global.settle_ms.and_then(|SettleMs(millis)| millis);
        let builder = with_settle_time(builder, settle_ms, speed);
        let builder = with_time_limit(builder, global.time_limit, speed);
        Ok(Self { builder: with_access(builder, global), sandbox })
    }
}

/// A client, how many times as fast as ours its time runs, and a sandbox that was started for it.
async fn reach(global: &Global) -> Result<(ClientBuilder, f64, Option<Sandbox>)> {
    if global.sandbox {
        let sandbox = Sandbox::start().await.map_err(|error| {
            let message = format!("the sandbox cannot be started: {error}");
            Error::new(ErrorKind::Io, message).with_source(error)
        })?;
        let connection = Connection::to(&sandbox);
        return Ok((connection.client_builder_from_env(), connection.speed(), Some(sandbox)));
    }
    if let Some(url) = &global.sandbox_url {
        let connection = Connection::at(url).await;
        let connection = connection.map_err(|error| error.with_field("--sandbox-url"))?;
        return Ok((connection.client_builder_from_env(), connection.speed(), None));
    }
    note_unreadable_proxies(global.quiet);
    Ok((Client::builder().keys_from_env(), 1.0, None))
}

/// What lasts so long in real time, in that of a clock of this speed.
fn at_speed(time: Duration, speed: f64) -> Duration {
    Duration::try_from_secs_f64(time.as_secs_f64() * speed).unwrap_or(Duration::MAX)
}

/// How many times as long as a call takes to settle the longest job takes, as by default: half an
/// hour for a minute and a half.
const LONGEST_JOB: u32 = 20;

/// The settle time that was asked for, in real time, and in proportion how long a job may take. A
/// paid call is given up well before it is over, so that what is looked for then has its answer or
/// none.
fn with_settle_time(builder: ClientBuilder, millis: Option<u64>, speed: f64) -> ClientBuilder {
    let Some(settle) = millis.map(Duration::from_millis) else { return builder };
    // A slow clock shortens nothing: a call takes no less time.
    let settled = at_speed(settle, speed.max(1.0));
    let longest = settled.saturating_mul(LONGEST_JOB);
    builder.settle(settled).longest_job(longest).submit_timeout(settle * 2 / 3)
}

/// What is allowed of addresses and links.
fn with_access(mut builder: ClientBuilder, global: &Global) -> ClientBuilder {
    if global.allow_plain_http {
        builder = builder.allow_plain_http();
    }
    if global.allow_private_links {
        builder = builder.allow_private_links();
    }
    builder
}

/// The limit of waits that was asked for, in real time: on a slow clock it is a short one.
fn with_time_limit(builder: ClientBuilder, limit: Option<Age>, speed: f64) -> ClientBuilder {
    let Some(Age(limit)) = limit else { return builder };
    let time = at_speed(limit, speed);
    builder.wait_policy(WaitPolicy::new().time_limit_shown(time, limit))
}

/// Says which proxies are passed over, since they cannot be read.
fn note_unreadable_proxies(quiet: bool) {
    for name in HttpConfig::unreadable_proxies().into_iter().filter(|_| !quiet) {
        output::note(&format!(
            "{name} is passed over: it does not hold a proxy's address, such as http://HOST:PORT"
        ));
    }
}
