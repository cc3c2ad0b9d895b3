//! Tokens that were verified and need not be again.

use cortex_identity::model::VerifiedToken;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

/// Remembers what verified tokens say, by a digest of the whole token: nothing here could be presented as one.
///
/// An entry counts until the token's own end, without any leeway, and for the set of keys under which it was verified:
/// a key that was withdrawn takes its tokens with it.
pub(crate) struct VerifiedTokens {
    tokens: Cache<[u8; 32], Entry>,
}

#[derive(Clone)]
struct Entry {
    says: VerifiedToken,
    /// Of the keys.
    generation: u64,
}

/// So many tokens are kept, each of about a kilobyte. The least recently used make room.
const MOST: u64 = 10_000;

impl VerifiedTokens {
    pub(crate) fn new() -> Self {
        Self { tokens: Cache::builder().max_capacity(MOST).eviction_policy(EvictionPolicy::lru()).build() }
    }

    /// The name of a token here.
    pub(crate) fn digest(token: &str) -> [u8; 32] {
        Sha256::digest(token).into()
    }

    /// What the token says, if it was verified under these keys and has not ended by `now`.
    pub(crate) fn find(&self, digest: &[u8; 32], generation: u64, now: OffsetDateTime) -> Option<VerifiedToken> {
        let entry = self.tokens.get(digest)?;
        if entry.generation == generation && now < entry.says.expires_at {
            return Some(entry.says);
        }
        self.tokens.invalidate(digest);
        None
    }

    /// Remembers a token that was verified under these keys.
    pub(crate) fn keep(&self, digest: [u8; 32], generation: u64, says: VerifiedToken) {
        self.tokens.insert(digest, Entry { says, generation });
    }
}

#[cfg(test)]
mod tests {
    use cortex_identity::testing::{NOON, a_token};
    use time::Duration;

    use super::*;

    const DIGEST: [u8; 32] = [7; 32];

    fn holding_one() -> VerifiedTokens {
        let tokens = VerifiedTokens::new();
        tokens.keep(DIGEST, 1, VerifiedToken { expires_at: NOON, ..a_token() });
        tokens
    }

    #[test]
    fn a_token_is_found_until_its_end_and_never_again() {
        let tokens = holding_one();

        assert!(tokens.find(&DIGEST, 1, NOON - Duration::NANOSECOND).is_some());
        assert_eq!(tokens.find(&DIGEST, 1, NOON), None);
        assert_eq!(tokens.find(&DIGEST, 1, NOON - Duration::HOUR), None, "what has ended is gone");
    }

    #[test]
    fn a_token_is_found_under_its_keys_only() {
        let tokens = holding_one();

        assert_eq!(tokens.find(&DIGEST, 2, NOON - Duration::HOUR), None);
        assert_eq!(tokens.find(&[8; 32], 1, NOON - Duration::HOUR), None);
    }

    #[test]
    fn there_are_never_more_than_there_is_room_for() {
        let tokens = VerifiedTokens::new();
        for number in 0..MOST + 1_000 {
            let mut digest = [0; 32];
            digest[..8].copy_from_slice(&number.to_le_bytes());
            tokens.keep(digest, 1, a_token());
        }
        tokens.tokens.run_pending_tasks();

        assert!(tokens.tokens.entry_count() <= MOST, "{}", tokens.tokens.entry_count());
    }
}
