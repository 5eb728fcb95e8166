//! What happens to a job, as whoever waits is told.

use std::fmt;
use std::sync::Arc;

use super::ending::ending;
use super::{Client, Video};
use crate::error::Error;
use crate::job::{Job, Need, Offer, ProviderRef, Reason, Stage};
use crate::model::Timestamp;

/// Something that happened to a job, and the job as it stands since.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// The job as the ledger has it.
    pub job: Job,
    pub(super) client: Client,
}

impl Event {
    /// The video, once it is [there](EventKind::Done).
    pub fn video(&self) -> Option<Video> {
        let is_there = self.kind == EventKind::Done;
        is_there.then(|| Video::new(&self.client, self.job.clone()).ok()).flatten()
    }

    /// Why there is no video, where the job has ended without one, is held, or waits for somebody:
    /// what the wait ends with.
    pub fn error(&self) -> Option<Error> {
        ending(&self.job).filter(|_| self.kind.is_last())
    }
}

/// Whom what happens to a job is shown to.
#[derive(Clone)]
pub(super) struct Observer<'a>(Arc<dyn Fn(&Event) + Send + Sync + 'a>);

impl<'a> Observer<'a> {
    pub(super) fn new(observer: impl Fn(&Event) + Send + Sync + 'a) -> Self {
        Self(Arc::new(observer))
    }

    pub(super) fn show(&self, event: &Event) {
        (self.0)(event);
    }
}

impl fmt::Debug for Observer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}

/// What happened to a job. `Display` says it in a line, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventKind {
    /// It is in the ledger; nothing was paid for yet.
    Queued,
    /// A free step is done, such as an upload.
    #[non_exhaustive]
    Prepared {
        /// The step's operation.
        operation: String,
    },
    /// The provider has accepted a paid step.
    #[non_exhaustive]
    Submitted {
        /// The step's operation.
        operation: String,
        /// What the provider calls it.
        reference: ProviderRef,
    },
    /// The provider has another word for how far it is.
    #[non_exhaustive]
    Progress {
        /// The word, as received.
        status: String,
    },
    /// The provider has a word for it that its spec does not list. It is taken to be running.
    #[non_exhaustive]
    UnknownStatus {
        /// The word, as received.
        status: String,
    },
    /// Something did not work and is tried again.
    #[non_exhaustive]
    Retrying {
        /// What it was.
        reason: Reason,
        /// When it is tried again.
        at: Option<Timestamp>,
    },
    /// Something was paid for, and its next step waits until somebody has seen to what it needs.
    #[non_exhaustive]
    Resting {
        /// What it needs.
        need: Need,
        /// What was said.
        reason: Reason,
    },
    /// Somebody has to act before it goes on.
    #[non_exhaustive]
    NeedsAction {
        /// What is to be chosen from; empty where it is done at the provider.
        offers: Vec<Offer>,
    },
    /// It may have been paid for, which could not be proved. It is held until somebody decides.
    Held,
    /// The video is there.
    Done,
    /// It has ended without a video.
    Failed,
}

impl EventKind {
    /// Whether nothing more happens by itself.
    pub fn is_last(&self) -> bool {
        matches!(
            self,
            Self::Resting { .. }
                | Self::NeedsAction { .. }
                | Self::Held
                | Self::Done
                | Self::Failed
        )
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Queued => f.write_str("queued"),
            Self::Prepared { operation } => write!(f, "prepared: {operation}"),
            Self::Submitted { operation, reference } => {
                write!(f, "submitted: {operation}, {reference}")
            }
            Self::Progress { status } => f.write_str(status),
            Self::UnknownStatus { status } => write!(f, "unknown status {status:?}, still running"),
            Self::Retrying { reason, .. } => write!(f, "retrying: {reason}"),
            Self::Resting { need, reason } => write!(f, "waits for {need}: {reason}"),
            Self::NeedsAction { offers } if offers.is_empty() => {
                f.write_str("needs action at the provider")
            }
            Self::NeedsAction { offers } => write!(f, "needs a choice of {}", offers.len()),
            Self::Held => f.write_str("held: it may have been paid for"),
            Self::Done => f.write_str("done"),
            Self::Failed => f.write_str("failed"),
        }
    }
}

/// What is known of a job already, so that it is not told again.
#[derive(Debug, Default)]
pub(super) struct Seen {
    accepted: usize,
    status: Option<String>,
    trouble: Option<Reason>,
    stage: Option<Stage>,
}

impl Seen {
    /// What is new of a job. The last kinds stand at the end.
    pub(super) fn news(&mut self, job: &Job) -> Vec<EventKind> {
        let mut news = Vec::new();
        let accepted = job.steps.iter().filter(|step| step.resource.is_some()).count();
        if self.stage.is_none() && accepted == 0 && !job.stage.is_over() {
            news.push(EventKind::Queued);
        }
        let steps = job.steps.iter().filter(|step| step.resource.is_some()).skip(self.accepted);
        news.extend(steps.map(|step| {
            let operation = step.operation.clone();
            match step.resource.clone().filter(|_| step.paid) {
                Some(id) => {
                    let reference = ProviderRef { provider: job.account.provider, id };
                    EventKind::Submitted { operation, reference }
                }
                None => EventKind::Prepared { operation },
            }
        }));
        if let Some(status) = job.status.clone().filter(|_| job.status != self.status) {
            news.push(match job.is_status_known {
                true => EventKind::Progress { status },
                false => EventKind::UnknownStatus { status },
            });
        }
        let is_open = matches!(job.stage, Stage::Ready | Stage::Submitting | Stage::Running);
        let trouble = job.trouble.clone().filter(|_| is_open && job.trouble != self.trouble);
        if let Some(reason) = trouble {
            news.push(match job.needs().filter(|need| need.is_somebodys()) {
                Some(need) => EventKind::Resting { need, reason },
                None => EventKind::Retrying { reason, at: job.due_at() },
            });
        }
        if self.stage != Some(job.stage) {
            news.extend(last(job));
        }
        *self = Self {
            accepted,
            status: job.status.clone(),
            trouble: job.trouble.clone(),
            stage: Some(job.stage),
        };
        news
    }
}

fn last(job: &Job) -> Option<EventKind> {
    Some(match job.stage {
        Stage::Ready | Stage::Submitting | Stage::Running => return None,
        Stage::NeedsAction => {
            EventKind::NeedsAction { offers: job.offers().unwrap_or_default().to_vec() }
        }
        Stage::Uncertain => EventKind::Held,
        Stage::Rendered | Stage::Done => EventKind::Done,
        Stage::Failed | Stage::Lost => EventKind::Failed,
    })
}
