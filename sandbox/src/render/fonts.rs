//! Which font draws which character. All are embedded, so that a text looks the same everywhere:
//! DejaVu Sans Bold, Noto Emoji, and the bitmaps of GNU Unifont for what neither has. A font of the
//! user's stands before them.

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

use ab_glyph::{Font as _, FontRef, GlyphId, OutlinedGlyph, Point, PxScale};
use bytes::Bytes;
use harfrust::{Buffer, Direction, ShapeOptions, ShaperFont};
use unifont_bitmap::Unifont;

/// From here on what Noto Emoji has is a pictogram, and DejaVu's few look unlike the others.
const FIRST_EMOJI: char = '\u{2600}';

/// A font of the user's, as it stands in its file.
#[derive(Clone)]
pub(crate) struct FontFile(Bytes);

impl FontFile {
    pub(crate) fn new(bytes: Bytes) -> Self {
        Self(bytes)
    }

    /// Looks whether texts can be set in it.
    ///
    /// # Errors
    /// What is wrong with it, in one line.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        let font = Outlines::read(&self.0).ok_or("it is no TrueType or OpenType font")?.outlines;
        let mut letters = font.codepoint_ids().filter(|(_, c)| c.is_alphanumeric());
        if letters.any(|(id, _)| font.outline(id).is_some()) {
            Ok(())
        } else {
            Err("it has no outline for any letter or digit")
        }
    }
}

impl fmt::Debug for FontFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FontFile({} bytes)", self.0.len())
    }
}

/// The fonts of one video.
pub(super) struct Fonts<'a> {
    outlines: Vec<Outlines<'a>>,
    /// Indices of the above in the order in which they are asked, each with the first character
    /// that it is asked for.
    order: Vec<(usize, char)>,
    /// Unpacks what it is asked for, and keeps it.
    bitmaps: RefCell<Option<Box<Unifont>>>,
}

/// A font that has shapes for sizes of any kind.
struct Outlines<'a> {
    outlines: FontRef<'a>,
    shaping: harfrust::Font,
    units_per_em: f32,
}

/// Where a character's picture comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// The index of a font.
    Outlines(usize),
    Bitmaps,
}

/// What is drawn of a glyph.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Form {
    Outline {
        font: usize,
        id: u16,
    },
    /// Sixteen rows, the leftmost pixel in the highest bit.
    Bitmap([u16; 16]),
}

/// A glyph at its place: in ems, from the left end of the baseline, upwards.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Glyph {
    pub(super) form: Form,
    pub(super) x: f32,
    pub(super) y: f32,
}

/// A shaped glyph with the byte where its cluster begins and how far it moves the pen, in ems.
pub(super) struct Shaped {
    pub(super) glyph: Glyph,
    pub(super) start: usize,
    pub(super) advance: f32,
}

impl<'a> Fonts<'a> {
    /// The embedded fonts, and before them one of the user's.
    pub(super) fn new(own: Option<&'a FontFile>) -> Self {
        let own = own.and_then(|file| Outlines::read(&file.0));
        let mut outlines: Vec<_> = own.into_iter().collect();
        let mut order: Vec<_> = (0..outlines.len()).map(|index| (index, '\0')).collect();
        let (dejavu, emoji) = (outlines.len(), outlines.len() + 1);
        order.extend([(emoji, FIRST_EMOJI), (dejavu, '\0'), (emoji, '\0')]);
        for bytes in [dejavu::sans::bold(), epaint_default_fonts::NOTO_EMOJI_REGULAR] {
            outlines.push(Outlines::embedded(bytes).expect("the embedded fonts are valid"));
        }
        Self { outlines, order, bitmaps: RefCell::default() }
    }

    pub(super) fn source(&self, c: char) -> Source {
        let mut fonts = self.order.iter().filter(|(_, first)| c >= *first);
        let has = |index: usize| self.outlines[index].outlines.glyph_id(c) != GlyphId(0);
        fonts
            .find(|(index, _)| has(*index))
            .map_or(Source::Bitmaps, |(index, _)| Source::Outlines(*index))
    }

    /// A text of one direction, as one font joins and places its glyphs, from left to right.
    pub(super) fn shape(&self, font: usize, text: &str, is_from_right: bool) -> Vec<Shaped> {
        let Outlines { shaping, units_per_em, .. } = &self.outlines[font];
        let mut buffer = Buffer::new();
        buffer.push_str(text);
        buffer.set_direction(if is_from_right {
            Direction::RightToLeft
        } else {
            Direction::LeftToRight
        });
        buffer.guess_segment_properties();
        // A font whose tables contradict each other leaves its text out.
        if harfrust::shape(&ShaperFont::new(shaping), &mut buffer, ShapeOptions::new()).is_err() {
            return Vec::new();
        }
        let ems = |units: i32| units as f32 / units_per_em;
        let glyphs = buffer.glyph_infos().iter().zip(buffer.glyph_positions());
        let mut pen = 0.0;
        // What the font lacks it shows as a box: a mark that cannot be shown is better left out.
        let known = glyphs.filter_map(|(info, at)| {
            let id = u16::try_from(info.glyph_id).ok().filter(|id| *id != 0)?;
            let form = Form::Outline { font, id };
            let glyph = Glyph { form, x: pen + ems(at.x_offset), y: ems(at.y_offset) };
            let advance = ems(at.x_advance);
            pen += advance;
            Some(Shaped { glyph, start: info.cluster as usize, advance })
        });
        known.collect()
    }

    /// The picture of a character in sixteen rows, and its width in ems.
    pub(super) fn bitmap(&self, c: char) -> ([u16; 16], f32) {
        let mut bitmaps = self.bitmaps.borrow_mut();
        let unifont = bitmaps.get_or_insert_with(|| Box::new(Unifont::open()));
        let bitmap = unifont.load_bitmap(c.into());
        let (bytes, mut rows) = (bitmap.get_bytes(), [0; 16]);
        let wide = bitmap.is_wide();
        for (row, bytes) in rows.iter_mut().zip(bytes.chunks(if wide { 2 } else { 1 })) {
            let low = bytes.get(1).copied().unwrap_or(0);
            *row = u16::from(bytes[0]) << 8 | u16::from(low);
        }
        (rows, if wide { 1.0 } else { 0.5 })
    }

    /// The outline of a glyph at a size in pixels per em, with its origin at a place.
    pub(super) fn outline(
        &self,
        font: usize,
        id: u16,
        size: f32,
        at: Point,
    ) -> Option<OutlinedGlyph> {
        let Outlines { outlines, units_per_em, .. } = &self.outlines[font];
        // `ab_glyph` measures a font by its full height; we by its em, as everybody else.
        let scale = PxScale::from(size * outlines.height_unscaled() / units_per_em);
        outlines.outline_glyph(GlyphId(id).with_scale_and_position(scale, at))
    }
}

impl<'a> Outlines<'a> {
    fn read(bytes: &'a Bytes) -> Option<Self> {
        let shared: Arc<dyn AsRef<[u8]> + Send + Sync> = Arc::new(bytes.clone());
        Self::new(bytes, harfrust::Font::new(shared, 0)?)
    }

    fn embedded(bytes: &'static [u8]) -> Option<Self> {
        Self::new(bytes, harfrust::Font::new(bytes, 0)?)
    }

    fn new(bytes: &'a [u8], shaping: harfrust::Font) -> Option<Self> {
        let outlines = FontRef::try_from_slice(bytes).ok()?;
        let units_per_em = outlines.units_per_em().filter(|units| *units > 0.0)?;
        Some(Self { outlines, shaping, units_per_em })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_character_has_a_font() {
        let fonts = Fonts::new(None);
        let (dejavu, emoji) = (Source::Outlines(0), Source::Outlines(1));
        for (text, source) in [
            ("Aé€ЖΩאبԱგ★✓", dejavu),
            ("☕🎉👟🚀", emoji),
            ("咖コ커कท፩𠀀\u{10ffff}", Source::Bitmaps),
        ] {
            for c in text.chars() {
                assert_eq!(fonts.source(c), source, "{c}");
            }
        }
    }

    #[test]
    fn a_font_of_ones_own_comes_first() {
        let own = Bytes::from_static(epaint_default_fonts::UBUNTU_LIGHT);
        let own = FontFile::new(own);
        own.check().unwrap();
        let fonts = Fonts::new(Some(&own));
        assert_eq!(fonts.source('A'), Source::Outlines(0));
        assert_eq!(fonts.source('א'), Source::Outlines(1));
        assert_eq!(fonts.source('🎉'), Source::Outlines(2));
    }

    #[test]
    fn files_that_are_no_fonts_are_refused() {
        let whole = dejavu::sans::bold();
        for bytes in [&b""[..], b"hello, world", &whole[..2000], &whole[..200_000]] {
            assert!(FontFile::new(Bytes::from_static(bytes)).check().is_err());
        }
    }

    #[test]
    fn arabic_letters_are_joined_and_hebrew_ones_are_not() {
        let fonts = Fonts::new(None);
        let ids = |text: &str| -> Vec<_> {
            let forms = fonts.shape(0, text, true).into_iter().map(|shaped| shaped.glyph.form);
            forms.collect()
        };
        assert!(!ids("بيت").contains(&ids("ب")[0]));
        assert!(ids("בית").contains(&ids("ב")[0]));
    }
}
