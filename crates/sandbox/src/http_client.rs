//! The HTTP client of the stand-ins: plain HTTP, no redirects, no system proxy.
//!
//! The stand-ins live on one machine, so there are no trust anchors: an `https` address fails its handshake.

use std::sync::Arc;
use std::time::Duration;

use rustls::{ClientConfig, RootCertStore};

/// Builds the client; `timeout` bounds a whole exchange.
pub(crate) fn build(timeout: Duration) -> reqwest::Client {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring speaks the default protocol versions")
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        // A kept connection would hide an outage of the other side for one call.
        .pool_max_idle_per_host(0)
        .timeout(timeout)
        .build()
        .expect("the client's settings are constants")
}
