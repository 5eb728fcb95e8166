//! Taking deliveries.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::hub::Opened;
use super::receipt::{Receipt, Received};
use crate::account::DEFAULT_NAME;
use crate::client::Client;
use crate::error::{ErrorKind, Result};
use crate::job::{Account, Job, JobId, StepState, tagged};
use crate::ledger::NewEvent;
use crate::model::ProviderId;
use crate::providers::Provider;
use crate::secret::WebhookSecret;
use crate::webhook::{Claim, Delivered, Delivery, JobEvent, Secrets, forged, unproved};

/// For how long an event is somebody's who does not acknowledge it.
const CLAIM: Duration = Duration::from_secs(60);

/// The longest id of a job that a provider gives.
const MOST_ID_BYTES: usize = 200;

/// Takes deliveries, wakes their jobs, and hands each end of a job on until it is acknowledged.
/// Cheap to clone; clones share everything.
///
/// [`receive`](Self::receive) belongs into the program's web framework. It checks a delivery, keeps
/// its event in the ledger, wakes whoever waits for the job here, and returns; replicas that share
/// the ledger find the event there within 2 s. [`next`](Self::next) belongs into a loop of one's
/// own, in as many tasks and replicas as one likes: each end comes to one of them.
///
/// What proves a delivery: BeatAPI and JoggAI sign it with the endpoint's secret. Creatify signs
/// nothing, but the address that each of its calls is sent with
/// ([`AccountConfig::webhook_url`](crate::AccountConfig::webhook_url)) carries a token that nobody
/// can guess. Deliveries that come twice, late, early, out of order or are forged do no harm.
///
/// `examples/webhooks_axum.rs` and `examples/webhooks_bytes.rs` show both in full.
#[derive(Clone)]
pub struct WebhookInbox(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) client: Client,
    pub(super) claim: Duration,
    secrets: BTreeMap<(ProviderId, String), Secrets>,
    /// While it stands, the client looks for events of other replicas.
    _opened: Opened,
}

impl fmt::Debug for WebhookInbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let accounts: Vec<_> = self.0.secrets.keys().collect();
        f.debug_struct("WebhookInbox").field("secrets_of", &accounts).finish_non_exhaustive()
    }
}

/// Sets a [`WebhookInbox`] up.
#[derive(Clone, Debug)]
#[must_use = "an inbox is built with build()"]
pub struct WebhookInboxBuilder {
    client: Client,
    secrets: BTreeMap<(ProviderId, String), Secrets>,
    claim: Duration,
}

impl WebhookInboxBuilder {
    pub(super) fn new(client: &Client) -> Self {
        Self { client: client.clone(), secrets: BTreeMap::new(), claim: CLAIM }
    }

    /// Takes deliveries to a provider's account without a name that are signed with this secret.
    /// Several are tried, while they are being changed. Creatify has none.
    pub fn secret(self, provider: ProviderId, secret: impl Into<WebhookSecret>) -> Self {
        self.secret_of(provider, DEFAULT_NAME, secret)
    }

    /// [`secret`](Self::secret) for a named account.
    pub fn secret_of(
        mut self,
        provider: ProviderId,
        account: impl Into<String>,
        secret: impl Into<WebhookSecret>,
    ) -> Self {
        let secret = secret.into();
        self.secrets
            .entry((provider, account.into()))
            .and_modify(|secrets| secrets.add(secret.clone()))
            .or_insert_with(|| Secrets::new(secret));
        self
    }

    /// How long whoever gets an end has until he acknowledges it; it is then handed on again.
    /// Default: 60 s.
    pub fn claim(mut self, time: Duration) -> Self {
        self.claim = time;
        self
    }

    /// Opens the inbox.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) for a ledger that keeps no events;
    /// [`ErrorKind::NeedsCredentials`](crate::ErrorKind::NeedsCredentials) for a secret of an
    /// account that the client does not have.
    pub fn build(self) -> Result<WebhookInbox> {
        self.client.event_log()?;
        for ((provider, name), secrets) in &self.secrets {
            let account = self.client.provider(Some(*provider), Some(name))?;
            secrets.iter().for_each(|secret| account.transport().hide(secret));
        }
        let _opened = self.client.0.hub.open();
        let Self { client, secrets, claim } = self;
        Ok(WebhookInbox(Arc::new(Inner { client, claim, secrets, _opened })))
    }
}

impl WebhookInbox {
    /// Takes a delivery and says how to answer it. It waits for the ledger and for nothing else:
    /// JoggAI gives 5 s.
    pub async fn receive(&self, delivery: Delivery<'_>) -> Receipt {
        let received = self.take(&delivery).await;
        received.unwrap_or_else(|error| {
            // Anybody can send forged ones, as many as he likes.
            match error.kind() {
                ErrorKind::Forged => {
                    tracing::debug!(provider = %delivery.provider, %error, "a forged delivery");
                }
                _ => tracing::warn!(provider = %delivery.provider, %error, "a delivery was not taken"),
            }
            Receipt::refused(error)
        })
    }

    async fn take(&self, delivery: &Delivery<'_>) -> Result<Receipt> {
        let provider = self.provider(delivery)?;
        let account = provider.transport().account();
        let secrets = self.0.secrets.get(&(account.provider, account.name.clone()));
        match provider.read_delivery(delivery, secrets)? {
            Delivered::Signed(event) => self.note_signed(account, event).await,
            Delivered::Claimed(claim, word) => self.note_claimed(&**provider, claim, word).await,
        }
    }

    async fn note_signed(&self, account: &Account, event: Option<JobEvent>) -> Result<Receipt> {
        let fits = |event: &JobEvent| (1..=MOST_ID_BYTES).contains(&event.resource.len());
        let Some(told) = event.filter(fits) else {
            return Ok(Receipt::of(Received::Ignored, None));
        };
        let client = &self.0.client;
        let now = client.0.clock.now();
        let event = NewEvent::new(account, told.resource, told.outcome, now);
        let event = event.told_as(told.name, told.delivery);
        let is_new = client.event_log()?.note(&event).await?;
        // It is noted before its job is looked for, and a job's id is recorded before its event is
        // looked for: whichever comes later finds the other.
        let hub = &client.0.hub;
        let job = match hub.wake(client, account, &event.resource, is_new) {
            None if is_new => client.wake_unwatched(account, &event.resource).await?,
            job => job,
        };
        hub.told(is_new);
        Ok(Receipt::of(if is_new { Received::New } else { Received::Known }, job))
    }

    /// A delivery whose address alone says which job it is about, and proves it.
    async fn note_claimed(
        &self,
        provider: &dyn Provider,
        claim: Claim,
        word: &'static str,
    ) -> Result<Receipt> {
        let client = &self.0.client;
        let transport = provider.transport();
        let account = transport.account();
        let unproved = || unproved(account.provider);
        // Anybody can send forged ones, so what costs nothing is asked first: whether it names a
        // paid step of a job of this account. Only then the account's credentials are.
        let (id, step) = tagged(claim.tag()).ok_or_else(unproved)?;
        let is_ours = |job: &Job| {
            account.has(job) && job.steps().get(step).is_some_and(|step| step.is_paid())
        };
        let job = client.0.ledger.load(id).await?.filter(is_ours).ok_or_else(unproved)?;
        if !claim.is_proved_by(&transport.keys().await?) {
            return Err(unproved());
        }
        let now = client.0.clock.now();
        let outcome = format!("{step}:{word}");
        let event = NewEvent::new(account, id.to_string(), outcome, now);
        let is_new = client.event_log()?.note(&event).await?;
        client.0.hub.wake(client, account, &event.resource, is_new);
        if is_missing(&job) {
            client.look_for_lost(id);
        }
        client.0.hub.told(is_new);
        Ok(Receipt::of(if is_new { Received::New } else { Received::Known }, Some(id)))
    }

    /// Whose a delivery is. Whoever names an account that there is not proves nothing.
    fn provider(&self, delivery: &Delivery<'_>) -> Result<&Arc<dyn Provider>> {
        let found = self.0.client.provider(Some(delivery.provider), delivery.account);
        found.map_err(|error| {
            forged(delivery.provider, "the client has no such account").with_source(error)
        })
    }
}

/// Whether a job's step is one that has to be found first: its answer was lost, whether it is held
/// or not, or its provider seemed to know it no more. A delivery says that it is there.
fn is_missing(job: &Job) -> bool {
    let step = job.current().and_then(|index| job.steps().get(index));
    step.is_some_and(|step| match step.state() {
        StepState::Submitting | StepState::Unknown | StepState::Uncertain => step.is_paid(),
        StepState::Lost => true,
        _ => false,
    })
}

impl Client {
    /// Wakes a job that is waited for since before there was an inbox.
    async fn wake_unwatched(&self, account: &Account, resource: &str) -> Result<Option<JobId>> {
        let job = self.job_by_resource(account, resource).await?;
        let Some(job) = job else { return Ok(None) };
        if is_missing(&job) {
            self.look_for_lost(job.id());
        }
        if let Some(polls) = self.polls_of(&job) {
            polls.wake(job.id());
        }
        Ok(Some(job.id()))
    }

    /// Looks for a call whose answer was lost, beside the answer to the delivery. What becomes of
    /// it stands in the ledger.
    fn look_for_lost(&self, id: JobId) {
        let client = self.clone();
        tokio::spawn(async move {
            if let Err(error) = client.look_now(id).await {
                tracing::debug!(job = %id, %error, "not looked for");
            }
            client.0.hub.looked();
        });
    }
}
