//! The public keys of an issuer.

use std::sync::Arc;

use biscuit::Empty;
use biscuit::jwa::{Algorithm, SignatureAlgorithm};
use biscuit::jwk::{AlgorithmParameters, EllipticCurve, JWK, KeyOperations, PublicKeyUse};
use biscuit::jws::Secret;
use cortex_identity::model::TokenRefusal;
use serde::Deserialize;
use serde_json::Value;
use time::OffsetDateTime;

/// Bytes of a coordinate on P-256 (RFC 7518, 6.2.1.2).
const P256_COORDINATE: usize = 32;

/// The keys that tokens are checked with; empty before the first fetch.
#[derive(Default)]
pub(crate) struct KeySet {
    keys: Vec<Arc<VerificationKey>>,
    /// When it was fetched.
    pub(crate) fetched_at: Option<OffsetDateTime>,
    /// The set as it was published: two of the same are one.
    published: Vec<u8>,
    /// Counts the different sets that were in use, from 1.
    pub(crate) generation: u64,
}

/// A public key and the one algorithm that it is for.
pub(crate) struct VerificationKey {
    id: String,
    pub(crate) algorithm: SignatureAlgorithm,
    pub(crate) secret: Secret,
}

/// The set as it travels (RFC 7517, section 5), its keys not looked at yet.
#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

impl KeySet {
    /// Reads a set key by key: what cannot be used is left out and hides no other.
    pub(crate) fn parse(body: &[u8], fetched_at: OffsetDateTime) -> Result<Self, serde_json::Error> {
        let Document { keys } = serde_json::from_slice(body)?;
        let usable = |key| {
            let read = VerificationKey::read(key);
            if let Err(reason) = &read {
                tracing::debug!("a key of the issuer's set is not used: {reason}");
            }
            read.ok().map(Arc::new)
        };
        Ok(Self {
            keys: keys.into_iter().filter_map(usable).collect(),
            fetched_at: Some(fetched_at),
            published: body.to_vec(),
            generation: 1,
        })
    }

    /// The set, as the one after `before`: a generation of its own, unless it is the same.
    pub(crate) fn after(self, before: &Self) -> Self {
        let is_other = self.published != before.published;
        Self { generation: before.generation + u64::from(is_other), ..self }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    pub(crate) const fn len(&self) -> usize {
        self.keys.len()
    }

    /// The key of that id, if it is for that algorithm.
    pub(crate) fn find(&self, id: &str, algorithm: SignatureAlgorithm) -> Result<Arc<VerificationKey>, TokenRefusal> {
        let mut of_that_id = self.keys.iter().filter(|key| key.id == id).peekable();
        if of_that_id.peek().is_none() {
            return Err(TokenRefusal::UnknownKey);
        }
        of_that_id.find(|key| key.algorithm == algorithm).cloned().ok_or(TokenRefusal::WrongAlgorithm)
    }
}

impl VerificationKey {
    /// Takes a key whose own type says ES256 or RS256. Symmetric keys (`oct`) are never taken: a set that everybody can
    /// read holds no secret.
    fn read(key: Value) -> Result<Self, &'static str> {
        let JWK::<Empty> { common, algorithm, .. } = serde_json::from_value(key).map_err(|_| "of an unknown kind")?;
        let (own, secret) = match algorithm {
            AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
                if key.x.len() != P256_COORDINATE || key.y.len() != P256_COORDINATE {
                    return Err("not a point on its curve");
                }
                (SignatureAlgorithm::ES256, key.jws_public_key_secret())
            }
            AlgorithmParameters::RSA(key) => (SignatureAlgorithm::RS256, key.jws_public_key_secret()),
            AlgorithmParameters::EllipticCurve(_)
            | AlgorithmParameters::OctetKey(_)
            | AlgorithmParameters::OctetKeyPair(_) => return Err("neither P-256 nor RSA"),
        };
        if common.algorithm.is_some_and(|meant| meant != Algorithm::Signature(own)) {
            return Err("meant for an algorithm other than ES256 and RS256");
        }
        if common.public_key_use.is_some_and(|meant| meant != PublicKeyUse::Signature)
            || common.key_operations.is_some_and(|meant| !meant.contains(&KeyOperations::Verify))
        {
            return Err("not meant for signatures");
        }
        let id = common.key_id.ok_or("without an id")?;
        Ok(Self { id, algorithm: own, secret })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use time::macros::datetime;

    use super::*;

    const NOON: OffsetDateTime = datetime!(2026-03-02 12:00 UTC);
    /// Thirty-two zeros: shaped like a coordinate.
    const ZEROS: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    fn set(keys: &Value) -> KeySet {
        KeySet::parse(json!({ "keys": keys }).to_string().as_bytes(), NOON).unwrap()
    }

    fn p256(id: &str) -> Value {
        json!({ "kty": "EC", "crv": "P-256", "kid": id, "x": ZEROS, "y": ZEROS })
    }

    fn with(mut key: Value, name: &str, value: Value) -> Value {
        key[name] = value;
        key
    }

    #[test]
    fn a_key_that_cannot_be_used_hides_no_other() {
        let unusable = [
            json!({ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": "a", "x": ZEROS }),
            json!({ "kty": "EC", "crv": "secp256k1", "alg": "ES256K", "kid": "a", "x": ZEROS, "y": ZEROS }),
            json!({ "kty": "EC", "crv": "P-384", "kid": "a", "x": ZEROS, "y": ZEROS }),
            json!({ "kty": "oct", "kid": "a", "k": "c2VjcmV0" }),
            json!({ "kty": "oct", "alg": "HS256", "kid": "a", "k": "c2VjcmV0" }),
            json!({ "kty": "RSA", "alg": "PS256", "kid": "a", "n": "AQAB", "e": "AQAB" }),
            json!({ "kty": "RSA", "kid": "a", "n": "not base64!", "e": "AQAB" }),
            json!({ "kty": "EC", "crv": "P-256", "kid": "a", "x": "AAAA", "y": "AAAA" }),
            json!({ "kty": "EC", "crv": "P-256", "x": ZEROS, "y": ZEROS }),
            with(p256("a"), "use", json!("enc")),
            with(p256("a"), "key_ops", json!(["sign"])),
            with(p256("a"), "alg", json!("ES384")),
            json!({ "kid": "a" }),
            json!("a"),
            Value::Null,
        ];
        for key in unusable {
            let set = set(&json!([key, p256("b")]));

            assert_eq!(set.len(), 1, "{key}");
            assert!(set.find("b", SignatureAlgorithm::ES256).is_ok(), "{key}");
        }
    }

    #[test]
    fn a_key_is_found_for_its_own_algorithm_only() {
        let set = set(&json!([p256("a")]));

        let refusal = |id, algorithm| set.find(id, algorithm).err();
        assert_eq!(refusal("a", SignatureAlgorithm::ES256), None);
        assert_eq!(refusal("a", SignatureAlgorithm::RS256), Some(TokenRefusal::WrongAlgorithm));
        assert_eq!(refusal("b", SignatureAlgorithm::ES256), Some(TokenRefusal::UnknownKey));
    }

    #[test]
    fn two_keys_of_one_id_are_told_apart_by_their_kind() {
        let rsa = json!({ "kty": "RSA", "kid": "a", "n": "AQAB", "e": "AQAB" });
        let set = set(&json!([p256("a"), rsa]));

        for algorithm in [SignatureAlgorithm::ES256, SignatureAlgorithm::RS256] {
            assert_eq!(set.find("a", algorithm).ok().map(|key| key.algorithm), Some(algorithm));
        }
    }

    #[test]
    fn what_supabase_writes_beside_a_key_does_no_harm() {
        let full = with(with(p256("a"), "ext", json!(true)), "key_ops", json!(["verify"]));
        let full = with(with(full, "use", json!("sig")), "alg", json!("ES256"));

        assert_eq!(set(&json!([full])).len(), 1);
    }

    #[test]
    fn what_is_no_set_is_refused() {
        for body in ["", "{}", "[]", "<html>", r#"{"keys":{}}"#] {
            assert!(KeySet::parse(body.as_bytes(), NOON).is_err(), "{body:?}");
        }
    }
}
