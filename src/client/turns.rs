//! One action at a time for each job of a client.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedMutexGuard;

use crate::job::JobId;

/// Lets those who work on the same job take turns. Without it, a second one would find a step that
/// the first is just sending, and take its answer for lost.
#[derive(Clone, Default)]
pub(super) struct Turns(Arc<Mutex<HashMap<JobId, Arc<tokio::sync::Mutex<()>>>>>);

/// A turn with a job. The next one begins when it is dropped.
pub(super) struct Turn {
    turns: Turns,
    id: JobId,
    guard: Option<OwnedMutexGuard<()>>,
}

impl Turns {
    pub(super) async fn take(&self, id: JobId) -> Turn {
        let lock = Arc::clone(self.table().entry(id).or_default());
        let guard = Some(lock.lock_owned().await);
        Turn { turns: self.clone(), id, guard }
    }

    /// A turn that begins at once; `None` where somebody else has one.
    pub(super) fn try_take(&self, id: JobId) -> Option<Turn> {
        let lock = Arc::clone(self.table().entry(id).or_default());
        let guard = Some(lock.try_lock_owned().ok()?);
        Some(Turn { turns: self.clone(), id, guard })
    }

    fn table(&self) -> std::sync::MutexGuard<'_, HashMap<JobId, Arc<tokio::sync::Mutex<()>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut table = self.turns.table();
        drop(self.guard.take());
        // Only the table holds a lock that nobody waits for.
        if table.get(&self.id).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            table.remove(&self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;
    use crate::clock::SystemClock;

    #[tokio::test]
    async fn turns_follow_each_other_and_leave_nothing_behind() {
        let turns = Turns::default();
        let id = JobId::new(&SystemClock);
        let first = turns.take(id).await;
        let second = turns.take(id);
        tokio::pin!(second);
        assert!(second.as_mut().now_or_never().is_none(), "it waits");
        drop(first);
        drop(second.await);
        assert!(turns.table().is_empty());
    }
}
