//! How to answer a delivery.

use crate::error::{Error, ErrorKind};
use crate::job::JobId;

/// What came of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Received {
    /// An event that was not known. It is in the ledger, and its job is read.
    New,
    /// An event that had been delivered before, under whatever id.
    Known,
    /// Proved, and of no use: it is no end of a job.
    Ignored,
    /// Nothing proves that it is the provider's.
    Forged,
    /// It is proved and cannot be read.
    Unreadable,
    /// It is not in the ledger, which was in trouble: it has to come again.
    NotStored,
}

/// How to answer a delivery.
#[derive(Debug)]
#[must_use = "the status is the answer to the delivery"]
pub struct Receipt {
    received: Received,
    job: Option<JobId>,
    error: Option<Error>,
}

impl Receipt {
    pub(super) fn of(received: Received, job: Option<JobId>) -> Self {
        Self { received, job, error: None }
    }

    pub(super) fn refused(error: Error) -> Self {
        let received = match error.kind() {
            ErrorKind::Forged => Received::Forged,
            ErrorKind::Decode => Received::Unreadable,
            _ => Received::NotStored,
        };
        Self { received, job: None, error: Some(error) }
    }

    /// The HTTP status to answer with: 200 for all that was understood, 401 for what is forged, 400
    /// for what cannot be read, and 503 where the ledger failed, so that the provider delivers
    /// again.
    pub fn status(&self) -> u16 {
        match self.received {
            Received::New | Received::Known | Received::Ignored => 200,
            Received::Forged => 401,
            Received::Unreadable => 400,
            Received::NotStored => 503,
        }
    }

    /// What came of it.
    pub fn received(&self) -> Received {
        self.received
    }

    /// The job that it woke, where that is known already.
    pub fn job_id(&self) -> Option<JobId> {
        self.job
    }

    /// Why it was not taken, for the log. It does not belong into the answer.
    pub fn error(&self) -> Option<&Error> {
        self.error.as_ref()
    }
}
