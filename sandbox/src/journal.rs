//! The journal: the newest requests, each with its answer, for tests and people who look at a client.

use std::sync::Mutex;
use std::time::SystemTime;

use serde::Serialize;

use super::clock::{Moment, as_unix_millis};
use super::excerpt::{MOST_CHARS, cut};
use super::recent::Recent;
use super::world::locked;

/// How much is kept of a method, which may be any word.
const MOST_METHOD_CHARS: usize = 20;

/// How many faults are noted of one request: a list has some for each of its records.
const MOST_FAULTS: usize = 20;

/// One request that arrived. Keys and other headers are never kept.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RequestRecord {
    /// Its place among all requests, from 1.
    pub number: u64,
    /// When it arrived, in the sandbox's time.
    #[serde(serialize_with = "as_unix_millis")]
    pub at: SystemTime,
    /// Whose path it is, by name; `None` for files.
    pub provider: Option<&'static str>,
    /// The `operationId`; `None` where no operation has the path.
    pub operation: Option<&'static str>,
    /// The HTTP method; 20 characters of it.
    pub method: String,
    /// The first 2,000 characters of the path with its query.
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
    /// The names of the first 20 faults that happened to it.
    pub faults: Vec<&'static str>,
}

impl RequestRecord {
    /// A request of which nothing is known yet but when it arrived.
    pub(super) fn arrived(at: Moment) -> Self {
        Self {
            number: 0,
            at: at.system_time(),
            provider: None,
            operation: None,
            method: String::new(),
            path: String::new(),
            account: None,
            body: None,
            status: None,
            job: None,
            faults: Vec::new(),
        }
    }
}

/// The newest requests.
#[derive(Default)]
pub(super) struct Journal(Mutex<Recent<RequestRecord>>);

impl Journal {
    /// Opens the record of a request and gives it its number.
    pub(super) fn open(&self, record: RequestRecord) -> u64 {
        let mut records = locked(&self.0);
        let number = records.next_number() + 1;
        records.push(RequestRecord {
            number,
            method: cut(&record.method, MOST_METHOD_CHARS).to_owned(),
            path: cut(&record.path, MOST_CHARS).to_owned(),
            body: record.body.map(|body| cut(&body, MOST_CHARS).to_owned()),
            ..record
        });
        number
    }

    /// Adds to what is known of a request, if it is still kept.
    pub(super) fn note(&self, number: u64, add: impl FnOnce(&mut RequestRecord)) {
        if let Some(record) = locked(&self.0).get_mut(number - 1) {
            add(record);
        }
    }

    /// Notes a fault that happened to a request.
    pub(super) fn note_fault(&self, number: u64, name: &'static str) {
        self.note(number, |record| {
            if record.faults.len() < MOST_FAULTS {
                record.faults.push(name);
            }
        });
    }

    /// Looks at what is kept. Requests wait meanwhile.
    pub(super) fn look<T>(&self, look: impl FnOnce(&Recent<RequestRecord>) -> T) -> T {
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
    use crate::recent::MOST as MOST_RECORDS;

    #[test]
    fn the_newest_are_kept_and_found_by_their_number() {
        let journal = Journal::default();
        for _ in 0..MOST_RECORDS + 5 {
            journal.open(RequestRecord::arrived(Moment::of_machine()));
        }
        journal.note(3, |_| panic!("it is gone"));
        journal.note(6, |record| record.status = Some(1));
        journal.note(MOST_RECORDS as u64 + 5, |record| record.status = Some(2));
        let records = journal.records();
        assert_eq!((records.len(), records[0].number), (MOST_RECORDS, 6));
        assert_eq!((records[0].status, records.last().unwrap().status), (Some(1), Some(2)));
    }

    #[test]
    fn whatever_a_request_carries_little_of_it_is_kept() {
        let journal = Journal::default();
        let long = "ä".repeat(70_000);
        let (method, path) = (long.clone(), format!("/v1/{long}?q={long}"));
        let record = RequestRecord {
            method,
            path,
            body: Some(long),
            ..RequestRecord::arrived(Moment::of_machine())
        };
        let number = journal.open(record);
        (0..5_000).for_each(|_| journal.note_fault(number, "extra-field"));
        let record = &journal.records()[0];
        assert!(record.path.starts_with("/v1/ää") && record.method.starts_with('ä'));
        assert!(serde_json::to_string(record).unwrap().len() < 10_000);
    }
}
