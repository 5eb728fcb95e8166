//! `resolve --all`: a list of what would be sent and what that may cost, and then the deciding.

use std::io::IsTerminal as _;

use adreel::Result;
use adreel::client::{HeldJob, Resolution, ResolvePlan, Resolved, Verdict};
use serde_json::{Value, json};

use crate::args::ResolveArgs;
use crate::args::age::{self, Age};
use crate::context::Context;
use crate::exit::Exit;
use crate::output;

pub(crate) async fn run(context: &Context, args: &ResolveArgs, resolution: Resolution) -> Exit {
    let mut plan = match plan(context, args, resolution.clone()).await {
        Ok(plan) => plan,
        Err(error) => return output::report(&error),
    };
    let unread = plan.unread().iter().map(output::report).max().unwrap_or(Exit::Done);
    if plan.jobs().is_empty() {
        context.note("no such job is held");
        return unread;
    }
    if !context.json {
        plan.jobs().iter().for_each(|held| list(context, held, &resolution));
        output::line(&summary(&plan, &resolution));
    }
    if args.dry_run {
        if context.json {
            plan.jobs().iter().for_each(|held| output::json(&as_json(held, &resolution)));
        }
        return unread;
    }
    let is_anything = plan.jobs().iter().any(|held| held.verdict == Verdict::Resolve);
    if is_anything && !args.yes && !is_confirmed(context, &plan, &resolution) {
        output::note("nothing was decided");
        return Exit::Interrupted;
    }
    decide(context, &mut plan, &resolution).await.max(unread)
}

async fn plan(
    context: &Context,
    args: &ResolveArgs,
    resolution: Resolution,
) -> Result<ResolvePlan> {
    let mut all = context.client.jobs().resolve_all(resolution);
    if args.not_found {
        all = all.not_found();
    }
    if let Some(Age(time)) = args.older_than {
        all = all.older_than(time);
    }
    all.plan().await
}

/// Prints a job, and what would become of it.
fn list(context: &Context, held: &HeldJob, resolution: &Resolution) {
    let (id, provider) = (held.job.id(), held.job.account().provider);
    let age = age::in_words(context.client.now_for(&held.job).since(held.held_since));
    let name = output::shortened(&held.job.request().product.name, NAME);
    output::line(&format!("{id}  {provider:8}  held for {age:7}  {name}"));
    let fate = match (&held.verdict, resolution) {
        (Verdict::Skip(why), _) => format!("left alone: {why}"),
        (Verdict::Found, _) => "was found, and goes on by itself".to_owned(),
        (_, Resolution::Resubmit) => {
            format!("to send again: at most {}", output::credits(held.cost))
        }
        _ => "to give up".to_owned(),
    };
    output::indented("    ", &fate);
    if let Some(evidence) = held.evidence.as_ref().filter(|_| held.verdict == Verdict::Resolve) {
        output::indented("    ", &evidence.to_string());
    }
}

/// How much of a product's name fits beside the rest in a hundred columns.
const NAME: usize = 40;

/// What all of it comes to, in a line.
fn summary(plan: &ResolvePlan, resolution: &Resolution) -> String {
    let count =
        |is: fn(&Verdict) -> bool| plan.jobs().iter().filter(|held| is(&held.verdict)).count();
    let resolved = count(|verdict| *verdict == Verdict::Resolve);
    let mut parts = vec![match resolution {
        Resolution::Resubmit if resolved > 0 => {
            let costs = plan.costs().into_iter();
            let costs: Vec<_> = costs
                .map(|(provider, cost)| format!("{} at {provider}", output::credits(cost)))
                .collect();
            format!("{resolved} to send again for at most {}", costs.join(" and "))
        }
        Resolution::Resubmit => "none to send again".to_owned(),
        _ if resolved > 0 => format!("{resolved} to give up"),
        _ => "none to give up".to_owned(),
    }];
    let others = [
        (count(|verdict| *verdict == Verdict::Found), "found"),
        (count(|verdict| matches!(verdict, Verdict::Skip(_))), "left alone"),
    ];
    parts.extend(others.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")));
    parts.join(", ")
}

/// Whether somebody at a terminal agrees; elsewhere nobody is asked.
fn is_confirmed(context: &Context, plan: &ResolvePlan, resolution: &Resolution) -> bool {
    if !std::io::stdin().is_terminal() || !output::is_stderr_a_terminal() {
        return true;
    }
    if context.json {
        output::note(&summary(plan, resolution));
    }
    let question = match resolution {
        Resolution::Resubmit => {
            "Send again? What was accepted after all is then paid twice. [y/N] "
        }
        _ => "Give up? [y/N] ",
    };
    output::confirm(question)
}

async fn decide(context: &Context, plan: &mut ResolvePlan, resolution: &Resolution) -> Exit {
    let listed = plan.jobs().to_vec();
    let mut exit = Exit::Done;
    let mut goes_on = false;
    let mut listed = listed.iter();
    while let Some(resolved) = plan.next().await {
        let Some(held) = listed.next() else { break };
        exit = exit.max(print(context, held, &resolved, resolution));
        let is_over = resolved.result.as_ref().is_ok_and(|job| job.stage().is_over());
        goes_on |= resolved.result.is_ok() && !is_over;
    }
    if goes_on {
        context.note("go on with: adreel resume");
    }
    exit
}

/// Prints what became of a job, where the list has not said it yet.
fn print(context: &Context, held: &HeldJob, resolved: &Resolved, resolution: &Resolution) -> Exit {
    let exit = resolved.result.as_ref().err().map_or(Exit::Done, Exit::of);
    if context.json {
        output::json(&result_json(held, resolved, resolution));
        return exit;
    }
    let id = resolved.id;
    match &resolved.result {
        _ if held.verdict != Verdict::Resolve => {}
        Err(error) => output::error(&output::describe(error)),
        Ok(_) if resolved.is_found => output::line(&format!("job {id} was found, and goes on")),
        Ok(_) if *resolution == Resolution::Resubmit => {
            output::line(&format!("job {id} is to be sent again"));
        }
        Ok(_) => output::line(&format!("job {id} is given up")),
    }
    exit
}

fn as_json(held: &HeldJob, resolution: &Resolution) -> Value {
    let would = match (&held.verdict, resolution) {
        (Verdict::Skip(_), _) => "skip",
        (Verdict::Found, _) => "found",
        (_, Resolution::Resubmit) => "resubmit",
        _ => "abandon",
    };
    let why = match &held.verdict {
        Verdict::Skip(why) => Some(why),
        _ => None,
    };
    json!({
        "job": held.job.id(),
        "provider": held.job.account().provider,
        "account": held.job.account().name,
        "product": held.job.request().product.name,
        "held_since": held.held_since,
        "evidence": held.evidence,
        "credits": held.cost,
        "would": would,
        "why": why,
    })
}

fn result_json(held: &HeldJob, resolved: &Resolved, resolution: &Resolution) -> Value {
    let mut line = as_json(held, resolution);
    let (stage, error) = match &resolved.result {
        Ok(job) => (Some(job.stage()), None),
        Err(error) => (None, Some(output::error_json(error)["error"].take())),
    };
    line["is_found"] = json!(resolved.is_found);
    line["stage"] = json!(stage);
    line["error"] = json!(error);
    line
}
