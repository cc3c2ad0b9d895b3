//! Tokens to order: honest ones, and those that an attacker would try.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::Supabase;
use super::jwt;
use super::keys::{EcKey, hs256};
use super::user::User;
use crate::random;

/// A token to order. Whatever is not said is as in a real token.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mint {
    /// Whose; without one, somebody's whom nobody knows.
    pub user: Option<Uuid>,
    /// Claims that differ; `null` leaves one out.
    pub claims: Map<String, Value>,
    /// Header fields that differ; `null` leaves one out.
    pub header: Map<String, Value>,
    /// The key that signs.
    pub sign_with: SignWith,
}

/// What a minted token is signed with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignWith {
    /// The project's present key (ES256).
    #[default]
    Current,
    /// The project's RSA key (RS256); it counts only while it is published.
    Rsa,
    /// The project's legacy secret (HS256).
    LegacySecret,
    /// A key that nobody published (ES256, an id of its own).
    UnknownKey,
    /// A key that nobody published, under the present key's id (ES256).
    WrongKey,
    /// The text of the RSA public key, taken for a secret (HS256).
    PublicKeyAsSecret,
    /// Nothing (`alg: none`).
    Nothing,
}

impl Mint {
    /// A token of that user.
    #[must_use]
    pub fn of(user: Uuid) -> Self {
        Self { user: Some(user), ..Self::default() }
    }

    /// The same with that claim.
    #[must_use]
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }

    /// The same without that claim.
    #[must_use]
    pub fn without(self, name: &str) -> Self {
        self.claim(name, Value::Null)
    }

    /// The same with that field in the header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header.insert(name.to_owned(), value.into());
        self
    }

    /// The same, signed with something else.
    #[must_use]
    pub fn signed_with(mut self, key: SignWith) -> Self {
        self.sign_with = key;
        self
    }
}

impl Supabase {
    /// Makes a token to order. No session belongs to it.
    #[must_use]
    pub fn mint(&self, order: &Mint) -> String {
        let session = random::uuid();
        let mut claims = self.standard_claims(order.user, session);
        change(&mut claims, &order.claims);
        self.sign(order.sign_with, &order.header, &claims)
    }

    /// The claims of a user as a sign-in now would give them.
    fn standard_claims(&self, user: Option<Uuid>, session: Uuid) -> Map<String, Value> {
        let (now, seconds) = (self.clock().now(), self.shared.config.token_seconds);
        let known = user.and_then(|id| self.user(id));
        let user = known.unwrap_or_else(|| User::somebody(user.unwrap_or_else(random::uuid), now));
        user.claims(&self.issuer(), now, seconds, session, now)
    }

    /// Signs claims; `changes` are laid over the header.
    pub(super) fn sign(&self, key: SignWith, changes: &Map<String, Value>, claims: &Map<String, Value>) -> String {
        let (current, rsa) = {
            let state = self.state();
            (state.keys.current().clone(), state.keys.rsa().clone())
        };
        let stranger = EcKey::generate();
        let (alg, kid) = match key {
            SignWith::Current | SignWith::WrongKey => ("ES256", Some(current.kid.clone())),
            SignWith::UnknownKey => ("ES256", Some(stranger.kid.clone())),
            SignWith::Rsa => ("RS256", Some(rsa.kid.clone())),
            SignWith::PublicKeyAsSecret => ("HS256", Some(rsa.kid.clone())),
            SignWith::LegacySecret => ("HS256", None),
            SignWith::Nothing => ("none", None),
        };
        let mut header = Map::from_iter([("alg".to_owned(), json!(alg)), ("typ".to_owned(), json!("JWT"))]);
        header.extend(kid.map(|kid| ("kid".to_owned(), json!(kid))));
        change(&mut header, changes);
        jwt::compact(&header, claims, |message| match key {
            SignWith::Current => current.sign(message),
            SignWith::Rsa => rsa.sign(message),
            SignWith::LegacySecret => hs256(self.jwt_secret().as_bytes(), message),
            SignWith::UnknownKey | SignWith::WrongKey => stranger.sign(message),
            SignWith::PublicKeyAsSecret => hs256(rsa.public_pem().as_bytes(), message),
            SignWith::Nothing => Vec::new(),
        })
    }
}

/// Lays `changes` over `map`; `null` removes.
pub(super) fn change(map: &mut Map<String, Value>, changes: &Map<String, Value>) {
    for (name, value) in changes {
        if value.is_null() {
            map.remove(name);
        } else {
            map.insert(name.clone(), value.clone());
        }
    }
}
