//! Delivers the events of one job: when, to whom, with which retries and planted faults.

use std::convert::Infallible;
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{join, join_all, select};
use tokio::sync::mpsc;
use url::Url;

use super::delivery::{Delivery, shown};
use super::log::{DeliveryAttempt, DeliveryState, WebhookDelivery};
use super::{DeliveryFault, JobEvents};
use crate::clock::{Clock, Moment};
use crate::fetch::{ConnectionLimit, PostFault};
use crate::world::{World, locked};

/// For how long an event waits to be overtaken, in sandbox time.
const HELD_BACK: Duration = Duration::from_secs(600);

/// Dropped when a first attempt was made, which ends the wait of the call that makes the job.
type Attempted = mpsc::Sender<Infallible>;

/// Delivers the events of one job.
pub(super) struct Dispatcher {
    world: Weak<World>,
    clock: Arc<Clock>,
    connections: Arc<ConnectionLimit>,
    events: JobEvents,
}

impl Dispatcher {
    pub(super) fn new(world: &Arc<World>, events: JobEvents) -> Self {
        let (clock, connections) = (Arc::clone(&world.clock), world.fetcher.connections());
        Self { world: Arc::downgrade(world), clock, connections, events }
    }

    pub(super) async fn run(mut self, attempted: Attempted) {
        let at_start = std::mem::take(&mut self.events.at_start);
        let last = async {
            self.events.work.ended(&self.clock).await;
            (self.events.at_end)()
        };
        let out_of_order = self.has(DeliveryFault::OutOfOrder);
        if at_start.is_empty() {
            self.deliver_all(last.await, Some(attempted), out_of_order).await;
        } else if out_of_order {
            // The answer to the call does not wait for an event that comes last.
            drop(attempted);
            self.deliver_all(last.await, None, false).await;
            self.deliver_all(at_start, None, false).await;
        } else {
            let then = async { self.deliver_all(last.await, None, false).await };
            join(self.deliver_all(at_start, Some(attempted), false), then).await;
        }
    }

    fn has(&self, fault: DeliveryFault) -> bool {
        self.events.faults.contains(&fault)
    }

    /// Delivers to each endpoint by itself, so that a slow one delays no other.
    async fn deliver_all(
        &self,
        deliveries: Vec<Delivery>,
        attempted: Option<Attempted>,
        held_back: bool,
    ) {
        let deliveries = deliveries.into_iter();
        let all = deliveries.map(|delivery| self.deliver(delivery, attempted.clone(), held_back));
        let all = join_all(all);
        // Only the clones of the deliveries are waited for.
        drop(attempted);
        all.await;
    }

    /// Makes one delivery, as the planted faults want it.
    async fn deliver(&self, delivery: Delivery, attempted: Option<Attempted>, held_back: bool) {
        let Some(number) = self.enter(&delivery, false) else { return };
        if self.has(DeliveryFault::Never) {
            self.change(number, |entry| entry.state = DeliveryState::Withheld);
            return;
        }
        let late = self.events.faults.iter().find_map(|fault| match fault {
            DeliveryFault::Late(late) => Some(*late),
            _ => None,
        });
        // The answer to the call does not wait for a late delivery.
        let attempted = attempted.filter(|_| late.is_none() && !held_back);
        if let Some(late) = late {
            self.clock.sleep_until(self.clock.now().plus(late)).await;
        }
        if held_back {
            self.be_overtaken(number).await;
        }
        if self.has(DeliveryFault::Forged) {
            let forged = delivery.forged();
            let Some(number) = self.enter(&forged, true) else { return };
            self.attempt_all(number, &forged, &[], None).await;
        }
        let retries = self.events.policy.retries;
        self.attempt_all(number, &delivery, retries, attempted).await;
        if self.has(DeliveryFault::Twice) {
            let Some(number) = self.enter(&delivery, false) else { return };
            self.attempt_all(number, &delivery, retries, None).await;
        }
    }

    /// Attempts until one is taken or the last one was refused.
    async fn attempt_all(
        &self,
        number: u64,
        delivery: &Delivery,
        retries: &[Duration],
        mut attempted: Option<Attempted>,
    ) {
        let mut retries = retries.iter();
        loop {
            let Some((state, attempt)) = self.attempt(delivery).await else { return };
            let wait = retries.next().filter(|_| state == DeliveryState::Failed);
            self.change(number, |entry| {
                entry.attempts.push(attempt);
                entry.state = if wait.is_some() { DeliveryState::Pending } else { state };
            });
            drop(attempted.take());
            let Some(wait) = wait else { return };
            self.clock.sleep_until(self.clock.now().plus(*wait)).await;
        }
    }

    /// One attempt, unless the sandbox is gone or sends nothing there.
    async fn attempt(&self, delivery: &Delivery) -> Option<(DeliveryState, DeliveryAttempt)> {
        let url = Url::parse(&delivery.url);
        let _permit = match &url {
            Ok(url) => Some(self.connections.enter(url).await),
            Err(_) => None,
        };
        // The sandbox lives for as long as it posts.
        let world = self.world.upgrade()?;
        let now = world.now();
        let at = now.system_time();
        let body = Bytes::from(delivery.body.to_string());
        let by_machine = world.settings.sign_by_machine_time;
        let signed_at = if by_machine { Moment::of_machine() } else { now };
        let headers = delivery.headers(signed_at, &body);
        let timeout = self.events.policy.timeout;
        let answer = match url {
            Ok(url) => {
                tokio::time::timeout(timeout, world.fetcher.post(&url, &headers, body)).await
            }
            Err(_) => Ok(Err(PostFault::Failed("the address cannot be read".to_owned()))),
        };
        let (status, reason) = match answer {
            Ok(Ok(status)) => (Some(status), String::new()),
            Ok(Err(PostFault::Suppressed(reason))) => {
                let attempt = DeliveryAttempt { at, status: None, reason };
                return Some((DeliveryState::Suppressed, attempt));
            }
            Ok(Err(PostFault::Failed(reason))) => (None, reason),
            Err(_) => (None, format!("no answer within {} s", timeout.as_secs())),
        };
        let is_taken = status.is_some_and(|status| (200..300).contains(&status));
        let state = if is_taken { DeliveryState::Delivered } else { DeliveryState::Failed };
        Some((state, DeliveryAttempt { at, status, reason }))
    }

    /// Resolves when an event of another job of the account was sent, or after a while.
    async fn be_overtaken(&self, number: u64) {
        let world = self.world.upgrade();
        let Some(mut attempts) = world.map(|world| world.webhooks.attempts.subscribe()) else {
            return;
        };
        let overtaken = async {
            while let Some(world) = self.world.upgrade() {
                let is_overtaken = locked(&world.webhooks.log).was_overtaken(number);
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
    fn enter(&self, delivery: &Delivery, is_forged: bool) -> Option<u64> {
        let world = self.world.upgrade()?;
        let account = &self.events.account;
        Some(locked(&world.webhooks.log).add(WebhookDelivery {
            provider: account.provider.as_str(),
            account: account.name.clone(),
            job: self.events.job.clone(),
            event: delivery.event.clone(),
            event_id: delivery.event_id.clone(),
            url: shown(&delivery.url),
            is_forged,
            state: DeliveryState::Pending,
            attempts: Vec::new(),
        }))
    }

    fn change(&self, number: u64, change: impl FnOnce(&mut WebhookDelivery)) {
        if let Some(world) = self.world.upgrade() {
            locked(&world.webhooks.log).change(number, change);
            world.webhooks.attempts.send_modify(|count| *count += 1);
        }
    }
}
