//! Pictures and videos as bytes: drawn with feature `render`, canned without.

use bytes::Bytes;

use super::Quality;
use super::studio::Script;

/// A video of a second or so, for whoever has no C++ compiler.
pub(super) static CLIP: &[u8] = include_bytes!("clip.mp4");

/// What came out.
pub(super) struct Drawn {
    pub(super) video: Option<Bytes>,
    /// With its media type.
    pub(super) still: Option<(&'static str, Bytes)>,
}

/// Takes CPU for the whole time: runs on a blocking thread.
///
/// # Errors
/// A sentence for the job's failure.
#[cfg(feature = "render")]
pub(super) fn draw(
    script: &Script,
    images: &[Bytes],
    quality: Quality,
    wants_video: bool,
    wants_still: bool,
) -> Result<Drawn, String> {
    use super::render::{FrameSize, Picture, PictureError, RenderError, Scene, still, video};

    let (across, down) = script.ratio;
    let size = match quality {
        Quality::Thumbnail => {
            let size = FrameSize::preview(across, down);
            FrameSize::exact(size.width() / 4, size.height() / 4)
        }
        Quality::Preview => FrameSize::preview(across, down),
        Quality::Full => FrameSize::full(across, down),
    };
    let mut scene = Scene::new(size, script.seconds, script.title.clone());
    for image in images {
        let picture = Picture::decode(image).map_err(|error: PictureError| error.to_string());
        scene.images.push(picture?);
    }
    scene.captions.clone_from(&script.captions);
    scene.price.clone_from(&script.price);
    scene.seed = script.seed;
    let text = |error: RenderError| error.to_string();
    let video = wants_video.then(|| video(&scene)).transpose().map_err(text)?;
    let still = wants_still.then(|| still(&scene)).transpose().map_err(text)?;
    Ok(Drawn {
        video: video.map(Bytes::from),
        still: still.map(|jpeg| ("image/jpeg", Bytes::from(jpeg))),
    })
}

/// The clip for a video, and the product's own image, or a card with the title, for a still.
///
/// # Errors
/// None; the type is that of the function that draws.
#[cfg(not(feature = "render"))]
pub(super) fn draw(
    script: &Script,
    images: &[Bytes],
    _: Quality,
    wants_video: bool,
    wants_still: bool,
) -> Result<Drawn, String> {
    let still = || match images.first() {
        Some(image) => (super::assets::image_type(image).unwrap_or("image/jpeg"), image.clone()),
        None => {
            let (across, down) = script.ratio;
            let size = (across * 360 / down.max(1), 360);
            ("image/svg+xml", super::card::svg(&script.title, size).into())
        }
    };
    Ok(Drawn {
        video: wants_video.then(|| Bytes::from_static(CLIP)),
        still: wants_still.then(still),
    })
}
