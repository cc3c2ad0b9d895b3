//! Trouble on demand: what a server does to the next requests of a path.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How a request goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum FaultKind {
    /// Answers with this status and an error body in the server's own shape.
    Status {
        /// The HTTP status.
        status: u16,
        /// `Retry-After` in seconds, if any.
        #[serde(default)]
        retry_after_seconds: Option<u64>,
    },
    /// Answers after this many milliseconds, otherwise as usual.
    Delay {
        /// Milliseconds of real time.
        millis: u64,
    },
    /// Answers 200 with an HTML page.
    Html,
    /// Answers 200 with JSON that ends in the middle.
    CutJson,
    /// Announces a body and closes the connection before it is complete.
    Drop,
}

/// A fault and the requests it hits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Requests whose path starts with this; empty hits all.
    #[serde(default)]
    pub path_prefix: String,
    /// Only this method, in capitals; absent hits all.
    #[serde(default)]
    pub method: Option<String>,
    /// How many requests it hits before it is used up; absent = until it is cleared.
    #[serde(default)]
    pub times: Option<u32>,
    /// What happens.
    pub fault: FaultKind,
}

/// The faults of one server. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    active: Arc<Mutex<Vec<Fault>>>,
}

impl Faults {
    /// Adds a fault after the ones that are there; the first that matches a request hits it.
    pub fn add(&self, fault: Fault) {
        self.lock().push(fault);
    }

    /// The next `times` requests under `path_prefix` answer `status`.
    pub fn fail_next(&self, times: u32, path_prefix: &str, status: u16) {
        let fault = FaultKind::Status { status, retry_after_seconds: None };
        self.add(Fault { path_prefix: path_prefix.to_owned(), method: None, times: Some(times), fault });
    }

    /// All requests under `path_prefix` answer `status` until [`Faults::clear`].
    pub fn fail_all(&self, path_prefix: &str, status: u16) {
        let fault = FaultKind::Status { status, retry_after_seconds: None };
        self.add(Fault { path_prefix: path_prefix.to_owned(), method: None, times: None, fault });
    }

    /// Ends all faults.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// The faults that are still active.
    #[must_use]
    pub fn active(&self) -> Vec<Fault> {
        self.lock().clone()
    }

    /// Takes the fault that hits this request, if any.
    pub(crate) fn take(&self, method: &str, path: &str) -> Option<FaultKind> {
        let mut active = self.lock();
        let hits = |fault: &Fault| {
            path.starts_with(&fault.path_prefix) && fault.method.as_deref().is_none_or(|only| only == method)
        };
        let index = active.iter().position(hits)?;
        let kind = active[index].fault.clone();
        if let Some(times) = &mut active[index].times {
            *times = times.saturating_sub(1);
            if *times == 0 {
                active.remove(index);
            }
        }
        Some(kind)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Fault>> {
        self.active.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The duration of a [`FaultKind::Delay`].
pub(crate) fn delay_of(kind: &FaultKind) -> Option<Duration> {
    match kind {
        FaultKind::Delay { millis } => Some(Duration::from_millis(*millis)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_used_up_after_its_times() {
        let faults = Faults::default();
        faults.fail_next(2, "/records", 503);
        let hit = |path| faults.take("GET", path).is_some();
        assert!(!hit("/connections"));
        assert!(hit("/records?model=A"));
        assert!(hit("/records"));
        assert!(!hit("/records"));
    }

    #[test]
    fn a_fault_without_times_lasts_until_cleared() {
        let faults = Faults::default();
        faults.fail_all("", 500);
        assert!((0..5).all(|_| faults.take("GET", "/x").is_some()));
        faults.clear();
        assert!(faults.take("GET", "/x").is_none());
    }

    #[test]
    fn a_method_narrows_a_fault() {
        let faults = Faults::default();
        let fault = FaultKind::Html;
        faults.add(Fault { path_prefix: String::new(), method: Some("POST".to_owned()), times: None, fault });
        assert!(faults.take("GET", "/").is_none());
        assert!(faults.take("POST", "/").is_some());
    }
}
