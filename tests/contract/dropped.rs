//! Whoever waits for a submit may go at any moment: the job does not.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use adreel::testing::{self, Sandbox};
use adreel::{Client, JobQuery, Ledger, MemoryLedger, Stage};

use crate::plans::{accepted, paid_since, plans, shop};
use crate::{sandbox, sandbox_without_limits};

/// A picture that is decoded at once.
const TINY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/tiny.png");

/// A future that is dropped at its `polls`-th await point.
struct DropAt<F> {
    future: Option<Pin<Box<F>>>,
    polls: usize,
}

impl<F: Future> Future for DropAt<F> {
    /// `None` where it was dropped.
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.polls == 0 {
            self.future = None;
            return Poll::Ready(None);
        }
        self.polls -= 1;
        let future = self.future.as_mut().unwrap();
        match future.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if self.polls == 0 => {
                self.future = None;
                Poll::Ready(None)
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

/// Ten seconds of the machine's, in which a busy one does not let an intent grow old.
const SETTLE: Duration = Duration::from_secs(20_000);

fn client(sandbox: &Sandbox, ledger: &Arc<MemoryLedger>) -> Client {
    testing::client_builder(sandbox).settle(SETTLE).ledger(Arc::clone(ledger)).build().unwrap()
}

/// Drops the submit of one plan at each of its await points in turn, and counts them.
async fn drop_everywhere(index: usize) -> usize {
    let sandbox = sandbox_without_limits().await;
    let shop = shop().await;
    for polls in 0.. {
        let plan = plans(&shop, &format!("Roast {polls}"), TINY).remove(index);
        let before = sandbox.ledger().len();
        let ledger = Arc::new(MemoryLedger::new());
        let first = client(&sandbox, &ledger);
        let future = Some(Box::pin(accepted(&first, &plan, "order-1042")));
        let ended = DropAt { future, polls }.await;
        // What was begun ends, and is recorded, although nobody waits for it.
        first.shutdown(Duration::from_secs(1_000_000)).await.unwrap();
        for job in ledger.list(&JobQuery::all()).await.unwrap() {
            let stage = job.unwrap().stage();
            assert!(![Stage::Submitting, Stage::Uncertain].contains(&stage), "{stage}");
        }
        let second = client(&sandbox, &ledger);
        let job = accepted(&second, &plan, "order-1042").await.unwrap();
        assert_eq!(paid_since(&sandbox, before), plan.paid, "dropped at {polls}");
        // A free one may be sent again where the machine is so busy that its time was over.
        let paid = job.steps().iter().filter(|step| step.is_paid());
        let attempts: Vec<_> = paid.map(|step| (step.operation(), step.attempt())).collect();
        assert!(attempts.iter().all(|(_, attempt)| *attempt == 1), "at {polls}: {attempts:?}");
        assert_eq!(ledger.list(&JobQuery::all()).await.unwrap().len(), 1);
        if ended.is_some() {
            return polls;
        }
    }
    0
}

#[tokio::test(flavor = "multi_thread")]
async fn a_submit_that_is_dropped_at_any_await_point_loses_nothing() {
    // A task for each, so that each future is woken on its own account.
    let tasks = tokio::task::LocalSet::new();
    let plans = (0..8).map(|index| tasks.spawn_local(drop_everywhere(index))).collect::<Vec<_>>();
    tasks.await;
    let mut points = Vec::new();
    for plan in plans {
        points.push(plan.await.unwrap());
    }
    // How often a submit is polled depends on what is ready when. One may even be done at its first
    // poll, where its thread is held up meanwhile; all of them cannot.
    assert!(points.iter().any(|points| *points > 1), "dropped at so many await points: {points:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_shutdown_nothing_is_begun() {
    let sandbox = sandbox().await;
    let shop = shop().await;
    let plan = plans(&shop, "Roast", TINY).remove(0);
    let ledger = Arc::new(MemoryLedger::new());
    let closed = client(&sandbox, &ledger);
    closed.shutdown(Duration::ZERO).await.unwrap();
    let error = accepted(&closed, &plan, "k").await.unwrap_err();
    assert_eq!(error.kind(), adreel::ErrorKind::Unavailable);
    assert!(error.job_id().is_some(), "the job waits in the ledger: {error}");
    assert!(sandbox.ledger().is_empty());
    accepted(&client(&sandbox, &ledger), &plan, "k").await.unwrap();
    assert_eq!(sandbox.ledger().len(), 1);
}
