//! Creatify (`api.creatify.ai`): two paid calls on one record, first a picture, then the video.
//!
//! It takes images by address only, of at most 200 characters, decides the length itself, and has
//! neither idempotency keys nor a cost in its answers. [`Client`] has a method for each operation
//! of the spec.

mod account;
mod calls;
mod catalogue;
mod client;
mod errors;
mod find;
mod link;
mod plan;
pub(crate) mod prices;
mod status;
mod webhook;

pub use crate::request::options::creatify::{LinkOptions, Options};
pub(crate) use account::Account;
pub use client::Client;
#[cfg(test)]
pub(crate) use errors::DIALECT;
pub(crate) use plan::CAPABILITIES;
pub use webhook::{WebhookHint, webhook_body};

use crate::transport::Operation;

/// The types of the requests and answers, generated from `openapi/creatify.yaml`. Enums keep
/// values that the spec does not list.
pub mod types {
    pub use crate::model::DateTime;
    pub use crate::types::creatify::*;
}

/// Every operation of the spec, with what the transport must know of it.
pub static OPERATIONS: &[&Operation] = crate::bindings::creatify::operations::ALL;
