use std::sync::Arc;
use std::time::Duration;

use super::age::Age;
use super::args::{Global, LedgerUse};
use super::exit::LEDGER;
use super::place::LedgerPlace;
use super::setting::SettleMs;
use super::{output, place};
use crate::account::odd_proxies;
use crate::client::{Client, ClientBuilder};
use crate::clock::{at_speed, scaled};
use crate::error::{Error, ErrorKind, Result};
use crate::ledger::{Ledger, MemoryLedger, Sql};
use crate::model::ProviderId;
use crate::policy::WaitPolicy;
use crate::testing::{Connection, Sandbox};

/// What every command works with.
pub(super) struct Context {
    pub(super) client: Client,
    pub(super) json: bool,
    pub(super) quiet: bool,
    /// Whether jobs can be come back to with another command.
    pub(super) is_lasting: bool,
    /// What sets the keys of this command apart from those of others. A sandbox of this process may
    /// have the port of one that has ended, whose jobs it does not know.
    pub(super) namespace: String,
    /// Keeps the sandbox of this process running.
    _sandbox: Option<Sandbox>,
}

impl Context {
    pub(super) async fn new(global: &Global, used: LedgerUse) -> Result<Self> {
        let mut sandbox = None;
        let mut speed = 1.0;
        let mut builder = if global.sandbox {
            let started = Sandbox::start().await.map_err(|error| {
                let message = format!("the sandbox cannot be started: {error}");
                Error::new(ErrorKind::Io, message).with_source(error)
            })?;
            let connection = Connection::to(&started);
            speed = connection.speed();
            sandbox = Some(started);
            connection.client_builder_from_env()
        } else if let Some(url) = &global.sandbox_url {
            let connection = Connection::at(url).await;
            let connection = connection.map_err(|error| error.with_field("--sandbox-url"))?;
            speed = connection.speed();
            connection.client_builder_from_env()
        } else {
            tell_of_proxies(global.quiet);
            Client::builder().keys_from_env()
        };
        builder.check_settings()?;
        let ledger = open_ledger(global, &builder, used).await?;
        let is_lasting = sandbox.is_none()
            && global.ledger.as_deref().map(LedgerPlace::of) != Some(LedgerPlace::Memory);
        let settle_ms = global.settle_ms.and_then(|SettleMs(millis)| millis);
        let builder = limited(settled(builder, settle_ms, speed), global.time_limit, speed);
        let client = reached(builder, global).ledger(ledger).build()?;
        let namespace = sandbox.as_ref().map(|_| client.now().as_millis().to_string());
        Ok(Self {
            client,
            json: global.json,
            quiet: global.quiet,
            is_lasting,
            namespace: namespace.unwrap_or_default(),
            _sandbox: sandbox,
        })
    }

    /// Says what is no result, where anybody wants to know.
    pub(super) fn note(&self, text: &str) {
        if !self.quiet && !self.json {
            output::note(text);
        }
    }

    /// The providers that were asked for, or every one with keys.
    pub(super) fn providers(&self, asked: &[ProviderId]) -> Result<Vec<ProviderId>> {
        let mut providers = self.providers_in_order(asked)?;
        providers.sort();
        Ok(providers)
    }

    /// The same in the order in which they were asked for, each once.
    pub(super) fn providers_in_order(&self, asked: &[ProviderId]) -> Result<Vec<ProviderId>> {
        let own = self.client.accounts().into_iter().map(|account| account.provider);
        let asked = asked.iter().copied();
        let all: Vec<_> = if asked.len() == 0 { own.collect() } else { asked.collect() };
        let mut providers = Vec::new();
        for provider in all {
            if !providers.contains(&provider) {
                providers.push(provider);
            }
        }
        if providers.is_empty() {
            let message = "no provider has a key: set BEATAPI_API_KEY, CREATIFY_API_ID with \
                           CREATIFY_API_KEY, or JOGG_API_KEY, or try --sandbox";
            return Err(Error::new(ErrorKind::NeedsCredentials, message));
        }
        Ok(providers)
    }
}

/// How many times as long as a call takes to settle the longest job takes, as by default: half an
/// hour for a minute and a half.
const LONGEST_JOB: u32 = 20;

/// The settle time that was asked for, in real time, and in proportion how long a job may take. A
/// paid call is given up well before it is over, so that what is looked for then has its answer or
/// none.
fn settled(builder: ClientBuilder, millis: Option<u64>, speed: f64) -> ClientBuilder {
    let Some(settle) = millis.map(Duration::from_millis) else { return builder };
    let settled = scaled(settle, speed);
    let longest = settled.saturating_mul(LONGEST_JOB);
    builder.settle(settled).longest_job(longest).submit_timeout(settle * 2 / 3)
}

/// What is allowed of addresses and links.
fn reached(mut builder: ClientBuilder, global: &Global) -> ClientBuilder {
    if global.allow_plain_http {
        builder = builder.allow_plain_http();
    }
    if global.allow_private_links {
        builder = builder.allow_private_links();
    }
    builder
}

/// The limit of waits that was asked for, in real time: on a slow clock it is a short one.
fn limited(builder: ClientBuilder, limit: Option<Age>, speed: f64) -> ClientBuilder {
    let Some(Age(limit)) = limit else { return builder };
    let time = at_speed(limit, speed);
    builder.wait_policy(WaitPolicy::new().with_told_time_limit(time, limit))
}

/// Says which proxies are passed over, since they cannot be read.
fn tell_of_proxies(quiet: bool) {
    for name in odd_proxies().into_iter().filter(|_| !quiet) {
        output::note(&format!(
            "{name} is passed over: it does not hold a proxy's address, such as http://HOST:PORT"
        ));
    }
}

/// Says where the jobs at these addresses were kept when each set of them had a file.
fn tell_of_former(global: &Global, builder: &ClientBuilder) {
    let name = place::file_at(builder.base_urls());
    let Some((folder, name)) = place::data_folder().ok().zip(name) else { return };
    let former = folder.join(name);
    if !global.quiet && former.is_file() {
        let path = former.display();
        output::note(&format!(
            "an earlier version kept jobs of these addresses in another file, which --ledger \
             sqlite:{path} opens"
        ));
    }
}

async fn open_ledger(
    global: &Global,
    builder: &ClientBuilder,
    used: LedgerUse,
) -> Result<Arc<dyn Ledger>> {
    let named = |error: Error| error.with_field(LEDGER);
    let place = match &global.ledger {
        Some(value) => LedgerPlace::of(value),
        None if global.sandbox => match place::data_folder() {
            Ok(folder) => LedgerPlace::File(folder.join(place::SANDBOX)),
            // Whoever tries things out needs no home, and nothing is paid.
            Err(_) => LedgerPlace::Memory,
        },
        None => LedgerPlace::File(place::data_folder()?.join(match &global.sandbox_url {
            Some(_) => {
                place::file_at(builder.base_urls()).unwrap_or_else(|| place::SANDBOX.to_owned())
            }
            None => {
                tell_of_former(global, builder);
                place::LIVE.to_owned()
            }
        })),
    };
    let opened = match (&place, used) {
        (LedgerPlace::Memory, _) => Ok(None),
        (LedgerPlace::File(path), LedgerUse::New) => Sql::open_file(path).await.map(Some),
        (LedgerPlace::Url(url), LedgerUse::New) => Sql::open(url).await.map(Some),
        (LedgerPlace::File(path), _) => Sql::find_file(path).await,
        (LedgerPlace::Url(url), _) => Sql::find(url).await,
    };
    match opened {
        Ok(Some(ledger)) => return Ok(Arc::new(ledger)),
        Ok(None) if used == LedgerUse::ThisJob && place != LedgerPlace::Memory => {
            let message = format!("the ledger has no such job: there is no ledger {place}");
            return Err(Error::new(ErrorKind::NotFound, message));
        }
        Ok(None) if used == LedgerUse::Jobs && place != LedgerPlace::Memory && !global.quiet => {
            output::note(&format!("there is no ledger {place}: the first `make` begins it"));
        }
        Ok(None) => {}
        // The same as without a home.
        Err(_) if global.sandbox && global.ledger.is_none() => {}
        Err(error) => return Err(named(error)),
    }
    Ok(Arc::new(MemoryLedger::new()))
}
