//! What tests are told by the environment.

/// One variable; an empty one counts as none.
#[expect(clippy::disallowed_methods, reason = "the one place that tells tests where things are")]
pub(crate) fn read(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
