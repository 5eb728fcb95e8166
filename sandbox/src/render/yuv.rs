//! Frames as the encoder wants them: 8-bit 4:2:0 planes in limited-range BT.709.
//!
//! Everything is converted to planes once, when a scene is prepared. A frame then costs one copy,
//! one sampling of the photo and a few blends, and no colour conversion.

use image::{Rgb, RgbImage};
use openh264::formats::YUVSource;

use super::rect::Rect;

/// One picture in three planes. Both sides are even, the chroma planes are half as wide and high.
#[derive(Clone)]
pub(super) struct Planes {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) luma: Vec<u8>,
    pub(super) blue: Vec<u8>,
    pub(super) red: Vec<u8>,
}

impl Planes {
    /// A black frame; an odd side loses its last pixel.
    pub(super) fn black(width: usize, height: usize) -> Self {
        let (width, height) = (width & !1, height & !1);
        Self {
            width,
            height,
            luma: vec![16; width * height],
            blue: vec![128; width * height / 4],
            red: vec![128; width * height / 4],
        }
    }

    /// Converts a picture; an odd side loses its last pixel.
    pub(super) fn from_rgb(rgb: &RgbImage) -> Self {
        let mut planes = Self::black(rgb.width() as usize, rgb.height() as usize);
        for row in 0..planes.height / 2 {
            for column in 0..planes.width / 2 {
                planes.convert_square(rgb, column, row);
            }
        }
        planes
    }

    /// Four pixels share one pair of chroma values: that of their mean colour.
    fn convert_square(&mut self, rgb: &RgbImage, column: usize, row: usize) {
        let mut sum = [0i32; 3];
        for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
            let (x, y) = (2 * column + dx, 2 * row + dy);
            let pixel = rgb.get_pixel(x as u32, y as u32);
            self.luma[y * self.width + x] = to_yuv(*pixel)[0];
            for (total, value) in sum.iter_mut().zip(pixel.0) {
                *total += i32::from(value);
            }
        }
        let [_, blue, red] = to_yuv(Rgb(sum.map(|total| ((total + 2) / 4) as u8)));
        let index = row * (self.width / 2) + column;
        self.blue[index] = blue;
        self.red[index] = red;
    }

    /// Converts back, for stills.
    pub(super) fn to_rgb(&self) -> RgbImage {
        RgbImage::from_fn(self.width as u32, self.height as u32, |x, y| {
            let (x, y) = (x as usize, y as usize);
            let chroma = (y / 2) * (self.width / 2) + x / 2;
            let luma = self.luma[y * self.width + x];
            to_rgb(luma, self.blue[chroma], self.red[chroma])
        })
    }

    /// Takes over another frame of the same size without allocating.
    pub(super) fn copy_from(&mut self, other: &Self) {
        self.luma.copy_from_slice(&other.luma);
        self.blue.copy_from_slice(&other.blue);
        self.red.copy_from_slice(&other.red);
    }

    /// Crossfades towards another frame of the same size; `weight` 256 is all of the other.
    pub(super) fn mix(&mut self, other: &Self, weight: u32) {
        for (mine, theirs) in [
            (&mut self.luma, &other.luma),
            (&mut self.blue, &other.blue),
            (&mut self.red, &other.red),
        ] {
            for (value, target) in mine.iter_mut().zip(theirs) {
                *value = blend(*value, *target, weight);
            }
        }
    }
}

impl YUVSource for Planes {
    fn dimensions(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    fn strides(&self) -> (usize, usize, usize) {
        (self.width, self.width / 2, self.width / 2)
    }

    fn y(&self) -> &[u8] {
        &self.luma
    }

    fn u(&self) -> &[u8] {
        &self.blue
    }

    fn v(&self) -> &[u8] {
        &self.red
    }
}

/// One colour seen through a stencil: a line of text, a pill.
pub(super) struct Layer {
    x: i32,
    y: i32,
    width: usize,
    height: usize,
    colour: [u8; 3],
    alpha: Vec<u8>,
    /// The stencil at chroma size.
    alpha_half: Vec<u8>,
}

impl Layer {
    /// `coverage` (0 to 1) is asked once for each pixel, in frame coordinates. The layer grows to
    /// even bounds, so that its chroma falls on the frame's.
    pub(super) fn new(area: Rect, colour: Rgb<u8>, coverage: impl Fn(i32, i32) -> f32) -> Self {
        let (x, y) = (area.x & !1, area.y & !1);
        let width = ((area.right() - x + 1) & !1).max(0) as usize;
        let height = ((area.bottom() - y + 1) & !1).max(0) as usize;
        let mut alpha = Vec::with_capacity(width * height);
        for row in 0..height as i32 {
            alpha.extend(
                (0..width as i32).map(|column| {
                    (coverage(x + column, y + row).clamp(0.0, 1.0) * 255.0 + 0.5) as u8
                }),
            );
        }
        let alpha_half = halve(&alpha, width, height);
        Self { x, y, width, height, colour: to_yuv(colour), alpha, alpha_half }
    }

    /// Draws the layer, clipped to the frame. `opacity` goes to 256; `rise` moves it down, in
    /// pixels, and is taken as even.
    pub(super) fn draw(&self, frame: &mut Planes, opacity: u32, rise: i32) {
        if opacity == 0 {
            return;
        }
        let (width, height) = (frame.width, frame.height);
        let half = (width / 2, height / 2);
        let at = (self.x, self.y + (rise & !1));
        let at_half = (at.0 / 2, at.1 / 2);
        let size = (self.width, self.height);
        let size_half = (self.width / 2, self.height / 2);
        let [luma, blue, red] = self.colour;
        stencil(&mut frame.luma, (width, height), &self.alpha, size, at, luma, opacity);
        stencil(&mut frame.blue, half, &self.alpha_half, size_half, at_half, blue, opacity);
        stencil(&mut frame.red, half, &self.alpha_half, size_half, at_half, red, opacity);
    }
}

/// Paints `value` onto one plane where `alpha` allows.
fn stencil(
    plane: &mut [u8],
    (plane_width, plane_height): (usize, usize),
    alpha: &[u8],
    (width, height): (usize, usize),
    (left, top): (i32, i32),
    value: u8,
    opacity: u32,
) {
    for row in 0..height {
        let y = top + row as i32;
        if y < 0 || y >= plane_height as i32 {
            continue;
        }
        let skip = (-left).max(0) as usize;
        let take = (plane_width as i32 - left).clamp(0, width as i32) as usize;
        if skip >= take {
            return;
        }
        let start = y as usize * plane_width + (left + skip as i32) as usize;
        let source = &alpha[row * width + skip..row * width + take];
        for (pixel, cover) in plane[start..].iter_mut().zip(source) {
            if *cover > 0 {
                let weight = (u32::from(*cover) * opacity + 127) / 255;
                *pixel = blend(*pixel, value, weight);
            }
        }
    }
}

/// A stencil at half size: the mean of each four values.
fn halve(alpha: &[u8], width: usize, height: usize) -> Vec<u8> {
    let mut half = Vec::with_capacity(width * height / 4);
    for row in (0..height).step_by(2) {
        for column in (0..width).step_by(2) {
            let at = row * width + column;
            let sum: u32 = [at, at + 1, at + width, at + width + 1]
                .into_iter()
                .map(|index| u32::from(alpha[index]))
                .sum();
            half.push(((sum + 2) / 4) as u8);
        }
    }
    half
}

/// `weight` 0 keeps `from`, 256 gives `to`.
pub(super) fn blend(from: u8, to: u8, weight: u32) -> u8 {
    ((u32::from(from) * (256 - weight) + u32::from(to) * weight + 128) >> 8) as u8
}

/// BT.709, limited range, in 16-bit fixed point so that every platform agrees.
fn to_yuv(Rgb([red, green, blue]): Rgb<u8>) -> [u8; 3] {
    let (r, g, b) = (i32::from(red), i32::from(green), i32::from(blue));
    let y = 16 + ((11_966 * r + 40_254 * g + 4_064 * b + 32_768) >> 16);
    let u = 128 + ((-6_596 * r - 22_189 * g + 28_785 * b + 32_768) >> 16);
    let v = 128 + ((28_784 * r - 26_145 * g - 2_639 * b + 32_768) >> 16);
    [y, u, v].map(|value| value.clamp(0, 255) as u8)
}

fn to_rgb(luma: u8, blue: u8, red: u8) -> Rgb<u8> {
    let y = (i32::from(luma) - 16) * 76_309 + 32_768;
    let (u, v) = (i32::from(blue) - 128, i32::from(red) - 128);
    let r = (y + 117_489 * v) >> 16;
    let g = (y - 13_976 * u - 34_925 * v) >> 16;
    let b = (y + 138_438 * u) >> 16;
    Rgb([r, g, b].map(|value| value.clamp(0, 255) as u8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_survive_the_way_there_and_back() {
        for colour in [[0, 0, 0], [255, 255, 255], [255, 0, 0], [20, 180, 90], [255, 214, 64]] {
            let [y, u, v] = to_yuv(Rgb(colour));
            for (before, after) in colour.into_iter().zip(to_rgb(y, u, v).0) {
                assert!(before.abs_diff(after) <= 3, "{colour:?} became {:?}", to_rgb(y, u, v));
            }
        }
    }

    #[test]
    fn a_layer_beyond_the_frame_is_clipped() {
        let white = Rgb([255, 255, 255]);
        for (x, y) in [(-10, -10), (28, 28), (-100, 4), (4, 100), (0, 0)] {
            let layer = Layer::new(Rect { x, y, width: 20, height: 20 }, white, |_, _| 1.0);
            let mut frame = Planes::black(32, 32);
            layer.draw(&mut frame, 256, 6);
            layer.draw(&mut frame, 256, -6);
            assert_eq!(frame.luma.len(), 32 * 32);
        }
    }

    #[test]
    fn full_cover_at_full_opacity_is_the_exact_colour() {
        let area = Rect { x: 0, y: 0, width: 4, height: 4 };
        let layer = Layer::new(area, Rgb([255, 255, 255]), |_, _| 1.0);
        let mut frame = Planes::black(4, 4);
        layer.draw(&mut frame, 256, 0);
        assert!(frame.luma.iter().all(|value| *value == 235));
    }
}
