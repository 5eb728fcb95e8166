//! The words of this library: values that every other room speaks in.

mod aspect_ratio;
mod capabilities;
mod credits;
mod language;
mod provider_id;
mod time;
mod video;

pub use aspect_ratio::{AspectRatio, UnknownAspectRatio};
pub use capabilities::{Capabilities, Durations, Field, FieldUse, ImageLimits, Languages};
pub use credits::{Credits, InvalidCredits};
pub use language::{InvalidLanguage, Language};
pub use provider_id::{ProviderId, UnknownProvider};
pub use time::{DateTime, Timestamp, UnixTime};
pub use video::{Cost, CostSource, Medium, VideoFacts};
