//! What can be said about a token before any key is asked for.

use biscuit::Compact;
use cortex_identity::model::TokenRefusal;

use crate::json_object::JsonObject;

/// Longest token that is looked at, in bytes. Those of Supabase have one or two thousand.
const MAX_LENGTH: usize = 8 * 1024;

/// Members that ask for what is not supported (`crit`) or bring or name a key of the bearer's choice. RFC 7515, 4.1.
const FORBIDDEN: [&str; 5] = ["crit", "jku", "jwk", "x5u", "x5c"];

/// The header of a token. Nothing of it is verified: it tells which key to try, and no more.
#[derive(Debug)]
pub(crate) struct TokenHeader {
    /// `alg`, in the token's words.
    pub(crate) algorithm: String,
    /// `kid`.
    pub(crate) key_id: Option<String>,
}

impl TokenHeader {
    /// Holds for a text that is short enough to be a token.
    pub(crate) const fn check_length(token: &str) -> Result<(), TokenRefusal> {
        if token.len() > MAX_LENGTH { Err(TokenRefusal::TooLong) } else { Ok(()) }
    }

    /// Reads the header of a token that has the right number of parts.
    pub(crate) fn read(token: &str) -> Result<Self, TokenRefusal> {
        let parts = Compact::decode(token);
        if parts.len() != 3 {
            return Err(TokenRefusal::Malformed);
        }
        let header: JsonObject = parts.part(0).map_err(|_| TokenRefusal::Malformed)?;
        if FORBIDDEN.iter().any(|name| header.has(name)) {
            return Err(TokenRefusal::ForbiddenHeader);
        }
        let algorithm = header.required("alg").map_err(|_| TokenRefusal::Malformed)?;
        let key_id = header.optional("kid").map_err(|_| TokenRefusal::Malformed)?;
        Ok(Self { algorithm, key_id })
    }
}
