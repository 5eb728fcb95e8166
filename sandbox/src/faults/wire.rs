//! Faults on the wire: what happens to one request, its answer and its connection.

use std::time::Duration;

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use httpdate::fmt_http_date;
use serde_json::{Value, json};

use super::{Fault, FaultKind, record};
use crate::connection::Connection;
use crate::exchange::Exchange;
use crate::provider::Provider;
use crate::world::World;

/// A fault that happens to a request.
pub(crate) enum Fired {
    /// It happened in place of the request, which was not carried out.
    Before(Fault),
    /// The request was carried out, and the fault applies to its answer.
    After(Fault),
}

impl Fired {
    /// Whether any of an answer arrives.
    pub(crate) fn is_answered(&self) -> bool {
        let (Self::Before(fault) | Self::After(fault)) = self;
        let kinds = [FaultKind::ResetBefore, FaultKind::ResetAfter, FaultKind::LostAnswer];
        !kinds.contains(&fault.kind)
    }
}

/// The answer in place of the handler's, where the fault keeps the request from being carried out.
pub(crate) fn before(
    fault: &Fault,
    exchange: &Exchange,
    connection: &Connection,
) -> Option<Response> {
    let provider = exchange.operation?.provider;
    let world = &exchange.world;
    let is_accepted = fault.accepted.unwrap_or_default();
    match fault.kind {
        FaultKind::TooManyRequests => Some(too_many(exchange, provider, fault)),
        FaultKind::NoCredits => Some(no_credits(world, provider)),
        FaultKind::Redirect => Some(redirect(world, fault)),
        FaultKind::ResetBefore => {
            connection.reset();
            Some(StatusCode::OK.into_response())
        }
        FaultKind::ServerError if !is_accepted => Some(server_error(world, provider, fault)),
        FaultKind::Html if !is_accepted => Some(edge_page(fault)),
        _ => None,
    }
}

/// The answer as it goes out.
pub(crate) async fn after(
    fired: Fired,
    answer: Response,
    exchange: &Exchange,
    connection: &Connection,
) -> Response {
    let Fired::After(fault) = fired else { return answer };
    let world = &exchange.world;
    let provider = exchange.operation.map_or(Provider::BeatApi, |operation| operation.provider);
    let bytes =
        |default: u64| usize::try_from(fault.bytes.unwrap_or(default)).unwrap_or(usize::MAX);
    match fault.kind {
        FaultKind::ServerError => server_error(world, provider, &fault),
        FaultKind::Html => edge_page(&fault),
        FaultKind::ResetAfter => {
            connection.reset();
            answer
        }
        FaultKind::ResetMiddle => cut(answer, connection, bytes(20)).await,
        // The caller gives up some time, and this ends with its connection.
        FaultKind::LostAnswer => std::future::pending().await,
        FaultKind::Delay => {
            world.clock.sleep_until(world.now().plus(fault.secs(5))).await;
            answer
        }
        FaultKind::SlowBody => slowed(answer, exchange, bytes(100)).await,
        FaultKind::StalledBody => stalled(answer, bytes(20)).await,
        FaultKind::MalformedJson => {
            replaced(answer, |_| Bytes::from_static(b"{\"data\": {,}")).await
        }
        FaultKind::NumbersAsText
        | FaultKind::TimesAsText
        | FaultKind::TimesWithFraction
        | FaultKind::UpperCaseStatus => {
            replaced(answer, |body| rewritten(body, fault.kind())).await
        }
        FaultKind::TruncatedJson => replaced(answer, |body| body.slice(..body.len() / 2)).await,
        _ => answer,
    }
}

fn too_many(exchange: &Exchange, provider: Provider, fault: &Fault) -> Response {
    let world = &exchange.world;
    let wait = fault.secs(2);
    // Rounded up, because a call at the second that is named must not be early.
    let secs = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    let (status, body) = match provider {
        Provider::Creatify => {
            let text = format!("Request was throttled. Expected available in {secs} seconds.");
            (StatusCode::TOO_MANY_REQUESTS, json!({"detail": text}))
        }
        Provider::Jogg => {
            let msg = "Rate limit exceeded. Please try again later.";
            jogg(world, StatusCode::TOO_MANY_REQUESTS, 429, msg)
        }
        _ => {
            let text = "too many requests";
            let mut body = beatapi(world, "rate_limit_exceeded", text, true);
            body["error"]["retry_after_seconds"] = secs.into();
            (StatusCode::TOO_MANY_REQUESTS, body)
        }
    };
    let until = world.now().plus(Duration::from_secs(secs));
    let (after, until) = match fault.date {
        Some(true) => (fmt_http_date(until.system_time()), until.whole_second()),
        _ => (secs.to_string(), until),
    };
    exchange.refused_until(until);
    (status, [(RETRY_AFTER, after)], Json(body)).into_response()
}

fn no_credits(world: &World, provider: Provider) -> Response {
    let status = StatusCode::PAYMENT_REQUIRED;
    let (status, body) = match provider {
        Provider::Creatify => (status, json!({"detail": "Insufficient credits."})),
        Provider::Jogg => jogg(world, status, 18020, "Insufficient credit"),
        _ => {
            let text = "the balance is below the price";
            (status, beatapi(world, "insufficient_credits", text, false))
        }
    };
    (status, Json(body)).into_response()
}

/// The service's own words where it is the service that fails; 502 and above come from before it.
fn server_error(world: &World, provider: Provider, fault: &Fault) -> Response {
    let status = StatusCode::from_u16(fault.status.unwrap_or(500));
    let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let is_own = status == StatusCode::INTERNAL_SERVER_ERROR;
    match provider {
        Provider::BeatApi => {
            let code = if is_own { "internal_error" } else { "processing_unavailable" };
            (status, Json(beatapi(world, code, "the service is not available", true)))
                .into_response()
        }
        Provider::Jogg if is_own => {
            let (status, body) = jogg(world, status, 50000, "System error");
            (status, Json(body)).into_response()
        }
        _ if is_own => {
            let page =
                "<!doctype html><title>Server Error (500)</title><h1>Server Error (500)</h1>";
            html(status, page.to_owned())
        }
        _ => edge_page(fault),
    }
}

/// As something between the client and the service writes it.
fn edge_page(fault: &Fault) -> Response {
    let status =
        StatusCode::from_u16(fault.status.unwrap_or(502)).unwrap_or(StatusCode::BAD_GATEWAY);
    let reason = status.canonical_reason().unwrap_or("Error");
    let title = format!("{} {reason}", status.as_u16());
    html(
        status,
        format!(
            "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1>\
             </center>\r\n<hr><center>edge</center>\r\n</body>\r\n</html>\r\n"
        ),
    )
}

fn html(status: StatusCode, page: String) -> Response {
    (status, [(CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
}

fn redirect(world: &World, fault: &Fault) -> Response {
    let status = StatusCode::from_u16(fault.status.unwrap_or(302)).unwrap_or(StatusCode::FOUND);
    let elsewhere = format!("{}/_sandbox/elsewhere", world.origin);
    let to = fault.to.clone().unwrap_or(elsewhere);
    // Anything else is no address that a header can hold.
    let to = HeaderValue::try_from(to).unwrap_or(HeaderValue::from_static("/_sandbox/elsewhere"));
    (status, [(LOCATION, to)]).into_response()
}

fn beatapi(world: &World, code: &str, message: &str, retryable: bool) -> Value {
    let request_id = world.ids.named("req");
    let mut error = json!({"code": code, "message": message, "request_id": request_id});
    if !world.settings.beatapi_contract.is_launch() {
        error["retryable"] = retryable.into();
    }
    json!({"error": error})
}

/// A business code, with its status where the sandbox gives these.
fn jogg(world: &World, status: StatusCode, code: u32, msg: &str) -> (StatusCode, Value) {
    let status = if world.settings.jogg_statuses { status } else { StatusCode::OK };
    (status, json!({"code": code, "msg": msg, "data": null}))
}

/// An answer with another body.
async fn replaced(answer: Response, change: impl FnOnce(Bytes) -> Bytes) -> Response {
    let (mut head, body) = answer.into_parts();
    head.headers.remove(CONTENT_LENGTH);
    Response::from_parts(head, Body::from(change(whole(body).await)))
}

/// A body with its values written in another way, if it is JSON.
fn rewritten(body: Bytes, kind: FaultKind) -> Bytes {
    let Ok(mut json) = serde_json::from_slice(&body) else { return body };
    record::rewrite(&mut json, kind);
    json.to_string().into()
}

/// The body of an answer, which a handler made out of memory.
async fn whole(body: Body) -> Bytes {
    to_bytes(body, usize::MAX).await.unwrap_or_default()
}

/// An answer whose connection breaks in its body, or behind it where it is shorter. No other may
/// come on that connection, which would be cut in its place.
async fn cut(answer: Response, connection: &Connection, most: usize) -> Response {
    let (mut head, body) = answer.into_parts();
    let bytes = whole(body).await;
    head.headers.insert(CONNECTION, HeaderValue::from_static("close"));
    connection.reset_in_body(most.min(bytes.len()));
    Response::from_parts(head, Body::from(bytes))
}

/// An answer that states its whole length and gives a part of its body.
async fn stalled(answer: Response, most: usize) -> Response {
    let (mut head, body) = answer.into_parts();
    let bytes = whole(body).await;
    head.headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    let part = bytes.slice(..most.min(bytes.len()));
    let parts = stream::unfold(Some(part), async |part| match part {
        Some(part) => Some((Ok::<_, std::convert::Infallible>(part), None)),
        None => std::future::pending().await,
    });
    Response::from_parts(head, Body::from_stream(parts))
}

/// An answer that comes in pieces, one each second.
async fn slowed(answer: Response, exchange: &Exchange, each: usize) -> Response {
    let (mut head, body) = answer.into_parts();
    let bytes = whole(body).await;
    head.headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    let world = std::sync::Arc::clone(&exchange.world);
    let parts = stream::unfold((bytes, world), move |(mut rest, world)| async move {
        if rest.is_empty() {
            return None;
        }
        world.clock.sleep_until(world.now().plus(Duration::from_secs(1))).await;
        let part = rest.split_to(each.max(1).min(rest.len()));
        Some((Ok::<_, std::convert::Infallible>(part), (rest, world)))
    });
    Response::from_parts(head, Body::from_stream(parts))
}
