//! `adreel jobs` and `adreel job`: what is in the ledger.

use adreel::Result;
use adreel::client::SpendQuery;
use adreel::job::Job;
use adreel::ledger::JobQuery;
use adreel::text::path_from_text;
use adreel::{JobId, Stage};
use serde_json::json;

use crate::args::Month;
use crate::args::age;
use crate::args::{JobArgs, JobsArgs};
use crate::commands::save::FILE;
use crate::commands::{cost, status};
use crate::context::Context;
use crate::exit::Exit;
use crate::output;

/// How many jobs are read at a time.
const PAGE: u32 = 200;

pub(crate) async fn run(context: &Context, args: &JobsArgs) -> Exit {
    if args.cost {
        return cost::run(context, args.month.map_or_else(SpendQuery::all, Month::query)).await;
    }
    let stages: Vec<Stage> = match (args.open, args.held) {
        (true, _) => Stage::ALL.into_iter().filter(|stage| !stage.is_over()).collect(),
        (_, true) => vec![Stage::Uncertain],
        _ => Vec::new(),
    };
    let mut query = JobQuery::at(stages).limit(PAGE);
    let mut exit = Exit::Done;
    let mut is_first = true;
    loop {
        let page = match context.client.jobs().list(&query).await {
            Ok(page) => page,
            Err(error) => return output::report(&error),
        };
        if is_first && page.is_empty() {
            context.note("there are no such jobs");
        }
        if is_first && !page.is_empty() && !context.json {
            output::line(&line(["JOB", "PROVIDER", "STAGE", "AGE", "WAITS FOR", "PRODUCT"]));
        }
        is_first = false;
        let is_last = page.len() < PAGE as usize;
        let mut last = None;
        for listed in page {
            last = last.max(print(context, listed, &mut exit));
        }
        match last {
            Some(last) if !is_last => query = query.after(last),
            _ => return exit,
        }
    }
}

/// Prints a job, or what keeps it from being read, and says which it was.
fn print(context: &Context, listed: Result<Job>, exit: &mut Exit) -> Option<JobId> {
    match listed {
        Ok(job) => {
            match context.json {
                true => output::json(&as_json(&job)),
                false => output::line(&row(context, &job)),
            }
            Some(job.id())
        }
        Err(error) => {
            *exit = output::report(&error).max(*exit);
            error.job_id()
        }
    }
}

/// Columns of fixed width, so that a list of any length is printed as it is read. All but long
/// names of products fit in a hundred columns.
fn line([id, provider, stage, age, waits_for, product]: [&str; 6]) -> String {
    format!("{id:26}  {provider:8}  {stage:12}  {age:>7}  {waits_for:23}  {product}")
}

/// How much of a product's name is shown: what a terminal of a hundred columns has room for, and
/// more elsewhere.
const NAME_ON_A_TERMINAL: usize = 16;
const NAME: usize = 60;

fn row(context: &Context, job: &Job) -> String {
    let age = age::in_words(context.client.now_for(job).since(job.created_at()));
    let provider = job.account().provider;
    let most = if output::is_stdout_a_terminal() { NAME_ON_A_TERMINAL } else { NAME };
    let name = output::shortened(&job.request().product.name, most);
    let waits_for = status::waits_for(context, job);
    let stage = job.stage().as_str();
    line([&job.id().to_string(), provider.as_str(), stage, &age, &waits_for, &name])
}

pub(crate) async fn show(context: &Context, args: &JobArgs) -> Exit {
    let shown = async {
        match &args.choose {
            Some(offer) => context.client.jobs().choose(args.id, offer).await,
            None => context.client.job(args.id).await,
        }
    };
    match shown.await {
        Ok(job) if context.json => {
            let mut line = as_json(&job);
            // Not in lists: a link may be as good as a key.
            line["url"] = json!(job.video().map(|video| &video.url));
            output::json(&line);
        }
        Ok(job) => details(context, &job),
        Err(error) => return output::report(&error),
    }
    Exit::Done
}

/// Prints a line of a job's details.
fn say(name: &str, text: &str) {
    output::indented(&format!("{name:9} "), text);
}

fn details(context: &Context, job: &Job) {
    say("job", &job.id().to_string());
    say("product", &job.request().product.name);
    let account = job.account();
    say("account", &format!("{} {} at {}", account.provider, account.name, account.realm));
    let status = job.status().map(|status| format!(" ({status})")).unwrap_or_default();
    say("stage", &format!("{}{status}", job.stage()));
    let ago = |time| age::in_words(context.client.now_for(job).since(time));
    say("made", &format!("{} ago", ago(job.created_at())));
    if let Some(since) = job.held_since() {
        say("held", &format!("for {}, since {since}", ago(since)));
        let seen = status::evidence(job).map(ToString::to_string);
        say("seen", &seen.unwrap_or_else(|| "nobody has looked for it yet".to_owned()));
        if let Err(why) = context.client.jobs().may_be_resubmitted(job) {
            say("", &format!("not to be sent again: {why}"));
        }
    }
    if let Some(need) = job.needs() {
        say("waits", &format!("for {need}"));
    }
    steps(job);
    if let Some(cost) = job.cost() {
        say("cost", &output::cost(cost));
    }
    if !job.spending().is_empty() {
        let entries = job.spending().iter();
        let entries: Vec<_> = entries.map(|e| format!("{} {}", e.amount, e.kind)).collect();
        say("credits", &entries.join(", "));
    }
    if let Some(trouble) = job.trouble() {
        say("trouble", &trouble.without_evidence().to_string());
    }
    if let Some(file) = job.labels().get(FILE) {
        say("file", &path_from_text(file).display().to_string());
    }
    for offer in job.offers().into_iter().flatten() {
        say("choose", &format!("{} ({})", offer.id, offer.label));
    }
    if let Some(next) = status::next(job) {
        say("next", &next);
    }
}

fn steps(job: &Job) {
    for (index, step) in job.steps().iter().enumerate() {
        let paid = if step.is_paid() { ", paid" } else { "" };
        let resource = step.resource().map(|id| format!(": {id}")).unwrap_or_default();
        let operation = step.operation();
        say(
            &format!("step {}", index + 1),
            &format!("{operation} {}{paid}{resource}", step.state()),
        );
        if let Some(doubt) = step.doubt() {
            say("", &format!("may be paid twice: {doubt}"));
        }
        for other in step.others() {
            say("", &format!("there is also {other}"));
        }
    }
}

pub(crate) fn as_json(job: &Job) -> serde_json::Value {
    let steps = job.steps().iter().map(|step| {
        json!({
            "operation": step.operation(),
            "paid": step.is_paid(),
            "state": step.state(),
            "attempt": step.attempt(),
            "resource": step.resource(),
            "doubt": step.doubt(),
            "others": step.others(),
        })
    });
    json!({
        "job": job.id(),
        "product": job.request().product.name,
        "provider": job.account().provider,
        "account": job.account().name,
        "realm": job.account().realm,
        "stage": job.stage(),
        "status": job.status(),
        "provider_ref": job.provider_ref().map(|place| place.to_string()),
        "created_at": job.created_at(),
        "updated_at": job.updated_at(),
        "steps": steps.collect::<Vec<_>>(),
        "offers": job.offers(),
        "trouble": job.trouble(),
        "labels": job.labels(),
        "parent": job.parent(),
        "reserved": job.reserved(),
        "settled": job.settled(),
        "credits": job.cost().map(|cost| cost.credits),
        "may_be_double": job.may_be_double(),
        "doubt": job.steps().iter().find_map(|step| step.doubt()),
        "waits_for": job.needs(),
        "held_since": job.held_since(),
        "evidence": status::evidence(job),
    })
}
