//! Each fault of the sandbox: what a plain HTTP client sees of it, what the library makes of it, and
//! what comes of many at once.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

mod campaign;
mod case;
mod doubles;
mod hooks;
mod library;
mod lies;
mod lists;
mod plain;
mod refusals;
mod wire;
