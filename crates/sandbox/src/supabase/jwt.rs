//! JSON Web Tokens in their compact form, as freely as a forger needs them: any header over any claims.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

/// A token taken apart; nothing of it is verified.
#[derive(Debug)]
pub(super) struct Unverified<'t> {
    pub(super) header: Map<String, Value>,
    pub(super) claims: Map<String, Value>,
    /// What the signature is over.
    pub(super) signed: &'t str,
    pub(super) signature: Vec<u8>,
}

impl<'t> Unverified<'t> {
    pub(super) fn parse(token: &'t str) -> Option<Self> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        Some(Self { header: object(header)?, claims: object(claims)?, signed, signature: decode(signature)? })
    }

    /// A header or claim that is text.
    pub(super) fn text<'m>(map: &'m Map<String, Value>, name: &str) -> Option<&'m str> {
        map.get(name).and_then(Value::as_str)
    }
}

/// The compact form; `sign` makes the signature over header and claims.
pub(super) fn compact(
    header: &Map<String, Value>,
    claims: &Map<String, Value>,
    sign: impl FnOnce(&[u8]) -> Vec<u8>,
) -> String {
    let part = |map: &Map<String, Value>| encode(Value::Object(map.clone()).to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let signature = encode(sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

/// base64url without padding.
pub(super) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

fn object(part: &str) -> Option<Map<String, Value>> {
    serde_json::from_slice(&decode(part)?).ok()
}
