//! Checks access tokens of Master Supabase Auth.

use std::sync::Arc;

use async_trait::async_trait;
use biscuit::Empty;
use biscuit::errors::{Error, ValidationError};
use biscuit::jwa::SignatureAlgorithm;
use biscuit::jws::{Compact, Secret};
use cortex_identity::model::{TokenRefusal, VerifiedToken};
use cortex_identity::ports::{TokenVerifier, VerifyTokenError};
use cortex_kernel::{Clock, Lookups};
use secrecy::ExposeSecret;
use time::OffsetDateTime;

use crate::json_object::JsonObject;
use crate::jwks_source::{FetchJwksError, JwksSource};
use crate::key_cache::KeyCache;
use crate::token_claims;
use crate::token_header::TokenHeader;
use crate::token_rules::TokenRules;
use crate::verified_tokens::VerifiedTokens;

/// Checks tokens against the issuer's keys and this deployment's rules.
///
/// The key decides the algorithm, never the token. A published key is for ES256 or RS256 by its own kind; HS256 is for
/// the legacy secret alone, which is never tried with another algorithm. What a token says of its key is used to pick
/// one among those, and only after the signature holds is any claim read.
pub struct SupabaseTokenVerifier {
    rules: TokenRules,
    legacy_secret: Option<Secret>,
    keys: KeyCache,
    verified: VerifiedTokens,
    lookups: Arc<Lookups>,
    clock: Arc<dyn Clock>,
}

impl SupabaseTokenVerifier {
    /// A verifier without keys: [`Self::refresh`] fetches them, and so does the first token that needs one.
    #[must_use]
    pub fn new(rules: TokenRules, source: Arc<dyn JwksSource>, clock: Arc<dyn Clock>) -> Self {
        let legacy_secret = rules.legacy_secret.as_ref().map(|secret| secret.expose_secret().as_bytes());
        Self {
            legacy_secret: legacy_secret.filter(|bytes| !bytes.is_empty()).map(|bytes| Secret::Bytes(bytes.to_vec())),
            rules,
            keys: KeyCache::new(source, Arc::clone(&clock)),
            verified: VerifiedTokens::new(),
            lookups: Arc::default(),
            clock,
        }
    }

    /// Fetches the issuer's keys now; a failure leaves the keys at hand in use. Meant to be called at the start, every
    /// ten minutes, and sooner after a failure.
    pub async fn refresh(&self) -> Result<(), FetchJwksError> {
        self.keys.refresh().await
    }

    /// When the keys in use were fetched; none before the first success.
    #[must_use]
    pub fn keys_fetched_at(&self) -> Option<OffsetDateTime> {
        self.keys.keys().fetched_at
    }

    /// How often a token was verified before.
    #[must_use]
    pub fn lookups(&self) -> Arc<Lookups> {
        Arc::clone(&self.lookups)
    }

    /// The claims of a token whose signature holds.
    async fn signed_claims(&self, token: &str) -> Result<JsonObject, TokenRefusal> {
        let header = TokenHeader::read(token)?;
        let published = match header.algorithm.as_str() {
            "HS256" => {
                let secret = self.legacy_secret.as_ref().ok_or(TokenRefusal::WrongAlgorithm)?;
                return open(token, secret, SignatureAlgorithm::HS256);
            }
            "ES256" => SignatureAlgorithm::ES256,
            "RS256" => SignatureAlgorithm::RS256,
            _ => return Err(TokenRefusal::WrongAlgorithm),
        };
        let key_id = header.key_id.ok_or(TokenRefusal::UnknownKey)?;
        let key = self.keys.find(&key_id, published).await?;
        open(token, &key.secret, key.algorithm)
    }
}

#[async_trait]
impl TokenVerifier for SupabaseTokenVerifier {
    /// A token that was verified is not verified again until it ends or the keys change. One that is too long to be a
    /// token is not even looked for.
    async fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyTokenError> {
        let refused = |refusal| VerifyTokenError::Refused(refusal);
        TokenHeader::check_length(token).map_err(refused)?;
        let (digest, now) = (VerifiedTokens::digest(token), self.clock.now());
        // Before the signature is checked: what is checked by keys that are replaced meanwhile is not kept.
        let generation = self.keys.keys().generation;
        if let Some(says) = self.verified.find(&digest, generation, now) {
            self.lookups.hit();
            return Ok(says);
        }
        self.lookups.miss();
        let claims = self.signed_claims(token).await.map_err(|refusal| match refusal {
            TokenRefusal::UnknownKey if self.legacy_secret.is_none() && self.keys.keys().is_empty() => {
                VerifyTokenError::KeysUnavailable
            }
            refusal => refused(refusal),
        })?;
        let says = token_claims::check(&claims, &self.rules, now).map_err(refused)?;
        self.verified.keep(digest, generation, says.clone());
        Ok(says)
    }
}

fn open(token: &str, secret: &Secret, algorithm: SignatureAlgorithm) -> Result<JsonObject, TokenRefusal> {
    let token = Compact::<JsonObject, Empty>::new_encoded(token);
    let (_, claims) = token
        .decode(secret, algorithm)
        .map_err(|error| match error {
            Error::ValidationError(ValidationError::InvalidSignature) => TokenRefusal::BadSignature,
            Error::ValidationError(_) => TokenRefusal::WrongAlgorithm,
            _ => TokenRefusal::Malformed,
        })?
        .unwrap_decoded();
    Ok(claims)
}
