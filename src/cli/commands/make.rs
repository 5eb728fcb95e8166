use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;

use super::super::args::MakeArgs;
use super::super::context::Context;
use super::super::exit::Exit;
use super::super::output;
use super::super::progress::{Progress, ProviderProgress};
use super::plan::plans;
use crate::client::{Downloaded, Video};
use crate::error::{Error, ErrorKind, Result};
use crate::job::{Job, Stage};
use crate::model::{ProviderId, VideoRequest};

pub(in super::super) async fn run(context: &Context, args: &MakeArgs) -> Exit {
    let request = match args.request.request() {
        Ok(request) => request,
        Err(error) => return output::report(&error),
    };
    let targets = match prepare(context, args, &request).await {
        Ok(targets) => targets,
        Err(error) => return output::report(&error),
    };
    let progress = Progress::new(context);
    let open = OpenJobs::default();
    let videos = targets.iter().map(|(provider, path)| {
        let progress = progress.begin(*provider);
        let open = open.clone();
        let request = &request;
        async move {
            let started = Instant::now();
            let made = make(context, args, request, *provider, path, &progress, &open).await;
            progress.end();
            (*provider, made, started.elapsed())
        }
    });
    let results = tokio::select! {
        results = join_all(videos) => results,
        _ = tokio::signal::ctrl_c() => return interrupted(&open),
    };
    print(context, results)
}

/// Plans every video and looks at every place, before anything is paid.
async fn prepare(
    context: &Context,
    args: &MakeArgs,
    request: &VideoRequest,
) -> Result<Vec<(ProviderId, PathBuf)>> {
    let plans = plans(context, &args.request, request).await?;
    check_folder(&args.out).await?;
    let stem = file_stem(&args.request.name);
    let mut targets = Vec::new();
    for plan in plans {
        let provider = plan.account.provider;
        let path = args.out.join(format!("{stem}-{provider}.mp4"));
        if let Ok(facts) = tokio::fs::symlink_metadata(&path).await
            && (facts.is_dir() || !args.overwrite)
        {
            let message = format!(
                "{} is already there: move it away, choose another folder, or say --overwrite",
                path.display()
            );
            return Err(Error::new(ErrorKind::Conflict, message).with_field("--out"));
        }
        targets.push((provider, path));
    }
    Ok(targets)
}

/// Makes the folder, and a file in it for a moment, since permissions alone do not tell.
async fn check_folder(folder: &Path) -> Result<()> {
    let unusable = |error: std::io::Error| {
        let message =
            format!("{} cannot be written: {error}; choose another folder", folder.display());
        Error::new(ErrorKind::Io, message).with_field("--out").with_source(error)
    };
    tokio::fs::create_dir_all(folder).await.map_err(unusable)?;
    let probe = folder.join(format!(".adreel-{}.part", std::process::id()));
    tokio::fs::write(&probe, b"").await.map_err(unusable)?;
    tokio::fs::remove_file(&probe).await.map_err(unusable)
}

/// Letters and digits of the name with hyphens between, short enough for every file system.
fn file_stem(name: &str) -> String {
    let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let mut stem = words.collect::<Vec<_>>().join("-").to_lowercase();
    while stem.len() > 80 {
        stem.pop();
    }
    let stem = stem.trim_end_matches('-');
    if stem.is_empty() { "video".to_owned() } else { stem.to_owned() }
}

async fn make(
    context: &Context,
    args: &MakeArgs,
    request: &VideoRequest,
    provider: ProviderId,
    path: &Path,
    progress: &ProviderProgress,
    open: &OpenJobs,
) -> Result<(Video, Downloaded)> {
    let mut order = context.client.generate(request).on(provider);
    if args.request.strict {
        order = order.strict();
    }
    let mut events = order.events().await?;
    let mut id = None;
    while let Some(event) = events.next().await {
        let job = event?.job;
        progress.show(&job);
        id = Some(job.id());
        open.update(job);
    }
    let missing = || Error::new(ErrorKind::Unavailable, "the job ended without an event");
    let video = context.client.resume(id.ok_or_else(missing)?).await?;
    progress.say("downloading");
    let download = video.download(path);
    let saved = if args.overwrite { download.overwrite().await? } else { download.await? };
    open.close(&video);
    Ok((video, saved))
}

type Made = (ProviderId, Result<(Video, Downloaded)>, Duration);

fn print(context: &Context, results: Vec<Made>) -> Exit {
    let mut exit = Exit::Done;
    let mut rows = Vec::new();
    for (provider, made, took) in results {
        match made {
            Ok((video, saved)) if context.json => output::json(&as_json(&video, &saved, took)),
            Ok((video, saved)) => rows.push(row(&video, &saved, took)),
            Err(error) => {
                exit = exit.max(failed(context, provider, error));
            }
        }
    }
    output::table(&rows);
    exit
}

fn row(video: &Video, saved: &Downloaded, took: Duration) -> Vec<String> {
    let secs = saved.duration.or(video.duration());
    let secs = secs.map_or("? s".to_owned(), |d| format!("{:.1} s", d.as_secs_f64()));
    let cost = video.cost().map(|cost| output::credits(cost.credits));
    vec![
        video.provider().to_string(),
        video.job_id().to_string(),
        saved.path.display().to_string(),
        format!("{secs} video"),
        cost.unwrap_or_else(|| "cost unknown".to_owned()),
        format!("in {:.1} s", took.as_secs_f64()),
    ]
}

fn as_json(video: &Video, saved: &Downloaded, took: Duration) -> serde_json::Value {
    json!({
        "provider": video.provider(),
        "job": video.job_id(),
        "provider_ref": video.job().provider_ref().map(|reference| reference.to_string()),
        "file": saved.path,
        "size_bytes": saved.size_bytes,
        "video_secs": saved.duration.or(video.duration()).map(|duration| duration.as_secs_f64()),
        "credits": video.cost().map(|cost| cost.credits),
        "cost_source": video.cost().map(|cost| cost.source),
        "took_secs": took.as_secs_f64(),
    })
}

fn failed(context: &Context, provider: ProviderId, error: Error) -> Exit {
    if context.json {
        output::json(&json!({
            "provider": provider,
            "job": error.job_id(),
            "error": {
                "kind": error.kind(),
                "message": output::describe(&error),
                "field": error.field(),
                "status": error.status(),
                "code": error.code(),
                "request_id": error.request_id(),
            },
        }));
        return Exit::of(&error);
    }
    let error = if error.provider().is_none() { error.with_provider(provider) } else { error };
    output::report(&error)
}

/// What is under way, for whoever interrupts it.
#[derive(Clone, Default)]
struct OpenJobs(Arc<Mutex<Vec<Job>>>);

impl OpenJobs {
    fn jobs(&self) -> std::sync::MutexGuard<'_, Vec<Job>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn update(&self, job: Job) {
        let mut jobs = self.jobs();
        jobs.retain(|known| known.id() != job.id());
        jobs.push(job);
    }

    fn close(&self, video: &Video) {
        self.jobs().retain(|known| known.id() != video.job_id());
    }
}

fn interrupted(open: &OpenJobs) -> Exit {
    for job in open.jobs().iter().filter(|job| job.stage() != Stage::Ready) {
        let provider = job.account().provider;
        let known = job.provider_ref().map_or_else(
            || "it may have been accepted: look for it at the provider".to_owned(),
            |reference| format!("there it is {reference}"),
        );
        output::note(&format!("{provider}: stopped waiting; job {} goes on, {known}", job.id()));
    }
    Exit::Interrupted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_are_short_and_plain() {
        assert_eq!(file_stem("Morning Roast"), "morning-roast");
        assert_eq!(file_stem("../../etc/passwd"), "etc-passwd");
        assert_eq!(file_stem("☕"), "video");
        assert_eq!(file_stem("早安咖啡"), "早安咖啡");
        assert!(file_stem(&"咖".repeat(200)).len() <= 80);
    }
}
