//! Names of what tests make.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use uuid::Uuid;

/// Begins every name that this crate gives.
pub(crate) const PREFIX: &str = "cortex_test_";

/// Begins the names of templates. A token has no `l`, so no other name begins like this.
pub(crate) const TEMPLATE_PREFIX: &str = "cortex_test_tpl_";

/// This process, in names and as `application_name` of its session.
static PROCESS: LazyLock<String> = LazyLock::new(|| format!("{PREFIX}{}", &random()[..12]));

static NEXT: AtomicU64 = AtomicU64::new(1);

/// The name of this process.
pub(crate) fn process() -> &'static str {
    &PROCESS
}

/// A name that nothing else has.
pub(crate) fn fresh() -> String {
    format!("{}_{}", process(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// 32 hexadecimal digits that nobody guesses.
#[expect(clippy::disallowed_methods, reason = "names and passwords of throw-away databases, not ids of the domain")]
pub(crate) fn random() -> String {
    Uuid::new_v4().simple().to_string()
}
