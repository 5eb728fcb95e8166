//! An account's capacity: how many calls a minute, and how many jobs at a time. A refusal makes the
//! account wait and not the one job. What is known is shared with other processes through the
//! ledger.

mod account_pace;
mod gates;
mod queue;

use std::sync::Arc;
use std::time::Duration;

use super::Client;
use crate::error::{ErrorKind, Result};
use crate::job::{Account, Job, Reason, StepRef, SubmitOutcome};
use crate::ledger::{Gate, Slots};
use crate::model::Timestamp;
use crate::providers::Provider;
use account_pace::{AccountPace, Asking};
pub(super) use gates::Gates;
pub(super) use queue::{COMES_AFTER, Line, Place};

/// How often a gate is stored anew that others have changed meanwhile.
const TRIES: u32 = 20;

impl Client {
    /// Asks for a step's turn on its account, or says when to ask again. What has it may store its
    /// intent, within the slots that come with it.
    pub(super) async fn take_turn(
        &self,
        provider: &dyn Provider,
        step: StepRef<'_>,
        now: Timestamp,
    ) -> Result<Result<Option<Slots>, Timestamp>> {
        let account = step.job().account();
        let capacity = provider.capacity();
        let takes_slot = step.is_paid();
        if capacity.per_minute.is_none() && !takes_slot {
            return Ok(Ok(None));
        }
        let mut told = None;
        for _ in 0..TRIES {
            let (mut pace, revision) = self.account_pace(step.job()).await?;
            let before = pace.clone();
            let taken = match takes_slot {
                true => self.0.ledger.slots_taken(account, now).await?,
                false => 0,
            };
            if pace.asks_for_slots(taken, now) {
                let slots = match told {
                    Some(slots) => slots,
                    // What cannot be read is learnt from refusals.
                    None => provider.slots().await.unwrap_or_default(),
                };
                told = Some(slots);
                pace.learn_slots(slots, now);
            }
            let asking = Asking {
                job: step.job().id(),
                takes_slot,
                settle: self.settling(provider, step).settle,
                per_minute: capacity.per_minute,
                taken,
            };
            let answer = pace.take(asking, now);
            if pace == before || self.keep(step.job(), &pace, revision).await? {
                let slots = pace.slots().filter(|_| takes_slot && !self.0.gates.is_local());
                return Ok(answer.map(|()| slots.map(|most| Slots::new(most, now))));
            }
        }
        Ok(Err(now + Duration::from_secs(1)))
    }

    /// Gives back the turn of a step that was not sent after all.
    pub(super) async fn give_turn_back(&self, step: StepRef<'_>) {
        if step.is_paid() {
            let reason = Reason::new(ErrorKind::Conflict, "not sent");
            let not_sent = SubmitOutcome::Rejected { reason, again_after: None };
            self.note_capacity(step.job(), &not_sent, None).await;
        }
    }

    /// Notes what a call came to. What cannot be noted is learnt again.
    pub(super) async fn note_capacity(
        &self,
        job: &Job,
        outcome: &SubmitOutcome,
        asked: Option<Duration>,
    ) {
        if let Err(error) = self.try_note_capacity(job, outcome, asked).await {
            tracing::debug!(job = %job.id(), %error, "what its account has room for was not noted");
        }
    }

    async fn try_note_capacity(
        &self,
        job: &Job,
        outcome: &SubmitOutcome,
        asked: Option<Duration>,
    ) -> Result<()> {
        for _ in 0..TRIES {
            let now = self.now_for(job);
            let (mut pace, revision) = self.account_pace(job).await?;
            let before = pace.clone();
            // The job itself still counts until its refusal is stored.
            let taken = self.0.ledger.slots_taken(job.account(), now).await?.saturating_sub(1);
            let random = self.0.clock.random();
            pace.came_to(job.id(), outcome, asked, taken, random, now);
            if pace == before || self.keep(job, &pace, revision).await? {
                return Ok(());
            }
        }
        Ok(())
    }

    async fn account_pace(&self, job: &Job) -> Result<(AccountPace, u64)> {
        if let Some(pace) = self.0.gates.local(job.account()) {
            return Ok(pace);
        }
        let gate = self.0.ledger.gate(job.account()).await?;
        // What another version has written differently is learnt anew.
        let read = |gate: &Gate| serde_json::from_str(&gate.state).unwrap_or_default();
        Ok(gate.map_or_else(Default::default, |gate| (read(&gate), gate.revision)))
    }

    async fn keep(&self, job: &Job, pace: &AccountPace, revision: u64) -> Result<bool> {
        if self.0.gates.is_local() {
            return Ok(self.0.gates.keep(job.account(), pace, revision));
        }
        let state = serde_json::to_string(pace).unwrap_or_default();
        let gate = Gate::new(state, revision + 1);
        match self.0.ledger.store_gate(job.account(), &gate).await {
            Err(error) if error.kind() == ErrorKind::Unsupported => {
                Ok(self.0.gates.keep(job.account(), pace, revision))
            }
            stored => stored,
        }
    }

    /// The line in which jobs of an account wait to be sent.
    pub(super) fn line_of(&self, account: &Account) -> Arc<Line> {
        self.0.gates.line(account)
    }
}
