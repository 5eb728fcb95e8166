//! Registering an address at the providers.

use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::address;
use crate::client::Client;
use crate::clock::Moment;
use crate::digest::sha256;
use crate::error::{Error, ErrorKind, Result};
use crate::future::BoxFuture;
use crate::job::Account;
use crate::model::ProviderId;
use crate::policy::growing_pause;
use crate::providers::Provider;
use crate::providers::endpoints::{Endpoint, Endpoints};
use crate::secret::WebhookSecret;

/// For how long a replica is alone with an account's endpoints. It is renewed before each call, and
/// none takes half as long.
const LEASE: Duration = Duration::from_secs(120);

/// How long a replica waits for its turn, and how often it asks.
const WAIT: Duration = Duration::from_secs(5 * 60);
const ASK_EVERY: Duration = Duration::from_millis(500);

/// How often a call is made that was refused for now.
const TRIES: u32 = 4;

/// Registers one address at each account of BeatAPI's and JoggAI's; await it. Free.
///
/// An endpoint with this address that is enabled and gets the events of jobs' ends is left as it
/// is, one that is disabled or lacks some is changed, and where there is none one is added.
/// Endpoints with other addresses are never touched. Replicas that share a ledger take turns, so
/// that all may call this when they start: one adds the endpoint, the others find it.
///
/// **The secret** of a new endpoint comes with [`Ensured::secret`]. JoggAI shows it ever after;
/// BeatAPI never again, so keep it ([`WebhookSecret::expose`]) where all replicas find it, or have
/// the endpoint made anew with [`recreate`](Self::recreate).
///
/// Creatify has no endpoints: its calls carry
/// [`AccountConfig::webhook_url`](crate::AccountConfig::webhook_url).
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] for an address that a provider cannot reach,
/// [`ErrorKind::NeedsCredentials`] where there is no such account, [`ErrorKind::Unsupported`] for a
/// ledger that keeps no events. What goes wrong with one account is an error in its place, so that
/// no secret of another's is lost: [`ErrorKind::Conflict`] where JoggAI's limit of 20 endpoints is
/// reached, [`ErrorKind::Timeout`] where another replica does not come to its end, and whatever the
/// provider answers.
#[must_use = "futures do nothing unless awaited"]
#[derive(Clone, Debug)]
pub struct Ensure<'a> {
    client: &'a Client,
    url: String,
    provider: Option<ProviderId>,
    account: Option<String>,
    recreate: bool,
}

/// The endpoint of an account.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Ensured {
    /// The account.
    pub account: Account,
    /// The provider's id of the endpoint.
    pub endpoint: String,
    /// What was done.
    pub registered: Registered,
    /// What its deliveries are signed with, where the provider shows it: for
    /// [`WebhookInboxBuilder::secret`](super::WebhookInboxBuilder::secret).
    pub secret: Option<WebhookSecret>,
}

/// What was done for an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Registered {
    /// It was added.
    Created,
    /// It was there, and is enabled and gets all events now.
    Changed,
    /// It was there as it should be.
    Existing,
}

impl<'a> Ensure<'a> {
    pub(super) fn new(client: &'a Client, url: String) -> Self {
        Self { client, url, provider: None, account: None, recreate: false }
    }

    /// Only at this provider.
    pub fn on(mut self, provider: ProviderId) -> Self {
        self.provider = Some(provider);
        self
    }

    /// Only for accounts with this name.
    pub fn account(mut self, name: impl Into<String>) -> Self {
        self.account = Some(name.into());
        self
    }

    /// Deletes endpoints with this address first, for a new secret. Deliveries that are signed with
    /// the old one are forged from then on. Not for every start: each replica would do it.
    pub fn recreate(mut self) -> Self {
        self.recreate = true;
        self
    }

    async fn run(self) -> Result<Vec<Result<Ensured>>> {
        self.client.event_log()?;
        let accounts = self.client.0.accounts.values().filter(|provider| {
            let account = provider.transport().account();
            self.provider.is_none_or(|wanted| wanted == account.provider)
                && self.account.as_ref().is_none_or(|wanted| *wanted == account.name)
                && provider.endpoints().is_some()
        });
        let accounts: Vec<_> = accounts.cloned().collect();
        if accounts.is_empty() {
            let message =
                "there is no such account of BeatAPI's or JoggAI's: give the builder keys";
            return Err(Error::new(ErrorKind::NeedsCredentials, message));
        }
        for provider in &accounts {
            address::check(&self.url, provider.transport().account())?;
        }
        let mut ensured = Vec::with_capacity(accounts.len());
        for provider in accounts {
            ensured.push(self.one(&provider).await);
        }
        Ok(ensured)
    }

    async fn one(&self, provider: &Arc<dyn Provider>) -> Result<Ensured> {
        let account = provider.transport().account();
        let url = address::check(&self.url, account)?;
        let missing = || Error::unsupported(account.provider, "webhooks", "it has no endpoints");
        let endpoints = provider.endpoints().ok_or_else(missing)?;
        let work = Work {
            client: self.client,
            endpoints,
            account,
            parsed: &url,
            lease: lease_name(account, &url),
            holder: self.client.new_holder(),
        };
        work.take_turn().await?;
        let ensured = work.ensure(self.recreate).await;
        // One that cannot be given back runs out.
        let released = self.client.event_log()?.release(&work.lease, &work.holder).await;
        if let Err(error) = released {
            tracing::debug!(%error, "a lease runs out by itself");
        }
        ensured
    }
}

impl<'a> IntoFuture for Ensure<'a> {
    type Output = Result<Vec<Result<Ensured>>>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// The address is not told: it may hold what only its owner should see.
fn lease_name(account: &Account, url: &Url) -> String {
    let Account { provider, name, realm } = account;
    format!("endpoint {}", sha256(format!("{provider}\n{name}\n{realm}\n{url}")))
}

/// One account's turn.
struct Work<'a> {
    client: &'a Client,
    endpoints: &'a dyn Endpoints,
    account: &'a Account,
    parsed: &'a Url,
    lease: String,
    holder: String,
}

impl Work<'_> {
    async fn take_turn(&self) -> Result<()> {
        let clock = &self.client.0.clock;
        let begun = Moment::now(&**clock);
        while !self.has_turn().await? {
            if Moment::now(&**clock).since(begun) >= WAIT {
                let message = "another replica is still at this address: try again later";
                return Err(self.error(ErrorKind::Timeout, message));
            }
            clock.sleep(ASK_EVERY.mul_f64(1.0 + clock.random())).await;
        }
        Ok(())
    }

    /// Takes the lease, or renews it.
    async fn has_turn(&self) -> Result<bool> {
        let now = self.client.0.clock.now();
        self.client.event_log()?.lease(&self.lease, &self.holder, now, now + LEASE).await
    }

    /// Makes a call that may be repeated.
    async fn call<'c, T>(&self, call: impl Fn() -> BoxFuture<'c, Result<T>>) -> Result<T> {
        let mut tries = 0;
        loop {
            self.keep_turn().await?;
            tries += 1;
            match call().await {
                Err(error) if error.is_transient() && tries < TRIES => {
                    self.rest(&error, tries).await
                }
                result => return result,
            }
        }
    }

    async fn keep_turn(&self) -> Result<()> {
        if self.has_turn().await? {
            return Ok(());
        }
        let message = "it took so long that another replica is at this address: try again";
        Err(self.error(ErrorKind::Conflict, message))
    }

    /// Rests after so many tries: as long as the provider asks, and at least for our own pause. The
    /// lease must not run out meanwhile.
    async fn rest(&self, error: &Error, tries: u32) {
        let clock = &self.client.0.clock;
        let wait =
            growing_pause(tries, clock.random()).max(error.retry_after().unwrap_or_default());
        clock.sleep(wait.min(LEASE / 2)).await;
    }

    async fn ensure(&self, recreate: bool) -> Result<Ensured> {
        let mut known = self.call(|| self.endpoints.list()).await?;
        if recreate {
            for endpoint in known.extract_if(.., |endpoint| self.is_ours(endpoint)) {
                self.delete(&endpoint).await?;
            }
        }
        let wanted = self.endpoints.wanted();
        let fits = |endpoint: &&Endpoint| {
            endpoint.is_enabled && wanted.iter().all(|event| endpoint.events.contains(event))
        };
        let ours: Vec<_> = known.iter().filter(|endpoint| self.is_ours(endpoint)).collect();
        if let Some(endpoint) = ours.iter().copied().find(fits) {
            return Ok(self.told(endpoint.clone(), Registered::Existing));
        }
        if let Some(endpoint) = ours.first().copied() {
            let mut events = endpoint.events.clone();
            events.extend(wanted.iter().filter(|event| !endpoint.events.contains(event)).cloned());
            let change = || self.endpoints.update(endpoint, events.clone());
            let mut changed = self.call(change).await?;
            changed.secret = changed.secret.or_else(|| endpoint.secret.clone());
            return Ok(self.told(changed, Registered::Changed));
        }
        if self.endpoints.most().is_some_and(|most| known.len() >= most) {
            return Err(self.full(&known));
        }
        let created = self.create(&known).await?;
        Ok(self.told(created, Registered::Created))
    }

    /// Adds an endpoint. One whose answer was lost is looked for: nobody else has seen its secret,
    /// so where the provider does not show it the endpoint is of no use, and is made anew.
    async fn create(&self, known: &[Endpoint]) -> Result<Endpoint> {
        let mut tries = 0;
        loop {
            self.keep_turn().await?;
            tries += 1;
            let error = match self.endpoints.create(self.parsed.as_str()).await {
                Ok(endpoint) if endpoint.secret.is_some() || tries == TRIES => return Ok(endpoint),
                Ok(endpoint) => {
                    self.delete(&endpoint).await?;
                    continue;
                }
                Err(error) => error,
            };
            let is_new = |endpoint: &Endpoint| {
                self.is_ours(endpoint) && known.iter().all(|known| known.id != endpoint.id)
            };
            let listed = self.call(|| self.endpoints.list()).await?;
            match listed.into_iter().find(is_new) {
                Some(endpoint) if endpoint.secret.is_some() => return Ok(endpoint),
                Some(endpoint) => self.delete(&endpoint).await?,
                None if error.kind() == ErrorKind::RateLimited && tries < TRIES => {
                    self.rest(&error, tries).await;
                    continue;
                }
                None => return Err(error),
            }
            if tries == TRIES {
                return Err(error);
            }
        }
    }

    async fn delete(&self, endpoint: &Endpoint) -> Result<()> {
        match self.call(|| self.endpoints.delete(&endpoint.id)).await {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            result => result,
        }
    }

    fn is_ours(&self, endpoint: &Endpoint) -> bool {
        Url::parse(&endpoint.url).is_ok_and(|url| url == *self.parsed)
    }

    fn told(&self, endpoint: Endpoint, registered: Registered) -> Ensured {
        let Endpoint { id, secret, .. } = endpoint;
        Ensured { account: self.account.clone(), endpoint: id, registered, secret }
    }

    /// The account has all the endpoints that it may have.
    fn full(&self, known: &[Endpoint]) -> Error {
        let disabled = known.iter().filter(|endpoint| !endpoint.is_enabled);
        let disabled: Vec<_> = disabled.take(3).map(|endpoint| endpoint.id.as_str()).collect();
        let which = match &*disabled {
            [] => "one that is no longer used".to_owned(),
            ids => format!("one that is disabled, such as {}", ids.join(", ")),
        };
        let message = format!(
            "the account has {} webhook endpoints and may not have more: delete {which}, with \
             delete_endpoint",
            known.len()
        );
        self.error(ErrorKind::Conflict, message)
    }

    fn error(&self, kind: ErrorKind, message: impl Into<String>) -> Error {
        Error::new(kind, message).with_provider(self.account.provider)
    }
}
