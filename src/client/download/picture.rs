use super::content::Flaw;

/// What pictures' files are called.
#[cfg(feature = "cli")]
pub(super) const EXTENSIONS: [&str; 4] = ["jpg", "png", "webp", "gif"];

/// A picture on its way, of which only its beginning and its end are kept.
#[derive(Debug, Default)]
pub(super) struct Picture {
    head: Vec<u8>,
    tail: Vec<u8>,
    /// How many bytes have come.
    at: u64,
}

/// How many bytes show what kind of picture something is.
const KIND_BYTES: usize = 16;

/// As much of a picture's beginning as mostly holds its size. Behind a thumbnail and profiles it may
/// stand later; then its kind is all that is looked at.
const HEAD_BYTES: usize = 256 << 10;

/// The longest mark that stands at the end of a picture.
const TAIL_BYTES: usize = 8;

impl Picture {
    /// Looks at the bytes that come next.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Result<(), Flaw> {
        let was_known = self.head.len() >= KIND_BYTES;
        let room = HEAD_BYTES - self.head.len();
        self.head.extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.tail.extend_from_slice(&bytes[bytes.len().saturating_sub(TAIL_BYTES)..]);
        self.tail.drain(..self.tail.len().saturating_sub(TAIL_BYTES));
        self.at += bytes.len() as u64;
        if !was_known && self.head.len() >= KIND_BYTES {
            imagesize::image_type(&self.head).map_err(wrong)?;
        }
        Ok(())
    }

    /// Whether what came is whole. An answer with a length, or in chunks to the last, can be no part
    /// of a picture.
    pub(super) fn finish(&self, is_end_told: bool) -> Result<(), Flaw> {
        let size = imagesize::blob_size(&self.head);
        if self.at <= HEAD_BYTES as u64 || imagesize::image_type(&self.head).is_err() {
            size.map_err(wrong)?;
        }
        match is_end_told || self.has_end() {
            true => Ok(()),
            false => Err(Flaw::cut("it ends inside the picture")),
        }
    }

    /// The extension of files of its kind.
    pub(super) fn extension(&self) -> Option<&'static str> {
        use imagesize::ImageType;
        match imagesize::image_type(&self.head).ok()? {
            ImageType::Png => Some("png"),
            ImageType::Jpeg => Some("jpg"),
            ImageType::Webp => Some("webp"),
            ImageType::Gif => Some("gif"),
            _ => None,
        }
    }

    /// Whether it has what stands at the end of its kind.
    fn has_end(&self) -> bool {
        match self.head[..] {
            [0x89, b'P', b'N', b'G', ..] => self.tail.ends_with(b"IEND\xaeB`\x82"),
            [0xff, 0xd8, ..] => self.tail.ends_with(&[0xff, 0xd9]),
            [b'G', b'I', b'F', ..] => self.tail.ends_with(b";"),
            [b'R', b'I', b'F', b'F', a, b, c, d, ..] => {
                self.at >= u64::from(u32::from_le_bytes([a, b, c, d])) + 8
            }
            _ => false,
        }
    }
}

fn wrong(error: imagesize::ImageError) -> Flaw {
    Flaw::Wrong(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = include_bytes!("../../../tests/fixtures/tiny.png");

    fn read(bytes: &[u8], piece: usize, is_end_told: bool) -> Result<Picture, Flaw> {
        let mut picture = Picture::default();
        for bytes in bytes.chunks(piece) {
            picture.feed(bytes)?;
        }
        picture.finish(is_end_told).map(|()| picture)
    }

    #[test]
    fn a_picture_is_one_and_has_its_end() {
        for piece in [1, 7, 20, 5000] {
            assert!(read(PNG, piece, true).is_ok() && read(PNG, piece, false).is_ok());
            assert!(matches!(read(&PNG[..PNG.len() - 1], piece, false), Err(Flaw::Cut(_))));
            let page = b"<html>it has expired</html>";
            assert!(matches!(read(page, piece, true), Err(Flaw::Wrong(_))));
            assert!(read(b"", piece, true).is_err());
        }
        assert_eq!(read(PNG, 9, true).unwrap().extension(), Some("png"));
    }

    #[test]
    fn of_a_large_one_little_is_kept() {
        let large = [PNG, &vec![7; 3 << 20], b"IEND\xaeB`\x82"].concat();
        let picture = read(&large, 60_000, false).unwrap();
        assert_eq!((picture.head.len(), picture.tail.len()), (HEAD_BYTES, TAIL_BYTES));
    }
}
