//! How much is done at a time for the jobs that one command waits for.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

/// How many jobs are begun or saved at a time. Those that are just waited for are only rows of a
/// queue: however many run for long, they keep no other from being gone on with.
const AT_A_TIME: usize = 64;

/// From when on something takes long, and how many more such may go on beside the others: servers
/// whose videos come in drops keep none waiting that would be there at once. Each takes two handles
/// of which a process mostly has a thousand.
const LONG: Duration = Duration::from_secs(30);
const LONG_AT_A_TIME: usize = 192;

/// What limits how much goes on at a time.
#[derive(Debug)]
pub(crate) struct Permits {
    permits: Semaphore,
    /// For what takes long, beside the others.
    long: Semaphore,
}

impl Permits {
    pub(crate) fn new() -> Self {
        Self { permits: Semaphore::new(AT_A_TIME), long: Semaphore::new(LONG_AT_A_TIME) }
    }

    /// Waits for room for one more.
    pub(crate) async fn permit(&self) -> Option<SemaphorePermit<'_>> {
        // It is never closed.
        self.permits.acquire().await.ok()
    }

    /// Does something under a permit of its own, which it gives up where it takes long.
    pub(crate) async fn within<T>(&self, work: impl Future<Output = T>) -> T {
        let permit = self.permit().await;
        let mut work = pin!(work);
        let place_beside = async {
            tokio::time::sleep(LONG).await;
            self.long.acquire().await.ok()
        };
        tokio::select! {
            done = &mut work => done,
            _place = place_beside => {
                drop(permit);
                work.await
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use futures_util::future::{join_all, select};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_never_ends_keeps_none_waiting_that_is_quick() {
        let permits = Permits::new();
        let slow = join_all((0..AT_A_TIME + 9).map(|_| permits.within(pending::<()>())));
        let quick = join_all((0..3).map(|number| permits.within(async move { number })));
        let (slow, quick) = (pin!(slow), pin!(quick));
        match select(slow, quick).await {
            futures_util::future::Either::Right((done, _)) => assert_eq!(done, [0, 1, 2]),
            futures_util::future::Either::Left(_) => unreachable!("they have no end"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_go_on_than_there_is_room_for() {
        let permits = Permits::new();
        let all = AT_A_TIME + LONG_AT_A_TIME;
        let begun = std::cell::Cell::new(0);
        let slow = join_all((0..all + 9).map(|_| {
            permits.within(async {
                begun.set(begun.get() + 1);
                pending::<()>().await;
            })
        }));
        assert!(tokio::time::timeout(100 * LONG, slow).await.is_err());
        assert_eq!(begun.get(), all);
    }
}
