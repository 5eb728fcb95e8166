//! An account's figures.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::{Code, ECOMMERCE, MUSIC, Refusal, Service, Task};
use crate::body;
use crate::check::Fields;
use crate::clock::Moment;
use crate::credits::Credits;
use crate::work::Progress;
use crate::world::locked;

const PERIODS: [&str; 4] = ["24h", "7d", "30d", "all"];

pub(super) async fn get_usage(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<Response, Refusal> {
    let account = service.account(&request)?;
    let mut query = body::query(&request);
    if service.contract().is_launch() {
        // It has no periods. What such an account makes of a parameter is not known. Most services pass over it.
        query.clear();
    }
    if let Some(other) = query.keys().find(|name| *name != "period") {
        return Err(service.refuse(Code::BadRequest, format!("{other} is not a parameter")));
    }
    let mut fields = Fields::of(&query);
    let period = fields.optional("period").choice(&PERIODS).unwrap_or("all");
    fields
        .finish()
        .map_err(|problems| service.refuse(Code::BadRequest, problems[0].to_string()))?;

    let now = service.world.now();
    let since = days(period).map(|days| now.minus(Duration::from_secs(days * 86_400)));
    let in_period = |task: &&Arc<Task>| since.is_none_or(|since| task.created_at() >= since);
    let records = locked(&service.records);
    let own = records.tasks.values().filter(|task| task.account == account);
    let of_period: Vec<_> = own.filter(in_period).collect();
    let all = Figures::of(of_period.iter().copied(), now);
    let workflows = [MUSIC, ECOMMERCE].map(|name| {
        let tasks = of_period.iter().copied().filter(|task| task.workflow == name);
        (name, Figures::of(tasks, now))
    });
    drop(records);
    let limits = &service.world.limits;

    let mut usage = json!({
        "object": "usage",
        "period": period,
        "credit_balance": service.world.balance(&account),
        "total_tasks": all.tasks,
        "credits_settled": all.settled,
        "credits_refunded": all.refunded,
        "concurrency": {"limit": limits.slots(), "active": limits.active(&account, now)},
        "by_model": [],
        "by_api_key": [],
        "realtime": {"sessions": 0, "credits": 0, "active": 0},
    });
    let ran = || workflows.iter().filter(|(_, figures)| figures.tasks > 0);
    usage["by_workflow"] = ran().map(|(name, Figures { tasks, settled, .. })| {
        json!({"workflow": name, "tasks": tasks, "credits_settled": settled})
    }).collect();
    usage["by_capability"] = ran()
        .map(|(name, Figures { tasks, settled, .. })| {
            json!({
                "task_kind": "workflow",
                "capability_id": name,
                "tasks": tasks,
                "credits_settled": settled,
            })
        })
        .collect();
    if all.tasks > 0 {
        usage["by_api_key"] = json!([{
            "api_key_id": format!("key_{}", account.name),
            "title": "Sandbox",
            "key_prefix": "sk_sandbox",
            "tasks": all.tasks,
            "credits_settled": all.settled,
        }]);
    }
    if let Some(since) = since {
        usage["since"] = since.unix_secs().into();
        usage["until"] = now.unix_secs().into();
    }
    Ok(Json(json!({"data": service.contract().usage(usage)})).into_response())
}

/// What some tasks come to.
#[derive(Default)]
struct Figures {
    tasks: u32,
    settled: Credits,
    refunded: Credits,
}

impl Figures {
    fn of<'a>(tasks: impl Iterator<Item = &'a Arc<Task>>, now: Moment) -> Self {
        let mut figures = Self::default();
        for task in tasks {
            figures.tasks += 1;
            match task.work.progress(now) {
                Progress::Done { .. } => figures.settled += task.price,
                Progress::Failed { .. } if task.work.refund() == Some(false) => {
                    figures.settled += task.price;
                }
                Progress::Failed { .. } if task.work.refund() == Some(false) => {
                    figures.settled += task.price;
                }
                Progress::Failed { .. } => figures.refunded += task.price,
                Progress::Running => {}
            }
        }
        figures
    }
}

/// The length of a period; `all` has none.
fn days(period: &str) -> Option<u64> {
    match period {
        "24h" => Some(1),
        "7d" => Some(7),
        "30d" => Some(30),
        _ => None,
    }
}
