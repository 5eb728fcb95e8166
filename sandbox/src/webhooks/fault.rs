//! What can go wrong with the deliveries of a job.

use std::time::Duration;

use crate::faults::{Fault, FaultKind};

/// One way in which deliveries go wrong. Those of a job may be combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeliveryFault {
    /// Each event is delivered a second time, after it was taken or given up.
    Twice,
    /// Each event is delivered this much later, in sandbox time.
    Late(Duration),
    /// Nothing is sent, which the log says.
    Never,
    /// Of two events of a job the later one comes first. Where a job has one event, it waits until
    /// one of another job of the account has gone before it, for ten minutes at the most.
    OutOfOrder,
    /// A delivery comes first that has the right form, says that the job failed, and is not the
    /// provider's: its signature is of another secret, and without signatures its address has
    /// another token, or its body another id where the address has none.
    Forged,
    /// The first delivery arrives before the create call is answered. Where a provider tells of
    /// ends alone, the job ends at once.
    BeforeAnswer,
}

impl DeliveryFault {
    /// `None` for a fault of something else.
    pub(crate) fn of(fault: &Fault) -> Option<Self> {
        match fault.kind() {
            FaultKind::WebhookTwice => Some(Self::Twice),
            FaultKind::WebhookLate => Some(Self::Late(fault.secs(120))),
            FaultKind::WebhookNever => Some(Self::Never),
            FaultKind::WebhookOutOfOrder => Some(Self::OutOfOrder),
            FaultKind::WebhookForged => Some(Self::Forged),
            FaultKind::WebhookBeforeAnswer => Some(Self::BeforeAnswer),
            _ => None,
        }
    }
}
