//! What it costs to check a token: the first time, and when it was verified before. Each beside the least that it could
//! cost, measured in the same run: the signature alone, and the digest by which a verified token is found.
//!
//! `cargo xtask bench tokens` runs it. Without `--bench`, as `cargo test` calls it, everything is done once.

#![expect(clippy::unwrap_used, reason = "what goes wrong on the stage of a benchmark ends it")]

use std::hint::black_box;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cortex_identity::ports::TokenVerifier;
use cortex_supabase::{FetchJwksError, JwksSource, SupabaseTokenVerifier, TokenRules};
use futures_util::FutureExt as _;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, UnparsedPublicKey,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

const ISSUER: &str = "https://master.example.com/auth/v1";
const NOW: i64 = 1_800_000_000;
const ROUNDS: usize = 9;

/// A set that never changes.
struct Published(Vec<u8>);

#[async_trait]
impl JwksSource for Published {
    async fn fetch(&self) -> Result<Vec<u8>, FetchJwksError> {
        Ok(self.0.clone())
    }
}

fn main() {
    let is_measured = std::env::args().any(|argument| argument == "--bench");
    let tokens = if is_measured { 2_000 } else { 1 };
    let system = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &system).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &system).unwrap();
    let signed: Vec<_> = (0..tokens).map(|number| token(&pair, &system, number)).collect();
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref());

    let signature_alone = median(tokens, || {
        for token in &signed {
            let (message, signature) = token.rsplit_once('.').unwrap();
            let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
            key.verify(message.as_bytes(), black_box(&signature)).unwrap();
        }
    });
    let digest_alone = median(tokens, || {
        for token in &signed {
            black_box(Sha256::digest(black_box(token)));
        }
    });
    // A verifier of its own each time has verified none of them before.
    let first_time = median_of(
        tokens,
        || {
            let verifier = verifier(&pair);
            move |signed: &[String]| verify_all(&verifier, signed)
        },
        &signed,
    );
    let known = verifier(&pair);
    verify_all(&known, &signed);
    let again = median(tokens, || verify_all(&known, &signed));

    let mut told = io::stdout().lock();
    let mut line = |what: &str, took: Duration, limit: Duration| {
        let micros = took.as_secs_f64() * 1e6;
        let ratio = limit.as_secs_f64() / took.as_secs_f64();
        writeln!(told, "{what:<44} {micros:>8.2} us {:>10.0}/s   {ratio:>5.2} of its limit", 1e6 / micros).unwrap();
    };
    line("limit: the signature alone (ES256)", signature_alone, signature_alone);
    line("a token for the first time", first_time, signature_alone);
    line("limit: the digest alone (SHA-256)", digest_alone, digest_alone);
    line("a token that was verified before", again, digest_alone);
    writeln!(told, "verified before is {:.1} times as fast", first_time.as_secs_f64() / again.as_secs_f64()).unwrap();
}

/// The median time of one of `tokens` steps that `work` does.
fn median(tokens: usize, mut work: impl FnMut()) -> Duration {
    let mut rounds: Vec<_> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed()
        })
        .collect();
    rounds.sort_unstable();
    rounds[ROUNDS / 2] / u32::try_from(tokens).unwrap()
}

/// The same of work that is prepared anew for each round.
fn median_of<W: Fn(&[String])>(tokens: usize, prepare: impl Fn() -> W, signed: &[String]) -> Duration {
    let mut prepared: Vec<_> = (0..ROUNDS).map(|_| prepare()).collect();
    median(tokens, || prepared.pop().unwrap()(signed))
}

fn verify_all(verifier: &SupabaseTokenVerifier, signed: &[String]) {
    for token in signed {
        let says = verifier.verify(black_box(token)).now_or_never().expect("the keys are there");
        black_box(says.unwrap());
    }
}

fn verifier(pair: &EcdsaKeyPair) -> SupabaseTokenVerifier {
    let public = pair.public_key().as_ref();
    let key = json!({ "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "key",
                      "x": encode(&public[1..33]), "y": encode(&public[33..]) });
    let rules = TokenRules {
        issuer: ISSUER.to_owned(),
        audience: "authenticated".to_owned(),
        leeway: Duration::from_secs(30),
        allowed_client_ids: [].into(),
        legacy_secret: None,
    };
    let source = Arc::new(Published(json!({ "keys": [key] }).to_string().into_bytes()));
    let now = OffsetDateTime::from_unix_timestamp(NOW).unwrap();
    let verifier = SupabaseTokenVerifier::new(rules, source, Arc::new(move || now));
    verifier.refresh().now_or_never().expect("the set is at hand").unwrap();
    verifier
}

/// As Supabase makes them.
fn token(pair: &EcdsaKeyPair, system: &SystemRandom, number: usize) -> String {
    let claims: Value = json!({
        "iss": ISSUER, "aud": "authenticated", "exp": NOW + 3600, "iat": NOW, "role": "authenticated",
        "sub": format!("00000000-0000-4000-8000-{number:012}"), "email": format!("person{number}@kestrelpumps.example"),
        "phone": "", "aal": "aal1", "amr": [{ "method": "password", "timestamp": NOW }], "is_anonymous": false,
        "session_id": format!("11111111-0000-4000-8000-{number:012}"),
        "app_metadata": { "provider": "email", "providers": ["email"],
                          "company_ids": ["a0000000-0000-4000-8000-000000000000"] },
        "user_metadata": { "email_verified": true, "full_name": "Somebody of the company" },
    });
    let header = json!({ "alg": "ES256", "typ": "JWT", "kid": "key" });
    let signed = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
    let signature = pair.sign(system, signed.as_bytes()).unwrap();
    format!("{signed}.{}", encode(signature))
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
