//! A log of events that makes whoever reads it panic.

use std::future::IntoFuture as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use adreel::ledger::{EventLog, LoggedEvent, NewEvent};
use adreel::{Account, BoxFuture, Ledger, MemoryLedger, Result, Timestamp};

use crate::with_log::WithLog;
use crate::{World, inbox, replica, settled, soon};

/// Panics as often as it is told to when events of other replicas are looked for.
struct Panicking {
    kept: Arc<MemoryLedger>,
    left: AtomicUsize,
    looks: AtomicUsize,
}

impl Panicking {
    fn log(&self) -> &dyn EventLog {
        self.kept.events().unwrap()
    }
}

impl EventLog for Panicking {
    fn note<'a>(&'a self, event: &'a NewEvent) -> BoxFuture<'a, Result<bool>> {
        self.log().note(event)
    }

    fn claim<'a>(
        &'a self,
        holder: &'a str,
        now: Timestamp,
        until: Timestamp,
    ) -> BoxFuture<'a, Result<Option<LoggedEvent>>> {
        self.log().claim(holder, now, until)
    }

    fn acknowledge(&self, number: u64) -> BoxFuture<'_, Result<bool>> {
        self.log().acknowledge(number)
    }

    fn put_off<'a>(
        &'a self,
        number: u64,
        holder: &'a str,
        until: Timestamp,
    ) -> BoxFuture<'a, Result<bool>> {
        self.log().put_off(number, holder, until)
    }

    fn since(&self, number: u64, limit: u32) -> BoxFuture<'_, Result<Vec<LoggedEvent>>> {
        self.looks.fetch_add(1, Ordering::SeqCst);
        let left = self.left.load(Ordering::SeqCst);
        if left > 0 {
            self.left.store(left - 1, Ordering::SeqCst);
            // Without a word from the panic hook.
            std::panic::resume_unwind(Box::new("a log that makes us panic"));
        }
        self.log().since(number, limit)
    }

    fn newest(&self) -> BoxFuture<'_, Result<u64>> {
        self.log().newest()
    }

    fn find<'a>(
        &'a self,
        account: &'a Account,
        resource: &'a str,
    ) -> BoxFuture<'a, Result<Vec<LoggedEvent>>> {
        self.log().find(account, resource)
    }

    fn lease<'a>(
        &'a self,
        name: &'a str,
        holder: &'a str,
        now: Timestamp,
        until: Timestamp,
    ) -> BoxFuture<'a, Result<bool>> {
        self.log().lease(name, holder, now, until)
    }

    fn release<'a>(&'a self, name: &'a str, holder: &'a str) -> BoxFuture<'a, Result<()>> {
        self.log().release(name, holder)
    }
}

#[tokio::test]
async fn a_log_that_makes_the_reader_panic_is_read_again_later_and_not_in_a_circle() {
    let world = World::new().await;
    let (left, looks) = (AtomicUsize::new(3), AtomicUsize::new(0));
    let log = Panicking { kept: Arc::new(MemoryLedger::new()), left, looks };
    let ledger = Arc::new(WithLog(MemoryLedger::new(), log));
    let client = replica(&world.double, &world.clock, Arc::clone(&ledger));
    let elsewhere = replica(&world.double, &world.clock, Arc::clone(&ledger));
    let world = World { client, ..world };
    let (_open, elsewhere) = (world.inbox(), inbox(&elsewhere));
    let job = world.submit().await;
    let wait = tokio::spawn(world.client.resume(job.id()).into_future());
    settled().await;
    settled().await;
    assert_eq!(ledger.1.looks.load(Ordering::SeqCst), 1, "no time has passed");

    world.double.set("task_1", "succeeded");
    world.tell(&elsewhere, "task.succeeded", "task_1").await;
    let mut looks = vec![1];
    while looks.last() < Some(&4) {
        world.clock.advance(Duration::from_millis(500));
        settled().await;
        looks.push(ledger.1.looks.load(Ordering::SeqCst));
    }
    assert!(looks.len() > 12, "it rested for 2 s, 2 to 4 s and 4 to 8 s: {looks:?}");
    soon(wait).await.unwrap().unwrap();
}
