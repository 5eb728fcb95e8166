use std::sync::Arc;
use std::time::Duration;

use super::caps::over;
use super::side_file::Accepted;
use super::turns::Turn;
use super::{Client, Recovery, Settling};
use crate::error::{ErrorKind, Result};
use crate::job::{
    Action, Decision, Job, JobId, LookUp, Outcome, Reason, Stage, StepState, SubmitOutcome, apply,
    next,
};
use crate::ledger::{Bounds, Seat, Stored};
use crate::model::Timestamp;
use crate::providers::Provider;
use crate::providers::steps::{self, Pace};

/// A job after one action, and what it needs next.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Advance {
    /// The job as the ledger has it now.
    pub job: Job,
    /// What it needs next. `Rest` says when to come back; `Download`, `Hold` and `End` need no
    /// further advance.
    pub next: Action,
}

/// What became of an attempt to store a job.
enum Recorded {
    /// It stands as given.
    Stored(Job),
    /// Another change came first, and the job stands like this.
    Overtaken(Job),
}

impl Recorded {
    fn job(self) -> Job {
        match self {
            Self::Stored(job) | Self::Overtaken(job) => job,
        }
    }
}

/// How often it is tried to write down what is true, whatever the ledger's trouble.
const RECORD_TRIES: u32 = 5;

/// How long after the first try to take the next; each further one waits twice as long.
const RECORD_AGAIN_AFTER: Duration = Duration::from_millis(500);

impl Client {
    /// Does one thing for a job: sends a step, looks for one whose answer was lost, or reads a
    /// status. Never sleeps: where there is nothing to do yet, `next` says when there is.
    ///
    /// A step is sent as one action: the intent is stored, then the call is made, then its result
    /// is stored. That runs on a task of its own, so that dropping this future never loses a job
    /// that was accepted. Calls for the same job take turns.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] for an id that the ledger does not have; [`ErrorKind::Io`] or
    /// [`ErrorKind::Unavailable`] where the ledger cannot be read or written;
    /// [`ErrorKind::Unavailable`] after [`shutdown`](Self::shutdown). What goes wrong with the job
    /// itself is in the job.
    pub async fn advance(&self, id: impl Into<JobId>) -> Result<Advance> {
        let id = id.into();
        let turn = self.0.turns.take(id).await;
        let job = self.job(id).await?;
        let now = self.0.clock.now();
        let action = self.next(&job, now).await?;
        self.act(turn, job, action).await
    }

    /// Looks at a job whether or not it is due, because something may have happened at its
    /// provider: reads the status of a running one, and looks for one whose answer was lost. Nothing
    /// is sent, and nothing is taken for absent or held that would not be without this.
    pub(super) async fn look_now(&self, id: JobId) -> Result<Advance> {
        let turn = self.0.turns.take(id).await;
        let job = self.job(id).await?;
        let found = job.current().map(|step| (step, &job.steps[step]));
        let action = match found.map(|(index, step)| (index, step.state, step.paid)) {
            Some((step, StepState::Running, _)) => Action::Poll(step),
            Some((step, StepState::Submitting | StepState::Unknown, true)) => Action::LookUp(step),
            _ => {
                let next = next(&job, self.0.clock.now());
                return Ok(Advance { job, next });
            }
        };
        self.act(turn, job, action).await
    }

    async fn act(&self, turn: Turn, job: Job, action: Action) -> Result<Advance> {
        let (id, now) = (job.id(), self.0.clock.now());
        let (Action::Send(step) | Action::LookUp(step) | Action::Poll(step)) = action else {
            return self.at_rest(job, action).await;
        };
        if self.sender_lives(&job, step).await? == Some(true) {
            let settling = self.settling(&**self.provider_of(&job)?, &job, step);
            return Ok(Advance { job, next: Action::Rest(now + settling.look_after()) });
        }
        if let (Action::Poll(_), Some(polls)) = (action, self.polls_of(&job))
            && let Err(until) = polls.take_read(now)
        {
            return Ok(Advance { job, next: Action::Rest(until) });
        }
        let (client, provider) = (self.clone(), Arc::clone(self.provider_of(&job)?));
        let work = async move {
            let _turn = turn;
            match action {
                Action::Send(_) => client.send(&*provider, job, step).await,
                Action::LookUp(_) => client.look_up(&*provider, job, step).await,
                _ => {
                    let status = provider.poll(&job, step).await;
                    let outcome = steps::outcome(&job, step, status, &client.pace());
                    client.record(job, outcome).await.map(Recorded::job)
                }
            }
        };
        let job = self.0.work.run(work).await.map_err(|error| error.with_job(id))??;
        let action = next(&job, self.0.clock.now());
        self.at_rest(job, action).await
    }

    /// What a job needs next. Where whoever was sending a step is known to live no more, nobody waits
    /// for him: a free step is sent again, a paid one is looked for at once.
    pub(super) async fn next(&self, job: &Job, now: Timestamp) -> Result<Action> {
        Ok(match (next(job, now), job.current()) {
            (Action::Rest(_), Some(step)) if self.sender_lives(job, step).await? == Some(false) => {
                if job.steps[step].paid {
                    Action::LookUp(step)
                } else {
                    Action::Send(step)
                }
            }
            (action, _) => action,
        })
    }

    /// A job after its action. A held one may be freed by the policy.
    async fn at_rest(&self, job: Job, action: Action) -> Result<Advance> {
        if !self.is_resubmitted(&job) {
            return Ok(Advance { job, next: action });
        }
        let why = "sent again by the policy ResubmitIfAtMost".to_owned();
        let decided = Outcome::Decided(Decision::Resubmit { why });
        let job = self.record(job, decided).await?.job();
        let next = next(&job, self.0.clock.now());
        Ok(Advance { job, next })
    }

    /// Whether the policy has a held step sent again: once, and not above its limit.
    fn is_resubmitted(&self, job: &Job) -> bool {
        let Recovery::ResubmitIfAtMost(limit) = self.0.recovery else { return false };
        let Some(index) = job.current() else { return false };
        let most = job.plan.steps.get(index).and_then(|step| step.credits);
        job.stage == Stage::Uncertain
            && job.steps[index].doubt.is_none()
            && most.is_some_and(|most| most <= limit)
    }

    /// Whether the other client lives that was sending a step; `None` where no other was, or where
    /// that cannot be told.
    async fn sender_lives(&self, job: &Job, step: usize) -> Result<Option<bool>> {
        let step = &job.steps[step];
        let Some(sender) = step.sender.as_deref().filter(|_| step.state == StepState::Submitting)
        else {
            return Ok(None);
        };
        let is_own =
            self.0.seat.get().and_then(Option::as_ref).is_some_and(|own| own.name() == sender);
        if is_own { Ok(None) } else { self.0.ledger.is_seated(sender).await }
    }

    /// By which others that share the ledger see that this client lives. It is taken before the
    /// first intent.
    async fn seat(&self) -> Result<Option<&Seat>> {
        let taken = self.0.seat.get_or_try_init(|| self.0.ledger.take_seat()).await;
        taken.map(Option::as_ref)
    }

    pub(super) fn settling(&self, provider: &dyn Provider, job: &Job, step: usize) -> Settling {
        Settling::of(provider.timeout(&job.steps[step].operation), self.0.settle)
    }

    async fn send(&self, provider: &dyn Provider, job: Job, step: usize) -> Result<Job> {
        let settling = self.settling(provider, &job, step);
        let sender = self.seat().await?.map(|seat| seat.name().to_owned());
        let run = Some(self.0.run.clone());
        let sending = Outcome::Sending { settle: settling.0, sender, run };
        // Of several that found the step ready, one stores its intent, and only that one sends.
        let intent = match self.announce(job, sending).await? {
            Recorded::Stored(intent) => intent,
            Recorded::Overtaken(job) => return Ok(job),
        };
        let attempt = intent.steps[step].attempt;
        let stored_at = intent.steps[step].last_sent.unwrap_or_default();
        let outcome = match self.0.clock.now().since(stored_at) > settling.send_within() {
            true => SubmitOutcome::Rejected {
                reason: Reason::new(ErrorKind::Conflict, "not sent: its intent had grown old"),
                again_after: Some(Duration::ZERO),
            },
            false => steps::send(provider, &intent, step, settling, &self.pace()).await,
        };
        self.settle(intent, Outcome::Submitted { step, attempt, outcome }).await
    }

    /// Stores an intent, and with it what it reserves, if the caps leave room for that.
    async fn announce(&self, job: Job, sending: Outcome) -> Result<Recorded> {
        let (id, now) = (job.id(), self.0.clock.now());
        let intent = apply(job.clone(), sending, now);
        // What has its place keeps it: a step whose predecessor is paid is sent in any case.
        let limits = match intent.committed() > job.committed() {
            true => self.limits(&job, now),
            false => Ok(Vec::new()),
        };
        let message = match limits {
            Ok(limits) => {
                let bounds = Bounds::spending(limits);
                let stored = self.0.ledger.store_within(&intent, &bounds).await;
                match stored.map_err(|error| error.with_job(id))? {
                    Stored::Yes => return Ok(Recorded::Stored(intent)),
                    Stored::Overtaken => return self.job(id).await.map(Recorded::Overtaken),
                    Stored::Over { limit, others } => over(&limit, others, intent.committed()),
                    Stored::Full { taken } => format!("the account's {taken} slots are taken"),
                }
            }
            Err(message) => message,
        };
        let reason = Reason::new(ErrorKind::OverCap, message);
        // Nothing is sent, whoever has stored what by now.
        let refused = self.record(job, Outcome::NotSent { reason }).await?;
        Ok(Recorded::Overtaken(refused.job()))
    }

    async fn look_up(&self, provider: &dyn Provider, job: Job, step: usize) -> Result<Job> {
        let noted = self.0.side_file.as_ref().and_then(|file| file.find(job.id(), step));
        let look = match noted {
            Some(noted) => LookUp::Found {
                resource: noted.resource,
                poll_after: (!noted.is_done).then_some(Duration::ZERO),
                offers: noted.offers,
                doubt: None,
            },
            None => {
                let settling = self.settling(provider, &job, step);
                let pace = self.pace();
                let now = pace.now;
                let is_settled = job.steps[step].settled.is_none_or(|settled| settled <= now);
                let look =
                    steps::look_up(provider, &job, step, self.0.recovery, settling, &pace).await;
                match look {
                    // The call may be on its way still, and be listed when it has arrived.
                    LookUp::Unprovable { .. } if job.steps[step].due > now => {
                        let look_after = job.steps[step].due.since(now);
                        LookUp::NotYet { reason: None, look_after }
                    }
                    // One look more, because a webhook came, proves no absence: the looks that do
                    // have to lie apart.
                    LookUp::Absent { .. } if is_settled && job.steps[step].due > now => {
                        let look_after = job.steps[step].due.since(now);
                        LookUp::NotYet { reason: None, look_after }
                    }
                    // Nor does it put off the look that is due.
                    LookUp::NotYet { reason, look_after } if job.steps[step].due > now => {
                        let look_after = look_after.min(job.steps[step].due.since(now));
                        LookUp::NotYet { reason, look_after }
                    }
                    look => look,
                }
            }
        };
        self.record(job, Outcome::LookedUp(look)).await.map(Recorded::job)
    }

    /// Stores what a call that was sent came to, or that a video was saved. Whatever happened to
    /// the job meanwhile, this is true, so it is applied to the row as it is now, and tried again
    /// where the ledger is in trouble.
    pub(super) async fn settle(&self, mut job: Job, outcome: Outcome) -> Result<Job> {
        let id = job.id();
        let mut tries = 0;
        let mut wait = RECORD_AGAIN_AFTER;
        loop {
            let error = match self.record(job.clone(), outcome.clone()).await {
                Ok(Recorded::Stored(job)) => return Ok(job),
                Ok(Recorded::Overtaken(current)) => {
                    job = current;
                    continue;
                }
                Err(error) => error,
            };
            if tries == 0 {
                self.note_accepted(id, &outcome);
            }
            tries += 1;
            if tries == RECORD_TRIES {
                return Err(error);
            }
            self.0.clock.sleep(wait).await;
            wait *= 2;
            // Whether the failed write took place is not known.
            if let Ok(current) = self.job(id).await {
                job = current;
            }
        }
    }

    /// Writes down beside the ledger what the ledger cannot take: a job that was accepted.
    fn note_accepted(&self, id: JobId, outcome: &Outcome) {
        let Outcome::Submitted { step, outcome, .. } = outcome else { return };
        let SubmitOutcome::Accepted { resource, poll_after, offers } = outcome else { return };
        let accepted = Accepted {
            job: id,
            step: *step,
            resource: resource.clone(),
            is_done: poll_after.is_none(),
            offers: offers.clone(),
            at: self.0.clock.now(),
        };
        let written = self.0.side_file.as_ref().map(|file| (file.path(), file.write(&accepted)));
        let place = match &written {
            Some((path, Ok(()))) => format!("it was written to {}", path.display()),
            Some((_, Err(error))) => error.message().to_owned(),
            None => "there is no side file".to_owned(),
        };
        tracing::error!(
            job = %id, step, resource, place,
            "an accepted job could not be recorded in the ledger"
        );
    }

    /// Stores what an outcome makes of a job, unless somebody else stored first.
    async fn record(&self, job: Job, outcome: Outcome) -> Result<Recorded> {
        let id = job.id();
        let after = apply(job, outcome, self.0.clock.now());
        match self.0.ledger.store(&after).await.map_err(|error| error.with_job(id))? {
            true => Ok(Recorded::Stored(after)),
            false => self.job(id).await.map(Recorded::Overtaken),
        }
    }

    /// Stores a decision, and says with `false` where it came too late or does not fit.
    pub(super) async fn decide(&self, job: Job, decision: Decision) -> Result<(Job, bool)> {
        let (before, revision) = ((job.steps.clone(), job.stage), job.revision());
        let job = self.record(job, Outcome::Decided(decision)).await?;
        let is_stored = matches!(&job, Recorded::Stored(job) if job.revision() == revision + 1);
        let job = job.job();
        let has_effect = (&job.steps, job.stage) != (&before.0, before.1);
        Ok((job, is_stored && has_effect))
    }

    pub(super) fn pace(&self) -> Pace<'_> {
        let clock = &self.0.clock;
        let policy = &*self.0.poll_policy;
        Pace { policy, now: clock.now(), failures: 0, random: clock.random() }
    }
}
