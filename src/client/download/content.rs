//! What arrives, looked at as it passes.

use std::time::Duration;

use super::mp4::Boxes;
use super::picture::Picture;
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
    Picture(Picture),
}

impl Content {
    pub(super) fn new(medium: Medium) -> Self {
        match medium {
            Medium::Video => Self::Video(Boxes::new()),
            Medium::Picture => Self::Picture(Picture::default()),
        }
    }

    /// Looks at the bytes that come next.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Result<(), Flaw> {
        match self {
            Self::Video(boxes) => boxes.feed(bytes),
            Self::Picture(picture) => picture.feed(bytes),
        }
    }

    /// Whether what came is whole, and how long a video is. The end is told where an answer has a
    /// length, or comes in chunks to the last.
    pub(super) fn finish(&self, is_end_told: bool) -> Result<Option<Duration>, Flaw> {
        match self {
            Self::Video(boxes) => boxes.finish(is_end_told),
            Self::Picture(picture) => picture.finish(is_end_told).map(|()| None),
        }
    }

    /// The extension of a picture's kind.
    pub(super) fn extension(&self) -> Option<&'static str> {
        match self {
            Self::Video(_) => None,
            Self::Picture(picture) => picture.extension(),
        }
    }

    /// How many of the bytes that come next need not be looked at.
    fn skip(&self) -> u64 {
        match self {
            Self::Video(boxes) => boxes.skip(),
            Self::Picture(_) => 0,
        }
    }
}

/// How long a saved video is. `None` where the file is gone, or is not what it should be.
pub(super) async fn of_file(path: &std::path::Path, medium: Medium) -> Option<Option<Duration>> {
    use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

    let mut content = Content::new(medium);
    let mut file = open(path).await?;
    let mut left = file.metadata().await.ok()?.len();
    let mut buffer = [0; 1024];
    while left > 0 {
        // Most of a video need not be read.
        let skip = content.skip().min(left);
        if let Content::Video(boxes) = &mut content {
            file.seek(std::io::SeekFrom::Current(i64::try_from(skip).ok()?)).await.ok()?;
            boxes.pass(skip);
        }
        let count = file.read(&mut buffer).await.ok()?;
        content.feed(&buffer[..count]).ok()?;
        left = (left - skip).saturating_sub(count as u64);
        if count == 0 {
            break;
        }
    }
    content.finish(true).ok()
}

/// The SHA-256 of a saved file; `None` where it cannot be read.
pub(super) async fn digest_of_file(path: &std::path::Path) -> Option<String> {
    use tokio::io::AsyncReadExt as _;

    let mut file = open(path).await?;
    let mut digest = crate::digest::RunningDigest::default();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer).await.ok()? {
            0 => return Some(digest.finish()),
            count => digest.feed(&buffer[..count]),
        }
    }
}

/// A path is the user's, and anything may stand at it by now.
async fn open(path: &std::path::Path) -> Option<tokio::fs::File> {
    let path = path.to_owned();
    let opened = tokio::task::spawn_blocking(move || crate::regular_file::open(&path));
    opened.await.ok()?.ok().map(tokio::fs::File::from_std)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_is_read_like_what_arrives() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("v.mp4");
        let clip = include_bytes!("../../../tests/fixtures/clip.mp4");
        for (length, is_whole) in [(clip.len(), true), (clip.len() - 1, false), (30, false)] {
            std::fs::write(&path, &clip[..length]).unwrap();
            assert_eq!(of_file(&path, Medium::Video).await.is_some(), is_whole, "{length}");
            assert_eq!(of_file(&path, Medium::Picture).await, None);
            let digest = crate::digest::sha256(&clip[..length]);
            assert_eq!(digest_of_file(&path).await, Some(digest));
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn nobody_waits_for_what_is_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let (pipe, link) = (folder.path().join("v.mp4"), folder.path().join("link"));
        crate::regular_file::make_pipe(&pipe);
        std::os::unix::fs::symlink(&pipe, &link).unwrap();
        for path in [&*pipe, &link, folder.path(), std::path::Path::new("/dev/zero")] {
            for medium in [Medium::Video, Medium::Picture] {
                assert_eq!(of_file(path, medium).await, None, "{path:?}");
            }
            assert_eq!(digest_of_file(path).await, None, "{path:?}");
        }
    }
}
