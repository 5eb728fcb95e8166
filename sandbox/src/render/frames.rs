//! Puts a frame together: which shot at which moment, and the texts that fade in over it.

use super::fonts::Fonts;
use super::layout::{Layout, TextBox};
use super::picture::Picture;
use super::rect::Rect;
use super::shot::{Shot, ease, ground};
use super::text::Bounds;
use super::titles::{Closing, Titles};
use super::yuv::Planes;
use super::{FPS, Scene};

/// A crossfade and a caption's coming and going, in frames.
pub(super) const FADE: u32 = FPS / 2;
/// Least time for a shot. More of them than the film has room for are left out.
const SHOT_LEAST: u32 = FPS * 3 / 2;
/// A shot of this length moves so slowly that its picture may rest for every other frame: nobody
/// sees it, and a frame in which little changes costs next to nothing.
const RESTS_FROM: u32 = 4 * FPS;
/// A film of this length ends in its words alone, for the last two seconds.
const CLOSES_FROM: u32 = 8 * FPS;
const CLOSING: u32 = 2 * FPS;

/// A scene, prepared for drawing its frames in order.
pub(super) struct Frames<'a> {
    reel: Reel<'a>,
    titles: Titles,
    closing: Option<Closing>,
    frames: u32,
    frame: Planes,
    spare: Planes,
    /// The pictures without words, and of which frame.
    picture: (Option<u32>, Planes),
}

impl<'a> Frames<'a> {
    pub(super) fn new(scene: &'a Scene, drawn: &'a Drawn<'a>) -> Self {
        let pictures = if scene.images.is_empty() { &drawn.card } else { &scene.images };
        let layout = Layout::of(scene, &drawn.fonts, pictures[0].aspect());
        let frames = scene.seconds * FPS;
        let closes = frames >= CLOSES_FROM && layout.closing.title.is_some();
        let end = if closes { frames - CLOSING } else { frames };
        let titles = Titles::new(scene, &drawn.fonts, &layout, end);
        // The last shot goes on moving while it fades out.
        let reel = Reel::new(scene, pictures, layout.photo, if closes { end + FADE } else { end });
        let closing = closes.then(|| {
            let ground = ground(reel.last_picture(), scene.size, scene.seed, None);
            Closing::new(&titles, ground, scene, &drawn.fonts, &layout.closing, end)
        });
        let black = Planes::black(scene.size.width() as usize, scene.size.height() as usize);
        let picture = (None, black.clone());
        Self { reel, titles, closing, frames, frame: black.clone(), spare: black, picture }
    }

    pub(super) fn frames(&self) -> u32 {
        self.frames
    }

    pub(super) fn frame(&mut self, index: u32) -> &Planes {
        let shown = self.reel.shown(index);
        let (drawn, picture) = &mut self.picture;
        if *drawn != Some(shown) {
            self.reel.draw(shown, picture, &mut self.spare);
            *drawn = Some(shown);
        }
        self.frame.copy_from(picture);
        self.titles.draw(index, &mut self.frame);
        if let Some(closing) = &self.closing {
            closing.draw(index, &mut self.frame);
        }
        self.titles.draw_mark(&mut self.frame);
        &self.frame
    }

    /// The first shot with every text in its place.
    pub(super) fn settled(&mut self) -> &Planes {
        self.reel.shot(0).draw(&mut self.frame, 0.4);
        self.titles.draw_settled(&mut self.frame);
        self.titles.draw_mark(&mut self.frame);
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

    fn last_picture(&self) -> &'a Picture {
        &self.pictures[(self.starts.len() - 2) % self.pictures.len()]
    }

    fn shot_at(&self, index: u32) -> usize {
        let shot = self.starts.iter().skip(1).take_while(|start| **start <= index).count();
        shot.min(self.starts.len() - 2)
    }

    /// Whether a shot gives way to the next.
    fn fades(&self, shot: usize, index: u32) -> bool {
        shot + 2 < self.starts.len() && index + FADE >= self.starts[shot + 1]
    }

    /// The frame whose picture a frame shows: its own, or the one before it.
    fn shown(&self, index: u32) -> u32 {
        let shot = self.shot_at(index);
        let is_slow = self.starts[shot + 1] - self.starts[shot] >= RESTS_FROM;
        let rests = is_slow && index % 2 == 1 && index > self.starts[shot];
        if rests && !self.fades(shot, index) { index - 1 } else { index }
    }

    fn draw(&mut self, index: u32, frame: &mut Planes, spare: &mut Planes) {
        let shot = self.shot_at(index);
        self.ready.retain(|(kept, _)| *kept >= shot);
        let progress = self.progress(shot, index);
        self.shot(shot).draw(frame, progress);

        let end = self.starts[shot + 1];
        if self.fades(shot, index) {
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
