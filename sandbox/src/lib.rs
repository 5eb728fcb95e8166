//! The three providers on one loopback port, so that programs and tests can try everything without
//! a key, without credits and without a network.
//!
//! Paths are those of the services (`/v1` BeatAPI, `/api` Creatify, `/v2` JoggAI): a client works
//! against the sandbox when its base URL is changed and nothing else. It is an independent reading
//! of the providers' documentation, strict about requests and true in its answers, and the videos
//! are real ones, made of what the request carried (feature `render`; without it a small clip).
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use adreel_sandbox::{Fault, FaultKind, Sandbox};
//! use serde_json::{Value, json};
//!
//! // The job is accepted and paid, and the connection breaks before anybody hears of it.
//! let fault = Fault::new(FaultKind::ResetAfter).operation("create_ecommerce_video");
//! let sandbox = Sandbox::builder().credits("beatapi", 20).fault(fault).start().await?;
//!
//! // Any client will do, with any key.
//! let url = format!("{}/v1/ecommerce-video/tasks", sandbox.url());
//! let order = json!({"images": ["https://shop.example/p.png"], "duration": 15});
//! let http = reqwest::Client::new();
//! let send = || http.post(&url).bearer_auth("sk_test").header("Idempotency-Key", "order-1042");
//! assert!(send().json(&order).send().await.is_err());
//! let task: Value = send().json(&order).send().await?.json().await?;
//! assert_eq!(task["data"]["status"], "queued");
//!
//! // It was sent twice and paid once.
//! sandbox.assert_submits(1);
//! sandbox.assert_no_double_submits();
//! let entry = &sandbox.ledger()[0];
//! assert_eq!((entry.provider, entry.reserved.to_string()), ("beatapi", "4.5".to_owned()));
//! # Ok(()) }
//! ```
//!
//! Providers are named `beatapi`, `creatify` and `jogg`, amounts are decimals of the provider's own
//! credits, and times are those of the sandbox. A client of the crate `adreel` is set up for it by
//! `adreel::testing::client`, with keys, clock and places for files.
//!
//! What can go wrong is in [`FaultKind`], and how it is asked for in [`Fault`]. A client of another
//! kind is served as well: `adreel sandbox --port 0` prints its address, and the same is said and
//! asked over HTTP:
//!
//! | | |
//! | --- | --- |
//! | `GET /_sandbox/` | a page for people: jobs with their videos, credits, requests, webhooks, faults |
//! | `GET /_sandbox/info` | address, version, speed, seed, time |
//! | `GET /_sandbox/counters` | how often what was asked for, in total and for each provider |
//! | `GET /_sandbox/ledger` | what each paid call did to an account, the accounts, and double submits |
//! | `GET /_sandbox/requests` | the newest requests; `?provider=`, `?operation=`, `?job=` |
//! | `GET /_sandbox/webhooks` | the newest deliveries, with each attempt |
//! | `GET`, `POST /_sandbox/faults`, `DELETE /_sandbox/faults/{id}` | faults by rule |
//! | `POST /_sandbox/resubmits` | `{"job": …}`: the next equal paid call is meant |
//! | `POST /_sandbox/clock/advance` | `{"seconds": …}` |
//! | `POST /_sandbox/assets` | an image, and the address that it then has |
//! | `POST /_sandbox/reset` | begins anew |
//!
//! Of requests and deliveries the newest 10,000 are kept, as is what requests leave behind that cost
//! nothing. Of these, of faults and of the ledger's entries at most 1,000 are shown at once, or
//! `?limit=`, or as many as fit into 4 MB. Where there are older ones, `next` is a number:
//! `?before=` it shows them. Long answers that nobody reads are bounded together. A page of another
//! site may neither send anything here nor read what is below `/_sandbox/`.
//!
//! Two equal paid calls are a [double](DoubleSubmit), unless they say in `x-sandbox-order` that they
//! are for two orders, or the second one was announced.
//!
//! Time runs [`DEFAULT_SPEED`] times as fast as the machine's. So do the ten minutes in which
//! BeatAPI can be asked again after a lost answer: a speed of 100 leaves six seconds of them. A
//! [virtual clock](SandboxBuilder::virtual_clock) moves only when [`Sandbox::advance`] moves it.
//!
//! Each key is an account of its own with its own credits and records. Two keys are special:
//! `sk_sandbox_revoked` is refused, and `sk_sandbox_nocredits` has no credits. Videos have
//! the length that was asked for, music videos that of their track, and Creatify's product videos
//! always have [`CREATIFY_SECONDS`]. Nothing is fetched from other machines, nor sent to any, unless
//! [`SandboxBuilder::fetch`] allows it.

mod assertions;
mod assets;
mod audio;
mod beatapi;
mod body;
mod bounded_map;
mod builder;
mod card;
mod check;
mod clock;
mod connection;
mod control;
mod creatify;
mod credits;
mod doubles;
mod error;
mod excerpt;
mod exchange;
mod faults;
mod fetch;
mod film;
mod idle;
mod ids;
mod inflow;
mod instance;
mod intercept;
mod jobs;
mod jogg;
mod journal;
mod ledger;
mod limits;
mod link;
mod media;
mod operations;
mod outflow;
mod page;
mod pagination;
mod product_page;
mod provider;
mod recent;
#[cfg(feature = "render")]
mod render;
mod server;
mod signature;
mod studio;
mod unfinished;
mod webhooks;
mod work;
mod world;

#[cfg(test)]
mod tests;

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

pub use beatapi::BeatApiContract;
pub use builder::{Quality, SandboxBuilder};
pub use clock::SandboxClock;
pub use creatify::CREATIFY_SECONDS;
pub use doubles::DoubleSubmit;
pub use error::StartError;
pub use faults::{ArmedFault, Fault, FaultKind, InvalidFault};
pub use fetch::Fetch;
pub use journal::RequestRecord;
pub use ledger::{AccountBalance, LedgerEntry};
pub use rust_decimal::Decimal;
pub use webhooks::{DeliveryAttempt, DeliveryState, WebhookDelivery};
pub use world::{Counters, Tally};

use instance::Instance;

/// How fast sandbox time runs by default: a job of two minutes takes two seconds.
pub const DEFAULT_SPEED: f64 = 60.0;

/// The speeds at which it runs, from the slowest to the fastest. At 0 it stands still.
pub const SPEEDS: RangeInclusive<f64> = 0.01..=1e6;

/// The end of the year 9999, which is as late as its answers can say.
const MOST_MILLIS: u64 = 253_402_300_799_999;

/// A running sandbox. It stops when this is dropped.
pub struct Sandbox {
    instance: Arc<Instance>,
    /// Such as `http://127.0.0.1:34567`.
    url: String,
    /// The server stops when the other end goes away.
    _running: oneshot::Sender<()>,
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sandbox").field(&self.url()).finish()
    }
}

impl Sandbox {
    /// Starts a sandbox on a free port, with [`DEFAULT_SPEED`] and ample credits.
    ///
    /// # Errors
    /// As [`SandboxBuilder::start`].
    pub async fn start() -> Result<Self, StartError> {
        Self::builder().start().await
    }

    /// A sandbox that is still to be started.
    pub fn builder() -> SandboxBuilder {
        SandboxBuilder::default()
    }

    /// Where it listens, such as `http://127.0.0.1:34567`: the base URL of all three providers.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where a person can look at it, in a browser.
    pub fn page_url(&self) -> String {
        format!("{}{}", self.url, page::PATH)
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.instance.world().port
    }

    /// How many times as fast as the machine's its clock runs; 0 for a virtual clock.
    pub fn speed(&self) -> f64 {
        self.instance.world().clock.speed()
    }

    /// A clock that shows the sandbox's time, for a client of one's own.
    pub fn clock(&self) -> SandboxClock {
        SandboxClock::new(&self.instance.world().clock)
    }

    /// Moves the clock on, and with it all that waits for a time of it: jobs, deliveries, and
    /// clients that [`clock`](Self::clock) was given to. It ends with the year 9999.
    pub fn advance(&self, duration: Duration) {
        self.instance.world().clock.advance(duration);
    }

    /// What each accepted paid call did to an account, the oldest first.
    pub fn ledger(&self) -> Vec<LedgerEntry> {
        self.instance.world().ledger()
    }

    /// What the ledger comes to for each account that paid for something, in order.
    pub fn balances(&self) -> Vec<AccountBalance> {
        self.instance.world().balances()
    }

    /// What was delivered to webhooks, or was to be, the oldest first: the newest 10,000.
    pub fn webhooks(&self) -> Vec<WebhookDelivery> {
        self.instance.world().webhooks.deliveries()
    }

    /// What arrived so far.
    pub fn counters(&self) -> Counters {
        self.instance.world().counters()
    }

    /// The newest 10,000 requests, the oldest of them first.
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.instance.world().journal.records()
    }

    /// The paid calls that were accepted although an equal one had been.
    pub fn double_submits(&self) -> Vec<DoubleSubmit> {
        self.instance.world().double_submits()
    }

    /// Says that the next paid call that equals the one which made `job`, by the provider's id, is
    /// meant, so that it does not count as a double.
    pub fn announce_resubmit(&self, job: &str) {
        self.instance.world().announce_resubmit(job);
    }

    /// Arms a fault, and gives the id by which it is taken back.
    ///
    /// # Errors
    /// [`InvalidFault`] for one that cannot be, and while 1,000 are armed.
    pub fn arm(&self, fault: Fault) -> Result<String, InvalidFault> {
        fault.check()?;
        self.instance.world().faults.arm(fault)
    }

    /// Takes a fault back, and says whether it was there. What it did to jobs stays.
    pub fn disarm(&self, id: &str) -> bool {
        self.instance.world().faults.disarm(id)
    }

    /// The faults that were armed, with how often they happened.
    pub fn faults(&self) -> Vec<ArmedFault> {
        self.instance.world().faults.list()
    }

    /// Begins anew, as it was started: no records, full accounts, the same ids again. The clock goes
    /// on.
    pub fn reset(&self) {
        self.instance.reset();
    }
}
