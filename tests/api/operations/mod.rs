//! Every operation of the three specs, walked through by its table: the method sends what the
//! spec's examples say, reads each answer that the spec shows, and fails as it should. An
//! operation without an arm in its provider's `call` fails here.

mod beatapi;
mod creatify;
mod jogg;
mod sent;

use adreel::{BoxFuture, ErrorKind, Operation, ProviderId, Replay};
use httpmock::prelude::*;
use httpmock::{Mock, Then};
use serde_json::Value;

use self::sent::{Sent, Spec, contains_all, is_same};
use crate::support::account;

type Called = Option<adreel::Result<Value>>;

/// Sends an operation with one of its examples.
fn call<'a>(url: &'a str, operation: &'a Operation, sent: &'a Sent) -> BoxFuture<'a, Called> {
    Box::pin(async move {
        match operation.provider {
            ProviderId::BeatApi => {
                let client = adreel::beatapi::Client::new(account(url)).unwrap();
                beatapi::call(&client, operation.id, sent).await
            }
            ProviderId::Creatify => {
                let client = adreel::creatify::Client::new(account(url)).unwrap();
                creatify::call(&client, operation.id, sent).await
            }
            _ => {
                let client = adreel::jogg::Client::new(account(url)).unwrap();
                jogg::call(&client, operation.id, sent).await
            }
        }
    })
}

/// What an arm of a provider's `call` gives back: the decoded answer, written as JSON again.
fn value(answer: adreel::Result<impl serde::Serialize>) -> Called {
    Some(answer.map(|answer| serde_json::to_value(answer).unwrap()))
}

fn tables() -> impl Iterator<Item = (&'static Operation, Spec)> {
    let tables = [
        (adreel::beatapi::OPERATIONS, include_str!("../../../openapi/beatapi.yaml")),
        (adreel::creatify::OPERATIONS, include_str!("../../../openapi/creatify.yaml")),
        (adreel::jogg::OPERATIONS, include_str!("../../../openapi/jogg.yaml")),
    ];
    tables.into_iter().flat_map(|(operations, yaml)| {
        let spec = Spec::read(yaml);
        operations.iter().map(move |operation| (*operation, spec.clone()))
    })
}

fn refusal_code(answer: &Value) -> Option<String> {
    let code = answer["code"].as_u64().expect("only a refusal fails");
    (code != 0).then(|| code.to_string())
}

/// A server that answers exactly what an example sends.
async fn mock<'s>(
    server: &'s MockServer,
    operation: &Operation,
    sent: &Sent,
    answer: impl FnOnce(Then),
) -> Mock<'s> {
    server
        .mock_async(|mut when, then| {
            when = when.method(operation.method).path(sent.path_of(operation.path));
            for (name, value) in sent.query_pairs() {
                when = when.query_param(name, value);
            }
            for (name, value) in sent.headers() {
                when = when.header(name, value);
            }
            if let Some(body) = sent.json().cloned() {
                when.is_true(move |request| {
                    serde_json::from_slice(request.body_ref())
                        .is_ok_and(|sent| is_same(&body, &sent))
                });
            }
            answer(then);
        })
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_sends_its_example_and_reads_each_answer_of_the_spec() {
    let server = MockServer::start_async().await;
    for (operation, spec) in tables() {
        let examples = spec.sent(operation);
        let answers = spec.answers(operation);
        assert!(!examples.is_empty() && !answers.is_empty(), "{} has no example", operation.id);
        // Each request once, each answer once.
        for index in 0..examples.len().max(answers.len()) {
            let (sent, answer) =
                (&examples[index % examples.len()], &answers[index % answers.len()]);
            let (status, answer) = (answer.0, answer.1.clone());
            let reply = answer.clone();
            let mock = mock(&server, operation, sent, |then| {
                then.status(status).json_body(reply);
            })
            .await;
            let called = call(&server.base_url(), operation, sent)
                .await
                .unwrap_or_else(|| panic!("tests/api/operations has no arm for {}", operation.id));
            assert_eq!(mock.calls_async().await, 1, "{} did not send its example", operation.id);
            match called {
                Ok(decoded) => assert!(
                    contains_all(&answer, &decoded),
                    "{} lost something of {answer:#}\nand read {decoded:#}",
                    operation.id
                ),
                // JoggAI's spec shows refusals among its 200s.
                Err(error) => {
                    assert_eq!(error.code(), refusal_code(&answer).as_deref(), "{error:?}")
                }
            }
            mock.delete_async().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_tells_who_refused_it_and_is_not_sent_again() {
    let server = MockServer::start_async().await;
    for (operation, spec) in tables() {
        let sent = &spec.sent(operation)[0];
        // Not a wrong key for BeatAPI: one of its operations needs none.
        let (status, refusal, kind) = match operation.provider {
            ProviderId::BeatApi => {
                (403, r#"{"error":{"code":"forbidden","message":"m"}}"#, ErrorKind::PlanLacks)
            }
            ProviderId::Creatify => (401, r#"{"detail":"m"}"#, ErrorKind::Unauthorized),
            _ => (200, r#"{"code":10105,"msg":"m","data":null}"#, ErrorKind::Unauthorized),
        };
        let mock = mock(&server, operation, sent, |then| {
            then.status(status).body(refusal);
        })
        .await;
        let answer = call(&server.base_url(), operation, sent).await.unwrap();
        let error = answer.expect_err(operation.id);
        assert_eq!(error.kind(), kind, "{}", operation.id);
        assert_eq!(error.provider(), Some(operation.provider));
        assert_eq!(error.operation(), Some(operation.id));
        assert_eq!(mock.calls_async().await, 1, "{}", operation.id);
        mock.delete_async().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_that_is_paid_may_have_been_when_its_answer_has_no_id() {
    let server = MockServer::start_async().await;
    for (operation, spec) in tables().filter(|(operation, _)| operation.paid) {
        let (sent, (status, answer)) = (&spec.sent(operation)[0], &spec.answers(operation)[0]);
        let mock = mock(&server, operation, sent, |then| {
            then.status(*status).json_body(without_ids(answer));
        })
        .await;
        let answer = call(&server.base_url(), operation, sent).await.unwrap();
        let error = answer.expect_err(operation.id);
        assert_eq!(error.kind(), ErrorKind::SubmitUnknown, "{}", operation.id);
        assert_eq!(mock.calls_async().await, 1, "{}", operation.id);
        mock.delete_async().await;
    }
}

/// The answer with an empty text for every id, and without the reasons that excuse a missing one.
fn without_ids(answer: &Value) -> Value {
    match answer {
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| match name.as_str() {
                "err_msg" => (name.clone(), Value::Null),
                name if name == "id" || name.ends_with("_id") => (name.to_owned(), "".into()),
                _ => (name.clone(), without_ids(value)),
            });
            Value::Object(fields.collect())
        }
        Value::Array(items) => items.iter().map(without_ids).collect(),
        other => other.clone(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_is_repeated_only_as_its_spec_allows() {
    let server = MockServer::start_async().await;
    for (operation, spec) in tables() {
        let sent = &spec.sent(operation)[0];
        let mock = mock(&server, operation, sent, |then| {
            then.status(502).body("<html>bad gateway</html>");
        })
        .await;
        let answer = call(&server.base_url(), operation, sent).await.unwrap();
        let error = answer.expect_err(operation.id);
        let kind = if operation.paid { ErrorKind::SubmitUnknown } else { ErrorKind::Unavailable };
        assert_eq!(error.kind(), kind, "{}", operation.id);
        let attempts = if operation.replay == Replay::Always { 4 } else { 1 };
        assert_eq!(mock.calls_async().await, attempts, "{}", operation.id);
        mock.delete_async().await;
    }
}
