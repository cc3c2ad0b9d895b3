//! Where the tests' server is.

use std::path::{Path, PathBuf};

use url::Url;

use crate::environment::read;
use crate::janitor::Janitor;

/// Superuser URL of a throw-away Postgres server, 15 or newer.
pub const SERVER_VARIABLE: &str = "CORTEX_TEST_PG_URL";

/// File with the certificate authority of that server, when it speaks TLS.
pub const SERVER_CA_VARIABLE: &str = "CORTEX_TEST_PG_CA_FILE";

/// A database that every server has: locks and sessions of all test processes meet here.
const MAINTENANCE: &str = "postgres";

/// The port of a URL that names none.
const USUAL_PORT: u16 = 5432;

/// The server that tests make their databases in.
#[derive(Clone)]
pub struct TestServer {
    url: Url,
    ca_file: Option<PathBuf>,
}

impl TestServer {
    /// The server that the environment names.
    ///
    /// # Panics
    ///
    /// With advice, when it names none.
    #[must_use]
    pub fn from_env() -> Self {
        let url = read(SERVER_VARIABLE).unwrap_or_else(|| {
            panic!(
                "{SERVER_VARIABLE} is not set: run the tests by `cargo xtask test`, or start a server by \
                 `cargo xtask db start` and export what it prints"
            )
        });
        match Url::parse(&url) {
            Ok(url) if url.scheme().starts_with("postgres") && url.has_host() => {
                Self { url, ca_file: read(SERVER_CA_VARIABLE).map(PathBuf::from) }
            }
            // The value holds a password: it is not shown.
            _ => panic!("{SERVER_VARIABLE} is no URL like postgres://superuser:password@127.0.0.1:5433/postgres"),
        }
    }

    /// The superuser's URL of a database of this server.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        self.database(database).into()
    }

    /// The URL of a database for another login.
    ///
    /// # Panics
    ///
    /// Never: the URL has a host.
    #[must_use]
    pub fn url_as(&self, database: &str, user: &str, password: &str) -> String {
        let mut url = self.database(database);
        url.set_username(user)
            .and_then(|()| url.set_password(Some(password)))
            .expect("an URL with a host has room for both");
        url.into()
    }

    /// The certificate authority that signed the server's certificate; `None` when the server is not known to speak
    /// TLS.
    #[must_use]
    pub fn ca_file(&self) -> Option<&Path> {
        self.ca_file.as_deref()
    }

    /// Removes what tests left, and the templates whose names begin with `templates`: all, for the empty text. What
    /// belongs to living processes stays.
    ///
    /// # Panics
    ///
    /// When the server cannot be reached.
    pub fn sweep(&self, templates: &str) {
        Janitor::of_process(self).sweep(templates);
    }

    /// Where it listens.
    pub(crate) fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default().trim_matches(['[', ']'])
    }

    /// Where it listens.
    pub(crate) fn port(&self) -> u16 {
        self.url.port().unwrap_or(USUAL_PORT)
    }

    pub(crate) fn maintenance_url(&self) -> String {
        self.url(MAINTENANCE)
    }

    fn database(&self, name: &str) -> Url {
        let mut url = self.url.clone();
        url.set_path(name);
        url
    }
}

impl std::fmt::Debug for TestServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TestServer")
            .field("host", &self.url.host_str())
            .field("port", &self.url.port())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server() -> TestServer {
        TestServer { url: Url::parse("postgres://super:hush@127.0.0.1:5433/postgres").unwrap(), ca_file: None }
    }

    #[test]
    fn urls_lead_to_other_databases_and_logins() {
        assert_eq!(server().url("books"), "postgres://super:hush@127.0.0.1:5433/books");
        assert_eq!(server().url_as("books", "nora", "secret"), "postgres://nora:secret@127.0.0.1:5433/books");
    }

    #[test]
    fn what_is_shown_for_debugging_holds_no_password() {
        let shown = format!("{:?}", server());
        assert!(shown.contains("5433") && !shown.contains("hush"), "{shown}");
    }
}
