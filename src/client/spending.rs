//! What was spent, by account and label.

use std::collections::BTreeMap;

use super::Jobs;
use crate::error::Result;
use crate::job::{Account, Job, JobId, SpendEvent};
use crate::ledger::JobQuery;
use crate::model::Timestamp;

/// How many jobs are read at a time.
const PAGE: u32 = 200;

/// Which entries to read. Default: all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpendQuery {
    /// Only entries at this time or later.
    pub since: Option<Timestamp>,
    /// Only entries before this time.
    pub until: Option<Timestamp>,
    /// Only those of jobs that come after this one.
    pub after: Option<JobId>,
}

impl SpendQuery {
    /// All entries.
    pub fn all() -> Self {
        Self::default()
    }

    /// Only entries at this time or later.
    #[must_use]
    pub fn since(mut self, time: Timestamp) -> Self {
        self.since = Some(time);
        self
    }

    /// Only entries before this time.
    #[must_use]
    pub fn until(mut self, time: Timestamp) -> Self {
        self.until = Some(time);
        self
    }

    /// Only those of jobs that come after this one.
    #[must_use]
    pub fn after(mut self, job: JobId) -> Self {
        self.after = Some(job);
        self
    }

    /// Whether an entry of this time is asked for.
    pub fn covers(&self, time: Timestamp) -> bool {
        self.since.is_none_or(|since| time >= since) && self.until.is_none_or(|until| time < until)
    }
}

/// An entry of what was spent, with whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpendEntry {
    /// The job.
    pub job: JobId,
    /// The account that it runs on, in whose provider's credits the amount is.
    pub account: Account,
    /// The caller's own words for the job, such as a tenant and an order's number.
    pub labels: BTreeMap<String, String>,
    /// What happened.
    pub event: SpendEvent,
}

impl SpendEntry {
    fn of(job: &Job, event: &SpendEvent) -> Self {
        Self {
            job: job.id(),
            account: job.account().clone(),
            labels: job.labels().clone(),
            event: event.clone(),
        }
    }
}

/// Some entries, and where to go on.
#[derive(Debug)]
#[non_exhaustive]
pub struct SpendPage {
    /// The entries, job by job in the order of their making. A job that cannot be read is an error
    /// in its place. There may be none, although more pages follow.
    pub entries: Vec<Result<SpendEntry>>,
    /// What to ask for next; `None` after the last page.
    pub next: Option<SpendQuery>,
}

impl Jobs<'_> {
    /// What was reserved, settled and refunded for whom, a page at a time: each page reads 200 jobs
    /// of the ledger, and each job once.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    ///
    /// # Examples
    /// ```
    /// # async fn export(client: &adreel::Client) -> adreel::Result<()> {
    /// use adreel::client::SpendQuery;
    ///
    /// let mut next = Some(SpendQuery::all());
    /// while let Some(query) = next {
    ///     let page = client.jobs().spending(&query).await?;
    ///     for entry in page.entries {
    ///         let entry = entry?;
    ///         println!("{:?} {} {}", entry.labels, entry.event.kind, entry.event.amount);
    ///     }
    ///     next = page.next;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn spending(&self, query: &SpendQuery) -> Result<SpendPage> {
        let mut jobs = JobQuery::all().limit(PAGE);
        jobs.after = query.after;
        let listed = self.list(&jobs).await?;
        let is_last = listed.len() < PAGE as usize;
        let mut entries = Vec::new();
        let mut last = None;
        for job in listed {
            match job {
                Ok(job) => {
                    last = last.max(Some(job.id()));
                    let asked = job.spending().iter().filter(|event| query.covers(event.at));
                    entries.extend(asked.map(|event| Ok(SpendEntry::of(&job, event))));
                }
                Err(error) => {
                    last = last.max(error.job_id());
                    entries.push(Err(error));
                }
            }
        }
        let next = last.filter(|_| !is_last).map(|last| query.clone().after(last));
        Ok(SpendPage { entries, next })
    }
}
