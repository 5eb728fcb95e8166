//! Puts a frame together: which shot at which moment, and the texts that fade in over it.

use image::Rgb;

use super::fonts::Fonts;
use super::layout::{Layout, Pill, Rect, TextBox};
use super::picture::Picture;
use super::shot::{Shot, distance, ease};
use super::text::Bounds;
use super::yuv::{Layer, Planes};
use super::{FPS, Scene};

const WHITE: Rgb<u8> = Rgb([255, 255, 255]);
const SOFT_WHITE: Rgb<u8> = Rgb([226, 226, 230]);
const INK: Rgb<u8> = Rgb([26, 22, 18]);
const ACCENTS: [[u8; 3]; 4] = [[255, 214, 64], [255, 168, 120], [150, 226, 180], [150, 208, 255]];

/// A crossfade and a caption's coming and going, in frames.
const FADE: u32 = FPS / 2;
/// Least time for a shot and for a caption. More of them than the film has room for are left out.
const SHOT_LEAST: u32 = FPS * 3 / 2;
const CAPTION_LEAST: u32 = FPS * 3 / 2;

/// A scene, prepared for drawing its frames in order.
pub(super) struct Stage<'a> {
    reel: Reel<'a>,
    texts: Texts,
    frames: u32,
    frame: Planes,
    spare: Planes,
}

impl<'a> Stage<'a> {
    pub(super) fn new(scene: &'a Scene, drawn: &'a Drawn<'a>) -> Self {
        let pictures = if scene.images.is_empty() { &drawn.card } else { &scene.images };
        let layout = Layout::of(scene, &drawn.fonts, pictures[0].aspect());
        let frames = scene.seconds * FPS;
        let black = Planes::black(scene.size.width() as usize, scene.size.height() as usize);
        Self {
            reel: Reel::new(scene, pictures, layout.photo, frames),
            texts: Texts::new(scene, &drawn.fonts, &layout, frames),
            frames,
            frame: black.clone(),
            spare: black,
        }
    }

    pub(super) fn frames(&self) -> u32 {
        self.frames
    }

    pub(super) fn frame(&mut self, index: u32) -> &Planes {
        self.reel.draw(index, &mut self.frame, &mut self.spare);
        self.texts.draw(index, &mut self.frame);
        &self.frame
    }

    /// The first shot with every text in its place.
    pub(super) fn settled(&mut self) -> &Planes {
        self.reel.shot(0).draw(&mut self.frame, 0.4);
        self.texts.draw_settled(&mut self.frame);
        &self.frame
    }
}

/// What a scene borrows while it is drawn: the font, and a card when it has no picture.
pub(super) struct Drawn<'a> {
    fonts: Fonts<'a>,
    card: Vec<Picture>,
}

impl<'a> Drawn<'a> {
    pub(super) fn new(scene: &'a Scene) -> Self {
        let fonts = Fonts::new(scene.font.as_ref());
        let card = if scene.images.is_empty() { vec![card(scene, &fonts)] } else { Vec::new() };
        Self { fonts, card }
    }
}

/// Colours by the seed, and the title's initial.
fn card(scene: &Scene, fonts: &Fonts) -> Picture {
    let side = (scene.size.width().min(scene.size.height()) * 5 / 4).clamp(64, 1200);
    let mut card = Picture::card(scene.seed, side);
    let size = side as f32 * 0.5;
    let bounds =
        Bounds { width: side as i32, height: side as i32, lines: 1, largest: size, smallest: size };
    let initial = Fonts::initial(&scene.title).and_then(|c| fonts.fit(&c.to_string(), bounds));
    if let Some(block) = initial {
        let text = TextBox::at_origin(block);
        card.emboss(&fonts.ink(&text.block, text.area, text.align), text.area.width as u32);
    }
    card
}

/// The shots of a film. Only those on screen are kept prepared.
struct Reel<'a> {
    scene: &'a Scene,
    pictures: &'a [Picture],
    window: Rect,
    starts: Vec<u32>,
    ready: Vec<(usize, Shot)>,
}

impl<'a> Reel<'a> {
    fn new(scene: &'a Scene, pictures: &'a [Picture], window: Rect, frames: u32) -> Self {
        let shots = (pictures.len() as u32).min(frames / SHOT_LEAST).max(1);
        // One more start than shots: the end of the last.
        let starts = (0..=shots).map(|shot| shot * frames / shots).collect();
        Self { scene, pictures, window, starts, ready: Vec::new() }
    }

    fn draw(&mut self, index: u32, frame: &mut Planes, spare: &mut Planes) {
        let shot = self.starts.iter().skip(1).take_while(|start| **start <= index).count();
        let shot = shot.min(self.starts.len() - 2);
        self.ready.retain(|(kept, _)| *kept >= shot);
        let progress = self.progress(shot, index);
        self.shot(shot).draw(frame, progress);

        let end = self.starts[shot + 1];
        if shot + 2 < self.starts.len() && index + FADE >= end {
            let progress = self.progress(shot + 1, index);
            self.shot(shot + 1).draw(spare, progress);
            let share = (index + FADE + 1 - end) as f32 / (FADE + 1) as f32;
            frame.mix(spare, (ease(share) * 256.0) as u32);
        }
    }

    /// A shot begins to move while the one before it still fades out.
    fn progress(&self, shot: usize, index: u32) -> f32 {
        let start = self.starts[shot].saturating_sub(FADE);
        index.saturating_sub(start) as f32 / (self.starts[shot + 1] - start).max(1) as f32
    }

    fn shot(&mut self, shot: usize) -> &Shot {
        let place = self.ready.iter().position(|(kept, _)| *kept == shot);
        let place = place.unwrap_or_else(|| {
            let picture = &self.pictures[shot % self.pictures.len()];
            let (size, seed) = (self.scene.size, self.scene.seed);
            self.ready.push((shot, Shot::prepare(picture, self.window, size, seed, shot)));
            self.ready.len() - 1
        });
        &self.ready[place].1
    }
}

/// The texts as layers, each with the frame in which it appears.
struct Texts {
    title: Option<Layer>,
    captions: Vec<Layer>,
    price: Vec<Layer>,
    mark: Vec<Layer>,
    /// First frames of title, captions and price.
    cues: [u32; 3],
    frames: u32,
    rise: f32,
}

impl Texts {
    fn new(scene: &Scene, fonts: &Fonts, layout: &Layout, frames: u32) -> Self {
        let accent = Rgb(ACCENTS[(scene.seed % ACCENTS.len() as u64) as usize]);
        // A short clip shows everything sooner.
        let cue = |tenths: u32| (tenths * FPS / 10).min(tenths * frames / 60);
        let cues = [cue(3), cue(7), cue(12)];
        let shown = ((frames - cues[1]) / CAPTION_LEAST).max(1) as usize;
        let captions = layout.captions.iter().take(shown);
        Self {
            title: layout.title.as_ref().map(|text| ink(fonts, text, WHITE)),
            captions: captions.map(|text| ink(fonts, text, SOFT_WHITE)).collect(),
            price: layout.price.as_ref().map_or_else(Vec::new, |p| pill(fonts, p, accent, INK)),
            mark: layout.mark.as_ref().map_or_else(Vec::new, |p| pill(fonts, p, INK, SOFT_WHITE)),
            cues,
            frames,
            rise: scene.size.width().min(scene.size.height()) as f32 / 36.0,
        }
    }

    fn draw(&self, index: u32, frame: &mut Planes) {
        self.draw_mark(frame);
        let [title, captions, price] = self.cues;
        self.appear(self.title.as_slice(), index, title, frame);
        self.appear(&self.price, index, price, frame);
        let Some(since) = index.checked_sub(captions) else {
            return;
        };
        let turns = self.captions.len() as u32;
        let length = self.frames - captions;
        for (turn, layer) in (0..turns).zip(&self.captions) {
            let (start, end) = (turn * length / turns, (turn + 1) * length / turns);
            if !(start..end).contains(&since) {
                continue;
            }
            let leaving = if turn + 1 < turns { (end - since) as f32 / 6.0 } else { 1.0 };
            let arriving = (since - start + 1) as f32 / FADE as f32;
            let shown = ease(arriving).min(ease(leaving));
            layer.draw(frame, (shown * 256.0) as u32, self.offset(arriving));
        }
    }

    fn draw_settled(&self, frame: &mut Planes) {
        self.draw_mark(frame);
        let first = self.captions.first();
        for layer in self.title.iter().chain(first).chain(&self.price) {
            layer.draw(frame, 256, 0);
        }
    }

    fn draw_mark(&self, frame: &mut Planes) {
        for (layer, opacity) in self.mark.iter().zip([110, 200]) {
            layer.draw(frame, opacity, 0);
        }
    }

    fn appear(&self, layers: &[Layer], index: u32, cue: u32, frame: &mut Planes) {
        let Some(since) = index.checked_sub(cue) else {
            return;
        };
        let arriving = (since + 1) as f32 / FADE as f32;
        for layer in layers {
            layer.draw(frame, (ease(arriving) * 256.0) as u32, self.offset(arriving));
        }
    }

    /// Texts rise into their place while they fade in.
    fn offset(&self, arriving: f32) -> i32 {
        let left = (1.0 - arriving).max(0.0);
        (left * left * self.rise) as i32
    }
}

fn ink(fonts: &Fonts, text: &TextBox, colour: Rgb<u8>) -> Layer {
    let area = text.area;
    let ink = fonts.ink(&text.block, area, text.align);
    Layer::new(area, colour, |x, y| {
        let (x, y) = (x - area.x, y - area.y);
        let inside = (0..area.width).contains(&x) && (0..area.height).contains(&y);
        if inside { ink[(y * area.width + x) as usize] } else { 0.0 }
    })
}

/// The pill first, its text on top.
fn pill(fonts: &Fonts, pill: &Pill, ground: Rgb<u8>, text: Rgb<u8>) -> Vec<Layer> {
    let radius = pill.area.height as f32 / 2.0;
    let shape = Layer::new(pill.area, ground, |x, y| 0.5 - distance(pill.area, radius, x, y));
    vec![shape, ink(fonts, &pill.text, text)]
}
