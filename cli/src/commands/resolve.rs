//! `adreel resolve JOB`: a decision about a held job.

use adreel::client::Resolution;
use adreel::job::Job;
use adreel::{Error, ErrorKind};
use adreel::{JobId, Stage};

use crate::args::{DecisionArgs, ResolveArgs};
use crate::commands::jobs::as_json;
use crate::commands::resolve_all;
use crate::context::Context;
use crate::exit::Exit;
use crate::output;

pub(crate) async fn run(context: &Context, args: &ResolveArgs) -> Exit {
    let resolution = resolution(&args.decision);
    match args.id {
        Some(id) => one(context, id, resolution).await,
        None => resolve_all::run(context, args, resolution).await,
    }
}

fn resolution(decision: &DecisionArgs) -> Resolution {
    match &decision.adopt {
        Some(reference) => Resolution::Adopt(reference.clone()),
        None if decision.resubmit => Resolution::Resubmit,
        None => Resolution::Abandon,
    }
}

async fn one(context: &Context, id: JobId, resolution: Resolution) -> Exit {
    let job = match context.client.jobs().resolve(id, resolution).await {
        Ok(job) => job,
        Err(error) => return refused(context, id, &error).await,
    };
    if context.json {
        output::json(&as_json(&job));
        return Exit::Done;
    }
    output::line(&match job.stage() {
        Stage::Failed => {
            format!("job {id} is given up; what the provider made of it goes on there")
        }
        stage => format!("job {id} is {stage}; go on with: adreel wait {id}"),
    });
    Exit::Done
}

/// Says what speaks against a decision, and what else can be done.
async fn refused(context: &Context, id: JobId, error: &Error) -> Exit {
    let job = match error.kind() {
        ErrorKind::SubmitUnknown => context.client.job(id).await.ok(),
        _ => None,
    };
    let line = output::describe(error);
    output::error(&match job {
        Some(job) => format!("{line}; {}", alternatives(context, &job)),
        None => line,
    });
    Exit::of(error)
}

/// What can be done about a job that may not be sent again.
fn alternatives(context: &Context, job: &Job) -> String {
    let id = job.id();
    let now = context.client.now_for(job);
    let then = match job.slot_until().is_some_and(|until| until > now) {
        true => ", or wait until then",
        false => "",
    };
    format!("look at the provider, then: adreel resolve {id} --adopt REF or --abandon{then}")
}
