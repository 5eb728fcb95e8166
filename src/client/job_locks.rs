//! Locks of jobs: one action at a time for each job of a client.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedMutexGuard;

use crate::job::JobId;

/// A lock for each job that is worked on. Without it, a second task would find a step
/// that the first is just sending, and take its answer for lost.
#[derive(Clone, Default)]
pub(super) struct JobLocks(Arc<Mutex<HashMap<JobId, Arc<tokio::sync::Mutex<()>>>>>);

/// A job's lock, held until it is dropped.
pub(super) struct JobLock {
    locks: JobLocks,
    id: JobId,
    guard: Option<OwnedMutexGuard<()>>,
}

impl JobLocks {
    pub(super) async fn take(&self, id: JobId) -> JobLock {
        let lock = Arc::clone(self.table().entry(id).or_default());
        let guard = Some(lock.lock_owned().await);
        JobLock { locks: self.clone(), id, guard }
    }

    /// The lock, where it is free at once; `None` where another task holds it.
    pub(super) fn try_take(&self, id: JobId) -> Option<JobLock> {
        let lock = Arc::clone(self.table().entry(id).or_default());
        let guard = Some(lock.try_lock_owned().ok()?);
        Some(JobLock { locks: self.clone(), id, guard })
    }

    fn table(&self) -> std::sync::MutexGuard<'_, HashMap<JobId, Arc<tokio::sync::Mutex<()>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for JobLock {
    fn drop(&mut self) {
        let mut table = self.locks.table();
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
    async fn locks_follow_each_other_and_leave_nothing_behind() {
        let locks = JobLocks::default();
        let id = JobId::new(&SystemClock);
        let first = locks.take(id).await;
        let second = locks.take(id);
        tokio::pin!(second);
        assert!(second.as_mut().now_or_never().is_none(), "it waits");
        drop(first);
        drop(second.await);
        assert!(locks.table().is_empty());
    }
}
