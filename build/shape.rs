//! The shape of each answer, by which one that looks otherwise is read (`src/transport/shape.rs`).

use heck::ToShoutySnakeCase;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use serde_json::Value;
use syn::{Item, parse_quote};

use super::schema::{component_name, members, reachable, response_bodies, string_enums};

/// Scalars with a type of ours that reads each form of what it stands for, and what they are called.
const OWN: [(&str, &str); 3] =
    [("Credits", "a number of credits"), ("UnixTime", "a time"), ("DateTime", "a time")];

/// A module with the shape of each component that an answer or a webhook holds.
pub(crate) fn shapes(spec: &Value) -> Item {
    let names = reachable(spec, &response_bodies(spec));
    let shapes = names.iter().map(|name| {
        let constant = format_ident!("{}", name.to_shouty_snake_case());
        let shape = component(spec, name);
        quote!(pub(crate) static #constant: Shape = #shape;)
    });
    parse_quote! {
        pub(crate) mod shapes {
            use crate::json::{Field, Shape};

            #(#shapes)*
        }
    }
}

fn component(spec: &Value, name: &str) -> TokenStream {
    if let Some((own, expected)) = OWN.iter().find(|(own, _)| *own == name) {
        let own = format_ident!("{own}");
        return quote! {
            crate::json::Shape::Own { expected: #expected, reads: crate::json::reads::<crate::model::#own> }
        };
    }
    if string_enums(spec).any(|listed| listed == name) {
        return quote!(crate::json::Shape::Word);
    }
    let schema = &spec["components"]["schemas"][name];
    if !schema["properties"].is_object() {
        return shape(schema);
    }
    let is_required = |name: &str| {
        let names = schema["required"].as_array();
        names.is_some_and(|names| names.iter().any(|required| required == name))
    };
    let fields = members(&schema["properties"]).map(|(name, property)| {
        let is_required = is_required(name) && property["nullable"] != true;
        let shape = shape(property);
        quote!(Field { name: #name, is_required: #is_required, shape: &#shape })
    });
    quote!(crate::json::Shape::Object(&[#(#fields),*]))
}

/// The shape of a schema, as an expression that stands beside the module's.
pub(crate) fn shape(schema: &Value) -> TokenStream {
    if let Some([only]) = schema["allOf"].as_array().map(Vec::as_slice) {
        return shape(only);
    }
    if let Some(name) = schema["$ref"].as_str().and_then(component_name) {
        let constant = format_ident!("{}", name.to_shouty_snake_case());
        return quote!(super::shapes::#constant);
    }
    match schema["type"].as_str() {
        Some("string") => quote!(crate::json::Shape::Text),
        Some("integer") => quote!(crate::json::Shape::Integer),
        Some("number") => quote!(crate::json::Shape::Number),
        Some("boolean") => quote!(crate::json::Shape::Flag),
        Some("array") => {
            let item = shape(&schema["items"]);
            quote!(crate::json::Shape::List(&#item))
        }
        Some("object") => quote!(crate::json::Shape::Object(&[])),
        _ => quote!(crate::json::Shape::Any),
    }
}
