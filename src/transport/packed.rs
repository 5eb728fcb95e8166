//! Answers that come packed although plain ones were asked for.

use std::io::Read;

use bytes::Bytes;
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use reqwest::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap};

/// It would unpack to more than is taken.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong;

/// The body as its sender had it before an edge packed it. What cannot be unpacked stays as it is:
/// then it is an answer that nobody can read, as any other.
pub(super) fn unpack(
    headers: &mut HeaderMap,
    body: Bytes,
    max_bytes: usize,
) -> Result<Bytes, TooLong> {
    let codings = headers.get_all(CONTENT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let codings: Vec<String> = codings
        .flat_map(|value| value.split(','))
        .map(|coding| coding.trim().to_ascii_lowercase())
        .filter(|coding| !coding.is_empty() && coding != "identity")
        .collect();
    if codings.is_empty() || codings.len() > MOST_CODINGS {
        return Ok(body);
    }
    let mut plain = body.clone();
    // The last was put on last.
    for coding in codings.iter().rev() {
        match unpacked(coding, &plain, max_bytes)? {
            Some(bytes) => plain = bytes,
            None => return Ok(body),
        }
    }
    headers.remove(CONTENT_ENCODING);
    headers.remove(CONTENT_LENGTH);
    Ok(plain)
}

/// How often an answer may be packed.
const MOST_CODINGS: usize = 2;

fn unpacked(coding: &str, body: &[u8], max_bytes: usize) -> Result<Option<Bytes>, TooLong> {
    match coding {
        "gzip" | "x-gzip" => read(MultiGzDecoder::new(body), max_bytes),
        // Some send it bare, against the standard.
        "deflate" => match read(ZlibDecoder::new(body), max_bytes)? {
            None => read(DeflateDecoder::new(body), max_bytes),
            plain => Ok(plain),
        },
        _ => Ok(None),
    }
}

fn read(packed: impl Read, max_bytes: usize) -> Result<Option<Bytes>, TooLong> {
    let mut plain = Vec::new();
    let read = packed.take(max_bytes as u64 + 1).read_to_end(&mut plain);
    if plain.len() > max_bytes {
        return Err(TooLong);
    }
    Ok(read.is_ok().then(|| plain.into()))
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
        ] {
            assert_eq!(unpacked(coding, body).unwrap(), TEXT, "{coding}");
        }
    }

    #[test]
    fn what_cannot_be_unpacked_stays_and_what_is_too_much_is_not_taken() {
        let cut = gzip(TEXT)[..20].to_vec();
        for (coding, body) in
            [("gzip", TEXT.to_vec()), ("gzip", cut), ("br", gzip(TEXT)), ("gzip, br", gzip(TEXT))]
        {
            assert_eq!(unpacked(coding, body.clone()).unwrap(), body, "{coding}");
        }
        assert_eq!(unpacked("gzip", gzip(&[b' '; 1000])).unwrap().len(), 1000);
        for packed in [gzip(&vec![b' '; 1 << 20]), gzip(&[b' '; 1001])] {
            assert_eq!(unpacked("gzip", packed), Err(TooLong));
        }
        assert_eq!(unpacked("gzip, gzip", gzip(&gzip(&vec![0; 1 << 20]))), Err(TooLong));
        assert_eq!(unpacked("deflate", bare(&vec![b' '; 1 << 20])), Err(TooLong));
    }
}
