//! How often each endpoint was asked for.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::PoisonError;

use tokio::sync::watch;
use uuid::Uuid;

/// Requests by method and path; ids in paths read `{id}`.
#[derive(Debug)]
pub(super) struct Counters {
    requests: Mutex<BTreeMap<String, u64>>,
    jwks: watch::Sender<u64>,
}

impl Counters {
    pub(super) fn new() -> Self {
        Self { requests: Mutex::default(), jwks: watch::Sender::new(0) }
    }

    pub(super) fn count(&self, method: &str, path: &str) {
        let path = path.strip_prefix("/auth/v1").unwrap_or(path);
        let parts: Vec<&str> =
            path.split('/').map(|part| if Uuid::parse_str(part).is_ok() { "{id}" } else { part }).collect();
        let path = parts.join("/");
        *self.lock().entry(format!("{method} {path}")).or_default() += 1;
        if path.ends_with("/jwks.json") {
            self.jwks.send_modify(|count| *count += 1);
        }
    }

    pub(super) fn all(&self) -> BTreeMap<String, u64> {
        self.lock().clone()
    }

    pub(super) fn reset(&self) {
        self.lock().clear();
        self.jwks.send_replace(0);
    }

    pub(super) fn jwks(&self) -> watch::Receiver<u64> {
        self.jwks.subscribe()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, u64>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
