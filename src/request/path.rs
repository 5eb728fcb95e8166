//! Paths as text, in JSON and in a ledger. Most are text already. One that is not (on Unix, bytes
//! in another encoding than UTF-8) becomes a `file://` address, in which each such byte stands as
//! `%XX`, so that nothing of it is lost and every language can read it.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, Serializer};
use url::Url;

/// What no absolute path begins with.
const SCHEME: &str = "file://";

/// A path as text, as it stands in a request's JSON: itself where it is text, and a `file://` address
/// with its other bytes as `%XX` where it is not.
pub fn path_to_text(path: &Path) -> String {
    if let Some(text) = path.to_str().filter(|text| !text.starts_with(SCHEME)) {
        return text.to_owned();
    }
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    // Not every system has an address for every path.
    Url::from_file_path(whole).map_or_else(|()| path.display().to_string(), String::from)
}

/// The path that [`path_to_text`] has made a text of.
pub fn path_from_text(text: &str) -> PathBuf {
    let url = Url::parse(text).ok().filter(|_| text.starts_with(SCHEME));
    url.and_then(|url| url.to_file_path().ok()).unwrap_or_else(|| text.into())
}

pub(super) fn serialize<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path_to_text(path))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
    String::deserialize(deserializer).map(|text| path_from_text(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        for path in ["/videos/roast 100%.mp4", "photo.png", "", "café/早安.png", "file:x.png"] {
            assert_eq!(path_to_text(Path::new(path)), path);
            assert_eq!(path_from_text(path), Path::new(path));
        }
    }

    #[cfg(unix)]
    #[test]
    fn bytes_that_are_no_text_are_not_lost() {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt as _;
        let path = |bytes| Path::new(OsStr::from_bytes(bytes));
        let text = path_to_text(path(b"/tmp/caf\xe9 %41/a#b?.mp4"));
        assert_eq!(text, "file:///tmp/caf%E9%20%2541/a%23b%3F.mp4");
        assert_eq!(path_from_text(&text), path(b"/tmp/caf\xe9 %41/a#b?.mp4"));
        let relative = path_from_text(&path_to_text(path(b"\xff\n.png")));
        assert_eq!(relative, std::env::current_dir().unwrap().join(path(b"\xff\n.png")));
        // A relative path that looks like such an address is none.
        let odd = path_to_text(Path::new("file:///x"));
        assert_eq!(path_from_text(&odd), std::env::current_dir().unwrap().join("file:/x"));
    }
}
