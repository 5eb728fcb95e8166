//! What a video is asked for with. It is data: nothing here reads a file or knows a network.

mod addresses;
mod image;
#[cfg(feature = "schema")]
mod json_schema;
pub(crate) mod options;
pub(crate) mod path;
mod product;
mod track;
mod video_request;

pub use image::Image;
pub use product::Product;
pub use track::Track;
pub use video_request::{ProviderOptions, VideoRequest};
