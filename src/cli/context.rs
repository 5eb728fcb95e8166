use super::args::Global;
use super::output;
use crate::client::Client;
use crate::error::{Error, Result};
use crate::model::ProviderId;
use crate::sandbox::{self, Sandbox};

/// What every command works with.
pub(super) struct Context {
    pub(super) client: Client,
    pub(super) json: bool,
    pub(super) quiet: bool,
    /// Keeps the sandbox of this process running.
    _sandbox: Option<Sandbox>,
}

impl Context {
    pub(super) async fn new(global: &Global) -> Result<Self> {
        if global.ledger != "memory:" {
            let message = format!("{:?} is not supported yet: use memory:", global.ledger);
            return Err(Error::invalid("--ledger", message));
        }
        let mut sandbox = None;
        let client = if global.sandbox {
            let started = Sandbox::start().await.map_err(|error| {
                let message = format!("the sandbox cannot be started: {error}");
                Error::new(crate::ErrorKind::Io, message).with_source(error)
            })?;
            let client = sandbox::client_builder(started.url(), started.speed(), variable);
            sandbox = Some(started);
            client.in_memory().build()?
        } else if let Some(url) = &global.sandbox_url {
            let url = url.trim_end_matches('/');
            let speed = sandbox::speed_of(url).await?;
            sandbox::client_builder(url, speed, variable).in_memory().build()?
        } else {
            Client::builder().keys_from_env().in_memory().build()?
        };
        Ok(Self { client, json: global.json, quiet: global.quiet, _sandbox: sandbox })
    }

    /// Says what is no result, where anybody wants to know.
    pub(super) fn note(&self, text: &str) {
        if !self.quiet && !self.json {
            output::note(text);
        }
    }

    /// The providers that were asked for, or every one with keys.
    pub(super) fn providers(&self, asked: &[ProviderId]) -> Result<Vec<ProviderId>> {
        let mut providers = asked.to_vec();
        if providers.is_empty() {
            providers = self.client.accounts().iter().map(|account| account.provider).collect();
        }
        providers.sort();
        providers.dedup();
        if providers.is_empty() {
            let message = "no provider has a key: set BEATAPI_API_KEY, CREATIFY_API_ID with \
                           CREATIFY_API_KEY, or JOGG_API_KEY, or try --sandbox";
            return Err(Error::new(crate::ErrorKind::NeedsCredentials, message));
        }
        Ok(providers)
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
