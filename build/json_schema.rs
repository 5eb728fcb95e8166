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

#[cfg(test)]
mod tests {
    use super::*;

    const SPEC: &str = "
paths:
  /videos/{id}:
    get:
      operationId: get_video
      x-adreel: {paid: false, sample: 'list_videos#/0/id'}
      responses: &answer
        '2XX': {content: {application/json: {schema: {$ref: '#/components/schemas/Video'}}}}
  /videos:
    get: {operationId: list_videos, x-adreel: {paid: false}, responses: *answer}
    post: {operationId: make_video, x-adreel: {paid: true}, responses: *answer}
  /preview:
    get: {operationId: make_preview, x-adreel: {paid: true}, responses: *answer}
components:
  schemas:
    Video:
      type: object
      required: [id, state]
      properties:
        id: {type: string}
        state:
          allOf: [{$ref: '#/components/schemas/State'}]
          description: How it stands.
        url: {type: string, format: uri, nullable: true}
        seconds: {type: integer, minimum: 0, exclusiveMinimum: true}
        cover:
          allOf: [{$ref: '#/components/schemas/Cover'}]
          nullable: true
        tags: {type: array, items: {$ref: '#/components/schemas/State'}}
        raw: {description: Any JSON.}
        prices: {type: object, additionalProperties: {type: number}}
    Cover: {type: object, properties: {width: {type: integer, nullable: true}}}
    State: {type: string, enum: [done]}
    Other: {type: object}
";

    fn video(subject: Subject) -> Value {
        let spec: Value = yaml_serde::from_str(SPEC).unwrap();
        document(&spec, &json!({"$ref": "#/components/schemas/Video"}), subject)
    }

    fn fits(subject: Subject, change: Value) -> bool {
        let mut answer = json!({"id": "a", "state": "done"});
        for (name, value) in members(&change) {
            answer[name] = value.clone();
        }
        jsonschema::draft4::is_valid(&video(subject), &answer)
    }

    #[test]
    fn a_schema_takes_with_it_what_it_refers_to_and_nothing_else() {
        let document = video(Subject::Answer);
        let definitions: Vec<&str> =
            members(&document["definitions"]).map(|(name, _)| name).collect();
        assert_eq!(definitions, ["Cover", "State", "Video"]);
        assert!(jsonschema::draft4::meta::is_valid(&document));
    }

    #[test]
    fn free_reads_are_those_that_get_and_cost_nothing() {
        let known: Value =
            serde_json::from_str(&crate::codegen::free_reads(SPEC).unwrap()).unwrap();
        assert_eq!(
            members(&known).map(|(id, _)| id).collect::<Vec<_>>(),
            ["get_video", "list_videos"]
        );
        assert_eq!(known["get_video"]["sample"], "list_videos#/0/id");
        assert_eq!(known["list_videos"]["sample"], Value::Null);
        assert_eq!(known["get_video"]["schema"], video(Subject::Answer));
    }

    #[test]
    fn both_know_every_field_word_limit_and_type() {
        for subject in [Subject::Example, Subject::Answer] {
            for good in [
                json!({"url": null, "cover": null, "raw": null}),
                json!({"cover": {"width": null}, "raw": {"any": ["thing"]}, "seconds": 1}),
                json!({"tags": ["done"], "prices": {"eur": 1.5}}),
            ] {
                assert!(fits(subject, good.clone()), "{good}");
            }
            for bad in [
                json!({"mood": 1}),
                json!({"cover": {"height": 1}}),
                json!({"state": "paused"}),
                json!({"state": null}),
                json!({"id": null}),
                json!({"tags": [null]}),
                json!({"prices": {"eur": "1"}}),
                json!({"seconds": 0}),
                // Such a number is no integer for the type that reads it either.
                json!({"seconds": 1.0}),
            ] {
                assert!(!fits(subject, bad.clone()), "{bad}");
            }
        }
    }

    #[test]
    fn an_answer_may_say_null_for_what_is_optional_and_nothing_for_an_address() {
        for lenient in [json!({"seconds": null}), json!({"tags": null}), json!({"url": ""})] {
            assert!(fits(Subject::Answer, lenient.clone()), "{lenient}");
            assert!(!fits(Subject::Example, lenient.clone()), "{lenient}");
        }
    }
}
