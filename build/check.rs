//! The rules of a spec, each reported with the place that breaks it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Problem;
use super::schema::{
    OperationAt, components, escape, is_success, json_schema, may_be_shared, members, operations,
    reachable, request_bodies, response_bodies, success, webhooks,
};

/// All that is wrong with a spec; empty when it can be generated from.
pub(crate) fn check(spec: &Value) -> Vec<Problem> {
    let mut report = Report(Vec::new());
    let version = spec["openapi"].as_str().unwrap_or_default();
    if !version.starts_with("3.0.") {
        report.add("/openapi", format!("write OpenAPI 3.0.x, not {version:?}"));
    }
    let mut ids = BTreeSet::new();
    for operation in operations(spec) {
        check_operation(&operation, &mut report);
        if !ids.insert(operation.id().to_owned()) {
            let message = format!("operationId {:?} is used twice", operation.id());
            report.add(&operation.pointer, message);
        }
        check_sample(&operation, spec, &mut report);
    }
    for (_, pointer, webhook) in webhooks(spec) {
        check_texts(webhook, &pointer, &mut report);
        check_examples(&webhook["requestBody"], &format!("{pointer}/requestBody"), &mut report);
    }
    for (name, schema) in components(spec) {
        check_component(name, schema, &mut report);
    }
    check_everywhere(spec, spec, "", &mut report);
    check_sharing(spec, &mut report);
    report.0
}

struct Report(Vec<Problem>);

impl Report {
    fn add(&mut self, pointer: &str, message: impl Into<String>) {
        self.0.push(Problem { pointer: pointer.to_owned(), message: message.into() });
    }
}

fn check_operation(operation: &OperationAt<'_>, report: &mut Report) {
    let OperationAt { pointer, body, .. } = operation;
    let id = operation.id();
    let is_snake = id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if id.is_empty() || !is_snake {
        report.add(pointer, "give it an operationId in snake_case");
    }
    check_texts(body, pointer, report);
    if source(body).is_none() {
        report.add(pointer, "end its description with \"Source: …; read YYYY-MM.\"");
    }
    check_facts(operation, report);
    let successes: Vec<_> =
        members(&body["responses"]).filter(|(status, _)| is_success(status)).collect();
    match successes.as_slice() {
        [(_, response)] if json_schema(response).is_object() => {}
        [_] => report.add(pointer, "its success needs an application/json schema"),
        _ => report.add(pointer, "declare exactly one success response"),
    }
    if let Some(response) = success(operation) {
        check_examples(response, &format!("{pointer}/responses"), report);
    }
    let request = &body["requestBody"];
    if !request.is_null() && !operation.is_handwritten() {
        if members(&request["content"]).any(|(media, _)| media != "application/json") {
            let message = "only application/json bodies can be generated (binding: handwritten)";
            report.add(pointer, message);
        }
        check_examples(request, &format!("{pointer}/requestBody"), report);
    }
    for (index, parameter) in body["parameters"].as_array().into_iter().flatten().enumerate() {
        check_parameter(parameter, &format!("{pointer}/parameters/{index}"), report);
    }
}

fn check_parameter(parameter: &Value, place: &str, report: &mut Report) {
    if !parameter["$ref"].is_null() {
        report.add(place, "write the parameter out: references to parameters are not followed");
        return;
    }
    match parameter["in"].as_str() {
        Some("path") if parameter["required"] != true => {
            report.add(place, "a path parameter is required");
        }
        Some("query") if parameter["required"] == true => {
            report.add(place, "a query parameter that is required has no place in its struct");
        }
        _ => {}
    }
    if is_blank(&parameter["description"]) {
        report.add(place, "write its description");
    }
    if parameter["example"].is_null() {
        report.add(place, "give an example, which tests send");
    }
}

fn check_texts(body: &Value, pointer: &str, report: &mut Report) {
    for text in ["summary", "description"] {
        if is_blank(&body[text]) {
            report.add(pointer, format!("write its {text}"));
        }
    }
}

fn is_blank(text: &Value) -> bool {
    text.as_str().is_none_or(|text| text.trim().is_empty())
}

/// Tests send and decode the examples, so a body without one would go untested.
fn check_examples(body: &Value, pointer: &str, report: &mut Report) {
    let media = &body["content"]["application/json"];
    if media["schema"].is_object() && members(&media["examples"]).next().is_none() {
        report.add(pointer, "give at least one example");
    }
}

/// Where an operation's facts come from and when they were read: the last sentence of its
/// description.
pub(crate) fn source(operation: &Value) -> Option<(&str, &str)> {
    let (_, source) = operation["description"].as_str()?.rsplit_once("Source: ")?;
    let (source, read) = source.trim_end().strip_suffix('.')?.rsplit_once("; read ")?;
    let is_month = read.len() == 7 && read.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    is_month.then_some((source, read))
}

/// `sample: list_things#/0/id` leads to an id with which an operation can be tried for free.
fn check_sample(operation: &OperationAt<'_>, spec: &Value, report: &mut Report) {
    let Some(sample) = operation.body["x-adreel"].get("sample") else { return };
    let list = sample.as_str().and_then(|sample| sample.split_once('#')).map(|(list, _)| list);
    let is_free_read = |candidate: &OperationAt<'_>| {
        Some(candidate.id()) == list
            && candidate.method == "get"
            && candidate.body["x-adreel"]["paid"] == false
            && !candidate.path.contains('{')
    };
    if !operations(spec).iter().any(is_free_read) {
        let pointer = format!("{}/x-adreel/sample", operation.pointer);
        report.add(&pointer, "name a free list without an id of its own, as in list_things#/0/id");
    }
}

/// `x-adreel` is what the transport decides by, so nothing in it may be left to a default.
fn check_facts(operation: &OperationAt<'_>, report: &mut Report) {
    let facts = &operation.body["x-adreel"];
    let pointer = format!("{}/x-adreel", operation.pointer);
    if !facts["paid"].is_boolean() {
        report.add(&pointer, "paid: say true or false");
    }
    if !["always", "never", "idempotency-key"].iter().any(|word| facts["replay"] == *word) {
        report.add(&pointer, "replay: say always, never or idempotency-key");
    }
    if facts["paid"] == true && facts["replay"] == "always" {
        report.add(&pointer, "an operation that is paid is never safe to replay always");
    }
    let refused = facts["refused"].as_array();
    if refused.is_none_or(|codes| codes.iter().any(|code| code.as_u64().is_none())) {
        report
            .add(&pointer, "refused: list the statuses and codes that prove nothing was accepted");
    }
    if facts["timeout_secs"].as_u64().is_none_or(|secs| secs == 0) {
        report.add(&pointer, "timeout_secs: give the seconds that one attempt may take");
    }
    for (key, _) in members(facts) {
        if !["paid", "replay", "refused", "timeout_secs", "binding", "sample"].contains(&key) {
            report.add(&pointer, format!("unknown key {key:?}"));
        }
    }
}

fn check_component(name: &str, schema: &Value, report: &mut Report) {
    let pointer = format!("/components/schemas/{name}");
    if is_blank(&schema["description"]) {
        report.add(&pointer, "write its description");
    }
    if let Some(values) = schema["enum"].as_array() {
        if schema["type"] != "string" {
            report.add(&pointer, "only string enums are generated: describe others in prose");
        }
        if let Some(index) = values.iter().position(|value| !value.is_string()) {
            report.add(&format!("{pointer}/enum/{index}"), "not a string: put it in quotes");
        }
    }
    if schema["nullable"] == true && schema["oneOf"].is_array() {
        report.add(&pointer, "put nullable where the oneOf is used, not on the component");
    }
    for (property, value) in members(&schema["properties"]) {
        if is_blank(&value["description"]) && value["$ref"].is_null() {
            let place = format!("{pointer}/properties/{}", escape(property));
            report.add(&place, "write its description");
        }
    }
}

/// Rules that hold at any depth. Examples are data and are passed over.
fn check_everywhere(spec: &Value, node: &Value, pointer: &str, report: &mut Report) {
    for keyword in ["anyOf", "not"] {
        if node.get(keyword).is_some() && !pointer.ends_with("/properties") {
            report.add(pointer, format!("{keyword} cannot be generated: write oneOf, or prose"));
        }
    }
    let parts = node["allOf"].as_array();
    if parts.is_some_and(|parts| parts.len() != 1) && !pointer.ends_with("/properties") {
        report.add(pointer, "write allOf with one reference, or one object with all the fields");
    }
    if let Some(reference) = node["$ref"].as_str()
        && reference.strip_prefix('#').is_none_or(|target| spec.pointer(target).is_none())
    {
        report.add(pointer, format!("{reference:?} leads nowhere in this file"));
    }
    let depth = pointer.matches('/').count();
    let is_component = pointer.starts_with("/components/schemas/") && depth == 3;
    if node["enum"].is_array() && !is_component && !pointer.ends_with("/properties") {
        report.add(pointer, "give this enum a name under components/schemas");
    }
    if node["properties"].is_object() && !is_component && !pointer.ends_with("/properties") {
        report.add(pointer, "give this object a name under components/schemas");
    }
    match node {
        Value::Object(fields) => {
            for (key, value) in fields.iter().filter(|(key, _)| !is_data(key)) {
                check_everywhere(spec, value, &format!("{pointer}/{}", escape(key)), report);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                check_everywhere(spec, value, &format!("{pointer}/{index}"), report);
            }
        }
        _ => {}
    }
}

fn is_data(key: &str) -> bool {
    ["example", "examples", "x-adreel"].contains(&key)
}

/// Responses are read leniently; a component that a request shares would lose its constraints too.
fn check_sharing(spec: &Value, report: &mut Report) {
    let requests = reachable(spec, &request_bodies(spec));
    let responses = reachable(spec, &response_bodies(spec));
    for name in requests.intersection(&responses).filter(|name| !may_be_shared(spec, name)) {
        let pointer = format!("/components/schemas/{name}");
        report.add(&pointer, "used by a request and by a response: make two components");
    }
}
