//! A job as text, for ledgers.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Account, Job, JobId, Plan, Reason, SavedFile, SpendEvent, Stage, Step};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Credits, Timestamp, VideoFacts};
use crate::request::VideoRequest;

/// The form in which jobs are written. It changes only where an older version would read a newer
/// job wrongly; what is merely added needs no new form. The second form is the first one in which a
/// job may be held or at rest where an older version would send it on.
const VERSION: u16 = 2;

/// The form from which on an account's realm has its path.
const WHOLE_REALMS: u16 = 2;

/// A job as a ledger keeps it: two JSON texts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredJob {
    /// What was asked for and planned. Written once, and never again.
    pub order: String,
    /// How far it has come. Written at each change.
    pub state: String,
}

impl StoredJob {
    /// Two texts as they were stored.
    pub fn new(order: impl Into<String>, state: impl Into<String>) -> Self {
        Self { order: order.into(), state: state.into() }
    }
}

#[derive(Serialize, Deserialize)]
struct Order<'a> {
    v: u16,
    id: JobId,
    account: Cow<'a, Account>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<Cow<'a, str>>,
    fingerprint: Cow<'a, str>,
    request: Cow<'a, VideoRequest>,
    plan: Cow<'a, Plan>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    labels: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parent: Option<JobId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cap: Option<Credits>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    route: Option<Cow<'a, str>>,
    created_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct StoredState<'a> {
    v: u16,
    steps: Cow<'a, [Step]>,
    stage: Stage,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<Cow<'a, str>>,
    #[serde(default = "yes", skip_serializing_if = "Clone::clone")]
    is_status_known: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trouble: Option<Cow<'a, Reason>>,
    #[serde(default)]
    awaits_action: bool,
    #[serde(default)]
    polls: u32,
    #[serde(default)]
    missed_polls: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    missing_since: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "is_false")]
    left: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    held_since: Option<Timestamp>,
    /// The cap that replaced the order's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cap: Option<Credits>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    video: Option<Cow<'a, VideoFacts>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    saved: Option<Cow<'a, SavedFile>>,
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    spending: Cow<'a, [SpendEvent]>,
    updated_at: Timestamp,
    revision: u64,
}

fn yes() -> bool {
    true
}

fn is_false(answer: &bool) -> bool {
    !answer
}

impl Job {
    /// The job as text.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] for a request that JSON has no form for: a file's path that is
    /// not Unicode.
    pub fn to_stored(&self) -> Result<StoredJob> {
        let order = Order {
            v: if self.is_realm_whole { VERSION } else { WHOLE_REALMS - 1 },
            id: self.id,
            account: Cow::Borrowed(&self.account),
            key: self.key.as_deref().map(Cow::Borrowed),
            fingerprint: Cow::Borrowed(&self.fingerprint),
            request: Cow::Borrowed(&self.request),
            plan: Cow::Borrowed(&self.plan),
            labels: self.labels.clone(),
            parent: self.parent,
            cap: self.cap,
            route: self.route.as_deref().map(Cow::Borrowed),
            created_at: self.created_at,
        };
        let order = serde_json::to_string(&order).map_err(|error| self.unwritable(error))?;
        Ok(StoredJob { order, state: self.to_stored_state()? })
    }

    /// Only what changes of it.
    ///
    /// # Errors
    /// As [`to_stored`](Self::to_stored).
    pub fn to_stored_state(&self) -> Result<String> {
        let state = StoredState {
            v: VERSION,
            steps: Cow::Borrowed(&self.steps),
            stage: self.stage,
            status: self.status.as_deref().map(Cow::Borrowed),
            is_status_known: self.is_status_known,
            trouble: self.trouble.as_ref().map(Cow::Borrowed),
            awaits_action: self.awaits_action,
            polls: self.polls,
            missed_polls: self.missed_polls,
            missing_since: self.missing_since,
            left: self.left,
            held_since: self.held_since,
            cap: self.cap,
            video: self.video.as_ref().map(Cow::Borrowed),
            saved: self.saved.as_ref().map(Cow::Borrowed),
            spending: Cow::Borrowed(&self.spending),
            updated_at: self.updated_at,
            revision: self.revision,
        };
        serde_json::to_string(&state).map_err(|error| self.unwritable(error))
    }

    /// A job from its texts.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`] for texts of a newer version, or that are none of a job's.
    pub fn from_stored(stored: &StoredJob) -> Result<Self> {
        let order: Order<'_> = read(&stored.order)?;
        let state: StoredState<'_> = read(&stored.state)?;
        Ok(Self {
            id: order.id,
            account: order.account.into_owned(),
            is_realm_whole: order.v >= WHOLE_REALMS,
            key: order.key.map(Cow::into_owned),
            fingerprint: order.fingerprint.into_owned(),
            request: Arc::new(order.request.into_owned()),
            plan: Arc::new(order.plan.into_owned()),
            labels: order.labels,
            parent: order.parent,
            cap: state.cap.or(order.cap),
            route: order.route.map(Cow::into_owned),
            created_at: order.created_at,
            steps: state.steps.into_owned(),
            stage: state.stage,
            status: state.status.map(Cow::into_owned),
            is_status_known: state.is_status_known,
            trouble: state.trouble.map(Cow::into_owned),
            awaits_action: state.awaits_action,
            polls: state.polls,
            missed_polls: state.missed_polls,
            missing_since: state.missing_since,
            left: state.left,
            held_since: state.held_since,
            video: state.video.map(Cow::into_owned),
            saved: state.saved.map(Cow::into_owned),
            spending: state.spending.into_owned(),
            updated_at: state.updated_at,
            revision: state.revision,
        })
    }

    fn unwritable(&self, error: serde_json::Error) -> Error {
        let message = format!("the job cannot be kept as text: {error}");
        Error::new(ErrorKind::InvalidRequest, message).with_job(self.id).with_source(error)
    }
}

fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T> {
    #[derive(Deserialize)]
    struct Version {
        v: u16,
    }
    let failed = |error: serde_json::Error| {
        let message = format!("a stored job cannot be read: {error}");
        Error::new(ErrorKind::Decode, message).with_source(error)
    };
    let Version { v } = serde_json::from_str(text).map_err(failed)?;
    if v > VERSION {
        let message = format!(
            "a stored job has form {v}, this version of adreel reads up to {VERSION}: update it"
        );
        return Err(Error::new(ErrorKind::Decode, message));
    }
    serde_json::from_str(text).map_err(failed)
}

#[cfg(all(test, feature = "beatapi", feature = "creatify", feature = "jogg"))]
#[path = "stored_tests.rs"]
mod tests;
