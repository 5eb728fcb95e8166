//! The examples of a spec, as requests to send and answers to read.

use adreel::Operation;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// A spec as JSON.
#[derive(Clone)]
pub(super) struct Spec(std::sync::Arc<Value>);

/// One example of a request: its parameters and its body.
#[derive(Clone)]
pub(super) struct Sent {
    parameters: Vec<Value>,
    body: Option<Value>,
}

impl Spec {
    pub(super) fn read(yaml: &str) -> Self {
        Self(std::sync::Arc::new(yaml_serde::from_str(yaml).unwrap()))
    }

    fn operation(&self, operation: &Operation) -> &Value {
        &self.0["paths"][operation.path][operation.method.to_lowercase()]
    }

    /// One request for each example of the body; one without a body where it has none.
    pub(super) fn sent(&self, operation: &Operation) -> Vec<Sent> {
        let definition = self.operation(operation);
        let parameters = definition["parameters"].as_array().cloned().unwrap_or_default();
        let with = |body: Option<Value>| Sent { parameters: parameters.clone(), body };
        match &definition["requestBody"]["content"]["application/json"] {
            Value::Null => vec![with(None)],
            media => examples(media).map(|body| with(Some(body))).collect(),
        }
    }

    /// The success answers with the status that they come with.
    pub(super) fn answers(&self, operation: &Operation) -> Vec<(u16, Value)> {
        let responses = self.operation(operation)["responses"].as_object().unwrap();
        responses
            .iter()
            .filter(|(status, _)| status.starts_with('2'))
            .flat_map(|(status, response)| {
                let status = status.parse().unwrap_or(200);
                examples(&response["content"]["application/json"]).map(move |body| (status, body))
            })
            .collect()
    }
}

fn examples(media: &Value) -> impl Iterator<Item = Value> {
    let examples = media["examples"].as_object().cloned().unwrap_or_default();
    examples.into_iter().map(|(_, example)| example["value"].clone())
}

impl Sent {
    /// The body as the type that a method takes.
    pub(super) fn body<T: DeserializeOwned>(&self) -> T {
        serde_json::from_value(self.body.clone().unwrap()).unwrap()
    }

    pub(super) fn json(&self) -> Option<&Value> {
        self.body.as_ref()
    }

    /// The query parameters as the struct that a method takes.
    pub(super) fn query<T: DeserializeOwned>(&self) -> T {
        let fields: Map<String, Value> = self.all("query").collect();
        serde_json::from_value(Value::Object(fields)).unwrap()
    }

    /// A parameter of the path.
    pub(super) fn path(&self, name: &str) -> String {
        text(&self.all("path").find(|(known, _)| known == name).unwrap().1)
    }

    /// A header, which the spec's example has.
    pub(super) fn header(&self, name: &str) -> String {
        text(&self.all("header").find(|(known, _)| known == name).unwrap().1)
    }

    pub(super) fn path_of(&self, template: &str) -> String {
        self.all("path").fold(template.to_owned(), |path, (name, value)| {
            path.replace(&format!("{{{name}}}"), &text(&value))
        })
    }

    pub(super) fn query_pairs(&self) -> impl Iterator<Item = (String, String)> {
        self.all("query").map(|(name, value)| (name, text(&value)))
    }

    pub(super) fn headers(&self) -> impl Iterator<Item = (String, String)> {
        self.all("header").map(|(name, value)| (name, text(&value)))
    }

    fn all(&self, place: &str) -> impl Iterator<Item = (String, Value)> {
        self.parameters.iter().filter(move |parameter| parameter["in"] == place).map(|parameter| {
            (parameter["name"].as_str().unwrap().to_owned(), parameter["example"].clone())
        })
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Whether what was decoded is the example, or the part of it that stands inside the provider's
/// envelope, with nothing lost. A method that gives nothing back has nothing to lose.
pub(super) fn contains_all(example: &Value, decoded: &Value) -> bool {
    let inner = || match example {
        Value::Object(fields) => fields.values().any(|part| contains_all(part, decoded)),
        _ => false,
    };
    decoded.is_null() || is_same(example, decoded) || inner()
}

/// Equal but for nulls, empty texts and empty lists, which stand for absent fields, and for how a
/// number is written.
pub(super) fn is_same(example: &Value, decoded: &Value) -> bool {
    match (example, decoded) {
        (Value::Object(example), Value::Object(decoded)) => {
            let value =
                |map: &Map<String, Value>, key: &str| map.get(key).cloned().unwrap_or_default();
            example
                .keys()
                .chain(decoded.keys())
                .all(|key| is_same(&value(example, key), &value(decoded, key)))
        }
        (Value::Array(example), Value::Array(decoded)) => {
            example.len() == decoded.len()
                && example.iter().zip(decoded).all(|(example, decoded)| is_same(example, decoded))
        }
        (Value::Number(example), Value::Number(decoded)) => example.as_f64() == decoded.as_f64(),
        (Value::Array(items), Value::Null) | (Value::Null, Value::Array(items)) => items.is_empty(),
        (Value::String(text), Value::Null) => text.is_empty(),
        (example, decoded) => example == decoded,
    }
}
