//! Webhooks: deliveries become wakes, and ends of jobs that are handed on once.

mod address;
mod ensure;
mod finished;
mod hub;
mod inbox;
mod receipt;
mod waking;

pub use ensure::{Ensure, Ensured, Registered};
pub use finished::Finished;
pub(super) use hub::Hub;
pub use inbox::{WebhookInbox, WebhookInboxBuilder};
pub use receipt::{Receipt, Received};

use super::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::ledger::EventLog;

impl Client {
    /// Webhooks: deliveries taken, and endpoints registered.
    pub fn webhooks(&self) -> Webhooks<'_> {
        Webhooks::new(self)
    }
}

/// Webhooks of a client's accounts.
///
/// A webhook only wakes: what it says is never believed before the job was read at its provider.
/// And it changes nothing about when jobs are read otherwise, because nobody knows that an
/// account's webhooks work before one has come: with no delivery at all, a wait costs what it costs
/// without webhooks.
#[derive(Clone, Copy, Debug)]
pub struct Webhooks<'a>(&'a Client);

impl<'a> Webhooks<'a> {
    pub(super) fn new(client: &'a Client) -> Self {
        Self(client)
    }

    /// Begins an inbox, to which a program gives the deliveries that its web framework takes. Open
    /// it when the program starts, before it waits for jobs.
    pub fn inbox(&self) -> WebhookInboxBuilder {
        WebhookInboxBuilder::new(self.0)
    }

    /// Has BeatAPI and JoggAI deliver the ends of jobs to an address, for every account of theirs
    /// that the client has. See [`Ensure`].
    pub fn ensure(&self, url: impl Into<String>) -> Ensure<'a> {
        Ensure::new(self.0, url.into())
    }
}

impl Client {
    /// The log of what webhooks told.
    fn event_log(&self) -> Result<&dyn EventLog> {
        self.0.ledger.events().ok_or_else(|| {
            let message = "the ledger keeps no events, which webhooks need: use Sql";
            Error::new(ErrorKind::Unsupported, message)
        })
    }

    /// A name that nobody else has.
    fn new_holder(&self) -> String {
        crate::job::JobId::new(&*self.0.clock).to_string()
    }
}
