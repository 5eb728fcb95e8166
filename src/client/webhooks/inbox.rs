use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::delivery::{Delivery, Receipt, Received};
use super::hub::Opened;
use crate::account::DEFAULT_NAME;
use crate::client::Client;
#[cfg(feature = "creatify")]
use crate::creatify::WebhookHint;
use crate::error::{ErrorKind, Result};
use crate::job::{Account, Job, JobId, StepState, tagged};
use crate::ledger::NewEvent;
use crate::model::ProviderId;
use crate::secret::WebhookSecret;
use crate::webhook::Claim;
use crate::webhook::{Secrets, Told, check_size, forged};

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
        let received = match delivery.provider {
            ProviderId::Creatify => self.receive_hint(&delivery).await,
            _ => self.receive_signed(&delivery).await,
        };
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

    async fn receive_signed(&self, delivery: &Delivery<'_>) -> Result<Receipt> {
        let account = self.account(delivery)?;
        let told = self.read(account, delivery)?;
        let fits = |told: &Told| (1..=MOST_ID_BYTES).contains(&told.resource.len());
        let Some(told) = told.filter(fits) else {
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

    /// A delivery of Creatify's, whose address alone says which job it is about, and proves it.
    async fn receive_hint(&self, delivery: &Delivery<'_>) -> Result<Receipt> {
        let client = &self.0.client;
        check_size(delivery.provider, delivery.body)?;
        let account = self.account(delivery)?;
        let unproved = || {
            let message = "its address has no token of ours, or one of an earlier key's";
            forged(delivery.provider, message)
        };
        // Anybody can send forged ones, so what costs nothing is asked first: whether it has the
        // form of ours, and names a paid step of a job of this account. Only then the account's
        // credentials are.
        let claim = Claim::of(delivery.query).ok_or_else(unproved)?;
        let (id, step) = tagged(claim.tag()).ok_or_else(unproved)?;
        let is_ours = |job: &Job| {
            account.has(job) && job.steps().get(step).is_some_and(|step| step.is_paid())
        };
        let job = client.0.ledger.load(id).await?.filter(is_ours).ok_or_else(unproved)?;
        let transport = client.provider(Some(account.provider), Some(&account.name))?.transport();
        if !claim.is_proved_by(&transport.keys().await?) {
            return Err(unproved());
        }
        let now = client.0.clock.now();
        let outcome = format!("{step}:{}", outcome_of_hint(delivery.body));
        let event = NewEvent::new(account, id.to_string(), outcome, now);
        let is_new = client.event_log()?.note(&event).await?;
        client.0.hub.wake(client, account, &event.resource, is_new);
        if is_missing(&job) {
            client.look_for_lost(id);
        }
        client.0.hub.told(is_new);
        Ok(Receipt::of(if is_new { Received::New } else { Received::Known }, Some(id)))
    }

    /// The account that a delivery is for. Whoever names one that there is not proves nothing.
    fn account(&self, delivery: &Delivery<'_>) -> Result<&Account> {
        let found = self.0.client.provider(Some(delivery.provider), delivery.account);
        let found = found.map(|provider| provider.transport().account());
        found.map_err(|error| {
            forged(delivery.provider, "the client has no such account").with_source(error)
        })
    }

    /// What a signed delivery says, once its signature was checked.
    fn read(&self, account: &Account, delivery: &Delivery<'_>) -> Result<Option<Told>> {
        let secrets = self.0.secrets.get(&(account.provider, account.name.clone()));
        let secrets = secrets.ok_or_else(|| {
            let message = format!("no secret is set for its account {:?}", account.name);
            forged(account.provider, message)
        })?;
        let header = |name: &str| delivery.header(name);
        match account.provider {
            #[cfg(feature = "beatapi")]
            ProviderId::BeatApi => {
                let clock = &self.0.client.0.clock;
                let verifier = crate::beatapi::WebhookVerifier::with(secrets, clock);
                Ok(verifier.verify(header, delivery.body)?.told())
            }
            #[cfg(feature = "jogg")]
            ProviderId::Jogg => {
                let verifier = crate::jogg::WebhookVerifier::with(secrets);
                Ok(verifier.verify(header, delivery.body)?.told())
            }
            other => {
                // Nothing of these is used where neither of the two is compiled in.
                let _ = (secrets, header);
                Err(forged(other, "it signs nothing"))
            }
        }
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

/// Whether a body speaks of an end, so that an early delivery is not taken for the later one. What
/// it says is not believed, so one that cannot be read does as well.
fn outcome_of_hint(body: &[u8]) -> &'static str {
    #[cfg(feature = "creatify")]
    if WebhookHint::read(body).is_ok_and(|hint| hint.is_of_an_end()) {
        return "ended";
    }
    let _ = body;
    "moved"
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
