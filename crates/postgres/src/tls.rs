//! TLS to PostgreSQL, by the `sslmode` of the URL with the meaning that libpq gives it
//! (<https://www.postgresql.org/docs/current/libpq-ssl.html>).

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use thiserror::Error as ThisError;
use tokio_postgres_rustls::MakeRustlsConnect;

/// How much a connection insists on TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SslMode {
    /// Never TLS.
    Disable,
    /// TLS when the server offers it; nobody looks at the certificate.
    Prefer,
    /// TLS or no connection. The certificate is looked at only when there is a CA file to hold it to: a hosted
    /// database often shows one that no public authority signed.
    Require,
    /// TLS, and a certificate of a known authority for any name.
    VerifyCa,
    /// TLS, and a certificate of a known authority for this very host.
    VerifyFull,
}

/// TLS could not be made ready.
#[derive(Debug, ThisError)]
pub(crate) enum TlsError {
    #[error("cannot read CA certificates from {0}: expected a file of PEM certificates")]
    CaFile(PathBuf, #[source] rustls::pki_types::pem::Error),
    #[error("{0} holds no certificate: expected a file of PEM certificates")]
    EmptyCaFile(PathBuf),
    #[error("the system has no CA certificates: install them (package ca-certificates) or name a file of them")]
    NoSystemRoots,
    #[error("the CA certificates cannot be used")]
    Verifier(#[from] rustls::client::VerifierBuilderError),
    #[error("TLS cannot be set up")]
    Setup(#[from] Error),
}

/// The text is no `sslmode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
#[error("unknown sslmode: expected disable, prefer, require, verify-ca or verify-full")]
pub(crate) struct UnknownSslMode;

impl FromStr for SslMode {
    type Err = UnknownSslMode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "disable" => Ok(Self::Disable),
            // libpq's `allow` begins in the clear; what begins with TLS is no worse.
            "allow" | "prefer" => Ok(Self::Prefer),
            "require" => Ok(Self::Require),
            "verify-ca" => Ok(Self::VerifyCa),
            "verify-full" => Ok(Self::VerifyFull),
            _ => Err(UnknownSslMode),
        }
    }
}

/// Makes the connector for a mode. `ca_file` replaces the system's authorities.
pub(crate) fn connector(mode: SslMode, ca_file: Option<&Path>) -> Result<MakeRustlsConnect, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let authorities = match mode {
        SslMode::Disable | SslMode::Prefer => None,
        SslMode::Require if ca_file.is_none() => None,
        SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => {
            let roots = Arc::new(roots(ca_file)?);
            Some(WebPkiServerVerifier::builder_with_provider(roots, provider.clone()).build()?)
        }
    };
    let verifier = Verifier { authorities, name_counts: mode == SslMode::VerifyFull, provider: provider.clone() };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

fn roots(ca_file: Option<&Path>) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    let Some(path) = ca_file else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        return if roots.is_empty() { Err(TlsError::NoSystemRoots) } else { Ok(roots) };
    };
    let unreadable = |error| TlsError::CaFile(path.to_owned(), error);
    for certificate in CertificateDer::pem_file_iter(path).map_err(unreadable)? {
        roots.add(certificate.map_err(unreadable)?)?;
    }
    if roots.is_empty() { Err(TlsError::EmptyCaFile(path.to_owned())) } else { Ok(roots) }
}

/// Looks at the server's certificate as far as the mode asks.
#[derive(Debug)]
struct Verifier {
    /// Whom the certificate has to come from; none: anybody.
    authorities: Option<Arc<WebPkiServerVerifier>>,
    /// Whether it has to be for the host that was asked for.
    name_counts: bool,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(authorities) = &self.authorities else {
            return Ok(ServerCertVerified::assertion());
        };
        match authorities.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if !self.name_counts => Ok(ServerCertVerified::assertion()),
            verdict => verdict,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ca_file_that_holds_no_certificate_is_named() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");

        let error = connector(SslMode::VerifyFull, Some(&file)).err().unwrap();

        assert!(error.to_string().contains("Cargo.toml holds no certificate"), "{error}");
    }

    #[test]
    fn modes_are_known_by_the_names_of_libpq() {
        assert_eq!("verify-full".parse(), Ok(SslMode::VerifyFull));
        assert_eq!("always".parse::<SslMode>(), Err(UnknownSslMode));
    }
}
