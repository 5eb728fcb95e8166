//! Ways through a spec that the other parts share.

use std::collections::BTreeSet;

use serde_json::Value;

use super::SCALARS;

pub(crate) const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// An operation and the place where it stands.
pub(crate) struct OperationAt<'a> {
    pub(crate) path: &'a str,
    pub(crate) method: &'a str,
    pub(crate) pointer: String,
    pub(crate) body: &'a Value,
}

impl OperationAt<'_> {
    /// The `operationId`, empty where it is missing (which `check` reports).
    pub(crate) fn id(&self) -> &str {
        self.body["operationId"].as_str().unwrap_or_default()
    }

    /// Whether a person writes this operation's call because the generator cannot.
    pub(crate) fn is_handwritten(&self) -> bool {
        self.body["x-adreel"]["binding"] == "handwritten"
    }
}

pub(crate) fn operations(spec: &Value) -> Vec<OperationAt<'_>> {
    let mut found = Vec::new();
    for (path, item) in members(&spec["paths"]) {
        for (method, body) in members(item) {
            if METHODS.contains(&method) {
                let pointer = format!("/paths/{}/{method}", escape(path));
                found.push(OperationAt { path, method, pointer, body });
            }
        }
    }
    found
}

/// The bodies of webhooks, which we read like answers, each with its place.
pub(crate) fn webhooks(spec: &Value) -> impl Iterator<Item = (&str, String, &Value)> {
    members(&spec["x-webhooks"]).map(|(event, webhook)| {
        (event, format!("/x-webhooks/{}/post", escape(event)), &webhook["post"])
    })
}

/// The schema of an operation's or a webhook's JSON body.
pub(crate) fn json_schema(body: &Value) -> &Value {
    &body["content"]["application/json"]["schema"]
}

/// The success answer of an operation.
pub(crate) fn success<'a>(operation: &OperationAt<'a>) -> Option<&'a Value> {
    members(&operation.body["responses"])
        .find(|(status, _)| is_success(status))
        .map(|(_, response)| response)
}

/// The named schemas of a spec.
pub(crate) fn components(spec: &Value) -> impl Iterator<Item = (&str, &Value)> {
    members(&spec["components"]["schemas"])
}

/// The named string enums, which become open enums.
pub(crate) fn string_enums(spec: &Value) -> impl Iterator<Item = &str> {
    components(spec).filter(|(_, schema)| schema["enum"].is_array()).map(|(name, _)| name)
}

/// Whether a component may be used by requests and responses alike, because a handwritten or open
/// type stands for it and nothing in it is loosened.
pub(crate) fn may_be_shared(spec: &Value, name: &str) -> bool {
    SCALARS.iter().any(|(scalar, _)| *scalar == name) || string_enums(spec).any(|e| e == name)
}

/// The names of all components that `roots` reach.
pub(crate) fn reachable<'a>(spec: &'a Value, roots: &[&'a Value]) -> BTreeSet<&'a str> {
    let mut names = BTreeSet::new();
    let mut queue: Vec<&Value> = roots.to_vec();
    while let Some(node) = queue.pop() {
        if let Some(name) = node["$ref"].as_str().and_then(component_name)
            && names.insert(name)
        {
            queue.push(&spec["components"]["schemas"][name]);
        }
        match node {
            Value::Array(items) => queue.extend(items),
            Value::Object(fields) => queue.extend(fields.values()),
            _ => {}
        }
    }
    names
}

pub(crate) fn component_name(reference: &str) -> Option<&str> {
    reference.strip_prefix("#/components/schemas/")
}

pub(crate) fn request_bodies(spec: &Value) -> Vec<&Value> {
    operations(spec).iter().map(|op| &op.body["requestBody"]).collect()
}

pub(crate) fn response_bodies(spec: &Value) -> Vec<&Value> {
    let responses = operations(spec).into_iter().map(|op| &op.body["responses"]);
    responses.chain(webhooks(spec).map(|(_, _, webhook)| webhook)).collect()
}

pub(crate) fn is_success(status: &str) -> bool {
    status.starts_with('2')
}

/// The members of an object; none of anything else.
pub(crate) fn members(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(key, value)| (key.as_str(), value))
}

/// A key as it stands in a JSON pointer.
pub(crate) fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
