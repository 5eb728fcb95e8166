//! What differs between the providers: each turns a request into its own steps.

mod answer;
#[cfg(feature = "beatapi")]
pub mod beatapi;
pub(crate) mod call_result;
#[cfg(feature = "creatify")]
pub mod creatify;
pub(crate) mod endpoints;
mod failure_reason;
mod ids;
#[cfg(feature = "jogg")]
pub mod jogg;
mod list_search;
mod media;
pub(crate) mod outcome;
pub(crate) mod pace;
pub(crate) mod prices;
#[cfg(all(test, feature = "beatapi", feature = "creatify", feature = "jogg"))]
mod reading_tests;
mod records;
pub(crate) mod request;

use std::sync::Arc;
use std::time::Duration;

use crate::account::{AccountConfig, AssetHost, Keys};
use crate::error::{Error, ErrorKind, Result};
use crate::future::BoxFuture;
use crate::input::Local;
use crate::job::{Job, Plan, Seen, StepRef};
use crate::model::{Capabilities, CatalogueItem, CatalogueKind, Credits, Part, ProviderId};
use crate::request::VideoRequest;
use crate::transport::{LookPages, Operation, Pages, Permit, Transport};
use crate::webhook::{Delivered, Delivery, Secrets, forged};
use call_result::{Sent, Status};
use endpoints::Endpoints;

/// A read that shows the status of many jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct List {
    /// The operation, by its `operationId`.
    pub(crate) operation: &'static str,
    /// How many jobs one read shows at most.
    pub(crate) most: usize,
}

/// What is known beforehand of how much a provider takes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Capacity {
    /// How many POSTs a minute may see.
    pub(crate) per_minute: Option<u32>,
}

/// What a look may do, and with what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Looking<'a> {
    pub(crate) keys: &'a Keys,
    /// By which each page of a list is read.
    pub(crate) pages: &'a LookPages,
    /// How long ago the call was first sent; `None` where the clocks do not tell.
    pub(crate) age: Option<Duration>,
    /// By the client's monotonic clock: the time now.
    pub(crate) elapsed: Duration,
    /// Whether the same call may be sent again under its idempotency key, or why not.
    pub(crate) may_repeat: Result<(), &'static str>,
}

/// A step's call with all that it needs, to be made with a permit: nothing is looked up any more
/// between the moment at which it is announced and its first byte.
pub(crate) type Prepared<'a> =
    Box<dyn FnOnce(Arc<Permit>) -> BoxFuture<'a, Result<Sent>> + Send + 'a>;

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

    /// Says which call a step is, and whether that spends credits. Nothing pays by default.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for one that this version does not know.
    fn is_paid(&self, step: StepRef<'_>) -> Result<bool>;

    /// Reads and lays out all that the call of a step needs. Nothing is sent.
    fn prepare<'a>(
        &'a self,
        step: StepRef<'a>,
        keys: &'a Keys,
    ) -> BoxFuture<'a, Result<Prepared<'a>>>;

    /// Reads the status of a running step, once.
    fn poll<'a>(&'a self, step: StepRef<'a>) -> BoxFuture<'a, Result<Status>>;

    /// How long the longest job of the provider's takes: what it has not shown by then it does not
    /// work on any more. No provider documents more than ten minutes for a video; JoggAI asks to
    /// be told of one that takes more than fifteen.
    fn longest_job(&self) -> Duration {
        Duration::from_secs(30 * 60)
    }

    /// The id that a step's answer has to name, where the step works on something that is there
    /// already. Default: what it makes is new, and nothing else has its id.
    fn works_on<'a>(&self, _: StepRef<'a>) -> Option<&'a str> {
        None
    }

    /// How many calls a minute the provider takes that make something, where that is limited.
    fn capacity(&self) -> Capacity {
        Capacity::default()
    }

    /// How many jobs it works on at a time, where it says so. Free.
    fn slots(&self) -> BoxFuture<'_, Result<Option<u32>>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    /// How many statuses may be read in a minute, where that is limited.
    fn reads_per_minute(&self) -> Option<u32> {
        None
    }

    /// The list that shows the status of a running step, where there is one.
    fn list_of(&self, step: StepRef<'_>) -> Option<List> {
        let _ = step;
        None
    }

    /// Reads the status of several running steps at once, each from [`list_of`](Self::list_of)'s
    /// list. `None` for one that the list does not show.
    fn poll_list<'a>(
        &'a self,
        list: List,
        steps: &'a [StepRef<'a>],
    ) -> BoxFuture<'a, Result<Vec<Option<Result<Status>>>>> {
        let _ = list;
        Box::pin(std::future::ready(Ok(steps.iter().map(|_| None).collect())))
    }

    /// Looks for a step whose answer was lost, and says what it saw.
    fn look<'a>(&'a self, step: StepRef<'a>, looking: Looking<'a>) -> BoxFuture<'a, Result<Seen>>;

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

    /// Reads a step by an id that was not in its call's answer, and says what that answer would
    /// have said. A step that only a list shows is read as a look reads lists.
    fn adopt<'a>(&'a self, step: StepRef<'a>, pages: &'a LookPages) -> BoxFuture<'a, Result<Sent>> {
        let _ = pages;
        Box::pin(async move {
            let id = step.id().to_owned();
            Ok(match self.poll(step).await? {
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

    /// Reads a delivery, and checks whatever proves it without the account's keys.
    ///
    /// # Errors
    /// [`ErrorKind::Forged`] for one that nothing proves; [`ErrorKind::Decode`] for one that is
    /// proved and cannot be read.
    fn read_delivery(
        &self,
        delivery: &Delivery<'_>,
        secrets: Option<&Secrets>,
    ) -> Result<Delivered> {
        let _ = secrets;
        Err(forged(delivery.provider, "it delivers nothing"))
    }

    /// By what events of a job are noted: what its deliveries name it by. Default: the provider's id.
    fn event_key(&self, job: &Job) -> Option<String> {
        Some(job.provider_ref()?.id)
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

/// What a paid call made. Without an id it cannot be read again, although it may have been paid
/// for.
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

/// The error for a step that this version does not know. Its job is left as it is.
pub(crate) fn unknown_step(step: StepRef<'_>) -> Error {
    let message = format!(
        "this version of adreel does not know the step {:?}, and sends nothing that it does not \
         know: update it",
        step.operation()
    );
    Error::unsupported(step.job().account().provider, "step", message).with_job(step.job().id())
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
    config: AccountConfig,
    host: Option<Arc<dyn AssetHost>>,
) -> Result<Arc<dyn Provider>> {
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
