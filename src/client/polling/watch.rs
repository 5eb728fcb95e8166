//! The wait for news of a job.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::sync::oneshot;

use super::Polls;
use crate::clock::Moment;
use crate::job::{JobId, Reason};

/// What ends a watch.
#[derive(Debug)]
pub(in crate::client) enum News {
    /// The ledger has a newer state of the job.
    Changed,
    /// Its status may not be read: the key no longer works.
    Refused(Box<Reason>),
    /// Its new state could not be stored.
    Unstored,
    /// So many reads failed, one after the other.
    Failing(u32),
    /// The wait's time is over.
    Deadline,
    /// Whoever read it has stopped: the client was shut down, or its runtime ended.
    Stopped,
}

/// How long a job is watched.
#[derive(Clone, Copy, Debug)]
pub(in crate::client) struct Limits {
    pub(in crate::client) deadline: Moment,
    /// How many failed reads in a row.
    pub(in crate::client) failures: Option<u32>,
}

/// One who waits, as those who read see him.
pub(super) struct Watcher {
    pub(super) number: u64,
    pub(super) deadline: Moment,
    /// His time is over, and only the last read is waited for.
    pub(super) is_last: bool,
    pub(super) failures: Option<u32>,
    sender: oneshot::Sender<News>,
}

impl Watcher {
    pub(super) fn tell(self, news: News) {
        // He may be gone already.
        let _ = self.sender.send(news);
    }
}

/// The wait for news of a job. Dropping it stops the reads that nobody else waits for.
pub(in crate::client) struct Watch {
    polls: Arc<Polls>,
    job: JobId,
    number: u64,
    news: oneshot::Receiver<News>,
}

pub(super) fn pair(
    polls: &Arc<Polls>,
    job: JobId,
    number: u64,
    limits: Limits,
) -> (Watcher, Watch) {
    let (sender, news) = oneshot::channel();
    let Limits { deadline, failures } = limits;
    let watcher = Watcher { number, deadline, is_last: false, failures, sender };
    (watcher, Watch { polls: Arc::clone(polls), job, number, news })
}

impl Future for Watch {
    type Output = News;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<News> {
        Poll::Ready(ready!(Pin::new(&mut self.news).poll(cx)).unwrap_or(News::Stopped))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // One that was told of news may watch again: what is known of the job is kept for him.
        let mut state = self.polls.state();
        if state.unwatch(self.job, self.number) {
            state.forget_unwatched(self.job);
            drop(state);
            self.polls.changed.notify_one();
        }
    }
}
