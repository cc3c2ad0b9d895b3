//! Ports in, use cases out.

use std::sync::Arc;

use cortex_http::Services;
use cortex_http::health::Health;

use crate::ports::Ports;

/// Puts the use cases of the API over ports.
#[must_use]
pub fn compose(ports: Ports) -> Services {
    Services { health: Arc::new(Health::new(ports.readiness)), ids: ports.ids }
}
