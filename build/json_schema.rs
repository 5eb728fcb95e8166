//! A schema of a spec as JSON Schema, for a validator.
//!
//! It becomes draft 4, the one that OpenAPI 3.0 took its words from: limits mean the same in both,
//! and `1.0` is no integer, neither there nor for the types that read the answers.

use serde_json::{Map, Value, json};

use super::schema::{component_name, json_schema, members, operations, reachable, success};

/// What is checked against a schema. In either, a field that the schema lacks is an error.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    /// An example of a spec, which keeps to every word of it.
    #[allow(dead_code, reason = "the build itself checks no examples")]
    Example,
    /// An answer of a provider. Null may stand for whatever is optional, since it is read so.
    Answer,
}

/// Limits, which mean the same in both languages.
const LIMITS: [&str; 13] = [
    "exclusiveMaximum",
    "exclusiveMinimum",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "pattern",
    "uniqueItems",
];

/// What is known of each free read of a spec, by its `operationId`: the schema of its answer, and
/// where an id to try it with is found.
pub(crate) fn free_reads(spec: &Value) -> Value {
    let reads = operations(spec)
        .into_iter()
        .filter(|read| read.method == "get" && read.body["x-adreel"]["paid"] == false);
    let known = reads.filter_map(|read| {
        let schema = document(spec, json_schema(success(&read)?), Subject::Answer);
        let sample = &read.body["x-adreel"]["sample"];
        Some((read.id().to_owned(), json!({"sample": sample, "schema": schema})))
    });
    Value::Object(known.collect())
}

/// A schema with all that it refers to.
pub(crate) fn document(spec: &Value, schema: &Value, subject: Subject) -> Value {
    let definitions: Map<String, Value> = reachable(spec, &[schema])
        .into_iter()
        .map(|name| (name.to_owned(), convert(&spec["components"]["schemas"][name], subject)))
        .collect();
    json!({
        "$schema": "http://json-schema.org/draft-04/schema#",
        // Draft 4 passes over what stands beside a reference.
        "allOf": [convert(schema, subject)],
        "definitions": definitions,
    })
}

fn convert(schema: &Value, subject: Subject) -> Value {
    nullable(schema, subject, schema["nullable"] == true)
}

/// The schema itself, whatever it says of null, and null where it may stand.
fn nullable(schema: &Value, subject: Subject, may_be_null: bool) -> Value {
    let converted = match schema["$ref"].as_str().and_then(component_name) {
        Some(name) => json!({"$ref": format!("#/definitions/{name}")}),
        None => match schema["allOf"].as_array().map(Vec::as_slice) {
            Some([only]) => convert(only, subject),
            _ => Value::Object(written_out(schema, subject)),
        },
    };
    if may_be_null { or_null(converted) } else { converted }
}

fn written_out(schema: &Value, subject: Subject) -> Map<String, Value> {
    let mut converted = Map::new();
    for (key, value) in members(schema) {
        let value = match key {
            "type" | "enum" | "required" => value.clone(),
            "properties" => properties(schema, subject),
            "items" | "additionalProperties" if value.is_object() => convert(value, subject),
            "additionalProperties" => value.clone(),
            "allOf" | "oneOf" => {
                value.as_array().into_iter().flatten().map(|part| convert(part, subject)).collect()
            }
            "format" if is_checked(value, subject) => value.clone(),
            limit if LIMITS.contains(&limit) => value.clone(),
            _ => continue,
        };
        converted.insert(key.to_owned(), value);
    }
    if schema["properties"].is_object() {
        converted.entry("type").or_insert_with(|| "object".into());
        converted.entry("additionalProperties").or_insert(Value::Bool(false));
    }
    converted
}

fn properties(schema: &Value, subject: Subject) -> Value {
    let required = |name: &str| {
        let names = schema["required"].as_array();
        names.is_some_and(|names| names.iter().any(|required| required == name))
    };
    let properties = members(&schema["properties"]).map(|(name, property)| {
        let is_read_as_absent = subject == Subject::Answer && !required(name);
        let may_be_null = property["nullable"] == true || is_read_as_absent;
        (name.to_owned(), nullable(property, subject, may_be_null))
    });
    Value::Object(properties.collect())
}

/// An address that is not there is often answered with empty text, so only times are held to
/// their format in answers.
fn is_checked(format: &Value, subject: Subject) -> bool {
    subject == Subject::Example || format == "date-time"
}

fn or_null(mut schema: Value) -> Value {
    let Some(word) = schema.get("type").cloned() else {
        // Where nothing is said of the type, any JSON will do, null too.
        let is_any = members(&schema).next().is_none();
        return if is_any { schema } else { json!({"anyOf": [schema, {"type": "null"}]}) };
    };
    schema["type"] = json!([word, "null"]);
    if let Some(values) = schema.get_mut("enum").and_then(Value::as_array_mut) {
        values.push(Value::Null);
    }
    schema
}
