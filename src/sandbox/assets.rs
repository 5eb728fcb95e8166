//! Files that the sandbox holds: uploads, copies, stills and videos, each under a path of its own.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;

use super::clock::Moment;
use super::ids::{digest, hex};

/// One file.
pub(super) struct Asset {
    pub(super) bytes: Bytes,
    pub(super) media_type: String,
    /// With its quotes, as it stands in the header.
    pub(super) etag: String,
    pub(super) modified: Moment,
}

/// All files, by path.
#[derive(Default)]
pub(super) struct Assets(RwLock<HashMap<String, Arc<Asset>>>);

impl Assets {
    /// Stores a file; one that was there under this path is replaced.
    pub(super) fn put(&self, path: String, media_type: &str, bytes: Bytes, now: Moment) {
        let etag = format!("\"{}\"", hex(&digest(&[&bytes])));
        let asset = Asset { bytes, media_type: media_type.to_owned(), etag, modified: now };
        let mut files = self.0.write().unwrap_or_else(PoisonError::into_inner);
        files.insert(path, Arc::new(asset));
    }

    pub(super) fn get(&self, path: &str) -> Option<Arc<Asset>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(path).cloned()
    }
}

/// What the first bytes say that an image is.
pub(super) fn image_type(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        _ => None,
    }
}

/// Media types and the extensions that files of theirs get.
const EXTENSIONS: [(&str, &str); 14] = [
    ("image/png", "png"),
    ("image/jpeg", "jpg"),
    ("image/webp", "webp"),
    ("image/gif", "gif"),
    ("image/svg+xml", "svg"),
    ("video/mp4", "mp4"),
    ("video/quicktime", "mov"),
    ("video/webm", "webm"),
    ("audio/mpeg", "mp3"),
    ("audio/wav", "wav"),
    ("audio/aac", "aac"),
    ("audio/mp4", "m4a"),
    ("application/x-subrip", "srt"),
    ("text/plain", "srt"),
];

pub(super) fn extension(media_type: &str) -> &'static str {
    let known = EXTENSIONS.iter().find(|(known, _)| *known == media_type);
    known.map_or("bin", |(_, extension)| extension)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_known_by_their_first_bytes() {
        assert_eq!(image_type(b"\x89PNG\r\n\x1a\n..."), Some("image/png"));
        assert_eq!(image_type(b"RIFF\x10\x00\x00\x00WEBPVP8 "), Some("image/webp"));
        assert_eq!(image_type(b"GIF89a"), Some("image/gif"));
        for other in [&b"<svg/>"[..], b"", b"\x89PN", b"RIFF\x10\x00\x00\x00WAVE"] {
            assert_eq!(image_type(other), None);
        }
    }
}
