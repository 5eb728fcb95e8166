//! What can happen to a job: all that moves one.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Look, Offer, Reason};
use crate::model::{Cost, Credits, VideoFacts};

/// What happened to the step that is being worked on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// It is about to be sent. This is stored before the call goes out: the intent.
    Sending(Sending),
    /// It was not sent: a cap leaves no room for what it may cost, its keys are not to be had, or
    /// something of its call is missing.
    NotSent {
        /// Why.
        reason: Reason,
        /// When to try again; `None` where that would not help by itself.
        #[serde(default)]
        again_after: Option<Duration>,
    },
    /// It was not sent: what its free predecessors left belongs to other keys, so those are made
    /// anew. Where anything may have been paid for this changes nothing.
    MadeAnew,
    /// It was sent, and this is what the call came to.
    Submitted {
        /// The index of the step.
        step: usize,
        /// Which of the step's attempts it was. What an attempt failed to do says nothing of
        /// another one.
        attempt: u32,
        /// What the call came to.
        outcome: SubmitOutcome,
    },
    /// It was looked for, because its answer was lost.
    LookedUp(Look),
    /// It still runs.
    Running {
        /// The provider's word for its state.
        status: String,
        /// Whether its spec lists the word.
        is_known: bool,
        /// When to read it again.
        poll_after: Duration,
    },
    /// The provider waits for a decision.
    NeedsAction {
        /// The provider's word for its state.
        status: String,
    },
    /// An asynchronous step succeeded.
    Succeeded {
        /// The provider's word for its state.
        status: String,
        /// The video, from the last step.
        video: Option<Box<VideoFacts>>,
    },
    /// The provider gave it up.
    Failed {
        /// Why.
        reason: Reason,
        /// What it took all the same, where the provider says so.
        #[serde(default)]
        cost: Option<Cost>,
    },
    /// Its status could not be read, which says nothing of the job.
    PollFailed {
        /// Why.
        reason: Reason,
        /// When to read it again.
        poll_after: Duration,
    },
    /// The provider gave a finished video another address.
    Relinked {
        /// The video as the provider describes it now.
        video: Box<VideoFacts>,
    },
    /// The video was saved, nobody says as what.
    Downloaded,
    /// The video was saved to a file.
    Saved {
        /// What the file holds.
        file: SavedFile,
    },
    /// Somebody decided, or a policy did.
    Decided(Decision),
}

/// What the file of a saved video holds, so that it is known again. Where it is can change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SavedFile {
    /// Its size.
    pub size_bytes: u64,
    /// Its SHA-256, as 64 lower-case hex digits.
    pub sha256: String,
}

/// What a call that creates something came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SubmitOutcome {
    /// The provider took it.
    Accepted {
        /// The provider's id of what was made.
        resource: String,
        /// When to read the status first; `None` for a synchronous step, which is done.
        poll_after: Option<Duration>,
        /// What has to be chosen from before the next step.
        offers: Vec<Offer>,
    },
    /// It surely was not accepted.
    Rejected {
        /// Why.
        reason: Reason,
        /// When to send it again; `None` where that would not help.
        again_after: Option<Duration>,
    },
    /// It may have been accepted.
    Unknown {
        /// What was seen instead of an answer.
        reason: Reason,
        /// When to look it up, or to send it again where it is free.
        look_after: Duration,
    },
}

/// A step that is about to be sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Sending {
    /// How long the call may be on its way, whatever becomes of its sender.
    pub settle: Duration,
    /// How long the longest job of its provider's takes.
    pub longest: Duration,
    /// Who sends, where the ledger can tell whether he still lives.
    pub sender: Option<String>,
    /// By which keys: a fingerprint, from which nothing of them can be read.
    pub keys: Option<String>,
    /// The run that counts what a paid step reserves.
    pub run: Option<String>,
}

impl Sending {
    /// A call that may be on its way for so long, and whose job for so long.
    pub fn new(settle: Duration, longest: Duration) -> Self {
        Self { settle, longest, sender: None, keys: None, run: None }
    }
}

/// What somebody decides for a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Decision {
    /// The held step is this one.
    Adopt {
        /// The provider's id of it.
        resource: String,
        /// Whether it runs, or is done.
        is_done: bool,
        /// What it offers to choose from.
        offers: Vec<Offer>,
    },
    /// Send the held step again, although it may exist. This has no effect unless looks have left
    /// as little doubt as they can: what is missing says [`Job::may_be_resubmitted`](super::Job::may_be_resubmitted).
    Resubmit {
        /// Who decided so, and why.
        why: String,
    },
    /// Give the job up. What it has at the provider goes on there.
    Abandon,
    /// Take this one of what a step offers, by its id.
    Choose(String),
    /// Look at the job now: something happened at the provider, or somebody has seen to what it
    /// waits for. A lost job is read again.
    Wake,
    /// Send a refused step again, of a job for which nothing was accepted yet.
    Retry,
    /// Give up a job for which nothing was accepted, because its route goes on to another account.
    Leave,
    /// The most that it may cost from now on.
    Cap(Credits),
    /// Hold whatever may have been sent since the ledger's copy was made that it was restored from.
    HoldRestored {
        /// How long the provider's longest job takes, which may have begun just now.
        longest_job: Duration,
    },
}
