#![doc = include_str!("manual.md")]
#![cfg_attr(
    not(all(feature = "beatapi", feature = "creatify", feature = "jogg", feature = "rustls")),
    allow(
        dead_code,
        unreachable_pub,
        unused_imports,
        reason = "what only a left-out provider uses is not dead"
    )
)]

mod account;
mod address;
mod bindings;
pub mod client;
pub mod clock;
mod digest;
#[cfg(feature = "doctor")]
pub mod doctor;
mod error;
mod future;
mod input;
pub mod job;
mod json;
pub mod ledger;
mod model;
mod plain;
mod policy;
mod providers;
mod regular_file;
mod request;
mod secret;
#[cfg(feature = "sandbox")]
pub mod testing;
pub mod text {
    //! Texts of others as they may be shown, and paths and settings as text.

    pub use crate::plain::{NotText, is_hidden, plain, setting, trimmed};
    pub use crate::request::path::{path_from_text, path_to_text};
}
mod transport;
mod types;
pub mod webhook;
mod words;

pub use account::{AccountConfig, Asset, AssetHost, Credentials, HttpConfig, Keys};
pub use client::{Catalogue, Client, Resolution, Video};
pub use error::{CapScope, Error, ErrorKind, Limit, OverCap, Result};
pub use future::BoxFuture;
pub use job::{Job, Plan};
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub use ledger::Sql;
pub use ledger::{JobQuery, Ledger, MemoryLedger};
pub use model::{
    Account, AspectRatio, Capabilities, CatalogueItem, CatalogueKind, Cost, CostSource, Credits,
    Durations, Field, FieldUse, HandleStep, ImageLimits, InvalidCredits, InvalidJobId,
    InvalidLanguage, JobHandle, JobId, Language, Languages, Medium, Part, ProviderId, ProviderRef,
    Stage, StepState, Timestamp, UnknownAspectRatio, UnknownCatalogueKind, UnknownProvider,
    UnknownStage, VideoFacts,
};
pub use policy::{AdaptivePolling, Caps, PollPolicy, PollState, Recovery, RetryPolicy, WaitPolicy};
#[cfg(feature = "beatapi")]
pub use providers::beatapi;
#[cfg(feature = "creatify")]
pub use providers::creatify;
#[cfg(feature = "jogg")]
pub use providers::jogg;
pub use request::{Image, Product, ProviderOptions, Track, VideoRequest};
pub use secret::{ApiKey, WebhookSecret};
pub use transport::{Operation, Pages, Replay, Upload};
#[doc(no_inline)]
pub use webhook::Delivery;

/// The README's code, which is compiled with the other examples.
#[cfg(all(
    doctest,
    feature = "sandbox",
    feature = "beatapi",
    feature = "creatify",
    feature = "jogg"
))]
#[doc = include_str!("../README.md")]
struct Readme;
