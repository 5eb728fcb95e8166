//! A step together with its job.

use std::ops::Deref;

impl Job {
    /// The step that is being worked on.
    pub(crate) fn current_step(&self) -> Option<StepRef<'_>> {
        self.step(self.current()?)
    }

    /// The step with an index, where there is one.
    pub(crate) fn step(&self, index: usize) -> Option<StepRef<'_>> {
        StepRef::new(self, index)
    }
}

use super::{Job, Step};
use crate::model::Credits;

/// A step of a job, with the job. It cannot point to a step that there is not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StepRef<'a> {
    job: &'a Job,
    index: usize,
    step: &'a Step,
}

impl<'a> StepRef<'a> {
    pub(super) fn new(job: &'a Job, index: usize) -> Option<Self> {
        Some(Self { job, index, step: job.steps.get(index)? })
    }

    pub(crate) fn job(self) -> &'a Job {
        self.job
    }

    /// Its place in the plan.
    pub(crate) fn index(self) -> usize {
        self.index
    }

    /// What it left at the provider.
    pub(crate) fn resource(self) -> Option<&'a str> {
        self.step.resource.as_deref()
    }

    /// Its id at the provider; empty where it has none.
    pub(crate) fn id(self) -> &'a str {
        self.resource().unwrap_or_default()
    }

    /// Every id that the provider gave for it.
    #[cfg(feature = "jogg")]
    pub(crate) fn ids(self) -> impl Iterator<Item = String> {
        let step = self.step;
        let offered = step.offers.iter().map(|offer| &offer.id);
        step.resource.iter().chain(&step.others).chain(offered).cloned()
    }

    /// The steps before it, the last first.
    pub(crate) fn before(self) -> impl Iterator<Item = StepRef<'a>> {
        (0..self.index).rev().filter_map(move |index| Self::new(self.job, index))
    }

    pub(crate) fn previous(self) -> Option<Self> {
        Self::new(self.job, self.index.checked_sub(1)?)
    }

    /// What was chosen of what the step before this one offered.
    pub(crate) fn chosen_before(self) -> Option<&'a str> {
        self.previous()?.step.chosen.as_deref()
    }

    pub(crate) fn is_last(self) -> bool {
        self.index + 1 == self.job.steps.len()
    }

    /// The most that it is expected to cost, once.
    pub(crate) fn price(self) -> Credits {
        let planned = self.job.plan.steps.get(self.index);
        planned.and_then(|planned| planned.credits).unwrap_or_default()
    }

    /// The tag that a provider echoes, by which the step is found after a lost answer. It belongs
    /// to the step, never to an attempt.
    pub(crate) fn tag(self) -> String {
        format!("ar-{}-{}", self.job.id, self.index)
    }
}

impl Deref for StepRef<'_> {
    type Target = Step;

    fn deref(&self) -> &Step {
        self.step
    }
}
