//! One call of a job's plan, and what went wrong with it.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Evidence, PlannedStep};
use crate::error::{Error, ErrorKind, OverCap};
use crate::model::{Credits, ProviderId, StepState, Timestamp};

/// One call of a job's plan, with its own state: Creatify pays twice for one video, and JoggAI
/// makes a product first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    pub(crate) operation: String,
    pub(crate) paid: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) image: Option<usize>,
    pub(crate) state: StepState,
    pub(crate) attempt: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) resource: Option<String>,
    /// Further ids that the provider gave for this step, after somebody had it sent again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) others: Vec<String>,
    /// When its intent was first stored, and when last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) first_sent: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) last_sent: Option<Timestamp>,
    /// Until when the last call may still be on its way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) settled: Option<Timestamp>,
    /// By which keys it was last sent: a fingerprint, from which nothing of them can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) keys: Option<String>,
    /// Until when it may take one of the account's slots: its provider's longest job has ended then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) slot_until: Option<Timestamp>,
    /// Who stored the last intent, where the ledger can tell whether he still lives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sender: Option<String>,
    /// How often it was looked for since it was last sent.
    #[serde(default)]
    pub(crate) lookups: u32,
    /// How many looks did not find it that began after the call had settled.
    #[serde(default)]
    pub(crate) absences: u32,
    /// How many of them, one after the other, were whole and made by the same keys when the
    /// provider's longest job had ended too.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) whole_looks: u32,
    /// What the last look that did not find it went through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) evidence: Option<Evidence>,
    /// How often it was refused for now, or got no answer though it is free.
    #[serde(default)]
    pub(crate) refusals: u32,
    /// Why it may exist twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) doubt: Option<String>,
    /// How many further ones may exist, since it was sent again although it may have been accepted.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) again: u32,
    /// What the provider says that it took in the end, though it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) taken: Option<Credits>,
    /// What it offers to choose from, before the next step can be sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) offers: Vec<Offer>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) chosen: Option<String>,
    pub(crate) due: Timestamp,
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// Something to choose from, such as one of several previews.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Offer {
    /// The provider's id of it.
    pub id: String,
    /// What it is, for people: a visual style.
    pub label: String,
}

impl Step {
    pub(crate) fn new(planned: &PlannedStep, now: Timestamp) -> Self {
        Self {
            operation: planned.operation.clone(),
            paid: planned.paid,
            image: planned.image,
            state: StepState::Ready,
            attempt: 0,
            resource: None,
            others: Vec::new(),
            first_sent: None,
            last_sent: None,
            settled: None,
            keys: None,
            slot_until: None,
            sender: None,
            lookups: 0,
            absences: 0,
            whole_looks: 0,
            evidence: None,
            refusals: 0,
            doubt: None,
            again: 0,
            taken: None,
            offers: Vec::new(),
            chosen: None,
            due: now,
        }
    }

    /// Has it made anew, as if it had never been sent.
    pub(super) fn begin_anew(&mut self, now: Timestamp) {
        let planned = PlannedStep {
            operation: std::mem::take(&mut self.operation),
            paid: self.paid,
            image: self.image,
            credits: None,
        };
        *self = Self { attempt: self.attempt, ..Self::new(&planned, now) };
    }

    /// How long its last call takes to settle.
    pub(super) fn settle(&self) -> Duration {
        let sent = self.last_sent.unwrap_or_default();
        self.settled.map_or(Duration::from_secs(90), |settled| settled.since(sent))
    }

    /// The operation, by its `operationId`, or `host_asset`.
    pub fn operation(&self) -> &str {
        &self.operation
    }

    /// Whether it spends credits.
    pub fn is_paid(&self) -> bool {
        self.paid
    }

    /// How far it has come.
    pub fn state(&self) -> StepState {
        self.state
    }

    /// How often it was sent.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// What it left at the provider: a file's address, a product's id, a task's id.
    pub fn resource(&self) -> Option<&str> {
        self.resource.as_deref()
    }

    /// Why it may have been paid for twice, where that cannot be excluded.
    pub fn doubt(&self) -> Option<&str> {
        self.doubt.as_deref()
    }

    /// Further ids that the provider gave for it, after somebody decided to have it sent again.
    pub fn others(&self) -> &[String] {
        &self.others
    }

    /// What the last look that did not find it went through, where its answer was lost.
    pub fn evidence(&self) -> Option<&Evidence> {
        self.evidence.as_ref()
    }

    /// When it was first sent.
    pub fn first_sent(&self) -> Option<Timestamp> {
        self.first_sent
    }
}

/// What went wrong with a job, as it is kept with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Reason {
    /// What went wrong, named for what to do next.
    pub kind: ErrorKind,
    /// What was said.
    pub message: String,
    /// The operation that was called.
    pub operation: Option<String>,
    /// The HTTP status of the answer.
    pub status: Option<u16>,
    /// The provider's own code.
    pub code: Option<String>,
    /// The field that is at fault.
    pub field: Option<String>,
    /// The provider's id of the request.
    pub request_id: Option<String>,
    /// Which spend cap left no room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over_cap: Option<OverCap>,
}

impl Reason {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            operation: None,
            status: None,
            code: None,
            field: None,
            request_id: None,
            over_cap: None,
        }
    }

    /// The same as an error of the provider's.
    pub(crate) fn to_error(&self, provider: ProviderId) -> Error {
        let mut error = Error::new(self.kind, &self.message)
            .with_provider(provider)
            .with_code(self.code.clone())
            .with_request_id(self.request_id.clone())
            .with_over_cap(self.over_cap);
        if let Some(operation) = &self.operation {
            error = error.with_operation(operation.clone()).with_attempts(1, Default::default());
        }
        if let Some(status) = self.status {
            error = error.with_status(status);
        }
        match &self.field {
            Some(field) => error.with_field(field),
            None => error,
        }
    }
}

impl From<&Error> for Reason {
    fn from(error: &Error) -> Self {
        // The cause itself is not kept with the job, so what it says is.
        let message = match (error.message(), error.root_cause()) {
            (message, None) => message.to_owned(),
            ("", Some(cause)) => cause,
            (message, Some(cause)) => format!("{message} ({cause})"),
        };
        Self {
            kind: error.kind(),
            message,
            operation: error.operation().map(str::to_owned),
            status: error.status(),
            code: error.code().map(str::to_owned),
            field: error.field().map(str::to_owned),
            request_id: error.request_id().map(str::to_owned),
            over_cap: error.over_cap().copied(),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match (&self.code, self.status) {
            (Some(code), _) => write!(f, " ({code})"),
            (None, Some(status)) => write!(f, " ({status})"),
            (None, None) => Ok(()),
        }
    }
}
