//! Plan, submit, wait for and resume jobs at any of the three providers.

mod advance;
mod ahead;
mod builder;
mod caps;
mod catalogue;
mod download;
mod ending;
mod event;
mod gate;
mod jobs;
mod look;
#[cfg(all(test, feature = "beatapi", feature = "creatify", feature = "jogg"))]
mod model_tests;
mod polling;
mod record;
mod regenerate;
mod resolve_all;
mod route;
mod rows;
mod send;
mod sent;
mod side_file;
mod spending;
mod submit;
mod turns;
mod video;
mod wait;
mod webhooks;
mod work;

pub use crate::account::AccountConfig;
pub use crate::error::Limit;
pub use crate::model::Part;
pub use crate::policy::{AdaptivePolling, Caps, PollPolicy, PollState, Recovery, WaitPolicy};
pub use advance::Advance;
pub use builder::ClientBuilder;
pub use catalogue::Catalogue;
pub use download::{Download, Downloaded, VideoBytes};
pub use event::{Event, EventKind};
pub use jobs::{Jobs, Resolution};
pub use regenerate::Regenerate;
pub use resolve_all::{HeldJob, ResolveAll, ResolvePlan, Resolved, Verdict};
pub use route::{Attempt, AttemptEnd, Route, Routed};
pub use spending::{SpendEntry, SpendPage, SpendQuery};
pub use submit::{Generate, Planning, Submit};
pub use video::Video;
pub use wait::{Events, Wait};
pub use webhooks::{
    Ensure, Ensured, Finished, Receipt, Received, Registered, WebhookInbox, WebhookInboxBuilder,
    Webhooks,
};

pub use crate::webhook::Delivery;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::Mutex;

use crate::account::DEFAULT_NAME;
use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Result};
use crate::job::{Account, Job, JobId, Stage};
use crate::ledger::{Ledger, Seat};
use crate::model::{Capabilities, Credits, ProviderId};
use crate::providers::{self, Provider};
use crate::request::VideoRequest;
use crate::transport::LookPages;
#[cfg(feature = "cli")]
use crate::transport::Transport;

/// One client for three providers. Cheap to clone; clones share everything.
///
/// ```no_run
/// # async fn example() -> adreel::Result<()> {
/// use adreel::{Client, Product, ProviderId, VideoRequest};
///
/// let client = Client::builder().keys_from_env().in_memory().build()?;
/// let request = VideoRequest::new(Product::new("Morning Roast").image_file("coffee.png"));
/// let video = client.generate(&request).on(ProviderId::BeatApi).await?;
/// video.download("morning-roast.mp4").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client(Arc<Inner>);

/// What each account's provider and name lead to.
type Accounts = BTreeMap<(ProviderId, String), Arc<dyn Provider>>;

struct Inner {
    accounts: Accounts,
    /// The reads of each account.
    polls: BTreeMap<(ProviderId, String), Arc<polling::Polls>>,
    caps: BTreeMap<(ProviderId, String), Caps>,
    run: String,
    /// What webhooks wake.
    hub: Arc<webhooks::Hub>,
    ledger: Arc<dyn Ledger>,
    clock: Arc<dyn Clock>,
    ahead: ahead::Ahead,
    sent: sent::SentCalls,
    turns: turns::Turns,
    /// What each account has room for.
    gates: gate::Gates,
    work: work::Work,
    /// By which others that share the ledger see that this client lives; `None` before it was asked
    /// for, and `Some(None)` where there are none.
    seat: Mutex<Option<Option<Seat>>>,
    side_file: Option<side_file::SideFile>,
    recovery: Recovery,
    settle: Option<Duration>,
    longest_job: Option<Duration>,
    look_timeout: Duration,
    downloads: download::Limits,
    wait_policy: WaitPolicy,
    poll_policy: Arc<dyn PollPolicy>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("accounts", &self.accounts()).finish_non_exhaustive()
    }
}

impl Client {
    /// Begins a client. It needs a ledger and, to do anything, an account.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// The accounts that it has keys for.
    pub fn accounts(&self) -> Vec<&Account> {
        self.0.accounts.values().map(|provider| provider.transport().account()).collect()
    }

    /// The account that is used where none is named.
    ///
    /// # Errors
    /// [`ErrorKind::NeedsCredentials`] for a provider without an account.
    pub fn account(&self, provider: ProviderId) -> Result<&Account> {
        Ok(self.provider(Some(provider), None)?.transport().account())
    }

    /// What a provider can do; `None` where it is not compiled in.
    pub fn capabilities(provider: ProviderId) -> Option<&'static Capabilities> {
        providers::capabilities(provider)
    }

    /// Shows what a request would do and cost, without paying. Free reads are made where a default
    /// has to be chosen. Name the provider with [`on`](Planning::on).
    pub fn plan<'a>(&'a self, request: &'a VideoRequest) -> Planning<'a> {
        Planning::new(self, request)
    }

    /// Submits a request and resolves when the provider has accepted it. Name the provider with
    /// [`on`](Submit::on).
    pub fn submit<'a>(&'a self, request: &'a VideoRequest) -> Submit<'a> {
        Submit::new(self, request)
    }

    /// Submits a request and resolves with the finished video. Name the provider with
    /// [`on`](Generate::on).
    pub fn generate<'a>(&'a self, request: &'a VideoRequest) -> Generate<'a> {
        Generate::new(self, request)
    }

    /// Submits a request to the first of several accounts that makes a video of it, and resolves
    /// with that and with what became of each attempt.
    pub fn route<'a>(&'a self, request: &'a VideoRequest) -> Route<'a> {
        Route::new(self, request)
    }

    /// Comes back to a job, also after a restart, and resolves with the finished video. A job that
    /// waited for the provider's own page to be used is read again.
    pub fn resume(&self, id: impl Into<JobId>) -> Wait {
        Wait::new(self, id.into())
    }

    /// Makes the picture or the video of a finished job anew, as a job of its own. Only Creatify
    /// does so; each costs credits.
    pub fn regenerate(&self, id: impl Into<JobId>, part: Part) -> Regenerate<'_> {
        Regenerate::new(self, id.into(), part)
    }

    /// A job as the ledger has it.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] for an id that the ledger does not have.
    pub async fn job(&self, id: impl Into<JobId>) -> Result<Job> {
        let id = id.into();
        let missing = || Error::new(ErrorKind::NotFound, "the ledger has no such job").with_job(id);
        let loaded = self.0.ledger.load(id).await.map_err(|error| error.with_job(id))?;
        loaded.ok_or_else(missing)
    }

    /// The video of a job, as the ledger has it. Nothing is sent, read or waited for.
    ///
    /// # Errors
    /// What a [`Wait`] for the job would end with, and [`ErrorKind::Timeout`] for one that has not
    /// come to its end.
    pub async fn video(&self, id: impl Into<JobId>) -> Result<Video> {
        let job = self.job(id).await?;
        match ending::ending(&job) {
            Some(error) => Err(error),
            None if matches!(job.stage(), Stage::Rendered | Stage::Done) => Video::new(self, job),
            None => {
                let message = format!("it is {} still: resume it", job.stage());
                Err(Error::new(ErrorKind::Timeout, message).with_job(job.id()))
            }
        }
    }

    /// The run that its jobs count for: that of the [builder](ClientBuilder::run), or a name of its
    /// own.
    pub fn run(&self) -> &str {
        &self.0.run
    }

    /// The jobs of the ledger: listed, held, resolved.
    pub fn jobs(&self) -> Jobs<'_> {
        Jobs::new(self)
    }

    /// Webhooks: deliveries taken, and endpoints registered.
    pub fn webhooks(&self) -> Webhooks<'_> {
        Webhooks::new(self)
    }

    /// Lets what is in flight come to its end, and begins nothing more: calls that were sent are
    /// answered and recorded. Jobs themselves go on at their providers.
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`] where something is still in flight at the deadline. It goes on for
    /// as long as the runtime does; what is cut off then is looked for at the next start.
    pub async fn shutdown(&self, deadline: Duration) -> Result<()> {
        let work = &self.0.work;
        work.close();
        self.0.polls.values().for_each(|polls| polls.close());
        let until = self.0.clock.sleep(deadline);
        futures_util::pin_mut!(until);
        let ended = work.ended();
        futures_util::pin_mut!(ended);
        match futures_util::future::select(ended, until).await {
            futures_util::future::Either::Left(_) => Ok(()),
            futures_util::future::Either::Right(_) if work.ended().now_or_never().is_some() => {
                Ok(())
            }
            futures_util::future::Either::Right(_) => {
                let message = format!("{} calls are still in flight", work.len());
                Err(Error::new(ErrorKind::Timeout, message))
            }
        }
    }

    /// The credits that are left on a provider's account. Free.
    ///
    /// # Errors
    /// [`ErrorKind::NeedsCredentials`] for a provider without an account; whatever keeps the
    /// answer from arriving.
    pub async fn balance(&self, provider: ProviderId) -> Result<Credits> {
        self.provider(Some(provider), None)?.balance().await
    }

    /// Looks up what can be chosen: presenters, voices, music and styles. Free. Name the provider
    /// with [`on`](Catalogue::on).
    pub fn catalogue(&self) -> Catalogue<'_> {
        Catalogue::new(self)
    }

    /// The time by the client's clock.
    pub(crate) fn now(&self) -> crate::model::Timestamp {
        self.0.clock.now()
    }

    /// The same by its clock that nobody sets.
    pub(crate) fn moment(&self) -> crate::clock::Moment {
        crate::clock::Moment::now(&*self.0.clock)
    }

    /// Waits by the client's clock.
    async fn sleep(&self, duration: Duration) {
        self.0.clock.sleep(duration).await;
    }

    /// What a download may take.
    fn download_limits(&self) -> download::Limits {
        self.0.downloads
    }

    /// The way to a provider, for reads that stand outside of jobs.
    ///
    /// # Errors
    /// [`ErrorKind::NeedsCredentials`] for a provider without an account.
    #[cfg(feature = "cli")]
    pub(crate) fn transport(&self, provider: ProviderId) -> Result<&Transport> {
        Ok(self.provider(Some(provider), None)?.transport())
    }

    /// The account to use: the named one, or the only one.
    pub(crate) fn provider(
        &self,
        provider: Option<ProviderId>,
        name: Option<&str>,
    ) -> Result<&Arc<dyn Provider>> {
        let Some(provider) = provider else {
            let mut accounts = self.0.accounts.values();
            return match (accounts.next(), accounts.next()) {
                (Some(only), None) => Ok(only),
                (None, _) => Err(no_account("no account is set up: give the builder keys")),
                (Some(_), Some(_)) => {
                    let message = "several accounts are set up: name one with .on(provider)";
                    Err(Error::invalid("on", message))
                }
            };
        };
        let name = name.unwrap_or(DEFAULT_NAME);
        self.0.accounts.get(&(provider, name.to_owned())).ok_or_else(|| {
            let message = match name {
                DEFAULT_NAME => {
                    format!("no key is set: give the builder keys, or set {}", variables(provider))
                }
                name => format!("no account has the name {name:?}"),
            };
            no_account(message).with_provider(provider)
        })
    }

    fn polls_of(&self, job: &Job) -> Option<&Arc<polling::Polls>> {
        let account = job.account();
        self.0.polls.get(&(account.provider, account.name.clone()))
    }

    /// Has a running job's status read until there is news of it.
    fn watch(&self, job: &Job, limits: polling::WatchLimits) -> Result<polling::Watch> {
        let provider = self.provider_of(job)?;
        let missing = || no_account("no account is set up").with_job(job.id());
        let polls = self.polls_of(job).ok_or_else(missing)?;
        let list = job.current_step().and_then(|step| provider.list_of(step));
        let is_first = !polls.reads(job.id());
        let watch = polls.watch(self, job, list, limits)?;
        self.0.hub.watch(self, job, is_first);
        Ok(watch)
    }

    /// The pages of a look for a job that begins now.
    ///
    /// # Errors
    /// As [`provider_of`](Self::provider_of).
    fn look_pages(&self, job: &Job) -> Result<LookPages> {
        let missing = || no_account("no account is set up").with_job(job.id());
        let polls = self.polls_of(job).ok_or_else(missing)?;
        Ok(LookPages::new(Arc::clone(polls) as _, self.0.look_timeout))
    }

    fn provider_of(&self, job: &Job) -> Result<&Arc<dyn Provider>> {
        let account = job.account();
        let provider = self
            .provider(Some(account.provider), Some(&account.name))
            .map_err(|error| error.with_job(job.id()))?;
        if provider.transport().account().has(job) {
            return Ok(provider);
        }
        let message =
            format!("the job belongs to {}, the client is set up for another", account.realm);
        Err(Error::new(ErrorKind::Conflict, message).with_job(job.id()))
    }
}

fn no_account(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::NeedsCredentials, message)
}

/// The environment variables that hold a provider's keys.
fn variables(provider: ProviderId) -> &'static str {
    match provider {
        ProviderId::BeatApi => "BEATAPI_API_KEY",
        ProviderId::Creatify => "CREATIFY_API_ID and CREATIFY_API_KEY",
        ProviderId::Jogg => "JOGG_API_KEY",
    }
}
