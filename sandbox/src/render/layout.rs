//! Where things stand in a frame. Pure functions of the texts, the frame and the photo's
//! proportions, so that a test can hold every box inside the frame.

use super::fonts::Fonts;
use super::rect::Rect;
use super::text::{Align, Block, Bounds};
use super::{FrameSize, Scene};

/// A block at its place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct TextBox {
    pub(super) block: Block,
    pub(super) area: Rect,
    pub(super) align: Align,
}

impl TextBox {
    /// A block by itself, in its own coordinates.
    pub(super) fn at_origin(block: Block) -> Self {
        let area = Rect { x: 0, y: 0, width: block.width, height: block.height };
        Self { block, area, align: Align::Left }
    }
}

/// A text on a pill of its own.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pill {
    pub(super) text: TextBox,
    pub(super) area: Rect,
}

/// The settled picture: what stands where once everything has faded in.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Layout {
    /// Even in all four numbers, as the planes need it.
    pub(super) photo: Rect,
    pub(super) words: Words,
    /// What the end of a film shows instead: nothing but the words, larger and in the middle.
    pub(super) closing: Words,
    pub(super) mark: Option<Pill>,
}

/// The texts at their places.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Words {
    pub(super) title: Option<TextBox>,
    /// All at the same place: they take turns.
    pub(super) captions: Vec<TextBox>,
    pub(super) price: Option<Pill>,
}

/// The column that texts and, in tall frames, the photo share.
#[derive(Clone, Copy)]
struct Column {
    area: Rect,
    align: Align,
    /// 1.0 in a frame whose short side has 360 px.
    unit: f32,
}

impl Layout {
    /// `aspect` is the photo's width over height.
    pub(super) fn of(scene: &Scene, fonts: &Fonts, aspect: f32) -> Self {
        let (width, height) = (scene.size.width() as i32, scene.size.height() as i32);
        if width * 5 >= height * 6 {
            beside(scene, fonts, aspect)
        } else {
            stacked(scene, fonts, aspect)
        }
    }
}

/// Texts centred in the whole frame, of which the last caption has the last word.
fn closing(scene: &Scene, fonts: &Fonts, mark: Option<&Pill>) -> Words {
    let (frame, unit) = measures(scene.size);
    let (unit, margin) = (unit * 1.2, px(30.0 * unit));
    let clear = mark.map_or(margin, |mark| mark.area.bottom() + px(10.0 * unit));
    let area = Rect {
        x: margin,
        y: clear,
        width: (frame.width - 2 * margin).max(2),
        height: (frame.height - 2 * clear).max(2),
    };
    let column = Column { area, align: Align::Centre, unit };
    let last = scene.captions.len().saturating_sub(1);
    let texts = Texts::fit(scene, &scene.captions[last..], fonts, column, area.height);
    let top = area.y + (area.height - texts.height) / 2;
    texts.place(column, top)
}

/// Photo above, texts centred below.
fn stacked(scene: &Scene, fonts: &Fonts, aspect: f32) -> Layout {
    let (frame, unit) = measures(scene.size);
    let tall = frame.height * 4 > frame.width * 5;
    // A frame that is not tall has to share its height more sparingly.
    let unit = if tall { unit } else { unit * 0.78 };
    let margin = px(22.0 * unit);
    let mark = mark(fonts, frame, unit);
    let top = mark.as_ref().map_or(margin, |mark| mark.area.bottom() + px(12.0 * unit));
    let body = Rect {
        x: margin,
        y: top,
        width: frame.width - 2 * margin,
        height: (frame.height - margin - top).max(2),
    };
    let column = Column { area: body, align: Align::Centre, unit };
    let texts = Texts::fit(
        scene,
        &scene.captions,
        fonts,
        column,
        body.height * if tall { 50 } else { 46 } / 100,
    );
    let gap = if texts.height == 0 { 0 } else { px(20.0 * unit) };
    let photo = window(body.width, (body.height - texts.height - gap).max(2), aspect);
    let free = (body.height - photo.1 - gap - texts.height).max(0);
    let y = body.y + free * 2 / 5;
    let photo = Rect {
        x: even(body.x + (body.width - photo.0) / 2),
        y: even(y),
        width: photo.0,
        height: photo.1,
    };
    let text_top = (photo.bottom() + gap + free / 10).min(body.bottom() - texts.height);
    let closing = closing(scene, fonts, mark.as_ref());
    Layout { photo, words: texts.place(column, text_top), closing, mark }
}

/// Photo on the left, texts on the right, both centred over the height.
fn beside(scene: &Scene, fonts: &Fonts, aspect: f32) -> Layout {
    let (frame, unit) = measures(scene.size);
    let margin = px(26.0 * unit);
    let mark = mark(fonts, frame, unit);
    let gap = px(24.0 * unit);
    let photo_width = (frame.width - 2 * margin - gap) * 54 / 100;
    let photo = window(photo_width, frame.height - 2 * margin, aspect);
    let photo = Rect {
        x: even(margin + (photo_width - photo.0) / 2),
        y: even((frame.height - photo.1) / 2),
        width: photo.0,
        height: photo.1,
    };
    // The mark has the upper right corner: the texts keep clear of it, and as much below.
    let clear = mark.as_ref().map_or(margin, |mark| mark.area.bottom() + px(10.0 * unit));
    let x = photo.right() + gap;
    let area = Rect {
        x,
        y: clear,
        width: frame.width - margin - x,
        height: (frame.height - 2 * clear).max(2),
    };
    let column = Column { area, align: Align::Left, unit };
    let texts = Texts::fit(scene, &scene.captions, fonts, column, area.height);
    let top = area.y + (area.height - texts.height) / 2;
    let closing = closing(scene, fonts, mark.as_ref());
    Layout { photo, words: texts.place(column, top), closing, mark }
}

/// The texts of a scene, fitted and not yet placed.
struct Texts {
    title: Option<Block>,
    captions: Vec<Block>,
    price: Option<Block>,
    /// With the gaps between them.
    height: i32,
}

impl Texts {
    /// The price is fitted first and the title second: what is left over goes to the captions.
    fn fit(scene: &Scene, captions: &[String], fonts: &Fonts, column: Column, height: i32) -> Self {
        let unit = column.unit;
        let room = |used: i32| (height - used).max(0);
        let bounds = |width: i32, height: i32, lines: usize, largest: f32, smallest: f32| Bounds {
            width,
            height,
            lines,
            largest: largest * unit,
            smallest: smallest * unit,
        };
        let (across, down) = pill_padding(unit, 1.0);
        let price_room = bounds(column.area.width - 2 * across, room(2 * down), 1, 25.0, 13.0);
        let price = scene.price.as_deref().and_then(|text| fonts.fit(text, price_room));
        let mut used = price.as_ref().map_or(0, |block| block.height + 2 * down);
        let gap = |used: i32| if used == 0 { 0 } else { px(14.0 * unit) };

        let has_captions = captions.iter().any(|text| !text.trim().is_empty());
        let share = if has_captions { 60 } else { 100 };
        let title_height = room(used + gap(used)) * share / 100;
        let title_room = bounds(column.area.width, title_height, 3, 38.0, 17.0);
        let title = fonts.fit(&scene.title, title_room);
        // A name that would be cut goes on for some small lines more.
        let title = title.and_then(|block| {
            let smaller = Bounds { lines: 5, largest: title_room.smallest, ..title_room };
            if block.is_cut { fonts.fit(&scene.title, smaller) } else { Some(block) }
        });
        used += title.as_ref().map_or(0, |block| block.height + gap(used));

        let caption_room = bounds(column.area.width, room(used + px(10.0 * unit)), 4, 22.0, 13.0);
        let captions: Vec<Block> =
            captions.iter().filter_map(|text| fonts.fit(text, caption_room)).collect();
        let tallest = captions.iter().map(|block| block.height).max().unwrap_or(0);
        used += if tallest == 0 || used == 0 { tallest } else { tallest + px(10.0 * unit) };
        Self { title, captions, price, height: used }
    }

    fn place(self, column: Column, top: i32) -> Words {
        let unit = column.unit;
        let mut y = top;
        let title = self.title.map(|block| column.text(block, y));
        y = title.as_ref().map_or(y, |title| title.area.bottom() + px(10.0 * unit));
        let captions: Vec<_> =
            self.captions.into_iter().map(|block| column.text(block, y)).collect();
        let (across, down) = pill_padding(unit, 1.0);
        // From the bottom, so that rounding never pushes it out.
        let price = self.price.map(|block| {
            let bottom = top + self.height;
            let mut text = column.text(block, 0);
            text.area.y = bottom - down - text.area.height;
            if column.align == Align::Left {
                text.area.x += across;
            }
            Pill { area: text.area.grown(across, down), text }
        });
        Words { title, captions, price }
    }
}

impl Column {
    fn text(&self, block: Block, y: i32) -> TextBox {
        let free = self.area.width - block.width;
        let x = self.area.x + if self.align == Align::Centre { free / 2 } else { 0 };
        let area = Rect { x, y, width: block.width, height: block.height };
        TextBox { block, area, align: self.align }
    }
}

/// The small sign that says where the video comes from, in the upper right corner.
fn mark(fonts: &Fonts, frame: Rect, unit: f32) -> Option<Pill> {
    let (across, down) = pill_padding(unit, 0.45);
    let margin = px(14.0 * unit);
    let bounds = Bounds {
        width: frame.width - 2 * (margin + across),
        height: frame.height / 8,
        lines: 1,
        largest: (9.5 * unit).max(6.0),
        smallest: (9.5 * unit).max(6.0),
    };
    let block = fonts.fit("SANDBOX", bounds)?;
    let area = Rect {
        x: frame.width - margin - across - block.width,
        y: margin + down,
        width: block.width,
        height: block.height,
    };
    let text = TextBox { block, area, align: Align::Left };
    Some(Pill { area: area.grown(across, down), text })
}

/// The largest even window of about these proportions. A photo may lose up to 30 % of its width,
/// because it would look lost in a tall frame otherwise, and little of its height: that is where
/// products get beheaded.
fn window(width: i32, height: i32, aspect: f32) -> (i32, i32) {
    let slot = width as f32 / height as f32;
    let aspect = slot.clamp(aspect * 0.7, aspect / 0.95).clamp(0.55, 2.2);
    let (wide, high) = if slot > aspect {
        (height as f32 * aspect, height as f32)
    } else {
        (width as f32, width as f32 / aspect)
    };
    (even(wide as i32).max(2), even(high as i32).max(2))
}

fn measures(size: FrameSize) -> (Rect, f32) {
    let (width, height) = (size.width() as i32, size.height() as i32);
    (Rect { x: 0, y: 0, width, height }, width.min(height) as f32 / 360.0)
}

fn pill_padding(unit: f32, share: f32) -> (i32, i32) {
    (px(16.0 * unit * share), px(7.0 * unit * share))
}

fn px(length: f32) -> i32 {
    length.round() as i32
}

fn even(length: i32) -> i32 {
    length & !1
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATIOS: [(u32, u32); 6] = [(9, 16), (16, 9), (1, 1), (3, 4), (4, 3), (4, 5)];

    fn nasty() -> Vec<String> {
        let mut texts = ["", " ", "A", "two\nlines\r\nand a\ttab", "咖啡杯和碟子套装，手工制作"]
            .map(str::to_owned)
            .to_vec();
        texts.extend(["word ".repeat(80), "x".repeat(400), "W".repeat(40), "☕🎉👩‍🚀 ".repeat(30)]);
        texts.push("كوب قهوة مصنوع يدويا".to_owned());
        texts.extend(["Z̸̢͎a̷l̴g̶o̵ ".repeat(9), "产品".repeat(200)]);
        texts
    }

    fn boxes(layout: &Layout) -> Vec<Rect> {
        let mut boxes = vec![layout.photo];
        for words in [&layout.words, &layout.closing] {
            boxes.extend(words.title.iter().chain(&words.captions).map(|text| text.area));
            boxes.extend(words.price.iter().flat_map(|pill| [pill.area, pill.text.area]));
        }
        boxes.extend(layout.mark.iter().flat_map(|pill| [pill.area, pill.text.area]));
        boxes
    }

    fn overlap(a: Rect, b: Rect) -> bool {
        a.x < b.right() && b.x < a.right() && a.y < b.bottom() && b.y < a.bottom()
    }

    fn check(layout: &Layout, size: FrameSize, what: &str) {
        let (width, height) = (size.width() as i32, size.height() as i32);
        for area in boxes(layout) {
            let inside =
                area.x >= 0 && area.y >= 0 && area.right() <= width && area.bottom() <= height;
            assert!(inside && area.width > 0 && area.height > 0, "{what}: {area:?} in {size:?}");
        }
        for (words, photo) in [(&layout.words, Some(layout.photo)), (&layout.closing, None)] {
            let mut apart: Vec<Rect> = photo.into_iter().collect();
            apart.extend(words.title.iter().map(|title| title.area));
            apart.extend(words.price.iter().chain(&layout.mark).map(|pill| pill.area));
            for (index, first) in apart.iter().enumerate() {
                let later = apart[index + 1..].iter().copied();
                for second in later.chain(words.captions.iter().map(|caption| caption.area)) {
                    assert!(
                        !overlap(*first, second),
                        "{what}: {first:?} on {second:?} in {size:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn every_box_stays_inside_the_frame_and_apart() {
        let fonts = Fonts::new(None);
        for (across, down) in RATIOS {
            for text in nasty() {
                let what = text.chars().take(12).collect::<String>();
                for aspect in [0.01, 1.5, 100.0] {
                    let size = FrameSize::preview(across, down);
                    let mut scene = Scene::new(size, 1, text.clone());
                    check(&Layout::of(&scene, &fonts, aspect), size, &what);
                    scene.captions = vec!["short".to_owned(), text.clone()];
                    check(&Layout::of(&scene, &fonts, aspect), size, &what);
                    scene.price = Some(text.clone());
                    check(&Layout::of(&scene, &fonts, aspect), size, &what);
                    scene.price = Some("€ 24.90".to_owned());
                    check(&Layout::of(&scene, &fonts, aspect), size, &what);
                }
            }
        }
    }

    #[test]
    fn full_and_tiny_frames_hold_their_texts_too() {
        let fonts = Fonts::new(None);
        for size in [FrameSize::full(9, 16), FrameSize::full(16, 9), FrameSize::exact(90, 160)] {
            let mut scene = Scene::new(size, 1, "Espresso cup, hand made");
            scene.captions = vec!["Slow mornings deserve it".to_owned()];
            scene.price = Some("€ 24.90".to_owned());
            check(&Layout::of(&scene, &fonts, 1.5), size, "full");
        }
    }

    #[test]
    fn a_wide_frame_puts_texts_beside_the_photo() {
        let fonts = Fonts::new(None);
        let scene = Scene::new(FrameSize::preview(16, 9), 1, "Espresso cup");
        let layout = Layout::of(&scene, &fonts, 1.5);
        assert!(layout.words.title.unwrap().area.x >= layout.photo.right());
        let scene = Scene::new(FrameSize::preview(9, 16), 1, "Espresso cup");
        let layout = Layout::of(&scene, &fonts, 1.5);
        assert!(layout.words.title.unwrap().area.y >= layout.photo.bottom());
    }
}
