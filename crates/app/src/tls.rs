//! Whose certificates remote services may show: one configuration for all adapters that speak HTTP.

use std::sync::Arc;

use anyhow::Context;
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};

/// Trusts the system's authorities. A machine without any is served all the same, as far as it only speaks to services
/// without TLS; any other service is then refused by its certificate.
pub(crate) fn client_config() -> anyhow::Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        tracing::warn!(errors = ?found.errors, "no CA certificates: install them (package ca-certificates)");
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .context("TLS cannot be set up")?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}
