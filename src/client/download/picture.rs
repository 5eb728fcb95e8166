use super::content::Flaw;
use crate::input::Walk;

/// What pictures' files are called.
pub(super) const EXTENSIONS: [&str; 4] = ["jpg", "png", "webp", "gif"];

/// A picture on its way, of which only its beginning is kept.
#[derive(Debug, Default)]
pub(super) struct Picture {
    head: Vec<u8>,
    /// Its structure, once its kind is known to be one of ours.
    walk: Option<Walk>,
    /// How many bytes have come.
    at: u64,
}

/// How many bytes show what kind of picture something is.
const KIND_BYTES: usize = 16;

/// As much of a picture's beginning as mostly holds its size. Behind a thumbnail and profiles it may
/// stand later; then its kind is all that is looked at.
const HEAD_BYTES: usize = 256 << 10;

impl Picture {
    /// Looks at the bytes that come next.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Result<(), Flaw> {
        let known = self.head.len();
        let room = HEAD_BYTES - known;
        self.head.extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.at += bytes.len() as u64;
        let damaged = |_| Flaw::cut("it is damaged");
        if known < KIND_BYTES && self.head.len() >= KIND_BYTES {
            self.walk = Walk::of(imagesize::image_type(&self.head).map_err(wrong)?);
            if let Some(walk) = &mut self.walk {
                walk.feed(&self.head[..known]).map_err(damaged)?;
            }
        }
        match &mut self.walk {
            Some(walk) => walk.feed(bytes).map_err(damaged),
            None => Ok(()),
        }
    }

    /// Whether what came is whole. That an answer ended as it should does not tell: its server may
    /// have kept a part.
    pub(super) fn finish(&self, is_end_told: bool) -> Result<(), Flaw> {
        let size = imagesize::blob_size(&self.head);
        if self.at <= HEAD_BYTES as u64 || imagesize::image_type(&self.head).is_err() {
            size.map_err(wrong)?;
        }
        match &self.walk {
            Some(walk) => walk.finish().map_err(|_| Flaw::cut("it ends inside the picture")),
            None if is_end_told => Ok(()),
            None => Err(Flaw::cut("nothing proves where it ends")),
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

    macro_rules! fixture {
        ($name:literal) => {
            &include_bytes!(concat!("../../../tests/fixtures/pictures/", $name))[..]
        };
    }

    #[test]
    fn half_a_picture_is_none_whoever_tells_its_end_and_a_tail_is_no_fault() {
        // Inside a block of the first picture stands what ends a file.
        let mut gif = fixture!("animated.gif").to_vec();
        gif[0x42] = b';';
        let semicolon = gif.iter().position(|byte| *byte == b';').unwrap() + 1;
        let jpeg = fixture!("rotated.jpg");
        let thumbnail = [&jpeg[..2], b"\xff\xe1\0\x0a", b"\xff\xd8..\xff\xda\xff\xd9"].concat();
        let jpeg_cut = [&thumbnail[..], &jpeg[2..jpeg.len() - 2], b"\xff\xd9"].concat();
        assert!(semicolon < gif.len() && read(&jpeg_cut, 9, false).is_ok());
        for is_end_told in [true, false] {
            for whole in [PNG, &gif, jpeg, fixture!("lossy.webp"), fixture!("lossless.webp")] {
                for tail in [&b""[..], b"\r\n", b"\0\0\0", b"<!-- edge 7 -->"] {
                    let all = [whole, tail].concat();
                    for piece in [3, 100, 1 << 20] {
                        assert!(read(&all, piece, is_end_told).is_ok(), "{tail:?}");
                    }
                }
                for length in [whole.len() / 2, whole.len() * 9 / 10, whole.len() - 1] {
                    assert!(read(&whole[..length], 100, is_end_told).is_err(), "{length}");
                }
            }
            for cut in [&gif[..semicolon], &jpeg_cut[..jpeg_cut.len() / 2], &thumbnail] {
                assert!(read(cut, 100, is_end_told).is_err(), "{} bytes", cut.len());
            }
        }
    }

    #[test]
    fn of_a_large_one_little_is_kept() {
        let large = [PNG, &vec![7; 3 << 20]].concat();
        let picture = read(&large, 60_000, false).unwrap();
        assert_eq!(picture.head.len(), HEAD_BYTES);
    }
}
