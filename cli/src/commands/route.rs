//! `make --route`: a single video, from the first provider that makes it.

use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Instant;

use adreel::client::{Attempt, AttemptEnd, Client, RouteError, Routed};
use adreel::job::{Job, Reason};
use adreel::text::path_to_text;
use adreel::{Account, JobId};
use adreel::{Credits, Error, ErrorKind, Medium, ProviderId, Result, VideoRequest};
use serde_json::json;

use crate::args::MakeArgs;
use crate::commands::make::{check_folder, check_place, file_stem};
use crate::commands::report;
use crate::commands::save::{self, FILE, Failure, Finished, JobToSave};
use crate::context::Context;
use crate::exit::Exit;
use crate::output;
use crate::progress::Progress;
use crate::signals;

/// A video to be made by one of several accounts.
struct Target {
    accounts: Vec<Account>,
    path: PathBuf,
    key: String,
}

pub(crate) async fn run(context: &Context, args: &MakeArgs, request: &VideoRequest) -> Exit {
    let target = match prepare(context, args, request).await {
        Ok(target) => target,
        Err(error) => return output::report(&error),
    };
    let under_way = Mutex::new(None);
    let made = signals::unless_interrupted(make(context, args, request, &target, &under_way)).await;
    if let Some(made) = made {
        return report::print(context, vec![made]).await;
    }
    let id: Option<JobId> = *under_way.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    save::interrupted(context, id.as_slice()).await
}

async fn make(
    context: &Context,
    args: &MakeArgs,
    request: &VideoRequest,
    target: &Target,
    under_way: &Mutex<Option<JobId>>,
) -> Finished {
    let started = Instant::now();
    let progress = Progress::new(context);
    let lines: Vec<_> =
        target.accounts.iter().map(|account| progress.begin(account.provider)).collect();
    let show = |job: &Job| {
        *under_way.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(job.id());
        let index = target.accounts.iter().position(|account| account == job.account());
        if let Some(line) = index.and_then(|index| lines.get(index)) {
            line.show(job);
        }
    };
    let route = context.client.route(request).over(target.accounts.clone()).key(&target.key);
    let mut route = route.label(FILE, path_to_text(&target.path));
    for label in &args.label {
        route = route.label(&label.name, &label.value);
    }
    if let Some(most) = args.request.cap {
        route = route.cap(most);
    }
    let (attempts, result) = match route.observe(|event| show(&event.job)).await {
        Ok(Routed { attempts, video, .. }) => (attempts, Ok(video)),
        Err(RouteError { attempts, error, .. }) => (attempts, Err(error)),
    };
    lines.iter().for_each(|line| line.end());
    let passed_over = attempts.iter().filter(|attempt| attempt.end != AttemptEnd::Made);
    passed_over.for_each(|attempt| print_passed_over(context, attempt));
    // An attempt that made the video is the last one.
    let last = attempts.last().map(|attempt| &attempt.account);
    let provider = last.or(target.accounts.first()).map_or(ProviderId::BeatApi, |a| a.provider);
    let made = match result {
        Ok(video) => {
            let path = Some(target.path.clone());
            let order = JobToSave { id: video.job_id(), provider, path, overwrite: args.overwrite };
            save::save_made(context, &order, &progress.begin(provider)).await
        }
        Err(error) => Err(Failure::Making(error)),
    };
    Finished { provider, result: made, took: started.elapsed() }
}

/// Says why an account was passed over, and what that cost.
fn print_passed_over(context: &Context, attempt: &Attempt) {
    let in_words = |reason: &Reason| match &reason.field {
        Some(field) => format!("{field}: {reason}"),
        None => reason.to_string(),
    };
    let reason = attempt.reason.as_ref().map(in_words).unwrap_or_default();
    let provider = attempt.account.provider;
    if context.json {
        output::json(&json!({
            "provider": provider,
            "job": attempt.job,
            "passed_over": attempt.end.to_string(),
            "reason": reason,
            "credits": attempt.cost,
        }));
        return;
    }
    let cost = match attempt.cost {
        zero if zero == Credits::ZERO => "nothing was paid".to_owned(),
        cost => format!("it may cost {}", output::credits(cost)),
    };
    output::note(&format!("{provider:9} {}: {reason}; {cost}", attempt.end));
}

async fn prepare(context: &Context, args: &MakeArgs, request: &VideoRequest) -> Result<Target> {
    check_folder(&args.out).await?;
    let providers = context.providers_in_order(&args.request.provider)?;
    let accounts = providers.into_iter().map(|provider| context.client.account(provider).cloned());
    let accounts = accounts.collect::<Result<Vec<_>>>()?;
    let (generation, key, existing) = place(context, args, request, &accounts).await?;
    let suffix = match generation {
        0 => String::new(),
        generation => format!("-{}", generation + 1),
    };
    let folder = std::path::absolute(&args.out).unwrap_or_else(|_| args.out.clone());
    let path = folder.join(format!("{}{suffix}.mp4", file_stem(&args.request.name)));
    let options = request.creatify.as_ref();
    let medium = match options.is_some_and(|options| options.image_only) {
        true => Medium::Picture,
        false => Medium::Video,
    };
    check_place(args, &path, medium, existing.as_ref()).await?;
    Ok(Target { accounts, path, key })
}

/// How often the request was routed before with `--again`, the key to use, and a job that has it.
async fn place(
    context: &Context,
    args: &MakeArgs,
    request: &VideoRequest,
    accounts: &[Account],
) -> Result<(u32, String, Option<Job>)> {
    let fingerprint = Client::fingerprint(request).await?;
    let mut last = None;
    for generation in 0u32.. {
        let key = format!("route {}{fingerprint} {generation}", context.namespace);
        let mut newest = None;
        for account in accounts {
            newest = context.client.jobs().find(account, &key).await?.or(newest);
        }
        match newest {
            Some(job) => last = Some((generation, key, Some(job))),
            None if args.again => return Ok((generation, key, None)),
            None => return Ok(last.unwrap_or((generation, key, None))),
        }
    }
    Err(Error::new(ErrorKind::Conflict, "no generation is free"))
}
