pub(super) mod catalogue;
mod cost;
pub(super) mod doctor;
pub(super) mod jobs;
pub(super) mod ledger;
pub(super) mod make;
pub(super) mod plan;
pub(super) mod providers;
pub(super) mod resolve;
mod resolve_all;
pub(super) mod resume;
mod route;
pub(super) mod sandbox;
mod save;
pub(super) mod schema;
mod standing;

pub(super) use save::FILE;
pub(super) use standing::progress;
