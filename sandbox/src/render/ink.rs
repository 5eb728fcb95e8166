//! How much of each pixel a text covers.

use ab_glyph::point;

use super::fonts::{Fonts, Form, Glyph};
use super::rect::Rect;
use super::text::{Align, BASELINE, Block, LEADING};

/// Pixels of a bitmap for one em, and how many of them stand above the baseline.
const CELLS: f32 = 16.0;
const CELLS_ABOVE: f32 = 14.0;
/// How much of a smoothed pixel is ink: less makes heavier strokes, which stand better beside the
/// bold letters of the other fonts.
const THRESHOLD: f32 = 0.34;

impl Fonts<'_> {
    /// Coverage of a placed block, row by row over `area`. Ink beyond the area is dropped.
    pub(super) fn ink(&self, block: &Block, area: Rect, align: Align) -> Vec<f32> {
        let (width, height) = (area.width.max(0), area.height.max(0));
        let mut ink = Ink { width, height, cover: vec![0.0; (width * height) as usize] };
        for (index, line) in block.lines.iter().enumerate() {
            let free = (width as f32 - line.width * block.size).max(0.0);
            let left = match align {
                Align::Centre => free / 2.0,
                Align::Left if block.is_from_right => free,
                Align::Left => 0.0,
            };
            let baseline = ((index as f32 * LEADING + BASELINE) * block.size).round();
            for glyph in &line.glyphs {
                self.draw(glyph, (left.floor(), baseline), block.size, &mut ink);
            }
        }
        ink.cover
    }

    fn draw(&self, glyph: &Glyph, (left, baseline): (f32, f32), size: f32, ink: &mut Ink) {
        let at = point(left + glyph.x * size, baseline - glyph.y * size);
        match &glyph.form {
            Form::Outline { font, id } => {
                if let Some(outline) = self.outline(*font, *id, size, at) {
                    let corner = outline.px_bounds().min;
                    outline.draw(|x, y, cover| {
                        ink.add(corner.x as i32 + x as i32, corner.y as i32 + y as i32, cover);
                    });
                }
            }
            Form::Bitmap(rows) => ink.bitmap(rows, at.x, at.y, size / CELLS),
        }
    }
}

struct Ink {
    width: i32,
    height: i32,
    cover: Vec<f32>,
}

impl Ink {
    fn add(&mut self, x: i32, y: i32, cover: f32) {
        if (0..self.width).contains(&x) && (0..self.height).contains(&y) {
            let pixel = &mut self.cover[(y * self.width + x) as usize];
            *pixel = (*pixel + cover).min(1.0);
        }
    }

    /// Draws a bitmap at `scale` pixels for each of its own: smoothed, and then cut off softly
    /// where half an edge would be, so that steps become slopes.
    fn bitmap(&mut self, rows: &[u16; 16], left: f32, baseline: f32, scale: f32) {
        let top = baseline - CELLS_ABOVE * scale;
        let reach = (CELLS * scale) as i32 + 2;
        let sharpness = (scale * 0.8).max(0.9);
        for y in top as i32 - 1..top as i32 + reach {
            let weights = weights((y as f32 + 0.5 - top) / scale);
            for x in left as i32 - 1..left as i32 + reach {
                let across = self::weights((x as f32 + 0.5 - left) / scale);
                let value = smoothed(rows, across, weights);
                let cover = (value - THRESHOLD) * sharpness + 0.5;
                if value > 0.0 && cover > 0.0 {
                    self.add(x, y, cover.min(1.0));
                }
            }
        }
    }
}

/// The bitmap's pixel before a place and what it and the next two count there: a quadratic spline,
/// which rounds corners and lets slanted strokes run smoothly.
fn weights(at: f32) -> (i32, [f32; 3]) {
    let nearest = at.floor();
    let t = at - nearest - 0.5;
    let side = |t: f32| 0.5 * (0.5 + t) * (0.5 + t);
    (nearest as i32 - 1, [side(-t), 0.75 - t * t, side(t)])
}

fn smoothed(rows: &[u16; 16], across: (i32, [f32; 3]), down: (i32, [f32; 3])) -> f32 {
    let mut sum = 0.0;
    for (row, down_share) in (down.0..).zip(down.1) {
        let Some(row) = usize::try_from(row).ok().and_then(|row| rows.get(row)) else { continue };
        for (column, share) in (across.0..).zip(across.1) {
            if (0..16).contains(&column) && row & (0x8000 >> column) != 0 {
                sum += share * down_share;
            }
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bitmap_is_smoothed_to_many_greys_and_keeps_its_place() {
        let mut ink = Ink { width: 48, height: 48, cover: vec![0.0; 48 * 48] };
        let mut rows = [0; 16];
        for (index, row) in rows.iter_mut().enumerate() {
            *row = 0x8000 >> index;
        }
        ink.bitmap(&rows, 0.0, 42.0, 3.0);
        let greys = ink.cover.iter().filter(|cover| **cover > 0.05 && **cover < 0.95).count();
        assert!(greys > 50, "{greys}");
        for middle in (1..16).map(|cell| cell * 3 + 1) {
            assert!(ink.cover[middle * 48 + middle] > 0.6);
            assert_eq!(ink.cover[middle * 48 + (middle + 20) % 48], 0.0);
        }
    }

    #[test]
    fn ink_beyond_the_area_is_dropped() {
        let mut ink = Ink { width: 10, height: 10, cover: vec![0.0; 100] };
        for (left, baseline) in [(-40.0, 8.0), (40.0, 8.0), (0.0, -90.0), (0.0, 90.0)] {
            ink.bitmap(&[u16::MAX; 16], left, baseline, 1.0);
        }
        assert_eq!(ink.cover.iter().sum::<f32>(), 0.0);
        ink.bitmap(&[u16::MAX; 16], -3.0, 12.0, 1.0);
        assert_eq!(ink.cover[55], 1.0);
    }
}
