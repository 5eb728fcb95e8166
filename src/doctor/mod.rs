//! Whether the providers still answer as the specs say.
//!
//! The specs are kept by hand, and a provider changes its answers without a word. Lenient types
//! hide that: an unknown field is dropped, an unknown status kept. So each free read is sent once,
//! and its answer compared with the schema that the build made of the spec. Nothing else can be
//! sent: only what the tables list as free and GET is tried, and
//! [`Transport::get_json`] sends nothing but GETs of what is free.

mod drift;
#[cfg(test)]
mod planted;

pub(crate) use drift::Drift;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::error::Error;
use crate::model::ProviderId;
use crate::providers::{beatapi, creatify, jogg};
use crate::transport::{Operation, PathSegment, Transport};

/// What became of one free read.
pub(crate) struct Checkup {
    pub(crate) operation: &'static Operation,
    pub(crate) finding: Finding,
}

pub(crate) enum Finding {
    /// The answer is as the spec says.
    Fits,
    /// The answer differs from the spec.
    Drifts(Vec<Drift>),
    /// It was not sent, and why.
    NotChecked(String),
    /// No answer came.
    Failed(Error),
}

/// An operation that costs nothing and changes nothing.
pub(crate) struct FreeRead {
    pub(crate) operation: &'static Operation,
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

/// The free reads of a provider, those first that need no id.
pub(crate) fn free_reads(provider: ProviderId) -> Vec<FreeRead> {
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
    let (operations, known) = match provider {
        ProviderId::BeatApi => known!(beatapi),
        ProviderId::Creatify => known!(creatify),
        ProviderId::Jogg => known!(jogg),
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

/// Tries each of these reads once on an account, and tells of each as soon as it is known.
pub(crate) async fn examine(
    transport: &Transport,
    reads: &[FreeRead],
    mut tell: impl FnMut(Checkup),
) {
    let mut answers = Answers::new();
    for read in reads {
        let finding = read.check(transport, &mut answers).await;
        tell(Checkup { operation: read.operation, finding });
    }
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::account::AccountConfig;
    use crate::client::Client;
    use crate::{ErrorKind, Keys};

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
