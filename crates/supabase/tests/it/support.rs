//! An issuer: keys that sign anything, a key set that can be changed, and the tokens of a person.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cortex_identity::model::{TokenRefusal, VerifiedToken};
use cortex_identity::ports::{TokenVerifier, VerifyTokenError};
use cortex_identity::testing::{COMPANY_A, NOON, USER_1};
use cortex_supabase::{FetchJwksError, JwksSource, SupabaseTokenVerifier, TokenRules};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding,
    RsaKeyPair,
};
use ring::{hmac, rsa};
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::sync::Semaphore;

pub(crate) const ISSUER: &str = "https://master.example.com/auth/v1";
/// The legacy secret of those deployments that have one.
pub(crate) const SECRET: &str = "a legacy secret of more than 32 bytes";

/// A key of 2048 bits that was made for these tests, because `ring` makes none. It protects nothing.
const RSA_PKCS8: &[u8] = include_bytes!("throw_away_rsa_key.pk8");

/// A key for ES256.
pub(crate) struct EcKey {
    pub(crate) kid: &'static str,
    pair: EcdsaKeyPair,
}

/// A key for RS256.
pub(crate) struct RsaKey {
    pub(crate) kid: &'static str,
    pair: RsaKeyPair,
}

impl EcKey {
    pub(crate) fn generate(kid: &'static str) -> Self {
        let system = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &system).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &system).unwrap();
        Self { kid, pair }
    }

    pub(crate) fn signature(&self, message: &[u8]) -> Vec<u8> {
        self.pair.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec()
    }

    pub(crate) fn public(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }

    pub(crate) fn jwk(&self) -> Value {
        let (x, y) = (encode(&self.public()[1..33]), encode(&self.public()[33..]));
        json!({ "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "key_ops": ["verify"], "ext": true,
                "kid": self.kid, "x": x, "y": y })
    }

    pub(crate) fn header(&self) -> Value {
        json!({ "alg": "ES256", "typ": "JWT", "kid": self.kid })
    }

    /// A token with these claims, as Supabase would make it.
    pub(crate) fn token(&self, claims: &Value) -> String {
        token(&self.header(), claims, |message| self.signature(message))
    }
}

impl RsaKey {
    pub(crate) fn throw_away(kid: &'static str) -> Self {
        Self { kid, pair: RsaKeyPair::from_pkcs8(RSA_PKCS8).unwrap() }
    }

    pub(crate) fn signature(&self, message: &[u8]) -> Vec<u8> {
        self.sign(&RSA_PKCS1_SHA256, message)
    }

    pub(crate) fn pss_signature(&self, message: &[u8]) -> Vec<u8> {
        self.sign(&RSA_PSS_SHA256, message)
    }

    /// The public key as DER: what a forger takes for a secret.
    pub(crate) fn public(&self) -> &[u8] {
        self.pair.public().as_ref()
    }

    pub(crate) fn jwk(&self) -> Value {
        let public: rsa::PublicKeyComponents<Vec<u8>> = self.pair.public().into();
        json!({ "kty": "RSA", "alg": "RS256", "use": "sig", "kid": self.kid,
                "n": encode(public.n), "e": encode(public.e) })
    }

    pub(crate) fn header(&self) -> Value {
        json!({ "alg": "RS256", "typ": "JWT", "kid": self.kid })
    }

    fn sign(&self, padding: &'static dyn RsaEncoding, message: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.pair.public().modulus_len()];
        self.pair.sign(padding, &SystemRandom::new(), message, &mut signature).unwrap();
        signature
    }
}

/// HMAC-SHA256, the signature of HS256.
pub(crate) fn hs256(secret: impl AsRef<[u8]>, message: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_ref()), message).as_ref().to_vec()
}

/// Any header over any claims.
pub(crate) fn token(header: &Value, claims: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let signed = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
    let signature = encode(sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The claims of a person of the company, an hour before they run out.
pub(crate) fn claims() -> Value {
    let now = NOON.unix_timestamp();
    json!({
        "iss": ISSUER, "aud": "authenticated", "exp": now + 3600, "iat": now, "sub": USER_1.to_string(),
        "role": "authenticated", "email": "one@example.com", "session_id": "session-1", "is_anonymous": false,
        "app_metadata": { "provider": "email", "company_id": COMPANY_A.to_string() }, "user_metadata": {},
    })
}

/// The object with one member changed.
pub(crate) fn with(mut object: Value, name: &str, value: impl Into<Value>) -> Value {
    object[name] = value.into();
    object
}

/// The object without one of its members.
pub(crate) fn without(mut object: Value, name: &str) -> Value {
    object.as_object_mut().unwrap().remove(name).expect("the member was there");
    object
}

pub(crate) fn rules() -> TokenRules {
    TokenRules {
        issuer: ISSUER.to_owned(),
        audience: "authenticated".to_owned(),
        leeway: Duration::from_secs(30),
        allowed_client_ids: ["console".to_owned()].into(),
        legacy_secret: None,
    }
}

pub(crate) fn rules_with_secret() -> TokenRules {
    TokenRules { legacy_secret: Some(SECRET.into()), ..rules() }
}

/// Where the verifier's keys come from: whatever the test says last, counted.
#[derive(Default)]
pub(crate) struct Published {
    keys: Mutex<Option<Vec<Value>>>,
    fetches: AtomicUsize,
    /// Present when answers wait for the test.
    gate: Option<Semaphore>,
}

impl Published {
    /// An issuer that publishes these keys.
    pub(crate) fn keys(keys: impl Into<Vec<Value>>) -> Arc<Self> {
        Arc::new(Self { keys: Mutex::new(Some(keys.into())), ..Self::default() })
    }

    /// The same, but it answers only once the gate is open.
    pub(crate) fn gated(keys: impl Into<Vec<Value>>) -> Arc<Self> {
        Arc::new(Self { keys: Mutex::new(Some(keys.into())), gate: Some(Semaphore::new(0)), ..Self::default() })
    }

    /// An issuer that cannot be reached.
    pub(crate) fn nothing() -> Arc<Self> {
        Arc::default()
    }

    pub(crate) fn publish(&self, keys: impl Into<Vec<Value>>) {
        *self.state() = Some(keys.into());
    }

    pub(crate) fn go_away(&self) {
        *self.state() = None;
    }

    /// From now on it answers at once.
    pub(crate) fn open_the_gate(&self) {
        self.gate.as_ref().expect("a gated issuer").add_permits(Semaphore::MAX_PERMITS);
    }

    pub(crate) fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }

    fn state(&self) -> MutexGuard<'_, Option<Vec<Value>>> {
        self.keys.lock().unwrap()
    }
}

#[async_trait]
impl JwksSource for Published {
    async fn fetch(&self) -> Result<Vec<u8>, FetchJwksError> {
        self.fetches.fetch_add(1, Ordering::SeqCst);
        if let Some(gate) = &self.gate {
            drop(gate.acquire().await.unwrap());
        }
        let keys = self.state().clone().ok_or_else(|| FetchJwksError::Unreachable("gone".into()))?;
        Ok(json!({ "keys": keys }).to_string().into_bytes())
    }
}

/// A clock that the test moves.
#[derive(Clone)]
pub(crate) struct HandClock(Arc<Mutex<OffsetDateTime>>);

impl HandClock {
    pub(crate) fn at_noon() -> Self {
        Self(Arc::new(Mutex::new(NOON)))
    }

    pub(crate) fn advance(&self, seconds: i64) {
        *self.0.lock().unwrap() += time::Duration::seconds(seconds);
    }
}

pub(crate) fn verifier(rules: TokenRules, source: &Arc<Published>, clock: &HandClock) -> SupabaseTokenVerifier {
    let clock = clock.clone();
    SupabaseTokenVerifier::new(rules, source.clone(), Arc::new(move || *clock.0.lock().unwrap()))
}

/// What became of a token.
#[derive(Debug, PartialEq)]
pub(crate) enum Verdict {
    Accepted(Box<VerifiedToken>),
    Refused(TokenRefusal),
    NoKeys,
}

pub(crate) async fn verdict(verifier: &SupabaseTokenVerifier, token: &str) -> Verdict {
    match verifier.verify(token).await {
        Ok(token) => Verdict::Accepted(Box::new(token)),
        Err(VerifyTokenError::Refused(refusal)) => Verdict::Refused(refusal),
        Err(VerifyTokenError::KeysUnavailable) => Verdict::NoKeys,
    }
}
