//! The kind of a file that is not taken, by its first bytes and not by its name.

/// Its kind in a few words; `None` where nothing tells.
pub(super) fn seen(bytes: &[u8]) -> Option<&'static str> {
    if bytes.get(4..8) == Some(b"ftyp") {
        return Some(match bytes.get(8..12) {
            Some(b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"mif1" | b"msf1") => {
                "a HEIC picture"
            }
            Some(b"avif" | b"avis") => "an AVIF picture",
            Some(b"crx ") => "a camera's raw picture",
            Some(b"M4A " | b"M4B ") => "a sound",
            _ => "a film",
        });
    }
    let begins: [(&[u8], &str); 17] = [
        (b"II*\0", "a TIFF picture"),
        (b"MM\0*", "a TIFF picture"),
        (b"\0\0\0\x0cJXL ", "a JPEG XL picture"),
        (b"\xff\x0a", "a JPEG XL picture"),
        (b"\0\0\0\x0cjP  ", "a JPEG 2000 picture"),
        (b"8BPS", "a Photoshop file"),
        (b"BM", "a BMP picture"),
        (b"\0\0\x01\0", "an icon"),
        (b"%PDF-", "a PDF document"),
        (b"PK\x03\x04", "a ZIP archive"),
        (b"\x1f\x8b", "a gzip archive"),
        (b"\x1a\x45\xdf\xa3", "a WebM film"),
        (b"version https://git-lfs", "a pointer of Git LFS and not the file itself"),
        (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
        (b"\xff\xd8\xff", "a JPEG picture"),
        (b"GIF8", "a GIF picture"),
        (b"RIFF", "another RIFF file"),
    ];
    if let Some((_, kind)) = begins.iter().find(|(begin, _)| bytes.starts_with(begin)) {
        return Some(kind);
    }
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(512)]).to_lowercase();
    let head = head.trim_start_matches('\u{feff}').trim_start();
    match head {
        "" if bytes.is_empty() => Some("empty"),
        _ if head.contains("<svg") => Some("an SVG drawing"),
        _ if head.starts_with("<!doctype html") || head.starts_with("<html") => Some("a web page"),
        _ => None,
    }
}
