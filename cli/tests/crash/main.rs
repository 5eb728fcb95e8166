//! The real command, killed with SIGKILL at random points and started again: the sandbox's own
//! ledger shows that nothing is paid for twice, and the files that nothing is lost.
//!
//! `ADREEL_CRASH_KILLS=1000 cargo test --release --all-features --test crash` kills it a thousand
//! times; without the variable it is a few. `ADREEL_CRASH_SEED` repeats a run's choices.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test says what it saw")]

mod command;
mod order;
mod proxy;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use adreel::ProviderId;
use adreel::testing::{Quality, Sandbox};

use order::{Order, PLANS, Tally};
use proxy::Proxy;

/// How many workers kill at a time, each with a sandbox of its own.
const WORKERS: usize = 4;

/// The choices of a run, made from a seed: a linear congruential generator is random enough.
pub(crate) struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

async fn sandbox() -> Sandbox {
    // In BeatAPI's ten minutes a command has to be started again: 10 s.
    let builder = Sandbox::builder().speed(60.0).quality(Quality::Thumbnail);
    let builder = ProviderId::ALL
        .into_iter()
        .fold(builder, |builder, provider| builder.credits(provider, 1_000_000));
    builder.start().await.unwrap()
}

/// Kills until the number is reached, and says what came of it.
async fn worker(
    ledger: Option<&'static str>,
    seed: u64,
    kills: Arc<AtomicUsize>,
    most: usize,
) -> Tally {
    let sandbox = Arc::new(sandbox().await);
    let proxy = Proxy::start(Arc::clone(&sandbox)).await;
    let folder = tempfile::tempdir().unwrap();
    let mut dice = Dice(seed);
    let mut tally = Tally::default();
    let mut number = 0;
    while kills.load(Ordering::SeqCst) < most {
        // What is to be chosen from has to be remembered.
        let plans: Vec<_> = PLANS.iter().filter(|p| ledger.is_none() || !p.offers()).collect();
        let plan = plans[(usize::try_from(seed).unwrap() + number) % plans.len()];
        let mut order = Order::new(plan, &sandbox, &proxy, folder.path(), number, ledger);
        let killed = order.run(&mut dice).await;
        kills.fetch_add(killed, Ordering::SeqCst);
        tally.add(order.check(), killed);
        number += 1;
    }
    tally
}

async fn campaign(ledger: Option<&'static str>, most: usize) -> Tally {
    let seed = number("ADREEL_CRASH_SEED", 20_261_121);
    let kills = Arc::new(AtomicUsize::new(0));
    let workers = (0..WORKERS as u64).map(|worker_number| {
        let kills = Arc::clone(&kills);
        tokio::spawn(worker(ledger, seed + worker_number * 5, kills, most))
    });
    let mut tally = Tally::default();
    for worker in workers.collect::<Vec<_>>() {
        tally.merge(worker.await.unwrap());
    }
    eprintln!("{tally}");
    tally
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_random_points_nothing_is_paid_twice_and_nothing_is_lost() {
    let most = usize::try_from(number("ADREEL_CRASH_KILLS", 24)).unwrap();
    let tally = campaign(None, most).await;
    assert!(tally.kills >= most);
    assert_eq!((tally.doubles, tally.lost), (0, 0), "{tally}");
    assert!(tally.holds_no_more_than_never_arrived(), "{tally}");
}

/// What proves nothing would also pass with a ledger that forgets.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_ledger_that_forgets_doubles_are_found() {
    let tally = campaign(Some("memory:"), 12).await;
    assert!(tally.doubles > 0, "{tally}");
}
