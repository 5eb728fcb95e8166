use super::super::args::ResolveArgs;
use super::super::context::Context;
use super::super::exit::Exit;
use super::super::output;
use super::jobs::as_json;
use crate::client::Resolution;
use crate::job::Stage;

pub(in super::super) async fn run(context: &Context, args: &ResolveArgs) -> Exit {
    let resolution = match &args.decision.adopt {
        Some(reference) => Resolution::Adopt(reference.clone()),
        None if args.decision.resubmit => Resolution::Resubmit,
        None => Resolution::Abandon,
    };
    let job = match context.client.jobs().resolve(args.id, resolution).await {
        Ok(job) => job,
        Err(error) => return output::report(&error),
    };
    if context.json {
        output::json(&as_json(&job));
        return Exit::Done;
    }
    let id = job.id();
    output::line(&match job.stage() {
        Stage::Failed => {
            format!("job {id} is given up; what the provider made of it goes on there")
        }
        stage => format!("job {id} is {stage}; go on with: adreel wait {id}"),
    });
    Exit::Done
}
