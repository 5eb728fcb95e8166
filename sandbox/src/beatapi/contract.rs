//! Two states of one contract, which changed without a new version. What the older one does not have
//! is taken out of the newest one's answers here, in one place.

use serde_json::{Map, Number, Value};

use crate::credits::Credits;
use crate::limits::Rate;

/// Which state of its contract BeatAPI shows. No answer names it, and the paths are the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum BeatApiContract {
    /// Dollars with cents, idempotency keys that are honoured, and 120 reads of tasks a minute.
    #[default]
    Newest,
    /// As documented at the launch: whole credits (50 for a dollar), 60 reads of tasks a minute, and
    /// no idempotency: the header is ignored, so every create makes a task and costs. Answers have
    /// fewer fields; above all no `period` in an account's figures and no `retryable` in errors. No
    /// workflow `video-analysis`, no premium music videos, and no uploads of film.
    Launch,
}

/// What a dollar was in credits. No source says so, but four examples of prices do.
const CREDITS_FOR_A_DOLLAR: u32 = 50;

/// What only a newer task has.
const TASK: [&str; 8] = [
    "task_kind",
    "capability_id",
    "capability_version",
    "stage",
    "completed_at",
    "poll_after_seconds",
    "typical_seconds",
    "retryable",
];
const TASK_USAGE: [&str; 2] = ["credits_charged", "billable_duration_seconds"];
const USAGE: [&str; 7] =
    ["period", "since", "until", "realtime", "by_capability", "by_model", "by_api_key"];

impl BeatApiContract {
    pub(crate) fn is_launch(self) -> bool {
        self == Self::Launch
    }

    /// An amount of dollars in what accounts are billed in.
    pub(crate) fn amount(self, dollars: Credits) -> Credits {
        if self.is_launch() { dollars.times(CREDITS_FOR_A_DOLLAR) } else { dollars }
    }

    /// How often an account may read tasks.
    pub(super) fn reads(self) -> Rate {
        Rate { calls: "beatapi task reads", most: if self.is_launch() { 60 } else { 120 } }
    }

    pub(super) fn task(self, mut task: Value) -> Value {
        if self.is_launch()
            && let Some(fields) = task.as_object_mut()
        {
            fields.retain(|name, _| !TASK.contains(&name.as_str()));
            if let Some(usage) = fields.get_mut("usage").and_then(Value::as_object_mut) {
                usage.retain(|name, _| !TASK_USAGE.contains(&name.as_str()));
                make_whole(usage);
            }
        }
        task
    }

    pub(super) fn usage(self, mut usage: Value) -> Value {
        if self.is_launch()
            && let Some(fields) = usage.as_object_mut()
        {
            fields.retain(|name, _| !USAGE.contains(&name.as_str()));
            make_whole(fields);
            let workflows = fields.get_mut("by_workflow").and_then(Value::as_array_mut);
            let workflows = workflows.into_iter().flatten().filter_map(Value::as_object_mut);
            workflows.for_each(make_whole);
        }
        usage
    }
}

/// Writes amounts as integers, which all of them are where they are credits.
fn make_whole(fields: &mut Map<String, Value>) {
    for (name, value) in fields {
        if name.starts_with("credit")
            && let Some(amount) = value.as_f64()
        {
            *value = Number::from(amount.round() as i64).into();
        }
    }
}
