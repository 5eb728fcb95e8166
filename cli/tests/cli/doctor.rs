//! `adreel doctor` against answers that are as the specs say, and against changed ones.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};

use adreel::Operation;
use httpmock::prelude::*;
use httpmock::{HttpMockRequest, HttpMockResponse};
use serde_json::{Value, json};

use super::{PHOTO, adreel, finished, run};

const TABLES: [(&str, &[&Operation], &str); 3] = [
    ("beatapi", adreel::beatapi::OPERATIONS, include_str!("../../../openapi/beatapi.yaml")),
    ("creatify", adreel::creatify::OPERATIONS, include_str!("../../../openapi/creatify.yaml")),
    ("jogg", adreel::jogg::OPERATIONS, include_str!("../../../openapi/jogg.yaml")),
];

fn free_reads() -> impl Iterator<Item = &'static Operation> {
    let operations = TABLES.iter().flat_map(|(_, operations, _)| operations.iter());
    operations.copied().filter(|operation| operation.method == "GET" && !operation.paid)
}

/// A line of the report: provider and operation, what became of it, and the rest.
fn rows(stdout: &str) -> Vec<(String, String, String)> {
    let words = ["ok", "drift", "not checked", "failed"];
    let row = |line: &str| {
        let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut parts = line.splitn(3, ' ');
        let name = format!("{} {}", parts.next()?, parts.next()?);
        let rest = parts.next()?;
        let word = words.into_iter().find(|word| rest.starts_with(word))?;
        Some((name, word.to_owned(), rest[word.len()..].trim().to_owned()))
    };
    stdout.lines().map(|line| row(line).unwrap_or_else(|| panic!("{line:?}"))).collect()
}

fn names(rows: &[(String, String, String)]) -> BTreeSet<String> {
    rows.iter().map(|(name, ..)| name.clone()).collect()
}

/// Every free read has its row, and none drifted or failed. What needs an id may be unchecked.
fn assert_all_well(stdout: &str) {
    let rows = rows(stdout);
    let all = free_reads().map(|read| format!("{} {}", read.provider, read.id));
    assert_eq!(names(&rows), all.collect());
    for read in free_reads() {
        let name = format!("{} {}", read.provider, read.id);
        let found: Vec<_> = rows.iter().filter(|(row, ..)| *row == name).collect();
        let [(_, word, _)] = found.as_slice() else { panic!("{found:?}") };
        let needs_id = read.path.contains('{');
        assert!(word == "ok" || needs_id && word == "not checked", "{found:?}");
    }
}

#[test]
fn the_sandbox_answers_as_the_specs_say_before_anything_is_made() {
    let (code, stdout, stderr) = run(&["--sandbox", "doctor"]);
    assert_eq!(code, Some(0), "{stdout}{stderr}");
    assert_all_well(&stdout);
    let told: Vec<&str> = stderr.lines().collect();
    assert_eq!(told[0], "only free reads are sent: nothing is paid");
    assert!(told[1].ends_with(" not checked, 0 failed") && told.len() == 2, "{stderr}");
}

/// A sandbox of its own, which ends with the test.
struct Sandbox(Child);

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_sandbox_answers_as_the_specs_say_with_videos_in_it() {
    let args = ["sandbox", "--quality", "thumbnail", "--speed", "600"];
    let mut sandbox = Sandbox(adreel(&args).stdout(Stdio::piped()).spawn().unwrap());
    let mut ready = String::new();
    BufReader::new(sandbox.0.stdout.take().unwrap()).read_line(&mut ready).unwrap();
    let ready: Value = serde_json::from_str(&ready).unwrap();
    let url = ready["url"].as_str().unwrap();
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().to_str().unwrap();
    let (code, _, stderr) =
        run(&["make", "--sandbox-url", url, PHOTO, "--name", "R", "--out", folder]);
    assert_eq!(code, Some(0), "{stderr}");
    let (code, stdout, stderr) = run(&["doctor", "--sandbox-url", url]);
    assert_eq!(code, Some(0), "{stdout}{stderr}");
    assert_all_well(&stdout);
}

/// The three providers, each answering its free reads with examples of its spec.
struct Providers {
    servers: Vec<(&'static str, MockServer)>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Providers {
    /// `choose` picks the answer to an operation from the spec's examples.
    fn start(choose: impl Fn(&Operation, &[Value]) -> Value) -> Self {
        let requests = Arc::new(Mutex::new(Vec::new()));
        let servers = TABLES.map(|(provider, operations, yaml)| {
            let spec: Value = yaml_serde::from_str(yaml).unwrap();
            let mut answers: Vec<(&str, Value)> = operations
                .iter()
                .filter(|operation| operation.method == "GET")
                .map(|read| (read.path, choose(read, &examples(&spec, read))))
                .collect();
            // A path without an id goes before one that would take its word for an id.
            answers.sort_by_key(|(path, _)| path.contains('{'));
            (provider, serve(answers, Arc::clone(&requests)))
        });
        Self { servers: servers.into(), requests }
    }

    fn examine(&self, args: &[&str]) -> (Option<i32>, String, String) {
        let mut command = adreel(&["doctor"]);
        for (provider, server) in &self.servers {
            let prefix = provider.to_uppercase();
            command.env(format!("{prefix}_API_KEY"), "a-key-of-mine");
            command.env(format!("{prefix}_API_ID"), "an-id-of-mine");
            command.env(format!("{prefix}_BASE_URL"), server.base_url());
        }
        finished(command.args(args).output().unwrap())
    }

    /// What was asked for so far: nothing but GETs, and nothing twice.
    fn assert_only_free_reads(&self) {
        let requests = self.requests.lock().unwrap();
        assert!(!requests.is_empty());
        assert!(requests.iter().all(|request| request.starts_with("GET ")), "{requests:?}");
        assert_eq!(requests.iter().collect::<BTreeSet<_>>().len(), requests.len(), "{requests:?}");
    }
}

/// The answers of success that a spec shows. JoggAI's has refusals among its 200s.
fn examples(spec: &Value, read: &Operation) -> Vec<Value> {
    let answers = spec["paths"][read.path]["get"]["responses"].as_object().unwrap();
    let (_, success) = answers.iter().find(|(status, _)| status.starts_with('2')).unwrap();
    let examples = success["content"]["application/json"]["examples"].as_object().unwrap();
    let is_refusal = |answer: &Value| answer["code"].as_u64().is_some_and(|code| code != 0);
    let answers = examples.values().map(|example| example["value"].clone());
    answers.filter(|answer| !is_refusal(answer)).collect()
}

fn serve(answers: Vec<(&'static str, Value)>, requests: Arc<Mutex<Vec<String>>>) -> MockServer {
    let server = MockServer::start();
    server.mock(|when, then| {
        when.is_true(|_| true);
        then.respond_with(move |request: &HttpMockRequest| {
            let path = request.uri().path().to_owned();
            requests.lock().unwrap().push(format!("{} {path}", request.method()));
            let known = answers.iter().find(|(template, _)| is_of(template, &path));
            let answer = HttpMockResponse::builder().header("content-type", "application/json");
            match known {
                Some((_, body)) => answer.status(200).body(body.to_string()).build(),
                None => answer.status(404).body("{}").build(),
            }
        });
    });
    server
}

fn is_of(template: &str, path: &str) -> bool {
    let (template, path): (Vec<_>, Vec<_>) =
        (template.split('/').collect(), path.split('/').collect());
    template.len() == path.len()
        && template.iter().zip(path).all(|(known, part)| known.starts_with('{') || *known == part)
}

#[test]
fn answers_as_the_specs_show_them_have_no_drift() {
    let most = TABLES
        .iter()
        .flat_map(|(_, operations, yaml)| {
            let spec: Value = yaml_serde::from_str(yaml).unwrap();
            let reads = operations.iter().filter(|operation| operation.method == "GET");
            reads.map(|read| examples(&spec, read).len()).collect::<Vec<_>>()
        })
        .max();
    let mut fitting = BTreeSet::new();
    for round in 0..most.unwrap() {
        let providers = Providers::start(|_, examples| examples[round % examples.len()].clone());
        let (code, stdout, stderr) = providers.examine(&[]);
        assert_eq!(code, Some(0), "{stdout}{stderr}");
        assert_all_well(&stdout);
        providers.assert_only_free_reads();
        let rows = rows(&stdout).into_iter().filter(|(_, word, _)| word == "ok");
        fitting.extend(rows.map(|(name, ..)| name));
    }
    // A sample that leads nowhere would leave its operation unchecked for ever.
    for name in names_with_samples() {
        assert!(fitting.contains(&name), "the sample of {name} is in no example of its list");
    }
}

fn names_with_samples() -> Vec<String> {
    let names = TABLES.iter().flat_map(|(provider, operations, yaml)| {
        let spec: Value = yaml_serde::from_str(yaml).unwrap();
        let has_sample = move |operation: &&&Operation| {
            let definition = &spec["paths"][operation.path][operation.method.to_lowercase()];
            definition["x-adreel"]["sample"].is_string()
        };
        let sampled = operations.iter().filter(has_sample);
        sampled.map(|operation| format!("{provider} {}", operation.id)).collect::<Vec<_>>()
    });
    names.collect()
}

/// A change to the answer of an operation: what stands at a pointer, and the line that it gives.
struct Change {
    operation: &'static str,
    place: &'static str,
    /// `None` takes the field away.
    value: Option<Value>,
    line: &'static str,
}

fn changes() -> [Change; 8] {
    let change = |operation, place, value, line| Change { operation, place, value, line };
    [
        change(
            "beatapi get_usage",
            "/data/credit_balance",
            Some(Value::Null),
            "/data/credit_balance: wrong type (null instead of number)",
        ),
        change(
            "beatapi get_usage",
            "/data/by_workflow/1/mood",
            Some(json!("sunny")),
            "/data/by_workflow/*/mood: unknown field (string)",
        ),
        change(
            "beatapi get_usage",
            "/notice",
            Some(json!({"text": "sunny"})),
            "/notice: unknown field (object)",
        ),
        change(
            "creatify list_product_to_videos",
            "/0/status",
            Some(json!("dreaming")),
            "/*/status: unknown value (\"dreaming\")",
        ),
        change("creatify list_product_to_videos", "/0/id", None, "/*/id: missing field (required)"),
        change(
            "jogg list_product_videos",
            "/data/videos/0/status",
            Some(json!("dreaming")),
            "/data/videos/*/status: unknown value (\"dreaming\")",
        ),
        change(
            "jogg list_product_videos",
            "/data/total",
            Some(json!("many")),
            "/data/total: wrong type (string instead of integer)",
        ),
        change(
            "jogg list_public_avatars",
            "/data/avatars/0/id",
            Some(json!([1])),
            "/data/avatars/*/id: wrong type (array instead of integer)",
        ),
    ]
}

impl Change {
    fn parent(&self) -> (&'static str, &'static str) {
        self.place.rsplit_once('/').unwrap()
    }

    fn apply(&self, answer: &mut Value) {
        let (parent, name) = self.parent();
        let fields = answer.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        match &self.value {
            Some(value) => fields.insert(name.to_owned(), value.clone()),
            None => fields.remove(name),
        };
    }
}

fn changed(read: &Operation, examples: &[Value]) -> Value {
    let name = format!("{} {}", read.provider, read.id);
    let changes: Vec<Change> =
        changes().into_iter().filter(|change| change.operation == name).collect();
    let has_all =
        |answer: &&Value| changes.iter().all(|change| answer.pointer(change.parent().0).is_some());
    let mut answer = examples.iter().find(has_all).expect("an example that can be changed").clone();
    for change in changes {
        change.apply(&mut answer);
    }
    answer
}

#[test]
fn each_change_of_an_answer_is_one_line_and_nothing_else_is_told() {
    let providers = Providers::start(changed);
    let (code, stdout, stderr) = providers.examine(&[]);
    assert_eq!(code, Some(7), "{stdout}{stderr}");
    let told: BTreeSet<(String, String)> = rows(&stdout)
        .into_iter()
        .filter(|(_, word, _)| word == "drift")
        .map(|(name, _, text)| (name, text))
        .collect();
    let expected = changes().map(|change| (change.operation.to_owned(), change.line.to_owned()));
    assert_eq!(told, expected.into());
    assert_eq!(stdout.matches(" drift ").count(), changes().len(), "{stdout}");
    assert!(!stdout.contains(" failed ") && !stdout.contains("sunny"), "{stdout}");
    assert!(stderr.contains(" 4 with drift, "), "{stderr}");
    providers.assert_only_free_reads();
}

#[test]
fn json_is_an_object_for_each_read() {
    let providers = Providers::start(changed);
    let (code, stdout, stderr) = providers.examine(&["--json", "--provider", "beatapi"]);
    assert_eq!((code, stderr.as_str()), (Some(7), ""));
    let lines: Vec<Value> =
        stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let usage = lines.iter().find(|line| line["operation"] == "get_usage").unwrap();
    assert_eq!(usage["provider"], "beatapi");
    assert_eq!(usage["result"], "drift");
    let balance = json!({
        "pointer": "/data/credit_balance",
        "kind": "wrong_type",
        "detail": "null instead of number",
        "count": 1,
    });
    assert!(usage["drift"].as_array().unwrap().contains(&balance), "{usage}");
    let task = lines.iter().find(|line| line["operation"] == "get_task").unwrap();
    assert_eq!(task["result"], "not_checked");
    assert!(task["reason"].is_string());
}

#[test]
fn a_call_that_fails_is_told_of_and_is_no_drift() {
    let refuse = |status: u16, body: &'static str| {
        let server = MockServer::start();
        server.mock(|when, then| {
            when.is_true(|_| true);
            then.status(status).body(body);
        });
        server
    };
    let page = "<html>Wartung</html>";
    for (status, body, expected, told) in [
        (401, r#"{"detail": "a-key-of-mine is no key"}"#, 3, "key refused (401)"),
        (404, r#"{"detail": "Not found."}"#, 1, "not found (404)"),
        (200, page, 1, "unreadable answer (200)"),
    ] {
        let server = refuse(status, body);
        let requests = Arc::default();
        let providers = Providers { servers: vec![("creatify", server)], requests };
        let (code, stdout, stderr) = providers.examine(&[]);
        assert_eq!(code, Some(expected), "{stdout}{stderr}");
        let rows = rows(&stdout);
        let is_told = |(_, word, text): &(String, String, String)| match word.as_str() {
            "failed" => text.starts_with(told),
            word => word == "not checked",
        };
        assert!(rows.iter().all(is_told) && rows.len() > 2, "{stdout}");
        assert!(!stdout.contains("a-key-of-mine"), "{stdout}");
        for skipped in ["beatapi", "jogg"] {
            assert!(stderr.contains(&format!("{skipped}: skipped, because no key is set")));
        }
    }
    let (code, stdout, stderr) = run(&["doctor", "--provider", "jogg"]);
    assert_eq!((code, stdout.as_str()), (Some(3), ""));
    assert!(stderr.contains("JOGG_API_KEY"), "{stderr}");
}
