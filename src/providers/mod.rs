//! What differs between the providers: each turns a request into its own steps.

#[cfg(feature = "beatapi")]
pub mod beatapi;
#[cfg(feature = "creatify")]
pub mod creatify;
pub(crate) mod endpoints;
#[cfg(feature = "jogg")]
pub mod jogg;
pub(crate) mod prices;
#[cfg(all(test, feature = "beatapi", feature = "creatify", feature = "jogg"))]
mod reading_tests;
pub(crate) mod request;
mod said;
pub(crate) mod steps;

use std::sync::Arc;
use std::time::Duration;

use crate::BoxFuture;
use crate::asset::AssetHost;
use crate::catalogue::{CatalogueItem, CatalogueKind};
use crate::client::{AccountConfig, Part};
use crate::error::{Error, ErrorKind, Result};
use crate::job::{Job, Plan};
use crate::model::{Capabilities, Credits, ProviderId, VideoRequest};
use crate::pages::Pages;
use crate::transport::{Operation, Transport};
use endpoints::Endpoints;
use request::Local;
use steps::{Look, Looking, Sent, Status};

/// A read that shows the status of many jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct List {
    /// The operation, by its `operationId`.
    pub(crate) operation: &'static str,
    /// How many jobs one read shows at most.
    pub(crate) most: usize,
}

/// One account at one provider, as the client drives it.
pub(crate) trait Provider: Send + Sync + 'static {
    fn transport(&self) -> &Transport;

    /// Checks a request and lays out its steps. Reads for free where a default has to be chosen,
    /// and where `is_priced` whatever settles what it costs.
    fn plan<'a>(
        &'a self,
        request: &'a VideoRequest,
        local: &'a Local,
        is_priced: bool,
    ) -> BoxFuture<'a, Result<Plan>>;

    /// Sends one step, once.
    fn send<'a>(&'a self, job: &'a Job, step: usize) -> BoxFuture<'a, Result<Sent>>;

    /// Reads the status of a running step, once.
    fn poll<'a>(&'a self, job: &'a Job, step: usize) -> BoxFuture<'a, Result<Status>>;

    /// How many statuses may be read in a minute, where that is limited.
    fn reads_per_minute(&self) -> Option<u32> {
        None
    }

    /// The list that shows the status of a running step, where there is one.
    fn list_of(&self, job: &Job, step: usize) -> Option<List> {
        let _ = (job, step);
        None
    }

    /// Reads the status of several running steps at once, each from [`list_of`](Self::list_of)'s
    /// list. `None` for one that the list does not show.
    fn poll_list<'a>(
        &'a self,
        list: List,
        jobs: &'a [(&'a Job, usize)],
    ) -> BoxFuture<'a, Result<Vec<Option<Result<Status>>>>> {
        let _ = list;
        Box::pin(std::future::ready(Ok(jobs.iter().map(|_| None).collect())))
    }

    /// Looks for a step whose answer was lost.
    fn look_up<'a>(
        &'a self,
        job: &'a Job,
        step: usize,
        looking: Looking,
    ) -> BoxFuture<'a, Result<Look>>;

    /// Lays out the steps that make a part of a finished job anew, and says with what request.
    fn plan_anew(
        &self,
        parent: &Job,
        part: Part,
        prompt: Option<&str>,
    ) -> Result<(VideoRequest, Plan)> {
        let _ = (part, prompt);
        let message = "it makes nothing anew: submit a new job";
        Err(Error::unsupported(parent.account().provider, "regenerate", message))
    }

    /// Reads a step whose id somebody else has found, as the answer to its call would have said.
    fn adopt<'a>(&'a self, job: &'a Job, step: usize) -> BoxFuture<'a, Result<Sent>> {
        Box::pin(async move {
            let id = job.steps[step].resource.clone().unwrap_or_default();
            Ok(match self.poll(job, step).await? {
                Status::Succeeded(_, None) => Sent::Done(id),
                _ => Sent::Running(id),
            })
        })
    }

    /// Every operation of the provider's.
    fn operations(&self) -> &'static [&'static Operation];

    /// How long one attempt of a step's operation may take. A step that is no operation has no
    /// answer to lose.
    fn timeout(&self, operation: &str) -> Duration {
        let known = self.operations().iter().find(|known| known.id == operation);
        known.map_or(Duration::ZERO, |operation| self.transport().timeout(operation))
    }

    /// Its webhook endpoints, where accounts have such.
    fn endpoints(&self) -> Option<&dyn Endpoints> {
        None
    }

    /// The credits that are left.
    fn balance(&self) -> BoxFuture<'_, Result<Credits>>;

    /// What can be chosen, of one kind.
    fn catalogue(&self, kind: CatalogueKind) -> Result<Pages<CatalogueItem>>;
}

/// What a paid call made. Without an id nobody can come back to it, and it may have been paid for.
pub(crate) fn accepted<T>(
    operation: &'static Operation,
    made: T,
    id: fn(&T) -> &String,
) -> Result<T> {
    if !id(&made).is_empty() {
        return Ok(made);
    }
    Err(Error::new(ErrorKind::Decode, "accepted without an id")
        .with_provider(operation.provider)
        .with_operation(operation.id)
        .with_attempts(1, std::time::Duration::ZERO)
        .into_submit_unknown())
}

/// The answer where a provider has nothing of a kind to choose.
pub(crate) fn nothing_to_choose(
    provider: ProviderId,
    kind: CatalogueKind,
) -> Result<Pages<CatalogueItem>> {
    Err(Error::unsupported(provider, kind.as_str(), "it has none to choose"))
}

/// Opens an account.
///
/// # Errors
/// [`ErrorKind::Unsupported`] for a provider that is not compiled in; whatever is wrong with the
/// configuration.
pub(crate) fn open(
    provider: ProviderId,
    mut config: AccountConfig,
    host: Option<Arc<dyn AssetHost>>,
) -> Result<Arc<dyn Provider>> {
    // A single attempt each time, since the job keeps the time.
    config.retry = config.retry.once();
    // Only Creatify needs a host for files.
    let _ = &host;
    match provider {
        #[cfg(feature = "beatapi")]
        ProviderId::BeatApi => Ok(Arc::new(beatapi::Account::open(config)?)),
        #[cfg(feature = "creatify")]
        ProviderId::Creatify => Ok(Arc::new(creatify::Account::open(config, host)?)),
        #[cfg(feature = "jogg")]
        ProviderId::Jogg => Ok(Arc::new(jogg::Account::open(config)?)),
        #[allow(unreachable_patterns, reason = "unreachable when every provider is compiled in")]
        missing => {
            drop(config);
            let message = format!("adreel was built without the feature {missing}");
            Err(Error::new(ErrorKind::Unsupported, message).with_provider(missing))
        }
    }
}

/// What a provider can do, whether or not it is compiled in.
pub(crate) fn capabilities(provider: ProviderId) -> Option<&'static Capabilities> {
    match provider {
        #[cfg(feature = "beatapi")]
        ProviderId::BeatApi => Some(&beatapi::CAPABILITIES),
        #[cfg(feature = "creatify")]
        ProviderId::Creatify => Some(&creatify::CAPABILITIES),
        #[cfg(feature = "jogg")]
        ProviderId::Jogg => Some(&jogg::CAPABILITIES),
        #[allow(unreachable_patterns, reason = "unreachable when every provider is compiled in")]
        _ => None,
    }
}
