//! Pictures and videos as bytes: drawn with feature `render`, canned without.

use bytes::Bytes;
use tokio::sync::Mutex;

use super::SandboxBuilder;
use super::clock::Moment;
use super::studio::Script;

/// A video of a second or so, for builds without a C++ compiler.
pub(super) static CLIP: &[u8] = include_bytes!("clip.mp4");

/// All that a job's video and still are drawn from, when they are first read and after they were evicted.
pub(super) struct Film {
    pub(super) job: String,
    pub(super) script: Script,
    /// Paths of its images. What is no longer there is not shown.
    pub(super) images: Vec<String>,
    /// Addresses of images that are not fetched, with which a card stands in.
    pub(super) not_fetched: Vec<String>,
    pub(super) made_at: Moment,
    /// Held while it is drawn, so that several readers share one drawing.
    pub(super) drawing: Mutex<()>,
}

impl Film {
    pub(super) fn new(
        job: String,
        script: Script,
        images: Vec<String>,
        not_fetched: Vec<String>,
        made_at: Moment,
    ) -> Self {
        Self { job, script, images, not_fetched, made_at, drawing: Mutex::default() }
    }
}

/// What is shown of a film.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum View {
    Video,
    Still,
}

/// Looks whether a picture can be drawn. Takes CPU: runs on a blocking thread.
///
/// # Errors
/// A sentence for the job's failure.
#[cfg(feature = "render")]
pub(super) fn check(image: &[u8]) -> Result<(), String> {
    super::render::Picture::decode(image).map(drop).map_err(|error| error.to_string())
}

/// Without `render` nothing is drawn, and no picture is looked into.
///
/// # Errors
/// None; the type is that of the function that looks.
#[cfg(not(feature = "render"))]
pub(super) fn check(_: &[u8]) -> Result<(), String> {
    Ok(())
}

/// The bytes of a view, with their media type. Takes CPU for the whole time: runs on a blocking
/// thread.
///
/// # Errors
/// A sentence that says what went wrong.
#[cfg(feature = "render")]
pub(super) fn draw(
    script: &Script,
    images: &[Bytes],
    settings: &SandboxBuilder,
    view: View,
) -> Result<(&'static str, Bytes), String> {
    use super::Quality;
    use super::render::{FrameSize, Picture, RenderError, Scene, still, video};

    let (across, down) = script.ratio;
    let size = match settings.quality {
        Quality::Thumbnail => {
            let size = FrameSize::preview(across, down);
            FrameSize::exact(size.width() / 4, size.height() / 4)
        }
        Quality::Preview => FrameSize::preview(across, down),
        Quality::Full => FrameSize::full(across, down),
    };
    let mut scene = Scene::new(size, script.seconds, script.title.clone());
    scene.images.extend(images.iter().filter_map(|image| Picture::decode(image).ok()));
    scene.captions.clone_from(&script.captions);
    scene.price.clone_from(&script.price);
    scene.seed = script.seed;
    scene.font.clone_from(&settings.font);
    let text = |error: RenderError| error.to_string();
    match view {
        View::Video => Ok(("video/mp4", video(&scene).map_err(text)?.into())),
        View::Still => Ok(("image/jpeg", still(&scene).map_err(text)?.into())),
    }
}

/// The clip for a video, and the product's own image, or a card with the title, for a still.
///
/// # Errors
/// None; the type is that of the function that draws.
#[cfg(not(feature = "render"))]
pub(super) fn draw(
    script: &Script,
    images: &[Bytes],
    _: &SandboxBuilder,
    view: View,
) -> Result<(&'static str, Bytes), String> {
    Ok(match (view, images.first()) {
        (View::Video, _) => ("video/mp4", Bytes::from_static(CLIP)),
        (View::Still, Some(image)) => {
            (super::assets::image_type(image).unwrap_or("image/jpeg"), image.clone())
        }
        (View::Still, None) => {
            let (across, down) = script.ratio;
            let size = (across * 360 / down.max(1), 360);
            ("image/svg+xml", super::card::svg(&script.title, size).into())
        }
    })
}
