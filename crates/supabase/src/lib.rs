//! Master Supabase Auth, seen from Cortex.
//!
//! Here: [`SupabaseTokenVerifier`], which checks access tokens, [`HttpJwks`], where its keys come from,
//! [`SupabaseExaminer`], which looks at a project from outside, and [`SupabaseUserDirectory`], which invites people
//! and writes to their accounts with the key of the service role.
//!
//! Not here: what a valid token's bearer may do (`cortex-identity` decides), when keys are refreshed (whoever runs the
//! process calls [`SupabaseTokenVerifier::refresh`]), and trust in servers: the composition root hands in one TLS
//! configuration for all adapters, so that certificates are read once and no crypto provider is installed globally.

mod examiner;
mod http_jwks;
mod json_object;
mod jwks_source;
mod key_cache;
mod key_set;
mod token_claims;
mod token_header;
mod token_rules;
mod token_verifier;
mod user_directory;
mod verified_tokens;

pub use examiner::{PublishedKeys, SupabaseExaminer, SupabaseFacts};
pub use http_jwks::HttpJwks;
pub use jwks_source::{FetchJwksError, JwksSource};
pub use token_rules::TokenRules;
pub use token_verifier::SupabaseTokenVerifier;
pub use user_directory::{SetUpError, SupabaseUserDirectory, UserDirectoryConfig};
