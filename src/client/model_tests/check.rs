//! What must hold at every moment, and what must hold in the end.

use std::collections::VecDeque;
use std::sync::PoisonError;
use std::time::Duration;

use super::service::{made_of, tells_of};
use super::walk::Walk;
use super::world::{Kind, Seen};
use crate::error::ErrorKind;
use crate::job::{Job, Need, Stage, StepState};
use crate::ledger::{JobQuery, Ledger as _, SpendScope};
use crate::model::Credits;

const MINUTE: Duration = Duration::from_secs(60);

/// How many calls a minute an account may see beyond what its jobs' schedule asks for.
const CALLS_PER_MINUTE: usize = 60;

/// How often the status of a job is read in a minute at the most.
const READS_PER_MINUTE: usize = 11;

/// How often a task may wake within a second.
const WAKES_PER_SECOND: usize = 10;

impl Walk {
    pub(super) async fn check(&mut self) {
        self.check_waits().await;
        let jobs = self.world.ledger.list(&JobQuery::all()).await.unwrap();
        let jobs: Vec<Job> = jobs.into_iter().map(Result::unwrap).collect();
        let now = self.world.now();
        {
            let mut seen = self.world.seen();
            seen.services.iter_mut().for_each(|service| service.arrive(now));
            let wrong: Vec<_> = jobs.iter().flat_map(|job| seen.of_job(job)).collect();
            seen.wrong.extend(wrong);
        }
        self.check_totals(&jobs).await;
        self.fail_on_wrong(&jobs);
    }

    fn fail_on_wrong(&self, jobs: &[Job]) {
        let seen = self.world.seen();
        if let Some(wrong) = seen.wrong.first() {
            let rows: Vec<_> = jobs.iter().map(|job| job.to_stored_state().unwrap()).collect();
            panic!("{wrong}\n{}\n{}", seen.told.join("\n"), rows.join("\n"));
        }
    }

    async fn check_waits(&mut self) {
        let now = self.world.now();
        let mut going = Vec::new();
        for waiting in std::mem::take(&mut self.waiting) {
            if waiting.task.is_finished() {
                if let Err(error) = waiting.task.await {
                    self.world.wrong(format!("{} ended by {error}", waiting.what));
                }
                continue;
            }
            if now > waiting.until {
                self.world.wrong(format!("it does not end: {}", waiting.what));
            }
            going.push(waiting);
        }
        self.waiting = going;
    }

    async fn check_totals(&self, jobs: &[Job]) {
        for kind in Kind::ALL {
            let account = self.actors[0].client.account(kind.provider()).unwrap();
            let now = self.world.now();
            for scope in
                [SpendScope::Account, SpendScope::Run("walk".to_owned()), SpendScope::Day(now)]
            {
                let total = self.world.ledger.committed(account, &scope).await.unwrap();
                let counted = jobs.iter().filter(|job| job.account() == account);
                let counted = counted.filter(|job| scope.counts(job)).map(Job::committed);
                let sum: Credits = counted.sum();
                if total != sum {
                    self.world.wrong(format!("{scope:?} is {total}, and its rows are {sum}"));
                }
            }
        }
    }

    pub(super) async fn check_end(&mut self) {
        let jobs = self.world.ledger.list(&JobQuery::all()).await.unwrap();
        let jobs: Vec<Job> = jobs.into_iter().map(Result::unwrap).collect();
        let now = self.world.now();
        let mut wrong = Vec::new();
        {
            let mut seen = self.world.seen();
            for job in &jobs {
                wrong.extend(seen.at_rest(job, now));
            }
            wrong.extend(seen.too_many_calls(jobs.len()));
        }
        let clock = &self.world.clock;
        let sleeps = clock.sleeps.lock().unwrap_or_else(PoisonError::into_inner);
        let most = sleeps.values().map(|times| most_within(Duration::from_secs(1), times)).max();
        if most.unwrap_or_default() > WAKES_PER_SECOND {
            wrong.push(format!("a task woke {most:?} times within a second"));
        }
        drop(sleeps);
        self.world.seen().wrong.extend(wrong);
        self.fail_on_wrong(&jobs);
    }
}

impl Seen {
    /// What is wrong with a job's row, beside what its provider has of it.
    fn of_job(&self, job: &Job) -> Vec<String> {
        let mut wrong = Vec::new();
        let records = &self.services[Kind::of(job.account().provider) as usize].records;
        for (index, step) in job.steps().iter().enumerate() {
            let allowed = self.allowed.get(&(job.id(), index)).copied().unwrap_or_default();
            let made = made_of(records, job.id(), index);
            if made > 1 + allowed {
                wrong.push(format!("{} step {index} was paid {made} times", job.id()));
            }
            let own = records.iter().filter(|record| record.step == (job.id(), index));
            if own.into_iter().any(|record| !tells_of(step, record)) {
                wrong.push(format!("{} step {index} was accepted and forgotten", job.id()));
            }
        }
        let is_half_paid = job.current().is_some_and(|current| {
            job.steps()[..current].iter().any(|step| step.is_paid() && step.resource().is_some())
        });
        let kind = job.trouble().map_or(ErrorKind::JobFailed, |trouble| trouble.kind);
        if is_half_paid
            && job.stage() == Stage::Failed
            && Need::of(kind).is_some()
            && !self.abandoned.contains(&job.id())
        {
            wrong.push(format!("{} was half paid and failed by {kind:?}", job.id()));
        }
        wrong
    }

    /// What is wrong with a job that was gone on with while nothing went wrong.
    fn at_rest(&mut self, job: &Job, now: crate::model::Timestamp) -> Option<String> {
        let provider = job.account().provider;
        for ((id, index), resource, life) in self.given.iter().filter(|given| given.0.0 == job.id())
        {
            let step = &job.steps()[*index];
            let is_kept = step.resource() == Some(resource) || step.others().contains(resource);
            if !is_kept && !life.is_gone() {
                return Some(format!("{id} step {index} was given {resource}, which is not kept"));
            }
        }
        let index = job.current()?;
        let step = &job.steps()[index];
        let is_planted = self.planted.contains(&(job.id(), index));
        if !job.stage().is_over()
            && !is_planted
            && matches!(step.state(), StepState::Submitting | StepState::Unknown)
        {
            return Some(format!("{} does not come to rest: {}", job.id(), job.stage()));
        }
        if provider == crate::ProviderId::BeatApi || step.state() != StepState::Uncertain {
            return None;
        }
        let shown = self.service(provider).of_step((job.id(), index), super::double::KEYS[0]);
        let is_shown = shown.iter().any(|record| record.listed_from + MINUTE * 20 <= now);
        is_shown.then(|| format!("{} is held, and its list shows it", job.id()))
    }

    fn too_many_calls(&self, jobs: usize) -> Option<String> {
        let most = CALLS_PER_MINUTE + READS_PER_MINUTE * jobs;
        Kind::ALL.into_iter().find_map(|kind| {
            let calls = self.calls.iter().filter(|(_, provider)| *provider == kind.provider());
            let times: Vec<_> = calls.map(|(at, _)| at.since(Default::default())).collect();
            let seen = most_within(MINUTE, &times);
            (seen > most).then(|| format!("{kind:?} saw {seen} calls in a minute"))
        })
    }
}

/// The most of these times, which are in order, that lie within as long.
fn most_within(length: Duration, times: &[Duration]) -> usize {
    let mut window = VecDeque::new();
    let within = times.iter().map(|at| {
        window.push_back(*at);
        while *at - window[0] >= length {
            window.pop_front();
        }
        window.len()
    });
    within.max().unwrap_or_default()
}
