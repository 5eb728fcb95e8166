//! What is true: the time, the ledger that both clients share, who lives, and what the providers
//! have seen.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::dice::{Dice, Noise};
use super::service::Service;
use crate::clock::Clock;
use crate::error::ErrorKind;
use crate::future::BoxFuture;
use crate::job::{Job, JobId};
use crate::ledger::{MemoryLedger, Seat};
use crate::model::{Credits, ProviderId, Timestamp};

/// How long the longest job of each double's takes.
pub(super) const LONGEST: Duration = Duration::from_secs(5 * 60);

/// How the accounts differ: by what a step with a lost answer is found, and how often is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A repeated key is answered with the first task for ten minutes; there is no list.
    Replays,
    /// A picture and then a video, each of them paid, found in a list.
    PaidTwice,
    /// A free product first, then a video that is found in a list.
    Listed,
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::Replays, Self::PaidTwice, Self::Listed];

    pub(super) fn provider(self) -> ProviderId {
        match self {
            Self::Replays => ProviderId::BeatApi,
            Self::PaidTwice => ProviderId::Creatify,
            Self::Listed => ProviderId::Jogg,
        }
    }

    pub(super) fn of(provider: ProviderId) -> Self {
        match provider {
            ProviderId::BeatApi => Self::Replays,
            ProviderId::Creatify => Self::PaidTwice,
            ProviderId::Jogg => Self::Listed,
        }
    }

    /// Each step's operation, and what it costs where it is paid.
    pub(super) fn steps(self) -> &'static [(&'static str, Option<u32>)] {
        match self {
            Self::Replays => &[("create_ecommerce_video", Some(3))],
            Self::PaidTwice => &[("gen_image", Some(2)), ("gen_video", Some(4))],
            Self::Listed => &[("create_product", None), ("create_video_from_product", Some(5))],
        }
    }

    pub(super) fn price(self) -> Credits {
        Credits::whole(self.steps().iter().filter_map(|(_, price)| *price).sum())
    }
}

/// One life of a client: from its start until it is killed, or the walk ends.
pub(super) struct Life {
    is_gone: AtomicBool,
    /// Until when it does nothing, as a process that was stopped.
    stopped_until: Mutex<Option<Instant>>,
    seat: Mutex<Option<Seat>>,
}

impl Life {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            is_gone: AtomicBool::new(false),
            stopped_until: Mutex::default(),
            seat: Mutex::default(),
        })
    }

    pub(super) fn is_gone(&self) -> bool {
        self.is_gone.load(Ordering::SeqCst)
    }

    /// Ends it: nothing of it does anything any more, and its seat goes.
    pub(super) fn end(&self) {
        self.is_gone.store(true, Ordering::SeqCst);
        self.seat.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    pub(super) fn stop(&self, time: Duration) {
        let until = (Instant::now() + time).max(self.stopped_until().unwrap_or(Instant::now()));
        *self.stopped_until.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
    }

    /// For how much longer it does nothing.
    pub(super) fn stopped_for(&self) -> Duration {
        self.stopped_until().map_or(Duration::ZERO, |until| until - Instant::now())
    }

    fn stopped_until(&self) -> Option<Instant> {
        let until = *self.stopped_until.lock().unwrap_or_else(PoisonError::into_inner);
        until.filter(|until| *until > Instant::now())
    }

    pub(super) fn sits(&self, seat: Seat) {
        if !self.is_gone() {
            *self.seat.lock().unwrap_or_else(PoisonError::into_inner) = Some(seat);
        }
    }
}

/// Tokio's paused time.
pub(super) struct ModelClock {
    begun: Instant,
    noise: Mutex<Noise>,
    /// Who began to sleep when.
    pub(super) sleeps: Mutex<HashMap<tokio::task::Id, Vec<Duration>>>,
}

impl Clock for ModelClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_790_000_000_000) + self.begun.elapsed()
    }

    fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        if let Some(task) = tokio::task::try_id() {
            let mut sleeps = self.sleeps.lock().unwrap_or_else(PoisonError::into_inner);
            sleeps.entry(task).or_default().push(self.begun.elapsed());
        }
        Box::pin(tokio::time::sleep(duration))
    }

    fn random(&self) -> f64 {
        self.noise.lock().unwrap_or_else(PoisonError::into_inner).next()
    }
}

/// A step of a job.
pub(super) type StepId = (JobId, usize);

/// A paid call that left.
pub(super) struct Sent {
    pub(super) at: Timestamp,
    /// When the ledger got its intent.
    pub(super) intent: Timestamp,
    pub(super) step: StepId,
    pub(super) order: String,
    pub(super) keys: String,
    pub(super) life: Arc<Life>,
    /// Why it surely was not accepted, by an answer that was given.
    pub(super) refused: Option<ErrorKind>,
}

impl Sent {
    /// Whether it may have been accepted, for all that its sender can know.
    pub(super) fn is_open(&self) -> bool {
        self.refused.is_none()
    }
}

/// A look for a lost step.
pub(super) struct LookedAt {
    pub(super) at: Timestamp,
    pub(super) step: StepId,
    pub(super) keys: String,
    pub(super) came_to: CameTo,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CameTo {
    Whole,
    Never,
    Other,
}

/// A call of the client's that gave an order a cap.
pub(super) struct CapCall {
    pub(super) order: String,
    pub(super) cap: Credits,
    pub(super) begun: Timestamp,
    /// When it had surely been stored.
    pub(super) stored: Option<Timestamp>,
}

/// A call that is being made.
pub(super) struct UnderWay {
    pub(super) number: u64,
    pub(super) step: StepId,
    pub(super) life: Arc<Life>,
}

#[derive(Default)]
pub(super) struct Seen {
    pub(super) fates: Dice,
    /// Nothing goes wrong and nothing takes time any more.
    pub(super) is_calm: bool,
    pub(super) services: [Service; 3],
    pub(super) sent: Vec<Sent>,
    pub(super) looks: Vec<LookedAt>,
    pub(super) caps: Vec<CapCall>,
    /// When the ledger got the last intent of each step.
    pub(super) intents: HashMap<StepId, Timestamp>,
    pub(super) under_way: Vec<UnderWay>,
    pub(super) next_number: u64,
    /// How often somebody asked for a step to be sent again.
    pub(super) resubmits: HashMap<JobId, usize>,
    /// The ids that answers to paid calls gave, and to whom.
    pub(super) given: Vec<(StepId, String, Arc<Life>)>,
    /// How often that was allowed.
    pub(super) allowed: HashMap<StepId, usize>,
    pub(super) abandoned: HashSet<JobId>,
    /// Steps that nobody knows, or whose row says that they are free.
    pub(super) planted: HashSet<StepId>,
    /// When somebody did something for an order.
    pub(super) acted: Vec<(Timestamp, String)>,
    /// When each account was called, by its provider.
    pub(super) calls: Vec<(Timestamp, ProviderId)>,
    /// What must not be.
    pub(super) wrong: Vec<String>,
    /// When each task last asked the ledger.
    pub(super) asked: HashMap<tokio::task::Id, VecDeque<Timestamp>>,
    /// What happened, for whoever reads a failure.
    pub(super) told: Vec<String>,
}

pub(super) struct World {
    pub(super) ledger: MemoryLedger,
    pub(super) clock: Arc<ModelClock>,
    /// Steps with a price up to this are sent again by the clients' policy.
    pub(super) policy: Option<Credits>,
    /// Whether the ledger can tell who lives.
    pub(super) has_seats: bool,
    noise: Mutex<Noise>,
    seen: Mutex<Seen>,
}

impl World {
    pub(super) fn new(
        fates: Dice,
        seed: u64,
        policy: Option<Credits>,
        has_seats: bool,
    ) -> Arc<Self> {
        let clock = ModelClock {
            begun: Instant::now(),
            noise: Mutex::new(Noise::new(seed ^ 0x5eed)),
            sleeps: Mutex::default(),
        };
        Arc::new(Self {
            ledger: MemoryLedger::new(),
            clock: Arc::new(clock),
            policy,
            has_seats,
            noise: Mutex::new(Noise::new(seed)),
            seen: Mutex::new(Seen { fates, ..Seen::default() }),
        })
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn roll(&self, sides: u8) -> u8 {
        let mut seen = self.seen();
        if seen.is_calm { 0 } else { seen.fates.roll(sides) }
    }

    pub(super) fn tell(&self, what: impl FnOnce() -> String) {
        let at = self.clock.elapsed().as_secs_f64();
        self.seen().told.push(format!("{at:9.3} {}", what()));
    }

    pub(super) fn wrong(&self, what: impl Into<String>) {
        self.seen().wrong.push(what.into());
    }

    /// Takes a little while for somebody, or up to `most` now and then; whoever is killed meanwhile
    /// does not go on.
    pub(super) async fn pause(&self, life: &Life, most: Duration) {
        go_on(life).await;
        let wait = {
            let mut noise = self.noise.lock().unwrap_or_else(PoisonError::into_inner);
            match (self.seen().is_calm, noise.next()) {
                // Never nothing, so that whoever spins is seen to.
                (true, _) => Duration::from_millis(1),
                (_, chance) if chance < 0.5 => Duration::ZERO,
                (_, chance) if chance < 0.93 => Duration::from_millis(40).mul_f64(noise.next()),
                _ => most.mul_f64(noise.next()),
            }
        };
        match wait.is_zero() {
            true => tokio::task::yield_now().await,
            false => tokio::time::sleep(wait).await,
        }
        go_on(life).await;
    }

    /// Takes this long for somebody.
    pub(super) async fn takes(&self, life: &Life, time: Duration) {
        tokio::time::sleep(time).await;
        go_on(life).await;
    }
}

/// Resolves for the living only, when they are not stopped.
pub(super) async fn go_on(life: &Life) {
    while let Some(until) = life.stopped_until() {
        tokio::time::sleep_until(until).await;
    }
    if life.is_gone() {
        std::future::pending::<()>().await;
    }
}

/// The order that a job was made for: a route's key, or an account's.
pub(super) fn order_of(job: &Job) -> String {
    match (job.route_digest(), job.key_digest()) {
        (Some(route), _) => format!("route {route}"),
        (None, Some(key)) => format!("{} {key}", job.account().provider),
        (None, None) => job.id().to_string(),
    }
}
