//! Whether the providers still answer as the specs say, for whoever wants to watch for drift.
//!
//! The specs are kept by hand, and a provider changes its answers without a word. Lenient types
//! hide that: an unknown field is dropped, an unknown status kept. So each free read is sent once,
//! and its answer compared with the schema that the build made of the spec. Nothing else can be
//! sent: only what the tables list as free and GET is tried, so nothing is paid.
//!
//! # Examples
//! ```no_run
//! # async fn example() -> adreel::Result<()> {
//! use adreel::doctor::{self, Finding};
//! use adreel::{Client, ProviderId};
//!
//! let client = Client::builder().keys_from_env().in_memory().build()?;
//! for checkup in doctor::check(&client, ProviderId::Jogg).await? {
//!     if let Finding::Drifts(drifts) = &checkup.finding {
//!         for drift in drifts {
//!             println!("{} {}: {drift}", checkup.provider, checkup.operation);
//!         }
//!     }
//! }
//! # Ok(())
//! # }
//! ```

mod checkup;
mod drift;
#[cfg(test)]
#[cfg(all(feature = "beatapi", feature = "creatify", feature = "jogg"))]
mod planted;

pub use checkup::{Checkup, Finding};
pub use drift::{Drift, DriftKind};

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::model::ProviderId;
#[cfg(feature = "beatapi")]
use crate::providers::beatapi;
#[cfg(feature = "creatify")]
use crate::providers::creatify;
#[cfg(feature = "jogg")]
use crate::providers::jogg;
use crate::transport::{Operation, PathSegment, Transport};

/// How many reads in a row may find that nobody answers before the rest is left out. Each is tried
/// several times, so together they take as long as a provider that is down should.
const MOST_SILENT: u32 = 2;

/// Sends each free read of a provider once, with the account that has no name of its own, and tells
/// of each what became of it, in the order of [`operations`]. They are sent one after the other,
/// since later ones are tried with ids that the answers to earlier ones hold; providers can be
/// checked side by side. Where two in a row find nobody there, the rest is
/// [not checked](Finding::NotChecked).
///
/// # Errors
/// [`ErrorKind::NeedsCredentials`] for a provider without an account. A read that fails is a
/// [finding](Finding::Failed).
pub async fn check(client: &Client, provider: ProviderId) -> Result<Vec<Checkup>> {
    let transport = client.transport(provider)?;
    let mut answers = Answers::new();
    let mut silent = 0;
    let mut checkups = Vec::new();
    for read in free_reads(provider) {
        let finding = match silent {
            MOST_SILENT => {
                Finding::NotChecked(format!("nobody answered {MOST_SILENT} reads before it"))
            }
            _ => read.check(transport, &mut answers).await,
        };
        silent = match &finding {
            Finding::NotChecked(_) => silent,
            Finding::Failed(error) if is_silence(error) => silent + 1,
            _ => 0,
        };
        checkups.push(Checkup { provider, operation: read.operation.id, finding });
    }
    Ok(checkups)
}

/// Whether nobody was found there, not even somebody who refuses.
fn is_silence(error: &Error) -> bool {
    let found_nobody = matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout);
    found_nobody && error.status().is_none()
}

/// The free reads that [`check`] sends to a provider, by their `operationId`, those first that need
/// no id. There are none of a provider that is not compiled in.
pub fn operations(provider: ProviderId) -> Vec<&'static str> {
    free_reads(provider).iter().map(|read| read.operation.id).collect()
}

/// An operation that costs nothing and changes nothing.
struct FreeRead {
    operation: &'static Operation,
    known: Known,
}

/// What the build wrote of a free read.
#[derive(Deserialize)]
struct Known {
    /// Where an id to try it with is found: an operation, `#`, a pointer into its answer.
    sample: Option<String>,
    schema: Value,
}

/// The answers so far, in which later reads find their ids.
type Answers = BTreeMap<&'static str, Value>;

fn free_reads(provider: ProviderId) -> Vec<FreeRead> {
    macro_rules! known {
        ($provider:ident) => {
            (
                $provider::OPERATIONS,
                include_str!(concat!(
                    env!("OUT_DIR"),
                    "/",
                    stringify!($provider),
                    ".free_reads.json"
                )),
            )
        };
    }
    let (operations, known): (&[&Operation], _) = match provider {
        #[cfg(feature = "beatapi")]
        ProviderId::BeatApi => known!(beatapi),
        #[cfg(feature = "creatify")]
        ProviderId::Creatify => known!(creatify),
        #[cfg(feature = "jogg")]
        ProviderId::Jogg => known!(jogg),
        #[cfg(not(all(feature = "beatapi", feature = "creatify", feature = "jogg")))]
        _ => (&[], "{}"),
    };
    let mut known: BTreeMap<String, Known> =
        serde_json::from_str(known).expect("the build writes what is read here");
    let mut reads: Vec<FreeRead> = operations
        .iter()
        .filter(|operation| operation.method == "GET" && !operation.paid)
        .filter_map(|operation| Some(FreeRead { operation, known: known.remove(operation.id)? }))
        .collect();
    reads.sort_by_key(|read| read.parameters().next().is_some());
    reads
}

impl FreeRead {
    async fn check(&self, transport: &Transport, answers: &mut Answers) -> Finding {
        let path = match self.path(answers) {
            Ok(path) => path,
            Err(reason) => return Finding::NotChecked(reason),
        };
        let answer = match transport.get_json(self.operation, &path).await {
            Ok(answer) => answer,
            Err(error) => return Finding::Failed(error),
        };
        let drifts = drift::differences(&self.known.schema, &answer);
        answers.insert(self.operation.id, answer);
        if drifts.is_empty() { Finding::Fits } else { Finding::Drifts(drifts) }
    }

    /// The path with an id that exists, or why there is none.
    fn path(&self, answers: &Answers) -> Result<String, String> {
        let mut parameters = self.parameters();
        let Some(name) = parameters.next() else { return Ok(self.operation.path.to_owned()) };
        if parameters.next().is_some() {
            return Err("it needs more than one id".to_owned());
        }
        let sample = self.known.sample.as_deref().and_then(|sample| sample.split_once('#'));
        let Some((list, pointer)) = sample else {
            return Err(format!("no list gives its {name}"));
        };
        let found = answers.get(list).and_then(|answer| answer.pointer(pointer));
        let id = match found {
            Some(Value::String(id)) => id.clone(),
            Some(Value::Number(id)) => id.to_string(),
            _ => return Err(format!("{list} gives no {name}")),
        };
        match PathSegment::new(name, &id) {
            Ok(id) => Ok(self.operation.path.replace(&format!("{{{name}}}"), &id.to_string())),
            Err(error) => Err(error.to_string()),
        }
    }

    /// The names of its path parameters.
    fn parameters(&self) -> impl Iterator<Item = &'static str> {
        let braced = self.operation.path.split('{').skip(1);
        braced.filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
    }
}

#[cfg(all(test, feature = "beatapi", feature = "creatify", feature = "jogg"))]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::account::{AccountConfig, Keys};

    #[tokio::test]
    async fn whom_nobody_finds_is_asked_twice_and_no_more() {
        // Nothing listens there.
        let config = AccountConfig::new(Keys::key("k")).base_url("http://127.0.0.1:9");
        let retry = crate::policy::RetryPolicy::default().once();
        let client =
            Client::builder().account(ProviderId::Jogg, config.retry(retry)).in_memory().build();
        let checkups = check(&client.unwrap(), ProviderId::Jogg).await.unwrap();
        assert_eq!(checkups.len(), operations(ProviderId::Jogg).len());
        let (asked, left) = checkups.split_at(2);
        assert!(asked.iter().all(|checkup| matches!(checkup.finding, Finding::Failed(_))));
        for checkup in left {
            let line = serde_json::to_value(checkup).unwrap();
            assert_eq!(line["result"], "not_checked");
            assert_eq!(line["reason"], "nobody answered 2 reads before it");
        }
    }

    #[test]
    fn nothing_but_free_gets_is_ever_tried() {
        for provider in ProviderId::ALL {
            let reads = free_reads(provider);
            assert!(!reads.is_empty());
            for read in reads {
                let Operation { method, paid, .. } = read.operation;
                assert_eq!((*method, *paid), ("GET", false), "{}", read.operation.id);
            }
        }
    }

    #[tokio::test]
    async fn what_is_paid_or_no_get_is_refused_before_it_is_sent() {
        // Nothing listens there: an attempt would end in another error.
        let config = AccountConfig::new(Keys::key("k")).base_url("http://127.0.0.1:9");
        let client = Client::builder().account(ProviderId::Jogg, config).in_memory().build();
        let client = client.unwrap();
        let transport = client.transport(ProviderId::Jogg).unwrap();
        for operation in jogg::OPERATIONS.iter().filter(|operation| operation.method != "GET") {
            let error = transport.get_json(operation, operation.path).await.unwrap_err();
            let seen = (error.kind(), error.attempts());
            assert_eq!(seen, (ErrorKind::Unsupported, 0), "{}", operation.id);
        }
    }

    #[test]
    fn an_id_comes_from_the_list_that_the_spec_names() {
        static GET_THING: Operation = Operation {
            provider: ProviderId::Jogg,
            id: "get_thing",
            method: "GET",
            path: "/v2/things/{thing_id}/state",
            paid: false,
            replay: crate::Replay::Always,
            refused: &[],
            timeout: std::time::Duration::from_secs(1),
            request_fields: &[],
            answer: &crate::json::Shape::Any,
            gives_secret: false,
        };
        let path = |sample: Option<&str>, answer: Value| {
            let known = Known { sample: sample.map(str::to_owned), schema: Value::Null };
            let read = FreeRead { operation: &GET_THING, known };
            read.path(&Answers::from([("list_things", answer)]))
        };
        let sample = Some("list_things#/data/0/id");
        let listed = |id: Value| json!({"data": [{"id": id}, {"id": "second"}]});
        assert_eq!(path(sample, listed(json!("a1"))).unwrap(), "/v2/things/a1/state");
        assert_eq!(path(sample, listed(json!(12))).unwrap(), "/v2/things/12/state");
        for (sample, answer, told) in [
            (None, json!([]), "no list gives its thing_id"),
            (sample, json!({"data": []}), "list_things gives no thing_id"),
            (sample, listed(Value::Null), "list_things gives no thing_id"),
            (sample, listed(json!("../credits")), "is not an id"),
            (Some("list_others#/0"), json!([]), "list_others gives no thing_id"),
        ] {
            let reason = path(sample, answer).unwrap_err();
            assert!(reason.contains(told), "{reason}");
        }
    }
}
