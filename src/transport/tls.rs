//! rustls with ring, named explicitly: a program that has two of rustls's cryptography providers
//! compiled in must not panic because none of them is the default.

use std::sync::Arc;

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls_platform_verifier::Verifier;

use crate::error::{Error, Result};

pub(super) fn config(
    extra_roots: &[Vec<u8>],
    identity: Option<(&[Vec<u8>], &[u8])>,
) -> Result<rustls::ClientConfig> {
    let refused = |setting: &str, error: String| Error::invalid(format!("http.{setting}"), error);
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let roots = extra_roots.iter().map(|der| CertificateDer::from(der.clone()));
    let verifier = Verifier::new_with_extra_roots(roots, Arc::clone(&ring))
        .map_err(|error| refused("root_certificate", error.to_string()))?;
    let builder = rustls::ClientConfig::builder_with_provider(ring)
        .with_safe_default_protocol_versions()
        .map_err(|error| refused("tls", error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let mut config = match identity {
        None => builder.with_no_client_auth(),
        Some((chain, key)) => {
            let chain = chain.iter().map(|der| CertificateDer::from(der.clone())).collect();
            let key = PrivateKeyDer::try_from(key.to_vec())
                .map_err(|error| refused("client_identity", error.to_owned()))?;
            builder
                .with_client_auth_cert(chain, key)
                .map_err(|error| refused("client_identity", error.to_string()))?
        }
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// For a client that makes no TLS connection, and must have a configuration.
#[cfg(feature = "sandbox")]
pub(super) fn trusting_nobody() -> Result<rustls::ClientConfig> {
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(ring)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::invalid("http.tls", error.to_string()))?;
    Ok(builder.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_none_is_refused_by_name() {
        let error = config(&[], Some((&[], b"not a key"))).unwrap_err();
        assert_eq!(error.field(), Some("http.client_identity"));
    }
}
