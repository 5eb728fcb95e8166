//! A provider that refuses, loses answers, lies in its lists, and knows two accounts.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::service::{Arrival, tenant};
use super::world::{CameTo, Kind, LONGEST, Life, World};
use crate::account::{AccountConfig, Credentials, Keys};
use crate::clock::Clock as _;
use crate::error::{Error, ErrorKind, Result};
use crate::future::BoxFuture;
use crate::input::Local;
use crate::job::{Confidence, Estimate, Plan, PlannedStep, Reach, Seen, StepRef, Survey};
use crate::model::{CatalogueItem, CatalogueKind, Credits, Medium, VideoFacts};
use crate::providers::call_result::{Sent, Status};
use crate::providers::outcome::{found, found_with, nothing};
use crate::providers::{self, Looking, Prepared, Provider, beatapi, creatify, jogg};
use crate::request::VideoRequest;
use crate::transport::{Operation, Pages, Permit, Transport};

/// The keys that an account has had: two of one provider's account, and one of another.
pub(super) const KEYS: [&str; 3] = ["x1", "y1", "x2"];

/// A client's keys of an account, as they are now.
#[derive(Clone, Default)]
pub(super) struct Ring(Arc<Mutex<usize>>);

impl Ring {
    pub(super) fn turn(&self, to: usize) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = to;
    }
}

impl Credentials for Ring {
    fn keys<'a>(&'a self, _: &'a crate::job::Account) -> BoxFuture<'a, Result<Keys>> {
        let now = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Box::pin(std::future::ready(Ok(Keys::key(KEYS[now]))))
    }
}

/// What takes long to be made, and is used by one walk after the other: ways to an account, and the
/// real provider, which is asked what a step is.
#[derive(Clone)]
pub(super) struct Way {
    pub(super) transport: Transport,
    pub(super) ring: Ring,
    real: Arc<dyn Provider>,
}

impl Way {
    pub(super) fn new(kind: Kind) -> Result<Self> {
        let dialect = match kind {
            Kind::Replays => &beatapi::DIALECT,
            Kind::PaidTwice => &creatify::DIALECT,
            Kind::Listed => &jogg::DIALECT,
        };
        let ring = Ring::default();
        let config = || AccountConfig::new(ring.clone()).base_url("http://127.0.0.1:9");
        let transport = Transport::new(dialect, config())?;
        let real = providers::open(kind.provider(), config(), None)?;
        Ok(Self { transport, ring, real })
    }
}

pub(super) struct Double {
    pub(super) kind: Kind,
    pub(super) way: Way,
    pub(super) world: Arc<World>,
    pub(super) life: Arc<Life>,
}

/// The longest that anything but an answer takes.
const SLOW: Duration = Duration::from_secs(18);

impl Double {
    /// A call that only reads.
    async fn reads(&self) -> Result<String> {
        self.calls();
        let keys = self.way.transport.keys().await?;
        self.world.pause(&self.life, SLOW).await;
        match self.world.roll(12) {
            1 => Err(Error::new(ErrorKind::Unavailable, "no answer").with_status(503)),
            2 => Err(Error::new(ErrorKind::RateLimited, "too fast").with_status(429)),
            _ => Ok(keys.key.expose().to_owned()),
        }
    }

    fn calls(&self) {
        let now = self.world.now();
        let mut seen = self.world.seen();
        seen.calls.push((now, self.kind.provider()));
        seen.service(self.kind.provider()).arrive(now);
    }

    /// The call of a step, from the moment at which its intent is stored.
    async fn call(&self, step: StepRef<'_>, is_paid: bool, permit: Arc<Permit>) -> Result<Sent> {
        let _under_way = self.world.begins(step, &self.life);
        self.world.pause(&self.life, SLOW).await;
        if self.world.clock.elapsed() > permit.not_after {
            return Err(Error::new(ErrorKind::Conflict, "not sent: its intent had grown old"));
        }
        let keys = permit.keys.key.expose();
        let sent = match is_paid {
            true => self.pay(step, keys, permit.timeout).await,
            false => self.call_free(step, keys).await,
        };
        self.world.tell(|| format!("call {} of {}: {sent:?}", step.index(), step.job().id()));
        sent
    }

    async fn call_free(&self, step: StepRef<'_>, keys: &str) -> Result<Sent> {
        self.calls();
        let fate = self.world.roll(8);
        self.world.pause(&self.life, SLOW).await;
        match fate {
            1 => Err(Error::new(ErrorKind::Unavailable, "no answer")),
            2 => Err(Error::new(ErrorKind::SubmitUnknown, "no answer")),
            _ => Ok(Sent::Done(format!("{}-free-{}", tenant(keys), step.index()))),
        }
    }

    async fn pay(&self, step: StepRef<'_>, keys: &str, timeout: Duration) -> Result<Sent> {
        let fate = self.world.roll(26);
        if fate == 12 {
            return Err(Error::new(ErrorKind::Unavailable, "no connection"));
        }
        self.calls();
        let number = self.world.leaves(step, keys, &self.life);
        self.world.tell(|| format!("{} step {} leaves by {keys}", step.job().id(), step.index()));
        let is_there = step.previous().is_none_or(|before| self.has(before, keys));
        let refusal = match fate {
            _ if !is_there => Some((ErrorKind::NotFound, 404)),
            1 => Some((ErrorKind::Unauthorized, 401)),
            2 | 3 => Some((ErrorKind::OutOfCredits, 402)),
            4 => Some((ErrorKind::PlanLacks, 403)),
            5 => Some((ErrorKind::RateLimited, 429)),
            6 | 7 => Some((ErrorKind::NoSlot, 429)),
            8 => Some((ErrorKind::InvalidRequest, 422)),
            _ => None,
        };
        if let Some((kind, status)) = refusal {
            self.world.refuses(number, kind);
            self.world.pause(&self.life, SLOW).await;
            return Err(Error::new(kind, "refused").with_status(status));
        }
        let lost = || Error::new(ErrorKind::SubmitUnknown, "no answer");
        let after = match self.world.roll(3) {
            1 => timeout,
            2 => timeout / 3,
            _ => Duration::ZERO,
        };
        let arrival = match fate {
            // At the latest when nothing of it can be on its way any more.
            9 | 10 => Arrival::Later(Duration::from_secs(u64::from(self.world.roll(68)))),
            11 | 13 | 14 => Arrival::Never,
            _ => Arrival::Now,
        };
        let id = self.world.accepts(step, keys, arrival);
        let is_lost = arrival != Arrival::Now || matches!(fate, 15..=17);
        self.world.tell(|| format!("{arrival:?} as {id}, lost: {is_lost}"));
        if is_lost {
            self.world.takes(&self.life, after).await;
            return Err(lost());
        }
        match fate {
            18 | 19 => self.world.takes(&self.life, timeout.mul_f64(0.9)).await,
            _ => self.world.pause(&self.life, SLOW).await,
        }
        let given = ((step.job().id(), step.index()), id.clone(), Arc::clone(&self.life));
        self.world.seen().given.push(given);
        Ok(Sent::Running(id))
    }

    /// Whether keys show what an earlier step has left.
    fn has(&self, step: StepRef<'_>, keys: &str) -> bool {
        match step.is_paid() {
            true => self.record(step, keys).is_some(),
            false => step.id().starts_with(tenant(keys)),
        }
    }

    fn record(&self, step: StepRef<'_>, keys: &str) -> Option<super::service::Record> {
        let mut seen = self.world.seen();
        let records = &seen.service(self.kind.provider()).records;
        let is_it = |r: &&super::service::Record| r.id == step.id() && r.tenant == tenant(keys);
        records.iter().find(is_it).cloned()
    }

    async fn read(&self, step: StepRef<'_>) -> Result<Status> {
        let keys = self.reads().await?;
        let now = self.world.now();
        let Some(record) = self.record(step, &keys) else {
            return Err(Error::new(ErrorKind::NotFound, "there is none").with_status(404));
        };
        let word = |text: &str| text.to_owned();
        Ok(match (record.ends <= now, record.fails) {
            (false, _) => Status::Running { status: word("working"), is_known: true, hint: None },
            (true, true) => Status::Failed { code: None, message: None, cost: None },
            (true, false) => Status::Succeeded(word("done"), step.is_last().then(facts)),
        })
    }

    /// The same call again under the same key.
    async fn repeat(&self, step: StepRef<'_>, looking: Looking<'_>) -> Result<Seen> {
        let never = |why: &str| Ok(nothing(survey(Reach::Never(why.to_owned()))));
        if let Err(why) = looking.may_repeat {
            return never(why);
        }
        let Some(left) = beatapi::replay_left(looking.age) else { return never("too late") };
        self.reads().await?;
        if self.world.clock.elapsed() > looking.elapsed + left {
            return never("too late by now");
        }
        let keys = looking.keys.key.expose();
        self.world.repeats(step, keys);
        let id = self.world.accepts(step, keys, Arrival::Now);
        self.world.pause(&self.life, SLOW).await;
        match self.world.roll(6) {
            1 => Err(Error::new(ErrorKind::SubmitUnknown, "no answer")),
            2 => Ok(Seen::Busy),
            _ => Ok(found(Sent::Running(id))),
        }
    }

    async fn look_through(&self, step: StepRef<'_>, looking: Looking<'_>) -> Result<Seen> {
        self.reads().await?;
        let (now, keys) = (self.world.now(), looking.keys.key.expose());
        let id = (step.job().id(), step.index());
        let fate = self.world.roll(9);
        let is_cut = fate == 1;
        let mut seen = self.world.seen();
        let listed = seen.service(self.kind.provider()).of_step(id, keys).into_iter();
        let mut ids = listed.filter(|r| r.listed_from <= now && !is_cut).map(|r| r.id.clone());
        Ok(match ids.next() {
            Some(first) => found_with(Sent::Running(first), ids.collect(), None),
            None if is_cut => nothing(survey(Reach::Partial("it was cut".to_owned()))),
            None if fate == 2 => nothing(survey(Reach::PresenceOnly("no times".to_owned()))),
            None => nothing(survey(Reach::Whole)),
        })
    }
}

fn survey(reach: Reach) -> Survey {
    Survey { records: 1, back_to: None, reach }
}

fn facts() -> VideoFacts {
    VideoFacts {
        medium: Medium::Video,
        url: "http://127.0.0.1/v.mp4".to_owned(),
        poster: None,
        duration: None,
        cost: None,
        raw: serde_json::Value::Null,
    }
}

impl Provider for Double {
    fn transport(&self) -> &Transport {
        &self.way.transport
    }

    fn plan<'a>(
        &'a self,
        _: &'a VideoRequest,
        _: &'a Local,
        _: bool,
    ) -> BoxFuture<'a, Result<Plan>> {
        Box::pin(async {
            self.reads().await?;
            let planned = |(operation, price): &(&str, Option<u32>)| match price {
                Some(price) => PlannedStep::paid(operation, Credits::whole(*price)),
                None => PlannedStep::free(operation),
            };
            Ok(Plan {
                account: self.way.transport.account().clone(),
                steps: self.kind.steps().iter().map(planned).collect(),
                images: Vec::new(),
                track: None,
                source: None,
                prompt: None,
                duration_secs: None,
                choices: Vec::new(),
                notes: Vec::new(),
                cost: Estimate {
                    low: self.kind.price(),
                    high: self.kind.price(),
                    source: "a double".to_owned(),
                    confidence: Confidence::Documented,
                },
            })
        })
    }

    fn is_paid(&self, step: StepRef<'_>) -> Result<bool> {
        self.way.real.is_paid(step)
    }

    fn prepare<'a>(
        &'a self,
        step: StepRef<'a>,
        _: &'a Keys,
    ) -> BoxFuture<'a, Result<Prepared<'a>>> {
        Box::pin(async move {
            let is_paid = self.is_paid(step)?;
            self.reads().await?;
            let call: Prepared<'a> =
                Box::new(move |permit| Box::pin(self.call(step, is_paid, permit)));
            Ok(call)
        })
    }

    fn poll<'a>(&'a self, step: StepRef<'a>) -> BoxFuture<'a, Result<Status>> {
        Box::pin(self.read(step))
    }

    fn longest_job(&self) -> Duration {
        LONGEST
    }

    fn look<'a>(&'a self, step: StepRef<'a>, looking: Looking<'a>) -> BoxFuture<'a, Result<Seen>> {
        Box::pin(async move {
            let (at, keys) = (self.world.now(), looking.keys.key.expose());
            let seen = match self.kind {
                Kind::Replays => self.repeat(step, looking).await,
                _ => self.look_through(step, looking).await,
            };
            let came_to = match &seen {
                Ok(Seen::Nothing(Survey { reach, .. })) => match reach {
                    Reach::Whole | Reach::PresenceOnly(_) => CameTo::Whole,
                    Reach::Never(_) => CameTo::Never,
                    Reach::Partial(_) => CameTo::Other,
                },
                _ => CameTo::Other,
            };
            self.world.looked(at, (step.job().id(), step.index()), keys, came_to);
            self.world.tell(|| format!("look for {} by {keys}: {seen:?}", step.job().id()));
            seen
        })
    }

    fn operations(&self) -> &'static [&'static Operation] {
        self.way.real.operations()
    }

    fn balance(&self) -> BoxFuture<'_, Result<Credits>> {
        Box::pin(async { Ok(Credits::ZERO) })
    }

    fn catalogue(&self, _: CatalogueKind) -> Result<Pages<CatalogueItem>> {
        Err(Error::new(ErrorKind::Unsupported, "it has none"))
    }
}
