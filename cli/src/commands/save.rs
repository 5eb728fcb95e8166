//! Waiting for a job and saving its video, the same for `make`, `wait` and `resume`.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use adreel::client::{Downloaded, Video};
use adreel::clock::Moment;
use adreel::job::Job;
use adreel::text::path_from_text;
use adreel::{Error, ProviderId, Result};
use adreel::{JobId, Stage};

use crate::commands::permits::Permits;
use crate::context::Context;
use crate::exit::Exit;
use crate::output;
use crate::progress::{Progress, ProviderProgress};
use crate::signals;

/// The label that holds the file for a job's video.
pub(crate) const FILE: &str = "file";

/// A finished video and its file, or what went wrong.
pub(crate) type Saved = Result<(Video, Option<Downloaded>), Failure>;

/// What goes wrong before a video is there, or after.
pub(crate) enum Failure {
    Making(Error),
    Saving(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Making(error)
    }
}

/// A job to be waited for, and where its video goes.
pub(crate) struct JobToSave {
    pub(crate) id: JobId,
    pub(crate) provider: ProviderId,
    /// `None` where only the address is printed.
    pub(crate) path: Option<PathBuf>,
    pub(crate) overwrite: bool,
}

impl JobToSave {
    /// A job as the ledger has it, with the file that it was made for.
    pub(crate) fn of(job: &Job) -> Self {
        let path = job.labels().get(FILE).map(|file| path_from_text(file));
        Self { id: job.id(), provider: job.account().provider, path, overwrite: false }
    }
}

/// What became of a job that was waited for.
pub(crate) struct Finished {
    pub(crate) provider: ProviderId,
    pub(crate) result: Saved,
    pub(crate) took: Duration,
}

/// What all jobs share that one command waits for.
pub(crate) struct Shared {
    progress: Progress,
    /// From when the time limit counts, which is the command's and not each job's.
    begun: Moment,
    permits: Permits,
}

impl Shared {
    pub(crate) fn new(context: &Context) -> Self {
        let (progress, begun) = (Progress::new(context), context.client.moment());
        Self { progress, begun, permits: Permits::new() }
    }
}

/// Waits for a job and saves its video.
pub(crate) async fn finish(context: &Context, to_save: JobToSave, shared: &Shared) -> Finished {
    let progress = shared.progress.begin(to_save.provider);
    let started = Instant::now();
    let result = wait_and_save(context, &to_save, shared, &progress).await;
    progress.end();
    Finished { provider: to_save.provider, result, took: started.elapsed() }
}

async fn wait_and_save(
    context: &Context,
    to_save: &JobToSave,
    shared: &Shared,
    progress: &ProviderProgress,
) -> Saved {
    let mut permit = shared.permits.permit().await;
    let mut events = context.client.resume(to_save.id).begun(shared.begun).events();
    while let Some(event) = events.next().await {
        drop(permit.take());
        progress.show(&event?.job);
    }
    // Where no event came, its permit is still the one that it began with.
    drop(permit);
    shared.permits.within(save_made(context, to_save, progress)).await
}

/// Saves the video of a job that was waited for. Nothing is sent or waited for any more: whoever
/// comes back to a job that rests has it tried again.
pub(crate) async fn save_made(
    context: &Context,
    to_save: &JobToSave,
    progress: &ProviderProgress,
) -> Saved {
    let video = context.client.video(to_save.id).await?;
    let Some(path) = &to_save.path else { return Ok((video, None)) };
    if let Some(saved) = saved_before(&video, to_save, path).await {
        return Ok((video, Some(saved)));
    }
    progress.say("downloading");
    let saved = save(&video, path, to_save.overwrite).await.map_err(Failure::Saving)?;
    Ok((video, Some(saved)))
}

/// The file of a job that was saved to it before, so that printing it again needs no network.
async fn saved_before(video: &Video, to_save: &JobToSave, place: &Path) -> Option<Downloaded> {
    let is_its_own = video.job().stage() == Stage::Done && is_named_by_make(video, place);
    match is_its_own && !to_save.overwrite {
        true => video.saved_at(place).await,
        false => None,
    }
}

/// Whether the path is the one that `make` has chosen, before it knew what a picture would be.
fn is_named_by_make(video: &Video, path: &Path) -> bool {
    video.job().labels().get(FILE).is_some_and(|file| path_from_text(file) == path)
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

/// How long an interrupted command waits for the answers to calls that were sent.
const LAST_ANSWERS: Duration = Duration::from_secs(60);

/// Lets calls that were sent come to their answers. To be asked to end once more ends that too.
async fn last_answers(context: &Context) {
    let answered = tokio::time::timeout(LAST_ANSWERS, context.client.shutdown(Duration::MAX));
    let _ = signals::unless_interrupted(answered).await;
}

/// Says which jobs go on, and how to come back to them.
pub(crate) async fn interrupted(context: &Context, ids: &[JobId]) -> Exit {
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
