//! Waiting for what gives no signal: other people's processes and files.

use std::time::{Duration, Instant};

const INTERVAL: Duration = Duration::from_millis(20);

/// Asks again and again until there is an answer; `None` when the time is over.
pub(crate) fn until<T>(limit: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + limit;
    loop {
        if let Some(answer) = ask() {
            return Some(answer);
        }
        if Instant::now() >= end {
            return None;
        }
        pause();
    }
}

#[expect(clippy::disallowed_methods, reason = "no executor here, and nothing that would wake us")]
fn pause() {
    std::thread::sleep(INTERVAL);
}
