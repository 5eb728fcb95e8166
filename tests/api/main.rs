//! The public API against mocked and scripted servers.

#[path = "../support/mod.rs"]
mod support;

mod beatapi;
mod creatify;
mod fields;
mod jobs;
mod jogg;
mod retry;
