//! Each change that a schema forbids, planted into each answer that the specs show.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::drift::{Drift, DriftKind, differences, is_private, type_of};
use super::free_reads;
use crate::model::ProviderId;

/// A change to an answer, and the one difference that it has to give.
struct Planted {
    answer: Value,
    expected: Drift,
}

/// Every change that a schema forbids, everywhere in an answer.
struct Planter<'a> {
    document: &'a Value,
    answer: &'a Value,
    planted: Vec<Planted>,
}

impl<'a> Planter<'a> {
    fn plant(document: &'a Value, answer: &'a Value) -> Vec<Planted> {
        let mut planter = Self { document, answer, planted: Vec::new() };
        planter.walk(document, answer, String::new());
        planter.planted
    }

    fn resolve(&self, schema: &'a Value) -> &'a Value {
        let choice = schema.get("allOf").or(schema.get("anyOf"));
        match (schema["$ref"].as_str(), choice) {
            (Some(reference), _) => self.resolve(self.document.pointer(&reference[1..]).unwrap()),
            (None, Some(parts)) => self.resolve(&parts[0]),
            (None, None) => schema,
        }
    }

    fn walk(&mut self, schema: &'a Value, value: &'a Value, place: String) {
        let resolved = self.resolve(schema);
        self.change_value(schema, resolved, value, &place);
        if let Some(fields) = value.as_object() {
            self.change_fields(resolved, fields, &place);
            for (name, field) in fields {
                let property = &resolved["properties"][name];
                self.walk(property, field, format!("{place}/{name}"));
            }
        }
        for (index, item) in value.as_array().into_iter().flatten().enumerate() {
            self.walk(&resolved["items"], item, format!("{place}/{index}"));
        }
    }

    fn change_value(&mut self, schema: &Value, resolved: &Value, value: &Value, place: &str) {
        let types = &resolved["type"];
        let word = types.as_str().or(types[0].as_str());
        let Some(word) = word else { return };
        let other = if word == "string" { json!(7) } else { json!("planted") };
        let detail = format!("{} instead of {word}", type_of(&other));
        self.add(place, other, DriftKind::WrongType, &detail);
        let takes_null = schema.get("anyOf").is_some() || types.is_array();
        if !takes_null {
            let detail = format!("null instead of {word}");
            self.add(place, Value::Null, DriftKind::WrongType, &detail);
        }
        if resolved.get("enum").is_some() && value.is_string() {
            let name = place.rsplit('/').next().unwrap_or_default();
            let shown = if is_private(name) { "string" } else { "\"planted\"" };
            self.add(place, json!("planted"), DriftKind::UnknownValue, shown);
        }
    }

    fn change_fields(&mut self, resolved: &Value, fields: &Map<String, Value>, place: &str) {
        if resolved["additionalProperties"] == false {
            let mut more = fields.clone();
            more.insert("planted".to_owned(), json!({"deep": true}));
            self.add_field(place, "planted", more, DriftKind::UnknownField, "object");
        }
        for name in resolved["required"].as_array().into_iter().flatten() {
            let name = name.as_str().unwrap();
            let mut fewer = fields.clone();
            fewer.remove(name);
            self.add_field(place, name, fewer, DriftKind::MissingField, "required");
        }
    }

    fn add_field(
        &mut self,
        place: &str,
        name: &str,
        fields: Map<String, Value>,
        kind: DriftKind,
        detail: &str,
    ) {
        self.add(place, fields.into(), kind, detail);
        let expected = &mut self.planted.last_mut().unwrap().expected;
        expected.pointer = format!("{}/{name}", expected.pointer);
    }

    fn add(&mut self, place: &str, value: Value, kind: DriftKind, detail: &str) {
        let mut answer = self.answer.clone();
        *answer.pointer_mut(place).unwrap() = value;
        let folded = place.split('/').map(|part| match part.parse::<usize>() {
            Ok(_) => "*",
            Err(_) => part,
        });
        let pointer = folded.collect::<Vec<_>>().join("/");
        let expected = Drift { pointer, kind, detail: detail.to_owned(), count: 1 };
        self.planted.push(Planted { answer, expected });
    }
}

#[test]
fn every_change_to_an_answer_of_the_specs_is_told_of_once_and_nothing_else() {
    let specs = [
        (ProviderId::BeatApi, include_str!("../../openapi/beatapi.yaml")),
        (ProviderId::Creatify, include_str!("../../openapi/creatify.yaml")),
        (ProviderId::Jogg, include_str!("../../openapi/jogg.yaml")),
    ];
    let mut kinds = BTreeSet::new();
    for (provider, yaml) in specs {
        let spec: Value = yaml_serde::from_str(yaml).unwrap();
        for read in free_reads(provider) {
            let schema = &read.known.schema;
            let answers = spec["paths"][read.operation.path]["get"]["responses"].as_object();
            let success = answers.unwrap().iter().find(|(status, _)| status.starts_with('2'));
            let media = &success.unwrap().1["content"]["application/json"];
            for (name, example) in media["examples"].as_object().unwrap() {
                let (id, example) = (read.operation.id, &example["value"]);
                assert_eq!(differences(schema, example), [], "{id} {name}");
                for planted in Planter::plant(schema, example) {
                    let found = differences(schema, &planted.answer);
                    assert_eq!(found, [planted.expected], "{id} {name}");
                    kinds.insert(found[0].kind);
                }
            }
        }
    }
    assert_eq!(kinds.len(), 4, "{kinds:?}");
}
