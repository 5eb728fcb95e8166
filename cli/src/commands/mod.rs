//! The commands, a file each, and what several of them share.

pub(crate) mod catalogue;
mod cost;
pub(crate) mod doctor;
pub(crate) mod jobs;
pub(crate) mod ledger;
pub(crate) mod make;
mod permits;
pub(crate) mod plan;
pub(crate) mod providers;
mod report;
pub(crate) mod resolve;
mod resolve_all;
pub(crate) mod resume;
mod route;
pub(crate) mod sandbox;
mod save;
pub(crate) mod schema;
mod status;

pub(crate) use save::FILE;
pub(crate) use status::progress;
