use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Offer, Reason};
use crate::model::{Cost, VideoFacts};

/// What happened to the step that is being worked on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// It is about to be sent. This is stored before the call goes out: the intent.
    Sending {
        /// How long the call may be on its way, whatever becomes of its sender.
        settle: Duration,
        /// Who sends, where the ledger can tell whether he still lives.
        sender: Option<String>,
        /// The run that counts what a paid step reserves.
        #[serde(default)]
        run: Option<String>,
    },
    /// It was not sent, since a cap leaves no room for what it may cost.
    NotSent {
        /// Which one.
        reason: Reason,
    },
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
    LookedUp(LookUp),
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
    /// The video was saved.
    Downloaded,
    /// Somebody decided, or a policy did.
    Decided(Decision),
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

/// What a look for a step with a lost answer showed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LookUp {
    /// It is there.
    Found {
        /// The provider's id of it.
        resource: String,
        /// When to read the status first; `None` for a synchronous step, which is done.
        poll_after: Option<Duration>,
        /// What has to be chosen from before the next step.
        offers: Vec<Offer>,
        /// Why there may be a second one.
        doubt: Option<String>,
    },
    /// All was read in which it would have to stand, and it is not there. Two such looks after the
    /// call has settled are taken for proof.
    Absent {
        /// When to look again.
        look_after: Duration,
    },
    /// Nothing can be seen yet: the look failed, or the call is still being worked on.
    NotYet {
        /// Why.
        reason: Option<Reason>,
        /// When to look again.
        look_after: Duration,
    },
    /// No look can tell.
    Unprovable {
        /// Why.
        why: String,
    },
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
    /// Send the held step again, although it may exist.
    Resubmit {
        /// Who decided so, and why.
        why: String,
    },
    /// Give the job up. What it has at the provider goes on there.
    Abandon,
    /// Take this one of what a step offers, by its id.
    Choose(String),
    /// Look at the job now: something happened at the provider.
    Wake,
    /// Send a refused step again, of a job for which nothing was accepted yet.
    Retry,
}
