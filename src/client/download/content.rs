//! What arrives, looked at as it passes.

use std::time::Duration;

use super::mp4::Boxes;
use crate::model::Medium;

/// Why something is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// It never was: the link leads elsewhere.
    Wrong(String),
    /// It may be a part of it.
    Cut(String),
}

impl Flaw {
    pub(super) fn wrong(message: &str) -> Self {
        Self::Wrong(message.to_owned())
    }

    pub(super) fn cut(message: &str) -> Self {
        Self::Cut(message.to_owned())
    }
}

/// A video or a picture on its way.
#[derive(Debug)]
pub(super) enum Content {
    Video(Boxes),
    /// It is small, and its size may stand anywhere in it.
    Picture(Vec<u8>),
}

impl Content {
    pub(super) fn new(medium: Medium) -> Self {
        match medium {
            Medium::Video => Self::Video(Boxes::new()),
            Medium::Picture => Self::Picture(Vec::new()),
        }
    }

    /// Looks at the bytes that come next.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Result<(), Flaw> {
        match self {
            Self::Video(boxes) => boxes.feed(bytes),
            Self::Picture(before) => {
                before.extend_from_slice(bytes);
                match before.len() >= PICTURE_KIND_BYTES {
                    true => imagesize::image_type(before).map(drop).map_err(wrong),
                    false => Ok(()),
                }
            }
        }
    }

    /// Whether what came is whole, and how long a video is. An answer with a length, or in chunks
    /// to the last, can be no part of a picture.
    pub(super) fn finish(&self, is_end_told: bool) -> Result<Option<Duration>, Flaw> {
        match self {
            Self::Video(boxes) => boxes.finish(),
            Self::Picture(bytes) => {
                imagesize::blob_size(bytes).map_err(wrong)?;
                match is_end_told || has_picture_end(bytes) {
                    true => Ok(None),
                    false => Err(Flaw::cut("it ends inside the picture")),
                }
            }
        }
    }
}

/// How many bytes show what kind of picture something is.
const PICTURE_KIND_BYTES: usize = 16;

fn wrong(error: imagesize::ImageError) -> Flaw {
    Flaw::Wrong(error.to_string())
}

/// Whether a picture has what stands at the end of its kind.
fn has_picture_end(bytes: &[u8]) -> bool {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => bytes.ends_with(b"IEND\xaeB`\x82"),
        [0xff, 0xd8, ..] => bytes.ends_with(&[0xff, 0xd9]),
        [b'G', b'I', b'F', ..] => bytes.ends_with(b";"),
        [b'R', b'I', b'F', b'F', a, b, c, d, ..] => {
            let size = u32::from_le_bytes([*a, *b, *c, *d]);
            bytes.len() as u64 >= u64::from(size) + 8
        }
        _ => false,
    }
}

/// How long a saved video is. `None` where the file is gone, or is not what it should be.
#[cfg(feature = "cli")]
pub(super) async fn of_file(path: &std::path::Path, medium: Medium) -> Option<Option<Duration>> {
    use tokio::fs::{self, File};
    use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

    let mut content = Content::new(medium);
    let Content::Video(boxes) = &mut content else {
        content.feed(&fs::read(path).await.ok()?).ok()?;
        return content.finish(true).ok();
    };
    let mut file = File::open(path).await.ok()?;
    let mut left = file.metadata().await.ok()?.len();
    let mut buffer = [0; 1024];
    while left > 0 {
        // Most of a file need not be read.
        let skip = boxes.skip().min(left);
        file.seek(std::io::SeekFrom::Current(i64::try_from(skip).ok()?)).await.ok()?;
        boxes.pass(skip);
        let count = file.read(&mut buffer).await.ok()?;
        boxes.feed(&buffer[..count]).ok()?;
        left = (left - skip).saturating_sub(count as u64);
        if count == 0 {
            break;
        }
    }
    boxes.finish().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = include_bytes!("../../../tests/fixtures/tiny.png");

    fn read(bytes: &[u8], is_end_told: bool) -> Result<Option<Duration>, Flaw> {
        let mut content = Content::new(Medium::Picture);
        for byte in bytes {
            content.feed(&[*byte])?;
        }
        content.finish(is_end_told)
    }

    #[test]
    fn a_picture_is_one_and_has_its_end() {
        assert_eq!((read(PNG, true), read(PNG, false)), (Ok(None), Ok(None)));
        assert!(matches!(read(&PNG[..PNG.len() - 1], false), Err(Flaw::Cut(_))));
        assert!(matches!(read(b"<html>it has expired</html>", true), Err(Flaw::Wrong(_))));
        assert!(read(b"", true).is_err());
    }

    #[cfg(feature = "cli")]
    #[tokio::test]
    async fn a_file_is_read_like_what_arrives() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("v.mp4");
        let clip = include_bytes!("../../sandbox/clip.mp4");
        for (length, is_whole) in [(clip.len(), true), (clip.len() - 1, false), (30, false)] {
            std::fs::write(&path, &clip[..length]).unwrap();
            assert_eq!(of_file(&path, Medium::Video).await.is_some(), is_whole, "{length}");
            assert_eq!(of_file(&path, Medium::Picture).await, None);
        }
    }
}
