//! The words of this library: values that every other room speaks in.

mod aspect_ratio;
mod capabilities;
mod catalogue;
mod credits;
mod handle;
mod id;
mod language;
mod part;
mod provider_id;
mod stage;
mod time;
mod video;

pub use aspect_ratio::{AspectRatio, UnknownAspectRatio};
pub use capabilities::{Capabilities, Durations, Field, FieldUse, ImageLimits, Languages};
pub use catalogue::{CatalogueItem, CatalogueKind, UnknownCatalogueKind};
pub use credits::{Credits, InvalidCredits};
pub use handle::{HandleStep, JobHandle};
pub use id::{Account, InvalidJobId, JobId, ProviderRef};
pub use language::{InvalidLanguage, Language};
pub use part::Part;
pub use provider_id::{ProviderId, UnknownProvider};
pub use stage::{Stage, StepState, UnknownStage};
pub use time::{DateTime, Timestamp, UnixTime};
pub use video::{Cost, CostSource, Medium, VideoFacts};
