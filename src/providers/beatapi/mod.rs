//! BeatAPI (`api.beatapi.io`): one paid call makes a video of exactly the asked length, 10 to 60 s.
//!
//! Its contract changed without a new version: money first came as whole credits (225 for 15 s),
//! then as dollars under the same names (4.50). adreel builds to the newest contract and reads the
//! older answers too. [`Client`] has a method for each operation of the spec.

mod account;
mod calls;
mod client;
mod contract;
mod endpoints;
mod errors;
mod music;
mod plan;
pub(crate) mod prices;
mod status;
mod webhook;

pub use crate::request::options::beatapi::{MusicOptions, Options};
pub(crate) use account::Account;
#[cfg(test)]
pub(crate) use account::replay_left;
pub use client::{Client, IdempotencyKey};
use contract::Unit;
#[cfg(test)]
pub(crate) use errors::DIALECT;
pub(crate) use plan::CAPABILITIES;
pub use webhook::{WebhookVerifier, sign_webhook};

use crate::transport::Operation;

/// The types of the requests and answers, generated from `openapi/beatapi.yaml`. Enums keep values
/// that the spec does not list.
pub mod types {
    pub use crate::model::UnixTime;
    pub use crate::types::beatapi::*;
}

/// Every operation of the spec, with what the transport must know of it.
pub static OPERATIONS: &[&Operation] = crate::bindings::beatapi::operations::ALL;
