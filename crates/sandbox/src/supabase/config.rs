//! What a stand-in is started with.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};

use serde::Deserialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::clock::Clock;
use crate::random;

/// Everything about one stand-in; every part has a default, so `{}` is a whole configuration.
#[derive(Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SupabaseConfig {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The URL that others reach it by and that tokens are issued under; without one, `http://` and where it listens.
    pub public_url: Option<String>,
    /// The legacy HS256 secret of the project, at least 32 bytes; without one, a random one.
    pub jwt_secret: Option<String>,
    /// Seconds that an access token lives.
    pub token_seconds: u32,
    /// The users that are there from the start.
    pub users: Vec<SeedUser>,
    /// The time that it goes by.
    #[serde(skip)]
    pub clock: Clock,
}

/// A user to begin with.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedUser {
    /// Their id; without one, a random one.
    #[serde(default)]
    pub id: Option<Uuid>,
    /// Their address.
    pub email: String,
    /// Their password; without one, they cannot sign in with a password.
    #[serde(default)]
    pub password: Option<String>,
    /// What the service role alone may write; `provider` and `providers` are added.
    #[serde(default)]
    pub app_metadata: Map<String, Value>,
    /// What the user may write.
    #[serde(default)]
    pub user_metadata: Map<String, Value>,
    /// Whether the address is confirmed, as it has to be for signing in.
    #[serde(default = "yes")]
    pub confirmed: bool,
    /// Whether it is an anonymous sign-in.
    #[serde(default)]
    pub anonymous: bool,
}

impl SeedUser {
    /// A confirmed user without metadata.
    #[must_use]
    pub fn new(email: &str, password: &str) -> Self {
        Self {
            id: None,
            email: email.to_owned(),
            password: Some(password.to_owned()),
            app_metadata: Map::new(),
            user_metadata: Map::new(),
            confirmed: true,
            anonymous: false,
        }
    }

    /// The same with that id.
    #[must_use]
    pub fn with_id(mut self, id: Uuid) -> Self {
        self.id = Some(id);
        self
    }

    /// The same with that in `app_metadata`.
    #[must_use]
    pub fn with_app_metadata(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.app_metadata.insert(key.to_owned(), value.into());
        self
    }

    /// The same with that in `user_metadata`.
    #[must_use]
    pub fn with_user_metadata(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.user_metadata.insert(key.to_owned(), value.into());
        self
    }
}

impl SupabaseConfig {
    /// A free port of the loopback address, and these users.
    #[must_use]
    pub fn with_users(users: impl IntoIterator<Item = SeedUser>) -> Self {
        Self { users: users.into_iter().collect(), ..Self::default() }
    }

    pub(super) fn secret(&self) -> String {
        self.jwt_secret.clone().unwrap_or_else(|| random::hex(32))
    }
}

impl Default for SupabaseConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            public_url: None,
            jwt_secret: None,
            token_seconds: 3600,
            users: Vec::new(),
            clock: Clock::new(),
        }
    }
}

impl fmt::Debug for SupabaseConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { listen, public_url, token_seconds, users, .. } = self;
        f.debug_struct("SupabaseConfig")
            .field("listen", listen)
            .field("public_url", public_url)
            .field("token_seconds", token_seconds)
            .field("users", users)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for SeedUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, email, app_metadata, user_metadata, .. } = self;
        f.debug_struct("SeedUser")
            .field("id", id)
            .field("email", email)
            .field("app_metadata", app_metadata)
            .field("user_metadata", user_metadata)
            .finish_non_exhaustive()
    }
}

fn yes() -> bool {
    true
}
