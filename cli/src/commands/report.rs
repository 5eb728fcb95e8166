//! What is printed of jobs that were waited for, the same for `make`, `wait` and `resume`.

use std::time::Duration;

use adreel::StepState;
use adreel::client::{Downloaded, Video};
use adreel::job::{Job, Need, Step};
use adreel::text::path_to_text;
use adreel::{Error, Medium, ProviderId};
use serde_json::json;

use crate::commands::save::{Failure, Finished};
use crate::commands::status;
use crate::context::Context;
use crate::exit::Exit;
use crate::output;

/// Prints what was made, and says how the worst of it ended.
pub(crate) async fn print(context: &Context, results: Vec<Finished>) -> Exit {
    let mut exit = Exit::Done;
    let mut is_paid = false;
    let mut rows = Vec::new();
    for Finished { provider, result, took } in results {
        let (error, how) = match result {
            Ok((video, saved)) => {
                is_paid = true;
                match context.json {
                    true => output::json(&as_json(&video, saved.as_ref(), took)),
                    false => rows.push(row(&video, saved.as_ref(), took)),
                }
                continue;
            }
            Err(Failure::Making(error)) => (error, None),
            Err(Failure::Saving(error)) => (error, Some(Exit::NotSaved)),
        };
        let job = match error.job_id() {
            Some(id) => context.client.job(id).await.ok(),
            None => None,
        };
        is_paid |= job.as_ref().is_some_and(Job::may_be_paid);
        exit = exit.max(failed(context, provider, error, job, how));
    }
    output::table(&rows);
    match exit {
        // That says that nothing was paid.
        Exit::Input if is_paid => Exit::Failed,
        exit => exit,
    }
}

fn row(video: &Video, saved: Option<&Downloaded>, took: Duration) -> Vec<String> {
    let secs = saved.and_then(|saved| saved.duration).or(video.duration());
    let medium = match video.medium() {
        Medium::Picture => "picture".to_owned(),
        _ => secs.map_or("? s".to_owned(), |d| format!("{:.1} s", d.as_secs_f64())) + " video",
    };
    let cost = video.cost().map(output::cost);
    let place = saved.map_or_else(|| video.url().to_owned(), |s| s.path.display().to_string());
    vec![
        video.provider().to_string(),
        video.job_id().to_string(),
        place,
        medium,
        cost.unwrap_or_else(|| "cost unknown".to_owned()),
        format!("in {:.1} s", took.as_secs_f64()),
    ]
}

fn as_json(video: &Video, saved: Option<&Downloaded>, took: Duration) -> serde_json::Value {
    let secs = saved.and_then(|saved| saved.duration).or(video.duration());
    json!({
        "provider": video.provider(),
        "job": video.job_id(),
        "provider_ref": video.job().provider_ref().map(|reference| reference.to_string()),
        "file": saved.map(|saved| path_to_text(&saved.path)),
        "url": video.url(),
        "size_bytes": saved.map(|saved| saved.size_bytes),
        "video_secs": secs.map(|duration| duration.as_secs_f64()),
        "credits": video.cost().map(|cost| cost.credits),
        "cost_source": video.cost().map(|cost| cost.source),
        "took_secs": took.as_secs_f64(),
    })
}

/// Prints an error, what was paid for the job that waits, and what to do about it.
fn failed(
    context: &Context,
    provider: ProviderId,
    error: Error,
    job: Option<Job>,
    exit: Option<Exit>,
) -> Exit {
    let exit = exit.unwrap_or_else(|| Exit::of(&error));
    let error = if error.provider().is_none() { error.with_provider(provider) } else { error };
    let needs = job.as_ref().and_then(Job::needs);
    let is_half_paid = |job: &&Job| {
        let is_done = |step: &Step| step.is_paid() && step.state() == StepState::Succeeded;
        job.steps().iter().any(is_done)
    };
    let is_of_interest = |job: &&Job| needs.is_some() || is_half_paid(job);
    let paid = job.as_ref().filter(is_of_interest).and_then(status::paid);
    let next = job.as_ref().filter(|_| context.is_lasting).and_then(|job| next(job, exit));
    if context.json {
        let mut line = output::error_json(&error);
        line["waits_for"] = json!(needs);
        line["paid"] = json!(paid);
        line["next"] = json!(next);
        output::json(&line);
        return exit;
    }
    let mut parts = vec![match (&job, needs) {
        // What the error advises is meant for a job that has not begun.
        (Some(job), Some(need)) if exit == Exit::Account => resting(job, need),
        (_, Some(need)) => format!("{}; it waits for {need}", output::describe(&error)),
        _ => output::describe(&error),
    }];
    parts.extend(paid.map(|paid| format!("paid already: {paid}")));
    if exit == Exit::NotSaved && context.is_lasting {
        parts.extend(job.map(|job| format!("its link: adreel job {} --json", job.id())));
    }
    parts.extend(next.map(|next| match next.starts_with("adreel") {
        true => format!("then: {next}"),
        false => next,
    }));
    output::error(&parts.join("; "));
    exit
}

/// What a job waits for that somebody has to see to.
fn resting(job: &Job, need: Need) -> String {
    let trouble = job.trouble();
    let operation = trouble.and_then(|trouble| trouble.operation.as_deref()).unwrap_or("job");
    let reason = trouble.map(|trouble| format!(": {trouble}")).unwrap_or_default();
    format!("{} {operation}: it waits for {need}{reason}", job.account().provider)
}

fn next(job: &Job, exit: Exit) -> Option<String> {
    let id = job.id();
    match exit {
        Exit::NotSaved => Some(format!("adreel wait {id} --out FILE")),
        Exit::StoppedWaiting => Some(format!("adreel job {id}")),
        _ => status::next(job),
    }
}
