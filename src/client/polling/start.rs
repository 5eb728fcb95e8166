//! Having a job's status read.

use std::sync::Arc;
use std::time::Duration;

use super::Polls;
use super::queue::First;
use super::task::run;
use super::watch::{Limits, Watch, pair};
use crate::client::{Client, no_account};
use crate::clock::Moment;
use crate::error::{Error, ErrorKind, Result};
use crate::job::Job;
use crate::providers::List;
use crate::providers::call_result::Status;
use crate::providers::pace::Pace;
use crate::transport::LookPages;

impl Client {
    /// Has a running job's status read until there is news of it.
    pub(in crate::client) fn watch(&self, job: &Job, limits: Limits) -> Result<Watch> {
        let provider = self.provider_of(job)?;
        let missing = || no_account("no account is set up").with_job(job.id());
        let polls = self.polls_of(job).ok_or_else(missing)?;
        let list = job.current_step().and_then(|step| provider.list_of(step));
        let is_first = !polls.reads(job.id());
        let watch = polls.watch(self, job, list, limits)?;
        self.0.hub.watch(self, job, is_first);
        Ok(watch)
    }

    /// The pages of a look for a job that begins now.
    ///
    /// # Errors
    /// As [`provider_of`](Self::provider_of).
    pub(in crate::client) fn look_pages(&self, job: &Job) -> Result<LookPages> {
        let missing = || no_account("no account is set up").with_job(job.id());
        let polls = self.polls_of(job).ok_or_else(missing)?;
        Ok(LookPages::new(Arc::clone(polls) as _, self.0.look_timeout))
    }
}

impl Polls {
    /// Has a job's status read, from when it is due, until there is news of it or the deadline
    /// passes.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] after [`close`](Self::close).
    pub(super) fn watch(
        self: &Arc<Self>,
        client: &Client,
        job: &Job,
        list: Option<List>,
        limits: Limits,
    ) -> Result<Watch> {
        let (id, first) = (job.id(), first_read(client, job));
        let mut state = self.state();
        if state.is_closed {
            let message = "the client was shut down; the job goes on: resume it later";
            return Err(Error::new(ErrorKind::Unavailable, message).with_job(id));
        }
        let number = state.next_watcher;
        state.next_watcher += 1;
        let (watcher, watch) = pair(self, id, number, limits);
        state.deadlines.insert((limits.deadline, number, id));
        state.watchers.entry(id).or_default().push(watcher);
        state.queue.add(id, list, first);
        if !std::mem::replace(&mut state.is_running, true) {
            tokio::spawn(run(Arc::clone(self), Arc::downgrade(&client.0)));
        }
        drop(state);
        self.changed.notify_one();
        Ok(watch)
    }
}

/// When a job that is watched from now on is read first: when its row says so, and at the latest
/// after what the policy says. The row may hold what a provider wished of an earlier run, or a time
/// of a clock that was set back since.
fn first_read(client: &Client, job: &Job) -> First {
    let now = client.now_for(job);
    let wait = job.due_at().unwrap_or_default().since(now);
    let at = Moment::now(&*client.0.clock);
    let none = First { now: at, wait: Duration::ZERO, age: Duration::ZERO };
    let Some(step) = job.current_step() else { return none };
    let pace = Pace { policy: &*client.0.poll_policy, now, failures: 0, random: 1.0 };
    let running = Ok(Status::Running { status: String::new(), is_known: true, hint: None });
    let most = pace.first(step).max(pace.after(step, &running));
    First {
        now: at,
        wait: wait.min(most),
        age: step.last_sent.map_or(Duration::ZERO, |begun| now.since(begun)),
    }
}
