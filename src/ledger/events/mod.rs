//! Events of webhooks, kept so that each is handed on once and no replica misses it.

mod memory;

pub(super) use memory::MemoryEvents;

use crate::error::Result;
use crate::future::BoxFuture;
use crate::job::Account;
use crate::model::Timestamp;

/// What a ledger keeps for webhooks: the events of deliveries, and which of them are claimed.
///
/// An event is known by its account, its resource and its outcome, whatever the delivery's own id
/// is, so that it stands here once however often and under whatever name it is delivered. Events
/// are numbered from 1 in the order in which they can be seen: a reader that has come to a number
/// has missed none, so an implementation shows no number before all lower ones. Events stay,
/// because only they tell a delivery that comes again from a new one.
///
/// They hold ids and names, and nothing else of a delivery.
pub trait EventLog: Send + Sync {
    /// Adds an event, unless it is known, and says whether it was new. A new one can be claimed
    /// from the time at which it was noted.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) or
    /// [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable) where it cannot be written. The
    /// delivery is then to be refused, so that it comes again.
    fn note<'a>(&'a self, event: &'a NewEvent) -> BoxFuture<'a, Result<bool>>;

    /// Takes the event that is due first of those that are due and not acknowledged, so that no
    /// other claim takes it before `until`. Of any number of claims at the same time, one gets it.
    /// `holder` names the claim.
    ///
    /// # Errors
    /// As [`note`](Self::note).
    fn claim<'a>(
        &'a self,
        holder: &'a str,
        now: Timestamp,
        until: Timestamp,
    ) -> BoxFuture<'a, Result<Option<LoggedEvent>>>;

    /// Says that nothing more is to be done for an event, and whether that is news. It holds also
    /// where it comes after the claim has run out.
    ///
    /// # Errors
    /// As [`note`](Self::note).
    fn acknowledge(&self, number: u64) -> BoxFuture<'_, Result<bool>>;

    /// Gives a claimed event back until a later time, and says whether the claim still stood.
    ///
    /// # Errors
    /// As [`note`](Self::note).
    fn put_off<'a>(
        &'a self,
        number: u64,
        holder: &'a str,
        until: Timestamp,
    ) -> BoxFuture<'a, Result<bool>>;

    /// The events after a number, in order, and at most so many.
    ///
    /// # Errors
    /// As [`note`](Self::note) where they cannot be read.
    fn since(&self, number: u64, limit: u32) -> BoxFuture<'_, Result<Vec<LoggedEvent>>>;

    /// The number of the newest event; zero where there is none.
    ///
    /// # Errors
    /// As [`since`](Self::since).
    fn newest(&self) -> BoxFuture<'_, Result<u64>>;

    /// The events of one resource, in the order of their numbers.
    ///
    /// # Errors
    /// As [`since`](Self::since).
    fn find<'a>(
        &'a self,
        account: &'a Account,
        resource: &'a str,
    ) -> BoxFuture<'a, Result<Vec<LoggedEvent>>>;

    /// Takes or renews a lease: until `until` nobody else gets one of this name. Says whether it
    /// was got.
    ///
    /// # Errors
    /// As [`note`](Self::note).
    fn lease<'a>(
        &'a self,
        name: &'a str,
        holder: &'a str,
        now: Timestamp,
        until: Timestamp,
    ) -> BoxFuture<'a, Result<bool>>;

    /// Gives a lease back. One that another holder has by now stays with that holder.
    ///
    /// # Errors
    /// As [`note`](Self::note).
    fn release<'a>(&'a self, name: &'a str, holder: &'a str) -> BoxFuture<'a, Result<()>>;
}

/// An event as it is noted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewEvent {
    /// The account that it happened on.
    pub account: Account,
    /// What it happened to: the provider's id of a job, or for Creatify our own.
    pub resource: String,
    /// How that ended, in a word of ours, such as `succeeded`.
    pub outcome: String,
    /// The event's name, as the provider has it.
    pub name: String,
    /// The delivery's own id, where it has one.
    pub delivery: Option<String>,
    /// When it was noted.
    pub noted_at: Timestamp,
}

impl NewEvent {
    /// An event of an account, without the provider's own words for it.
    pub fn new(
        account: &Account,
        resource: impl Into<String>,
        outcome: impl Into<String>,
        noted_at: Timestamp,
    ) -> Self {
        Self {
            account: account.clone(),
            resource: resource.into(),
            outcome: outcome.into(),
            name: String::new(),
            delivery: None,
            noted_at,
        }
    }

    /// The provider's own words for it: the event's name, and the delivery's id.
    #[must_use]
    pub fn told_as(mut self, name: impl Into<String>, delivery: Option<String>) -> Self {
        self.name = name.into();
        self.delivery = delivery;
        self
    }

    /// Whether both are the same event.
    pub(super) fn is_same_as(&self, other: &Self) -> bool {
        let key =
            |event: &Self| (event.account.clone(), event.resource.clone(), event.outcome.clone());
        key(self) == key(other)
    }
}

/// An event as it stands in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoggedEvent {
    /// What was noted.
    pub event: NewEvent,
    /// Its place in the log.
    pub number: u64,
    /// How often it was claimed.
    pub claims: u32,
    /// Whether nothing more is to be done for it.
    pub is_acknowledged: bool,
}

impl LoggedEvent {
    /// An event as an implementation has it.
    pub fn new(event: NewEvent, number: u64, claims: u32, is_acknowledged: bool) -> Self {
        Self { event, number, claims, is_acknowledged }
    }
}
