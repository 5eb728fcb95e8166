//! How connections are made.

use std::time::Duration;

use reqwest::header::{ACCEPT_ENCODING, HeaderMap, HeaderValue};
use reqwest::redirect;

#[cfg(any(test, feature = "sandbox"))]
use super::http_clients::Clients;
use super::http_clients::{PublicOnly, Purpose, Way, unreadable_proxies};
use crate::error::{Error, ErrorKind, Result};

const USER_AGENT: &str = concat!("adreel/", env!("CARGO_PKG_VERSION"));

/// How connections are made. The default suits most: system proxy and roots, 10 s to connect.
#[derive(Clone)]
#[non_exhaustive]
pub struct HttpConfig {
    connect_timeout: Duration,
    idle_per_host: usize,
    pub(crate) proxy: Option<String>,
    root_certificates: Vec<Vec<u8>>,
    client_identity: Option<ClientIdentity>,
    headers: Vec<(String, String)>,
    pub(crate) allow_plain_http: bool,
    pub(crate) allow_private_links: bool,
}

#[derive(Clone)]
struct ClientIdentity {
    certificate_chain: Vec<Vec<u8>>,
    private_key: Vec<u8>,
}

/// A proxy's address and headers may hold passwords, so neither is shown.
impl std::fmt::Debug for HttpConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpConfig")
            .field("connect_timeout", &self.connect_timeout)
            .field("idle_per_host", &self.idle_per_host)
            .field("has_proxy", &self.proxy.is_some())
            .field("root_certificates", &self.root_certificates.len())
            .field("has_client_identity", &self.client_identity.is_some())
            .field("headers", &self.headers.len())
            .field("allow_plain_http", &self.allow_plain_http)
            .field("allow_private_links", &self.allow_private_links)
            .finish()
    }
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            idle_per_host: 8,
            proxy: None,
            root_certificates: Vec::new(),
            client_identity: None,
            headers: Vec::new(),
            allow_plain_http: false,
            allow_private_links: false,
        }
    }
}

impl HttpConfig {
    /// How long a connection may take to be made. Default: 10 s.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How many idle connections to keep for each host. Default: 8.
    #[must_use]
    pub fn idle_per_host(mut self, connections: usize) -> Self {
        self.idle_per_host = connections;
        self
    }

    /// A proxy for all connections, such as `http://proxy.example:3128`. Default: the system's, which
    /// loopback is reached without.
    #[must_use]
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = Some(url.into());
        self
    }

    /// The environment's variables, such as `HTTPS_PROXY`, that should name a proxy and do not, so that
    /// they are passed over.
    pub fn unreadable_proxies() -> Vec<&'static str> {
        unreadable_proxies()
    }

    /// A root certificate (DER) to trust besides the system's.
    #[must_use]
    pub fn root_certificate(mut self, der: impl Into<Vec<u8>>) -> Self {
        self.root_certificates.push(der.into());
        self
    }

    /// A certificate chain and its private key (all DER; PKCS #8, SEC1 or PKCS #1) to show to
    /// servers and proxies that ask for one.
    #[must_use]
    pub fn client_identity(mut self, chain: Vec<Vec<u8>>, private_key: Vec<u8>) -> Self {
        self.client_identity = Some(ClientIdentity { certificate_chain: chain, private_key });
        self
    }

    /// A header to send with every API call.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Lets the account be reached by plain http at another host than this machine's loopback, and
    /// lets its links lead to plain http. Whoever is on the way can read the keys and the films, and
    /// change them. Default: refused.
    #[must_use]
    pub fn allow_plain_http(mut self) -> Self {
        self.allow_plain_http = true;
        self
    }

    /// Lets the links of an account that is reached by https lead to private addresses: loopback,
    /// this network's, reserved ones. For a provider behind a gateway, or a test server with a
    /// certificate. Default: refused, since a link is a provider's claim.
    ///
    /// Links of an account that is reached by plain http may lead anywhere. Where a proxy looks the
    /// names of hosts up, only addresses that are written out can be told.
    #[must_use]
    pub fn allow_private_links(mut self) -> Self {
        self.allow_private_links = true;
        self
    }

    /// A client that follows no redirect, since one would carry the keys along and might send a paid
    /// POST again, never sends anything a second time by itself, and tells no host by which link it
    /// was found. It unpacks nothing, whatever features of the HTTP client the rest of the program
    /// turns on, and asks for what is not packed.
    pub(crate) fn client(&self, purpose: Purpose, way: Way) -> Result<reqwest::Client> {
        let mut headers = match purpose {
            Purpose::Calls => self.default_headers()?,
            Purpose::Links { .. } => HeaderMap::new(),
        };
        headers.entry(ACCEPT_ENCODING).or_insert(HeaderValue::from_static("identity"));
        let mut builder = self
            .bare(USER_AGENT)
            .pool_max_idle_per_host(self.idle_per_host)
            .default_headers(headers);
        match (&self.proxy, way.is_proxied) {
            (_, false) => builder = builder.no_proxy(),
            (None, true) => {}
            (Some(proxy), true) => {
                let proxy = reqwest::Proxy::all(proxy)
                    .map_err(|error| refused("proxy", "it is not an address").with_source(error))?;
                builder = builder.proxy(proxy);
            }
        }
        if !way.is_proxied && purpose == (Purpose::Links { is_public_only: true }) {
            builder = builder.dns_resolver(PublicOnly::shared());
        }
        self.finish(builder, way.has_roots)
    }

    /// A client without keys for one address.
    #[cfg(feature = "sandbox")]
    pub(crate) fn open_client(&self, url: &str) -> Result<reqwest::Client> {
        let url = url::Url::parse(url)
            .map_err(|error| refused("url", "it is not an address").with_source(error))?;
        let clients = Clients::new(self, Purpose::Links { is_public_only: false })?;
        clients.reach(&url).cloned()
    }

    fn bare(&self, user_agent: &str) -> reqwest::ClientBuilder {
        reqwest::Client::builder()
            .user_agent(user_agent)
            .connect_timeout(self.connect_timeout)
            .http1_only()
            .redirect(redirect::Policy::none())
            .referer(false)
            .retry(reqwest::retry::never())
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate()
    }

    fn default_headers(&self) -> Result<HeaderMap> {
        let mut map = HeaderMap::new();
        for (name, value) in &self.headers {
            let not_a_header = |_| refused("header", format!("{name:?} is not a header"));
            let name: reqwest::header::HeaderName = name.parse().map_err(|_| not_a_header(()))?;
            let mut value: HeaderValue = value.parse().map_err(|_| not_a_header(()))?;
            value.set_sensitive(true);
            map.append(name, value);
        }
        Ok(map)
    }

    #[cfg(feature = "rustls-no-provider")]
    fn finish(&self, builder: reqwest::ClientBuilder, has_roots: bool) -> Result<reqwest::Client> {
        super::tls::check_provider()?;
        let certificates =
            self.root_certificates.iter().map(|der| reqwest::Certificate::from_der(der));
        let certificates = certificates
            .collect::<reqwest::Result<Vec<_>>>()
            .map_err(|error| refused("root_certificate", "it is not one").with_source(error))?;
        // Whatever other backend the rest of the program turns on.
        let builder = builder.tls_backend_rustls();
        let mut builder = match has_roots {
            true => builder.tls_certs_merge(certificates),
            false => builder.tls_certs_only(certificates),
        };
        if let Some(ClientIdentity { certificate_chain, private_key }) = &self.client_identity {
            builder = builder.identity(super::tls::identity(certificate_chain, private_key)?);
        }
        builder.build().map_err(|error| match (has_roots, self.root_certificates.is_empty()) {
            (true, _) => {
                Error::new(ErrorKind::Io, NO_ROOTS).with_field("http.tls").with_source(error)
            }
            (false, false) => refused("root_certificate", "it is not one").with_source(error),
            (false, true) => cannot_be_set_up(error),
        })
    }

    #[cfg(not(feature = "rustls-no-provider"))]
    fn finish(&self, builder: reqwest::ClientBuilder, _: bool) -> Result<reqwest::Client> {
        if self.root_certificates.is_empty() && self.client_identity.is_none() {
            return builder.build().map_err(cannot_be_set_up);
        }
        Err(refused("root_certificate", "adreel was built without the feature rustls"))
    }
}

/// Root certificates come from the system, and some small images of systems have none.
#[cfg(feature = "rustls-no-provider")]
const NO_ROOTS: &str = "https needs root certificates, and none can be loaded: install the system's \
                        (the package ca-certificates), or name a file of them in SSL_CERT_FILE";

fn cannot_be_set_up(error: reqwest::Error) -> Error {
    Error::new(ErrorKind::InvalidRequest, "the HTTP client cannot be set up")
        .with_field("http")
        .with_source(error)
}

fn refused(setting: &str, message: impl Into<String>) -> Error {
    Error::invalid(format!("http.{setting}"), message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_password() {
        let config = HttpConfig::default()
            .proxy("http://me:hunter2@proxy.example:3128")
            .header("x-gateway", "hunter2")
            .client_identity(Vec::new(), b"hunter2".to_vec());
        let shown = format!("{config:?}");
        assert!(!shown.contains("hunter2") && !shown.contains("104, 117"), "{shown}");
    }

    #[test]
    fn a_setting_that_is_none_is_refused_by_name() {
        let refused = |config: HttpConfig| {
            let error = Clients::new(&config, Purpose::Calls).err().unwrap();
            error.field().unwrap().to_owned()
        };
        let config = HttpConfig::default;
        assert_eq!(refused(config().proxy("::")), "http.proxy");
        assert_eq!(refused(config().header("a b", "c")), "http.header");
        let config = config().root_certificate(b"none".to_vec());
        assert_eq!(refused(config), "http.root_certificate");
    }
}
