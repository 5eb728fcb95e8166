//! Ecommerce video tasks: what may be ordered, what it costs, and how a task is shown.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{NOT_REACHABLE, is_reachable};
use crate::Credits;
use crate::sandbox::check::{Fault, Fields};
use crate::sandbox::clock::Moment;
use crate::sandbox::credits::{Account, Insufficient, Price, Terms};
use crate::sandbox::studio::{self, Outputs, Script};
use crate::sandbox::work::{Progress, Work};
use crate::sandbox::world::World;

/// From the accepted call to the finished video, as one was observed.
const TYPICAL: Duration = Duration::from_secs(134);
/// How much of that a task stays `queued`; made up.
const QUEUED: Duration = Duration::from_secs(4);
/// The dollars for a second that the newest contract's examples imply.
const DOLLARS_PER_SECOND: Credits = Credits::cents(30);
/// Without `aspect_ratio`; the contract gives no default.
const DEFAULT_RATIO: &str = "16:9";

/// A body that keeps to the contract.
pub(super) struct Order {
    images: Vec<String>,
    seconds: u32,
    prompt: String,
    ratio: &'static str,
}

/// Reads the body of a create call.
///
/// # Errors
/// The first problem, with the field's name.
pub(super) fn read_order(body: &Map<String, Value>) -> Result<Order, String> {
    let mut fields = Fields::of(body);
    let images = fields.required("images").list(1..=7).unwrap_or_default();
    for (index, image) in images.iter().enumerate() {
        if !image.as_str().is_some_and(is_reachable) {
            fields.note(&format!("images[{index}]"), Fault::Other(NOT_REACHABLE));
        }
    }
    let seconds = fields.required("duration").integer(10..=60).unwrap_or_default();
    let prompt = fields.optional("prompt").text(2000).unwrap_or_default();
    let ratio = fields.optional("aspect_ratio").choice(&["16:9", "9:16", "1:1"]);
    fields.optional("language").choice(&["en", "zh"]);
    fields.finish().map_err(|problems| problems[0].to_string())?;
    Ok(Order {
        images: images.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        seconds: u32::try_from(seconds).unwrap_or_default(),
        prompt: prompt.to_owned(),
        ratio: ratio.unwrap_or(DEFAULT_RATIO),
    })
}

/// One accepted task.
pub(super) struct Task {
    pub(super) account: Account,
    pub(super) id: String,
    pub(super) price: Credits,
    pub(super) work: Arc<Work>,
    request_id: String,
    seconds: u32,
    video: String,
}

/// Takes the price and starts to work.
pub(super) fn accept(
    world: &Arc<World>,
    account: Account,
    order: Order,
) -> Result<Arc<Task>, Insufficient> {
    let id = world.ids.named("task");
    let work = Work::accepted(world.now(), TYPICAL);
    let price = Price {
        operation: "create_ecommerce_video",
        amount: DOLLARS_PER_SECOND.times(order.seconds),
        terms: Terms::RefundedOnFailure,
    };
    world.charge(&account, &id, &price, &work)?;
    let video = format!("beatapi/outputs/{id}/0.mp4");
    let script = Script {
        images: order.images,
        seconds: order.seconds,
        ratio: studio::shape(order.ratio),
        seed: studio::seed_of(&id),
        ..Script::of_text(&order.prompt)
    };
    let outputs = Outputs { video: Some(video.clone()), ..Outputs::default() };
    studio::start(world, script, outputs, &work);
    let request_id = world.ids.named("req of task");
    let (price, seconds) = (price.amount, order.seconds);
    Ok(Arc::new(Task { account, id, price, work, request_id, seconds, video }))
}

impl Task {
    pub(super) fn answer(&self, world: &World) -> Value {
        let now = world.now();
        let accepted = self.work.accepted_at;
        let progress = self.work.progress(now);
        let is_queued = now.since(accepted) < QUEUED;
        let (status, updated) = match &progress {
            Progress::Running if is_queued => ("queued", accepted),
            Progress::Running => ("processing", accepted.plus(QUEUED)),
            Progress::Done { at } => ("succeeded", *at),
            Progress::Failed { at, .. } => ("failed", *at),
        };
        let mut task = json!({
            "id": self.id,
            "object": "task",
            "task_kind": "workflow",
            "capability_id": "ecommerce-video",
            "capability_version": 1,
            "workflow": "ecommerce-video",
            "status": status,
            "stage": status,
            "created_at": accepted.unix_secs(),
            "updated_at": updated.unix_secs(),
            "completed_at": progress.is_over().then(|| updated.unix_secs()),
            "output": null,
            "usage": self.usage(&progress),
            "request_id": self.request_id,
            "error_code": null,
            "error_message": null,
        });
        match progress {
            Progress::Running => {
                task["poll_after_seconds"] = 10.into();
                task["typical_seconds"] =
                    json!({"p50": TYPICAL.as_secs(), "p90": 150, "samples": 40, "window": "7d"});
            }
            Progress::Done { .. } => task["output"] = self.output(world),
            Progress::Failed { reason, .. } => {
                task["error_code"] = "processing_failed".into();
                task["error_message"] = reason.into();
                task["retryable"] = false.into();
            }
        }
        task
    }

    fn usage(&self, progress: &Progress) -> Value {
        let (settled, refunded) = match progress {
            Progress::Running => (Credits::ZERO, Credits::ZERO),
            Progress::Done { .. } => (self.price, Credits::ZERO),
            Progress::Failed { .. } => (Credits::ZERO, self.price),
        };
        json!({
            "credits_reserved": self.price,
            "credits_charged": self.price,
            "billable_duration_seconds": self.seconds,
            "credits_settled": settled,
            "credits_refunded": refunded,
        })
    }

    fn output(&self, world: &World) -> Value {
        let url = world.media_url(&self.video);
        json!({
            "media": [{"type": "video", "url": url, "mime_type": "video/mp4"}],
            "r2_url": url,
        })
    }

    pub(super) fn created_at(&self) -> Moment {
        self.work.accepted_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(body: &Value) -> Option<String> {
        read_order(body.as_object().unwrap()).err()
    }

    #[test]
    fn the_limits_of_the_contract_hold() {
        let good = json!({"images": ["https://cdn.example.com/a.png"], "duration": 15});
        assert_eq!(problem(&good), None);
        let url = "https://cdn.example.com/a.png";
        for (field, value, expected) in [
            ("images", json!(null), "images is required"),
            ("images", json!([]), "images must hold 1 to 7 items"),
            ("images", Value::from(vec![url; 8]), "images must hold 1 to 7 items"),
            ("images", json!(url), "images must be a list"),
            ("duration", json!(9), "duration must be from 10 to 60"),
            ("duration", json!(61), "duration must be from 10 to 60"),
            ("duration", json!("15"), "duration must be an integer"),
            ("duration", json!(15.5), "duration must be an integer"),
            ("prompt", json!("x".repeat(2001)), "prompt must have at most 2000 characters"),
            ("aspect_ratio", json!("4:3"), "aspect_ratio must be one of 16:9, 9:16, 1:1"),
            ("language", json!("de"), "language must be one of en, zh"),
        ] {
            let mut body = good.clone();
            body[field] = value;
            assert_eq!(problem(&body).as_deref(), Some(expected));
        }
    }
}
