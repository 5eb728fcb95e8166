use std::fmt;

use crate::error::{Error, ErrorKind};
use crate::job::JobId;
use crate::model::ProviderId;

/// The headers that any provider signs with.
const HEADERS: [&str; 3] = ["x-beatapi-timestamp", "x-beatapi-signature", "x-webhook-signature"];

/// A request that came to a webhook address, from any web framework.
///
/// ```
/// # use adreel::ProviderId;
/// # use adreel::client::Delivery;
/// let headers = [("x-webhook-signature", "5d41…")];
/// let header = |name: &str| headers.iter().find(|(known, _)| *known == name).map(|(_, v)| *v);
/// let delivery = Delivery::new(ProviderId::Jogg, header, b"{}").account("eu");
/// ```
#[derive(Clone)]
pub struct Delivery<'a> {
    pub(super) provider: ProviderId,
    pub(super) account: Option<&'a str>,
    pub(super) query: &'a str,
    pub(super) body: &'a [u8],
    headers: Vec<(&'static str, &'a str)>,
}

impl<'a> Delivery<'a> {
    /// A delivery that says to be this provider's. `header` gives the value of a header by its
    /// lower-case name; `body` is the body as it came, byte for byte.
    pub fn new(
        provider: ProviderId,
        header: impl Fn(&str) -> Option<&'a str>,
        body: &'a [u8],
    ) -> Self {
        let headers = HEADERS.into_iter().filter_map(|name| Some((name, header(name)?)));
        Self { provider, account: None, query: "", body, headers: headers.collect() }
    }

    /// The name of the account that the address belongs to. Default: `default`.
    #[must_use]
    pub fn account(mut self, name: &'a str) -> Self {
        self.account = Some(name);
        self
    }

    /// The query of the address, without the question mark. Creatify's deliveries need it: their
    /// proof stands in there.
    #[must_use]
    pub fn query(mut self, query: &'a str) -> Self {
        self.query = query;
        self
    }

    pub(super) fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }
}

/// Shows neither signature nor address.
impl fmt::Debug for Delivery<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("provider", &self.provider)
            .field("account", &self.account)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

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
