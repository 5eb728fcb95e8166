use std::time::Duration;

use reqwest::redirect;

use crate::error::{Error, ErrorKind, Result};

const USER_AGENT: &str = concat!("adreel/", env!("CARGO_PKG_VERSION"));

/// How connections are made. The default suits most: system proxy and roots, 10 s to connect.
#[derive(Clone)]
#[non_exhaustive]
pub struct HttpConfig {
    connect_timeout: Duration,
    idle_per_host: usize,
    proxy: Option<String>,
    root_certificates: Vec<Vec<u8>>,
    client_identity: Option<ClientIdentity>,
    headers: Vec<(String, String)>,
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

    /// A proxy for all calls, such as `http://proxy.example:3128`. Default: the system's.
    #[must_use]
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = Some(url.into());
        self
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

    /// The client for API calls. It follows no redirect, since one would carry the keys along and
    /// might send a paid POST again, and never sends anything a second time by itself.
    pub(crate) fn api_client(&self) -> Result<reqwest::Client> {
        self.finish(self.builder()?.default_headers(self.default_headers()?))
    }

    /// The client for downloads and presigned uploads. It has no keys, so it may follow redirects.
    /// It never unpacks: bytes are counted as they are sent, whatever features of the HTTP client
    /// the rest of the program turns on.
    pub(crate) fn open_client(&self) -> Result<reqwest::Client> {
        let builder = self.builder()?.redirect(redirect::Policy::limited(5));
        self.finish(builder.no_gzip().no_brotli().no_zstd().no_deflate())
    }

    /// The client of a sandbox: straight to the addresses that `resolver` gives, without a proxy, a
    /// redirect or a connection that is kept.
    #[cfg(feature = "sandbox")]
    pub(crate) fn guarded_client(
        &self,
        resolver: std::sync::Arc<dyn reqwest::dns::Resolve>,
    ) -> Result<reqwest::Client> {
        let builder = reqwest::Client::builder()
            .user_agent(concat!("adreel-sandbox/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(self.connect_timeout)
            .pool_max_idle_per_host(0)
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .dns_resolver(resolver)
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate();
        self.finish(self.with_tls(builder)?)
    }

    fn builder(&self) -> Result<reqwest::ClientBuilder> {
        let mut builder = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .connect_timeout(self.connect_timeout)
            .pool_max_idle_per_host(self.idle_per_host)
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never());
        if let Some(proxy) = &self.proxy {
            let proxy = reqwest::Proxy::all(proxy)
                .map_err(|error| refused("proxy", "it is not an address").with_source(error))?;
            builder = builder.proxy(proxy);
        }
        self.with_tls(builder)
    }

    #[cfg(feature = "rustls")]
    fn with_tls(&self, builder: reqwest::ClientBuilder) -> Result<reqwest::ClientBuilder> {
        Ok(builder.tls_backend_preconfigured(super::tls::config(
            &self.root_certificates,
            self.client_identity
                .as_ref()
                .map(|identity| (&identity.certificate_chain[..], &identity.private_key[..])),
        )?))
    }

    #[cfg(not(feature = "rustls"))]
    fn with_tls(&self, builder: reqwest::ClientBuilder) -> Result<reqwest::ClientBuilder> {
        if self.root_certificates.is_empty() && self.client_identity.is_none() {
            return Ok(builder);
        }
        Err(refused("root_certificate", "adreel was built without the feature rustls"))
    }

    fn default_headers(&self) -> Result<reqwest::header::HeaderMap> {
        let mut map = reqwest::header::HeaderMap::new();
        for (name, value) in &self.headers {
            let not_a_header = |_| refused("header", format!("{name:?} is not a header"));
            let name: reqwest::header::HeaderName = name.parse().map_err(|_| not_a_header(()))?;
            let mut value: reqwest::header::HeaderValue =
                value.parse().map_err(|_| not_a_header(()))?;
            value.set_sensitive(true);
            map.append(name, value);
        }
        Ok(map)
    }

    fn finish(&self, builder: reqwest::ClientBuilder) -> Result<reqwest::Client> {
        builder.build().map_err(|error| {
            Error::new(ErrorKind::InvalidRequest, "the HTTP client cannot be set up")
                .with_field("http")
                .with_source(error)
        })
    }
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
        let refused =
            |config: HttpConfig| config.api_client().unwrap_err().field().map(str::to_owned);
        assert_eq!(refused(HttpConfig::default().proxy("::")), Some("http.proxy".to_owned()));
        let header = HttpConfig::default().header("a b", "c");
        assert_eq!(refused(header), Some("http.header".to_owned()));
    }
}
