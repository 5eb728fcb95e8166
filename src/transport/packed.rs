//! Answers that come packed although plain ones were asked for.

use std::io::Read;

use bytes::Bytes;
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use reqwest::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap};

use crate::json::lenient;

/// It would unpack to more than is taken.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong;

/// How often an answer may be packed.
const MOST_LAYERS: usize = 2;

/// The body before an edge compressed it. The first bytes tell how, and not `Content-Encoding`:
/// edges were seen to name a coding that they did not apply, and to apply one that they did not
/// name. What cannot be unpacked stays as it is, and counts as an unreadable answer.
pub(super) fn unpack(
    headers: &mut HeaderMap,
    body: Bytes,
    max_bytes: usize,
) -> Result<Bytes, TooLong> {
    let codings = headers.get_all(CONTENT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let says_deflate = codings
        .flat_map(|value| value.split(','))
        .any(|coding| coding.trim().eq_ignore_ascii_case("deflate"));
    let (mut plain, mut layers) = (body, 0);
    while layers < MOST_LAYERS
        && let Some(bytes) = unpacked(&plain, says_deflate, max_bytes)?
    {
        plain = bytes;
        layers += 1;
    }
    if layers > 0 {
        headers.remove(CONTENT_ENCODING);
        headers.remove(CONTENT_LENGTH);
    }
    Ok(plain)
}

fn unpacked(body: &[u8], says_deflate: bool, max_bytes: usize) -> Result<Option<Bytes>, TooLong> {
    match body {
        [0x1f, 0x8b, ..] => read(MultiGzDecoder::new(body), max_bytes),
        // Its method is 8, and its first two bytes are a multiple of 31.
        [first, second, ..]
            if first & 0x0f == 8 && u16::from_be_bytes([*first, *second]) % 31 == 0 =>
        {
            match read(ZlibDecoder::new(body), max_bytes)? {
                None if says_deflate => read(DeflateDecoder::new(body), max_bytes),
                plain => Ok(plain),
            }
        }
        // Some send it bare, against the standard; then nothing but the head tells.
        _ if says_deflate && lenient::read(body).is_none() => {
            read(DeflateDecoder::new(body), max_bytes)
        }
        _ => Ok(None),
    }
}

/// What was packed. Where its end is missing, wrong or followed by something else, it is whole all
/// the same if it is JSON.
fn read(packed: impl Read, max_bytes: usize) -> Result<Option<Bytes>, TooLong> {
    let mut plain = Vec::new();
    let read = packed.take(max_bytes as u64 + 1).read_to_end(&mut plain);
    if plain.len() > max_bytes {
        return Err(TooLong);
    }
    let is_whole = read.is_ok() || lenient::read(&plain).is_some();
    Ok(is_whole.then(|| plain.into()))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    const TEXT: &[u8] = b"{\"data\":{\"id\":\"task_1\"}}";

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn bare(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn unpacked(coding: &str, body: Vec<u8>) -> Result<Bytes, TooLong> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_ENCODING, coding.parse().unwrap());
        unpack(&mut headers, body.into(), 1000)
    }

    #[test]
    fn each_usual_form_is_unpacked() {
        for (coding, body) in [
            ("gzip", gzip(TEXT)),
            ("GZip", gzip(TEXT)),
            ("x-gzip", [gzip(&TEXT[..5]), gzip(&TEXT[5..])].concat()),
            ("deflate", zlib(TEXT)),
            ("deflate", bare(TEXT)),
            ("identity, gzip", gzip(TEXT)),
            ("deflate, gzip", gzip(&zlib(TEXT))),
            ("identity", TEXT.to_vec()),
            ("aws-chunked", TEXT.to_vec()),
            // What the head says is not what was done.
            ("gzip", TEXT.to_vec()),
            ("deflate", TEXT.to_vec()),
            ("gzip, gzip", gzip(TEXT)),
            ("utf-8, gzip", gzip(TEXT)),
            ("gzip, utf-8", gzip(TEXT)),
            ("br", gzip(TEXT)),
            ("identity", gzip(TEXT)),
            ("", zlib(TEXT)),
            ("gzip", gzip(&gzip(TEXT))),
            ("deflate", gzip(TEXT)),
            // Its end is not its end.
            ("gzip", [&gzip(TEXT)[..], &[0; 16]].concat()),
            ("gzip", [&gzip(TEXT)[..], b"\r\n"].concat()),
            ("gzip", gzip(TEXT)[..gzip(TEXT).len() - 8].to_vec()),
            ("gzip", [&gzip(TEXT)[..gzip(TEXT).len() - 8], &[7; 8]].concat()),
            ("deflate", zlib(TEXT)[..zlib(TEXT).len() - 4].to_vec()),
            ("deflate", [&zlib(TEXT)[..], b"\n"].concat()),
        ] {
            assert_eq!(unpacked(coding, body).unwrap(), TEXT, "{coding}");
        }
    }

    #[test]
    fn what_cannot_be_unpacked_stays_and_what_is_too_much_is_not_taken() {
        let cut = gzip(TEXT)[..20].to_vec();
        let no_json = [&gzip(b"a word")[..], b"\r\n"].concat();
        let thrice = gzip(&gzip(&gzip(TEXT)));
        for (coding, body) in [("gzip", cut), ("gzip", no_json), ("br", b"\x1b\x17\0\xf8".to_vec())]
        {
            assert_eq!(unpacked(coding, body.clone()).unwrap(), body, "{coding}");
        }
        assert_eq!(unpacked("gzip", thrice).unwrap(), gzip(TEXT));
        assert_eq!(unpacked("gzip", gzip(&[b' '; 1000])).unwrap().len(), 1000);
        for packed in [gzip(&vec![b' '; 1 << 20]), gzip(&[b' '; 1001])] {
            assert_eq!(unpacked("gzip", packed), Err(TooLong));
        }
        assert_eq!(unpacked("gzip, gzip", gzip(&gzip(&vec![0; 1 << 20]))), Err(TooLong));
        assert_eq!(unpacked("identity", gzip(&vec![b' '; 1 << 20])), Err(TooLong));
        assert_eq!(unpacked("deflate", bare(&vec![b' '; 1 << 20])), Err(TooLong));
    }
}
