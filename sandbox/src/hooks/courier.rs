//! What becomes of one job's events.

use std::convert::Infallible;
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{join, join_all, select};
use tokio::sync::mpsc;
use tokio::time::timeout;
use url::Url;

use super::letter::{Letter, shown};
use super::log::{DeliveryAttempt, DeliveryState, WebhookDelivery};
use super::{HookFault, Subject};
use crate::clock::{Clock, Moment};
use crate::fetch::{PostFault, Room};
use crate::world::{World, locked};

/// For how long an event waits to be overtaken, in sandbox time.
const HELD_BACK: Duration = Duration::from_secs(600);

/// Dropped when a first attempt was made.
type Telling = mpsc::Sender<Infallible>;

/// Carries the events of one job.
pub(super) struct Courier {
    world: Weak<World>,
    clock: Arc<Clock>,
    room: Arc<Room>,
    subject: Subject,
}

impl Courier {
    pub(super) fn new(world: &Arc<World>, subject: Subject) -> Self {
        let (clock, room) = (Arc::clone(&world.clock), world.fetcher.room());
        Self { world: Arc::downgrade(world), clock, room, subject }
    }

    pub(super) async fn run(mut self, telling: Telling) {
        let early = std::mem::take(&mut self.subject.early);
        let last = async {
            self.subject.work.ended(&self.clock).await;
            (self.subject.letters)()
        };
        let out_of_order = self.has(HookFault::OutOfOrder);
        if early.is_empty() {
            self.tell(last.await, Some(telling), out_of_order).await;
        } else if out_of_order {
            // What comes last is not waited for by whoever answers.
            drop(telling);
            self.tell(last.await, None, false).await;
            self.tell(early, None, false).await;
        } else {
            let then = async { self.tell(last.await, None, false).await };
            join(self.tell(early, Some(telling), false), then).await;
        }
    }

    fn has(&self, fault: HookFault) -> bool {
        self.subject.faults.contains(&fault)
    }

    /// Tells each receiver by itself, so that a slow one delays no other.
    async fn tell(&self, letters: Vec<Letter>, telling: Option<Telling>, held_back: bool) {
        let letters = letters.into_iter();
        let carried = letters.map(|letter| self.carry(letter, telling.clone(), held_back));
        let carried = join_all(carried);
        // Those of the letters alone are waited for.
        drop(telling);
        carried.await;
    }

    async fn carry(&self, letter: Letter, telling: Option<Telling>, held_back: bool) {
        let Some(number) = self.enter(&letter, false) else { return };
        if self.has(HookFault::Never) {
            self.change(number, |delivery| delivery.state = DeliveryState::Withheld);
            return;
        }
        let late = self.subject.faults.iter().find_map(|fault| match fault {
            HookFault::Late(late) => Some(*late),
            _ => None,
        });
        // What is to come late is not waited for by whoever answers.
        let telling = telling.filter(|_| late.is_none() && !held_back);
        if let Some(late) = late {
            self.clock.sleep_until(self.clock.now().plus(late)).await;
        }
        if held_back {
            self.be_overtaken(number).await;
        }
        if self.has(HookFault::Forged) {
            let forged = letter.forged();
            let Some(number) = self.enter(&forged, true) else { return };
            self.deliver(number, &forged, &[], None).await;
        }
        let retries = self.subject.habits.retries;
        self.deliver(number, &letter, retries, telling).await;
        if self.has(HookFault::Twice) {
            let Some(number) = self.enter(&letter, false) else { return };
            self.deliver(number, &letter, retries, None).await;
        }
    }

    /// Attempts until one is taken.
    async fn deliver(
        &self,
        number: u64,
        letter: &Letter,
        retries: &[Duration],
        mut telling: Option<Telling>,
    ) {
        let mut retries = retries.iter();
        loop {
            let Some((state, attempt)) = self.attempt(letter).await else { return };
            let wait = retries.next().filter(|_| state == DeliveryState::Failed);
            self.change(number, |delivery| {
                delivery.attempts.push(attempt);
                delivery.state = if wait.is_some() { DeliveryState::Pending } else { state };
            });
            drop(telling.take());
            let Some(wait) = wait else { return };
            self.clock.sleep_until(self.clock.now().plus(*wait)).await;
        }
    }

    /// One attempt, unless the sandbox is gone or sends nothing there.
    async fn attempt(&self, letter: &Letter) -> Option<(DeliveryState, DeliveryAttempt)> {
        let url = Url::parse(&letter.url);
        let _turn = match &url {
            Ok(url) => Some(self.room.enter(url).await),
            Err(_) => None,
        };
        // The sandbox lives for as long as it posts.
        let world = self.world.upgrade()?;
        let now = world.now();
        let at = now.system_time();
        let body = Bytes::from(letter.body.to_string());
        let by_machine = world.settings.sign_by_machine_time;
        let signed_at = if by_machine { Moment::of_machine() } else { now };
        let headers = letter.headers(signed_at, &body);
        let patience = self.subject.habits.patience;
        let answer = match url {
            Ok(url) => timeout(patience, world.fetcher.post(&url, &headers, body)).await,
            Err(_) => Ok(Err(PostFault::Failed("the address cannot be read".to_owned()))),
        };
        let (status, reason) = match answer {
            Ok(Ok(status)) => (Some(status), String::new()),
            Ok(Err(PostFault::Suppressed(reason))) => {
                let attempt = DeliveryAttempt { at, status: None, reason };
                return Some((DeliveryState::Suppressed, attempt));
            }
            Ok(Err(PostFault::Failed(reason))) => (None, reason),
            Err(_) => (None, format!("no answer within {} s", patience.as_secs())),
        };
        let is_taken = status.is_some_and(|status| (200..300).contains(&status));
        let state = if is_taken { DeliveryState::Delivered } else { DeliveryState::Failed };
        Some((state, DeliveryAttempt { at, status, reason }))
    }

    /// Resolves when an event of another job of the account was sent, or after a while.
    async fn be_overtaken(&self, number: u64) {
        let world = self.world.upgrade();
        let Some(mut attempts) = world.map(|world| world.hooks.attempts.subscribe()) else {
            return;
        };
        let overtaken = async {
            while let Some(world) = self.world.upgrade() {
                let is_overtaken = locked(&world.hooks.log).was_overtaken(number);
                drop(world);
                if is_overtaken || attempts.changed().await.is_err() {
                    return;
                }
            }
        };
        let held_back = self.clock.sleep_until(self.clock.now().plus(HELD_BACK));
        futures_util::pin_mut!(overtaken, held_back);
        select(overtaken, held_back).await;
    }

    /// Enters a delivery into the log; `None` when the sandbox is gone.
    fn enter(&self, letter: &Letter, is_forged: bool) -> Option<u64> {
        let world = self.world.upgrade()?;
        let account = &self.subject.account;
        Some(locked(&world.hooks.log).add(WebhookDelivery {
            provider: account.provider.as_str(),
            account: account.name.clone(),
            job: self.subject.job.clone(),
            event: letter.event.clone(),
            event_id: letter.event_id.clone(),
            url: shown(&letter.url),
            is_forged,
            state: DeliveryState::Pending,
            attempts: Vec::new(),
        }))
    }

    fn change(&self, number: u64, change: impl FnOnce(&mut WebhookDelivery)) {
        if let Some(world) = self.world.upgrade() {
            locked(&world.hooks.log).change(number, change);
            world.hooks.attempts.send_modify(|count| *count += 1);
        }
    }
}
