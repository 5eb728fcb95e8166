//! rustls with ring, named explicitly: a program that has two of rustls's cryptography providers
//! compiled in must not panic because none of them is the default.

use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, SignatureScheme};
use rustls_platform_verifier::Verifier;

use crate::error::{Error, Result};

pub(super) fn config(
    extra_roots: &[Vec<u8>],
    identity: Option<(&[Vec<u8>], &[u8])>,
) -> Result<rustls::ClientConfig> {
    let refused = |setting: &str, error: String| Error::invalid(format!("http.{setting}"), error);
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let verifier: Arc<dyn ServerCertVerifier> = if extra_roots.is_empty() {
        Arc::new(SystemRoots(Arc::clone(&ring)))
    } else {
        let roots = extra_roots.iter().map(|der| CertificateDer::from(der.clone()));
        let verifier = Verifier::new_with_extra_roots(roots, Arc::clone(&ring));
        Arc::new(verifier.map_err(|error| refused("root_certificate", error.to_string()))?)
    };
    let builder = rustls::ClientConfig::builder_with_provider(ring)
        .with_safe_default_protocol_versions()
        .map_err(|error| refused("tls", error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
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

/// Trusts what the system trusts. Its certificates are read once for the whole process, when the
/// first TLS connection is made: they take longer than anything else in making a client, and who
/// has none of them can still reach plain addresses.
#[derive(Debug)]
struct SystemRoots(Arc<CryptoProvider>);

impl SystemRoots {
    fn verifier(&self) -> Result<&'static Verifier, rustls::Error> {
        static LOADED: OnceLock<Result<Verifier, rustls::Error>> = OnceLock::new();
        let loaded = LOADED.get_or_init(|| Verifier::new(Arc::clone(&self.0)));
        loaded.as_ref().map_err(|error| {
            let why = format!("the system's root certificates cannot be loaded: {error}");
            rustls::Error::General(why)
        })
    }
}

impl ServerCertVerifier for SystemRoots {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verifier = self.verifier()?;
        verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
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
