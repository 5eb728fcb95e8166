//! The port: one router for all providers, and what guards it.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::{HOST, ORIGIN};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use tower_service::Service as _;
use url::Url;

use super::inflow::{self, Inflow};
use super::instance::Instance;
use super::intercept::intercept;
use super::outflow::{self, Outflow};
use super::world::World;
use super::{beatapi, body, control, creatify, fetch, jogg, page};

/// Handlers have closer limits of their own; this one is above all of them.
const MOST_BODY_BYTES: usize = 110_000_000;

/// The part that a reset leaves alone: the guards, and the route of the reset itself.
pub(super) fn router(instance: &Arc<Instance>) -> Router {
    Router::new()
        .route("/_sandbox/reset", post(reset))
        .fallback(serve)
        .layer(from_fn_with_state(Arc::<Inflow>::default(), inflow::bounded))
        .layer(from_fn_with_state(Outflow::default(), outflow::bounded))
        .layer(from_fn(guard))
        .with_state(Arc::clone(instance))
}

/// The three services and the control routes, for one world.
pub(super) fn services(world: &Arc<World>) -> Router {
    Router::new()
        .merge(beatapi::routes(world))
        .merge(creatify::routes(world))
        .merge(jogg::routes(world))
        .merge(control::routes(world))
        .fallback(control::not_found)
        .layer(DefaultBodyLimit::max(MOST_BODY_BYTES))
        .layer(from_fn_with_state(Arc::clone(world), intercept))
}

/// Begins anew. The page asks with a form, and is led back to itself.
async fn reset(State(instance): State<Arc<Instance>>, headers: HeaderMap) -> Response {
    instance.reset();
    match body::media_type(&headers).as_str() {
        "application/x-www-form-urlencoded" => Redirect::to(page::PATH).into_response(),
        _ => StatusCode::NO_CONTENT.into_response(),
    }
}

/// Hands a request to the present world. A router is always ready, and never fails.
async fn serve(State(instance): State<Arc<Instance>>, request: Request) -> Response {
    let Ok(response) = instance.router().call(request).await;
    response
}

/// Lets in only requests that call this machine by a name of its own, and marks every answer.
///
/// A page in a browser can make its own name point here and then read what it likes; its requests
/// still carry that name.
async fn guard(request: Request, next: Next) -> Response {
    let mut response = if !is_for_loopback(request.uri(), request.headers()) {
        let text = "the Host header must name this machine: use localhost or 127.0.0.1";
        control::refusal(StatusCode::MISDIRECTED_REQUEST, text)
    } else if !is_from_loopback(request.headers()) {
        let text = "another site's page may not send anything here";
        control::refusal(StatusCode::FORBIDDEN, text)
    } else if is_read_by_another_site(request.uri(), request.headers()) {
        let text = "another site's page may not read this: open it at its own address";
        control::refusal(StatusCode::FORBIDDEN, text)
    } else {
        next.run(request).await
    };
    response.headers_mut().insert("x-sandbox", HeaderValue::from_static("1"));
    response
}

fn is_for_loopback(uri: &Uri, headers: &HeaderMap) -> bool {
    let is_loopback = |authority: &str| {
        let url = Url::parse(&format!("http://{authority}/"));
        let is_authority = authority.parse::<Authority>().is_ok();
        is_authority && url.is_ok_and(|url| fetch::is_loopback(&url))
    };
    let hosts = headers.get_all(HOST).iter().map(|host| host.to_str().unwrap_or_default());
    let target = uri.authority().map(Authority::as_str);
    let mut named = hosts.chain(target).peekable();
    named.peek().is_some() && named.all(is_loopback)
}

/// A browser lets any page send a form anywhere, and says in `Origin` whose page it is.
fn is_from_loopback(headers: &HeaderMap) -> bool {
    headers.get_all(ORIGIN).iter().all(|origin| {
        let url = origin.to_str().ok().and_then(|origin| Url::parse(origin).ok());
        url.is_some_and(|url| fetch::is_loopback(&url))
    })
}

/// A browser also says where a request is from that only reads. What an `Origin` comes with was
/// looked at by that. Files are for everybody, since a shop's page shows its videos.
fn is_read_by_another_site(uri: &Uri, headers: &HeaderMap) -> bool {
    let is_foreign = |site: &HeaderValue| site.as_bytes().eq_ignore_ascii_case(b"cross-site");
    uri.path().starts_with("/_sandbox")
        && !headers.contains_key(ORIGIN)
        && headers.get_all("sec-fetch-site").iter().any(is_foreign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_let_in() {
        let passes = |host: &str, uri: &str| {
            let mut headers = HeaderMap::new();
            if !host.is_empty() {
                headers.insert(HOST, host.parse().unwrap());
            }
            is_for_loopback(&uri.parse().unwrap(), &headers)
        };
        for host in ["127.0.0.1:80", "localhost:8080", "[::1]:80", "LOCALHOST", "127.0.0.9"] {
            assert!(passes(host, "/"), "{host}");
        }
        for host in
            ["", "example.com", "localhost.evil.example", "10.0.0.1", "localhost@evil.example"]
        {
            assert!(!passes(host, "/"), "{host}");
        }
        assert!(!passes("localhost", "http://evil.example/"));
    }

    #[test]
    fn only_pages_of_this_machine_may_send() {
        let passes = |origin: &str| {
            let headers = HeaderMap::from_iter([(ORIGIN, origin.parse().unwrap())]);
            is_from_loopback(&headers)
        };
        assert!(is_from_loopback(&HeaderMap::new()), "a program says nothing");
        assert!(passes("http://127.0.0.1:8080") && passes("http://localhost:3000"));
        for origin in ["https://evil.example", "null", "", "http://localhost.evil.example"] {
            assert!(!passes(origin), "{origin}");
        }
    }

    #[test]
    fn another_sites_page_reads_files_and_nothing_else() {
        let is_refused = |path: &str, site: &str, origin: &str| {
            let mut headers = HeaderMap::new();
            for (name, value) in [("sec-fetch-site", site), ("origin", origin)] {
                if !value.is_empty() {
                    headers.insert(name, value.parse().unwrap());
                }
            }
            is_read_by_another_site(&path.parse().unwrap(), &headers)
        };
        for path in ["/_sandbox/", "/_sandbox/ledger", "/_sandbox/page/files/a.mp4", "/_sandbox"] {
            assert!(is_refused(path, "cross-site", "") && is_refused(path, "Cross-Site", ""));
            for site in ["", "none", "same-origin", "same-site"] {
                assert!(!is_refused(path, site, ""), "{path} {site}");
            }
            assert!(!is_refused(path, "cross-site", "http://localhost:3000"), "{path}");
        }
        assert!(!is_refused("/media/a.mp4", "cross-site", ""));
    }
}
