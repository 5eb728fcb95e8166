//! One picture on screen: a slow pan and zoom in a rounded window, over a blurred ground.

use image::{Rgb, RgbImage};

use super::FrameSize;
use super::picture::Picture;
use super::rect::Rect;
use super::yuv::{Planes, blend};

/// How far a shot zooms, and how far towards its aim the view moves meanwhile (0 to 1).
const ZOOM: f32 = 0.15;
const PAN: f32 = 0.55;
/// Pixels of the stored photo for one on screen at the start, so that the end stays sharp.
const OVERSAMPLING: f32 = 1.2;
/// Brightness of the ground, dark enough for white text.
const GROUND: f32 = 0.44;
/// Share of a side that may be cropped; the layout reckons with as much.
const CROP: f32 = 0.3;

/// A picture prepared for the planes of one frame size.
pub(super) struct Shot {
    background: Planes,
    photo: Planes,
    window: Window,
    inward: bool,
    aim: (f32, f32),
}

impl Shot {
    /// `index` is the shot's place in the film: neighbours move differently.
    pub(super) fn prepare(
        picture: &Picture,
        area: Rect,
        size: FrameSize,
        seed: u64,
        index: usize,
    ) -> Self {
        let scale = |side: i32| (side as f32 * OVERSAMPLING) as u32 & !1;
        let photo = picture.framed(scale(area.width), scale(area.height), CROP);
        let window = Window::new(area, size);
        // A cutout only zooms: panning would make it look off centre in its window.
        let aims = [(0.8, -0.6), (-0.9, 0.4), (0.6, 0.8), (-0.7, -0.7)];
        let aim = aims[(seed as usize % 4 + index) % 4];
        Self {
            background: ground(picture, size, seed, Some(&window)),
            photo: Planes::from_rgb(&photo),
            window,
            inward: index.is_multiple_of(2),
            aim: if picture.is_cutout() { (0.0, 0.0) } else { aim },
        }
    }

    /// Draws the whole frame; `progress` goes from 0 to 1 while the shot lasts.
    pub(super) fn draw(&self, frame: &mut Planes, progress: f32) {
        frame.copy_from(&self.background);
        let eased = ease(progress);
        let depth = if self.inward { eased } else { 1.0 - eased };
        let area = self.window.area;
        let (left, top) = (area.x as usize, area.y as usize);
        let (width, height) = (area.width as usize, area.height as usize);
        let (stride, source) = (frame.width, (self.photo.width, self.photo.height));
        let view = self.view(source, (width, height), depth);
        let target = (left, top, width, height);
        sample(&mut frame.luma, stride, target, &self.photo.luma, source, view);

        let half = (left / 2, top / 2, width / 2, height / 2);
        let source = (source.0 / 2, source.1 / 2);
        let view = self.view(source, (width / 2, height / 2), depth);
        sample(&mut frame.blue, stride / 2, half, &self.photo.blue, source, view);
        sample(&mut frame.red, stride / 2, half, &self.photo.red, source, view);
        self.window.round_off(frame, &self.background);
    }

    fn view(&self, source: (usize, usize), target: (usize, usize), depth: f32) -> View {
        let zoom = 1.0 + ZOOM * depth;
        let axis = |source: usize, target: usize, aim: f32| {
            let seen = source as f32 / zoom;
            let step = seen / target as f32;
            let from = (source as f32 - seen) * (0.5 + 0.5 * PAN * aim) + 0.5 * step - 0.5;
            Axis { from: (from * 65_536.0) as i64, step: (step * 65_536.0) as i64 }
        };
        View { x: axis(source.0, target.0, self.aim.0), y: axis(source.1, target.1, self.aim.1) }
    }
}

/// Where the photo stands, and which pixels its round corners leave to the ground.
pub(super) struct Window {
    area: Rect,
    radius: f32,
    luma_corners: Vec<(usize, u8)>,
    chroma_corners: Vec<(usize, u8)>,
}

impl Window {
    fn new(area: Rect, size: FrameSize) -> Self {
        let (width, height) = (size.width() as i32, size.height() as i32);
        let radius = width.min(height) as f32 / 24.0;
        let half =
            Rect { x: area.x / 2, y: area.y / 2, width: area.width / 2, height: area.height / 2 };
        Self {
            area,
            radius,
            luma_corners: corners(area, radius, width),
            chroma_corners: corners(half, radius / 2.0, width / 2),
        }
    }

    /// Gives the pixels outside the round corners back to the background.
    fn round_off(&self, frame: &mut Planes, background: &Planes) {
        for (index, cover) in &self.luma_corners {
            let ground = background.luma[*index];
            frame.luma[*index] = blend(ground, frame.luma[*index], u32::from(*cover));
        }
        for (index, cover) in &self.chroma_corners {
            let cover = u32::from(*cover);
            frame.blue[*index] = blend(background.blue[*index], frame.blue[*index], cover);
            frame.red[*index] = blend(background.red[*index], frame.red[*index], cover);
        }
    }
}

/// Pixels of the area that a rounded one covers only in part, with their cover of 255.
fn corners(area: Rect, radius: f32, stride: i32) -> Vec<(usize, u8)> {
    let mut corners = Vec::new();
    for y in area.y..area.bottom() {
        for x in area.x..area.right() {
            let cover = (0.5 - distance(area, radius, x, y)).clamp(0.0, 1.0);
            if cover < 1.0 {
                corners.push(((y * stride + x) as usize, (cover * 255.0) as u8));
            }
        }
    }
    corners
}

/// How far a pixel's middle lies outside a rounded rectangle; negative inside.
pub(super) fn distance(area: Rect, radius: f32, x: i32, y: i32) -> f32 {
    let beyond = |at: i32, from: i32, length: i32| {
        let half = length as f32 / 2.0;
        (at as f32 + 0.5 - from as f32 - half).abs() - (half - radius)
    };
    let (across, down) = (beyond(x, area.x, area.width), beyond(y, area.y, area.height));
    let (outside_x, outside_y) = (across.max(0.0), down.max(0.0));
    let outside = (outside_x * outside_x + outside_y * outside_y).sqrt();
    outside + across.max(down).min(0.0) - radius
}

/// What a photo's window stands on, or words by themselves.
pub(super) fn ground(
    picture: &Picture,
    size: FrameSize,
    seed: u64,
    window: Option<&Window>,
) -> Planes {
    let mut ground = picture.blurred(size.width(), size.height(), GROUND);
    settle(&mut ground, window, tint(seed));
    Planes::from_rgb(&ground)
}

/// Darkens the ground towards the frame's edge and below the photo, and keeps a colour in it: a
/// product on white would stand on plain grey otherwise.
fn settle(ground: &mut RgbImage, window: Option<&Window>, tint: [f32; 3]) {
    let (wide, high) = (ground.width() as f32, ground.height() as f32);
    let near = |x: u32, y: u32| {
        let Some(Window { area, radius, .. }) = window else { return 0.0 };
        let below = Rect { y: area.y + (radius / 3.0) as i32, ..*area };
        let away = distance(below, *radius, x as i32, y as i32).max(0.0);
        (1.0 - away / (radius * 2.0)).max(0.0)
    };
    for (x, y, Rgb(pixel)) in ground.enumerate_pixels_mut() {
        let (dx, dy) = (x as f32 / wide - 0.5, y as f32 / high - 0.5);
        let edge = 1.0 - 0.7 * (dx * dx + dy * dy);
        let near = near(x, y);
        let shade = 1.0 - 0.5 * near * near;
        let [red, green, blue] = pixel.map(f32::from);
        let colourful = red.max(green).max(blue) - red.min(green).min(blue);
        let plain = (1.0 - colourful / 28.0).max(0.0) * 0.75;
        for (value, tint) in pixel.iter_mut().zip(tint) {
            let mixed = f32::from(*value) * (1.0 - plain) + tint * plain;
            *value = (mixed * edge * shade + 0.5) as u8;
        }
    }
}

/// A dark colour for grounds that have none.
fn tint(seed: u64) -> [f32; 3] {
    let tints = [[38.0, 46.0, 74.0], [28.0, 60.0, 62.0], [70.0, 40.0, 52.0], [58.0, 46.0, 34.0]];
    tints[(seed / 7 % 4) as usize]
}

/// Slow at both ends, and a polynomial: the same bits on every platform.
pub(super) fn ease(progress: f32) -> f32 {
    let t = progress.clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// Which part of a plane is seen: 16.16 fixed point.
#[derive(Clone, Copy)]
struct View {
    x: Axis,
    y: Axis,
}

#[derive(Clone, Copy)]
struct Axis {
    from: i64,
    step: i64,
}

impl Axis {
    /// The pixel before the sampled point, the one after, and the weight of the latter of 256.
    fn at(self, index: usize, length: usize) -> (usize, usize, u16) {
        let last = length as i64 - 1;
        let at = (self.from + self.step * index as i64).clamp(0, last << 16);
        let before = at >> 16;
        (before as usize, (before + 1).min(last) as usize, ((at >> 8) & 255) as u16)
    }
}

/// Fills a rectangle of one plane (left, top, width, height) with a bilinear view of another.
fn sample(
    plane: &mut [u8],
    stride: usize,
    (left, top, width, height): (usize, usize, usize, usize),
    source: &[u8],
    (source_width, source_height): (usize, usize),
    view: View,
) {
    let columns: Vec<_> = (0..width).map(|x| view.x.at(x, source_width)).collect();
    let mut line = vec![0; source_width];
    for row in 0..height {
        let (above, below, weight) = view.y.at(row, source_height);
        let above = &source[above * source_width..][..source_width];
        let below = &source[below * source_width..][..source_width];
        // Down first: that is done for many pixels at once.
        for (pixel, (above, below)) in line.iter_mut().zip(above.iter().zip(below)) {
            *pixel = u16::from(*above) * (256 - weight) + u16::from(*below) * weight;
        }
        let target = &mut plane[(top + row) * stride + left..][..width];
        for (pixel, (before, after, share)) in target.iter_mut().zip(&columns) {
            let share = u32::from(*share);
            let sum = u32::from(line[*before]) * (256 - share) + u32::from(line[*after]) * share;
            *pixel = ((sum + 32_768) >> 16) as u8;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_view_never_leaves_the_photo() {
        for (from, step) in [(-70_000, 90_000), (0, 65_536), (900_000, 80_000)] {
            for index in 0..40 {
                let (before, after, weight) = Axis { from, step }.at(index, 16);
                assert!(before < 16 && after < 16 && weight < 256);
            }
        }
    }

    #[test]
    fn distance_is_negative_inside_and_grows_outside() {
        let area = Rect { x: 10, y: 10, width: 40, height: 20 };
        assert!(distance(area, 6.0, 30, 20) < -5.0);
        assert!(distance(area, 6.0, 10, 10) > 0.5);
        assert!(distance(area, 6.0, 30, 40) > 9.0);
    }
}
