//! What the generator leaves out, written from the same spec.

use heck::{ToPascalCase, ToShoutySnakeCase, ToSnakeCase};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};
use serde_json::Value;
use syn::{Item, parse_quote};

use super::schema::{
    OperationAt, component_name, components, json_schema, members, operations, reachable,
    request_bodies, string_enums, success, webhooks,
};
use super::shape::shape;

/// Makes every generated struct non-exhaustive, so that a new optional field is a minor release,
/// and gives those of requests `new(required…)` and a setter for each field.
pub(crate) fn complete_types(file: &mut syn::File, spec: &Value) {
    let requests = reachable(spec, &request_bodies(spec));
    let Some(items) = types_module(file) else { return };
    let mut added = Vec::new();
    for item in items.iter_mut() {
        if let Item::Struct(definition) = item {
            definition.attrs.push(parse_quote!(#[non_exhaustive]));
            let name = definition.ident.to_string();
            if requests.contains(name.as_str()) {
                added.push(constructor(definition, &spec["components"]["schemas"][&name]));
            }
        }
    }
    items.extend(added);
}

/// The items of the generated module `types`.
pub(crate) fn types_module(file: &mut syn::File) -> Option<&mut Vec<Item>> {
    file.items.iter_mut().find_map(|item| match item {
        Item::Mod(module) if module.ident == "types" => {
            module.content.as_mut().map(|(_, items)| items)
        }
        _ => None,
    })
}

/// `new` takes the required fields in the spec's order; generated fields come sorted by name.
fn constructor(definition: &syn::ItemStruct, schema: &Value) -> Item {
    let required: Vec<String> = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|name| name.as_str().map(ToSnakeCase::to_snake_case))
        .collect();
    let is_required =
        |field: &syn::Field| field.ident.as_ref().is_some_and(|i| required.contains(&plain(i)));
    let mut arguments: Vec<&syn::Field> =
        definition.fields.iter().filter(|f| is_required(f)).collect();
    arguments.sort_by_key(|field| {
        required.iter().position(|name| field.ident.as_ref().is_some_and(|i| plain(i) == *name))
    });
    let parameters = arguments.iter().map(|field| {
        let (name, ty) = (&field.ident, &field.ty);
        quote!(#name: impl Into<#ty>)
    });
    let values = definition.fields.iter().map(|field| {
        let name = &field.ident;
        if is_required(field) {
            quote!(#name: #name.into())
        } else {
            quote!(#name: Default::default())
        }
    });
    let setters = definition.fields.iter().filter(|field| !is_required(field)).map(setter);
    let name = &definition.ident;
    let doc = format!("A `{name}` with the fields that the provider requires.");
    parse_quote! {
        impl #name {
            #[doc = #doc]
            pub fn new(#(#parameters),*) -> Self {
                Self { #(#values),* }
            }
            #(#setters)*
        }
    }
}

fn setter(field: &syn::Field) -> TokenStream {
    let (name, ty) = (field.ident.as_ref(), &field.ty);
    let docs = field.attrs.iter().filter(|attribute| attribute.path().is_ident("doc"));
    quote! {
        #(#docs)*
        #[must_use]
        pub fn #name(mut self, #name: impl Into<#ty>) -> Self {
            self.#name = #name.into();
            self
        }
    }
}

fn plain(ident: &Ident) -> String {
    ident.to_string().trim_start_matches("r#").to_owned()
}

/// Takes the generated types out of the module that they are generated in.
pub(crate) fn take_types(file: &mut syn::File) -> syn::File {
    let items = types_module(file).map(std::mem::take).unwrap_or_default();
    file.items.retain(|item| !matches!(item, Item::Mod(module) if module.ident == "types"));
    parse_quote!(#(#items)*)
}

/// An enum for each named string enum, which keeps values that a provider added after the spec was
/// written.
pub(crate) fn open_enums(spec: &Value) -> syn::File {
    let enums = components(spec)
        .filter(|(name, _)| string_enums(spec).any(|listed| listed == *name))
        .map(|(name, schema)| open_enum(name, schema));
    parse_quote!(#(#enums)*)
}

fn open_enum(name: &str, schema: &Value) -> TokenStream {
    let enum_name = Ident::new(name, Span::call_site());
    let docs = schema["description"].as_str().unwrap_or_default();
    let values: Vec<&str> =
        schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let variants: Vec<Ident> = values.iter().map(|value| variant(value)).collect();
    let variant_docs = values.iter().map(|value| format!("`{value}`"));
    quote! {
        #[doc = #docs]
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[derive(::serde::Serialize, ::serde::Deserialize)]
        #[serde(from = "String", into = "String")]
        #[cfg_attr(
            feature = "schema",
            derive(::schemars::JsonSchema),
            schemars(extend("examples" = [#(#values),*]))
        )]
        #[non_exhaustive]
        pub enum #enum_name {
            #(#[doc = #variant_docs] #variants,)*
            /// A value that the spec does not list, as received.
            Unknown(String),
        }

        impl #enum_name {
            /// Every value that the spec lists, as it travels.
            pub const VALUES: &'static [&'static str] = &[#(#values),*];

            /// The value as it travels.
            pub fn as_str(&self) -> &str {
                match self {
                    #(Self::#variants => #values,)*
                    Self::Unknown(value) => value,
                }
            }
        }

        impl From<&str> for #enum_name {
            fn from(value: &str) -> Self {
                match value {
                    #(#values => Self::#variants,)*
                    other => {
                        // A word is the same word in capitals, and with what no eye sees in it.
                        let word = crate::plain::plain(other);
                        let is_other = |known: &&&str| known.eq_ignore_ascii_case(word.trim());
                        match Self::VALUES.iter().find(is_other) {
                            Some(known) => Self::from(*known),
                            None => Self::Unknown(other.to_owned()),
                        }
                    }
                }
            }
        }

        impl From<String> for #enum_name {
            fn from(value: String) -> Self {
                Self::from(value.as_str())
            }
        }

        impl From<#enum_name> for String {
            fn from(value: #enum_name) -> Self {
                value.as_str().to_owned()
            }
        }

        impl ::std::str::FromStr for #enum_name {
            type Err = ::std::convert::Infallible;

            fn from_str(value: &str) -> Result<Self, Self::Err> {
                Ok(Self::from(value))
            }
        }

        impl ::std::fmt::Display for #enum_name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    }
}

/// `9:16` becomes `V9x16`, `16x9` `V16x9`, `Don't Worry` `DontWorry`, an empty value `Empty`.
fn variant(value: &str) -> Ident {
    let name = value.replace(':', "x").replace('\'', "").to_pascal_case();
    match name.chars().next() {
        None => format_ident!("Empty"),
        Some(first) if first.is_ascii_digit() => format_ident!("V{}", value.replace(':', "x")),
        Some(_) => Ident::new(&name, Span::call_site()),
    }
}

/// The table of operations, which the transport decides by and tests walk through.
pub(crate) fn operation_table(provider: &str, spec: &Value) -> Item {
    let all: Vec<_> = operations(spec);
    let names: Vec<Ident> = all
        .iter()
        .map(|operation| format_ident!("{}", operation.id().to_shouty_snake_case()))
        .collect();
    let constants = all.iter().map(|operation| operation_constant(provider, operation, spec));
    let answers = all.iter().filter_map(|op| Some((op.id(), success(op)?)));
    let events = webhooks(spec).map(|(event, _, webhook)| (event, &webhook["requestBody"]));
    let decoders = answers.chain(events).map(|(name, body)| {
        let (ty, shape) = (decoded_type(json_schema(body)), shape(json_schema(body)));
        quote!((#name, |body| {
            let (value, left_out) = #shape.decode::<#ty>(::serde_json::from_slice(body)?)
                .map_err(|drift| ::serde::de::Error::custom(drift))?;
            Ok((::serde_json::to_value(value)?, left_out))
        }))
    });
    parse_quote! {
        pub(crate) mod operations {
            use crate::transport::{Operation, Replay};

            /// Every operation of the spec.
            pub static ALL: &[&Operation] = &[#(&#names),*];

            /// Reads a body and writes it again, for the tests of what can be read.
            #[cfg(test)]
            pub(crate) type Decoder = fn(
                &[u8],
            ) -> ::serde_json::Result<(
                ::serde_json::Value,
                Vec<crate::json::Drift>,
            )>;

            /// Every operation and webhook with the decoder of its body.
            #[cfg(test)]
            pub(crate) static DECODERS: &[(&str, Decoder)] = &[#(#decoders),*];

            #(#constants)*
        }
    }
}

/// The type that a body is decoded to: a component, a list of one, or any JSON.
fn decoded_type(schema: &Value) -> TokenStream {
    match schema["$ref"].as_str().and_then(component_name) {
        Some(name) => {
            let name = Ident::new(name, Span::call_site());
            quote!(super::types::#name)
        }
        None if schema["type"] == "array" => {
            let item = decoded_type(&schema["items"]);
            quote!(::std::vec::Vec<#item>)
        }
        None => quote!(::serde_json::Value),
    }
}

fn operation_constant(provider: &str, operation: &OperationAt<'_>, spec: &Value) -> TokenStream {
    let OperationAt { path, body, .. } = operation;
    let id = operation.id();
    let name = format_ident!("{}", id.to_shouty_snake_case());
    let method = operation.method.to_uppercase();
    let provider = match provider {
        "beatapi" => quote!(BeatApi),
        "creatify" => quote!(Creatify),
        _ => quote!(Jogg),
    };
    let facts = &body["x-adreel"];
    let paid = facts["paid"] == true;
    let replay = match facts["replay"].as_str() {
        Some("always") => quote!(Always),
        Some("idempotency-key") => quote!(IdempotencyKey),
        _ => quote!(Never),
    };
    let refused = facts["refused"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_u64)
        .map(|code| code as u32);
    let timeout_secs = facts["timeout_secs"].as_u64();
    let fields = request_fields(operation, spec);
    let gives_secret = success(operation)
        .is_some_and(|success| reachable(spec, &[success]).contains("WebhookSecret"));
    let answer = success(operation)
        .map_or_else(|| quote!(crate::json::Shape::Any), |success| shape(json_schema(success)));
    quote! {
        pub static #name: Operation = Operation {
            provider: crate::model::ProviderId::#provider,
            id: #id,
            method: #method,
            path: #path,
            paid: #paid,
            replay: Replay::#replay,
            refused: &[#(#refused),*],
            timeout: ::std::time::Duration::from_secs(#timeout_secs),
            request_fields: &[#(#fields),*],
            answer: &#answer,
            gives_secret: #gives_secret,
        };
    }
}

fn request_fields<'a>(operation: &OperationAt<'_>, spec: &'a Value) -> Vec<&'a str> {
    let component =
        json_schema(&operation.body["requestBody"])["$ref"].as_str().and_then(component_name);
    component.map_or_else(Vec::new, |name| {
        members(&spec["components"]["schemas"][name]["properties"])
            .map(|(field, _)| field)
            .collect()
    })
}
