//! JoggAI (`api.jogg.ai`): a product is described once, then a video of 15, 30 or 60 s is made of
//! it, with a presenter and a script of the provider's own writing.
//!
//! Success is a 2xx *and* `code` 0: errors come inside HTTP 200, with an HTTP status, or both.
//! There is no idempotency. [`Client`] has a method for each operation of the spec.

mod account;
mod calls;
mod catalogue;
mod client;
mod endpoints;
mod errors;
mod find;
mod language;
mod list;
mod plan;
pub(crate) mod prices;
mod status;
mod webhook;

pub use crate::request::options::jogg::Options;
pub(crate) use account::Account;
pub use client::Client;
#[cfg(test)]
pub(crate) use errors::DIALECT;
pub(crate) use plan::CAPABILITIES;
pub use webhook::{WebhookVerifier, sign_webhook};

use crate::transport::Operation;

/// The types of the requests and answers, generated from `openapi/jogg.yaml`. Enums keep values
/// that the spec does not list.
pub mod types {
    pub use crate::model::UnixTime;
    pub use crate::types::jogg::*;
}

/// Every operation of the spec, with what the transport must know of it.
pub static OPERATIONS: &[&Operation] = crate::bindings::jogg::operations::ALL;
