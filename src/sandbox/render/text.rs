//! Text with one embedded font: measuring, fitting into a box, coverage of its glyphs.

use ab_glyph::{Font, FontRef, GlyphId, PxScale, ScaleFont, point};

use super::layout::Rect;

/// Line height over font size. DejaVu needs 1.165 from the highest accent to the lowest descender.
const LEADING: f32 = 1.2;
/// Distance of the baseline from the top of a line, over font size.
const BASELINE: f32 = 0.95;

/// The embedded font, DejaVu Sans Bold.
pub(super) struct Face(FontRef<'static>);

/// What a text has to keep within. Sizes are pixels per em.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    pub(super) width: i32,
    pub(super) height: i32,
    pub(super) lines: usize,
    pub(super) largest: f32,
    pub(super) smallest: f32,
}

/// What a line cannot be broken within, with its width in ems: without and with a last space.
struct Piece<'a> {
    text: &'a str,
    ink: f32,
    full: f32,
}

/// A text broken into lines at one size, not yet placed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Block {
    pub(super) lines: Vec<String>,
    pub(super) size: f32,
    pub(super) width: i32,
    pub(super) height: i32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Align {
    Left,
    Centre,
}

impl Face {
    pub(super) fn embedded() -> Self {
        let font = FontRef::try_from_slice(dejavu::sans::bold());
        Self(font.expect("the embedded font is valid"))
    }

    /// The first letter or digit that the font can show.
    pub(super) fn initial(&self, text: &str) -> Option<char> {
        let mut letters = text.chars().filter(|c| c.is_alphanumeric());
        letters.find(|c| self.0.glyph_id(*c) != GlyphId(0)).and_then(|c| c.to_uppercase().next())
    }

    /// Wraps, then shrinks, then cuts with an ellipsis. `None` when nothing visible is left, or
    /// when the box has no room for a single line.
    pub(super) fn fit(&self, text: &str, bounds: Bounds) -> Option<Block> {
        let text = visible(text);
        if text.is_empty() || bounds.width < 1 || bounds.lines == 0 {
            return None;
        }
        let pieces = self.measure(&text);
        let mut size = bounds.largest;
        while size > bounds.smallest {
            if let Some(lines) = self.wrap_whole_words(&pieces, size, bounds) {
                return Some(self.block(lines, size));
            }
            size -= (size * 0.06).max(0.5);
        }
        let size = bounds.smallest;
        let room = (bounds.height as f32 / (size * LEADING)) as usize;
        let lines = self.wrap(&pieces, bounds.width as f32 / size);
        let lines = self.cut(lines, room.min(bounds.lines), size, bounds.width);
        (!lines.is_empty()).then(|| self.block(lines, size))
    }

    /// Widths grow with the size, so that a text is measured once for all sizes.
    fn measure<'a>(&self, text: &'a str) -> Vec<Piece<'a>> {
        let mut previous = None;
        let mut measured = Vec::new();
        for text in pieces(text) {
            // Whether the pair stays on one line is not known yet: only a kern that widens counts.
            let kern = previous.zip(text.chars().next()).map_or(0.0, |(a, b)| self.kern(a, b));
            let ink = kern.max(0.0) + self.width(text.trim_end(), 1.0);
            let full = kern.max(0.0) + self.width(text, 1.0);
            measured.push(Piece { text, ink, full });
            previous = text.chars().next_back();
        }
        measured
    }

    /// The lines at this size, if they keep within the bounds and no word had to be broken.
    fn wrap_whole_words(&self, text: &[Piece], size: f32, bounds: Bounds) -> Option<Vec<String>> {
        let ems = bounds.width as f32 / size;
        let widest = text.iter().map(|piece| piece.ink).fold(0.0, f32::max);
        if widest > ems {
            return None;
        }
        let lines = self.wrap(text, ems);
        let height = lines.len() as f32 * size * LEADING;
        let fits = lines.len() <= bounds.lines && height <= bounds.height as f32;
        fits.then(|| self.balance(lines, text, ems, widest))
    }

    /// Narrows the box as long as the number of lines stays, so that no word is left alone on
    /// the last line.
    fn balance(&self, mut best: Vec<String>, text: &[Piece], ems: f32, widest: f32) -> Vec<String> {
        if best.len() == 1 {
            return best;
        }
        for step in 1..12 {
            let narrower = ems * (1.0 - step as f32 / 24.0);
            if narrower < widest {
                break;
            }
            let lines = self.wrap(text, narrower);
            if lines.len() > best.len() {
                break;
            }
            best = lines;
        }
        best
    }

    fn wrap(&self, text: &[Piece], ems: f32) -> Vec<String> {
        let mut lines = Vec::new();
        let mut line = String::new();
        let mut taken = 0.0;
        for piece in text {
            if taken + piece.ink > ems {
                if !line.is_empty() {
                    lines.push(std::mem::take(&mut line));
                }
                taken = 0.0;
                if piece.ink > ems {
                    (line, taken) = self.split_long(piece.text, ems, &mut lines);
                    continue;
                }
            }
            line.push_str(piece.text);
            taken += piece.full;
        }
        lines.push(line);
        lines.retain_mut(|line| {
            line.truncate(line.trim_end().len());
            !line.is_empty()
        });
        lines
    }

    /// Pushes full lines of a piece that is wider than a line; returns the rest and its width.
    fn split_long(&self, piece: &str, ems: f32, lines: &mut Vec<String>) -> (String, f32) {
        let mut line = String::new();
        let mut taken = 0.0;
        for c in piece.chars() {
            let kern = line.chars().next_back().map_or(0.0, |before| self.kern(before, c));
            let advance = self.0.as_scaled(self.scale(1.0)).h_advance(self.0.glyph_id(c));
            if taken + kern + advance > ems && !line.is_empty() {
                lines.push(std::mem::take(&mut line));
                taken = advance;
            } else {
                taken += kern + advance;
            }
            line.push(c);
        }
        (line, taken)
    }

    /// By how many ems two letters move apart.
    fn kern(&self, first: char, second: char) -> f32 {
        let font = self.0.as_scaled(self.scale(1.0));
        font.kern(self.0.glyph_id(first), self.0.glyph_id(second))
    }

    /// Keeps `room` lines; the last one ends in an ellipsis when something was dropped.
    fn cut(&self, mut lines: Vec<String>, room: usize, size: f32, width: i32) -> Vec<String> {
        if lines.len() <= room {
            return lines;
        }
        lines.truncate(room);
        if let Some(last) = lines.last_mut() {
            while !last.is_empty() && self.width(&format!("{last}…"), size) > width as f32 {
                last.pop();
            }
            let kept = last.trim_end().len();
            last.truncate(kept);
            last.push('…');
        }
        lines
    }

    fn block(&self, lines: Vec<String>, size: f32) -> Block {
        let width = lines.iter().map(|line| self.width(line, size)).fold(0.0, f32::max);
        let height = (lines.len() as f32 * size * LEADING) as i32;
        Block { lines, size, width: width.ceil() as i32, height }
    }

    /// Width of a line, kerned.
    fn width(&self, line: &str, size: f32) -> f32 {
        let font = self.0.as_scaled(self.scale(size));
        let mut width = 0.0;
        let mut previous = None;
        for glyph in line.chars().map(|c| self.0.glyph_id(c)) {
            width += previous.map_or(0.0, |before| font.kern(before, glyph));
            width += font.h_advance(glyph);
            previous = Some(glyph);
        }
        width
    }

    /// `ab_glyph` measures a font by its full height; we by its em, as everybody else.
    fn scale(&self, size: f32) -> PxScale {
        let em = self.0.units_per_em().unwrap_or(2048.0);
        PxScale::from(size * self.0.height_unscaled() / em)
    }

    /// Coverage of a placed block, row by row over `area`. Ink beyond the area is dropped.
    pub(super) fn ink(&self, block: &Block, area: Rect, align: Align) -> Vec<f32> {
        let mut ink = vec![0.0; (area.width.max(0) * area.height.max(0)) as usize];
        for (index, line) in block.lines.iter().enumerate() {
            let free = area.width as f32 - self.width(line, block.size);
            let x = if align == Align::Centre { (free / 2.0).max(0.0).floor() } else { 0.0 };
            let baseline = ((index as f32 * LEADING + BASELINE) * block.size).round();
            self.ink_line(&visual(line), block.size, point(x, baseline), area, &mut ink);
        }
        ink
    }

    fn ink_line(&self, line: &str, size: f32, at: ab_glyph::Point, area: Rect, ink: &mut [f32]) {
        let scale = self.scale(size);
        let font = self.0.as_scaled(scale);
        let mut pen = at;
        let mut previous = None;
        for id in line.chars().map(|c| self.0.glyph_id(c)) {
            pen.x += previous.map_or(0.0, |before| font.kern(before, id));
            if let Some(glyph) = self.0.outline_glyph(id.with_scale_and_position(scale, pen)) {
                let corner = glyph.px_bounds().min;
                glyph.draw(|x, y, cover| {
                    let (x, y) = (corner.x as i32 + x as i32, corner.y as i32 + y as i32);
                    if (0..area.width).contains(&x) && (0..area.height).contains(&y) {
                        let pixel = &mut ink[(y * area.width + x) as usize];
                        *pixel = (*pixel + cover).min(1.0);
                    }
                });
            }
            pen.x += font.h_advance(id);
            previous = Some(id);
        }
    }
}

/// No frame has room for more characters than this; a request may carry many more.
const LONGEST: usize = 600;

/// One line of printable text: white space collapsed, what has no width of its own left out.
fn visible(text: &str) -> String {
    let shown = text.chars().filter(|c| !is_invisible(*c)).take(LONGEST);
    let shown: String = shown.map(|c| if c.is_control() { ' ' } else { c }).collect();
    shown.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Joiners, direction marks, variation selectors and emoji modifiers. The font would draw a box
/// for each, next to the box of the character that they change.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{1f3fb}'..='\u{1f3ff}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// A line in the order in which it is drawn from left to right. Enough for Hebrew and Arabic lines
/// with a number or a brand name in them; letters are not joined, which takes a shaper.
fn visual(line: &str) -> String {
    let Some(first) = line.chars().find(|c| c.is_alphanumeric()) else { return line.to_owned() };
    let mut runs: Vec<(bool, String)> = Vec::new();
    for c in line.chars() {
        // What has no direction stays with what stands before it.
        let before = runs.last().map_or(is_right_to_left(first), |(backwards, _)| *backwards);
        let backwards = if c.is_alphanumeric() { is_right_to_left(c) } else { before };
        match runs.last_mut() {
            Some((direction, run)) if *direction == backwards => run.push(c),
            _ => runs.push((backwards, c.to_string())),
        }
    }
    if is_right_to_left(first) {
        runs.reverse();
    }
    let drawn = |(backwards, run): (bool, String)| {
        if backwards { run.chars().rev().collect() } else { run }
    };
    runs.into_iter().map(drawn).collect()
}

/// Letters of scripts written from the right; their digits run from the left.
fn is_right_to_left(c: char) -> bool {
    let in_blocks =
        matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}');
    in_blocks && !c.is_numeric()
}

/// Splits where a line may break: after a space or a hyphen, and around each ideograph.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut previous: Option<char> = None;
    for (index, c) in text.char_indices() {
        let breaks = previous.is_some_and(|before| {
            before == ' ' || before == '-' || is_ideograph(before) || is_ideograph(c)
        });
        if breaks && c != ' ' {
            pieces.push(&text[start..index]);
            start = index;
        }
        previous = Some(c);
    }
    if start < text.len() {
        pieces.push(&text[start..]);
    }
    pieces
}

/// Scripts written without spaces, and emoji.
fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}'
        | '\u{ff00}'..='\u{ffef}' | '\u{1f300}'..='\u{1faff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds =
        Bounds { width: 200, height: 90, lines: 3, largest: 30.0, smallest: 14.0 };

    #[test]
    fn short_text_keeps_its_size_and_one_line() {
        let block = Face::embedded().fit("Espresso", BOUNDS).unwrap();
        assert_eq!((block.lines, block.size), (vec!["Espresso".to_owned()], 30.0));
    }

    #[test]
    fn long_text_shrinks_before_it_is_cut() {
        let block = Face::embedded().fit("A hand-made cup for slow mornings", BOUNDS).unwrap();
        assert!(block.size < 30.0);
        assert!(!block.lines.concat().contains('…'));
    }

    #[test]
    fn endless_text_ends_in_an_ellipsis() {
        for text in ["word ".repeat(80), "x".repeat(400), "产品".repeat(200)] {
            let block = Face::embedded().fit(&text, BOUNDS).unwrap();
            assert!(block.lines.last().unwrap().ends_with('…'));
            assert!(block.width <= BOUNDS.width && block.height <= BOUNDS.height);
        }
    }

    #[test]
    fn lines_from_the_right_are_turned_and_their_numbers_are_not() {
        assert_eq!(visual("Espresso cup, 24"), "Espresso cup, 24");
        assert_eq!(visual("אבג"), "גבא");
        assert_eq!(visual("א 25"), "25 א");
        assert_eq!(visual("Cup אבג"), "Cup גבא");
        assert_eq!(visual("٢٥"), "٢٥");
        assert_eq!(visual("…"), "…");
    }

    #[test]
    fn text_without_ink_is_no_block() {
        for text in ["", "  \n\t ", "\u{200d}\u{fe0f}"] {
            assert_eq!(Face::embedded().fit(text, BOUNDS), None);
        }
    }

    #[test]
    fn a_script_that_the_font_lacks_still_leaves_ink() {
        let face = Face::embedded();
        for text in ["咖啡杯", "☕🏽👩‍🚀", "កាហ្វេ"] {
            let block = face.fit(text, BOUNDS).unwrap();
            let area = Rect { x: 0, y: 0, width: block.width, height: block.height };
            assert!(face.ink(&block, area, Align::Left).iter().sum::<f32>() > 20.0, "{text}");
        }
    }
}
