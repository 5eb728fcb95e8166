//! `adreel plan`: what `make` would do and cost.

use adreel::job::{Confidence, Plan};
use adreel::{ProviderId, Result, VideoRequest};

use crate::args::RequestArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::output;

pub(crate) async fn run(context: &Context, args: &RequestArgs) -> Exit {
    let plans = match plans(context, args).await {
        Ok(plans) => plans,
        Err(error) => return output::report(&error),
    };
    for (index, plan) in plans.iter().enumerate() {
        if context.json {
            output::json(plan);
            continue;
        }
        if index > 0 {
            output::line("");
        }
        print(plan);
    }
    Exit::Done
}

/// A plan for each provider. The first that cannot be made ends it.
async fn plans(context: &Context, args: &RequestArgs) -> Result<Vec<Plan>> {
    let request = args.request()?;
    let mut plans = Vec::new();
    for provider in context.providers(&args.provider)? {
        plans.push(plan(context, args, &request, provider).await?);
    }
    Ok(plans)
}

pub(crate) async fn plan(
    context: &Context,
    args: &RequestArgs,
    request: &VideoRequest,
    provider: ProviderId,
) -> Result<Plan> {
    let mut planning = context.client.plan(request).on(provider);
    if args.strict {
        planning = planning.strict();
    }
    match args.cap {
        Some(most) => planning.cap(most).await,
        None => planning.await,
    }
}

fn print(plan: &Plan) {
    output::line(plan.account.provider.display_name());
    for (index, step) in plan.steps.iter().enumerate() {
        let paid = if step.paid { "  (paid)" } else { "" };
        output::line(&format!("  {}. {}{paid}", index + 1, step.operation));
    }
    if let Some(secs) = plan.duration_secs {
        output::line(&format!("  length: {secs} s"));
    }
    for choice in &plan.choices {
        output::line(&format!("  {}: {} ({})", choice.field, choice.label, choice.value));
    }
    for note in &plan.notes {
        output::line(&format!("  {}: {}", note.field, note.text));
    }
    let cost = &plan.cost;
    let amount = match cost.low == cost.high {
        true => output::credits(cost.high),
        false => format!("{} to {}", cost.low, output::credits(cost.high)),
    };
    let sure = match cost.confidence {
        Confidence::Documented => "documented",
        Confidence::Derived => "derived",
        _ => "not all of it is known",
    };
    output::line(&format!("  cost: {amount} ({sure}: {})", cost.source));
}
