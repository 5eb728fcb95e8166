//! The task that reads what is due.

use std::sync::{Arc, Weak};

use futures_util::future::{Either, select};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};

use super::queue::NextRead;
use super::{Polls, reading};
use crate::client::{Client, Inner};
use crate::future::BoxFuture;
use crate::policy::growing_pause;

/// How many reads of one account are under way at a time.
const MOST_AT_ONCE: usize = 4;

/// Cleans up where the task does not end by itself: its runtime was dropped, or it panicked.
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

/// Reads what is due until no waits are left.
pub(super) async fn run(polls: Arc<Polls>, client: Weak<Inner>) {
    let mut cut_off = CutOff(Some(Arc::clone(&polls)));
    let clock = Arc::clone(&polls.clock);
    let panics = polls.state().panics;
    if panics > 0 {
        // The waits that the panic ended began the task anew: without a pause they would do so for
        // ever.
        clock.sleep(growing_pause(panics, clock.random())).await;
    }
    let mut reads: FuturesUnordered<BoxFuture<'static, ()>> = FuturesUnordered::new();
    loop {
        let is_full = reads.len() >= MOST_AT_ONCE;
        let next = if is_full { NextRead::Idle } else { polls.take(polls.now()) };
        let until = match next {
            NextRead::Rest(until) => Some(until),
            NextRead::Idle if reads.is_empty() && polls.ends() => {
                cut_off.0 = None;
                return;
            }
            NextRead::Idle => None,
            reading => {
                // Waits hold the client: where it is gone, so are they.
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
