//! The environment: the few variables that are read, and what the commands below `xtask` may see of it.
//!
//! `DATABASE_URL`, the other settings of the product and `.env` are never read here: tests must not be able to reach a
//! live database.

use std::ffi::OsString;
use std::process::Command;

/// Superuser URL of a throw-away Postgres server, used instead of a private one.
pub(crate) const TEST_SERVER: &str = "CORTEX_TEST_PG_URL";

/// File with the certificate authority of that server, when it speaks TLS.
pub(crate) const TEST_SERVER_CA: &str = "CORTEX_TEST_PG_CA_FILE";

/// The product's settings and those of Postgres's clients: a developer's shell may hold those of a live deployment.
const PRODUCT: &[&str] = &[
    "ADMIN_",
    "AWS_",
    "BLOB_STORE",
    "COMPANY_ID",
    "DATABASE_",
    "ENVIRONMENT",
    "JWT_",
    "MASTER_",
    "METRICS_",
    "MIGRATION_",
    "NANGO_",
    "OTEL_",
    "PG",
    "PUBLIC_URL",
    "SUMMARIZER_",
    "SUPABASE_",
];

/// What cargo tells `xtask` about `xtask`: build scripts of dependencies watch some of these, and would run again.
const CARGO_RUN: &[&str] = &["CARGO_BIN_", "CARGO_CRATE_", "CARGO_MANIFEST_", "CARGO_PKG_", "CARGO_PRIMARY_"];

/// One variable.
#[expect(clippy::disallowed_methods, reason = "the one place of xtask that reads the environment")]
pub(crate) fn read(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// One variable that must be text.
pub(crate) fn read_text(name: &str) -> Option<String> {
    read(name).and_then(|value| value.into_string().ok()).filter(|value| !value.is_empty())
}

/// The cargo that runs us.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(read("CARGO").unwrap_or_else(|| "cargo".into()));
    remove(&mut command, CARGO_RUN);
    command
}

/// The same cargo, for what must not see the product's settings.
pub(crate) fn isolated_cargo() -> Command {
    let mut command = cargo();
    isolate(&mut command);
    command
}

/// Takes the product's settings out of what a command sees.
pub(crate) fn isolate(command: &mut Command) {
    remove(command, PRODUCT);
}

fn remove(command: &mut Command, prefixes: &[&str]) {
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| is_removed(name, prefixes)) {
            command.env_remove(name);
        }
    }
}

fn is_removed(name: &str, prefixes: &[&str]) -> bool {
    prefixes.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn live_settings_are_removed_and_the_tests_own_stay() {
        for name in ["DATABASE_URL", "MASTER_DATABASE_URL", "PGPASSWORD", "NANGO_SECRET_KEY"] {
            assert!(is_removed(name, PRODUCT), "{name}");
        }
        for name in [TEST_SERVER, TEST_SERVER_CA, "PATH", "RUST_LOG", "CARGO_TARGET_DIR"] {
            assert!(!is_removed(name, PRODUCT) && !is_removed(name, CARGO_RUN), "{name}");
        }
    }
}
