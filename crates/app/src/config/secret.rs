//! Values that must not be seen.

use std::fmt;
use std::net::IpAddr;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

/// A secret text. It shows as `***` and its memory is wiped when it is dropped.
#[derive(Clone)]
pub struct Secret(SecretString);

/// The address of a PostgreSQL database with the login in it. It shows without login and parameters.
#[derive(Clone)]
pub struct DatabaseUrl {
    text: Secret,
    shown: String,
    place: DatabasePlace,
}

/// Which database an address leads to.
///
/// The tenant is what stands after the last dot of the user's name: pooling services keep the databases of many
/// customers behind one host, port and database name, and tell them apart by it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct DatabasePlace {
    host: String,
    port: u16,
    name: String,
    tenant: Option<String>,
}

const DEFAULT_PORT: u16 = 5432;
const SSL_MODES: [&str; 5] = ["disable", "prefer", "require", "verify-ca", "verify-full"];

impl Secret {
    /// Takes a text as secret.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// The same for adapters, which take a secret as a secret.
    #[must_use]
    pub const fn as_secret(&self) -> &SecretString {
        &self.0
    }
}

impl DatabaseUrl {
    /// Reads a `postgres://` or `postgresql://` URL; says what is wrong with one that cannot be used.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text)
            .map_err(|error| format!("not a URL ({error}): expected postgres://user:password@host:5432/name"))?;
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return Err("expected a URL that begins with postgres:// or postgresql://".to_owned());
        }
        let parameter =
            |key: &str| url.query_pairs().find(|(name, _)| name == key).map(|(_, value)| value.into_owned());
        if let Some(mode) = parameter("sslmode").filter(|mode| !SSL_MODES.contains(&mode.as_str())) {
            return Err(format!("sslmode={mode} is not known: expected one of {}", SSL_MODES.join(", ")));
        }
        let Some(host) =
            url.host_str().filter(|host| !host.is_empty()).map(str::to_owned).or_else(|| parameter("host"))
        else {
            return Err("names no host: expected postgres://user:password@host:5432/name".to_owned());
        };
        let name = url.path().trim_start_matches('/');
        if name.is_empty() {
            return Err("names no database: expected postgres://user:password@host:5432/name".to_owned());
        }
        let port = url.port().unwrap_or(DEFAULT_PORT);
        Ok(Self {
            text: Secret::new(text),
            shown: format!("{}://{host}:{port}/{name}", url.scheme()),
            place: DatabasePlace {
                host: if is_loopback(&host) { "localhost".to_owned() } else { host.to_lowercase() },
                port,
                name: name.to_owned(),
                tenant: url.username().rsplit_once('.').map(|(_, tenant)| tenant.to_owned()),
            },
        })
    }

    /// The whole URL, for the one place that connects.
    #[must_use]
    pub const fn as_secret(&self) -> &SecretString {
        self.text.as_secret()
    }

    /// The host, in lower case, and the port.
    #[must_use]
    pub fn endpoint(&self) -> (&str, u16) {
        (&self.place.host, self.place.port)
    }

    /// Whether both lead to the same database, as far as their text tells.
    #[must_use]
    pub fn same_database(&self, other: &Self) -> bool {
        self.place == other.place
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// Whether a host of a URL is in a network of ours, as far as its text tells: a private address (RFC 1918, RFC 4193), or
/// a name without a dot, which only our own resolver knows (a service of a compose file, for one).
pub(super) fn is_own_network(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse() {
        Ok(IpAddr::V4(address)) => address.is_private(),
        Ok(IpAddr::V6(address)) => address.is_unique_local(),
        Err(_) => !bare.contains('.'),
    }
}

/// Whether a host of a URL is this machine.
pub(super) fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
