//! Which HTTP client makes a connection depends on where it leads.
//!
//! Plain http needs no root certificates, so a machine that has none can speak it. Reading them takes
//! longer than anything else in making a client, so those that have them are made when they are
//! first needed. No proxy of the environment stands between us and this machine. And where no proxy
//! looks names up, it can be seen to that a link leads to no private address.

use std::error::Error as _;
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::dns::{Name, Resolve, Resolving};
use url::Url;

use super::HttpConfig;
use super::ip::{is_loopback, is_private, is_public};
use crate::error::{Error, ErrorKind, Result};

/// The clients of one account for one purpose.
pub(crate) struct Clients {
    config: HttpConfig,
    purpose: Purpose,
    /// The proxies of the environment and the system.
    system: Matcher,
    plain: reqwest::Client,
    /// By how they connect, without [`Way::PLAIN`].
    made: [OnceLock<reqwest::Client>; 4],
}

/// What connections are made for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Calls, with the account's own headers.
    Calls,
    /// Whatever a provider's links lead to.
    Links {
        /// Names have to lead to public addresses.
        is_public_only: bool,
    },
}

/// How a connection is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Way {
    pub(crate) is_proxied: bool,
    /// Whether it trusts the system's root certificates.
    pub(crate) has_roots: bool,
}

impl Way {
    const PLAIN: Self = Self { is_proxied: false, has_roots: false };

    fn index(self) -> usize {
        usize::from(self.is_proxied) << 1 | usize::from(self.has_roots)
    }
}

impl Clients {
    /// Makes the one for plain http alone.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] for a setting that is none.
    pub(crate) fn new(config: &HttpConfig, purpose: Purpose) -> Result<Self> {
        if config.proxy.is_some() {
            // This only shows whether its address is one.
            config.client(purpose, Way { is_proxied: true, ..Way::PLAIN })?;
        }
        Ok(Self {
            plain: config.client(purpose, Way::PLAIN)?,
            config: config.clone(),
            purpose,
            system: Matcher::from_system(),
            made: Default::default(),
        })
    }

    /// The one that is always there: to put requests together.
    pub(crate) fn plain(&self) -> &reqwest::Client {
        &self.plain
    }

    /// The one to reach an address with.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] for https where no root certificates can be loaded.
    pub(crate) fn reach(&self, url: &Url) -> Result<&reqwest::Client> {
        let way = self.way(url);
        if way == Way::PLAIN {
            return Ok(&self.plain);
        }
        let place = &self.made[way.index()];
        if let Some(made) = place.get() {
            return Ok(made);
        }
        let made = self.config.client(self.purpose, way)?;
        Ok(place.get_or_init(|| made))
    }

    fn way(&self, url: &Url) -> Way {
        let proxy = match &self.config.proxy {
            Some(proxy) => Some(proxy.starts_with("https")),
            None if is_loopback(url) => None,
            None => {
                let found = url.as_str().parse().ok().and_then(|url| self.system.intercept(&url));
                found.map(|proxy| proxy.uri().scheme_str() == Some("https"))
            }
        };
        let has_roots = url.scheme() == "https" || proxy == Some(true);
        Way { is_proxied: proxy.is_some(), has_roots }
    }
}

/// The variables that should name a proxy and do not.
pub(super) fn unreadable_proxies() -> Vec<&'static str> {
    let names =
        [["HTTPS_PROXY", "https_proxy"], ["HTTP_PROXY", "http_proxy"], ["ALL_PROXY", "all_proxy"]];
    let set = |name: &&'static str| std::env::var_os(name).map(|value| (*name, value));
    let first = names.iter().filter_map(|names| names.iter().find_map(set));
    first.filter(|(_, value)| !is_proxy(value)).map(|(name, _)| name).collect()
}

/// An empty one is said to be none.
fn is_proxy(value: &std::ffi::OsStr) -> bool {
    let anywhere = http::Uri::from_static("https://host.example/");
    value.to_str().is_some_and(|text| {
        text.is_empty() || Matcher::builder().all(text).build().intercept(&anywhere).is_some()
    })
}

/// The way to whatever a provider's links lead to. A link is a provider's claim, and so is a
/// redirect behind it: an account that is reached by https is not led to plain http, nor to an
/// address that only this machine's network has, unless its settings allow that.
pub(crate) struct Links {
    clients: Clients,
    is_https_only: bool,
    is_public_only: bool,
}

impl Links {
    /// The links of an account whose provider is at `base`.
    pub(crate) fn new(config: &HttpConfig, base: &Url) -> Result<Self> {
        let is_https = base.scheme() == "https";
        let is_public_only = is_https && !config.allow_private_links;
        Ok(Self {
            clients: Clients::new(config, Purpose::Links { is_public_only })?,
            is_https_only: is_https && !config.allow_plain_http,
            is_public_only,
        })
    }

    /// The client to reach a link with. It follows no redirect: each is a link of its own.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] for a link that leads where none may;
    /// [`ErrorKind::Io`] for https where no root certificates can be loaded.
    pub(crate) fn reach(&self, url: &Url) -> Result<&reqwest::Client> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Error::new(ErrorKind::Unavailable, "the link is no web address"));
        }
        if self.is_https_only && url.scheme() == "http" {
            let message = "the link leads to plain http, although the provider is reached by https; \
                           HttpConfig::allow_plain_http takes it";
            return Err(Error::new(ErrorKind::Unavailable, message));
        }
        if self.is_public_only && is_private(url) {
            return Err(private_link());
        }
        self.clients.reach(url)
    }

    /// Why a link was not reached, where that is because its name has private addresses alone.
    pub(crate) fn refusal(error: &reqwest::Error) -> Option<Error> {
        let mut cause = error.source();
        while let Some(error) = cause {
            if error.is::<NotPublic>() {
                return Some(private_link());
            }
            cause = error.source();
        }
        None
    }
}

fn private_link() -> Error {
    let message = "the link leads to a private address; HttpConfig::allow_private_links takes it";
    Error::new(ErrorKind::Unavailable, message)
}

/// Looks names up and gives their public addresses alone, so that what was checked is what is
/// connected to.
pub(crate) struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|found| is_public(found.ip())).collect();
            if public.is_empty() {
                return Err(NotPublic.into());
            }
            let addresses: reqwest::dns::Addrs = Box::new(public.into_iter());
            Ok(addresses)
        })
    }
}

impl PublicOnly {
    pub(crate) fn shared() -> Arc<dyn Resolve> {
        Arc::new(Self)
    }
}

/// A name has no public address.
#[derive(Debug)]
struct NotPublic;

impl fmt::Display for NotPublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name has no public address")
    }
}

impl std::error::Error for NotPublic {}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn a_proxy_of_the_environment_is_not_for_loopback_and_one_that_was_set_is_for_all() {
        let with = |config: HttpConfig| Clients {
            system: Matcher::builder().all("http://proxy.example:3128").build(),
            ..Clients::new(&config, Purpose::Calls).unwrap()
        };
        let own = with(HttpConfig::default().proxy("http://other.example:1"));
        let found = with(HttpConfig::default());
        for host in ["localhost", "127.0.0.1:8080", "127.9.9.9", "[::1]:1"] {
            let plain = url(&format!("http://{host}/"));
            assert_eq!(found.way(&plain), Way::PLAIN);
            assert!(own.way(&plain).is_proxied);
            let https = url(&format!("https://{host}/"));
            assert_eq!(found.way(&https), Way { is_proxied: false, has_roots: true });
        }
        for host in ["api.example", "10.0.0.1", "localhost.example"] {
            assert!(found.way(&url(&format!("http://{host}/"))).is_proxied, "{host}");
        }
        // A proxy that is reached by https needs certificates for plain http, too.
        let own = with(HttpConfig::default().proxy("https://other.example:1"));
        assert!(own.way(&url("http://api.example/")).has_roots);
    }

    #[test]
    fn what_is_no_proxy_is_seen() {
        for text in
            ["", "http://proxy.example:3128", "proxy.example:3128", "https://u:p@proxy.example"]
        {
            assert!(is_proxy(text.as_ref()), "{text}");
        }
        for text in
            ["http://proxy.example:3128\r", "htp://proxy.example", "http://", " ", "proxy host:1"]
        {
            assert!(!is_proxy(text.as_ref()), "{text}");
        }
    }

    #[test]
    fn links_of_an_https_account_are_public_and_https_unless_it_says_so() {
        let links = |base: &str, config: HttpConfig| Links::new(&config, &url(base)).unwrap();
        let is_taken = |links: &Links, text: &str| {
            let refused = links.reach(&url(text)).err();
            refused.is_none_or(|error| error.kind() == ErrorKind::Io)
        };
        let (default, own) = (HttpConfig::default, "https://api.example");
        let strict = links(own, default());
        for text in ["https://cdn.example/v.mp4", "https://8.8.8.8/v.mp4"] {
            assert!(is_taken(&strict, text), "{text}");
        }
        let private = ["https://127.0.0.1/", "https://192.168.0.7/", "https://[fd00::1]/"];
        for text in private.iter().chain(&["http://cdn.example/", "ftp://cdn.example/", "data:,x"])
        {
            assert!(!is_taken(&strict, text), "{text}");
        }
        let private_too = links(own, default().allow_private_links());
        assert!(private.iter().all(|text| is_taken(&private_too, text)));
        assert!(!is_taken(&private_too, "http://127.0.0.1/"));
        let plain_too = links(own, default().allow_plain_http());
        assert!(is_taken(&plain_too, "http://cdn.example/"));
        assert!(!is_taken(&plain_too, "http://127.0.0.1/"));
        let plain = links("http://127.0.0.1:8080", default());
        for text in ["http://127.0.0.1/", "http://cdn.example/", "https://10.0.0.1/"] {
            assert!(is_taken(&plain, text), "{text}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_to_private_addresses_alone_leads_nowhere() {
        let links = Links::new(&HttpConfig::default(), &url("https://api.example")).unwrap();
        // It is refused by its name already; here the resolver is asked.
        let plain = links.clients.plain().get("http://localhost:9/").send().await.unwrap_err();
        assert!(Links::refusal(&plain).is_some(), "{plain:?}");
    }
}
