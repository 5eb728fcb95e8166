//! From a link to what it leads to.

use std::time::Duration;

use reqwest::Response;
use reqwest::header::{HeaderMap, LOCATION};
use url::Url;

use crate::error::Error;
use crate::transport::{Links, Transport};

/// How many redirects are followed.
const MOST_REDIRECTS: usize = 5;

/// Why there is no answer.
pub(super) enum Astray {
    /// It is none, or leads where none may lead: the same link will not do.
    Forbidden(Error),
    NoAddress,
    Redirects,
    Late,
    Lost(reqwest::Error),
}

/// Asks for what a link leads to. Each redirect is checked like the link itself, and none is told
/// where it was found: a link may be as good as a key.
pub(super) async fn follow(
    transport: &Transport,
    link: &str,
    headers: &HeaderMap,
    timeout: Duration,
) -> Result<Response, Astray> {
    let mut url = Url::parse(link).map_err(|_| Astray::NoAddress)?;
    for _ in 0..=MOST_REDIRECTS {
        let http = transport.links().reach(&url).map_err(Astray::Forbidden)?;
        let sent = http.get(url.clone()).headers(headers.clone()).send();
        let sent = tokio::time::timeout(timeout, sent).await.map_err(|_| Astray::Late)?;
        let response = sent.map_err(|error| match Links::refusal(&error) {
            Some(refusal) => Astray::Forbidden(refusal),
            None => Astray::Lost(error),
        })?;
        match next(&url, &response) {
            Some(next) => url = next,
            None => return Ok(response),
        }
    }
    Err(Astray::Redirects)
}

/// Where an answer leads to, if it leads anywhere.
fn next(url: &Url, response: &Response) -> Option<Url> {
    let is_redirect = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
    let location = response.headers().get(LOCATION).filter(|_| is_redirect)?;
    url.join(location.to_str().ok()?).ok()
}
