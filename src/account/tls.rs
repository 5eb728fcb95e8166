//! What reqwest's TLS wants in another form.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::PrivateKeyDer;

use crate::error::{Error, Result};

/// Says what to do where nothing can encrypt, which reqwest would panic about.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) without a `CryptoProvider`.
pub(crate) fn check_provider() -> Result<()> {
    if cfg!(feature = "rustls") || rustls::crypto::CryptoProvider::get_default().is_some() {
        return Ok(());
    }
    let message = "no CryptoProvider of rustls is installed: install one before the first client, or \
                   use adreel's feature rustls";
    Err(Error::invalid("http.tls", message))
}

/// A certificate chain and its key, which reqwest takes as PEM.
pub(crate) fn identity(chain: &[Vec<u8>], key: &[u8]) -> Result<reqwest::Identity> {
    let refused = |message: String| Error::invalid("http.client_identity", message);
    let kind = match PrivateKeyDer::try_from(key).map_err(|error| refused(error.to_owned()))? {
        PrivateKeyDer::Pkcs1(_) => "RSA PRIVATE KEY",
        PrivateKeyDer::Sec1(_) => "EC PRIVATE KEY",
        _ => "PRIVATE KEY",
    };
    let mut text = pem(kind, key);
    for certificate in chain {
        text += &pem("CERTIFICATE", certificate);
    }
    reqwest::Identity::from_pem(text.as_bytes())
        .map_err(|error| refused("it is no certificate with its key".to_owned()).with_source(error))
}

fn pem(kind: &str, der: &[u8]) -> String {
    format!("-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n", STANDARD.encode(der))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No other test may install one.
    #[cfg(not(feature = "rustls"))]
    #[test]
    fn without_a_provider_it_is_said_what_to_do() {
        let error = check_provider().unwrap_err();
        assert_eq!(error.field(), Some("http.tls"));
    }

    #[test]
    fn a_key_that_is_none_is_refused_by_name() {
        let error = identity(&[], b"not a key").unwrap_err();
        assert_eq!(error.field(), Some("http.client_identity"));
    }
}
