//! Sending a step: all that its call needs is looked up, then the call is announced in the ledger,
//! and then nothing stands between the announcement and the first byte.

use std::sync::{Arc, Weak};
use std::time::Duration;

use super::Client;
use super::caps::over;
use super::gate::Place;
use super::record::Recorded;
use crate::error::{Error, ErrorKind, Result};
use crate::job::{self, Job, Need, Outcome, Reason, StepRef, SubmitOutcome, apply};
use crate::ledger::{Bounds, Slots, Stored};
use crate::model::Timestamp;
use crate::policy::Settling;
use crate::providers::steps::{self, Sent};
use crate::providers::{Provider, unknown_step};
use crate::transport::Permit;

/// How soon to ask again for a slot that another was faster with.
const FULL_AGAIN_AFTER: Duration = Duration::from_secs(2);

/// What became of a step that was to be sent.
pub(super) enum Sending {
    /// The job stands like this now.
    Done(Job),
    /// Its account has no room before this time; nothing was sent.
    Waits(Job, Timestamp),
}

impl Client {
    pub(super) fn settling(&self, provider: &dyn Provider, step: StepRef<'_>) -> Settling {
        // A free step takes the time that it takes: nothing is lost where it is sent twice.
        let set = self.0.settle.filter(|_| step.is_paid());
        Settling::of(provider.timeout(step.operation()), set)
    }

    /// Sends a step, once.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for a step that this version does not know: nothing pays by
    /// default. Its job is left as it is.
    pub(super) async fn send(
        &self,
        provider: &dyn Provider,
        job: Job,
        index: usize,
        place: Option<Weak<Place>>,
    ) -> Result<Sending> {
        let Some(step) = job.step(index) else { return Ok(Sending::Done(job)) };
        if provider.is_paid(step)? != step.is_paid() {
            return Err(unknown_step(step));
        }
        let transport = provider.transport();
        let keys = match transport.keys().await {
            Ok(keys) => keys,
            Err(error) => return self.not_sent(step, &error).await,
        };
        let print = keys.fingerprint(transport.account());
        if let Some(outcome) = self.check_keys(provider, step, &print).await {
            return self.record(job.clone(), outcome).await.map(Recorded::job).map(Sending::Done);
        }
        let prepared = match provider.prepare(step, &keys).await {
            Ok(prepared) => prepared,
            Err(error) => return self.not_sent(step, &error).await,
        };
        let Settling { settle, timeout, send_within } = self.settling(provider, step);
        let slots = match self.take_turn(provider, step, self.now_for(&job)).await? {
            Ok(slots) => slots,
            Err(until) => return Ok(Sending::Waits(job.clone(), until)),
        };
        let mut sending = job::Sending::new(settle, self.longest_job(provider));
        sending.sender = self.seat().await?;
        // Held from here on, it tells whoever waits that the call has to be heard out.
        let held = place.as_ref().map(Weak::upgrade);
        if self.0.work.is_closed() || matches!(held, Some(None)) {
            self.give_turn_back(step).await;
            return Ok(Sending::Done(job.clone()));
        }
        sending.keys = Some(print);
        sending.run = Some(self.0.run.clone());
        let not_after = self.0.clock.elapsed() + send_within;
        // Of several that found the step ready, one stores its intent, and only that one sends.
        let intent = match self.announce(job.clone(), Outcome::Sending(sending), slots).await? {
            Some(Recorded::Stored(intent)) => intent,
            Some(Recorded::Overtaken(overtaken)) => {
                self.give_turn_back(step).await;
                return Ok(Sending::Done(overtaken));
            }
            None => {
                self.give_turn_back(step).await;
                let until = self.now_for(&job) + FULL_AGAIN_AFTER;
                return Ok(Sending::Waits(job.clone(), until));
            }
        };
        // It counts from here on, so the next in line may go.
        if let Some(place) = held.as_ref().and_then(Option::as_ref) {
            place.give_up();
        }
        let order = intent.key.clone();
        let permit = Arc::new(Permit { keys: keys.clone(), order, not_after, timeout });
        let announced = intent.step(index).unwrap_or(step);
        if step.is_paid() {
            self.0.sent.note(announced, self.moment());
        }
        let sent = self.believed(provider, step, prepared(permit).await).await;
        let asked = sent.as_ref().err().and_then(Error::retry_after);
        let outcome = steps::submitted(announced, sent, settle, &self.pace());
        if !matches!(outcome, SubmitOutcome::Unknown { .. }) {
            self.0.sent.forget(announced);
        }
        let attempt = announced.attempt();
        if announced.is_paid() || provider.capacity().per_minute.is_some() {
            self.note_capacity(&intent, &outcome, asked).await;
        }
        let outcome = Outcome::Submitted { step: index, attempt, outcome };
        self.settle(intent, outcome).await.map(Sending::Done)
    }

    /// What a call was answered with, unless that cannot be what a paid one has made: then it may
    /// have made anything, and is looked for.
    async fn believed(
        &self,
        provider: &dyn Provider,
        step: StepRef<'_>,
        sent: Result<Sent>,
    ) -> Result<Sent> {
        let sent = sent?;
        if !step.is_paid() {
            return steps::nameable(sent);
        }
        match self.doubted(provider, step, sent.id()).await {
            None => Ok(sent),
            Some(doubt) => Err(Error::new(ErrorKind::SubmitUnknown, doubt)
                .with_provider(step.job().account().provider)
                .with_operation(step.operation().to_owned())),
        }
    }

    async fn not_sent(&self, step: StepRef<'_>, error: &Error) -> Result<Sending> {
        let outcome = steps::not_sent(step, error, &self.pace());
        self.record(step.job().clone(), outcome).await.map(Recorded::job).map(Sending::Done)
    }

    /// Whether what earlier steps left can be used with these keys, or what to do about it. What
    /// was paid for has to be read with them first: another account would be asked for something
    /// that it does not have. What is free is made anew.
    async fn check_keys(
        &self,
        provider: &dyn Provider,
        step: StepRef<'_>,
        print: &str,
    ) -> Option<Outcome> {
        let is_theirs =
            |step: &StepRef<'_>| step.resource().is_some() && step.keys.as_deref() != Some(print);
        if let Some(paid) = step.before().filter(|step| step.is_paid()).find(is_theirs) {
            let adopted = match self.look_pages(step.job()) {
                Ok(pages) => provider.adopt(paid, &pages).await,
                Err(error) => Err(error),
            };
            let error = adopted.err()?;
            let error = match error.kind() {
                ErrorKind::NotFound | ErrorKind::PlanLacks | ErrorKind::Unauthorized => {
                    let message = format!(
                        "the keys have changed, and the new ones cannot read {}, which was paid \
                         for: set keys of the account that made it",
                        paid.id()
                    );
                    Error::new(ErrorKind::NeedsCredentials, message).with_source(error)
                }
                kind if Need::of(kind).is_some() => error,
                // A read that fails in whatever way refuses nothing.
                _ => {
                    let message = format!("{}, which was paid for, cannot be read", paid.id());
                    Error::new(ErrorKind::Unavailable, message).with_source(error)
                }
            };
            return Some(steps::not_sent(step, &error, &self.pace()));
        }
        step.before().any(|step| is_theirs(&step)).then_some(Outcome::MadeAnew)
    }

    /// Stores an intent, and with it what it reserves, if the caps leave room for that. `None` where
    /// all slots are taken.
    async fn announce(
        &self,
        job: Job,
        sending: Outcome,
        slots: Option<Slots>,
    ) -> Result<Option<Recorded>> {
        let id = job.id();
        let now = self.now_for(&job);
        let intent = apply(job.clone(), sending, now);
        let (message, over_cap) = match self.limits(&job, &intent, now) {
            Ok(limits) => {
                let mut bounds = Bounds::spending(limits);
                bounds.slots = slots;
                let stored = self.0.ledger.store_within(&intent, &bounds).await;
                match stored.map_err(|error| error.with_job(id))? {
                    Stored::Yes => return Ok(Some(Recorded::Stored(intent))),
                    Stored::Overtaken => {
                        return self.job(id).await.map(Recorded::Overtaken).map(Some);
                    }
                    Stored::Full { .. } => return Ok(None),
                    Stored::Over { limit, others } => {
                        let (message, over) = over(&limit, others, intent.committed());
                        (message, Some(over))
                    }
                }
            }
            Err(message) => (message, None),
        };
        let mut reason = Reason::new(ErrorKind::OverCap, message);
        reason.over_cap = over_cap;
        // Nothing is sent, whoever has stored what by now.
        let refused = Outcome::NotSent { reason, again_after: None };
        Ok(Some(Recorded::Overtaken(self.record(job, refused).await?.job())))
    }
}
