//! The letters of a text, however they are written: plain, as capitals, percent-encoded, as escapes
//! of JSON or HTML, also escaped twice; without blanks, line breaks, accents and invisible
//! characters between them.

/// The letters that a text spells, and where each of them stands in it.
pub(crate) struct Spelled {
    /// Small letters, digits and marks of ASCII, and nothing else.
    letters: Vec<u8>,
    /// Where what spells each letter begins.
    starts: Vec<u32>,
}

/// How often what was escaped may have been escaped again.
const MOST_LAYERS: usize = 5;

impl Spelled {
    pub(crate) fn of(text: &str) -> Self {
        let mut spelled = Self {
            letters: Vec::with_capacity(text.len()),
            starts: Vec::with_capacity(text.len()),
        };
        for (at, byte) in text.bytes().enumerate() {
            spelled.push(byte, u32::try_from(at).unwrap_or(u32::MAX));
        }
        let _ = (0..MOST_LAYERS).all(|_| spelled.unescape());
        spelled.drop_escapes();
        spelled
    }

    pub(crate) fn letters(&self) -> &str {
        std::str::from_utf8(&self.letters).unwrap_or_default()
    }

    /// The place in the text of the letters from one to before another.
    pub(super) fn place(&self, text: &str, from: usize, to: usize) -> (usize, usize) {
        let start = self.start(from).min(text.len());
        let end = self.starts.get(to).map_or(text.len(), |start| *start as usize);
        // What stands between the last letter and the next one is neither's.
        let part = text.get(start..end).unwrap_or_default();
        (start, start + part.trim_end_matches(|c: char| !is_letter(c)).len())
    }

    fn start(&self, letter: usize) -> usize {
        self.starts.get(letter).map_or(usize::MAX, |start| *start as usize)
    }

    fn push(&mut self, byte: u8, start: u32) {
        if byte.is_ascii_graphic() {
            self.letters.push(byte.to_ascii_lowercase());
            self.starts.push(start);
        }
    }

    /// Reads what is escaped, in place, and says whether anything was.
    fn unescape(&mut self) -> bool {
        if !self.letters.iter().any(|letter| b"%&\\".contains(letter)) {
            return false;
        }
        let read = std::mem::take(&mut self.letters);
        let starts = std::mem::take(&mut self.starts);
        self.letters.reserve(read.len());
        self.starts.reserve(read.len());
        let mut at = 0;
        while at < read.len() {
            let (letter, taken) = escaped(&read[at..]).unwrap_or((read[at], 1));
            self.push(letter, starts[at]);
            at += taken;
        }
        self.letters.len() < read.len()
    }

    /// A backslash that escapes nothing that is known stands before a letter that stands for itself.
    fn drop_escapes(&mut self) {
        if self.letters.contains(&b'\\') {
            let letters = std::mem::take(&mut self.letters);
            let starts = std::mem::take(&mut self.starts);
            for (letter, start) in letters.into_iter().zip(starts) {
                if letter != b'\\' {
                    self.push(letter, start);
                }
            }
        }
    }
}

fn is_letter(c: char) -> bool {
    c.is_ascii_graphic() && c != '\\'
}

/// What is escaped at the beginning of these letters, and how many of them that takes. What is no
/// letter of ASCII is 0.
fn escaped(letters: &[u8]) -> Option<(u8, usize)> {
    let of = |digits: &[u8], radix| {
        let number = u32::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok()?;
        let is_number = digits.iter().all(u8::is_ascii_alphanumeric);
        is_number.then(|| u8::try_from(number).ok().filter(u8::is_ascii).unwrap_or(0))
    };
    // So many digits up to a mark.
    let up_to = |from: usize, mark: u8| {
        let rest = letters.get(from..)?;
        let end = rest.iter().take(8).position(|letter| *letter == mark)?;
        Some((&rest[..end], from + end + 1))
    };
    match letters {
        [b'%', a, b, ..] => Some((of(&[*a, *b], 16)?, 3)),
        [b'\\', b'x', a, b, ..] => Some((of(&[*a, *b], 16)?, 4)),
        [b'\\', b'u', b'{', ..] => {
            let (digits, taken) = up_to(3, b'}')?;
            Some((of(digits, 16)?, taken))
        }
        [b'\\', b'u', a, b, c, d, ..] => Some((of(&[*a, *b, *c, *d], 16)?, 6)),
        [b'&', b'#', b'x', ..] => {
            let (digits, taken) = up_to(3, b';')?;
            Some((of(digits, 16)?, taken))
        }
        [b'&', b'#', ..] => {
            let (digits, taken) = up_to(2, b';')?;
            Some((of(digits, 10)?, taken))
        }
        [b'&', ..] => {
            let (name, taken) = up_to(1, b';')?;
            let (_, letter) = ENTITIES.iter().find(|(known, _)| known.as_bytes() == name)?;
            Some((*letter, taken))
        }
        _ => None,
    }
}

/// The marks of keys, ids and addresses that HTML has names for.
const ENTITIES: [(&str, u8); 20] = [
    ("amp", b'&'),
    ("lt", b'<'),
    ("gt", b'>'),
    ("quot", b'"'),
    ("apos", b'\''),
    ("lowbar", b'_'),
    ("hyphen", b'-'),
    ("dash", b'-'),
    ("period", b'.'),
    ("sol", b'/'),
    ("bsol", b'\\'),
    ("colon", b':'),
    ("semi", b';'),
    ("equals", b'='),
    ("plus", b'+'),
    ("num", b'#'),
    ("percnt", b'%'),
    ("commat", b'@'),
    ("nbsp", 0),
    ("shy", 0),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_spells_the_same_however_it_is_written() {
        for text in [
            "ar-7_x",
            "AR-7_X",
            "%61r%2D7%5fx",
            "%2561r-7%255Fx",
            "ar\\u002d7\\u005Fx",
            "ar\\x2d7\\u{5f}x",
            "ar&#45;7&#x5F;x",
            "ar&hyphen;7&lowbar;x",
            "ar&amp;#45;7&amp;lowbar;x",
            "ar-\r\n7_ x",
            "ar\u{ad}-7\u{200b}_\u{a0}x",
            "a\u{301}r-7\\_x",
            "ar-7%E2%80%8B_&shy;x",
        ] {
            assert_eq!(Spelled::of(text).letters(), "ar-7_x", "{text}");
        }
    }

    #[test]
    fn what_escapes_nothing_is_itself() {
        for text in ["50%off", "a&b;c", "&#;", "%", "%5", "\u{e9}", "&#99999999999;x", "%+5", "&"] {
            let plain: String = text.chars().filter(char::is_ascii).collect();
            assert_eq!(Spelled::of(text).letters(), plain, "{text}");
        }
    }

    #[test]
    fn letters_are_found_where_they_stand() {
        let text = "so: %2561&#98;\\u0063 d\u{e9} e";
        let spelled = Spelled::of(text);
        assert_eq!(spelled.letters(), "so:abcde");
        let (start, end) = spelled.place(text, 3, 7);
        assert_eq!(&text[start..end], "%2561&#98;\\u0063 d");
    }

    #[test]
    fn a_long_text_of_nothing_but_beginnings_takes_linear_time() {
        for part in ["%", "&", "&#", "\\u", "&#x", "\\u{", "%25"] {
            assert!(Spelled::of(&part.repeat(500_000)).letters.len() <= 1_500_000);
        }
    }
}
