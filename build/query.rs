//! A struct for the query parameters of each operation, so that a filter that a provider adds is
//! no breaking change, and a call names what it sets.

use heck::{ToPascalCase, ToSnakeCase};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use serde_json::Value;
use syn::{FnArg, GenericArgument, ImplItem, Item, Pat, PathArguments, Type, parse_quote};

use super::emit::types_module;
use super::schema::{OperationAt, operations};

/// Adds `types::<Operation>Query` and the generated client's `<operation>_with(…, &query)`.
pub(crate) fn add_queries(file: &mut syn::File, spec: &Value) {
    let queries: Vec<Query> =
        operations(spec).iter().filter_map(|operation| Query::of(operation, file)).collect();
    if let Some(items) = types_module(file) {
        items.extend(queries.iter().flat_map(Query::definition));
    }
    file.items.extend(queries.iter().map(Query::call));
}

struct Query {
    operation: Ident,
    name: Ident,
    fields: Vec<Field>,
    method: syn::Signature,
}

struct Field {
    /// The name as it travels.
    wire: String,
    name: Ident,
    ty: Type,
    doc: String,
    /// How the field is handed to the generated method.
    passed: TokenStream,
}

impl Query {
    fn of(operation: &OperationAt<'_>, file: &syn::File) -> Option<Self> {
        let method = client_method(file, operation.id())?;
        let fields: Vec<Field> = arguments(&method)
            .filter_map(|(name, ty)| {
                let parameter = query_parameter(operation, name)?;
                let (ty, borrow) = owned(ty)?;
                Some(Field {
                    wire: parameter["name"].as_str().unwrap_or_default().to_owned(),
                    name: name.clone(),
                    ty,
                    doc: parameter["description"].as_str().unwrap_or_default().to_owned(),
                    passed: quote!(query.#name #borrow),
                })
            })
            .collect();
        let name = format_ident!("{}Query", operation.id().to_pascal_case());
        let operation = method.ident.clone();
        (!fields.is_empty()).then_some(Self { operation, name, fields, method })
    }

    fn definition(&self) -> [Item; 2] {
        let Self { name, fields, .. } = self;
        let doc = format!("What `{}` can be narrowed by.", self.operation);
        let members = fields.iter().map(|Field { wire, name, ty, doc, .. }| {
            quote! {
                #[doc = #doc]
                #[serde(rename = #wire, default, skip_serializing_if = "::std::option::Option::is_none")]
                pub #name: ::std::option::Option<#ty>,
            }
        });
        let setters = fields.iter().map(|Field { name, ty, doc, .. }| {
            quote! {
                #[doc = #doc]
                #[must_use]
                pub fn #name(mut self, #name: impl Into<#ty>) -> Self {
                    self.#name = Some(#name.into());
                    self
                }
            }
        });
        [
            parse_quote! {
                #[doc = #doc]
                #[derive(Clone, Debug, Default, PartialEq, ::serde::Serialize, ::serde::Deserialize)]
                #[non_exhaustive]
                pub struct #name { #(#members)* }
            },
            parse_quote! {
                impl #name {
                    /// Nothing is narrowed.
                    pub fn new() -> Self {
                        Self::default()
                    }
                    #(#setters)*
                }
            },
        ]
    }

    fn call(&self) -> Item {
        let Self { operation, name, fields, method } = self;
        let with = format_ident!("{operation}_with");
        let field = |argument: &Ident| fields.iter().find(|field| field.name == *argument);
        let others = arguments(method).filter(|(name, _)| field(name).is_none());
        let parameters = others.map(|(name, ty)| quote!(#name: #ty));
        let passed = arguments(method).map(|(name, _)| match field(name) {
            Some(field) => field.passed.clone(),
            None => quote!(#name),
        });
        let output = &method.output;
        parse_quote! {
            impl Client {
                pub async fn #with<'a>(
                    &'a self,
                    #(#parameters,)*
                    query: &'a types::#name,
                ) #output {
                    self.#operation(#(#passed),*).await
                }
            }
        }
    }
}

fn client_method(file: &syn::File, operation: &str) -> Option<syn::Signature> {
    let is_client = |ty: &Type| matches!(ty, Type::Path(path) if path.path.is_ident("Client"));
    let impls = file.items.iter().filter_map(|item| match item {
        Item::Impl(block) if block.trait_.is_none() && is_client(&block.self_ty) => Some(block),
        _ => None,
    });
    impls.flat_map(|block| &block.items).find_map(|item| match item {
        ImplItem::Fn(function) if function.sig.ident == operation => Some(function.sig.clone()),
        _ => None,
    })
}

fn arguments(method: &syn::Signature) -> impl Iterator<Item = (&Ident, &Type)> {
    method.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(argument) => match &*argument.pat {
            Pat::Ident(pattern) => Some((&pattern.ident, &*argument.ty)),
            _ => None,
        },
        FnArg::Receiver(_) => None,
    })
}

/// The parameter that an argument of the generated method stands for. Keywords get an underscore.
fn query_parameter<'a>(operation: &OperationAt<'a>, argument: &Ident) -> Option<&'a Value> {
    let argument = argument.to_string();
    operation.body["parameters"].as_array()?.iter().find(|parameter| {
        let name = parameter["name"].as_str().unwrap_or_default().to_snake_case();
        parameter["in"] == "query" && name == argument.trim_end_matches('_')
    })
}

/// `Option<&str>` is kept as a `String`, `Option<&T>` as a `T`, `Option<i64>` as it is.
fn owned(ty: &Type) -> Option<(Type, TokenStream)> {
    let Type::Path(path) = ty else { return None };
    let segment = path.path.segments.last().filter(|segment| segment.ident == "Option")?;
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    let GenericArgument::Type(inner) = arguments.args.first()? else { return None };
    Some(match inner {
        Type::Reference(reference) => match &*reference.elem {
            Type::Path(path) if path.path.is_ident("str") => {
                (parse_quote!(::std::string::String), quote!(.as_deref()))
            }
            elem => (elem.clone(), quote!(.as_ref())),
        },
        inner => (inner.clone(), TokenStream::new()),
    })
}
