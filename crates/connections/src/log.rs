//! Words of log lines. Operators search for them, so they are as fixed as an answer's fields.

use std::error::Error as StdError;
use std::fmt;

use cortex_kernel::{BrokerConnectionId, CompanyId, Origin, Provider, UserId};

/// What a tagged line is about. Each of them names all of it, and what is not known is a dash, so that whoever searches
/// for one of these ids finds every step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct About<'a> {
    pub(crate) company: CompanyId,
    pub(crate) user: Option<UserId>,
    pub(crate) provider: Option<Provider>,
    pub(crate) connection: Option<&'a BrokerConnectionId>,
    pub(crate) request: Option<&'a str>,
}

impl<'a> About<'a> {
    /// About something in a company, of which more may be known later.
    pub(crate) fn company(company: CompanyId, origin: &'a Origin) -> Self {
        Self { company, user: None, provider: None, connection: None, request: origin.request_id.as_deref() }
    }
}

impl fmt::Display for About<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { company, user, provider, connection, request } = self;
        let or_dash = |known: Option<&dyn fmt::Display>| known.map_or_else(|| "-".to_owned(), ToString::to_string);
        let provider = or_dash(provider.as_ref().map(|known| known as _));
        let connection = or_dash(connection.as_ref().map(|known| known as _));
        let user = or_dash(user.as_ref().map(|known| known as _));
        let request = request.unwrap_or("-");
        write!(f, "provider {provider}, connection {connection}, user {user}, company {company}, request {request}")
    }
}

/// The error and what led to it, on one line.
pub(crate) fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

#[cfg(test)]
pub(crate) use captured::{Captured, listen_from_the_beginning};

#[cfg(test)]
mod captured {
    use std::io;
    use std::sync::{Arc, Mutex, Once};

    use tracing_subscriber::fmt::MakeWriter;

    /// A place that logs decides at its first use whether anybody listens, and tests that share a process use it at the
    /// same moment. Whatever sets a test up calls this, so that those which look at the log are not overtaken.
    pub(crate) fn listen_from_the_beginning() {
        static LISTENING: Once = Once::new();
        LISTENING.call_once(|| drop(tracing::subscriber::set_global_default(tracing_subscriber::registry())));
    }

    /// Log lines of one test.
    #[derive(Clone, Default)]
    pub(crate) struct Captured(Arc<Mutex<Vec<u8>>>);

    impl Captured {
        pub(crate) fn subscriber(&self) -> impl tracing::Subscriber + Send + Sync + use<> {
            tracing_subscriber::fmt().with_ansi(false).with_writer(self.clone()).finish()
        }

        pub(crate) fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }

        /// The lines that hold `words`, all of them.
        pub(crate) fn lines_with(&self, words: &[&str]) -> Vec<String> {
            let text = self.text();
            let hits = text.lines().filter(|line| words.iter().all(|word| line.contains(word)));
            hits.map(ToOwned::to_owned).collect()
        }
    }

    impl io::Write for Captured {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl MakeWriter<'_> for Captured {
        type Writer = Self;

        fn make_writer(&self) -> Self {
            self.clone()
        }
    }
}
