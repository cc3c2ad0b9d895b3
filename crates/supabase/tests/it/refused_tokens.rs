//! Tokens that must not pass, each with the reason that the log gets.

use TokenRefusal::{
    AnonymousUser, BadClaim, BadSignature, Expired, ForbiddenHeader, ForeignClaim, ForeignClient, Malformed, NotAUser,
    NotYetValid, TooLong, UnknownKey, WrongAlgorithm,
};
use cortex_identity::model::TokenRefusal;
use cortex_identity::testing::{NOON, USER_1};
use cortex_supabase::TokenRules;
use serde_json::{Value, json};

use crate::support::{
    EcKey, HandClock, Published, RsaKey, SECRET, Verdict, claims, encode, hs256, rules, rules_with_secret, token,
    verdict, verifier, with, without,
};

/// Keys that are published, one that is not, and one that must never be used.
struct Forge {
    ec: EcKey,
    rsa: RsaKey,
    stranger: EcKey,
    oct: Value,
}

type Case = (&'static str, fn(&Forge) -> String, TokenRefusal);

impl Forge {
    fn new() -> Self {
        Self {
            ec: EcKey::generate("ec"),
            rsa: RsaKey::throw_away("rsa"),
            stranger: EcKey::generate("ec"),
            oct: json!({ "kty": "oct", "alg": "HS256", "kid": "oct", "k": encode("symmetric") }),
        }
    }

    fn published(&self) -> Vec<Value> {
        vec![self.oct.clone(), self.ec.jwk(), self.rsa.jwk()]
    }

    /// A token of the published EC key, with a header of one's own.
    fn headed(&self, header: &Value) -> String {
        token(header, &claims(), |message| self.ec.signature(message))
    }

    /// A token of the published EC key with one claim changed.
    fn claiming(&self, name: &str, value: impl Into<Value>) -> String {
        self.ec.token(&with(claims(), name, value))
    }

    /// The same with a claim less.
    fn lacking(&self, name: &str) -> String {
        self.ec.token(&without(claims(), name))
    }
}

const SHAPES: &[Case] = &[
    ("nothing", |_| String::new(), Malformed),
    ("a word", |_| "token".to_owned(), Malformed),
    ("two parts", |forge| without_last_part(&forge.ec.token(&claims())), Malformed),
    ("four parts", |forge| forge.ec.token(&claims()) + ".e30", Malformed),
    ("three empty parts", |_| "..".to_owned(), Malformed),
    ("a header that is no base64url", |forge| forge.ec.token(&claims()).replacen("ey", "+/", 1), Malformed),
    ("a padded part", |forge| forge.ec.token(&claims()) + "==", Malformed),
    ("a header that is no JSON", |_| format!("{}.e30.AA", encode("{")), Malformed),
    ("a header that is a list", |forge| forge.headed(&json!(["ES256"])), Malformed),
    ("no algorithm", |forge| forge.headed(&without(forge.ec.header(), "alg")), Malformed),
    ("an algorithm that is a number", |forge| forge.headed(&with(forge.ec.header(), "alg", 256)), Malformed),
    ("a key id that is a number", |forge| forge.headed(&with(forge.ec.header(), "kid", 1)), Malformed),
    ("claims that are a list", |forge| forge.ec.token(&json!([])), Malformed),
    ("claims that are text", |forge| forge.ec.token(&json!("claims")), Malformed),
    ("8 KiB of rubbish", |_| "x".repeat(8 * 1024), Malformed),
    ("8 KiB and a byte of rubbish", |_| "x".repeat(8 * 1024 + 1), TooLong),
    ("9 KiB", |forge| forge.claiming("padding", "x".repeat(9 * 1024)), TooLong),
];

const HEADERS: &[Case] = &[
    ("crit", |forge| forge.headed(&with(forge.ec.header(), "crit", json!(["exp"]))), ForbiddenHeader),
    ("crit that is null", |forge| forge.headed(&with(forge.ec.header(), "crit", Value::Null)), ForbiddenHeader),
    ("jku", |forge| forge.headed(&with(forge.ec.header(), "jku", "https://evil.example/jwks")), ForbiddenHeader),
    ("x5u", |forge| forge.headed(&with(forge.ec.header(), "x5u", "https://evil.example/x5u")), ForbiddenHeader),
    ("x5c", |forge| forge.headed(&with(forge.ec.header(), "x5c", json!([]))), ForbiddenHeader),
    (
        "its own key",
        |forge| {
            let header = with(forge.stranger.header(), "jwk", forge.stranger.jwk());
            token(&header, &claims(), |message| forge.stranger.signature(message))
        },
        ForbiddenHeader,
    ),
];

const ALGORITHMS: &[Case] = &[
    ("alg none", |_| token(&json!({ "alg": "none" }), &claims(), |_| Vec::new()), WrongAlgorithm),
    ("alg none in capitals", |_| token(&json!({ "alg": "NONE" }), &claims(), |_| Vec::new()), WrongAlgorithm),
    (
        "alg none with a known key",
        |forge| token(&with(forge.ec.header(), "alg", "none"), &claims(), |_| Vec::new()),
        WrongAlgorithm,
    ),
    ("alg none over a good signature", |forge| forge.headed(&with(forge.ec.header(), "alg", "none")), WrongAlgorithm),
    ("RS256 named for the EC key", |forge| forge.headed(&with(forge.ec.header(), "alg", "RS256")), WrongAlgorithm),
    (
        "ES256 named for the RSA key",
        |forge| token(&with(forge.rsa.header(), "alg", "ES256"), &claims(), |message| forge.rsa.signature(message)),
        WrongAlgorithm,
    ),
    (
        "PS256 of the RSA key",
        |forge| token(&with(forge.rsa.header(), "alg", "PS256"), &claims(), |message| forge.rsa.pss_signature(message)),
        WrongAlgorithm,
    ),
    ("ES384", |forge| forge.headed(&with(forge.ec.header(), "alg", "ES384")), WrongAlgorithm),
    ("EdDSA", |forge| forge.headed(&with(forge.ec.header(), "alg", "EdDSA")), WrongAlgorithm),
    ("es256 in small letters", |forge| forge.headed(&with(forge.ec.header(), "alg", "es256")), WrongAlgorithm),
    ("HS512", |_| token(&json!({ "alg": "HS512" }), &claims(), |message| hs256(SECRET, message)), WrongAlgorithm),
];

/// Refused wherever there is no legacy secret.
const SYMMETRIC_WITHOUT_SECRET: &[Case] = &[
    ("HS256", |_| symmetric("ec", SECRET), WrongAlgorithm),
    ("HS256 with the empty secret", |_| symmetric("ec", ""), WrongAlgorithm),
    ("HS256 with the public RSA key", |forge| symmetric("rsa", forge.rsa.public()), WrongAlgorithm),
    ("HS256 with the public EC key", |forge| symmetric("ec", forge.ec.public()), WrongAlgorithm),
    ("HS256 with a published symmetric key", |_| symmetric("oct", "symmetric"), WrongAlgorithm),
];

/// The same forgeries where there is one.
const SYMMETRIC_WITH_SECRET: &[Case] = &[
    ("HS256 with another secret", |_| symmetric("ec", "guessed"), BadSignature),
    ("HS256 with the empty secret", |_| symmetric("ec", ""), BadSignature),
    ("HS256 with the public RSA key", |forge| symmetric("rsa", forge.rsa.public()), BadSignature),
    ("HS256 with the public EC key", |forge| symmetric("ec", forge.ec.public()), BadSignature),
    ("HS256 with a published symmetric key", |_| symmetric("oct", "symmetric"), BadSignature),
    (
        "ES256 over an HMAC of the secret",
        |forge| token(&forge.ec.header(), &claims(), |message| hs256(SECRET, message)),
        BadSignature,
    ),
];

const SIGNATURES: &[Case] = &[
    ("none", |forge| token(&forge.ec.header(), &claims(), |_| Vec::new()), BadSignature),
    ("another key's under the same id", |forge| forge.stranger.token(&claims()), BadSignature),
    ("another token's", |forge| swapped(&forge.ec), BadSignature),
    (
        "a changed one",
        |forge| {
            let changed = |message: &[u8]| {
                let mut signature = forge.ec.signature(message);
                signature[7] ^= 1;
                signature
            };
            token(&forge.ec.header(), &claims(), changed)
        },
        BadSignature,
    ),
    ("zeros", |forge| token(&forge.ec.header(), &claims(), |_| vec![0; 64]), BadSignature),
    (
        "a PSS signature as RS256",
        |forge| token(&forge.rsa.header(), &claims(), |message| forge.rsa.pss_signature(message)),
        BadSignature,
    ),
    ("an unknown key", |_| EcKey::generate("unknown").token(&claims()), UnknownKey),
    ("no key id", |forge| forge.headed(&without(forge.ec.header(), "kid")), UnknownKey),
    ("the id of the symmetric key", |forge| forge.headed(&with(forge.ec.header(), "kid", "oct")), UnknownKey),
];

const TIMES: &[Case] = &[
    ("expired", |forge| forge.claiming("exp", now() - 31), Expired),
    ("expired at the very end of the leeway", |forge| forge.claiming("exp", now() - 30), Expired),
    ("expired before 1970", |forge| forge.claiming("exp", -1), Expired),
    ("no expiry", |forge| forge.lacking("exp"), BadClaim("exp")),
    ("an expiry that is null", |forge| forge.claiming("exp", Value::Null), BadClaim("exp")),
    ("a fractional expiry", |forge| forge.claiming("exp", json!(1_900_000_000.5)), BadClaim("exp")),
    ("an expiry in text", |forge| forge.claiming("exp", (now() + 3600).to_string()), BadClaim("exp")),
    ("an expiry beyond the calendar", |forge| forge.claiming("exp", i64::MAX), BadClaim("exp")),
    ("an expiry beyond any number", |forge| forge.claiming("exp", u64::MAX), BadClaim("exp")),
    ("not valid yet", |forge| forge.claiming("nbf", now() + 31), NotYetValid),
    ("a fractional nbf", |forge| forge.claiming("nbf", json!(0.5)), BadClaim("nbf")),
    ("issued in the future", |forge| forge.claiming("iat", now() + 31), NotYetValid),
    ("issued beyond the calendar", |forge| forge.claiming("iat", i64::MIN), BadClaim("iat")),
];

const ORIGINS: &[Case] = &[
    ("no issuer", |forge| forge.lacking("iss"), BadClaim("iss")),
    ("another issuer", |forge| forge.claiming("iss", "https://evil.example/auth/v1"), ForeignClaim("iss")),
    (
        "an issuer with a slash more",
        |forge| forge.claiming("iss", "https://master.example.com/auth/v1/"),
        ForeignClaim("iss"),
    ),
    ("a list of issuers", |forge| forge.claiming("iss", json!([crate::support::ISSUER])), BadClaim("iss")),
    ("no audience", |forge| forge.lacking("aud"), BadClaim("aud")),
    ("another audience", |forge| forge.claiming("aud", "Authenticated"), ForeignClaim("aud")),
    ("other audiences", |forge| forge.claiming("aud", json!(["anon", "authenticated "])), ForeignClaim("aud")),
    ("no audience in the list", |forge| forge.claiming("aud", json!([])), ForeignClaim("aud")),
    ("an audience that is a number", |forge| forge.claiming("aud", json!(["authenticated", 1])), BadClaim("aud")),
];

const BEARERS: &[Case] = &[
    ("the anon key", |forge| forge.claiming("role", "anon"), NotAUser),
    ("the service key", |forge| forge.claiming("role", "service_role"), NotAUser),
    ("no role", |forge| forge.lacking("role"), NotAUser),
    ("a list of roles", |forge| forge.claiming("role", json!(["authenticated"])), BadClaim("role")),
    ("no subject", |forge| forge.lacking("sub"), BadClaim("sub")),
    ("a subject that is no uuid", |forge| forge.claiming("sub", "one@example.com"), BadClaim("sub")),
    ("a subject in braces", |forge| forge.claiming("sub", format!("{{{USER_1}}}")), BadClaim("sub")),
    ("a subject as a URN", |forge| forge.claiming("sub", format!("urn:uuid:{USER_1}")), BadClaim("sub")),
    ("a subject without hyphens", |forge| forge.claiming("sub", USER_1.to_string().replace('-', "")), BadClaim("sub")),
    ("an empty subject", |forge| forge.claiming("sub", ""), BadClaim("sub")),
    ("an anonymous user", |forge| forge.claiming("is_anonymous", true), AnonymousUser),
    ("anonymous in text", |forge| forge.claiming("is_anonymous", "false"), BadClaim("is_anonymous")),
    ("another program's token", |forge| forge.claiming("client_id", "somebody"), ForeignClient),
    ("a program without a name", |forge| forge.claiming("client_id", ""), ForeignClient),
    ("a list of programs", |forge| forge.claiming("client_id", json!(["console"])), BadClaim("client_id")),
    ("metadata that is a list", |forge| forge.claiming("app_metadata", json!([])), BadClaim("app_metadata")),
    ("metadata that is text", |forge| forge.claiming("user_metadata", "{}"), BadClaim("user_metadata")),
];

#[tokio::test]
async fn a_token_of_the_wrong_shape_is_refused() {
    expect_refusals(&[SHAPES, HEADERS], rules()).await;
    expect_refusals(&[SHAPES, HEADERS], rules_with_secret()).await;
}

#[tokio::test]
async fn the_key_decides_the_algorithm() {
    expect_refusals(&[ALGORITHMS, SYMMETRIC_WITHOUT_SECRET], rules()).await;
    expect_refusals(&[ALGORITHMS, SYMMETRIC_WITH_SECRET], rules_with_secret()).await;
}

#[tokio::test]
async fn an_empty_legacy_secret_is_none() {
    let rules = TokenRules { legacy_secret: Some("".into()), ..rules() };

    expect_refusals(&[SYMMETRIC_WITHOUT_SECRET], rules).await;
}

#[tokio::test]
async fn a_signature_that_does_not_hold_is_refused() {
    expect_refusals(&[SIGNATURES], rules()).await;
    expect_refusals(&[SIGNATURES], rules_with_secret()).await;
}

#[tokio::test]
async fn claims_that_break_a_rule_are_refused() {
    expect_refusals(&[TIMES, ORIGINS, BEARERS], rules()).await;
}

/// Claims are not looked at before the signature holds: what a forger writes there tells him nothing.
#[tokio::test]
async fn a_bad_signature_is_refused_before_any_claim_is_read() {
    let forge = Forge::new();
    let verifier = verifier(rules(), &Published::keys(forge.published()), &HandClock::at_noon());
    verifier.refresh().await.unwrap();

    for (name, make, _) in [TIMES, ORIGINS, BEARERS].into_iter().flatten() {
        let forged = make(&Forge { ec: EcKey::generate("ec"), ..Forge::new() });

        assert_eq!(verdict(&verifier, &forged).await, Verdict::Refused(BadSignature), "{name}");
    }
}

#[test]
fn there_are_many_ways_to_lie() {
    let tables = [
        SHAPES,
        HEADERS,
        ALGORITHMS,
        SYMMETRIC_WITHOUT_SECRET,
        SYMMETRIC_WITH_SECRET,
        SIGNATURES,
        TIMES,
        ORIGINS,
        BEARERS,
    ];

    assert!(tables.into_iter().flatten().count() >= 60);
}

async fn expect_refusals(tables: &[&[Case]], rules: TokenRules) {
    let forge = Forge::new();
    let verifier = verifier(rules, &Published::keys(forge.published()), &HandClock::at_noon());
    verifier.refresh().await.unwrap();
    let mut wrong = Vec::new();
    for (name, make, refusal) in tables.iter().copied().flatten() {
        let verdict = verdict(&verifier, &make(&forge)).await;
        if verdict != Verdict::Refused(*refusal) {
            wrong.push(format!("{name}: expected {refusal:?}, got {verdict:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn now() -> i64 {
    NOON.unix_timestamp()
}

fn symmetric(kid: &str, secret: impl AsRef<[u8]>) -> String {
    token(&json!({ "alg": "HS256", "typ": "JWT", "kid": kid }), &claims(), |message| hs256(secret, message))
}

fn without_last_part(token: &str) -> String {
    token.rsplit_once('.').unwrap().0.to_owned()
}

/// The claims of one token with the signature of another.
fn swapped(key: &EcKey) -> String {
    let mine = key.token(&claims());
    let richer = key.token(&with(claims(), "sub", "02000000-0000-4000-8000-000000000002"));
    let (_, signature) = mine.rsplit_once('.').unwrap();
    format!("{}.{signature}", without_last_part(&richer))
}
