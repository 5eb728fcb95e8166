//! The spec as the generator takes it: what only people, fuzzers and checks need is left out.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::PATH_SEGMENT;
use super::schema::{
    METHODS, component_name, is_success, json_schema, may_be_shared, operations, reachable,
    success, webhooks,
};

/// Constraints become checked newtypes in generated code, also when an answer is read, and a
/// provider that breaks its own limits would then cost us the whole answer.
const CONSTRAINTS: [&str; 13] = [
    "default",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "maxItems",
    "maxLength",
    "maximum",
    "minItems",
    "minLength",
    "minimum",
    "multipleOf",
    "pattern",
    "uniqueItems",
];

pub(crate) fn normalise(mut spec: Value) -> Value {
    let handwritten: Vec<(String, String)> = operations(&spec)
        .iter()
        .filter(|operation| operation.is_handwritten())
        .map(|operation| (operation.path.to_owned(), operation.method.to_owned()))
        .collect();
    // Their answers are decoded by generated types all the same, and so are webhooks.
    let handwritten_components: Vec<String> = {
        let bodies: Vec<&Value> = operations(&spec)
            .iter()
            .filter(|operation| operation.is_handwritten())
            .filter_map(success)
            .chain(webhooks(&spec).map(|(_, _, webhook)| webhook))
            .collect();
        reachable(&spec, &bodies).into_iter().map(str::to_owned).collect()
    };
    for (path, method) in handwritten {
        if let Some(item) = spec["paths"][path].as_object_mut() {
            item.remove(&method);
        }
    }
    open_request_roots(&mut spec);
    for item in objects(&mut spec["paths"]) {
        for (_, operation) in item.iter_mut().filter(|(key, _)| METHODS.contains(&key.as_str())) {
            normalise_operation(operation);
        }
    }
    let reached: BTreeSet<String> = reachable(&spec, &[&spec["paths"]])
        .into_iter()
        .chain(handwritten_components.iter().map(String::as_str))
        .map(str::to_owned)
        .collect();
    if let Some(schemas) = spec["components"]["schemas"].as_object_mut() {
        schemas.retain(|name, _| reached.contains(name));
        schemas.values_mut().for_each(loosen);
    }
    spec["components"]["schemas"][PATH_SEGMENT] = json!({"type": "string"});
    spec
}

fn objects(value: &mut Value) -> impl Iterator<Item = &mut Map<String, Value>> {
    value.as_object_mut().into_iter().flatten().filter_map(|(_, item)| item.as_object_mut())
}

/// A request keeps a map for fields that are newer than the spec.
fn open_request_roots(spec: &mut Value) {
    let roots: Vec<String> = operations(spec)
        .iter()
        .filter_map(|op| {
            json_schema(&op.body["requestBody"])["$ref"]
                .as_str()
                .and_then(component_name)
                .map(str::to_owned)
        })
        .filter(|name| !may_be_shared(spec, name))
        .collect();
    for name in roots {
        spec["components"]["schemas"][name]["additionalProperties"] = json!({});
    }
}

fn normalise_operation(operation: &mut Value) {
    // Errors are read by hand: the generator allows one error type, and loses the status and the
    // headers of a declared error whose body it cannot read.
    if let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) {
        let success = responses.keys().find(|status| is_success(status)).cloned();
        if let Some(mut response) = success.and_then(|status| responses.remove(&status)) {
            for media in response.get_mut("content").into_iter().flat_map(objects) {
                media.values_mut().for_each(loosen);
            }
            // Any 2xx is read: which one a provider sends for a repeat is not documented.
            operation["responses"] = json!({ "2XX": response });
        }
    }
    let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
    for parameter in parameters.into_iter().flatten() {
        if parameter["in"] == "path" {
            let reference = format!("#/components/schemas/{PATH_SEGMENT}");
            parameter["schema"] = json!({ "$ref": reference });
        } else if let Some(schema) = parameter.get_mut("schema") {
            loosen(schema);
        }
    }
}

/// Takes the constraints out of a schema and of every schema inside it.
fn loosen(schema: &mut Value) {
    let Some(fields) = schema.as_object_mut() else { return };
    fields.retain(|key, _| !CONSTRAINTS.contains(&key.as_str()) && !key.starts_with("example"));
    if fields.get("additionalProperties") == Some(&Value::Bool(false)) {
        fields.remove("additionalProperties");
    }
    for (key, value) in fields.iter_mut() {
        match (key.as_str(), value) {
            ("properties", Value::Object(properties)) => properties.values_mut().for_each(loosen),
            ("allOf" | "oneOf", Value::Array(members)) => members.iter_mut().for_each(loosen),
            ("items" | "additionalProperties", inner) => loosen(inner),
            _ => {}
        }
    }
}
