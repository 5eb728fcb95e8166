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
mod raw;
mod record;
mod regenerate;
mod resolve_all;
mod route;
mod rows;
mod send;
mod sent;
mod shutdown;
mod side_file;
mod spending;
mod submit;
mod time;
mod turns;
mod video;
mod wait;
mod webhooks;
mod work;

pub use advance::Advance;
pub use builder::ClientBuilder;
pub use catalogue::Catalogue;
pub use download::{Download, Downloaded, VideoBytes};
pub use event::{Event, EventKind};
pub use jobs::{Jobs, Resolution};
pub use regenerate::Regenerate;
pub use resolve_all::{HeldJob, ResolveAll, ResolvePlan, Resolved, Verdict};
pub use route::{Attempt, AttemptEnd, Route, RouteAccount, RouteError, Routed};
pub use spending::{SpendEntry, SpendPage, SpendQuery};
pub use submit::{Generate, Planning, Submit};
pub use video::Video;
pub use wait::{Events, Wait};
pub use webhooks::{
    Ensure, Ensured, Finished, Receipt, Received, Registered, WebhookInbox, WebhookInboxBuilder,
    Webhooks,
};

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;

use crate::account::DEFAULT_NAME;
use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Result};
use crate::job::{Account, Job};
use crate::ledger::{Ledger, Seat};
use crate::model::{Capabilities, ProviderId};
use crate::policy::{Caps, PollPolicy, Recovery, WaitPolicy};
use crate::providers::{self, Provider};
#[cfg(feature = "doctor")]
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

    /// The run that its jobs count for: that of the [builder](ClientBuilder::run), or a name of its
    /// own.
    pub fn run(&self) -> &str {
        &self.0.run
    }

    /// What a download may take.
    fn download_limits(&self) -> download::Limits {
        self.0.downloads
    }

    /// The way to a provider, for reads that stand outside of jobs.
    ///
    /// # Errors
    /// [`ErrorKind::NeedsCredentials`] for a provider without an account.
    #[cfg(feature = "doctor")]
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
