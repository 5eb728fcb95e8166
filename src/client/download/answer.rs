//! What the head of an answer says of the bytes behind it.

use std::time::Duration;

use reqwest::header::{
    CONTENT_ENCODING, CONTENT_RANGE, CONTENT_TYPE, DATE, ETAG, HeaderMap, HeaderName, HeaderValue,
    LAST_MODIFIED, TRANSFER_ENCODING,
};
use url::Url;

/// How much older than its answer a file has to be for its date to be a proof. A younger one may
/// have changed again within the same second.
const SURE_AGE: Duration = Duration::from_secs(60);

/// What recognises content: the same validator means the same bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Validator {
    Tag(HeaderValue),
    Date(HeaderValue),
}

impl Validator {
    /// A strong tag, else a date that is old enough. A weak tag only says that the content means
    /// the same, not that its bytes are the same.
    fn of(headers: &HeaderMap) -> Option<Self> {
        if let Some(tag) = headers.get(ETAG) {
            return is_strong(tag.as_bytes()).then(|| Self::Tag(tag.clone()));
        }
        let modified = headers.get(LAST_MODIFIED)?;
        let age = date(headers, DATE)?.duration_since(date(headers, LAST_MODIFIED)?).ok()?;
        (age >= SURE_AGE).then(|| Self::Date(modified.clone()))
    }

    /// What `If-Range` is sent with.
    pub(super) fn value(&self) -> &HeaderValue {
        let (Self::Tag(value) | Self::Date(value)) = self;
        value
    }

    /// Whether a part is of this content. Its tag has to stand beside it; its date need not.
    fn fits(&self, headers: &HeaderMap) -> bool {
        match self {
            Self::Tag(tag) => headers.get(ETAG) == Some(tag),
            Self::Date(modified) => headers.get(LAST_MODIFIED).is_none_or(|date| date == modified),
        }
    }
}

/// Whether it is a tag that tells bytes apart. Servers give an empty one to any content.
fn is_strong(tag: &[u8]) -> bool {
    matches!(tag, [b'"', inner @ .., b'"'] if !inner.is_empty() && !inner.contains(&b'"'))
}

fn date(headers: &HeaderMap, name: HeaderName) -> Option<std::time::SystemTime> {
    httpdate::parse_http_date(headers.get(name)?.to_str().ok()?).ok()
}

/// What is known of content of which a part has arrived.
#[derive(Clone, Debug)]
pub(super) struct KnownContent {
    /// Where the answer came from, behind all redirects. A validator is that of an address, and
    /// says nothing of what stands at another one.
    address: Url,
    pub(super) validator: Option<Validator>,
    /// Its whole size.
    pub(super) size_bytes: Option<u64>,
    /// Whether a body that is cut off can be told from one that has ended.
    pub(super) is_end_told: bool,
}

impl KnownContent {
    /// Of an answer with the whole.
    pub(super) fn of(headers: &HeaderMap, address: &Url, size_bytes: Option<u64>) -> Self {
        let is_end_told = size_bytes.is_some() || is_chunked(headers);
        let validator = Validator::of(headers);
        Self { address: without_query(address), validator, size_bytes, is_end_told }
    }

    /// Whether the content of another answer is surely the same.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let is_size_same = match (self.size_bytes, other.size_bytes) {
            (Some(size), Some(other)) => size == other,
            _ => true,
        };
        let is_known = self.validator.is_some() && self.validator == other.validator;
        is_known && self.address == other.address && is_size_same
    }

    /// Why a part is not the one that was asked for: all from `at` on.
    pub(super) fn refuse(
        &self,
        headers: &HeaderMap,
        address: &Url,
        at: u64,
    ) -> Option<&'static str> {
        if self.address != without_query(address) {
            return Some("a part came from another address than what was before it");
        }
        let Some(place) = Place::of(headers) else {
            return Some("a part came without its place");
        };
        if place.start != at {
            return Some("a part came from another place than was asked for");
        }
        if self.size_bytes.is_some_and(|size| place.size_bytes.is_some_and(|other| other != size)) {
            return Some("a part came of something with another size");
        }
        match &self.validator {
            Some(validator) if validator.fits(headers) => None,
            _ => Some("a part came of something else"),
        }
    }
}

/// What of an address names its content. A redirect mostly signs each answer anew, in the query.
fn without_query(address: &Url) -> Url {
    let mut address = address.clone();
    address.set_query(None);
    address.set_fragment(None);
    address
}

/// Whether the body comes in chunks, which have an end of their own. With any other last coding it
/// ends with its connection.
fn is_chunked(headers: &HeaderMap) -> bool {
    let last = headers.get_all(TRANSFER_ENCODING).iter().next_back();
    let codings = last.and_then(|value| value.to_str().ok()).unwrap_or_default();
    let last = codings.rsplit(',').next().unwrap_or_default();
    last.trim().eq_ignore_ascii_case("chunked")
}

/// Where a part stands: `bytes 5-9/10`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    start: u64,
    /// The size of the whole; `None` where the server does not know it.
    pub(super) size_bytes: Option<u64>,
}

impl Place {
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let text = headers.get(CONTENT_RANGE)?.to_str().ok()?.trim();
        let (range, size) = text.strip_prefix("bytes ")?.split_once('/')?;
        let (start, last) = range.split_once('-')?;
        let (start, last): (u64, u64) = (start.trim().parse().ok()?, last.trim().parse().ok()?);
        let size_bytes = match size.trim() {
            "*" => None,
            size => Some(size.parse().ok()?),
        };
        let fits = start <= last && size_bytes.is_none_or(|size| last < size);
        fits.then_some(Self { start, size_bytes })
    }
}

/// Whether the answer is a page or a message, as stands behind links that have expired. Other types
/// are not read: some servers give any file the same.
pub(super) fn is_message(headers: &HeaderMap) -> bool {
    let Some(text) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let essence = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_message =
        ["text/html", "application/json", "application/xml", "text/xml"].contains(&&*essence);
    is_message || essence == "application/xhtml+xml" || essence.ends_with("+json")
}

/// Whether the bytes are not those of the file, though no other form was asked for. Then its sizes
/// are of another form too.
pub(super) fn is_compressed(headers: &HeaderMap) -> bool {
    let text = headers.get(CONTENT_ENCODING).and_then(|value| value.to_str().ok());
    let mut codings = text.unwrap_or_default().split(',').map(|coding| coding.trim());
    let known = ["gzip", "x-gzip", "deflate", "compress", "br", "zstd"];
    codings.any(|coding| known.iter().any(|known| coding.eq_ignore_ascii_case(known)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(HeaderName, &str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
    }

    const OLD: &str = "Sat, 21 Nov 2026 10:00:00 GMT";
    const NOW: &str = "Sat, 21 Nov 2026 10:01:00 GMT";

    #[test]
    fn only_a_strong_tag_or_an_old_date_is_a_validator() {
        let is_one = |lines: &[_]| Validator::of(&headers(lines)).is_some();
        assert!(is_one(&[(ETAG, "\"a\"")]));
        assert!(is_one(&[(LAST_MODIFIED, OLD), (DATE, NOW)]));
        for lines in [
            &[][..],
            &[(ETAG, "W/\"a\"")],
            // Who has a tag, but a weak one, says that the bytes may differ.
            &[(ETAG, "W/\"a\""), (LAST_MODIFIED, OLD), (DATE, NOW)],
            &[(ETAG, "a")],
            // What is given to anything tells nothing apart.
            &[(ETAG, "\"\"")],
            &[(ETAG, "\"")],
            &[(ETAG, "")],
            &[(ETAG, "\"a\" x")],
            &[(ETAG, "\"\"\"\"")],
            &[(LAST_MODIFIED, OLD)],
            &[(LAST_MODIFIED, NOW), (DATE, NOW)],
            &[(LAST_MODIFIED, NOW), (DATE, OLD)],
            &[(LAST_MODIFIED, "yesterday"), (DATE, NOW)],
        ] {
            assert!(!is_one(lines), "{lines:?}");
        }
    }

    fn address(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn only_chunks_tell_an_end_without_a_length() {
        let is_told = |lines: &[_]| {
            KnownContent::of(&headers(lines), &address("https://a.example/v"), None).is_end_told
        };
        for text in ["chunked", "gzip, Chunked", "gzip,chunked "] {
            assert!(is_told(&[(TRANSFER_ENCODING, text)]), "{text}");
        }
        for text in ["identity", "gzip", "chunked, gzip", "chunked, identity", "", "xchunked"] {
            assert!(!is_told(&[(TRANSFER_ENCODING, text)]), "{text}");
        }
        assert!(!is_told(&[]));
        assert!(
            KnownContent::of(&headers(&[]), &address("https://a.example/v"), Some(1)).is_end_told
        );
    }

    #[test]
    fn a_validator_says_nothing_of_what_stands_at_another_address() {
        let tag = (ETAG, "\"a\"");
        let of =
            |text| KnownContent::of(&headers(std::slice::from_ref(&tag)), &address(text), Some(10));
        let first = of("https://a.example/v_1?sig=1");
        let part = headers(&[tag.clone(), (CONTENT_RANGE, "bytes 5-9/10")]);
        for (text, is_its) in [
            ("https://a.example/v_1?sig=1", true),
            // It was merely signed anew.
            ("https://a.example/v_1?sig=2", true),
            ("https://a.example/v_1#t=1", true),
            ("https://a.example/v_2?sig=1", false),
            ("https://b.example/v_1?sig=1", false),
            ("https://a.example:444/v_1?sig=1", false),
            ("http://a.example/v_1?sig=1", false),
        ] {
            assert_eq!(first.is_same(&of(text)), is_its, "{text}");
            assert_eq!(first.refuse(&part, &address(text), 5).is_none(), is_its, "{text}");
        }
    }

    #[test]
    fn a_part_is_taken_only_where_it_is_the_one_that_was_asked_for() {
        let at = address("https://a.example/v");
        let known = KnownContent::of(&headers(&[(ETAG, "\"a\"")]), &at, Some(10));
        let refused = |lines: &[_]| known.refuse(&headers(lines), &at, 5);
        assert_eq!(refused(&[(ETAG, "\"a\""), (CONTENT_RANGE, "bytes 5-9/10")]), None);
        assert_eq!(refused(&[(ETAG, "\"a\""), (CONTENT_RANGE, "bytes 5-6/*")]), None);
        for lines in [
            &[(ETAG, "\"a\"")][..],
            &[(CONTENT_RANGE, "bytes 5-9/10")],
            &[(ETAG, "\"b\""), (CONTENT_RANGE, "bytes 5-9/10")],
            &[(ETAG, "W/\"a\""), (CONTENT_RANGE, "bytes 5-9/10")],
            &[(ETAG, "\"a\""), (CONTENT_RANGE, "bytes 4-9/10")],
            &[(ETAG, "\"a\""), (CONTENT_RANGE, "bytes 5-9/11")],
            &[(ETAG, "\"a\""), (CONTENT_RANGE, "bytes 5-10/10")],
            &[(ETAG, "\"a\""), (CONTENT_RANGE, "bytes 5-4/10")],
            &[(ETAG, "\"a\""), (CONTENT_RANGE, "bytes */10")],
            &[(ETAG, "\"a\""), (CONTENT_RANGE, "5-9/10")],
        ] {
            assert!(refused(lines).is_some(), "{lines:?}");
        }
        let known = KnownContent::of(&headers(&[(LAST_MODIFIED, OLD), (DATE, NOW)]), &at, Some(10));
        let part = (CONTENT_RANGE, "bytes 5-9/10");
        assert_eq!(known.refuse(&headers(std::slice::from_ref(&part)), &at, 5), None);
        assert!(known.refuse(&headers(&[part, (LAST_MODIFIED, NOW)]), &at, 5).is_some());
    }

    #[test]
    fn content_is_the_same_only_by_its_validator() {
        let at = address("https://a.example/v");
        let of = |tag: &str, size| KnownContent::of(&headers(&[(ETAG, tag)]), &at, size);
        assert!(of("\"a\"", Some(9)).is_same(&of("\"a\"", Some(9))));
        assert!(of("\"a\"", Some(9)).is_same(&of("\"a\"", None)));
        assert!(!of("\"a\"", Some(9)).is_same(&of("\"a\"", Some(8))));
        assert!(!of("\"a\"", Some(9)).is_same(&of("\"b\"", Some(9))));
        assert!(!of("W/\"a\"", Some(9)).is_same(&of("W/\"a\"", Some(9))));
    }

    #[test]
    fn messages_and_compressed_answers_are_known_by_their_head() {
        let is_message = |text| is_message(&headers(&[(CONTENT_TYPE, text)]));
        for text in ["text/html; charset=utf-8", "Application/JSON", "application/problem+json"] {
            assert!(is_message(text), "{text}");
        }
        for text in ["video/mp4", "application/octet-stream", "text/plain", "image/svg+xml", ""] {
            assert!(!is_message(text), "{text}");
        }
        let is_compressed = |text| is_compressed(&headers(&[(CONTENT_ENCODING, text)]));
        assert!(is_compressed("gzip") && is_compressed("identity, BR"));
        // Some buckets keep this word of an upload, and the file is as it was.
        assert!(!is_compressed("identity") && !is_compressed("aws-chunked"));
    }
}
