//! Waiting for a job and saving its video, the same for `make`, `wait` and `resume`.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::json;

use super::super::context::Context;
use super::super::exit::Exit;
use super::super::output;
use super::super::progress::{Progress, ProviderProgress};
use super::super::signals;
use super::standing;
use super::turns::Turns;
use crate::client::{Downloaded, Video};
use crate::clock::Moment;
use crate::error::{Error, Result};
use crate::job::{Job, JobId, Need, Stage, Step, StepState};
use crate::model::ProviderId;
use crate::request::path;

/// The label that holds the file for a job's video.
pub(in super::super) const FILE: &str = "file";

/// What goes wrong before a video is there, or after.
pub(super) enum Trouble {
    Making(Error),
    Saving(Error),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Making(error)
    }
}

/// A job to be waited for, and where its video goes.
pub(super) struct Order {
    pub(super) id: JobId,
    pub(super) provider: ProviderId,
    /// `None` where only the address is told.
    pub(super) path: Option<PathBuf>,
    pub(super) overwrite: bool,
}

impl Order {
    /// A job as the ledger has it, with the file that it was made for.
    pub(super) fn of(job: &Job) -> Self {
        let path = job.labels().get(FILE).map(|file| path::from_text(file));
        Self { id: job.id(), provider: job.account().provider, path, overwrite: false }
    }
}

/// What became of an order.
pub(super) struct Made {
    pub(super) provider: ProviderId,
    pub(super) result: std::result::Result<(Video, Option<Downloaded>), Trouble>,
    pub(super) took: Duration,
}

/// What the jobs have in common that one command waits for.
pub(super) struct Together {
    progress: Progress,
    /// From when the time limit counts, which is the command's and not each job's.
    begun: Moment,
    turns: Turns,
}

impl Together {
    pub(super) fn new(context: &Context) -> Self {
        let (progress, begun) = (Progress::new(context), context.client.moment());
        Self { progress, begun, turns: Turns::new() }
    }
}

/// Waits for a job and saves its video.
pub(super) async fn finish(context: &Context, order: Order, together: &Together) -> Made {
    let progress = together.progress.begin(order.provider);
    let started = Instant::now();
    let result = wait_and_save(context, &order, together, &progress).await;
    progress.end();
    Made { provider: order.provider, result, took: started.elapsed() }
}

async fn wait_and_save(
    context: &Context,
    order: &Order,
    together: &Together,
    progress: &ProviderProgress,
) -> std::result::Result<(Video, Option<Downloaded>), Trouble> {
    let mut turn = together.turns.turn().await;
    let mut events = context.client.resume(order.id).begun(together.begun).events();
    while let Some(event) = events.next().await {
        drop(turn.take());
        progress.show(&event?.job);
    }
    // Where no event came, its turn is still the one that it began with.
    drop(turn);
    together.turns.within(save_made(context, order, progress)).await
}

/// Saves the video of a job that was waited for. Nothing is sent or waited for any more: whoever
/// comes back to a job that rests has it tried again.
pub(super) async fn save_made(
    context: &Context,
    order: &Order,
    progress: &ProviderProgress,
) -> std::result::Result<(Video, Option<Downloaded>), Trouble> {
    let video = context.client.video(order.id).await?;
    let Some(path) = &order.path else { return Ok((video, None)) };
    if let Some(saved) = saved_before(&video, order, path).await {
        return Ok((video, Some(saved)));
    }
    progress.say("downloading");
    let saved = save(&video, path, order.overwrite).await.map_err(Trouble::Saving)?;
    Ok((video, Some(saved)))
}

/// The file of a job that was saved to it before, so that printing it again needs no network.
async fn saved_before(video: &Video, order: &Order, place: &Path) -> Option<Downloaded> {
    let is_its_own = video.job().stage() == Stage::Done && is_named_by_make(video, place);
    match is_its_own && !order.overwrite {
        true => Downloaded::at(place, video.medium(), video.job().saved()).await,
        false => None,
    }
}

/// Whether the path is the one that `make` has chosen, before it knew what a picture would be.
fn is_named_by_make(video: &Video, path: &Path) -> bool {
    video.job().labels().get(FILE).is_some_and(|file| path::from_text(file) == path)
}

async fn save(video: &Video, path: &Path, overwrite: bool) -> Result<Downloaded> {
    let is_named_by_make = is_named_by_make(video, path);
    let mut download = video.download(path);
    if is_named_by_make {
        download = download.own_extension();
    }
    // What stands there has been compared already, where it is known what should.
    if !(is_named_by_make && video.job().stage() == Stage::Done && video.job().saved().is_some()) {
        download = download.or_same();
    }
    if overwrite { download.overwrite().await } else { download.await }
}

/// Prints what was made, and says how the worst of it ended.
pub(super) async fn print(context: &Context, results: Vec<Made>) -> Exit {
    let mut exit = Exit::Done;
    let mut is_paid = false;
    let mut rows = Vec::new();
    for Made { provider, result, took } in results {
        let (error, how) = match result {
            Ok((video, saved)) => {
                is_paid = true;
                match context.json {
                    true => output::json(&as_json(&video, saved.as_ref(), took)),
                    false => rows.push(row(&video, saved.as_ref(), took)),
                }
                continue;
            }
            Err(Trouble::Making(error)) => (error, None),
            Err(Trouble::Saving(error)) => (error, Some(Exit::NotSaved)),
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
        crate::model::Medium::Picture => "picture".to_owned(),
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
        "file": saved.map(|saved| path::to_text(&saved.path)),
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
    let told = |job: &&Job| needs.is_some() || is_half_paid(job);
    let paid = job.as_ref().filter(told).and_then(standing::paid);
    let next = job.as_ref().filter(|_| context.is_lasting).and_then(|job| next(job, exit));
    if context.json {
        let mut told = output::error_json(&error);
        told["waits_for"] = json!(needs);
        told["paid"] = json!(paid);
        told["next"] = json!(next);
        output::json(&told);
        return exit;
    }
    let mut told = vec![match (&job, needs) {
        // What the error advises is meant for a job that has not begun.
        (Some(job), Some(need)) if exit == Exit::Account => resting(job, need),
        (_, Some(need)) => format!("{}; it waits for {need}", output::describe(&error)),
        _ => output::describe(&error),
    }];
    told.extend(paid.map(|paid| format!("paid already: {paid}")));
    if exit == Exit::NotSaved && context.is_lasting {
        told.extend(job.map(|job| format!("its link: adreel job {} --json", job.id())));
    }
    told.extend(next.map(|next| match next.starts_with("adreel") {
        true => format!("then: {next}"),
        false => next,
    }));
    output::error(&told.join("; "));
    exit
}

/// What a job waits for that somebody has to see to.
fn resting(job: &Job, need: Need) -> String {
    let trouble = job.trouble();
    let operation = trouble.and_then(|trouble| trouble.operation.as_deref()).unwrap_or("job");
    let said = trouble.map(|trouble| format!(": {trouble}")).unwrap_or_default();
    format!("{} {operation}: it waits for {need}{said}", job.account().provider)
}

fn next(job: &Job, exit: Exit) -> Option<String> {
    let id = job.id();
    match exit {
        Exit::NotSaved => Some(format!("adreel wait {id} --out FILE")),
        Exit::StoppedWaiting => Some(format!("adreel job {id}")),
        _ => standing::next(job),
    }
}

/// How long an interrupted command waits for the answers to calls that were sent.
const LAST_ANSWERS: Duration = Duration::from_secs(60);

/// Lets calls that were sent come to their answers. To be asked to end once more ends that too.
async fn last_answers(context: &Context) {
    let answered = tokio::time::timeout(LAST_ANSWERS, context.client.shutdown(Duration::MAX));
    let _ = signals::unless_ended(answered).await;
}

/// Says which jobs go on, and how to come back to them.
pub(super) async fn interrupted(context: &Context, ids: &[JobId]) -> Exit {
    last_answers(context).await;
    for id in ids {
        let Ok(job) = context.client.job(*id).await else { continue };
        if !job.stage().is_over() {
            output::note(&stopped(context, &job));
        }
    }
    Exit::Interrupted
}

fn stopped(context: &Context, job: &Job) -> String {
    let (provider, id) = (job.account().provider, job.id());
    let place = job.provider_ref().map(|place| format!(" as {place}")).unwrap_or_default();
    let goes_on = match job.stage() {
        Stage::Ready => "was not sent".to_owned(),
        _ => format!("goes on{place}"),
    };
    let how = match context.is_lasting {
        true => format!("; come back with: adreel wait {id}"),
        false => ", and is forgotten here".to_owned(),
    };
    format!("{provider}: stopped waiting; job {id} {goes_on}{how}")
}
