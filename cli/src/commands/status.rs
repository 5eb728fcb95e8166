//! How a job stands: what it waits for, what was paid for it, and what to do next.

use adreel::Credits;
use adreel::job::{Evidence, Job, Need, Reach};
use adreel::{Stage, StepState};

use crate::args::age;
use crate::context::Context;
use crate::output;

/// What a job waits for, in a few words; empty where it waits for nothing but its provider.
pub(crate) fn waits_for(context: &Context, job: &Job) -> String {
    if let Some(since) = job.held_since() {
        let held = age::short(context.client.now_for(job).since(since));
        return format!("held {held}, {}", short(evidence(job)));
    }
    match job.stage() {
        Stage::NeedsAction if job.offers().is_some() => "a choice".to_owned(),
        Stage::NeedsAction => "an act at the provider".to_owned(),
        _ => job.needs().map(|need| need.to_string()).unwrap_or_default(),
    }
}

/// What was seen in the last look for a held job.
pub(crate) fn evidence(job: &Job) -> Option<&Evidence> {
    job.held_since()?;
    job.steps().iter().find(|step| step.state() != StepState::Succeeded)?.evidence()
}

fn short(evidence: Option<&Evidence>) -> &'static str {
    let Some(evidence) = evidence else { return "not looked for" };
    match evidence.survey.as_ref().map(|survey| &survey.reach) {
        None => "look failed",
        Some(Reach::Never(_)) => "no look tells",
        _ if !evidence.by_same_keys => "by other keys",
        Some(Reach::PresenceOnly(_)) => "not listed",
        Some(Reach::Whole) => "whole look",
        Some(_) => "partial look",
    }
}

/// Which paid steps the provider has accepted, and for how much.
pub(crate) fn paid(job: &Job) -> Option<String> {
    let steps = job.steps().iter().zip(&job.plan().steps);
    let paid: Vec<_> =
        steps.filter(|(step, _)| step.is_paid() && step.resource().is_some()).collect();
    let price: Credits = paid.iter().filter_map(|(_, planned)| planned.credits).sum();
    let names: Vec<_> = paid
        .iter()
        .map(|(step, _)| format!("{} {}", step.operation(), step.resource().unwrap_or_default()))
        .collect();
    let names = names.join(" and ");
    match (names.is_empty(), price == Credits::ZERO) {
        (true, _) => None,
        (false, true) => Some(names),
        (false, false) => Some(format!("{names} for at most {}", output::credits(price))),
    }
}

/// What to do so that a job goes on; `None` where nothing is to be done.
pub(crate) fn next(job: &Job) -> Option<String> {
    let id = job.id();
    let wait = format!("adreel wait {id}");
    if let Some(need) = job.needs() {
        return Some(match need {
            Need::Keys => format!("set keys that work, then: {wait}"),
            Need::Credits => format!("add credits to the account, then: {wait}"),
            Need::Plan => format!("see to the account's plan or the key's rights, then: {wait}"),
            Need::Cap => "the same adreel make again with a higher --cap".to_owned(),
            _ => wait,
        });
    }
    match job.stage() {
        Stage::Uncertain if job.is_beyond_proof() => {
            Some(format!("adreel resolve {id} --adopt REF or --abandon"))
        }
        Stage::Uncertain => {
            Some(format!("adreel resolve {id} --adopt REF, --resubmit or --abandon"))
        }
        Stage::Failed if job.may_be_paid() => {
            Some("the same adreel make with --again, for a new job".to_owned())
        }
        Stage::NeedsAction if job.offers().is_some() => {
            Some(format!("adreel job {id} --choose OFFER, then: {wait}"))
        }
        Stage::NeedsAction => Some(format!("act at the provider, then: {wait}")),
        stage if !stage.is_over() => Some(wait),
        _ => None,
    }
}

/// Where a job is in its plan, and what goes on there.
pub(crate) fn progress(job: &Job) -> String {
    let steps = job.steps();
    let done = steps.iter().filter(|step| step.state() == StepState::Succeeded).count();
    let step = steps.get(done);
    let operation = step.map_or("", |step| step.operation());
    let runs = step.is_some_and(|step| step.state() == StepState::Running);
    let place = format!("step {} of {}: {operation}", (done + 1).min(steps.len()), steps.len());
    let status = job.status().filter(|_| runs);
    match (job.stage(), status, job.trouble()) {
        (Stage::Rendered | Stage::Done, ..) => "video ready".to_owned(),
        (Stage::Running, Some(status), None) => format!("{place}, {status}"),
        (Stage::Uncertain, ..) => format!("{place}, held: it may have been paid for"),
        (Stage::NeedsAction, ..) => format!("{place}, waits for somebody to choose or to act"),
        (Stage::Lost, ..) => format!("{place}, lost: the provider no longer knows it"),
        (Stage::Failed, ..) => format!("{place}, failed"),
        (Stage::Submitting, _, Some(trouble)) => format!("{place}, {trouble}; looking for it"),
        (_, _, Some(trouble)) => match job.needs() {
            Some(need) => format!("{place}, waits for {need}: {trouble}"),
            None => format!("{place}, {trouble}; trying again"),
        },
        (stage, ..) => format!("{place}, {stage}"),
    }
}
