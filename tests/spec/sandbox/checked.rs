//! Calls of the sandbox whose answers are held against a spec.

use std::cell::RefCell;
use std::collections::BTreeSet;

use adreel::testing::Sandbox;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::SPECS;
use crate::codegen::json_schema::{Subject, document};

/// A sandbox whose answers are held against one spec.
pub(super) struct Checked<'a> {
    sandbox: &'a Sandbox,
    pub(super) spec: Value,
    headers: &'static str,
    /// Operations that were answered with 2xx, as `METHOD path`.
    called: RefCell<BTreeSet<String>>,
}

/// What comes back.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: Value,
}

impl<'a> Checked<'a> {
    pub(super) fn new(sandbox: &'a Sandbox, provider: &str, headers: &'static str) -> Self {
        let (_, yaml) = SPECS.iter().find(|(name, _)| *name == provider).unwrap();
        let spec = yaml_serde::from_str(yaml).unwrap();
        Self { sandbox, spec, headers, called: RefCell::default() }
    }

    /// With other headers than those of an account.
    pub(super) fn with_headers(&self, headers: &'static str) -> Self {
        let spec = self.spec.clone();
        Self { sandbox: self.sandbox, spec, headers, called: RefCell::default() }
    }

    /// Calls an operation, whose path may have one id in it, and checks what comes.
    pub(super) async fn call(&self, line: &str, id: &Value, body: &Value) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.call_with(line, id, "application/json", body.as_bytes()).await
    }

    pub(super) async fn call_with(
        &self,
        line: &str,
        id: &Value,
        media_type: &str,
        body: &[u8],
    ) -> Value {
        let answer = self.send(line, id.as_str().unwrap_or_default(), media_type, body).await;
        assert!((200..300).contains(&answer.status), "{line}: {:#}", answer.body);
        self.check(line, &answer);
        self.called.borrow_mut().insert(line.to_owned());
        answer.body
    }

    /// Reads until there is what was waited for. Every answer on the way is checked too.
    pub(super) async fn until(
        &self,
        line: &str,
        id: &Value,
        is_there: impl Fn(&Value) -> bool,
    ) -> Value {
        for _ in 0..10_000 {
            let answer = self.call(line, id, &Value::Null).await;
            if is_there(&answer) {
                return answer;
            }
        }
        panic!("{line} says nothing new");
    }

    /// Sends to a path of the spec, with an id in place of its parameter.
    pub(super) async fn send(&self, line: &str, id: &str, media_type: &str, body: &[u8]) -> Answer {
        let line = match line.split_once('{') {
            Some((before, rest)) => format!("{before}{id}{}", rest.split_once('}').unwrap().1),
            None => line.to_owned(),
        };
        let host = self.sandbox.url().strip_prefix("http://").unwrap();
        let request = format!(
            "{line} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{}Content-Type: \
             {media_type}\r\nContent-Length: {}\r\n\r\n",
            self.headers,
            body.len(),
        );
        let mut stream = TcpStream::connect(host).await.unwrap();
        stream.write_all(&[request.as_bytes(), body].concat()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        Answer {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            head: head.to_ascii_lowercase(),
            body: serde_json::from_str(body).unwrap_or_else(|_| panic!("{line}: {answer}")),
        }
    }

    /// Whether an answer is declared, and fits.
    pub(super) fn check(&self, line: &str, answer: &Answer) {
        let (method, path) = line.split_once(' ').unwrap();
        let responses = &self.spec["paths"][path][method.to_lowercase()]["responses"];
        let status = answer.status.to_string();
        let named = [&status, &format!("{}XX", &status[..1]), "default"];
        let declared = named.into_iter().find_map(|name| responses.get(name));
        let declared = declared.unwrap_or_else(|| panic!("{line}: {} undeclared", answer.status));
        self.check_as(line, declared, answer);
    }

    /// Whether an answer fits a response of the spec.
    pub(super) fn check_as(&self, line: &str, response: &Value, answer: &Answer) {
        let response = match response["$ref"].as_str() {
            Some(place) => self.spec.pointer(place.trim_start_matches('#')).unwrap(),
            None => response,
        };
        let schema = &response["content"]["application/json"]["schema"];
        let schema = document(&self.spec, schema, Subject::Answer);
        let validator = jsonschema::draft4::new(&schema).unwrap();
        let problems: Vec<String> = validator
            .iter_errors(&answer.body)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(problems.is_empty(), "{line}: {}\n{:#}", problems.join("\n"), answer.body);
    }

    /// Every operation of the spec, as `METHOD path`, with what the spec says of it.
    pub(super) fn operations(&self) -> Vec<(String, Value)> {
        let mut all = Vec::new();
        for (path, item) in self.spec["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                assert!(operation["operationId"].is_string(), "{method} {path}");
                all.push((format!("{} {path}", method.to_uppercase()), operation.clone()));
            }
        }
        all
    }

    pub(super) fn assert_all_were_called(&self) {
        let called = self.called.borrow();
        let all = self.operations();
        assert!(!all.is_empty());
        for (line, _) in all {
            assert!(called.contains(&line), "{line} was not called");
        }
    }
}
