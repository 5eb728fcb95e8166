//! Texts in boxes: measured once, wrapped, shrunk and cut.

use std::ops::Range;

use unicode_bidi::{BidiInfo, Level};
use unicode_linebreak::linebreaks;

use super::fonts::{Fonts, Glyph};
use super::run::{Run, clusters, visible};

/// Line height over font size. DejaVu needs 1.165 from the highest accent to the lowest descender.
pub(super) const LEADING: f32 = 1.2;
/// Distance of the baseline from the top of a line, over font size.
pub(super) const BASELINE: f32 = 0.95;

/// What a text has to keep within. Sizes are pixels per em.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    pub(super) width: i32,
    pub(super) height: i32,
    pub(super) lines: usize,
    pub(super) largest: f32,
    pub(super) smallest: f32,
}

/// A text broken into lines at one size, not yet placed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Block {
    pub(super) lines: Vec<Line>,
    pub(super) size: f32,
    pub(super) width: i32,
    pub(super) height: i32,
    /// Whether its lines begin on the right.
    pub(super) is_from_right: bool,
    /// Whether it ends in an ellipsis of ours.
    pub(super) is_cut: bool,
}

/// A line as it is drawn, in ems.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    pub(super) text: String,
    pub(super) glyphs: Vec<Glyph>,
    pub(super) width: f32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Align {
    Left,
    Centre,
}

impl Fonts<'_> {
    /// Wraps, then shrinks, then cuts with an ellipsis. `None` when nothing visible is left, or
    /// when the box has no room for a single line.
    pub(super) fn fit(&self, text: &str, bounds: Bounds) -> Option<Block> {
        let text = visible(text);
        if text.is_empty() || bounds.width < 1 || bounds.lines == 0 {
            return None;
        }
        let measured = Measured::new(self, &text, None);
        let mut size = bounds.largest;
        while size > bounds.smallest {
            if let Some(lines) = measured.wrap_whole_words(size, bounds) {
                return Some(measured.block(&lines, size, bounds.width));
            }
            size -= (size * 0.06).max(0.5);
        }
        let size = bounds.smallest;
        let ems = bounds.width as f32 / size;
        let room = ((bounds.height as f32 / (size * LEADING)) as usize).min(bounds.lines);
        let measured = measured.with_words_split(ems);
        let mut lines = measured.wrap(ems);
        let is_cut = lines.len() > room;
        lines.truncate(room);
        let last = if is_cut { lines.pop() } else { None };
        let mut block = measured.block(&lines, size, bounds.width);
        if let Some(last) = last {
            block.push(measured.ellipsed(last, ems), bounds.width);
            block.is_cut = true;
        }
        (!block.lines.is_empty()).then_some(block)
    }

    /// The first letter or digit, as it stands at the head of a word.
    pub(super) fn initial(text: &str) -> Option<char> {
        text.chars().find(|c| c.is_alphanumeric()).and_then(|c| c.to_uppercase().next())
    }
}

/// A text with its pieces, whose widths grow with the size: it is measured once for all sizes.
struct Measured<'a> {
    fonts: &'a Fonts<'a>,
    text: &'a str,
    /// Of each byte: even from the left, odd from the right.
    levels: Vec<Level>,
    pieces: Vec<Piece>,
    /// The whole text's direction.
    base: Level,
}

/// What a line is not broken within, with the spaces behind it. Widths are ems.
struct Piece {
    /// Without the spaces.
    ink: Range<usize>,
    runs: Vec<Run>,
    spaces: Vec<Run>,
    width: f32,
    width_with_spaces: f32,
}

impl<'a> Measured<'a> {
    /// `base` is the direction of a text that this one is a part of.
    fn new(fonts: &'a Fonts<'a>, text: &'a str, base: Option<Level>) -> Self {
        let bidi = BidiInfo::new(text, base);
        let base = bidi.paragraphs.first().map_or_else(Level::ltr, |paragraph| paragraph.level);
        let mut measured = Self { fonts, text, levels: bidi.levels, pieces: Vec::new(), base };
        let mut start = 0;
        for (end, _) in linebreaks(text) {
            measured.pieces.push(measured.piece(start..end));
            start = end;
        }
        measured
    }

    fn piece(&self, whole: Range<usize>) -> Piece {
        let end = whole.start + self.text[whole.clone()].trim_end().len();
        let shape = |range| Run::shape(self.fonts, self.text, range, &self.levels);
        let (runs, spaces) = (shape(whole.start..end), shape(end..whole.end));
        let width = runs.iter().map(|run| run.width).sum();
        let width_with_spaces = spaces.iter().fold(width, |sum, run| sum + run.width);
        Piece { ink: whole.start..end, runs, spaces, width, width_with_spaces }
    }

    /// The lines at this size, if they keep within the bounds and no word had to be broken.
    fn wrap_whole_words(&self, size: f32, bounds: Bounds) -> Option<Vec<Range<usize>>> {
        let ems = bounds.width as f32 / size;
        let widest = self.pieces.iter().map(|piece| piece.width).fold(0.0, f32::max);
        if widest > ems {
            return None;
        }
        let lines = self.wrap(ems);
        let height = lines.len() as f32 * size * LEADING;
        let fits = lines.len() <= bounds.lines && height <= bounds.height as f32;
        fits.then(|| self.balance(lines, ems, widest))
    }

    /// Narrows the box as long as the number of lines stays, so that no word is left alone on
    /// the last line.
    fn balance(&self, mut best: Vec<Range<usize>>, ems: f32, widest: f32) -> Vec<Range<usize>> {
        if best.len() == 1 {
            return best;
        }
        for step in 1..12 {
            let narrower = ems * (1.0 - step as f32 / 24.0);
            if narrower < widest {
                break;
            }
            let lines = self.wrap(narrower);
            if lines.len() > best.len() {
                break;
            }
            best = lines;
        }
        best
    }

    /// Which pieces each line has. A piece that is wider than a line has one to itself.
    fn wrap(&self, ems: f32) -> Vec<Range<usize>> {
        let mut lines = Vec::new();
        let (mut start, mut taken) = (0, 0.0);
        for (index, piece) in self.pieces.iter().enumerate() {
            if index > start && taken + piece.width > ems {
                lines.push(start..index);
                (start, taken) = (index, 0.0);
            }
            taken += piece.width_with_spaces;
        }
        lines.push(start..self.pieces.len());
        lines
    }

    /// Breaks pieces that are wider than a line between any two letters.
    fn with_words_split(mut self, ems: f32) -> Self {
        for piece in std::mem::take(&mut self.pieces) {
            if piece.width <= ems {
                self.pieces.push(piece);
                continue;
            }
            let end = piece.ink.end + piece.spaces.iter().map(|run| run.range.len()).sum::<usize>();
            let clusters = clusters(&piece.runs);
            let (mut start, mut taken) = (piece.ink.start, 0.0);
            for (at, width) in clusters {
                if at > start && taken + width > ems {
                    self.pieces.push(self.piece(start..at));
                    (start, taken) = (at, 0.0);
                }
                taken += width;
            }
            self.pieces.push(self.piece(start..end));
        }
        self
    }

    /// The pieces of a line, shortened until an ellipsis fits behind them.
    fn ellipsed(&self, line: Range<usize>, ems: f32) -> Line {
        let pieces = &self.pieces[line];
        let mut ends: Vec<usize> =
            pieces.iter().flat_map(|piece| clusters(&piece.runs)).map(|(at, _)| at).collect();
        let (start, end) = match (pieces.first(), pieces.last()) {
            (Some(first), Some(last)) => (first.ink.start, last.ink.end),
            _ => (0, 0),
        };
        ends.push(end);
        // Its last try is the ellipsis alone, whether that fits or not.
        loop {
            let end = ends.pop().unwrap_or(start);
            let text = format!("{}…", self.text[start..end].trim_end());
            let shortened = Measured::new(self.fonts, &text, Some(self.base));
            let line = shortened.line(0..shortened.pieces.len());
            if line.width <= ems || ends.is_empty() {
                return line;
            }
        }
    }

    fn block(&self, lines: &[Range<usize>], size: f32, most: i32) -> Block {
        let is_from_right = self.base.is_rtl();
        let (width, height) = (0, 0);
        let mut block =
            Block { lines: Vec::new(), size, width, height, is_from_right, is_cut: false };
        for line in lines {
            block.push(self.line(line.clone()), most);
        }
        block
    }

    /// Places the runs of a line from left to right.
    fn line(&self, pieces: Range<usize>) -> Line {
        let pieces = &self.pieces[pieces];
        let mut runs: Vec<&Run> = Vec::new();
        for (index, piece) in pieces.iter().enumerate() {
            runs.extend(&piece.runs);
            if index + 1 < pieces.len() {
                runs.extend(&piece.spaces);
            }
        }
        let levels: Vec<Level> = runs.iter().map(|run| run.level).collect();
        let (mut glyphs, mut width) = (Vec::new(), 0.0);
        for index in BidiInfo::reorder_visual(&levels) {
            let run = runs[index];
            let placed = |glyph: &Glyph| Glyph { x: width + glyph.x, ..glyph.clone() };
            glyphs.extend(run.glyphs.iter().map(placed));
            width += run.width;
        }
        let text = match (pieces.first(), pieces.last()) {
            (Some(first), Some(last)) => self.text[first.ink.start..last.ink.end].to_owned(),
            _ => String::new(),
        };
        Line { text, glyphs, width }
    }
}

impl Block {
    /// Adds a line; one that is wider than the box (a single letter, then) is clipped.
    fn push(&mut self, line: Line, most: i32) {
        self.width = self.width.max(((line.width * self.size).ceil() as i32).clamp(1, most));
        self.lines.push(line);
        self.height = (self.lines.len() as f32 * self.size * LEADING) as i32;
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use proptest::prelude::*;

    use super::super::rect::Rect;
    use super::*;

    const BOUNDS: Bounds =
        Bounds { width: 200, height: 90, lines: 3, largest: 30.0, smallest: 14.0 };

    fn fit(text: &str) -> Option<Block> {
        Fonts::new(None).fit(text, BOUNDS)
    }

    fn lines(block: &Block) -> Vec<&str> {
        block.lines.iter().map(|line| line.text.as_str()).collect()
    }

    #[test]
    fn short_text_keeps_its_size_and_one_line() {
        let block = fit("Espresso").unwrap();
        assert_eq!((lines(&block), block.size), (vec!["Espresso"], 30.0));
    }

    #[test]
    fn long_text_shrinks_before_it_is_cut() {
        let block = fit("A hand-made cup for slow mornings").unwrap();
        assert!(block.size < 30.0);
        assert!(!lines(&block).concat().contains('…'));
    }

    #[test]
    fn endless_text_ends_in_an_ellipsis() {
        let arabic = "كوبقهوة".repeat(60);
        for text in ["word ".repeat(80), "x".repeat(400), "产品".repeat(200), arabic] {
            let block = fit(&text).unwrap();
            assert!(lines(&block).last().unwrap().ends_with('…'));
            assert!(block.width <= BOUNDS.width && block.height <= BOUNDS.height);
        }
    }

    #[test]
    fn lines_break_where_their_script_allows() {
        for (text, expected) in [
            ("咖啡杯和碟子套装，手工制作，适合早晨", "，"),
            ("コーヒーカップ「手作り」です。", "」"),
        ] {
            let block = fit(text).unwrap();
            assert!(block.lines.len() > 1);
            assert!(lines(&block).iter().all(|line| !line.starts_with(expected)), "{block:?}");
        }
    }

    #[test]
    fn lines_from_the_right_are_turned_and_their_numbers_are_not() {
        let fonts = Fonts::new(None);
        let forms = |text: &str| -> Vec<_> {
            let block = fonts.fit(text, BOUNDS).unwrap();
            block.lines[0].glyphs.iter().map(|glyph| glyph.form.clone()).collect()
        };
        for (text, drawn) in [
            ("Cup, 24", "Cup, 24"),
            ("אבג", "גבא"),
            ("א 25", "25 א"),
            ("Cup אבג", "Cup גבא"),
            ("٢٥", "٢٥"),
            ("…", "…"),
        ] {
            let form = |c: char| fonts.shape(0, &c.to_string(), false).remove(0).glyph.form;
            assert_eq!(forms(text), drawn.chars().map(form).collect::<Vec<_>>(), "{text}");
        }
    }

    #[test]
    fn text_without_ink_is_no_block() {
        for text in ["", "  \n\t ", "\u{200d}\u{fe0f}", "\u{200f} \u{200c}"] {
            assert_eq!(fit(text), None);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]

        #[test]
        fn no_text_panics_or_leaves_its_box(
            text in prop_oneof![
                proptest::collection::vec(any::<char>(), 0..60),
                proptest::collection::vec(
                    // Blocks that join, stack, turn around or stand above the first plane.
                    proptest::char::ranges(Cow::Borrowed(&[
                        ' '..='~',
                        '\u{590}'..='\u{77f}',
                        '\u{900}'..='\u{10ff}',
                        '\u{1780}'..='\u{17ff}',
                        '\u{2000}'..='\u{206f}',
                        '\u{3000}'..='\u{30ff}',
                        '\u{1f300}'..='\u{1f6ff}',
                    ])),
                    0..80,
                ),
            ],
            width in 1..300i32,
            height in 0..120i32,
        ) {
            let (text, fonts) = (String::from_iter(text), Fonts::new(None));
            let bounds = Bounds { width, height, ..BOUNDS };
            if let Some(block) = fonts.fit(&text, bounds) {
                prop_assert!(block.width <= width && block.height <= height, "{block:?}");
                prop_assert!(block.lines.len() <= BOUNDS.lines);
                let area = Rect { x: 0, y: 0, width: block.width, height: block.height };
                let ink = fonts.ink(&block, area, Align::Centre);
                prop_assert!(ink.iter().all(|cover| (0.0..=1.0).contains(cover)));
            }
        }
    }

    #[test]
    fn every_script_leaves_ink() {
        let fonts = Fonts::new(None);
        for text in ["咖啡杯", "☕🏽👩‍🚀", "កាហ្វេ", "コーヒー", "커피", "कॉफ़ी", "กาแฟ", "ቡና", "𠮷"]
        {
            let block = fonts.fit(text, BOUNDS).unwrap();
            let area = Rect { x: 0, y: 0, width: block.width, height: block.height };
            assert!(fonts.ink(&block, area, Align::Left).iter().sum::<f32>() > 20.0, "{text}");
        }
    }
}
