//! Whatever a provider, an edge or an attacker sends is read or refused: nothing panics, nothing
//! unsigned is believed, and what a provider may add or leave out costs no answer.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};

use crate::clock::Clock;
use crate::error::{ErrorKind, Result};
use crate::json::Drift;
use crate::model::Timestamp;
use crate::transport::{Refusal, Reply};

/// Cases for each decoder and each parser of webhooks: a sample in a debug build, all of them in
/// the optimised one that the gate runs.
const CASES: u32 = if cfg!(debug_assertions) { 1_000 } else { 100_000 };

/// A provider's decoders, beside the bodies that its spec shows for each.
struct Bodies {
    spec: Value,
    decoders: &'static [(&'static str, Decoder)],
}

type Decoder = fn(&[u8]) -> serde_json::Result<(Value, Vec<Drift>)>;

impl Bodies {
    fn new(yaml: &str, decoders: &'static [(&'static str, Decoder)]) -> Self {
        Self { spec: yaml_serde::from_str(yaml).unwrap(), decoders }
    }

    /// The bodies of an operation's success or of a webhook.
    fn examples(&self, name: &str) -> Vec<Value> {
        let operations = self.spec["paths"].as_object().unwrap().values();
        let operations = operations.flat_map(|item| item.as_object().unwrap().values());
        let responses = operations
            .filter(|operation| operation["operationId"] == name)
            .flat_map(|operation| operation["responses"].as_object().unwrap())
            .filter(|(status, _)| status.starts_with('2'))
            .map(|(_, response)| response);
        let bodies = responses.chain([&self.spec["x-webhooks"][name]["post"]["requestBody"]]);
        bodies
            .filter_map(|body| body["content"]["application/json"]["examples"].as_object())
            .flat_map(|examples| examples.values().map(|example| example["value"].clone()))
            .collect()
    }

    /// Names that are required of any object, so that leaving one out may cost the answer.
    fn required(&self) -> BTreeSet<&str> {
        let schemas = self.spec["components"]["schemas"].as_object().unwrap().values();
        let required = schemas.filter_map(|schema| schema["required"].as_array());
        required.flatten().filter_map(Value::as_str).collect()
    }
}

fn providers() -> [(&'static str, Bodies); 3] {
    use crate::bindings::{beatapi, creatify, jogg};
    [
        (
            "beatapi",
            Bodies::new(include_str!("../../openapi/beatapi.yaml"), beatapi::operations::DECODERS),
        ),
        (
            "creatify",
            Bodies::new(
                include_str!("../../openapi/creatify.yaml"),
                creatify::operations::DECODERS,
            ),
        ),
        ("jogg", Bodies::new(include_str!("../../openapi/jogg.yaml"), jogg::operations::DECODERS)),
    ]
}

#[test]
fn every_body_of_a_spec_is_read_also_with_what_is_new_and_without_what_is_optional() {
    for (provider, bodies) in providers() {
        let required = bodies.required();
        for (name, decode) in bodies.decoders {
            let examples = bodies.examples(name);
            assert!(!examples.is_empty(), "{provider} {name} has no example");
            for example in examples {
                for (what, body) in open_variants(&example, &required) {
                    let read = decode(body.to_string().as_bytes());
                    let is_whole = read.as_ref().is_ok_and(|(_, left_out)| left_out.is_empty());
                    assert!(is_whole, "{provider} {name}, {what}: {read:?}");
                }
            }
        }
    }
}

/// The body as it is, with something unknown in each of its objects, and without (or with null
/// for) each field that may be missing.
fn open_variants(example: &Value, required: &BTreeSet<&str>) -> Vec<(String, Value)> {
    let mut variants = vec![("as it is".to_owned(), example.clone())];
    for pointer in pointers(example) {
        let mut with_more = example.clone();
        if let Some(Value::Object(fields)) = with_more.pointer_mut(&pointer) {
            fields.insert("x_new".to_owned(), json!({"a": [1, null]}));
            variants.push((format!("something new in {pointer:?}"), with_more));
        }
        let Some((parent, name)) = pointer.rsplit_once('/') else { continue };
        let name = name.replace("~1", "/").replace("~0", "~");
        if required.contains(&*name) || !example.pointer(parent).is_some_and(Value::is_object) {
            continue;
        }
        for null in [true, false] {
            let mut without = example.clone();
            let fields = without.pointer_mut(parent).and_then(Value::as_object_mut).unwrap();
            match null {
                true => fields.insert(name.clone(), Value::Null),
                false => fields.remove(&name),
            };
            let what = if null { "null for" } else { "without" };
            variants.push((format!("{what} {pointer:?}"), without));
        }
    }
    variants
}

/// The place of every value in a body.
fn pointers(value: &Value) -> Vec<String> {
    let mut places = vec![String::new()];
    let mut inner = |key: String, value: &Value| {
        places.extend(pointers(value).into_iter().map(|rest| format!("/{key}{rest}")));
    };
    match value {
        Value::Object(fields) => fields
            .iter()
            .for_each(|(key, value)| inner(key.replace('~', "~0").replace('/', "~1"), value)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, value)| inner(index.to_string(), value));
        }
        _ => {}
    }
    places
}

/// One change of a body.
#[derive(Clone, Debug)]
enum Change {
    /// Another value in some place.
    Put(Index, Value),
    /// A place emptied.
    Take(Index),
    /// A byte changed.
    Flip(Index, u8),
    /// The rest cut off.
    Cut(Index),
    /// Bytes put in.
    Insert(Index, Vec<u8>),
}

fn change() -> impl Strategy<Value = Change> {
    let value = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        Just(json!(1e308)),
        ".{0,12}".prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
        Just(json!([{"id": 1}, null, "x"])),
    ];
    prop_oneof![
        4 => (any::<Index>(), value).prop_map(|(at, value)| Change::Put(at, value)),
        2 => any::<Index>().prop_map(Change::Take),
        1 => (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Change::Flip(at, byte)),
        1 => any::<Index>().prop_map(Change::Cut),
        1 => (any::<Index>(), prop::collection::vec(any::<u8>(), 1..8))
            .prop_map(|(at, bytes)| Change::Insert(at, bytes)),
    ]
}

/// The bytes of a body after some changes.
fn changed(body: &Value, changes: &[Change]) -> Vec<u8> {
    let mut body = body.clone();
    for change in changes {
        let (Change::Put(at, _) | Change::Take(at)) = change else { continue };
        let places = pointers(&body);
        let place = body.pointer_mut(&places[at.index(places.len())]).unwrap();
        *place = match change {
            Change::Put(_, value) => value.clone(),
            _ => Value::Null,
        };
    }
    let mut bytes = body.to_string().into_bytes();
    for change in changes.iter().filter(|_| !bytes.is_empty()).collect::<Vec<_>>() {
        match change {
            Change::Flip(at, byte) if !bytes.is_empty() => {
                let at = at.index(bytes.len());
                bytes[at] ^= byte;
            }
            Change::Cut(at) => bytes.truncate(at.index(bytes.len() + 1)),
            Change::Insert(at, more) => {
                let at = at.index(bytes.len() + 1);
                bytes.splice(at..at, more.iter().copied());
            }
            _ => {}
        }
    }
    bytes
}

/// Runs a property over changed bodies, with the same cases each time.
fn each_changed(bodies: &[Value], property: impl Fn(&Value, &[u8])) {
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let cases = (any::<Index>(), prop::collection::vec(change(), 1..4));
    let result = TestRunner::new_with_rng(config, rng).run(&cases, |(body, changes)| {
        let body = body.get(bodies);
        property(body, &changed(body, &changes));
        Ok(())
    });
    result.unwrap();
}

fn decoders_survive(provider: usize, refusal: fn(&Reply) -> Option<Refusal>) {
    let (_, bodies) = &providers()[provider];
    for (name, decode) in bodies.decoders {
        each_changed(&bodies.examples(name), |_, bytes| {
            // What it comes to does not matter, only that it comes to something.
            let _ = decode(bytes);
            let status = [200, 400, 429, 502][bytes.len() % 4];
            let status = reqwest::StatusCode::from_u16(status).unwrap();
            let headers = Default::default();
            let _ = refusal(&Reply { status, headers, body: bytes.to_vec().into() });
        });
    }
}

#[test]
fn beatapi_decoders_survive_whatever_comes() {
    decoders_survive(0, super::beatapi::DIALECT.refusal);
}

#[test]
fn creatify_decoders_survive_whatever_comes() {
    decoders_survive(1, super::creatify::DIALECT.refusal);
}

#[test]
fn jogg_decoders_survive_whatever_comes() {
    decoders_survive(2, super::jogg::DIALECT.refusal);
}

/// The bodies of every webhook of a spec.
fn deliveries(provider: usize) -> Vec<Value> {
    let (_, bodies) = &providers()[provider];
    let events = bodies.spec["x-webhooks"].as_object().unwrap().keys();
    events.flat_map(|event| bodies.examples(event)).collect()
}

type Headers = Vec<(&'static str, String)>;

/// Checks that a delivery is believed as it was signed and in no other form: not with another
/// body, nor with any header but the event's name changed.
fn believes_only_what_is_signed(
    provider: usize,
    sign: impl Fn(&[u8]) -> Headers,
    verify: impl Fn(&Headers, &[u8]) -> Result<()>,
) {
    each_changed(&deliveries(provider), |body, bytes| {
        let original = body.to_string().into_bytes();
        let headers = sign(&original);
        assert!(verify(&headers, &original).is_ok(), "{body}");
        let is_forged = |answer: Result<()>| {
            assert_eq!(answer.expect_err("a forgery is believed").kind(), ErrorKind::Forged);
        };
        if bytes != original {
            is_forged(verify(&headers, bytes));
        }
        for index in (0..headers.len()).filter(|index| !headers[*index].0.ends_with("event")) {
            let mut changed = headers.clone();
            let value = std::mem::take(&mut changed[index].1);
            let at = bytes.len() % value.len();
            // Each digit is exchanged for another one.
            let other = if value.as_bytes()[at] == b'1' { "2" } else { "1" };
            changed[index].1 = format!("{}{other}{}", &value[..at], &value[at + 1..]);
            is_forged(verify(&changed, &original));
            changed.remove(index);
            is_forged(verify(&changed, &original));
        }
        // What the provider signs is its own, however strange: it is read or it is not.
        if let Err(error) = verify(&sign(bytes), bytes) {
            assert_eq!(error.kind(), ErrorKind::Decode);
        }
    });
}

fn header<'h>(headers: &'h Headers) -> impl Fn(&str) -> Option<&'h str> {
    |name| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
}

#[test]
fn beatapi_webhooks_are_believed_only_as_they_were_signed() {
    use super::beatapi::{WebhookVerifier, sign_webhook};
    let now = Timestamp::from_millis(1_790_000_000_000);
    let verifier = WebhookVerifier::new("whsec_other").or("whsec_1").clock(Stopped(now));
    believes_only_what_is_signed(
        0,
        |body| sign_webhook(&"whsec_1".into(), "task.succeeded", now, body),
        |headers, body| verifier.verify(header(headers), body).map(drop),
    );
}

#[test]
fn jogg_webhooks_are_believed_only_as_they_were_signed() {
    use super::jogg::{WebhookVerifier, sign_webhook};
    let verifier = WebhookVerifier::new("whsec_other").or("whsec_1");
    believes_only_what_is_signed(
        2,
        |body| sign_webhook(&"whsec_1".into(), "generated_product_video_success", body),
        |headers, body| verifier.verify(header(headers), body).map(drop),
    );
}

#[test]
fn creatify_hints_survive_whatever_comes() {
    each_changed(&deliveries(1), |body, bytes| {
        let hint = super::creatify::WebhookHint::read(body.to_string().as_bytes()).unwrap();
        assert_eq!(hint.id(), body["id"].as_str());
        let _ = super::creatify::WebhookHint::read(bytes).map(|hint| hint.id().is_some());
    });
}

/// A clock that stands still.
struct Stopped(Timestamp);

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        self.0
    }

    fn sleep(&self, _: std::time::Duration) -> crate::future::BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }
}
