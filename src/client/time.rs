//! The times that a client goes by.

use std::time::Duration;

use super::Client;
use super::ahead::{SYNC_EVERY, Seen, Synced};
use crate::clock::Moment;
use crate::job::Job;
use crate::model::Timestamp;

impl Client {
    /// The time by the client's clock.
    pub(crate) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// The moment that its clock has come to, whatever time of day anybody sets: what
    /// [`Wait::begun`](super::Wait::begun) counts from.
    pub fn moment(&self) -> Moment {
        Moment::now(&*self.0.clock)
    }

    /// Waits by the client's clock.
    pub(super) async fn sleep(&self, duration: Duration) {
        self.0.clock.sleep(duration).await;
    }

    /// The time by which a job's own times are to be judged, such as its age: now by the client's
    /// clock, or that of a ledger which others share, and never before its row was written. Without
    /// this, a row that was written before a clock was set back would have to wait until the clock
    /// has caught up.
    pub fn now_for(&self, job: &Job) -> Timestamp {
        let clock = &*self.0.clock;
        let synced = self.0.ahead.synced();
        let by_ledger =
            synced.and_then(|synced| Some(synced.now? + Moment::now(clock).since(synced.at)));
        let now = by_ledger.unwrap_or_else(|| clock.now());
        let seen =
            Seen { revision: job.revision(), updated_at: job.updated_at(), at: Moment::now(clock) };
        self.0.ahead.now(job.id(), seen, now)
    }

    /// Asks the ledger for its time, now and then. A scaled clock goes by itself.
    pub(super) async fn sync_clock(&self) {
        let clock = &*self.0.clock;
        let at = Moment::now(clock);
        let is_fresh = self.0.ahead.synced().is_some_and(|synced| at.since(synced.at) < SYNC_EVERY);
        if is_fresh || !clock.is_real() {
            return;
        }
        match self.0.ledger.now().await {
            Ok(now) => self.0.ahead.sync(Synced { now, at }),
            Err(error) => tracing::debug!(%error, "the ledger's time was not read"),
        }
    }
}
