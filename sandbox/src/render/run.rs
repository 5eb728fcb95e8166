//! What is seen of a text, and its stretches in one direction and one font, with their glyphs.

use std::ops::Range;

use unicode_bidi::{BidiClass, Level, bidi_class};
use unicode_linebreak::{BreakClass, break_property};

use super::fonts::{Fonts, Form, Glyph, Source};

/// Widths and places are ems.
pub(super) struct Run {
    /// Bytes of the text that it is of.
    pub(super) range: Range<usize>,
    pub(super) level: Level,
    /// From left to right.
    pub(super) glyphs: Vec<Glyph>,
    pub(super) width: f32,
    /// Where in the text each letter with its marks begins, and how wide it is; in no order.
    pub(super) clusters: Vec<(usize, f32)>,
}

impl Run {
    /// Divides a range of a text into runs, in its order. There is a level for each byte.
    pub(super) fn shape(
        fonts: &Fonts,
        text: &str,
        range: Range<usize>,
        levels: &[Level],
    ) -> Vec<Self> {
        let mut parts: Vec<(Range<usize>, Level, Source)> = Vec::new();
        for (at, c) in text[range.clone()].char_indices() {
            let (at, level) = (range.start + at, levels[range.start + at]);
            let end = at + c.len_utf8();
            match parts.last_mut() {
                // A mark stays with what it stands on, whatever else has it.
                Some((part, _, _)) if is_mark(c) => part.end = end,
                last => {
                    let source = fonts.source(c);
                    match last {
                        Some((part, before, font)) if (*before, *font) == (level, source) => {
                            part.end = end;
                        }
                        _ => parts.push((at..end, level, source)),
                    }
                }
            }
        }
        let run = |(range, level, source)| Self::new(fonts, text, range, level, source);
        parts.into_iter().map(run).collect()
    }

    fn new(fonts: &Fonts, text: &str, range: Range<usize>, level: Level, source: Source) -> Self {
        let part = &text[range.clone()];
        let mut run = Self {
            range: range.clone(),
            level,
            glyphs: Vec::new(),
            width: 0.0,
            clusters: Vec::new(),
        };
        match source {
            Source::Outlines(font) => {
                for shaped in fonts.shape(font, part, level.is_rtl()) {
                    run.glyphs.push(shaped.glyph);
                    run.add(range.start + shaped.start, shaped.advance);
                }
            }
            Source::Bitmaps => run.set_bitmaps(fonts, part),
        }
        run
    }

    /// A cell for each letter, with its marks on it. Nothing is joined or moved: the bitmaps know no
    /// more than one character.
    fn set_bitmaps(&mut self, fonts: &Fonts, text: &str) {
        let mut letters: Vec<(usize, Vec<char>)> = Vec::new();
        for (at, c) in text.char_indices() {
            match letters.last_mut() {
                Some((_, marks)) if is_mark(c) => marks.push(c),
                _ => letters.push((at, vec![c])),
            }
        }
        if self.level.is_rtl() {
            letters.reverse();
        }
        for (at, letter) in letters {
            let pictures: Vec<_> = letter.into_iter().map(|c| fonts.bitmap(c)).collect();
            let width = pictures.iter().map(|(_, width)| *width).fold(0.0, f32::max);
            for (rows, own) in pictures {
                // Marks are drawn to end where their letter does.
                let x = self.width + width - own;
                self.glyphs.push(Glyph { form: Form::Bitmap(rows), x, y: 0.0 });
            }
            self.add(self.range.start + at, width);
        }
    }

    fn add(&mut self, at: usize, advance: f32) {
        self.width += advance;
        match self.clusters.last_mut() {
            Some((last, width)) if *last == at => *width += advance,
            _ => self.clusters.push((at, advance)),
        }
    }
}

/// Whether a character changes or joins what stands before it.
fn is_mark(c: char) -> bool {
    let class = break_property(c.into());
    bidi_class(c) == BidiClass::NSM
        || matches!(class, BreakClass::CombiningMark | BreakClass::ZeroWidthJoiner)
}

/// Where each cluster of some runs begins, in the order of the text, and how wide it is.
pub(super) fn clusters(runs: &[Run]) -> Vec<(usize, f32)> {
    let mut clusters: Vec<(usize, f32)> =
        runs.iter().flat_map(|run| run.clusters.iter().copied()).collect();
    clusters.sort_by_key(|(at, _)| *at);
    clusters
}

/// No frame has room for more characters than this; a request may carry many more.
const LONGEST: usize = 600;

/// One line of printable text: white space collapsed, what has no width of its own left out.
pub(super) fn visible(text: &str) -> String {
    let shown = text.chars().filter(|c| !is_invisible(*c)).take(LONGEST);
    let shown: String = shown.map(|c| if c.is_control() { ' ' } else { c }).collect();
    let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    if shown.chars().all(is_joiner) { String::new() } else { shown }
}

/// Direction marks that one line has no use for, variation selectors and emoji modifiers. The fonts
/// would draw a box for some, next to the character that they change.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{200b}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{1f3fb}'..='\u{1f3ff}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// What says how its neighbours are joined and ordered, and is not seen itself.
fn is_joiner(c: char) -> bool {
    matches!(c, ' ' | '\u{200c}'..='\u{200f}')
}
