//! Who sent a webhook.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// Checks that webhooks come from our Nango.
///
/// Nango signs the bytes of the body with the environment's signing key. It signs neither headers nor a time: a webhook
/// that was caught on its way can be sent again and still holds, so it can never be more than a hint.
///
/// The older header `X-Nango-Signature`, a hash over key and body without HMAC, is not accepted.
pub struct WebhookSignature {
    keys: Vec<SecretString>,
}

/// Bytes of an HMAC-SHA256.
const LENGTH: usize = 32;

impl WebhookSignature {
    /// The header that carries the signature.
    pub const HEADER: &'static str = "x-nango-hmac-sha256";

    /// Accepts signatures of the current key, and of the one before it while the key is being changed: Nango's services
    /// do not change over at the same moment. An empty key signs nothing.
    #[must_use]
    pub fn new(current: SecretString, previous: Option<SecretString>) -> Self {
        let keys = [Some(current), previous].into_iter().flatten();
        Self { keys: keys.filter(|key| !key.expose_secret().is_empty()).collect() }
    }

    /// Whether `signature`, the header's value, is one of ours over exactly these bytes. The comparison takes the same
    /// time wherever the two differ.
    #[must_use]
    pub fn holds(&self, body: &[u8], signature: &str) -> bool {
        let Some(signature) = decode(signature) else { return false };
        self.keys.iter().any(|key| is_signed_with(key, body, &signature))
    }
}

impl fmt::Debug for WebhookSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookSignature").field("keys", &self.keys.len()).finish()
    }
}

fn is_signed_with(key: &SecretString, body: &[u8], signature: &[u8; LENGTH]) -> bool {
    let mac = Hmac::<Sha256>::new_from_slice(key.expose_secret().as_bytes()).expect("HMAC takes keys of any length");
    mac.chain_update(body).verify_slice(signature).is_ok()
}

/// Lower-case hex, which is what Nango writes.
fn decode(text: &str) -> Option<[u8; LENGTH]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * LENGTH {
        return None;
    }
    let mut bytes = [0; LENGTH];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
    }
    Some(bytes)
}

const fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}
