//! What this deployment asks of a token.

use std::collections::BTreeSet;
use std::time::Duration;

use secrecy::SecretString;

/// What a token must say to be accepted.
#[derive(Clone, Debug)]
pub struct TokenRules {
    /// The required `iss`, compared to the letter.
    pub issuer: String,
    /// The `aud` that must be there, alone or in a list.
    pub audience: String,
    /// How far the clocks of issuer and service may differ.
    pub leeway: Duration,
    /// OAuth clients (`client_id`) whose tokens are accepted; a token without a client needs none of them.
    pub allowed_client_ids: BTreeSet<String>,
    /// The secret of HS256 tokens. Without it, or with an empty one, there are no such tokens.
    pub legacy_secret: Option<SecretString>,
}
