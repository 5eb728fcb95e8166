pub(super) mod catalogue;
pub(super) mod doctor;
pub(super) mod make;
pub(super) mod plan;
pub(super) mod providers;
pub(super) mod sandbox;
pub(super) mod schema;
