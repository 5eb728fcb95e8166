//! What a video is asked for with, and what comes back.

mod addresses;
mod aspect_ratio;
mod capabilities;
mod credits;
mod image;
mod kind;
mod language;
mod local_file;
pub(crate) mod path;
mod product;
mod provider_id;
mod request;
#[cfg(feature = "schema")]
mod schema;
mod time;
mod track;
mod video;
mod walk;
mod whole;

pub use aspect_ratio::{AspectRatio, UnknownAspectRatio};
pub use capabilities::{Capabilities, Durations, Field, FieldUse, ImageLimits, Languages};
pub use credits::{Credits, InvalidCredits};
pub use image::Image;
pub(crate) use image::{Picture, inspect, same_content};
pub use language::{InvalidLanguage, Language};
#[cfg(feature = "cli")]
pub(crate) use local_file::read_at_most;
pub use product::Product;
pub use provider_id::{ProviderId, UnknownProvider};
pub use request::{ProviderOptions, VideoRequest};
pub use time::{DateTime, Timestamp, UnixTime};
pub use track::Track;
pub(crate) use track::{Sound, listen};
pub use video::{Cost, CostSource, Medium, VideoFacts};
pub(crate) use walk::Walk;
