//! The links of videos, and what may be wrong with them.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::header::{ACCEPT_RANGES, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::assets::Asset;
use super::exchange::Exchange;
use super::faults::{Fault, FaultKind, Stage, Subject};
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
        world.faults.pick(Stage::Video, &Subject { provider, operation: None, marks: &marks })
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
    match fault.map(Fault::kind) {
        Some(FaultKind::VideoTruncated) => media::serve(&asset.half(), asked),
        Some(FaultKind::VideoNoRanges) => {
            let mut whole = media::serve(asset, &HeaderMap::new());
            whole.headers_mut().remove(ACCEPT_RANGES);
            whole
        }
        _ => media::serve(asset, asked),
    }
}
