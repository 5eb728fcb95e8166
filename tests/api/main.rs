//! The public API against mocked and scripted servers.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

#[path = "../support/mod.rs"]
mod support;

mod beatapi;
mod caps;
mod catalogue;
mod costs;
mod creatify;
mod download;
mod durable;
mod errors;
mod fields;
mod jobs;
mod jogg;
mod lists;
mod operations;
mod packed;
mod realms;
mod recovery;
mod retry;
mod route;
mod secrets;
mod tls;
mod uploads;
