//! What every command works with: a client for the services or a sandbox, with the ledger that was
//! named.

use adreel::client::Client;
use adreel::clock::{Clock as _, SystemClock};
use adreel::testing::Sandbox;
use adreel::{Error, ErrorKind, ProviderId, Result};

use crate::args::{Global, LedgerUse};
use crate::connect::Connected;
use crate::ledger_place::{self, LedgerPlace};
use crate::output;

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
        let connected = Connected::new(global).await?;
        let ledger = ledger_place::open(global, used).await?;
        let is_in_memory =
            global.ledger.as_deref().map(LedgerPlace::of) == Some(LedgerPlace::Memory);
        let sandbox = connected.sandbox;
        let namespace = sandbox.as_ref().map(|_| SystemClock.now().as_millis().to_string());
        Ok(Self {
            client: connected.builder.ledger(ledger).build()?,
            json: global.json,
            quiet: global.quiet,
            is_lasting: sandbox.is_none() && !is_in_memory,
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
