//! The shots of a music video that its caller is to put together.

use serde_json::{Value, json};

use crate::clock::Moment;
use crate::ids::Ids;
use crate::studio::Script;

/// As in the contract's example.
const SHOT_SECONDS: u32 = 5;

pub(super) struct Storyboard {
    shots: Vec<Shot>,
}

struct Shot {
    id: String,
    seconds: u32,
    prompt: String,
}

impl Storyboard {
    /// A shot for each five seconds, of what the prompt says line by line, over and over.
    pub(super) fn of(ids: &Ids, script: &Script) -> Self {
        let lines = || std::iter::once(&script.title).chain(&script.captions);
        let starts = (0..script.seconds).step_by(SHOT_SECONDS as usize);
        let shots = starts.zip(lines().cycle()).map(|(start, line)| Shot {
            id: ids.named("shot"),
            seconds: SHOT_SECONDS.min(script.seconds - start),
            prompt: line.clone(),
        });
        Self { shots: shots.collect() }
    }

    /// Without clips: these are there once they are asked for, which nothing here can do.
    pub(super) fn answer(&self, planned: Moment, ready: Moment) -> Value {
        let shots = self.shots.iter().enumerate().map(|(index, shot)| {
            json!({
                "id": shot.id,
                "index": index,
                "status": "succeeded",
                "duration_seconds": shot.seconds,
                "prompt": shot.prompt,
                "created_at": planned.unix_secs(),
                "updated_at": ready.unix_secs(),
            })
        });
        json!({"shots": shots.collect::<Vec<_>>()})
    }
}
