//! Every example of the specs fits the schema that it stands beside, and has no field more.

use jsonschema::error::ValidationErrorKind;
use serde_json::Value;

use crate::SPECS;
use crate::codegen::json_schema::{Subject, document};

#[test]
fn every_example_fits_its_schema() {
    let mut problems = Vec::new();
    for (provider, yaml) in SPECS {
        let spec: Value = yaml_serde::from_str(yaml).unwrap();
        let mut examples = Vec::new();
        find(&spec, "#", &mut examples);
        for place in ["/requestBody/", "/responses/", "/parameters/"] {
            assert!(examples.iter().any(|e| e.pointer.contains(place)), "{provider}: {place}");
        }
        let webhooks = spec["x-webhooks"].as_object().map_or(0, |webhooks| webhooks.len());
        let shown = examples.iter().filter(|e| e.pointer.starts_with("#/x-webhooks/")).count();
        assert!(shown >= webhooks, "{provider} shows {shown} of {webhooks} webhooks");
        for example in examples {
            let schema = document(&spec, example.schema, Subject::Example);
            let validator = jsonschema::draft4::new(&schema).unwrap();
            for error in validator.iter_errors(example.value) {
                let place = format!("openapi/{provider}.yaml: {}", example.pointer);
                problems.extend(reasons(&error).map(|reason| format!("{place}{reason}")));
            }
        }
    }
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

/// A value beside the schema that it is an example of.
struct Example<'a> {
    pointer: String,
    schema: &'a Value,
    value: &'a Value,
}

/// All examples of bodies, headers and parameters: they stand beside their `schema`.
fn find<'a>(node: &'a Value, pointer: &str, found: &mut Vec<Example<'a>>) {
    if let Some(schema) = node.get("schema").filter(|schema| schema.is_object()) {
        let mut add = |pointer, value| found.push(Example { pointer, schema, value });
        if let Some(value) = node.get("example") {
            add(format!("{pointer}/example"), value);
        }
        for (name, example) in node["examples"].as_object().into_iter().flatten() {
            add(format!("{pointer}/examples/{name}/value"), &example["value"]);
        }
    }
    let is_data = |key: &str| ["example", "examples"].contains(&key);
    match node {
        Value::Object(fields) => {
            for (key, value) in fields.iter().filter(|(key, _)| !is_data(key)) {
                let key = key.replace('~', "~0").replace('/', "~1");
                find(value, &format!("{pointer}/{key}"), found);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                find(value, &format!("{pointer}/{index}"), found);
            }
        }
        _ => {}
    }
}

/// What is wrong and where. "This object or null" is told of by what is wrong with the object.
fn reasons(error: &jsonschema::ValidationError<'_>) -> Box<dyn Iterator<Item = String>> {
    match error.kind() {
        ValidationErrorKind::AnyOf { context } => {
            let first: Vec<String> = context[0].iter().flat_map(reasons).collect();
            Box::new(first.into_iter())
        }
        _ => Box::new(std::iter::once(format!("{}: {error}", error.instance_path()))),
    }
}
