//! Files whose formats write down their lengths, followed to their end as their bytes pass.
//!
//! Nothing is decoded, nothing is kept but a header, and each byte is looked at once at the most.
//! What follows the end is ignored: cameras put further pictures and films there.

use super::whole::{BROKEN, CUT, Checked};

/// How a file is built.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Format {
    /// Chunks up to IEND. Source: <https://www.w3.org/TR/png-3/#5Chunk-layout>.
    Png,
    /// Segments and scans up to EOI. A preview in a segment has an end of its own, which is passed
    /// over with its segment. Source: ITU T.81, annex B.
    Jpeg,
    /// Blocks up to the trailer. Source: <https://www.w3.org/Graphics/GIF/spec-gif89a.txt>.
    Gif,
    /// Chunks to the length that the file says it has, one of these among them.
    /// Source: <https://developers.google.com/speed/webp/docs/riff_container>.
    Riff(&'static [&'static [u8; 4]]),
}

pub(super) const WEBP: Format = Format::Riff(&[b"VP8 ", b"VP8L", b"ANMF"]);

/// A file on its way, and where in it the bytes stand that come next.
#[derive(Debug)]
pub(crate) struct Walk {
    format: Format,
    /// What has come of the header that is being read, and how much of it is needed.
    head: Vec<u8>,
    need: usize,
    /// How many bytes to pass over until the next header.
    skip: u64,
    /// Whether nothing has been read yet.
    is_at_start: bool,
    /// Whether what comes is a row of GIF's blocks.
    is_in_blocks: bool,
    /// How many bytes a RIFF file still has, by its own word.
    left: u64,
    /// How many bytes may be missing: some writers leave out the one that makes RIFF's last chunk
    /// even.
    may_lack: u64,
    /// Whether what the file is there for has come, pixels or sound.
    has_content: bool,
    /// Whether the file ends behind what is being passed over.
    is_last: bool,
}

/// What a header says.
enum Step {
    /// It is to be longer, by as many bytes as make so many.
    Need(usize),
    /// The next one stands so many bytes behind its own beginning.
    Next(u64),
}

impl Walk {
    pub(crate) fn new(format: Format) -> Self {
        Self {
            format,
            head: Vec::new(),
            need: 1,
            skip: 0,
            is_at_start: true,
            is_in_blocks: false,
            left: 0,
            may_lack: 0,
            has_content: false,
            is_last: false,
        }
    }

    /// Of a picture's kind, where it is one of those that are known.
    pub(crate) fn of(kind: imagesize::ImageType) -> Option<Self> {
        use imagesize::ImageType;
        Some(Self::new(match kind {
            ImageType::Png => Format::Png,
            ImageType::Jpeg => Format::Jpeg,
            ImageType::Webp => WEBP,
            ImageType::Gif => Format::Gif,
            _ => return None,
        }))
    }

    /// Looks at the bytes that come next.
    pub(crate) fn feed(&mut self, mut bytes: &[u8]) -> Checked {
        loop {
            let passed = bytes.len().min(usize::try_from(self.skip).unwrap_or(usize::MAX));
            self.skip -= passed as u64;
            bytes = &bytes[passed..];
            if self.is_last || bytes.is_empty() {
                return Ok(());
            }
            if matches!(self.format, Format::Jpeg) && !self.is_at_start && self.head.is_empty() {
                // Whatever stands before a marker is a scan's data, or bytes too many, which
                // decoders pass over.
                let data = bytes.iter().position(|byte| *byte == 0xff).unwrap_or(bytes.len());
                bytes = &bytes[data..];
            }
            let (head, rest) = bytes.split_at(bytes.len().min(self.need - self.head.len()));
            self.head.extend_from_slice(head);
            bytes = rest;
            if self.head.len() == self.need {
                self.read()?;
            }
        }
    }

    /// Whether all has come, to the end.
    pub(crate) fn finish(&self) -> Checked {
        match self.is_last && self.skip <= self.may_lack {
            true if self.has_content => Ok(()),
            true => Err(BROKEN),
            false => Err(CUT),
        }
    }

    /// Reads as much of a header as there is.
    fn read(&mut self) -> Checked {
        let head = std::mem::take(&mut self.head);
        let step = match self.format {
            Format::Png => self.png(&head),
            Format::Jpeg => self.jpeg(&head),
            Format::Gif if self.is_in_blocks => Ok(self.block(head[0])),
            Format::Gif => self.gif(&head),
            Format::Riff(content) => self.riff(&head, content),
        };
        match step? {
            Step::Need(count) => {
                self.head = head;
                self.need = count;
            }
            Step::Next(length) => {
                self.is_at_start = false;
                self.need = 1;
                let known = head.len() as u64;
                self.skip = length.saturating_sub(known);
                // What of it belongs to the next header.
                let further = usize::try_from(known.saturating_sub(length)).unwrap_or_default();
                self.head = head[head.len() - further..].to_vec();
                self.need = self.need.max(further + 1);
            }
        }
        Ok(())
    }

    fn png(&mut self, head: &[u8]) -> Result<Step, &'static str> {
        if self.is_at_start {
            return Ok(Step::Next(8));
        }
        let [a, b, c, d, kind @ ..] = head else { return Ok(Step::Need(8)) };
        let Ok(kind) = <&[u8; 4]>::try_from(kind) else { return Ok(Step::Need(8)) };
        let length = u32::from_be_bytes([*a, *b, *c, *d]);
        if length > 0x7fff_ffff || !kind.iter().all(u8::is_ascii_alphabetic) {
            return Err(BROKEN);
        }
        self.has_content |= kind == b"IDAT";
        self.is_last = kind == b"IEND";
        Ok(Step::Next(12 + u64::from(length)))
    }

    fn jpeg(&mut self, head: &[u8]) -> Result<Step, &'static str> {
        if self.is_at_start {
            return Ok(Step::Next(2));
        }
        Ok(match *head {
            [0xff] => Step::Need(2),
            // Any number of these may stand before a marker.
            [0xff, 0xff] => Step::Next(1),
            [0xff, 0xd9] => {
                self.is_last = true;
                Step::Next(2)
            }
            // In a scan's data 0xff is followed by 0; TEM, RST and SOI stand alone.
            [0xff, 0x00 | 0x01 | 0xd0..=0xd8] => Step::Next(2),
            [0xff, marker, a, b] => {
                self.has_content |= marker == 0xda;
                let length = u16::from_be_bytes([a, b]);
                if length < 2 {
                    return Err(BROKEN);
                }
                Step::Next(2 + u64::from(length))
            }
            [0xff, ..] => Step::Need(4),
            _ => Step::Next(1),
        })
    }

    fn gif(&mut self, head: &[u8]) -> Result<Step, &'static str> {
        if self.is_at_start {
            return Ok(match head.get(10) {
                Some(flags) => Step::Next(13 + colours(*flags)),
                None => Step::Need(11),
            });
        }
        Ok(match (head[0], head.get(9)) {
            (0x21, _) => {
                self.is_in_blocks = true;
                Step::Next(2)
            }
            (0x2c, None) => Step::Need(10),
            (0x2c, Some(flags)) => {
                self.is_in_blocks = true;
                self.has_content = true;
                Step::Next(11 + colours(*flags))
            }
            (0x3b, _) => {
                self.is_last = true;
                Step::Next(1)
            }
            // One end of blocks too many, which readers pass over.
            (0, _) => Step::Next(1),
            _ => return Err(BROKEN),
        })
    }

    fn block(&mut self, length: u8) -> Step {
        self.is_in_blocks = length > 0;
        Step::Next(1 + u64::from(length))
    }

    fn riff(&mut self, head: &[u8], content: &[&[u8; 4]]) -> Result<Step, &'static str> {
        let need = if self.is_at_start { 12 } else { 8 };
        let Some(word) = head.get(4..8).filter(|_| head.len() == need) else {
            return Ok(Step::Need(need));
        };
        let length = u64::from(u32::from_le_bytes([word[0], word[1], word[2], word[3]]));
        let mut next = 12;
        if self.is_at_start {
            self.left = length.checked_sub(4).ok_or(CUT)?;
        } else {
            let padded = 8 + length + length % 2;
            self.has_content |= content.iter().any(|kind| head.starts_with(*kind));
            // Such a chunk would go on behind the file's end.
            let rest = self.left.checked_sub(8 + length).ok_or(CUT)?;
            next = padded.min(self.left);
            self.may_lack = u64::from(length % 2 == 1 && rest == 1);
            self.left -= next;
        }
        if self.left < 8 {
            self.is_last = true;
            next += self.left;
        }
        Ok(Step::Next(next))
    }
}

/// How many bytes a table of colours has.
fn colours(flags: u8) -> u64 {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    macro_rules! picture {
        ($name:literal) => {
            include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/pictures/", $name))
        };
    }

    const PICTURES: [(&[u8], Format); 5] = [
        (picture!("sixteen_bit.png"), Format::Png),
        (picture!("progressive.jpg"), Format::Jpeg),
        (picture!("rotated.jpg"), Format::Jpeg),
        (picture!("animated.gif"), Format::Gif),
        (picture!("animated.webp"), WEBP),
    ];

    proptest! {
        #[test]
        fn it_makes_no_difference_in_which_pieces_a_file_comes(
            which in 0..PICTURES.len(),
            sizes in prop::collection::vec(1usize..50, 1..40),
            cut in any::<prop::sample::Index>(),
        ) {
            let (bytes, format) = PICTURES[which];
            for (length, is_whole) in [(bytes.len(), true), (cut.index(bytes.len()), false)] {
                let (mut walk, mut rest) = (Walk::new(format), &bytes[..length]);
                for size in sizes.iter().cycle() {
                    let (piece, further) = rest.split_at(rest.len().min(*size));
                    prop_assert_eq!(walk.feed(piece), Ok(()));
                    rest = further;
                    if rest.is_empty() {
                        break;
                    }
                }
                prop_assert_eq!(walk.finish().is_ok(), is_whole, "{} bytes", length);
            }
        }
    }
}
