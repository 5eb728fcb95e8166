//! Draws the videos that the sandbox hands out: real H.264 in real MP4 files, made of what the
//! request carried. A caller's player, poster and download code then sees what it will see later,
//! without credits and without a network.
//!
//! ```text
//! let mut scene = Scene::new(FrameSize::preview(9, 16), 15, "Espresso cup");
//! scene.images.push(Picture::decode(&photo)?);
//! scene.price = Some("€ 24.90".to_owned());
//! let mp4 = video(&scene)?;
//! ```
//!
//! Everything is drawn in the encoder's own colour planes, on one thread: 15 s of 360x640 cost
//! less than a CPU second. The same scene gives the same bytes on one platform, so nothing here
//! reads a clock, a thread count or a hash map, and easing is polynomial.
//!
//! `picture` decodes, `fonts` and `run` shape letters, `text` fits them into boxes, `ink` draws them,
//! `layout` places, `shot` moves a picture, `titles` has texts come and go, `frames` puts frames
//! together, `encode` writes them.

mod encode;
mod fonts;
mod frames;
mod ink;
mod layout;
mod picture;
mod rect;
mod run;
mod shot;
mod text;
mod titles;
mod yuv;

use std::fmt;
use std::io::Cursor;

use image::RgbImage;
use image::codecs::jpeg::JpegEncoder;

pub(crate) use fonts::FontFile;
pub(crate) use picture::Picture;

use encode::Film;
use frames::{Drawn, Frames};

/// Frames in each second of every video.
pub(crate) const FPS: u32 = 24;
/// Longest video that is drawn, in seconds. It is kept in memory until it is finished.
const LONGEST_SECONDS: u32 = 600;
const JPEG_QUALITY: u8 = 88;

/// What a video shows. Texts may hold anything: they are wrapped, shrunk and cut to fit.
pub(crate) struct Scene {
    pub(crate) size: FrameSize,
    /// Whole seconds, 1 to 600; the video has exactly [`FPS`] frames for each.
    pub(crate) seconds: u32,
    /// One shot each, in order, as many as the video has time for. None: a card is drawn.
    pub(crate) images: Vec<Picture>,
    pub(crate) title: String,
    /// Shown in turn, in order, as many as the video has time for.
    pub(crate) captions: Vec<String>,
    /// With its currency, as it is to be read.
    pub(crate) price: Option<String>,
    /// Chooses colours and movements.
    pub(crate) seed: u64,
    /// Texts are set in it; what it lacks is set in the embedded fonts.
    pub(crate) font: Option<FontFile>,
}

impl Scene {
    /// A scene of a title alone; the other fields are there to be set.
    pub(crate) fn new(size: FrameSize, seconds: u32, title: impl Into<String>) -> Self {
        Self {
            size,
            seconds,
            images: Vec::new(),
            title: title.into(),
            captions: Vec::new(),
            price: None,
            seed: 0,
            font: None,
        }
    }
}

/// Width and height of a video in pixels, both even.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrameSize {
    width: u32,
    height: u32,
}

impl FrameSize {
    /// The quick size for a ratio such as 9:16: 360x640, 640x360, 480x480, 360x480 or 480x360,
    /// and for any other ratio the one that comes closest.
    pub(crate) fn preview(across: u32, down: u32) -> Self {
        const SIZES: [(u32, u32); 6] =
            [(360, 640), (640, 360), (480, 480), (360, 480), (480, 360), (384, 480)];
        let wanted = f64::from(across.max(1)) / f64::from(down.max(1));
        // The quotient of two ratios, seen from the larger, is their distance.
        let distance = |(width, height): (u32, u32)| {
            let ratio = f64::from(width) / f64::from(height) / wanted;
            ratio.max(1.0 / ratio)
        };
        let near = |a: &(u32, u32), b: &(u32, u32)| distance(*a).total_cmp(&distance(*b));
        let (width, height) = SIZES.into_iter().min_by(near).unwrap_or(SIZES[0]);
        Self { width, height }
    }

    /// The same ratio with a short side of 1080 px. Costs about nine times as much.
    pub(crate) fn full(across: u32, down: u32) -> Self {
        let Self { width, height } = Self::preview(across, down);
        let short = width.min(height);
        Self::exact(width * 1080 / short, height * 1080 / short)
    }

    /// This size, made even and brought within what the encoder takes.
    pub(crate) fn exact(width: u32, height: u32) -> Self {
        let side = |side: u32| side.clamp(32, 2160) & !1;
        Self { width: side(width), height: side(height) }
    }

    pub(crate) fn width(self) -> u32 {
        self.width
    }

    pub(crate) fn height(self) -> u32 {
        self.height
    }
}

/// Draws and encodes a scene: an MP4 with one H.264 track, its index in front.
///
/// Takes CPU for the whole time, so an async caller runs it on a blocking thread.
///
/// # Errors
/// [`RenderError`]; a scene of 1 to 600 seconds does not fail in practice.
pub(crate) fn video(scene: &Scene) -> Result<Vec<u8>, RenderError> {
    check(scene)?;
    let drawn = Drawn::new(scene);
    let mut frames = Frames::new(scene, &drawn);
    let mut film = Film::new(scene.size)?;
    for index in 0..frames.frames() {
        film.push(frames.frame(index))?;
    }
    film.finish()
}

/// The poster of a scene: a JPEG of the first shot with title, first caption and price.
///
/// # Errors
/// As [`video`].
pub(crate) fn still(scene: &Scene) -> Result<Vec<u8>, RenderError> {
    check(scene)?;
    let drawn = Drawn::new(scene);
    jpeg(&Frames::new(scene, &drawn).settled().to_rgb(), JPEG_QUALITY)
}

fn jpeg(picture: &RgbImage, quality: u8) -> Result<Vec<u8>, RenderError> {
    let mut jpeg = Cursor::new(Vec::new());
    picture
        .write_with_encoder(JpegEncoder::new_with_quality(&mut jpeg, quality))
        .map_err(|error| RenderError::Encode(error.to_string()))?;
    Ok(jpeg.into_inner())
}

fn check(scene: &Scene) -> Result<(), RenderError> {
    let seconds = scene.seconds;
    if (1..=LONGEST_SECONDS).contains(&seconds) {
        Ok(())
    } else {
        Err(RenderError::Duration { seconds })
    }
}

/// Why a scene was not drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RenderError {
    /// Outside 1 to 600 seconds.
    Duration { seconds: u32 },
    /// The encoder's reason.
    Encode(String),
    /// The MP4 writer's reason.
    Mux(String),
}

impl fmt::Display for RenderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Duration { seconds } => {
                write!(f, "a video has 1 to {LONGEST_SECONDS} seconds, not {seconds}")
            }
            Self::Encode(reason) => write!(f, "encoding failed: {}", one_line(reason)),
            Self::Mux(reason) => write!(f, "writing mp4 failed: {}", one_line(reason)),
        }
    }
}

impl std::error::Error for RenderError {}

fn one_line(reason: &str) -> String {
    reason.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
