//! What a job spends, entry by entry.

use serde::{Deserialize, Serialize};

use super::{Job, Stage, Step, StepState};
use crate::model::{Credits, Timestamp};

/// One entry of what a job spends. Entries are only ever added, and never change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SpendEvent {
    /// What happened.
    pub kind: SpendKind,
    /// How much, in the credits of the job's provider.
    pub amount: Credits,
    /// When.
    pub at: Timestamp,
    /// The run of the client that it counts for, where one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
}

/// What happened to credits.
///
/// Entries are made by [`apply`](super::apply) alone, in the same write as what they follow from:
///
/// | what the job comes to | its entries |
/// | --- | --- |
/// | its first paid step is about to be sent | reserved: the most that all of its paid steps may cost |
/// | a step is refused for now | none: it keeps what is reserved, to be sent again |
/// | such a step is sent on another day, or for another run | refunded: all; reserved: the same, which counts from then on |
/// | somebody has a step sent again that may exist | reserved: the step's own credits once more |
/// | the one that was sent again is refused | refunded: the same |
/// | it runs, is looked for or held, or waits for somebody | none |
/// | it has its video | settled: what that cost, or the most where nothing tells; refunded: the rest |
/// | it fails before anything was accepted | refunded: all |
/// | it fails after something was accepted | settled: what the provider says that it took (BeatAPI), otherwise the most that the accepted steps may cost; refunded: the rest |
/// | it is lost, or given up while it may exist | settled: the most that what was or may have been accepted may cost; refunded: the rest |
/// | a step may exist more than once | each one counts, with the step's own credits |
/// | an id turns up for a job that was given up | reserved: what is not settled of the most that it may cost |
///
/// The most that a step may cost stands in its [plan](super::PlannedStep::credits). Where a plan's
/// cost is [unknown](super::Confidence::Unknown), that is the most of what is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SpendKind {
    /// Set aside before a call that may cost it.
    Reserved,
    /// Taken in the end. As much of what is reserved is reserved no more.
    Settled,
    /// Reserved and not taken, or settled and found not to be taken after all.
    Refunded,
}

impl SpendKind {
    /// The kind in a word, as it is printed and stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reserved => "reserved",
            Self::Settled => "settled",
            Self::Refunded => "refunded",
        }
    }
}

impl std::fmt::Display for SpendKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl Job {
    /// What it has spent, entry by entry.
    pub fn spending(&self) -> &[SpendEvent] {
        &self.spending
    }

    /// What it counts for against a limit: what is reserved, and what was taken.
    pub fn committed(&self) -> Credits {
        let Books { reserved, settled } = Books::of(&self.spending);
        reserved + settled
    }

    /// What is set aside for it and neither settled nor refunded.
    pub fn reserved(&self) -> Credits {
        Books::of(&self.spending).reserved
    }

    /// What was taken for it, as far as that is known.
    pub fn settled(&self) -> Credits {
        Books::of(&self.spending).settled
    }

    /// When something was last reserved for it.
    pub fn reserved_at(&self) -> Option<Timestamp> {
        self.last_reserved().map(|event| event.at)
    }

    /// The run that its last reservation counts for.
    pub fn run(&self) -> Option<&str> {
        self.last_reserved()?.run.as_deref()
    }

    fn last_reserved(&self) -> Option<&SpendEvent> {
        self.spending.iter().rev().find(|event| event.kind == SpendKind::Reserved)
    }

    /// Takes back what was reserved on another day, or for another run, of a job for which nothing
    /// was accepted yet: what is sent now counts now.
    pub(super) fn reserve_anew(&mut self, run: Option<&str>, now: Timestamp) {
        let Some(last) = self.last_reserved() else { return };
        let is_same =
            last.at.day() == now.day() && run.is_none_or(|run| last.run.as_deref() == Some(run));
        let (amount, run) = (self.reserved(), last.run.clone());
        if !is_same && amount > Credits::ZERO {
            self.spending.push(SpendEvent { kind: SpendKind::Refunded, amount, at: now, run });
        }
    }

    /// Adds the entries that lead from where its books stand to where its state says that they
    /// should.
    pub(super) fn enter(&mut self, run: Option<String>, now: Timestamp) {
        let before = Books::of(&self.spending);
        let after = before.after(self);
        let settled = after.settled.less(before.settled);
        let reserved = before.reserved.less(settled);
        let back = reserved.less(after.reserved) + before.settled.less(after.settled);
        let run = run.or_else(|| self.run().map(str::to_owned));
        for (kind, amount) in [
            (SpendKind::Reserved, after.reserved.less(reserved)),
            (SpendKind::Settled, settled),
            (SpendKind::Refunded, back),
        ] {
            if amount > Credits::ZERO {
                self.spending.push(SpendEvent { kind, amount, at: now, run: run.clone() });
            }
        }
    }
}

/// How a job's credits stand.
#[derive(Clone, Copy)]
struct Books {
    reserved: Credits,
    settled: Credits,
}

impl Books {
    fn of(spending: &[SpendEvent]) -> Self {
        let mut books = Self { reserved: Credits::ZERO, settled: Credits::ZERO };
        for event in spending {
            match event.kind {
                SpendKind::Reserved => books.reserved += event.amount,
                SpendKind::Settled => {
                    books.settled += event.amount;
                    books.reserved = books.reserved.less(event.amount);
                }
                SpendKind::Refunded => {
                    books.settled = books.settled.less(event.amount.less(books.reserved));
                    books.reserved = books.reserved.less(event.amount);
                }
            }
        }
        books
    }

    /// How they should stand by the job's state. The rows of [`SpendKind`]'s table.
    fn after(self, job: &Job) -> Self {
        let paid = || job.steps.iter().enumerate().filter(|(_, step)| step.paid);
        let most = |(index, step): (usize, &Step)| price(job, index).times(copies(step));
        match job.stage {
            Stage::Rendered | Stage::Done => {
                let further = |(index, step): (usize, &Step)| {
                    price(job, index).times(copies(step).saturating_sub(1))
                };
                let settled = match job.cost() {
                    Some(cost) => cost.credits.max(Credits::ZERO) + paid().map(further).sum(),
                    None => paid().map(most).sum(),
                };
                Self { reserved: Credits::ZERO, settled }
            }
            Stage::Failed | Stage::Lost => {
                let taken = paid().map(|(index, step)| taken(step, price(job, index)));
                Self { reserved: Credits::ZERO, settled: taken.sum() }
            }
            _ if paid().any(|(_, step)| is_under_way(step)) => {
                let most: Credits = paid().map(most).sum();
                Self { reserved: most.less(self.settled), settled: self.settled }
            }
            // Nothing was sent yet, or it was refused for now and keeps its place.
            _ => self,
        }
    }
}

/// The most that a step is expected to cost, once.
fn price(job: &Job, step: usize) -> Credits {
    job.plan.steps.get(step).and_then(|planned| planned.credits).unwrap_or_default()
}

/// Whether a paid step was sent and not refused, so that it may cost something.
fn is_under_way(step: &Step) -> bool {
    !matches!(step.state, StepState::Ready | StepState::Failed) || may_exist(step)
}

fn may_exist(step: &Step) -> bool {
    step.resource.is_some() || (step.doubt.is_some() && step.attempt > 0)
}

/// How often a step is to be reckoned with: at least once, and as often as it may exist.
fn copies(step: &Step) -> u32 {
    let known = step.resource.iter().count() + step.others.len();
    let sent = if step.state == StepState::Ready { step.again } else { step.again + 1 };
    u32::try_from(known).unwrap_or(u32::MAX).max(sent).max(1)
}

/// What a step of a job that came to nothing has taken.
fn taken(step: &Step, price: Credits) -> Credits {
    if !may_exist(step) {
        return Credits::ZERO;
    }
    step.taken.unwrap_or(price).max(Credits::ZERO) + price.times(copies(step) - 1)
}

#[cfg(test)]
#[path = "spend_tests.rs"]
mod tests;
