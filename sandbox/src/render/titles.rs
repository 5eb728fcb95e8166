//! The texts of a film: when each comes and goes, and the words that it ends with.

use image::Rgb;

use super::fonts::Fonts;
use super::frames::FADE;
use super::layout::{Layout, Pill, TextBox, Words};
use super::shot::{distance, ease};
use super::yuv::{Layer, Planes};
use super::{FPS, Scene};

const WHITE: Rgb<u8> = Rgb([255, 255, 255]);
const SOFT_WHITE: Rgb<u8> = Rgb([226, 226, 230]);
const INK: Rgb<u8> = Rgb([26, 22, 18]);
const ACCENTS: [[u8; 3]; 4] = [[255, 214, 64], [255, 168, 120], [150, 226, 180], [150, 208, 255]];

/// Least time for a caption, in frames. More of them than the film has room for are left out.
const CAPTION_LEAST: u32 = FPS * 3 / 2;

/// The texts over the shots as layers. The title is there from the first frame, which players show
/// before anybody presses play.
pub(super) struct Titles {
    title: Option<Layer>,
    captions: Vec<Caption>,
    price: Vec<Layer>,
    mark: Vec<Layer>,
    price_cue: u32,
    rise: f32,
}

struct Caption {
    layer: Layer,
    /// The frames in which it is seen: from one to the one before the other.
    from: u32,
    until: u32,
    /// Whether another one follows, or it stays.
    leaves: bool,
}

impl Titles {
    /// `end` is the frame before which all captions have had their time.
    pub(super) fn new(scene: &Scene, fonts: &Fonts, layout: &Layout, end: u32) -> Self {
        // A short clip shows everything sooner.
        let cue = |tenths: u32| (tenths * FPS / 10).min(tenths * end / 60);
        let words = &layout.words;
        let turns = turns(&words.captions, cue(5), end);
        let captions =
            words.captions.iter().zip(&turns).enumerate().map(|(index, (text, turn))| {
                let layer = ink(fonts, text, SOFT_WHITE);
                Caption { layer, from: turn.0, until: turn.1, leaves: index + 1 < turns.len() }
            });
        Self {
            title: words.title.as_ref().map(|text| ink(fonts, text, WHITE)),
            captions: captions.collect(),
            price: price(scene, fonts, words),
            mark: layout.mark.as_ref().map_or_else(Vec::new, |p| pill(fonts, p, INK, SOFT_WHITE)),
            price_cue: cue(10),
            rise: scene.size.width().min(scene.size.height()) as f32 / 36.0,
        }
    }

    pub(super) fn draw(&self, index: u32, frame: &mut Planes) {
        if let Some(title) = &self.title {
            title.draw(frame, 256, 0);
        }
        appear(&self.price, index, self.price_cue, self.rise, frame);
        let shown = |caption: &&Caption| (caption.from..caption.until).contains(&index);
        if let Some(caption) = self.captions.iter().find(shown) {
            let left = caption.until - index;
            let leaving = if caption.leaves { left as f32 / 6.0 } else { 1.0 };
            let arriving = arriving(index - caption.from);
            let shown = ease(arriving).min(ease(leaving));
            caption.layer.draw(frame, (shown * 256.0) as u32, offset(arriving, self.rise));
        }
    }

    pub(super) fn draw_settled(&self, frame: &mut Planes) {
        let first = self.captions.first().map(|caption| &caption.layer);
        for layer in self.title.iter().chain(first).chain(&self.price) {
            layer.draw(frame, 256, 0);
        }
    }

    pub(super) fn draw_mark(&self, frame: &mut Planes) {
        for (layer, opacity) in self.mark.iter().zip([110, 200]) {
            layer.draw(frame, opacity, 0);
        }
    }
}

/// The end of a film: name, closing line and price on the ground of its last shot.
pub(super) struct Closing {
    ground: Planes,
    words: Vec<Layer>,
    price: Vec<Layer>,
    start: u32,
    rise: f32,
}

impl Closing {
    pub(super) fn new(
        titles: &Titles,
        ground: Planes,
        scene: &Scene,
        fonts: &Fonts,
        words: &Words,
        start: u32,
    ) -> Self {
        let title = words.title.iter().map(|text| ink(fonts, text, WHITE));
        let line = words.captions.iter().map(|text| ink(fonts, text, SOFT_WHITE));
        let words_drawn = title.chain(line).collect();
        Self {
            ground,
            words: words_drawn,
            price: price(scene, fonts, words),
            start,
            rise: titles.rise,
        }
    }

    pub(super) fn draw(&self, index: u32, frame: &mut Planes) {
        let Some(since) = index.checked_sub(self.start) else { return };
        frame.mix(&self.ground, (ease(arriving(since)) * 256.0) as u32);
        appear(&self.words, index, self.start + FADE / 2, self.rise, frame);
        appear(&self.price, index, self.start + FADE, self.rise, frame);
    }
}

/// When each caption is seen: for as long as it takes to read, next to the others.
fn turns(captions: &[TextBox], start: u32, end: u32) -> Vec<(u32, u32)> {
    let length = end - start;
    let most = (length / CAPTION_LEAST).max(1) as usize;
    let letters = |text: &TextBox| {
        text.block.lines.iter().map(|line| line.glyphs.len() as u32).sum::<u32>() + 4
    };
    let captions = &captions[..captions.len().min(most)];
    let least = CAPTION_LEAST.min(length / captions.len().max(1) as u32);
    let free = length - least * captions.len() as u32;
    let all = captions.iter().map(letters).sum::<u32>().max(1);
    let (mut read, mut turns) = (0, Vec::new());
    for (index, caption) in captions.iter().enumerate() {
        let at = |read: u32, index: usize| start + index as u32 * least + free * read / all;
        let from = at(read, index);
        read += letters(caption);
        turns.push((from, at(read, index + 1)));
    }
    if let Some(last) = turns.last_mut() {
        last.1 = u32::MAX;
    }
    turns
}

fn appear(layers: &[Layer], index: u32, cue: u32, rise: f32, frame: &mut Planes) {
    let Some(since) = index.checked_sub(cue) else { return };
    let arriving = arriving(since);
    for layer in layers {
        layer.draw(frame, (ease(arriving) * 256.0) as u32, offset(arriving, rise));
    }
}

/// How much of its coming a text has behind it.
fn arriving(since: u32) -> f32 {
    (since + 1) as f32 / FADE as f32
}

/// Texts rise into their place while they fade in.
fn offset(arriving: f32, rise: f32) -> i32 {
    let left = (1.0 - arriving).max(0.0);
    (left * left * rise) as i32
}

fn price(scene: &Scene, fonts: &Fonts, words: &Words) -> Vec<Layer> {
    let accent = Rgb(ACCENTS[(scene.seed % ACCENTS.len() as u64) as usize]);
    words.price.as_ref().map_or_else(Vec::new, |price| pill(fonts, price, accent, INK))
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

#[cfg(test)]
mod tests {
    use super::super::FrameSize;
    use super::*;

    fn captions(texts: &[&str]) -> Vec<TextBox> {
        let mut scene = Scene::new(FrameSize::preview(9, 16), 8, "Cup");
        scene.captions = texts.iter().map(|text| (*text).to_owned()).collect();
        Layout::of(&scene, &Fonts::new(None), 1.0).words.captions
    }

    #[test]
    fn captions_have_time_to_be_read_and_follow_each_other() {
        let long = "A line that takes everybody a good while to read to its end";
        let turns = turns(&captions(&["Short", long, "Also short"]), 12, 240);
        assert_eq!((turns[0].0, turns.len()), (12, 3));
        assert!(turns.windows(2).all(|pair| pair[0].1 == pair[1].0));
        assert!(turns[..2].iter().all(|turn| turn.1 - turn.0 >= CAPTION_LEAST));
        assert!(turns[1].1 - turns[1].0 > turns[0].1 - turns[0].0 + FPS);
        assert!(turns[2].0 + CAPTION_LEAST <= 240);
    }

    #[test]
    fn captions_without_time_are_left_out() {
        for (end, seen) in [(24, 1), (CAPTION_LEAST * 2, 2), (CAPTION_LEAST * 90, 5)] {
            assert_eq!(turns(&captions(&["word"; 5]), 0, end).len(), seen);
        }
        assert!(turns(&[], 0, 24).is_empty());
    }
}
