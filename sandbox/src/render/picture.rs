//! Product pictures: decoded within limits, upright, opaque, and small enough to keep in memory.

use std::fmt;
use std::io::Cursor;

use image::imageops::{self, FilterType};
use image::{
    DynamicImage, ImageDecoder, ImageError, ImageReader, Limits, Rgb, RgbImage, RgbaImage,
};

/// Widest or highest picture that is decoded at all, in pixels.
const MAX_SIDE_PX: u32 = 8192;
/// Most memory that a decoder may ask for.
const MAX_DECODED_BYTES: u64 = 256 * 1024 * 1024;
/// A picture is kept at this size at most, whatever came in.
const KEPT_SIDE_PX: u32 = 1280;
/// Pixels of the screen for one of the picture's, at most: beyond that it is nothing but a blur.
const LARGEST_SCALE: f32 = 6.0;
/// What shows through a transparent picture.
const GROUND: [u8; 3] = [250, 248, 245];

/// A decoded picture, ready to be filmed: five megabytes at most.
pub(crate) struct Picture {
    pixels: RgbImage,
    cutout: bool,
}

impl Picture {
    /// Decodes PNG, JPEG, WebP or GIF (its first frame), told apart by their content.
    ///
    /// EXIF orientation is applied, transparency is laid on a light ground, and pictures of more
    /// than 1280 px a side are scaled down.
    ///
    /// # Errors
    /// [`PictureError`], for everything that is not such a picture or is larger than 8192 px a
    /// side. Never panics.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, PictureError> {
        let mut reader = ImageReader::new(Cursor::new(bytes))
            .with_guessed_format()
            .map_err(|_| PictureError::Unrecognised)?;
        if reader.format().is_none() {
            return Err(PictureError::Unrecognised);
        }
        reader.limits(limits());
        let mut decoder = reader.into_decoder().map_err(PictureError::from)?;
        let (width, height) = decoder.dimensions();
        if width == 0 || height == 0 {
            return Err(PictureError::Damaged("no pixels".to_owned()));
        }
        // The decoder's own limit leaves out what it decodes into.
        if decoder.total_bytes() > MAX_DECODED_BYTES {
            return Err(PictureError::TooLarge);
        }
        // A damaged EXIF block is no reason to refuse the picture that carries it.
        let orientation = decoder.orientation();
        let mut image = DynamicImage::from_decoder(decoder).map_err(PictureError::from)?;
        if width.max(height) > KEPT_SIDE_PX {
            // An area mean in integers: the better filters keep the whole picture in floats.
            image = image.thumbnail(KEPT_SIDE_PX, KEPT_SIDE_PX);
        }
        if let Ok(orientation) = orientation {
            image.apply_orientation(orientation);
        }
        Ok(Self::from_image(image))
    }

    fn from_image(image: DynamicImage) -> Self {
        if !image.color().has_alpha() {
            return Self { pixels: image.into_rgb8(), cutout: false };
        }
        let rgba = image.into_rgba8();
        let cutout = rgba.pixels().any(|pixel| pixel.0[3] < 128);
        Self { pixels: on_ground(&rgba), cutout }
    }

    /// A drawn picture for products without one. The same seed gives the same colours.
    pub(super) fn card(seed: u64, side: u32) -> Self {
        let hue = |shift: u32| (seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> shift) as u32 % 360;
        let first = hsl(hue(40), 0.52, 0.46);
        let second = hsl((hue(40) + 40 + hue(20) % 60) % 360, 0.58, 0.28);
        let light = hsl(hue(40), 0.60, 0.72);
        let pixels = RgbImage::from_fn(side, side, |x, y| {
            let (x, y) = (x as f32 / side as f32, y as f32 / side as f32);
            let ground = mix(first, second, (x + y) / 2.0);
            let ring = ring((x, y), (0.78, 0.24), 0.30, side) * 0.22;
            let disc = disc((x, y), (0.16, 0.86), 0.34, side) * 0.16;
            mix(mix(ground, light, ring), light, disc)
        });
        Self { pixels, cutout: false }
    }

    /// Puts white coverage on top, centred: the initial on a card.
    pub(super) fn emboss(&mut self, ink: &[f32], width: u32) {
        let height = ink.len() as u32 / width.max(1);
        let left = self.pixels.width().saturating_sub(width) / 2;
        let top = self.pixels.height().saturating_sub(height) / 2;
        for (index, cover) in ink.iter().enumerate() {
            let (x, y) = (left + index as u32 % width, top + index as u32 / width);
            if let Some(pixel) = self.pixels.get_pixel_mut_checked(x, y) {
                *pixel = mix(*pixel, Rgb([255; 3]), cover * 0.94);
            }
        }
    }

    /// Width over height.
    pub(super) fn aspect(&self) -> f32 {
        self.pixels.width() as f32 / self.pixels.height() as f32
    }

    /// Whether the product stands free, so that nothing of it may be cropped.
    pub(super) fn is_cutout(&self) -> bool {
        self.cutout
    }

    /// The picture for a window of this size. Up to `crop` of a side may be cut away; what does
    /// not fit then is shown whole, over a blurred copy of itself (or the ground of a cutout).
    pub(super) fn framed(&self, width: u32, height: u32, crop: f32) -> RgbImage {
        let (wide, high) = (self.pixels.width() as f32, self.pixels.height() as f32);
        let (across, down) = (width as f32 / wide, height as f32 / high);
        let (cover, contain) = (across.max(down), across.min(down));
        let crop = if self.cutout { 0.0 } else { crop };
        let margin = if self.cutout { 0.88 } else { 1.0 };
        let scale = (cover.min(contain / (1.0 - crop)) * margin).min(LARGEST_SCALE);
        let shown_wide = ((wide * scale).round() as u32).clamp(1, 4 * width);
        let shown_high = ((high * scale).round() as u32).clamp(1, 4 * height);
        let shown = self.cropped_resize((shown_wide, shown_high), (width, height));
        if shown.dimensions() == (width, height) {
            return shown;
        }
        let mut ground = if self.cutout {
            RgbImage::from_pixel(width, height, Rgb(GROUND))
        } else {
            self.blurred(width, height, 0.8)
        };
        let left = (width - shown.width()) / 2;
        let top = (height - shown.height()) / 2;
        imageops::replace(&mut ground, &shown, left.into(), top.into());
        ground
    }

    /// Scales to `whole`, of which the middle `part` is made. Cropping first keeps the memory
    /// bounded for pictures that are very wide or very tall.
    fn cropped_resize(&self, whole: (u32, u32), part: (u32, u32)) -> RgbImage {
        let kept = (whole.0.min(part.0), whole.1.min(part.1));
        let (wide, high) = self.pixels.dimensions();
        let share = |side: u32, kept: u32, whole: u32| {
            ((f64::from(side) * f64::from(kept) / f64::from(whole)).round() as u32).clamp(1, side)
        };
        let (cut_wide, cut_high) = (share(wide, kept.0, whole.0), share(high, kept.1, whole.1));
        let (left, top) = ((wide - cut_wide) / 2, (high - cut_high) / 2);
        let cut = imageops::crop_imm(&self.pixels, left, top, cut_wide, cut_high);
        imageops::resize(&*cut, kept.0, kept.1, FilterType::Lanczos3)
    }

    /// A blurred copy that fills the size, at `brightness` of the picture's own.
    pub(super) fn blurred(&self, width: u32, height: u32, brightness: f32) -> RgbImage {
        let tiny_high = (40 * height / width.max(1)).clamp(12, 120);
        let tiny = self
            .cropped_resize(cover_size(self.pixels.dimensions(), (40, tiny_high)), (40, tiny_high));
        let soft = imageops::blur(&tiny, 4.5);
        let mut large = imageops::resize(&soft, width, height, FilterType::CatmullRom);
        for value in large.iter_mut() {
            *value = (f32::from(*value) * brightness) as u8;
        }
        large
    }
}

/// Why a picture cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PictureError {
    /// Not PNG, JPEG, WebP or GIF.
    Unrecognised,
    /// More than 8192 px a side, or more memory than a decoder may take.
    TooLarge,
    /// The right kind of file, but it does not decode; with the decoder's reason.
    Damaged(String),
}

impl fmt::Display for PictureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unrecognised => f.write_str("not a png, jpeg, webp or gif picture"),
            Self::TooLarge => {
                write!(f, "picture has more than {MAX_SIDE_PX} px a side, or 256 MB of pixels")
            }
            Self::Damaged(reason) => write!(f, "picture does not decode: {reason}"),
        }
    }
}

impl std::error::Error for PictureError {}

impl From<ImageError> for PictureError {
    fn from(error: ImageError) -> Self {
        match error {
            ImageError::Limits(_) => Self::TooLarge,
            ImageError::Unsupported(_) => Self::Unrecognised,
            // The decoders' texts may hold line breaks; ours is one line.
            other => Self::Damaged(other.to_string().replace(['\n', '\r'], " ")),
        }
    }
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE_PX);
    limits.max_image_height = Some(MAX_SIDE_PX);
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    limits
}

fn on_ground(rgba: &RgbaImage) -> RgbImage {
    RgbImage::from_fn(rgba.width(), rgba.height(), |x, y| {
        let [red, green, blue, alpha] = rgba.get_pixel(x, y).0;
        mix(Rgb(GROUND), Rgb([red, green, blue]), f32::from(alpha) / 255.0)
    })
}

/// The smallest size of these proportions that covers the area.
fn cover_size((wide, high): (u32, u32), area: (u32, u32)) -> (u32, u32) {
    let scale = (area.0 as f32 / wide as f32).max(area.1 as f32 / high as f32);
    let side = |side: u32, least: u32| ((side as f32 * scale).round() as u32).max(least);
    (side(wide, area.0), side(high, area.1))
}

fn mix(Rgb(from): Rgb<u8>, Rgb(to): Rgb<u8>, share: f32) -> Rgb<u8> {
    let share = share.clamp(0.0, 1.0);
    let channel = |index: usize| {
        let (from, to) = (f32::from(from[index]), f32::from(to[index]));
        (from + (to - from) * share + 0.5) as u8
    };
    Rgb([channel(0), channel(1), channel(2)])
}

/// Anti-aliased cover of a disc, everything relative to the card's side.
fn disc(at: (f32, f32), centre: (f32, f32), radius: f32, side: u32) -> f32 {
    let (dx, dy) = (at.0 - centre.0, at.1 - centre.1);
    ((radius - (dx * dx + dy * dy).sqrt()) * side as f32 + 0.5).clamp(0.0, 1.0)
}

fn ring(at: (f32, f32), centre: (f32, f32), radius: f32, side: u32) -> f32 {
    disc(at, centre, radius, side) - disc(at, centre, radius - 0.09, side)
}

/// Hue in degrees, saturation and lightness from 0 to 1.
fn hsl(hue: u32, saturation: f32, lightness: f32) -> Rgb<u8> {
    let chroma = saturation * lightness.min(1.0 - lightness);
    Rgb([0u32, 8, 4].map(|shift| {
        let k = (shift as f32 + hue as f32 / 30.0) % 12.0;
        let value = lightness - chroma * (k - 3.0).min(9.0 - k).clamp(-1.0, 1.0);
        (value * 255.0 + 0.5) as u8
    }))
}

#[cfg(test)]
mod tests {
    use image::ImageFormat;

    use super::*;

    fn png(image: &DynamicImage) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, ImageFormat::Png).unwrap();
        bytes.into_inner()
    }

    /// A PNG that says it has 30000 x 30000 pixels and ends there.
    fn bomb() -> Vec<u8> {
        let mut bytes = png(&DynamicImage::new_rgb8(1, 1));
        bytes[16..24].copy_from_slice(&[0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30]);
        let sum = crc32(&bytes[12..29]);
        bytes[29..33].copy_from_slice(&sum.to_be_bytes());
        bytes
    }

    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0u32, |sum, byte| {
            (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
                (sum >> 1) ^ (0xedb8_8320 & 0u32.wrapping_sub(sum & 1))
            })
        })
    }

    #[test]
    fn a_bomb_is_refused_by_its_header() {
        assert_eq!(Picture::decode(&bomb()).err(), Some(PictureError::TooLarge));
    }

    #[test]
    fn files_that_are_no_pictures_are_refused() {
        for bytes in [&b"hello, world"[..], b"", b"<svg xmlns='x'/>", b"%PDF-1.7"] {
            assert_eq!(Picture::decode(bytes).err(), Some(PictureError::Unrecognised));
        }
    }

    #[test]
    fn a_cut_file_is_damaged_in_one_line() {
        let whole = png(&DynamicImage::new_rgb8(64, 64));
        for length in [20, 40, whole.len() - 20] {
            let error = Picture::decode(&whole[..length]).err().unwrap();
            assert!(matches!(error, PictureError::Damaged(_)), "{error:?}");
            assert!(!error.to_string().contains('\n'));
        }
    }

    #[test]
    fn transparency_becomes_ground() {
        let clear =
            DynamicImage::ImageRgba8(RgbaImage::from_pixel(8, 8, image::Rgba([255, 0, 0, 0])));
        let picture = Picture::decode(&png(&clear)).unwrap();
        assert_eq!(picture.pixels.get_pixel(4, 4).0, GROUND);
        assert!(picture.is_cutout());
    }

    #[test]
    fn a_large_picture_is_kept_small() {
        for (width, height) in [(4000, 3000), (8000, 1), (1, 8000)] {
            let picture = Picture::decode(&png(&DynamicImage::new_luma8(width, height))).unwrap();
            let (width, height) = picture.pixels.dimensions();
            assert!((1..=KEPT_SIDE_PX).contains(&width) && (1..=KEPT_SIDE_PX).contains(&height));
        }
    }

    #[test]
    fn a_rotated_photo_is_turned_upright() {
        let mut jpeg = Cursor::new(Vec::new());
        DynamicImage::new_rgb8(40, 20).write_to(&mut jpeg, ImageFormat::Jpeg).unwrap();
        let mut bytes = jpeg.into_inner();
        // An APP1 segment right after SOI: one big-endian tag, orientation 6 (turn right).
        let exif = b"\xff\xe1\0\x22Exif\0\0MM\0\x2a\0\0\0\x08\
            \0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
        bytes.splice(2..2, exif.iter().copied());
        assert_eq!(Picture::decode(&bytes).unwrap().pixels.dimensions(), (20, 40));
    }

    #[test]
    fn any_proportions_fill_any_window() {
        for (wide, high) in [(1, 1), (1, 900), (900, 1), (300, 200), (7, 3)] {
            let picture = Picture::from_image(DynamicImage::new_rgb8(wide, high));
            for window in [(32, 32), (200, 20), (20, 200)] {
                assert_eq!(picture.framed(window.0, window.1, 0.3).dimensions(), window);
                assert_eq!(picture.blurred(window.0, window.1, 0.4).dimensions(), window);
            }
        }
    }
}
