//! `adreel wait` and `adreel resume`: coming back to jobs.

use adreel::JobId;
use adreel::job::Job;
use adreel::{Error, ErrorKind, Result};
use futures_util::FutureExt as _;
use futures_util::future::join_all;

use crate::args::{ResumeArgs, WaitArgs};
use crate::commands::report;
use crate::commands::save::{self, JobToSave, Shared};
use crate::context::Context;
use crate::exit::Exit;
use crate::output;
use crate::signals;

/// Waits for the jobs that were named.
pub(crate) async fn wait(context: &Context, args: &WaitArgs) -> Exit {
    if args.out.is_some() && args.ids.len() > 1 {
        let message = "one file takes one video: name one job";
        return output::report(&Error::new(ErrorKind::InvalidRequest, message).with_field("--out"));
    }
    let jobs = join_all(args.ids.iter().map(|id| context.client.job(*id))).await;
    let jobs = match jobs.into_iter().collect::<Result<Vec<Job>>>() {
        Ok(jobs) => jobs,
        Err(error) => return output::report(&error),
    };
    let jobs_to_save = jobs.iter().map(|job| {
        let mut to_save = JobToSave::of(job);
        if let Some(out) = &args.out {
            to_save.path = Some(out.clone());
        }
        to_save
    });
    finish(context, jobs_to_save.collect(), Exit::Done).await
}

/// Waits for everything that is open in the ledger.
pub(crate) async fn run(context: &Context, args: &ResumeArgs) -> Exit {
    if args.after_restore {
        match context.client.jobs().hold_restored().await {
            Ok(held) => context.note(&restored(held.len())),
            Err(error) => return output::report(&error),
        }
    }
    let listed = match context.client.jobs().open().await {
        Ok(listed) => listed,
        Err(error) => return output::report(&error),
    };
    let mut exit = Exit::Done;
    let mut jobs_to_save = Vec::new();
    for job in listed {
        match job {
            // The ledger may be shared with clients that have other accounts.
            Ok(job) if !context.client.accounts().iter().any(|account| account.has(&job)) => {
                let account = job.account();
                let (provider, realm) = (account.provider, &account.realm);
                context.note(&format!(
                    "job {} is left alone: it belongs to the account {} of {provider} at {realm}, \
                     which keys with {}_BASE_URL={realm} reach",
                    job.id(),
                    account.name,
                    provider.as_str().to_uppercase(),
                ));
            }
            Ok(job) => jobs_to_save.push(JobToSave::of(&job)),
            Err(error) => exit = exit.max(output::report(&error)),
        }
    }
    if jobs_to_save.is_empty() && exit == Exit::Done {
        context.note("nothing is open");
    }
    finish(context, jobs_to_save, exit).await
}

fn restored(held: usize) -> String {
    let jobs = if held == 1 { "job is" } else { "jobs are" };
    format!("{held} {jobs} held, because the ledger was restored; what is found goes on")
}

async fn finish(context: &Context, jobs_to_save: Vec<JobToSave>, exit: Exit) -> Exit {
    let shared = Shared::new(context);
    let ids: Vec<JobId> = jobs_to_save.iter().map(|to_save| to_save.id).collect();
    let made =
        jobs_to_save.into_iter().map(|to_save| save::finish(context, to_save, &shared).boxed());
    let Some(results) = signals::unless_interrupted(join_all(made)).await else {
        return save::interrupted(context, &ids).await;
    };
    report::print(context, results).await.max(exit)
}
