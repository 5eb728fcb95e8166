//! Where an account is: its name, and the address that keeps a sandbox and the real service apart.

use url::Url;

use super::HttpConfig;
use super::ip::is_loopback;
use crate::address;
use crate::error::{Error, Result};

/// The longest name of an account. Names stand in handles, which have to stay short.
const NAME_MAX_CHARS: usize = 64;

pub(crate) fn check_name(name: &str) -> Result<()> {
    let is_plain = !name.trim().is_empty() && !name.chars().any(char::is_control);
    if is_plain && name.chars().count() <= NAME_MAX_CHARS {
        return Ok(());
    }
    let message =
        format!("{name:?} is no name of an account: use 1 to {NAME_MAX_CHARS} characters");
    Err(Error::invalid("account", message))
}

/// The longest realm. It stands in handles.
const REALM_MAX_CHARS: usize = 200;

/// The address without a trailing slash, which the generated client would double, and its realm:
/// the origin, and the path where it is not that of the provider's own address.
pub(crate) fn check_base_url(text: &str, own: &str) -> Result<(String, String)> {
    let url = address::web("base_url", text)?;
    if url.query().is_some() || url.fragment().is_some() {
        let message = "it has a query or a #: write https://host or http://host:port";
        return Err(Error::invalid("base_url", message));
    }
    if cfg!(not(feature = "rustls-no-provider")) && url.scheme() == "https" {
        let message = "adreel was built without the feature rustls, so https cannot be spoken";
        return Err(Error::invalid("base_url", message));
    }
    let path_of = |url: &Url| url.path().trim_end_matches('/').to_owned();
    let (path, own) = (path_of(&url), Url::parse(own).map(|own| path_of(&own)));
    let path = if own.is_ok_and(|own| own == path) { String::new() } else { path };
    let realm = format!("{}{path}", url.origin().ascii_serialization());
    if realm.len() > REALM_MAX_CHARS {
        let message = format!("it is too long: at most {REALM_MAX_CHARS} characters are taken");
        return Err(Error::invalid("base_url", message));
    }
    Ok((url.as_str().trim_end_matches('/').to_owned(), realm))
}

/// Keys do not go over a network in plain text, unless somebody says so.
pub(crate) fn check_plain_http(base: &Url, http: &HttpConfig) -> Result<()> {
    if base.scheme() == "https" || is_loopback(base) || http.allow_plain_http {
        return Ok(());
    }
    let message = "it is plain http to another machine, so the keys could be read on the way: use \
                   https, or allow it with HttpConfig::allow_plain_http (--allow-plain-http)";
    Err(Error::invalid("base_url", message))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "https://api.beatapi.io";

    fn realm(text: &str) -> String {
        check_base_url(text, OWN).unwrap().1
    }

    #[test]
    fn an_address_gives_its_realm_and_loses_its_last_slash() {
        let (base, realm) = check_base_url("http://127.0.0.1:80/gateway/", OWN).unwrap();
        assert_eq!((&*base, &*realm), ("http://127.0.0.1/gateway", "http://127.0.0.1/gateway"));
        for text in [
            "",
            "api.example",
            "ftp://x.example",
            "http://x.example?k=v",
            "http://x.example/#k",
            "http://a:b@c",
            &format!("http://x.example/{}", "x".repeat(200)),
        ] {
            let error = check_base_url(text, OWN).unwrap_err();
            assert_eq!(error.field(), Some("base_url"), "{text}");
        }
        let error = check_base_url("http://me:hunter2@x.example", OWN).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }

    #[test]
    fn plain_http_is_for_loopback_unless_it_is_allowed() {
        let default = HttpConfig::default;
        let refused = |text: &str, http: &HttpConfig| {
            let error = check_plain_http(&Url::parse(text).unwrap(), http).err();
            error.is_some_and(|error| error.field() == Some("base_url"))
        };
        for text in ["http://gate.example", "http://10.0.0.1:8080/x", "http://localhost.example"] {
            assert!(refused(text, &default()), "{text}");
            assert!(!refused(text, &default().allow_plain_http()), "{text}");
        }
        for text in ["http://127.0.0.1:9", "http://[::1]/", "http://localhost", "https://10.0.0.1"]
        {
            assert!(!refused(text, &default()), "{text}");
        }
    }

    #[test]
    fn paths_tell_realms_apart_and_ordinary_ones_stay_as_they_were() {
        assert_eq!(realm(OWN), OWN);
        for text in ["http://127.0.0.1:8080", "http://127.0.0.1:8080/", "http://127.0.0.1:8080//"] {
            assert_eq!(realm(text), "http://127.0.0.1:8080");
        }
        assert_eq!(realm("HTTPS://Gate.example:443/EU/"), "https://gate.example/EU");
        assert_ne!(realm("https://gate.example/eu"), realm("https://gate.example/us"));
        assert_eq!(realm("https://gate.example/us/../eu"), realm("https://gate.example/eu"));
        // A provider whose own address has a path has it nowhere else.
        let own = "https://api.example/v1";
        assert_eq!(check_base_url("http://127.0.0.1:9/v1/", own).unwrap().1, "http://127.0.0.1:9");
        assert_eq!(check_base_url("http://127.0.0.1:9", own).unwrap().1, "http://127.0.0.1:9");
    }
}
