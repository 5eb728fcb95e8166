//! What was asked for and what was answered, for whoever wants to know what a client did.

use std::sync::Mutex;

use serde::Serialize;

use super::newest::Newest;
use super::world::locked;
use crate::{ProviderId, Timestamp};

/// How much of a body is kept.
pub(super) const MOST_BODY_CHARS: usize = 2_000;

/// One request that arrived. Keys and other headers are never kept.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RequestRecord {
    /// Its place among all requests, from 1.
    pub number: u64,
    /// When it arrived, in the sandbox's time.
    pub at: Timestamp,
    /// Whose path it is; `None` for files.
    pub provider: Option<ProviderId>,
    /// The `operationId`; `None` where no operation has the path.
    pub operation: Option<&'static str>,
    /// The HTTP method.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// A fingerprint of the key, the same as in the ledger; `None` without a key.
    pub account: Option<String>,
    /// The first 2,000 characters of a JSON body.
    pub body: Option<String>,
    /// The status that was answered; `None` while it is not, and for good where the connection was
    /// broken instead.
    pub status: Option<u16>,
    /// The provider's id of the job that was made or read.
    pub job: Option<String>,
    /// The names of the faults that happened to it.
    pub faults: Vec<&'static str>,
}

/// The newest requests.
#[derive(Default)]
pub(super) struct Journal(Mutex<Newest<RequestRecord>>);

impl Journal {
    /// Takes a request down and gives it its number.
    pub(super) fn open(&self, record: RequestRecord) -> u64 {
        let mut records = locked(&self.0);
        let number = records.next_number() + 1;
        records.push(RequestRecord { number, ..record });
        number
    }

    /// Adds to what is known of a request, if it is still kept.
    pub(super) fn note(&self, number: u64, add: impl FnOnce(&mut RequestRecord)) {
        if let Some(record) = locked(&self.0).get_mut(number - 1) {
            add(record);
        }
    }

    /// Looks at what is kept. Requests wait meanwhile.
    pub(super) fn look<T>(&self, look: impl FnOnce(&Newest<RequestRecord>) -> T) -> T {
        look(&locked(&self.0))
    }

    /// The oldest first.
    pub(super) fn records(&self) -> Vec<RequestRecord> {
        locked(&self.0).iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::newest::MOST as MOST_RECORDS;

    #[test]
    fn the_newest_are_kept_and_found_by_their_number() {
        let journal = Journal::default();
        for _ in 0..MOST_RECORDS + 5 {
            journal.open(RequestRecord::default());
        }
        journal.note(3, |_| panic!("it is gone"));
        journal.note(6, |record| record.status = Some(1));
        journal.note(MOST_RECORDS as u64 + 5, |record| record.status = Some(2));
        let records = journal.records();
        assert_eq!((records.len(), records[0].number), (MOST_RECORDS, 6));
        assert_eq!((records[0].status, records.last().unwrap().status), (Some(1), Some(2)));
    }
}
