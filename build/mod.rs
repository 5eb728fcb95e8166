//! From a spec to Rust: check, normalise, generate, complete.
//!
//! The generator stops with a panic that names no place when a spec holds something it cannot
//! express, so `check` refuses such things first, with a JSON pointer. `normalise` then loosens
//! what a strict reading of a provider's answers would break on, `emit` adds what the generator
//! leaves out: open enums, constructors and the table of operations.

mod check;
mod emit;
pub(crate) mod json_schema;
mod normalise;
mod query;
mod schema;
mod shape;

use std::fmt;

use progenitor::{GenerationSettings, Generator, HooksMode, InterfaceStyle, TypeImpl};
use quote::quote;
use serde_json::Value;

/// One thing that is wrong with a spec, and where.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) pointer: String,
    pub(crate) message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}: {}", self.pointer, self.message)
    }
}

/// Schema components that handwritten types stand for, with the path of each type.
pub(crate) const SCALARS: [(&str, &str); 5] = [
    ("Credits", "crate::model::Credits"),
    ("UnixTime", "crate::model::UnixTime"),
    ("DateTime", "crate::model::DateTime"),
    ("WebhookSecret", "crate::secret::WebhookSecret"),
    (PATH_SEGMENT, "crate::transport::PathSegment"),
];

/// The component that `normalise` puts in the place of every path parameter's schema.
pub(crate) const PATH_SEGMENT: &str = "PathSegment";

/// The Rust source of one provider's bindings: its types, which are data alone, and the client that
/// speaks of them.
pub(crate) struct Bindings {
    pub(crate) types: String,
    pub(crate) client: String,
}

/// Writes one provider's bindings.
pub(crate) fn bindings(provider: &str, yaml: &str) -> Result<Bindings, Vec<Problem>> {
    let spec = read(yaml)?;
    let problems = check::check(&spec);
    if !problems.is_empty() {
        return Err(problems);
    }
    let normal = normalise::normalise(spec.clone());
    let openapi = serde_json::from_value(normal.clone())
        .map_err(|error| at_root(format!("not OpenAPI 3.0: {error}")))?;
    let generated = Generator::new(&settings(provider, &spec))
        .generate_tokens(&openapi)
        .map_err(|error| at_root(error.to_string()))?;
    let mut client = syn::parse2(generated).map_err(|error| at_root(error.to_string()))?;
    emit::complete_types(&mut client, &normal);
    query::add_queries(&mut client, &normal);
    let mut types = emit::take_types(&mut client);
    types.items.extend(emit::open_enums(&spec).items);
    client.items.push(emit::operation_table(provider, &spec));
    client.items.push(shape::shapes(&spec));
    Ok(Bindings { types: prettyplease::unparse(&types), client: prettyplease::unparse(&client) })
}

/// What `adreel doctor` compares answers with, as JSON.
pub(crate) fn free_reads(yaml: &str) -> Result<String, Vec<Problem>> {
    Ok(json_schema::free_reads(&read(yaml)?).to_string())
}

fn read(yaml: &str) -> Result<Value, Vec<Problem>> {
    yaml_serde::from_str(yaml).map_err(|error| at_root(error.to_string()))
}

fn at_root(message: String) -> Vec<Problem> {
    vec![Problem { pointer: String::new(), message }]
}

fn settings(provider: &str, spec: &Value) -> GenerationSettings {
    let mut settings = GenerationSettings::new();
    settings
        .with_interface(InterfaceStyle::Positional)
        .with_hooks(HooksMode::Expected)
        .with_inner_type(quote!(crate::transport::Call))
        .with_map_type("::std::collections::BTreeMap")
        .with_derive("PartialEq");
    let traits = || [TypeImpl::Display, TypeImpl::FromStr].into_iter();
    for name in schema::string_enums(spec) {
        let path = format!("crate::types::{provider}::{name}");
        settings.with_replacement(name, path, traits());
    }
    for (name, path) in SCALARS {
        // A secret has no text that would be shown in passing.
        let traits = traits().filter(|_| name != "WebhookSecret");
        settings.with_replacement(name, path, traits);
    }
    settings
}

/// What a spec says of one operation, for the table of operations.
#[allow(dead_code, reason = "the build itself prints no table")]
pub(crate) struct Facts<'a> {
    pub(crate) id: &'a str,
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) paid: bool,
    pub(crate) replay: &'a str,
    pub(crate) refused: Vec<u64>,
    pub(crate) source: &'a str,
    pub(crate) read: &'a str,
}

/// The facts of each operation of a spec, in its order.
#[allow(dead_code, reason = "the build itself prints no table")]
pub(crate) fn facts(spec: &Value) -> Vec<Facts<'_>> {
    let rows = schema::operations(spec).into_iter().map(|operation| {
        let facts = &operation.body["x-adreel"];
        let (source, read) = check::source(operation.body).unwrap_or_default();
        Facts {
            id: operation.body["operationId"].as_str().unwrap_or_default(),
            method: operation.method,
            path: operation.path,
            paid: facts["paid"] == true,
            replay: facts["replay"].as_str().unwrap_or_default(),
            refused: facts["refused"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_u64)
                .collect(),
            source,
            read,
        }
    });
    rows.collect()
}
