#![doc = include_str!("../README.md")]
#![cfg_attr(
    not(all(feature = "beatapi", feature = "creatify", feature = "jogg", feature = "rustls")),
    allow(dead_code, unused_imports, reason = "what only a left-out provider uses is not dead")
)]

mod address;
pub mod asset;
mod bindings;
pub mod catalogue;
#[cfg(feature = "cli")]
pub mod cli;
pub mod client;
pub mod clock;
mod digest;
#[cfg(feature = "cli")]
mod doctor;
mod error;
pub mod job;
pub mod ledger;
mod lenient_json;
mod model;
mod pages;
mod plain;
mod providers;
mod regular_file;
mod secret;
#[cfg(feature = "sandbox")]
pub mod testing;
pub mod transport;
pub mod webhook;
mod words;

pub use catalogue::{Catalogue, CatalogueItem, CatalogueKind};
pub use client::{AccountConfig, Client, Recovery, Resolution, Video};
pub use error::{Error, ErrorKind, Result};
pub use job::{Account, Job, JobHandle, JobId, Plan, ProviderRef, Stage};
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub use ledger::Sql;
pub use ledger::{JobQuery, Ledger, MemoryLedger};
pub use model::*;
pub use pages::Pages;
#[cfg(feature = "beatapi")]
pub use providers::beatapi;
#[cfg(feature = "creatify")]
pub use providers::creatify;
#[cfg(feature = "jogg")]
pub use providers::jogg;
pub use secret::{ApiKey, WebhookSecret};
pub use transport::{Credentials, HttpConfig, Keys, Operation, Replay, RetryPolicy, Upload};

/// A boxed future that can move between threads, as the traits of this crate return it.
pub type BoxFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;
