//! The links of videos, and what may be wrong with them.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{ACCEPT_RANGES, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode, Version};
use axum::response::{IntoResponse, Response};
use futures_util::stream;

use super::assets::Asset;
use super::exchange::Exchange;
use super::faults::{Fault, FaultKind, FaultPoint, Subject};
use super::film::View;
use super::world::World;
use super::{body, media};

/// What happens to this request of a video.
pub(super) fn fault(world: &World, path: &str, request: &Request) -> Option<Fault> {
    let (film, view) = world.assets.promised(path)?;
    let exchange = Exchange::of(request);
    exchange.note_job(&film.job);
    if view != View::Video || !world.faults.any() {
        return None;
    }
    let query = body::query(request);
    let given = query.get("link").and_then(|link| link.as_str()?.parse().ok()).unwrap_or(0);
    let marks = world.faults.marks_of_job(&film.job, &exchange.marks);
    // A link belongs to no operation, so only the provider counts, which its path begins with.
    let provider = path.split('/').next()?.parse().ok()?;
    let fault = if given < world.faults.good_link(&film.job) {
        Some(Fault::new(FaultKind::VideoExpired))
    } else {
        world.faults.pick(FaultPoint::Video, &Subject { provider, operation: None, marks: &marks })
    };
    if let Some(fault) = &fault {
        exchange.note_fault(fault);
        if fault.kind() == FaultKind::VideoExpired {
            world.faults.expire(&film.job, given);
        }
    }
    fault
}

/// What comes instead of the video, if the fault is of that kind.
pub(super) fn instead(fault: &Fault) -> Option<Response> {
    let xml = |status: StatusCode, code: &str, message: &str| {
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <Error><Code>{code}</Code><Message>{message}</Message></Error>"
        );
        Some((status, [(CONTENT_TYPE, "application/xml")], body).into_response())
    };
    match fault.kind() {
        FaultKind::VideoMissing => {
            xml(StatusCode::NOT_FOUND, "NoSuchKey", "The specified key does not exist.")
        }
        FaultKind::VideoExpired => {
            xml(StatusCode::FORBIDDEN, "AccessDenied", "Request has expired")
        }
        FaultKind::VideoWrongType => {
            let page = "<!doctype html><title>Sign in</title><p>Please sign in to go on.</p>";
            Some(([(CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response())
        }
        _ => None,
    }
}

/// The file, or what the fault makes of it.
pub(super) fn serve(asset: &Arc<Asset>, asked: &HeaderMap, fault: Option<&Fault>) -> Response {
    let Some(fault) = fault else { return media::serve(asset, asked) };
    match fault.kind() {
        FaultKind::VideoTruncated => {
            let part = asset.bytes.slice(..fault.bytes_or_half(asset.bytes.len()));
            media::serve(&asset.with(part), asked)
        }
        FaultKind::VideoTail => {
            let longer = [&asset.bytes[..], &fault.tail()].concat();
            media::serve(&asset.with(longer.into()), asked)
        }
        FaultKind::VideoEndless => endless(asset, fault),
        FaultKind::VideoNoRanges => {
            let mut whole = media::serve(asset, &HeaderMap::new());
            whole.headers_mut().remove(ACCEPT_RANGES);
            whole
        }
        _ => media::serve(asset, asked),
    }
}

/// As a server of old sends a file: without a length, until it closes the connection.
fn endless(asset: &Asset, fault: &Fault) -> Response {
    let mut bytes = asset.bytes.to_vec();
    if let Some(size) = last_box(&bytes).and_then(|at| bytes.get_mut(at..at + 4)) {
        size.fill(0);
    }
    bytes.truncate(fault.bytes_or_half(bytes.len()));
    let body = stream::iter([Ok::<_, Infallible>(bytes)]);
    let kind = [(CONTENT_TYPE, asset.media_type.clone())];
    let mut answer = (kind, Body::from_stream(body)).into_response();
    *answer.version_mut() = Version::HTTP_10;
    answer
}

/// Where the last box of a file begins. A size of 0 says that it goes on to the end.
fn last_box(file: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let size = u32::from_be_bytes(file.get(at..at + 4)?.try_into().ok()?);
        let next = at.checked_add(usize::try_from(size).ok().filter(|size| *size >= 8)?)?;
        if next >= file.len() {
            return Some(at);
        }
        at = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::film::CLIP;

    #[test]
    fn the_last_box_of_a_file_is_found() {
        let at = last_box(CLIP).unwrap();
        let size = u32::from_be_bytes(CLIP[at..at + 4].try_into().unwrap());
        assert_eq!(at + size as usize, CLIP.len());
        for broken in [&CLIP[..2], b"", &[0, 0, 0, 0, 1, 2, 3, 4, 5]] {
            assert_eq!(last_box(broken), None);
        }
    }
}
