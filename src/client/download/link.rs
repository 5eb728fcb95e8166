//! From a link to what it leads to.

use std::borrow::Cow;
use std::time::Duration;

use reqwest::Response;
use reqwest::header::{HeaderMap, LOCATION};
use url::Url;

use crate::account::Links;
use crate::error::Error;
use crate::transport::Transport;

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

/// Asks for what a link leads to, and says where that was. Each redirect is checked like the link
/// itself, and none gets a `Referer`: a link may be as good as a key.
pub(super) async fn follow(
    transport: &Transport,
    link: &str,
    headers: &HeaderMap,
    timeout: Duration,
) -> Result<(Response, Url), Astray> {
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
            None => return Ok((response, url)),
        }
    }
    Err(Astray::Redirects)
}

/// Where an answer leads to, if it leads anywhere.
fn next(url: &Url, response: &Response) -> Option<Url> {
    let is_redirect = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
    let location = response.headers().get(LOCATION).filter(|_| is_redirect)?;
    url.join(&text_of(location.as_bytes())).ok()
}

/// The text of a `Location`. It should be ASCII; some servers write names as they are, in UTF-8 or in
/// an encoding that is not named, of which each byte is kept.
fn text_of(location: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(location) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(location.iter().copied().map(escaped).collect()),
    }
}

fn escaped(byte: u8) -> String {
    if byte.is_ascii() { char::from(byte).to_string() } else { format!("%{byte:02X}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_no_ascii_are_followed_as_they_are() {
        let at = Url::parse("https://a.example/x/v.mp4").unwrap();
        let joined = |location: &[u8]| at.join(&text_of(location)).unwrap().to_string();
        assert_eq!(joined("/café.mp4?q=é".as_bytes()), "https://a.example/caf%C3%A9.mp4?q=%C3%A9");
        assert_eq!(joined(b"/caf\xe9 a%20b.mp4"), "https://a.example/caf%E9%20a%20b.mp4");
        assert_eq!(joined(b"y/\xff.mp4"), "https://a.example/x/y/%FF.mp4");
        assert_eq!(joined(b"//b.example/v.mp4?sig=a%2Fb"), "https://b.example/v.mp4?sig=a%2Fb");
    }
}
