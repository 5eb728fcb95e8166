//! What every command works with: a client for the services or a sandbox, with the ledger that was
//! named.

use std::sync::Arc;
use std::time::Duration;

use adreel::client::{Client, ClientBuilder, WaitPolicy};
use adreel::clock::{Clock as _, SystemClock};
use adreel::ledger::{Ledger, MemoryLedger, Sql};
use adreel::sandbox::{self, Sandbox};
use adreel::text::{setting, trimmed};
use adreel::{Error, ErrorKind, HttpConfig, ProviderId, Result};

use crate::args::Age;
use crate::args::{Global, LedgerUse};
use crate::exit::LEDGER;
use crate::ledger_place::LedgerPlace;
use crate::setting::SettleMs;
use crate::{ledger_place, output};

/// What every command works with.
pub(crate) struct Context {
    pub(crate) client: Client,
    pub(crate) json: bool,
    pub(crate) quiet: bool,
    /// Whether jobs can be come back to with another command.
    pub(crate) is_lasting: bool,
    /// What sets the keys of this command apart from those of others. A sandbox of this process may
    /// have the port of one that has ended, whose jobs it does not know.
    pub(crate) namespace: String,
    /// Keeps the sandbox of this process running.
    _sandbox: Option<Sandbox>,
}

impl Context {
    pub(crate) async fn new(global: &Global, used: LedgerUse) -> Result<Self> {
        let mut sandbox = None;
        let mut speed = 1.0;
        let builder = if global.sandbox {
            let started = Sandbox::start().await.map_err(|error| {
                let message = format!("the sandbox cannot be started: {error}");
                Error::new(ErrorKind::Io, message).with_source(error)
            })?;
            speed = started.speed();
            let builder = sandbox::client_builder(started.url(), started.clock(), speed, |name| {
                std::env::var_os(name)
            });
            sandbox = Some(started);
            builder
        } else if let Some(url) = &global.sandbox_url {
            let at = sandbox::client_builder_at(url, |name| std::env::var_os(name)).await?;
            let (builder, its_speed) = at;
            speed = its_speed;
            builder
        } else {
            note_unreadable_proxies(global.quiet);
            Client::builder().keys_from_env()
        };
        let builder = builder.checked()?;
        let ledger = open_ledger(global, used).await?;
        let is_lasting = sandbox.is_none()
            && global.ledger.as_deref().map(LedgerPlace::of) != Some(LedgerPlace::Memory);
        let settle_ms = global.settle_ms.and_then(|SettleMs(millis)| millis);
        let builder =
            with_time_limit(with_settle_time(builder, settle_ms, speed), global.time_limit, speed);
        let client = with_access(builder, global).ledger(ledger).build()?;
        let namespace = sandbox.as_ref().map(|_| SystemClock.now().as_millis().to_string());
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
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet && !self.json {
            output::note(text);
        }
    }

    /// The providers that were asked for, or every one with keys.
    pub(crate) fn providers(&self, asked: &[ProviderId]) -> Result<Vec<ProviderId>> {
        let mut providers = self.providers_in_order(asked)?;
        providers.sort();
        Ok(providers)
    }

    /// The same in the order in which they were asked for, each once.
    pub(crate) fn providers_in_order(&self, asked: &[ProviderId]) -> Result<Vec<ProviderId>> {
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
    builder.wait_policy(WaitPolicy::new().with_told_time_limit(time, limit))
}

/// Says which proxies are passed over, since they cannot be read.
fn note_unreadable_proxies(quiet: bool) {
    for name in HttpConfig::unreadable_proxies().into_iter().filter(|_| !quiet) {
        output::note(&format!(
            "{name} is passed over: it does not hold a proxy's address, such as http://HOST:PORT"
        ));
    }
}

/// Says where the jobs at these addresses were kept when each set of them had a file.
fn note_former_ledger(global: &Global) {
    let name = ledger_place::file_at(base_urls());
    let Some((folder, name)) = ledger_place::data_folder().ok().zip(name) else { return };
    let former = folder.join(name);
    if !global.quiet && former.is_file() {
        let path = former.display();
        output::note(&format!(
            "an earlier version kept jobs of these addresses in another file, which --ledger \
             sqlite:{path} opens"
        ));
    }
}

/// The addresses that the environment names for its accounts, instead of the providers' own.
fn base_urls() -> Vec<String> {
    let variable = |provider: ProviderId, name: &str| {
        let name = format!("{}_{name}", provider.as_str().to_uppercase());
        setting(std::env::var_os(name)?).ok()?
    };
    let with_keys = ProviderId::ALL.into_iter().filter(|id| variable(*id, "API_KEY").is_some());
    with_keys.filter_map(|id| variable(id, "BASE_URL")).collect()
}

async fn open_ledger(global: &Global, used: LedgerUse) -> Result<Arc<dyn Ledger>> {
    let named = |error: Error| error.with_field(LEDGER);
    let place = match &global.ledger {
        Some(value) => LedgerPlace::of(value),
        None if global.sandbox => match ledger_place::data_folder() {
            Ok(folder) => LedgerPlace::File(folder.join(ledger_place::SANDBOX)),
            // Whoever tries things out needs no home, and nothing is paid.
            Err(_) => LedgerPlace::Memory,
        },
        None => LedgerPlace::File(
            ledger_place::data_folder()?.join(match &global.sandbox_url {
                Some(url) => ledger_place::file_at([trimmed(url)])
                    .unwrap_or_else(|| ledger_place::SANDBOX.to_owned()),
                None => {
                    note_former_ledger(global);
                    ledger_place::LIVE.to_owned()
                }
            }),
        ),
    };
    let opened = match (&place, used) {
        (LedgerPlace::Memory, _) => Ok(None),
        (LedgerPlace::File(path), LedgerUse::New) => Sql::open_file(path).await.map(Some),
        (LedgerPlace::Url(url), LedgerUse::New) => Sql::open(url).await.map(Some),
        (LedgerPlace::File(path), _) => Sql::open_existing_file(path).await,
        (LedgerPlace::Url(url), _) => Sql::open_existing(url).await,
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
