//! `adreel make`: a video with each provider, saved to a folder.

use std::path::{Path, PathBuf};
use std::time::Instant;

use adreel::client::{Client, Downloaded};
use adreel::job::Job;
use adreel::text::{path_from_text, path_to_text};
use adreel::{Account, Stage};
use adreel::{Error, ErrorKind, Medium, Result, VideoRequest};
use futures_util::future::join_all;

use crate::args::MakeArgs;
use crate::commands::plan::plan;
use crate::commands::report;
use crate::commands::route;
use crate::commands::save::{self, FILE, Finished, JobToSave, Saved};
use crate::context::Context;
use crate::exit::Exit;
use crate::output;
use crate::progress::Progress;
use crate::signals;

pub(crate) async fn run(context: &Context, args: &MakeArgs) -> Exit {
    let request = match args.request.request() {
        Ok(request) => request,
        Err(error) => return output::report(&error),
    };
    if args.route {
        return route::run(context, args, &request).await;
    }
    let targets = match prepare(context, args, &request).await {
        Ok(targets) => targets,
        Err(error) => return output::report(&error),
    };
    let progress = Progress::new(context);
    let videos = targets.iter().map(|target| {
        let (request, progress) = (&request, &progress);
        async move {
            let started = Instant::now();
            let result = make(context, args, request, target, progress).await;
            Finished { provider: target.account.provider, result, took: started.elapsed() }
        }
    });
    let Some(results) = signals::unless_interrupted(join_all(videos)).await else {
        return interrupted(context, &targets).await;
    };
    report::print(context, results).await
}

/// A video to be made with one account.
struct Target {
    account: Account,
    path: PathBuf,
    /// The job's key. It follows from what is asked for, so that the same again is the same job.
    key: String,
}

/// Plans every video that is new and looks at every place, before anything is paid.
async fn prepare(
    context: &Context,
    args: &MakeArgs,
    request: &VideoRequest,
) -> Result<Vec<Target>> {
    check_folder(&args.out).await?;
    let folder = std::path::absolute(&args.out).unwrap_or_else(|_| args.out.clone());
    let stem = file_stem(&args.request.name);
    let mut targets = Vec::new();
    for provider in context.providers(&args.request.provider)? {
        let account = context.client.account(provider)?.clone();
        let (generation, key, existing) = place(context, args, request, &account).await?;
        let suffix = match generation {
            0 => String::new(),
            generation => format!("-{}", generation + 1),
        };
        let plan = match &existing {
            Some(job) => job.plan().clone(),
            None => plan(context, &args.request, request, provider).await?,
        };
        let medium = plan.medium();
        let extension = match medium {
            Medium::Picture => "jpg",
            _ => "mp4",
        };
        let path = folder.join(format!("{stem}-{provider}{suffix}.{extension}"));
        check_place(args, &path, medium, existing.as_ref()).await?;
        targets.push(Target { account, path, key });
    }
    Ok(targets)
}

/// How often the request was made before with `--again`, the key to use, and the job that has it:
/// that of the last time, or none yet.
async fn place(
    context: &Context,
    args: &MakeArgs,
    request: &VideoRequest,
    account: &Account,
) -> Result<(u32, String, Option<Job>)> {
    let fingerprint = Client::fingerprint(request).await?;
    let mut last = None;
    for generation in 0u32.. {
        let key = format!("make {}{fingerprint} {generation}", context.namespace);
        match context.client.jobs().find(account, &key).await? {
            Some(job) => last = Some((generation, key, Some(job))),
            None if args.again => return Ok((generation, key, None)),
            None => return Ok(last.unwrap_or((generation, key, None))),
        }
    }
    Err(Error::new(ErrorKind::Conflict, "no generation is free"))
}

/// A file that stands at the place is this job's own, or in the way.
pub(crate) async fn check_place(
    args: &MakeArgs,
    path: &Path,
    medium: Medium,
    existing: Option<&Job>,
) -> Result<()> {
    let may_stand = args.overwrite || existing.is_some_and(|job| is_made_for(job, path));
    for place in Downloaded::places(path, medium) {
        let Ok(facts) = tokio::fs::symlink_metadata(&place).await else { continue };
        if facts.is_dir() || !may_stand {
            let message = format!(
                "{} is already there: move it away, choose another folder, or say --overwrite",
                place.display()
            );
            return Err(Error::new(ErrorKind::Conflict, message).with_field("--out"));
        }
    }
    Ok(())
}

fn is_made_for(job: &Job, place: &Path) -> bool {
    let has_video = matches!(job.stage(), Stage::Rendered | Stage::Done);
    has_video && job.labels().get(FILE).is_some_and(|file| path_from_text(file) == place)
}

/// Makes the folder, and a file in it for a moment, since permissions alone do not tell.
pub(crate) async fn check_folder(folder: &Path) -> Result<()> {
    let unusable = |error: std::io::Error| {
        let message =
            format!("{} cannot be written: {error}; choose another folder", folder.display());
        Error::new(ErrorKind::Io, message).with_field("--out").with_source(error)
    };
    tokio::fs::create_dir_all(folder).await.map_err(unusable)?;
    // A name that nobody foresees, and a file that nobody has made: what a link there leads to
    // stays as it is.
    let random = getrandom::u64().map_err(|error| unusable(std::io::Error::other(error)))?;
    let probe = folder.join(format!(".adreel-{random:016x}.part"));
    let made = tokio::fs::OpenOptions::new().write(true).create_new(true).open(&probe).await;
    made.map_err(unusable)?;
    tokio::fs::remove_file(&probe).await.map_err(unusable)
}

/// Letters and digits of the name with hyphens between, short enough for every file system.
pub(crate) fn file_stem(name: &str) -> String {
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
    target: &Target,
    progress: &Progress,
) -> Saved {
    let provider = target.account.provider;
    let mut order = context.client.generate(request).on(provider).key(&target.key);
    order = order.label(FILE, path_to_text(&target.path));
    for label in &args.label {
        order = order.label(&label.name, &label.value);
    }
    if args.request.strict {
        order = order.strict();
    }
    if let Some(most) = args.request.cap {
        order = order.cap(most);
    }
    let progress = progress.begin(provider);
    let made = async {
        let mut events = order.events().await?;
        let mut id = None;
        while let Some(event) = events.next().await {
            let job = event?.job;
            progress.show(&job);
            id = Some(job.id());
        }
        let missing = || Error::new(ErrorKind::Unavailable, "the job ended without an event");
        let (path, overwrite) = (Some(target.path.clone()), args.overwrite);
        let order = JobToSave { id: id.ok_or_else(missing)?, provider, path, overwrite };
        save::save_made(context, &order, &progress).await
    };
    let made = made.await;
    progress.end();
    made
}

async fn interrupted(context: &Context, targets: &[Target]) -> Exit {
    let jobs = targets.iter().map(async |target| {
        context.client.jobs().find(&target.account, &target.key).await.ok().flatten()
    });
    let ids: Vec<_> = join_all(jobs).await.into_iter().flatten().map(|job| job.id()).collect();
    save::interrupted(context, &ids).await
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
