//! One connection to one server: the URL, TLS, and what to say when it does not come about.

use std::error::Error as StdError;
use std::io::ErrorKind;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;
use tokio_postgres::config::{Host, SslMode as WireSslMode};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Connection, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;
use url::Url;

use crate::tls::{self, SslMode};

/// How long a server may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Where a database is and how to get in.
#[derive(Clone)]
pub struct Address {
    config: tokio_postgres::Config,
    tls: MakeRustlsConnect,
    mode: SslMode,
    place: String,
}

/// Why a database cannot be connected to, as far as it can be told: each has another way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectFailure {
    /// The URL cannot be used.
    Url,
    /// Nobody knows the host's name.
    UnknownHost,
    /// The host is there, and nothing listens.
    NothingListens,
    /// No answer in time.
    Silence,
    /// The two do not come together about TLS.
    Tls,
    /// The login or its password is wrong, or it may not come from here.
    Login,
    /// The server has no such database.
    NoDatabase,
    /// The server is there and takes nobody now.
    Full,
    /// Something else.
    Other,
}

/// A database cannot be connected to. `Display` names the place without its password and says what to do.
#[derive(Debug, Error)]
pub enum ConnectError {
    /// The URL is not one of PostgreSQL, or asks for something unknown.
    #[error("not a PostgreSQL URL ({0}): expected postgres://user:password@host:port/database")]
    Url(String),
    /// TLS cannot be made ready as the URL and the CA file ask.
    #[error("TLS to {place}: {reason}")]
    Tls {
        /// Host, port and database.
        place: String,
        /// What is the matter.
        reason: String,
    },
    /// Nobody answered, or not in the language of PostgreSQL.
    #[error("cannot reach the database at {place}: {reason}")]
    Unreachable {
        /// Host, port and database.
        place: String,
        /// What the network said.
        reason: String,
        /// For the log.
        source: Box<tokio_postgres::Error>,
    },
    /// The server answered and let us not in.
    #[error("the database at {place} refused the connection: {reason}")]
    Refused {
        /// Host, port and database.
        place: String,
        /// What the server said.
        reason: String,
        /// For the log.
        source: Box<tokio_postgres::Error>,
    },
}

impl ConnectError {
    /// Whether the server may let us in later without anybody doing something: it is away, starting, full or closed for the
    /// moment.
    #[must_use]
    pub fn passes(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Refused { source, .. } => {
                let codes = [
                    SqlState::CANNOT_CONNECT_NOW,
                    SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE,
                    SqlState::TOO_MANY_CONNECTIONS,
                ];
                source.code().is_some_and(|code| codes.contains(code))
            }
            Self::Url(_) | Self::Tls { .. } => false,
        }
    }

    /// What kind of failure it is.
    #[must_use]
    pub fn failure(&self) -> ConnectFailure {
        match self {
            Self::Url(_) => ConnectFailure::Url,
            Self::Tls { .. } => ConnectFailure::Tls,
            Self::Unreachable { reason, source, .. } => unreachable_because(reason, source),
            Self::Refused { source, .. } => refused_because(source),
        }
    }
}

/// The driver tells the kinds of its errors in words only, and so does the system where a name is not known.
fn unreachable_because(reason: &str, source: &tokio_postgres::Error) -> ConnectFailure {
    if reason.starts_with("error performing TLS handshake") {
        return ConnectFailure::Tls;
    }
    if reason.contains("failed to lookup address") {
        return ConnectFailure::UnknownHost;
    }
    // The driver, too, gives up after a time.
    if reason.contains("connection timed out") {
        return ConnectFailure::Silence;
    }
    let mut next: Option<&(dyn StdError + 'static)> = Some(source);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<std::io::Error>() {
            return match error.kind() {
                ErrorKind::ConnectionRefused => ConnectFailure::NothingListens,
                ErrorKind::TimedOut => ConnectFailure::Silence,
                _ => ConnectFailure::Other,
            };
        }
        next = error.source();
    }
    ConnectFailure::Other
}

fn refused_because(source: &tokio_postgres::Error) -> ConnectFailure {
    match source.code() {
        Some(code) if [SqlState::INVALID_PASSWORD, SqlState::INVALID_AUTHORIZATION_SPECIFICATION].contains(code) => {
            ConnectFailure::Login
        }
        Some(code) if *code == SqlState::INVALID_CATALOG_NAME || *code == SqlState::UNDEFINED_DATABASE => {
            ConnectFailure::NoDatabase
        }
        Some(code) if [SqlState::TOO_MANY_CONNECTIONS, SqlState::CANNOT_CONNECT_NOW].contains(code) => {
            ConnectFailure::Full
        }
        _ => ConnectFailure::Other,
    }
}

pub(crate) type WireConnection =
    Connection<Socket, <MakeRustlsConnect as tokio_postgres::tls::MakeTlsConnect<Socket>>::Stream>;

impl Address {
    /// Reads `postgres://user:password@host:port/database?sslmode=…`. Without `sslmode`, `prefer` counts. `ca_file`
    /// holds the authorities in PEM that a server's certificate is held to, in place of the system's.
    ///
    /// `application_name` is what the server's administrator sees of us.
    pub fn parse(url: &SecretString, ca_file: Option<&PathBuf>, application_name: &str) -> Result<Self, ConnectError> {
        // The parser of tokio-postgres knows fewer modes than libpq, so the mode is taken out first.
        let mut parsed = Url::parse(url.expose_secret()).map_err(|error| ConnectError::Url(error.to_string()))?;
        if !matches!(parsed.scheme(), "postgres" | "postgresql") {
            return Err(ConnectError::Url(format!("it begins with {}:", parsed.scheme())));
        }
        let (modes, others): (Vec<_>, Vec<_>) =
            parsed.query_pairs().into_owned().partition(|(name, _)| name == "sslmode");
        let mode: SslMode = match modes.last() {
            Some((_, mode)) => mode.parse().map_err(|error| ConnectError::Url(format!("{error}")))?,
            None => SslMode::Prefer,
        };
        parsed.set_query(None);
        if !others.is_empty() {
            parsed.query_pairs_mut().extend_pairs(others);
        }

        let mut config: tokio_postgres::Config =
            parsed.as_str().parse().map_err(|error| ConnectError::Url(explain(&error)))?;
        config.ssl_mode(match mode {
            SslMode::Disable => WireSslMode::Disable,
            SslMode::Prefer => WireSslMode::Prefer,
            SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => WireSslMode::Require,
        });
        config.connect_timeout(CONNECT_TIMEOUT).keepalives_idle(Duration::from_mins(1));
        if config.get_application_name().is_none() {
            config.application_name(application_name);
        }
        let place = format!(
            "{}:{}/{}",
            parsed.host_str().unwrap_or("localhost"),
            parsed.port().unwrap_or(5432),
            config.get_dbname().unwrap_or_default(),
        );
        let tls = tls::connector(mode, ca_file.map(PathBuf::as_path).map(Path::new))
            .map_err(|error| ConnectError::Tls { place: place.clone(), reason: explain(&error) })?;
        Ok(Self { config, tls, mode, place })
    }

    /// Host, port and database, fit for anyone to read.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Whether it is on this machine, as far as its text tells.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.config.get_hosts().iter().all(|host| match host {
            Host::Tcp(name) => {
                name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
            }
            #[cfg(unix)]
            Host::Unix(_) => true,
        })
    }

    pub(crate) async fn connect(&self) -> Result<(Client, WireConnection), ConnectError> {
        self.connect_by(&self.config).await
    }

    /// Connects, and tells whether what goes over the connection is encrypted: the driver does not tell, so where the URL
    /// leaves it to the server, it is first asked for as if it were not.
    pub(crate) async fn connect_and_tell(&self) -> Result<(Client, WireConnection, bool), ConnectError> {
        match self.mode {
            SslMode::Disable => self.connect().await.map(|(client, wire)| (client, wire, false)),
            SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => {
                self.connect().await.map(|(client, wire)| (client, wire, true))
            }
            SslMode::Prefer => {
                let mut insisting = self.config.clone();
                insisting.ssl_mode(WireSslMode::Require);
                match self.connect_by(&insisting).await {
                    Ok((client, wire)) => Ok((client, wire, true)),
                    Err(error) if error.failure() == ConnectFailure::Tls => {
                        self.connect().await.map(|(client, wire)| (client, wire, false))
                    }
                    Err(error) => Err(error),
                }
            }
        }
    }

    async fn connect_by(&self, config: &tokio_postgres::Config) -> Result<(Client, WireConnection), ConnectError> {
        config.connect(self.tls.clone()).await.map_err(|error| {
            let place = self.place.clone();
            let reason = explain(&error);
            let source = Box::new(error);
            if source.as_db_error().is_some() {
                ConnectError::Refused { place, reason, source }
            } else {
                ConnectError::Unreachable { place, reason, source }
            }
        })
    }
}

/// The whole chain of an error in one line; each link that only repeats the one before is left out.
pub(crate) fn explain(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<Address, ConnectError> {
        Address::parse(&SecretString::from(url), None, "cortex")
    }

    #[test]
    fn the_place_does_not_tell_the_password() {
        let address = parse("postgres://nora:hush@db.example:6543/books?sslmode=require").unwrap();

        assert_eq!(address.place(), "db.example:6543/books");
    }

    #[test]
    fn what_is_no_url_of_postgresql_is_said_without_repeating_it() {
        for url in ["", "hush", "mysql://nora:hush@db/books", "postgres://nora:hush@db/books?sslmode=perhaps"] {
            let error = parse(url).err().unwrap().to_string();

            assert!(error.starts_with("not a PostgreSQL URL"), "{error}");
            assert!(!error.contains("hush"), "{error}");
        }
    }
}
