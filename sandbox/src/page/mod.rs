//! The page at `/_sandbox/`: what came in, what is made of it, and what it cost, for people.
//!
//! The server writes all of it and it works without a script. `live.js` asks for it again each
//! second and puts in the parts that have changed, so that a player goes on playing.

mod actions;
mod events;
mod head;
mod jobs;
mod panels;
mod words;

use std::borrow::Cow;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use maud::{DOCTYPE, Markup, html};
use serde_json::{Map, Value};

use super::clock::Moment;
use super::excerpt::{cut, shown};
use super::ids::{digest, hex};
use super::world::World;
use super::{body, control, media, studio};
use crate::provider::Provider;

pub(super) use self::actions::Notices;

pub(super) const PATH: &str = "/_sandbox/";

/// How many requests, deliveries, faults and accounts are shown, and of a job how many events: the
/// newest. With what is shown of each text it bounds the page.
const MOST_ROWS: usize = 60;

/// How much is shown of a name, an address or a reason, and how much of a request's body.
const MOST_TEXT_CHARS: usize = 200;
const MOST_BODY_CHARS: usize = 1_000;

/// Nothing but what the sandbox itself hands out is loaded, and nothing runs that stands in the
/// page, should a text ever get past the escaping.
const POLICY: &str = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'self'; \
    script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'";

pub(super) fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/", get(to_page))
        .route("/_sandbox", get(to_page))
        .route(PATH, get(page))
        .route("/_sandbox/page/page.css", get(style))
        .route("/_sandbox/page/live.js", get(script))
        .route("/_sandbox/page/icon.svg", get(icon))
        .route("/_sandbox/page/files/{*path}", get(file))
        .route("/_sandbox/page/arm", post(actions::arm))
        .route("/_sandbox/page/disarm", post(actions::disarm))
        .route("/_sandbox/page/advance", post(actions::advance))
}

async fn to_page() -> Redirect {
    Redirect::to(PATH)
}

async fn style() -> Response {
    text("text/css; charset=utf-8", include_str!("page.css"))
}

async fn script() -> Response {
    text("text/javascript; charset=utf-8", include_str!("live.js"))
}

async fn icon() -> Response {
    text("image/svg+xml", include_str!("icon.svg"))
}

fn text(media_type: &'static str, text: &'static str) -> Response {
    ([(CONTENT_TYPE, media_type), (CACHE_CONTROL, "no-cache")], text).into_response()
}

/// A file for the page: without faults, which are for clients, and not taken down as a request.
async fn file(
    State(world): State<Arc<World>>,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Response {
    match studio::open(&world, &path).await {
        Ok(Some(asset)) => {
            ([(X_CONTENT_TYPE_OPTIONS, "nosniff")], media::serve(&asset, &headers)).into_response()
        }
        Ok(None) => control::refusal(StatusCode::NOT_FOUND, "there is no such file"),
        Err(reason) => control::refusal(StatusCode::INTERNAL_SERVER_ERROR, &reason),
    }
}

/// The address of a file for the page.
fn file_address(path: &str) -> String {
    format!("/_sandbox/page/files/{path}")
}

/// The address of the page with one job alone.
fn job_address(id: &str) -> String {
    format!("{PATH}?job={id}")
}

/// What is shown of a text that may be long.
fn short(text: &str) -> Cow<'_, str> {
    shown(text, MOST_TEXT_CHARS)
}

/// How many there are, where not all of them are shown.
fn total(all: usize) -> Markup {
    html! { @if all > MOST_ROWS { small { "the newest " (MOST_ROWS) " of " (all) } } }
}

fn badge(name: &'static str) -> Markup {
    let provider: Option<Provider> = name.parse().ok();
    let shown = provider.map_or(name, Provider::display_name);
    html! { span class={ "provider " (name) } { (shown) } }
}

/// The part of the sandbox that a page shows.
struct View {
    world: Arc<World>,
    now: Moment,
    provider: Option<Provider>,
    job: Option<String>,
    /// From 1.
    page: usize,
    /// What went wrong with the form that was sent last.
    notice: Option<String>,
}

impl View {
    fn new(world: Arc<World>, query: &Map<String, Value>) -> Self {
        let given = |name: &str| query.get(name).and_then(Value::as_str).filter(|v| !v.is_empty());
        Self {
            now: world.now(),
            provider: given("provider").and_then(|name| name.parse().ok()),
            job: given("job").map(|job| cut(job, MOST_TEXT_CHARS).to_owned()),
            page: given("page").and_then(|page| page.parse().ok()).unwrap_or(1).max(1),
            notice: given("notice").and_then(|number| world.notices.get(number.parse().ok()?)),
            world,
        }
    }

    /// Whether something of this provider, and of this job if it belongs to one, is looked at.
    fn shows(&self, provider: Option<&str>, job: Option<&str>) -> bool {
        (self.provider.is_none() || self.provider.map(Provider::as_str) == provider)
            && (self.job.is_none() || self.job.as_deref() == job)
    }

    /// The address of this page with another part of the jobs.
    fn address(&self, page: usize) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        if let Some(provider) = self.provider {
            query.append_pair("provider", provider.as_str());
        }
        if let Some(job) = &self.job {
            query.append_pair("job", job);
        }
        if page > 1 {
            query.append_pair("page", &page.to_string());
        }
        let query = query.finish();
        if query.is_empty() { PATH.to_owned() } else { format!("{PATH}?{query}") }
    }
}

async fn page(State(world): State<Arc<World>>, request: Request) -> Response {
    let view = View::new(world, &body::query(&request));
    let parts = html! {
        (head::numbers(&view))
        main {
            (head::notice(&view))
            (jobs::jobs(&view))
            aside {
                (panels::faults(&view))
                (panels::credits(&view))
            }
            (panels::webhooks(&view))
            (panels::requests(&view))
        }
    };
    // The time is not part of it: it runs in the page by itself, unless somebody moves it.
    let moved = view.world.clock.advanced_millis().to_le_bytes();
    let etag = format!("\"{}\"", hex(&digest(&[parts.0.as_bytes(), &moved])));
    let headers = [
        (ETAG, etag.as_str()),
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Another site gets no referrer, and the page's own forms still say where they are from.
        (REFERRER_POLICY, "same-origin"),
    ];
    if request.headers().get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes())
    {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    let page = document(&view, &parts).0;
    (headers, [(CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
}

fn document(view: &View, parts: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "adreel sandbox" }
                link rel="icon" type="image/svg+xml" href="/_sandbox/page/icon.svg";
                link rel="stylesheet" href="/_sandbox/page/page.css";
                script src="/_sandbox/page/live.js" defer {}
                noscript { meta http-equiv="refresh" content="5"; }
            }
            body {
                (head::head(view))
                (parts)
            }
        }
    }
}
