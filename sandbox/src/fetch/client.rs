//! The HTTP clients that fetch and deliver: straight to the addresses that a resolver gives.

use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::Resolve;
use reqwest::{Client, ClientBuilder, redirect};

const USER_AGENT: &str = concat!("adreel-sandbox/", env!("CARGO_PKG_VERSION"));
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A client without a proxy, a redirect or a connection that is kept, which sends nothing twice by
/// itself and unpacks nothing, whatever features the rest of the program turns on. The system's root
/// certificates are read for https alone: that takes longer than all the rest.
///
/// # Errors
/// A sentence for the failure of a job.
pub(super) fn client(resolver: Arc<dyn Resolve>, is_https: bool) -> Result<Client, String> {
    let builder = Client::builder()
        .user_agent(USER_AGENT)
        .connect_timeout(CONNECT_TIMEOUT)
        .http1_only()
        .redirect(redirect::Policy::none())
        .referer(false)
        .retry(reqwest::retry::never())
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate()
        .pool_max_idle_per_host(0)
        .no_proxy()
        .dns_resolver(resolver);
    encrypted(builder, is_https)?.build().map_err(|_| match is_https {
        true => "https needs root certificates, and none can be loaded".to_owned(),
        false => "the HTTP client cannot be set up".to_owned(),
    })
}

/// Without a `CryptoProvider` reqwest would panic.
#[cfg(feature = "rustls-no-provider")]
fn encrypted(builder: ClientBuilder, is_https: bool) -> Result<ClientBuilder, String> {
    let has_provider = rustls::crypto::CryptoProvider::get_default().is_some();
    if !cfg!(feature = "rustls") && !has_provider {
        return Err("no CryptoProvider of rustls is installed".to_owned());
    }
    // Whatever other backend the rest of the program turns on.
    let builder = builder.tls_backend_rustls();
    Ok(if is_https { builder } else { builder.tls_certs_only([]) })
}

#[cfg(not(feature = "rustls-no-provider"))]
fn encrypted(builder: ClientBuilder, _: bool) -> Result<ClientBuilder, String> {
    Ok(builder)
}
