//! A stand-in for Supabase Auth: users, sessions and invitations in memory, tokens that are really signed, the API
//! under `/auth/v1` with its error bodies, and the gateway's demand for a project key.
//!
//! Tests steer it by its methods, other programs by the same under `/sandbox`: tokens to order ([`Mint`]), key rotation,
//! faults, mail that does not go out, absence. Time is its own and can be put forward.
//!
//! Not here: sign-up, sign-in with other providers, one-time passwords, second factors, phone numbers, soft deletion,
//! rate limits, and the database side of Supabase.

mod caller;
mod config;
mod control;
mod counters;
mod error;
mod gateway;
mod jwt;
mod keys;
mod mint;
mod routes;
mod server;
mod state;
mod user;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value, json};
use uuid::Uuid;

pub use config::{SeedUser, SupabaseConfig};
pub use mint::{Mint, SignWith};
pub use server::RunningSupabase;
pub use state::{MailService, SentMail};
pub use user::User;

use crate::clock::Clock;
use crate::faults::Faults;
use crate::random;
use counters::Counters;
use server::Server;
use state::State;

/// A project. Clones share it.
#[derive(Clone)]
pub struct Supabase {
    shared: Arc<Shared>,
}

/// Another user has that address.
#[derive(Debug, thiserror::Error)]
#[error("there is a user {0} already")]
pub struct EmailTaken(pub String);

struct Shared {
    config: SupabaseConfig,
    base_url: String,
    keys: ProjectKeys,
    faults: Faults,
    counters: Counters,
    state: Mutex<State>,
    server: Server,
}

/// What clients show to the gateway, and the secret behind the first two.
struct ProjectKeys {
    jwt_secret: String,
    anon: String,
    service: String,
    publishable: String,
    secret: String,
}

impl Supabase {
    /// The project's URL, without a slash at its end.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.shared.base_url
    }

    /// The `iss` of its tokens.
    #[must_use]
    pub fn issuer(&self) -> String {
        format!("{}/auth/v1", self.shared.base_url)
    }

    /// The key for browsers: a token with the role `anon`.
    #[must_use]
    pub fn anon_key(&self) -> &str {
        &self.shared.keys.anon
    }

    /// The key for servers: a token with the role `service_role`.
    #[must_use]
    pub fn service_key(&self) -> &str {
        &self.shared.keys.service
    }

    /// The key for browsers in its new form, which is no token.
    #[must_use]
    pub fn publishable_key(&self) -> &str {
        &self.shared.keys.publishable
    }

    /// The key for servers in its new form, which is no token.
    #[must_use]
    pub fn secret_key(&self) -> &str {
        &self.shared.keys.secret
    }

    /// The legacy secret that tokens can be signed with.
    #[must_use]
    pub fn jwt_secret(&self) -> &str {
        &self.shared.keys.jwt_secret
    }

    /// The time that it goes by.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.shared.config.clock
    }

    /// Trouble to order; paths begin with `/auth/v1`.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.shared.faults
    }

    /// Adds a user.
    pub fn add_user(&self, seed: SeedUser) -> Result<User, EmailTaken> {
        let mut state = self.state();
        if state.user_by_email(&seed.email).is_some() {
            return Err(EmailTaken(seed.email));
        }
        let user = User::seeded(seed, self.clock().now());
        state.add_user(user.clone());
        Ok(user)
    }

    /// The user with that id.
    #[must_use]
    pub fn user(&self, id: Uuid) -> Option<User> {
        self.state().user(id).cloned()
    }

    /// The user with that address; capitals do not matter.
    #[must_use]
    pub fn user_by_email(&self, email: &str) -> Option<User> {
        self.state().user_by_email(email).cloned()
    }

    /// A new key signs from now on, the old one stays published.
    pub fn rotate_keys(&self) {
        self.state().keys.rotate();
    }

    /// The id of the key that signs; tokens name it as their `kid`.
    #[must_use]
    pub fn current_kid(&self) -> String {
        self.state().keys.current().kid.clone()
    }

    /// Publishes the RSA key too; [`SignWith::Rsa`] signs with it.
    pub fn publish_rsa_key(&self) {
        self.state().keys.publish_rsa();
    }

    /// The id of the RSA key.
    #[must_use]
    pub fn rsa_kid(&self) -> String {
        self.state().keys.rsa().kid.clone()
    }

    /// Puts any JSON value among the published keys: one of a kind that nobody knows, or nonsense.
    pub fn publish_key(&self, jwk: Value) {
        self.state().keys.publish(jwk);
    }

    /// Takes a key that does not sign out of the published ones; false when there is none with that id.
    #[must_use = "it tells whether there was such a key"]
    pub fn revoke_key(&self, kid: &str) -> bool {
        self.state().keys.revoke(kid)
    }

    /// Whether mail goes out from now on.
    pub fn set_mail(&self, service: MailService) {
        self.state().mail = service;
    }

    /// The mail that went out.
    #[must_use]
    pub fn outbox(&self) -> Vec<SentMail> {
        self.state().outbox.clone()
    }

    /// How often the public keys were asked for, faults included.
    #[must_use]
    pub fn jwks_fetches(&self) -> u64 {
        *self.shared.counters.jwks().borrow()
    }

    /// Waits until the public keys were asked for so often.
    pub async fn jwks_fetched(&self, times: u64) {
        // The sender lives as long as `self`.
        let _ = self.shared.counters.jwks().wait_for(|count| *count >= times).await;
    }

    /// How often each endpoint was asked for, by method and path below `/auth/v1`: `PUT /admin/users/{id}`.
    #[must_use]
    pub fn requests(&self) -> BTreeMap<String, u64> {
        self.shared.counters.all()
    }

    /// Sets all counters to nought.
    pub fn reset_counters(&self) {
        self.shared.counters.reset();
    }

    fn count(&self, method: &str, path: &str) {
        self.shared.counters.count(method, path);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn new(config: SupabaseConfig, server: Server) -> Self {
        let now = config.clock.now();
        let users = config.users.iter().cloned().map(|seed| User::seeded(seed, now)).collect();
        let here = || format!("http://{}", server.address());
        let base_url = config.public_url.clone().unwrap_or_else(here).trim_end_matches('/').to_owned();
        let shared = Shared {
            keys: ProjectKeys::new(config.secret(), now.unix_timestamp()),
            base_url,
            faults: Faults::default(),
            counters: Counters::new(),
            state: Mutex::new(State::new(users)),
            server,
            config,
        };
        Self { shared: Arc::new(shared) }
    }
}

impl fmt::Debug for Supabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Supabase").field("base_url", &self.shared.base_url).finish_non_exhaustive()
    }
}

impl ProjectKeys {
    fn new(jwt_secret: String, now: i64) -> Self {
        const TEN_YEARS: i64 = 10 * 365 * 24 * 3600;
        let key = |role: &str| {
            let header = Map::from_iter([("alg".to_owned(), json!("HS256")), ("typ".to_owned(), json!("JWT"))]);
            let claims = json!({
                "iss": "supabase", "ref": "sandbox", "role": role, "iat": now, "exp": now + TEN_YEARS,
            });
            let claims = serde_json::from_value(claims).expect("an object is a map");
            jwt::compact(&header, &claims, |message| keys::hs256(jwt_secret.as_bytes(), message))
        };
        Self {
            anon: key("anon"),
            service: key("service_role"),
            publishable: format!("sb_publishable_{}", random::hex(16)),
            secret: format!("sb_secret_{}", random::hex(16)),
            jwt_secret,
        }
    }
}
