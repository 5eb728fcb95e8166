//! What people do with two clients, one thing after the other and many at a time.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use super::dice::Dice;
use super::double::{Double, KEYS, Way};
use super::link::Link;
use super::plant::plant;
use super::world::{CapCall, Kind, Life, World};
use crate::client::{Accounts, Client, Resolution};
use crate::clock::Clock;
use crate::digest::sha256;
use crate::job::{Job, Stage};
use crate::ledger::{JobQuery, Ledger as _};
use crate::model::{Credits, Timestamp};
use crate::policy::{Recovery, WaitPolicy};
use crate::providers::Provider;
use crate::request::{Product, VideoRequest};

/// How long each wait lasts at the most.
const WAIT: Duration = Duration::from_secs(10 * 60);

/// How much longer something may take that waits: calls under way come to their end, and the ledger
/// takes time.
const SLACK: Duration = Duration::from_secs(4 * 60);

thread_local! {
    /// Each client's ways to the accounts.
    static WAYS: RefCell<Vec<Vec<Way>>> = const { RefCell::new(Vec::new()) };
}

fn ways() -> Vec<Vec<Way>> {
    WAYS.with_borrow_mut(|ways| {
        if ways.is_empty() {
            let of_one = || Kind::ALL.map(|kind| Way::new(kind).unwrap()).to_vec();
            *ways = vec![of_one(), of_one()];
        }
        ways.iter().flatten().for_each(|way| way.ring.turn(0));
        ways.clone()
    })
}

/// A client, in one of its lives.
pub(super) struct Actor {
    pub(super) client: Client,
    pub(super) life: Arc<Life>,
}

impl Actor {
    fn new(world: &Arc<World>, ways: &[Way]) -> Self {
        let life = Life::new();
        let doubles = Kind::ALL.into_iter().zip(ways).map(|(kind, way)| {
            let account = way.transport.account().clone();
            let (world, life) = (Arc::clone(world), Arc::clone(&life));
            let double: Arc<dyn Provider> =
                Arc::new(Double { kind, way: way.clone(), world, life });
            ((account.provider, account.name), double)
        });
        let recovery = match world.policy {
            Some(most) => Recovery::ResubmitIfAtMost(most),
            None => Recovery::Adopt,
        };
        let link = Link { world: Arc::clone(world), life: Arc::clone(&life) };
        let builder = Client::builder()
            .ledger(link)
            .run("walk")
            .recovery(recovery)
            .wait_policy(WaitPolicy::new().time_limit(WAIT));
        let clock: Arc<dyn Clock> = Arc::clone(&world.clock) as _;
        let client = builder.assemble(clock, Accounts::from_iter(doubles)).unwrap();
        Self { client, life }
    }
}

/// Something that somebody waits for.
pub(super) struct Waiting {
    pub(super) what: String,
    pub(super) until: Timestamp,
    pub(super) life: Arc<Life>,
    pub(super) task: JoinHandle<()>,
}

pub(super) struct Walk {
    pub(super) world: Arc<World>,
    pub(super) actors: Vec<Actor>,
    pub(super) waiting: Vec<Waiting>,
    ways: Vec<Vec<Way>>,
    dice: Dice,
}

/// Takes a walk, until the dice have run out, and to where everything rests.
pub(super) async fn walk(mut dice: Dice, fates: Dice, seed: u64) {
    let policy = dice.pick(&[None, None, Some(Credits::whole(4))]);
    let has_seats = dice.roll(5) != 1;
    let world = World::new(fates, seed, policy, has_seats);
    let ways = ways();
    let actors = ways.iter().map(|ways| Actor::new(&world, ways)).collect();
    let mut walk = Walk { world, actors, waiting: Vec::new(), ways, dice };
    while !walk.dice.is_empty() {
        walk.act().await;
        walk.let_pass().await;
        walk.check().await;
    }
    walk.come_to_rest().await;
}

fn request() -> VideoRequest {
    VideoRequest::new(Product::new("Roast"))
}

impl Walk {
    async fn act(&mut self) {
        match self.dice.roll(24) {
            1..=4 => self.submit(),
            5..=7 => {
                let (actor, key) = (self.actor(), self.route_key());
                self.route(actor, key);
            }
            // Both at once, each in an order of its own.
            8 | 23 => {
                let key = self.route_key();
                self.route(0, key.clone());
                self.route(1, key);
            }
            9 | 10 => self.resume().await,
            11..=14 => self.resolve().await,
            15 | 16 => self.turn_keys(),
            17 => self.kill(),
            18 => plant(&self.world, &mut self.dice).await,
            19 => self.advance().await,
            20 => self.sleep(Duration::from_secs(6 * 60)).await,
            21 => self.hold_restored(),
            22 => self.stop(),
            _ => {}
        }
    }

    async fn let_pass(&mut self) {
        let secs = self.dice.pick(&[1.0, 0.0, 0.01, 0.3, 3.0, 16.0, 45.0, 100.0, 400.0, 700.0]);
        self.sleep(Duration::from_secs_f64(secs)).await;
    }

    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    fn actor(&mut self) -> usize {
        usize::from(self.dice.roll(2))
    }

    /// Begins something that a client waits for.
    fn begin(
        &mut self,
        actor: usize,
        what: String,
        waits: u32,
        work: impl Future<Output = ()> + Send + 'static,
    ) {
        self.world.tell(|| format!("client {actor}: {what}"));
        let life = Arc::clone(&self.actors[actor].life);
        let until = self.world.now() + (WAIT + SLACK) * waits + life.stopped_for();
        self.waiting.push(Waiting { what, until, life, task: tokio::spawn(work) });
    }

    fn submit(&mut self) {
        let (actor, kind) = (self.actor(), self.dice.pick(&Kind::ALL));
        let key = self.dice.pick(&["s0", "s1", "r0"]).to_owned();
        let cap = self.dice.pick(&[None, None, Some(1), Some(4), Some(10)]).map(Credits::whole);
        let client = self.actors[actor].client.clone();
        let world = Arc::clone(&self.world);
        let order = format!("{} {}", kind.provider(), sha256(&key));
        self.asked(&order);
        self.asked(&format!("route {}", sha256(format!("route {key}"))));
        let what = format!("submit {key} to {:?} with cap {cap:?}", kind.provider());
        self.begin(actor, what, 1, async move {
            let request = request();
            let mut submit = client.submit(&request).on(kind.provider()).key(key);
            let number = cap.map(|cap| world.caps(order, cap));
            if let Some(cap) = cap {
                submit = submit.cap(cap);
            }
            let job = submit.record().await;
            if let (Ok(_), Some(number)) = (&job, number) {
                world.has_cap(number);
            }
            world.tell(|| format!("recorded: {:?}", job.as_ref().map(Job::stage)));
            if let Ok(job) = job {
                let came_to = client.resume(job.id()).await;
                world.tell(|| format!("came to: {:?}", came_to.map(drop)));
            }
        });
    }

    fn route_key(&mut self) -> String {
        format!("r{}", self.dice.roll(3))
    }

    fn route(&mut self, actor: usize, key: String) {
        let mut order = Kind::ALL.to_vec();
        order.rotate_left(usize::from(self.dice.roll(3)));
        if self.dice.roll(2) == 1 {
            order.reverse();
        }
        let client = self.actors[actor].client.clone();
        let world = Arc::clone(&self.world);
        self.asked(&format!("route {}", sha256(format!("route {key}"))));
        // However many accounts it asks, it has one limit, and what it sends last is heard out.
        self.begin(actor, format!("route {key} over {order:?}"), 2, async move {
            let accounts = order.iter().map(|kind| client.account(kind.provider()).unwrap());
            let accounts: Vec<_> = accounts.cloned().collect();
            let routed = client.route(&request()).over(accounts).key(key).await;
            let attempts = routed.map_or_else(|failed| failed.attempts, |routed| routed.attempts);
            world.tell(|| format!("routed: {attempts:?}"));
        });
    }

    /// One of the ledger's jobs, held ones first where they are `preferred`.
    async fn some_job(&mut self, are_held_preferred: bool) -> Option<Job> {
        let jobs = self.world.ledger.list(&JobQuery::all()).await.unwrap();
        let jobs: Vec<Job> = jobs.into_iter().map(Result::unwrap).collect();
        let held = jobs.iter().filter(|job| job.stage() == Stage::Uncertain);
        let held: Vec<Job> = held.filter(|_| are_held_preferred).cloned().collect();
        let jobs = if held.is_empty() { jobs } else { held };
        (!jobs.is_empty()).then(|| self.dice.pick(&jobs))
    }

    async fn resume(&mut self) {
        let (actor, job) = (self.actor(), self.some_job(false).await);
        if let Some(job) = job {
            self.resumes(actor, &job);
        }
    }

    pub(super) fn resumes(&mut self, actor: usize, job: &Job) {
        let (client, id) = (self.actors[actor].client.clone(), job.id());
        self.asked(&super::world::order_of(job));
        self.begin(actor, format!("resume {id}"), 1, async move {
            let _ = client.resume(id).await;
        });
    }

    async fn advance(&mut self) {
        let (actor, job) = (self.actor(), self.some_job(false).await);
        let Some(job) = job else { return };
        let client = self.actors[actor].client.clone();
        self.begin(actor, format!("advance {}", job.id()), 1, async move {
            let _ = client.advance(job.id()).await;
        });
    }

    async fn resolve(&mut self) {
        let (actor, job) = (self.actor(), self.some_job(true).await);
        let Some(job) = job else { return };
        let resolution = match self.dice.roll(8) {
            1 => self.abandons(&job),
            2 | 3 => match self.found(&job) {
                Some(id) => Resolution::Adopt(id),
                None => return,
            },
            _ => {
                *self.world.seen().resubmits.entry(job.id()).or_default() += 1;
                Resolution::Resubmit
            }
        };
        self.asked(&super::world::order_of(&job));
        let (client, world) = (self.actors[actor].client.clone(), Arc::clone(&self.world));
        self.begin(actor, format!("resolve {} by {resolution:?}", job.id()), 2, async move {
            let resolved = client.jobs().resolve(job.id(), resolution).await;
            world.tell(|| format!("resolved: {:?}", resolved.as_ref().map(Job::stage)));
            if resolved.is_ok() {
                let _ = client.resume(job.id()).await;
            }
        });
    }

    fn abandons(&self, job: &Job) -> Resolution {
        self.world.seen().abandoned.insert(job.id());
        Resolution::Abandon
    }

    /// What somebody would find of a job's present step on the provider's own page.
    fn found(&self, job: &Job) -> Option<String> {
        let step = (job.id(), job.current()?);
        let mut seen = self.world.seen();
        let records = &seen.service(job.account().provider).records;
        records.iter().find(|record| record.step == step).map(|record| record.id.clone())
    }

    fn turn_keys(&mut self) {
        let (client, kind) = (self.actor(), self.dice.pick(&[0, 1, 2]));
        let to = usize::from(self.dice.roll(3));
        self.world.tell(|| format!("client {client} has keys {} of {kind}", KEYS[to]));
        self.ways[client][kind].ring.turn(to);
    }

    fn kill(&mut self) {
        let actor = self.actor();
        self.world.tell(|| format!("client {actor} is killed"));
        self.actors[actor].life.end();
        for waiting in self.waiting.iter().filter(|waiting| waiting.life.is_gone()) {
            waiting.task.abort();
        }
        self.waiting.retain(|waiting| !waiting.life.is_gone());
        self.actors[actor] = Actor::new(&self.world, &self.ways[actor]);
    }

    /// Stops a client for a while, as a laptop's lid does.
    fn stop(&mut self) {
        let actor = self.actor();
        let time = Duration::from_secs(self.dice.pick(&[20, 80, 140, 700, 1_300]));
        self.world.tell(|| format!("client {actor} is stopped for {time:?}"));
        let life = &self.actors[actor].life;
        life.stop(time);
        for waiting in self.waiting.iter_mut().filter(|w| Arc::ptr_eq(&w.life, life)) {
            waiting.until = waiting.until + time;
        }
    }

    fn hold_restored(&mut self) {
        let actor = self.actor();
        let client = self.actors[actor].client.clone();
        self.begin(actor, "hold what was open".to_owned(), 1, async move {
            let _ = client.jobs().hold_restored().await;
        });
    }

    fn asked(&self, order: &str) {
        let now = self.world.now();
        self.world.seen().acted.push((now, order.to_owned()));
    }

    /// Lets everything come to its end, with nothing that goes wrong, and goes on with every job.
    async fn come_to_rest(mut self) {
        self.world.tell(|| "calm".to_owned());
        self.world.seen().is_calm = true;
        self.ways.iter().flatten().for_each(|way| way.ring.turn(0));
        let stopped = self.actors.iter().map(|actor| actor.life.stopped_for());
        self.sleep(stopped.max().unwrap_or_default()).await;
        self.end_waits().await;
        let jobs = self.world.ledger.list(&JobQuery::all()).await.unwrap();
        for job in jobs.into_iter().map(Result::unwrap) {
            self.resumes(0, &job);
        }
        self.end_waits().await;
        self.check_end().await;
    }

    async fn end_waits(&mut self) {
        while !self.waiting.is_empty() {
            self.sleep(Duration::from_secs(30)).await;
            self.check().await;
        }
    }
}

impl World {
    /// An order is about to be given a cap. Gives the number of the call.
    fn caps(&self, order: String, cap: Credits) -> usize {
        let begun = self.now();
        let mut seen = self.seen();
        seen.caps.push(CapCall { order, cap, begun, stored: None });
        seen.caps.len() - 1
    }

    fn has_cap(&self, number: usize) {
        let now = self.now();
        self.seen().caps[number].stored = Some(now);
    }
}
