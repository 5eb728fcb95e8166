//! A local track, read and checked before anything is paid for.

use bytes::Bytes;

use super::picture::read;
use super::{format, whole};
use crate::digest::sha256;
use crate::error::{Error, Result};
use crate::request::Track;

/// A local track that was looked at: what it is, and its bytes.
#[derive(Clone)]
pub(crate) struct Sound {
    pub(crate) bytes: Bytes,
    pub(crate) media_type: &'static str,
    pub(crate) sha256: String,
}

const FIELD: &str = "track";

/// Reads a local track and checks that it is one. `None` for one that the provider fetches.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) naming `track` for a file that is
/// missing, too large or no sound.
pub(crate) async fn listen(track: &Track) -> Result<Option<Sound>> {
    let (bytes, shown) = match track {
        Track::Url(_) => return Ok(None),
        Track::File(file) => {
            let shown = file.display().to_string();
            (read(file, FIELD, &shown, "name a sound file").await?, shown)
        }
        Track::Bytes(bytes) => (bytes.clone(), format!("{} bytes in memory", bytes.len())),
    };
    let media_type = sound_type(&bytes).ok_or_else(|| {
        Error::invalid(
            FIELD,
            match format::seen(&bytes) {
                Some(kind) => format!("{shown} is {kind}: use an MP3, WAV, AAC or M4A sound"),
                None => format!("{shown} is not an MP3, WAV, AAC or M4A sound"),
            },
        )
    })?;
    // MP3 and AAC are frames one after the other: a part of them is a sound too.
    let whole = match media_type {
        "audio/wav" => whole::wav(&bytes),
        "audio/mp4" => whole::m4a(&bytes),
        _ => Ok(()),
    };
    whole.map_err(|why| Error::invalid(FIELD, format!("{shown} cannot be used: {why}")))?;
    let sha256 = sha256(&bytes);
    Ok(Some(Sound { bytes, media_type, sha256 }))
}

/// The type of a sound by its first bytes.
fn sound_type(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E', ..] => Some("audio/wav"),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => Some("audio/mp4"),
        [b'I', b'D', b'3', ..] => Some("audio/mpeg"),
        // ADTS has the layer bits at zero, MPEG audio does not.
        [0xff, second, ..] if second & 0xf6 == 0xf0 => Some("audio/aac"),
        [0xff, second, ..] if second & 0xe0 == 0xe0 && second & 0x06 != 0 => Some("audio/mpeg"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sound_is_known_by_its_first_bytes() {
        assert_eq!(sound_type(b"RIFF\x24\0\0\0WAVEfmt "), Some("audio/wav"));
        assert_eq!(sound_type(b"\0\0\0\x20ftypM4A "), Some("audio/mp4"));
        assert_eq!(sound_type(b"ID3\x04\0"), Some("audio/mpeg"));
        assert_eq!(sound_type(&[0xff, 0xfb, 0x90, 0x64]), Some("audio/mpeg"));
        assert_eq!(sound_type(&[0xff, 0xf1, 0x50, 0x80]), Some("audio/aac"));
        for other in [&b""[..], b"RIFF", b"\x89PNG\r\n\x1a\n", b"<html>", &[0xff, 0xd8, 0xff]] {
            assert_eq!(sound_type(other), None, "{other:?}");
        }
    }
}
