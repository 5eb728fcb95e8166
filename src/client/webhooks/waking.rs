//! Waking the jobs that events are about, also by events that came to other replicas.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::select;

use super::hub::{Hub, LOOK_EVERY, WAKE_EVERY, Watched};
use crate::client::{Client, Inner};
use crate::clock::{Clock, Moment};
use crate::error::Result;
use crate::job::{Account, Job, JobId};
use crate::ledger::LoggedEvent;
use crate::policy::growing_pause;

/// How many events are read at a time.
const PAGE: u32 = 200;

impl Hub {
    /// Says that a job's step is waited for here. Of one that was not before, an event may have
    /// come already.
    pub(in crate::client) fn watch(self: &Arc<Self>, client: &Client, job: &Job, is_first: bool) {
        let key = client.provider_of(job).ok().and_then(|provider| provider.event_key(job));
        let (true, Some(resource)) = (self.is_open(), key) else { return };
        let key = (job.account().clone(), resource);
        let step = job.current().unwrap_or_default();
        let mut state = self.state();
        let woken = state.watched.get(&key).and_then(|known| known.woken);
        state.watched.insert(key.clone(), Watched { job: job.id(), step, woken });
        if is_first {
            state.fresh.push(key);
        }
        if !std::mem::replace(&mut state.is_running, true) {
            let clock = Arc::clone(&client.0.clock);
            tokio::spawn(run(Arc::clone(self), Arc::downgrade(&client.0), clock));
        }
        drop(state);
        if is_first {
            self.changed.notify_one();
        }
    }

    /// Has the job of an event read at once, where it is waited for here.
    pub(super) fn wake(
        &self,
        client: &Client,
        account: &Account,
        resource: &str,
        is_new: bool,
    ) -> Option<JobId> {
        let now = Moment::now(&*client.0.clock);
        let mut state = self.state();
        let watched = state.watched.get_mut(&(account.clone(), resource.to_owned()))?;
        let job = watched.job;
        if is_new || watched.woken.is_none_or(|woken| now.since(woken) >= WAKE_EVERY) {
            watched.woken = Some(now);
            drop(state);
            client.wake(account, job);
        }
        Some(job)
    }

    /// Forgets jobs that nobody waits for, and says whether none is left. The task then ends, and
    /// the next watch begins another.
    fn ends(&self, client: &Client) -> bool {
        let is_read = |account: &Account, job| {
            let polls = client.0.polls.get(&(account.provider, account.name.clone()));
            polls.is_some_and(|polls| polls.reads(job))
        };
        let mut state = self.state();
        state.watched.retain(|(account, _), watched| is_read(account, watched.job));
        let ends = state.watched.is_empty() || !self.is_open();
        if ends {
            state.is_running = false;
            state.fresh.clear();
        }
        ends
    }
}

impl Client {
    /// Has a job's status read at once.
    fn wake(&self, account: &Account, job: JobId) {
        if let Some(polls) = self.0.polls.get(&(account.provider, account.name.clone())) {
            polls.wake(job);
        }
    }

    /// Rests for this long, or until a look for a call whose answer was lost has ended.
    pub(in crate::client) async fn rest(&self, wait: Duration) {
        let looked = self.0.hub.looked.notified();
        futures_util::pin_mut!(looked);
        select(self.0.clock.sleep(wait), looked).await;
    }
}

/// Reads the log of events on from where it has come to.
struct EventReader {
    cursor: Option<u64>,
    next: Moment,
}

impl EventReader {
    async fn go_on(&mut self, hub: &Hub, client: &Client) -> Result<()> {
        let log = client.event_log()?;
        let wake = |event: &LoggedEvent| {
            if let Some(job) = hub.job_of(event) {
                client.wake(&event.event.account, job);
            }
        };
        // Where to read on from is settled before early events are looked for, so that none falls
        // in between.
        let mut cursor = match self.cursor {
            Some(cursor) => cursor,
            None => log.newest().await?,
        };
        self.cursor = Some(cursor);
        let fresh = std::mem::take(&mut hub.state().fresh);
        for (account, resource) in fresh {
            log.find(&account, &resource).await?.iter().for_each(wake);
        }
        let now = Moment::now(&*client.0.clock);
        while self.next <= now {
            let events = log.since(cursor, PAGE).await?;
            events.iter().for_each(wake);
            let newest = events.last().map_or(cursor, |last| last.number);
            // A page that leads no further would be read for ever.
            if events.len() < PAGE as usize || newest <= cursor {
                self.next = now + LOOK_EVERY;
            }
            cursor = newest.max(cursor);
            self.cursor = Some(cursor);
        }
        Ok(())
    }
}

/// Cleans up where the task does not end by itself: its runtime may be dropped while others go on.
struct CutOff(Option<Arc<Hub>>);

impl Drop for CutOff {
    fn drop(&mut self) {
        if let Some(hub) = &self.0 {
            hub.state().is_running = false;
        }
    }
}

/// Looks for events that came to other replicas, or before their jobs were waited for.
async fn run(hub: Arc<Hub>, client: Weak<Inner>, clock: Arc<dyn Clock>) {
    let mut cut_off = CutOff(Some(Arc::clone(&hub)));
    let mut reader = EventReader { cursor: None, next: Moment::default() };
    let mut panics = 0;
    loop {
        let Some(inner) = client.upgrade() else { return };
        let client = Client(inner);
        let turn = async {
            if hub.ends(&client) {
                return false;
            }
            if let Err(error) = reader.go_on(&hub, &client).await {
                tracing::debug!(%error, "events of other replicas were not read");
            }
            true
        };
        match AssertUnwindSafe(turn).catch_unwind().await {
            Ok(true) => panics = 0,
            Ok(false) => {
                // Another may have begun since.
                cut_off.0 = None;
                return;
            }
            Err(_) => {
                tracing::error!("the task that reads events panicked inside adreel: report it");
                panics += 1;
                drop(client);
                clock.sleep(growing_pause(panics, clock.random())).await;
                continue;
            }
        }
        drop(client);
        let changed = hub.changed.notified();
        futures_util::pin_mut!(changed);
        select(clock.sleep(LOOK_EVERY), changed).await;
    }
}
