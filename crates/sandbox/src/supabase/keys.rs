//! The keys that tokens are signed with, and the set of public keys that everybody may read.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey,
};
use ring::{hmac, rsa};
use serde_json::{Value, json};

use super::jwt;
use crate::random;

/// An RSA key of 2048 bits, because `ring` makes none. It protects nothing: everybody can read it here.
const RSA_PKCS8: &[u8] = include_bytes!("rsa.pk8");

/// What comes before a PKCS #1 public key of 2048 bits in a `SubjectPublicKeyInfo`.
const RSA_SPKI_PREFIX: [u8; 24] = [
    0x30, 0x82, 0x01, 0x22, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
    0x03, 0x82, 0x01, 0x0f, 0x00,
];

/// A key pair for ES256.
#[derive(Debug, Clone)]
pub(super) struct EcKey {
    pub(super) kid: String,
    pair: Arc<EcdsaKeyPair>,
}

/// A key pair for RS256.
#[derive(Debug, Clone)]
pub(super) struct RsaKey {
    pub(super) kid: String,
    pair: Arc<RsaKeyPair>,
}

/// All keys of a project.
#[derive(Debug)]
pub(super) struct KeyRing {
    current: EcKey,
    /// Keys that no longer sign; tokens of theirs are still good.
    previous: Vec<EcKey>,
    rsa: RsaKey,
    rsa_published: bool,
    /// Whatever else is to be in the set.
    extra: Vec<Value>,
}

impl EcKey {
    pub(super) fn generate() -> Self {
        let system = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &system)
            .expect("the system gives random bytes");
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &system)
            .expect("a key that was just made");
        Self { kid: random::uuid().to_string(), pair: Arc::new(pair) }
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.pair.sign(&SystemRandom::new(), message).expect("the system gives random bytes").as_ref().to_vec()
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, self.pair.public_key().as_ref());
        public.verify(message, signature).is_ok()
    }

    fn jwk(&self) -> Value {
        // 0x04, then both coordinates of 32 bytes.
        let point = self.pair.public_key().as_ref();
        json!({
            "alg": "ES256", "crv": "P-256", "ext": true, "key_ops": ["verify"], "kid": self.kid, "kty": "EC",
            "use": "sig", "x": jwt::encode(&point[1..33]), "y": jwt::encode(&point[33..65]),
        })
    }
}

impl RsaKey {
    fn load() -> Self {
        let pair = RsaKeyPair::from_pkcs8(RSA_PKCS8).expect("the file beside this one is a key");
        Self { kid: random::uuid().to_string(), pair: Arc::new(pair) }
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.pair.public().modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .expect("the system gives random bytes, and the buffer fits");
        signature
    }

    /// The public key as PEM text: what a forger takes for a secret.
    pub(super) fn public_pem(&self) -> String {
        let der: Vec<u8> = RSA_SPKI_PREFIX.iter().chain(self.pair.public().as_ref()).copied().collect();
        let encoded = STANDARD.encode(der);
        let lines: String = encoded.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line) + "\n").collect();
        format!("-----BEGIN PUBLIC KEY-----\n{lines}-----END PUBLIC KEY-----\n")
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, self.pair.public().as_ref());
        public.verify(message, signature).is_ok()
    }

    fn jwk(&self) -> Value {
        let public: rsa::PublicKeyComponents<Vec<u8>> = self.pair.public().into();
        json!({
            "alg": "RS256", "ext": true, "key_ops": ["verify"], "kid": self.kid, "kty": "RSA", "use": "sig",
            "n": jwt::encode(public.n), "e": jwt::encode(public.e),
        })
    }
}

impl KeyRing {
    pub(super) fn generate() -> Self {
        let (current, rsa) = (EcKey::generate(), RsaKey::load());
        Self { current, previous: Vec::new(), rsa, rsa_published: false, extra: Vec::new() }
    }

    pub(super) fn current(&self) -> &EcKey {
        &self.current
    }

    pub(super) fn rsa(&self) -> &RsaKey {
        &self.rsa
    }

    pub(super) fn publish_rsa(&mut self) {
        self.rsa_published = true;
    }

    pub(super) fn publish(&mut self, jwk: Value) {
        self.extra.push(jwk);
    }

    /// A new key signs from now on; the old one stays in the set.
    pub(super) fn rotate(&mut self) {
        let old = std::mem::replace(&mut self.current, EcKey::generate());
        self.previous.push(old);
    }

    /// Takes a key that no longer signs out of the set; false when there is none with that id.
    pub(super) fn revoke(&mut self, kid: &str) -> bool {
        let before = self.previous.len() + self.extra.len() + usize::from(self.rsa_published);
        self.previous.retain(|key| key.kid != kid);
        self.extra.retain(|jwk| jwk.get("kid").and_then(Value::as_str) != Some(kid));
        self.rsa_published &= self.rsa.kid != kid;
        self.previous.len() + self.extra.len() + usize::from(self.rsa_published) < before
    }

    /// The JSON Web Key Set.
    pub(super) fn jwks(&self) -> Value {
        let mut keys: Vec<Value> = std::iter::once(&self.current).chain(&self.previous).map(EcKey::jwk).collect();
        keys.extend(self.rsa_published.then(|| self.rsa.jwk()));
        keys.extend(self.extra.iter().cloned());
        json!({ "keys": keys })
    }

    /// Whether the key with that id made the signature; an error where there is no such key.
    pub(super) fn verify(&self, alg: &str, kid: &str, message: &[u8], signature: &[u8]) -> Result<bool, UnknownKey> {
        let mut known = std::iter::once(&self.current).chain(&self.previous);
        match alg {
            "ES256" => known.find(|key| key.kid == kid).map(|key| key.verify(message, signature)).ok_or(UnknownKey),
            "RS256" if self.rsa_published && self.rsa.kid == kid => Ok(self.rsa.verify(message, signature)),
            _ => Err(UnknownKey),
        }
    }
}

/// No key has that id and kind.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct UnknownKey;

/// HMAC-SHA256.
pub(super) fn hs256(secret: &[u8], message: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message).as_ref().to_vec()
}

/// Compares in constant time.
pub(super) fn hs256_holds(secret: &[u8], message: &[u8], signature: &[u8]) -> bool {
    hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, secret), message, signature).is_ok()
}
