//! The task that reads what is due.

use std::sync::{Arc, Weak};

use futures_util::future::{Either, select};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};

use super::queue::Turn;
use super::{Polls, reading};
use crate::client::{Client, Inner};
use crate::future::BoxFuture;
use crate::policy::growing_pause;

/// How many reads of one account are under way at a time.
const MOST_AT_ONCE: usize = 4;

/// What happens where the task is cut off: its runtime may be dropped while others go on, or it
/// panics.
struct CutOff(Option<Arc<Polls>>);

impl Drop for CutOff {
    fn drop(&mut self) {
        let Some(polls) = &self.0 else { return };
        let mut state = polls.state();
        state.is_running = false;
        if std::thread::panicking() {
            tracing::error!("the task that reads statuses panicked inside adreel: report it");
            state.panics = state.panics.saturating_add(1);
        }
        state.clear();
    }
}

/// Reads what is due until nothing is left that anybody waits for.
pub(super) async fn run(polls: Arc<Polls>, client: Weak<Inner>) {
    let mut cut_off = CutOff(Some(Arc::clone(&polls)));
    let clock = Arc::clone(&polls.clock);
    let panics = polls.state().panics;
    if panics > 0 {
        // Those who waited began it anew, and would do so for ever.
        clock.sleep(growing_pause(panics, clock.random())).await;
    }
    let mut reads: FuturesUnordered<BoxFuture<'static, ()>> = FuturesUnordered::new();
    loop {
        let is_full = reads.len() >= MOST_AT_ONCE;
        let turn = if is_full { Turn::Idle } else { polls.take(polls.now()) };
        let until = match turn {
            Turn::Rest(until) => Some(until),
            Turn::Idle if reads.is_empty() && polls.ends() => {
                cut_off.0 = None;
                return;
            }
            Turn::Idle => None,
            reading => {
                // Those who wait hold the client; without it nobody does.
                let Some(inner) = client.upgrade() else { return };
                let client = Client(inner);
                reads.push(reading::read(client, Arc::clone(&polls), reading).boxed());
                continue;
            }
        };
        let rest = async {
            match until {
                Some(until) => clock.sleep(until.since(polls.now())).await,
                None => std::future::pending().await,
            }
        };
        let read = async {
            match reads.next().await {
                Some(()) => {}
                None => std::future::pending().await,
            }
        };
        let changed = polls.changed.notified();
        futures_util::pin_mut!(rest, read, changed);
        match select(select(rest, read), changed).await {
            Either::Left(_) | Either::Right(_) => {}
        }
    }
}
