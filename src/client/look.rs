//! Looking for steps whose answer was lost, and for those that are held.

use std::collections::BTreeSet;
use std::time::Duration;

use super::Client;
use super::advance::Sender;
use super::record::Recorded;
use crate::error::{ErrorKind, Result};
use crate::job::{
    Account, Job, JobId, Look, Outcome, Reason, Seen, Stage, StepRef, may_be_repeated,
};
use crate::ledger::JobQuery;
use crate::model::Timestamp;
use crate::policy::Recovery;
use crate::providers::{Looking, Provider, outcome};

/// How many held jobs are looked for when a later one of their account is accepted.
const MOST_AT_ONCE: usize = 20;

/// How long after one look for a held job another call's acceptance leads to the next.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(30);

/// By how much a clock may seem to have been set back that was only read by another thread.
const TOLERANCE: Duration = Duration::from_secs(1);

impl Client {
    /// When a look for a step begins. A clock that was set forward since this client sent the call
    /// has let no time pass: the call may still be on its way.
    pub(super) fn look_begins(&self, step: StepRef<'_>) -> Timestamp {
        let now = self.now_for(step.job());
        match (self.0.sent.at(step), step.last_sent) {
            (Some(at), Some(sent)) => now.min(sent + self.moment().since(at)),
            _ => now,
        }
    }

    /// Whether a job's held step may be sent again now, likewise.
    ///
    /// # Errors
    /// What speaks against it, in words.
    pub(crate) fn may_be_resubmitted(&self, job: &Job) -> Result<(), String> {
        let now = job.current_step().map(|step| self.look_begins(step));
        job.may_be_resubmitted(now.unwrap_or_else(|| self.now_for(job)))
    }

    /// Looks for a step, and stores what was seen. What that means is decided where it is applied.
    pub(super) async fn look_up(
        &self,
        provider: &dyn Provider,
        job: Job,
        index: usize,
    ) -> Result<Job> {
        let Some(step) = job.step(index) else { return Ok(job) };
        let look = match self.noted(step) {
            Some(seen) => Look::new(self.now_for(&job), None, seen),
            None => self.look_at(provider, step).await?,
        };
        self.record(job, Outcome::LookedUp(look)).await.map(Recorded::job)
    }

    /// What was written down beside the ledger.
    fn noted(&self, step: StepRef<'_>) -> Option<Seen> {
        let noted = self.0.side_file.as_ref()?.find(step.job().id(), step.index())?;
        Some(Seen::Found {
            resource: noted.resource,
            poll_after: (!noted.is_done).then_some(Duration::ZERO),
            offers: noted.offers,
            others: Vec::new(),
            doubt: None,
        })
    }

    async fn look_at(&self, provider: &dyn Provider, step: StepRef<'_>) -> Result<Look> {
        let begun = self.look_begins(step);
        let transport = provider.transport();
        let keys = match transport.keys().await {
            Ok(keys) => keys,
            Err(error) => return Ok(Look::new(begun, None, Seen::Failed(Reason::from(&error)))),
        };
        let print = keys.fingerprint(transport.account());
        let may_repeat = match self.0.recovery {
            Recovery::Hold => Err("the policy is to hold"),
            _ => {
                let is_gone = self.sender_of(step).await? == Sender::Gone;
                may_be_repeated(step, Some(&print), is_gone)
            }
        };
        let pages = &self.look_pages(step.job())?;
        let elapsed = self.0.clock.elapsed();
        let looking = Looking { keys: &keys, pages, age: self.age_of(step), elapsed, may_repeat };
        let seen = match provider.look(step, looking).await {
            Err(error) if pages.is_closed() => return Err(error.with_job(step.job().id())),
            seen => seen.unwrap_or_else(|error| Seen::Failed(Reason::from(&error))),
        };
        let seen = self.believed_found(provider, step, seen).await;
        Ok(Look::new(begun, Some(print), seen))
    }

    /// What a look has found, unless that cannot be what the step has made: what another job has, or
    /// what nobody can come back to.
    async fn believed_found(&self, provider: &dyn Provider, step: StepRef<'_>, seen: Seen) -> Seen {
        let Seen::Found { resource, poll_after, offers, others, doubt } = seen else {
            return seen;
        };
        if let Some(doubt) = self.doubted(provider, step, &resource).await {
            return Seen::Failed(Reason::new(ErrorKind::Decode, doubt));
        }
        let mut believed = Vec::new();
        for other in others {
            if self.doubted(provider, step, &other).await.is_none() {
                believed.push(other);
            }
        }
        Seen::Found { resource, poll_after, offers, others: believed, doubt }
    }

    /// Why an id cannot be that of what a paid step has made; `None` where nothing speaks against it.
    pub(super) async fn doubted(
        &self,
        provider: &dyn Provider,
        step: StepRef<'_>,
        id: &str,
    ) -> Option<String> {
        if !step.is_paid() {
            return None;
        }
        let job = step.job();
        // A ledger in trouble does not speak against it.
        let owner = self.another_owner(job, id).await.ok().flatten();
        outcome::doubted(provider, step, id, owner)
    }

    /// Another job of a job's account that has an id, also where it is written in another case: no
    /// provider has two records whose ids differ in that alone.
    pub(super) async fn another_owner(&self, job: &Job, id: &str) -> Result<Option<JobId>> {
        let forms = BTreeSet::from([id.to_owned(), id.to_lowercase(), id.to_uppercase()]);
        for form in forms {
            let owner = self.job_by_resource(job.account(), &form).await?;
            if let Some(owner) = owner.filter(|owner| owner.id() != job.id()) {
                return Ok(Some(owner.id()));
            }
        }
        Ok(None)
    }

    /// How long ago a step was first sent; `None` where the clock was set back since, so that
    /// nobody knows.
    fn age_of(&self, step: StepRef<'_>) -> Option<Duration> {
        let (wall, now) = (self.0.clock.now(), self.now_for(step.job()));
        let is_sound = wall + TOLERANCE >= step.job().updated_at();
        Some(now.since(step.first_sent()?)).filter(|_| is_sound)
    }

    /// Looks for jobs of an account that are held, beside the work that goes on: whatever was late
    /// may be listed by now.
    pub(super) fn look_for_held(&self, account: &Account) {
        let (client, account) = (self.clone(), account.clone());
        self.0.work.begin(async move {
            if let Err(error) = client.look_through_held(&account).await {
                tracing::debug!(%error, "held jobs were not looked for");
            }
        });
    }

    async fn look_through_held(&self, account: &Account) -> Result<()> {
        let query = JobQuery::at([Stage::Uncertain]).of(account);
        let listed = self.0.ledger.list(&query).await?.into_iter().flatten();
        let now = self.0.clock.now();
        let looked_at = |job: &Job| {
            job.current_step().and_then(|step| Some(step.evidence()?.looked_at)).unwrap_or_default()
        };
        let mut held: Vec<_> = listed
            .filter(|job| now.since(looked_at(job)) >= LOOK_AGAIN_AFTER)
            .map(|job| (looked_at(&job), job.id()))
            .collect();
        held.sort();
        for (_, id) in held.into_iter().take(MOST_AT_ONCE) {
            self.look_now(id).await?;
        }
        Ok(())
    }
}
