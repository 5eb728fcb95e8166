//! Handing out files, whole or in part, as a content network does.

use std::ops::Range;

use axum::body::Body;
use axum::http::header::{
    ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_NONE_MATCH, IF_RANGE,
    LAST_MODIFIED, RANGE,
};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use httpdate::fmt_http_date;

use super::assets::Asset;

/// Answers a GET or HEAD of one file.
pub(super) fn serve(asset: &Asset, asked: &HeaderMap) -> Response {
    let modified = fmt_http_date(asset.modified.system_time());
    let length = asset.bytes.len();
    let always = [
        (ETAG, asset.etag.clone()),
        (LAST_MODIFIED, modified.clone()),
        (ACCEPT_RANGES, "bytes".to_owned()),
    ];
    if header(asked, IF_NONE_MATCH).is_some_and(|tags| matches_any(tags, &asset.etag)) {
        return (StatusCode::NOT_MODIFIED, always).into_response();
    }
    let kind = [(CONTENT_TYPE, asset.media_type.clone())];
    // A part of another version is of no use: then the whole of this one is sent.
    let current = header(asked, IF_RANGE).is_none_or(|tag| tag == asset.etag || tag == modified);
    match header(asked, RANGE).filter(|_| current).map(|range| part(range, length)) {
        None | Some(Part::Whole) => (always, kind, Body::from(asset.bytes.clone())).into_response(),
        Some(Part::Some(range)) => {
            let place = format!("bytes {}-{}/{length}", range.start, range.end - 1);
            let body = Body::from(asset.bytes.slice(range));
            (StatusCode::PARTIAL_CONTENT, always, kind, [(CONTENT_RANGE, place)], body)
                .into_response()
        }
        Some(Part::Outside) => {
            let place = [(CONTENT_RANGE, format!("bytes */{length}"))];
            let empty = [(CONTENT_LENGTH, "0")];
            (StatusCode::RANGE_NOT_SATISFIABLE, always, place, empty).into_response()
        }
    }
}

fn header(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn matches_any(tags: &str, etag: &str) -> bool {
    tags.split(',').map(str::trim).any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
}

#[derive(Debug, PartialEq)]
enum Part {
    Whole,
    Some(Range<usize>),
    Outside,
}

/// One range of bytes. More than one, or something else, is ignored, which the standard allows.
fn part(range: &str, length: usize) -> Part {
    let Some((first, last)) = range.strip_prefix("bytes=").and_then(|spec| spec.split_once('-'))
    else {
        return Part::Whole;
    };
    let number = |text: &str| text.trim().parse::<usize>().ok();
    let range = match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => first..last.saturating_add(1).min(length),
        (Some(first), None) if last.trim().is_empty() => first..length,
        (None, Some(suffix)) if first.trim().is_empty() => length.saturating_sub(suffix)..length,
        _ => return Part::Whole,
    };
    if range.is_empty() { Part::Outside } else { Part::Some(range) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_the_standard_says() {
        for (range, expected) in [
            ("bytes=0-3", Part::Some(0..4)),
            ("bytes=4-", Part::Some(4..10)),
            ("bytes=-3", Part::Some(7..10)),
            ("bytes=-300", Part::Some(0..10)),
            ("bytes=8-300", Part::Some(8..10)),
            ("bytes=10-", Part::Outside),
            ("bytes=-0", Part::Outside),
            ("bytes=0-18446744073709551615", Part::Some(0..10)),
            ("bytes=5-2", Part::Whole),
            ("bytes=0-1,4-5", Part::Whole),
            ("bytes=-", Part::Whole),
            ("lines=1-2", Part::Whole),
        ] {
            assert_eq!(part(range, 10), expected, "{range}");
        }
        assert_eq!(part("bytes=0-", 0), Part::Outside);
    }
}
