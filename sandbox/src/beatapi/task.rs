//! Tasks: how one is accepted, and how it is shown from then on.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::storyboard::Storyboard;
use crate::clock::Moment;
use crate::credits::Credits;
use crate::exchange::Submit;
use crate::ledger::{Account, Insufficient, Price, Terms};
use crate::studio::{self, Outputs, Script};
use crate::work::{Progress, Work};
use crate::world::World;

/// How long a task stays `queued`; made up.
const QUEUED: Duration = Duration::from_secs(4);
/// Without `aspect_ratio`; the contract gives no default.
pub(super) const DEFAULT_RATIO: &str = "16:9";

/// What a body that keeps to the contract asks for.
pub(super) struct Order {
    pub(super) workflow: &'static str,
    pub(super) operation: &'static str,
    /// Dollars for a second of the video.
    pub(super) rate: Credits,
    pub(super) takes: Duration,
    /// Without a seed.
    pub(super) script: Script,
    /// Whether the task rests with its shots until the caller chooses among them.
    pub(super) waits: bool,
}

/// One accepted task.
pub(super) struct Task {
    pub(super) account: Account,
    pub(super) id: String,
    pub(super) workflow: &'static str,
    pub(super) price: Credits,
    pub(super) work: Arc<Work>,
    request_id: String,
    seconds: u32,
    takes: Duration,
    video: String,
    /// Of a task that waits for its caller.
    storyboard: Option<Storyboard>,
}

/// Takes the price and starts to work.
pub(super) fn accept(submit: &Submit, order: Order) -> Result<Arc<Task>, Insufficient> {
    let world = submit.world();
    let Order { workflow, operation, rate, takes, script, waits } = order;
    let id = world.ids.named("task");
    let work = Work::accepted(world.now(), takes);
    let seconds = script.seconds;
    let amount = world.settings.beatapi_contract.amount(rate.times(seconds));
    let price = Price { operation, amount, terms: Terms::RefundedOnFailure };
    submit.accept(&id, &price, &work)?;
    world.limits.occupy(&submit.account, &work);
    let video = format!("beatapi/outputs/{id}/0.mp4");
    let storyboard = waits.then(|| Storyboard::of(&world.ids, &script));
    let script = Script { seed: studio::seed_of(&id), ..script };
    // What nobody has put together yet is not drawn; its images are looked at all the same.
    let video_path = (!waits).then(|| video.clone());
    let outputs = Outputs { job: id.clone(), video: video_path, ..Outputs::default() };
    studio::start(world, script, outputs, &work);
    let request_id = world.ids.named("req of task");
    Ok(Arc::new(Task {
        account: submit.account.clone(),
        id,
        workflow,
        price: amount,
        work,
        request_id,
        seconds,
        takes,
        video,
        storyboard,
    }))
}

impl Task {
    pub(super) fn answer(&self, world: &World, now: Moment) -> Value {
        let accepted = self.work.accepted_at;
        let progress = self.work.progress(now);
        let is_queued = now.since(accepted) < QUEUED;
        let (status, updated) = match &progress {
            Progress::Running if is_queued => ("queued", accepted),
            Progress::Running => ("processing", accepted.plus(QUEUED)),
            Progress::Done { at } if self.storyboard.is_some() => ("storyboard_ready", *at),
            Progress::Done { at } => ("succeeded", *at),
            Progress::Failed { at, .. } => ("failed", *at),
        };
        let mut task = json!({
            "id": self.id,
            "object": "task",
            "task_kind": "workflow",
            "capability_id": self.workflow,
            "capability_version": 1,
            "workflow": self.workflow,
            "status": status,
            "stage": status,
            "created_at": accepted.unix_secs(),
            "updated_at": updated.unix_secs(),
            "completed_at": null,
            "output": null,
            "usage": self.usage(&progress),
            "request_id": self.request_id,
            "error_code": null,
            "error_message": null,
        });
        match (progress, &self.storyboard) {
            (Progress::Running, _) => {
                task["poll_after_seconds"] = 10.into();
                let typical = self.takes.as_secs();
                task["typical_seconds"] =
                    json!({"p50": typical, "p90": typical * 9 / 8, "samples": 40, "window": "7d"});
            }
            (Progress::Done { at }, Some(storyboard)) => {
                task["storyboard"] = storyboard.answer(accepted, at);
            }
            (Progress::Done { at }, None) => {
                task["completed_at"] = at.unix_secs().into();
                task["output"] = self.output(world);
            }
            (Progress::Failed { at, reason }, _) => {
                task["completed_at"] = at.unix_secs().into();
                task["error_code"] = "processing_failed".into();
                task["error_message"] = reason.into();
                task["retryable"] = false.into();
            }
        }
        world.settings.beatapi_contract.task(task)
    }

    fn usage(&self, progress: &Progress) -> Value {
        let (settled, refunded) = match progress {
            Progress::Running => (Credits::ZERO, Credits::ZERO),
            Progress::Done { .. } => (self.price, Credits::ZERO),
            Progress::Failed { .. } if self.work.refund() == Some(false) => {
                (self.price, Credits::ZERO)
            }
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
