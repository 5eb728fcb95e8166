//! What jobs and accounts are called, by us and by their providers.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use ulid::Ulid;

use super::{ProviderId, Timestamp};

/// Our id of a job: a ULID, so that ids sort by the time at which they were made.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct JobId(Ulid);

impl JobId {
    /// What no id comes before, and what none comes after.
    pub(crate) const MIN: Self = Self(Ulid::nil());
    pub(crate) const MAX: Self = Self(Ulid::max());

    /// The id of a job that is made at a time, with 80 bits of chance.
    pub(crate) fn from_parts(now: Timestamp, chance: u128) -> Self {
        Self(Ulid::from_parts(u64::try_from(now.as_millis()).unwrap_or_default(), chance))
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0.to_string())
    }
}

impl fmt::Debug for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JobId({self})")
    }
}

/// The text was no job's id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidJobId(String);

impl fmt::Display for InvalidJobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not a job id: it has 26 letters and digits", self.0)
    }
}

impl std::error::Error for InvalidJobId {}

impl FromStr for JobId {
    type Err = InvalidJobId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ulid::from_string(text).map(Self).map_err(|_| InvalidJobId(text.to_owned()))
    }
}

impl TryFrom<String> for JobId {
    type Error = InvalidJobId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<JobId> for String {
    fn from(id: JobId) -> Self {
        id.to_string()
    }
}

/// A provider and one set of keys for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Account {
    /// The provider.
    pub provider: ProviderId,
    /// The caller's name for the set of keys. Default: `default`.
    pub name: String,
    /// Where the base URL leads, which keeps the sandbox apart from the real service, and several
    /// services behind one host from each other: its origin, and its path where that is not the
    /// provider's own. At most 200 characters.
    pub realm: String,
}

impl Account {
    /// The account as it was written before a realm had a path; `None` where that was the same.
    pub(crate) fn former(&self) -> Option<Self> {
        let origin = url::Url::parse(&self.realm).ok()?.origin().ascii_serialization();
        (origin != self.realm).then(|| Self { realm: origin, ..self.clone() })
    }
}

/// What a provider calls a job: `creatify:7e5e8a6f-…`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ProviderRef {
    /// The provider.
    pub provider: ProviderId,
    /// Its id of the job, as received.
    pub id: String,
}

impl fmt::Display for ProviderRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.provider, self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_as_they_are_written_and_differ() {
        let (one, two) = (JobId::from_parts(Timestamp::default(), 1), JobId::MAX);
        assert_ne!(one, two);
        assert_eq!(one.to_string().parse(), Ok(one));
        assert_eq!(one.to_string().len(), 26);
        assert!("7".parse::<JobId>().is_err());
    }
}
