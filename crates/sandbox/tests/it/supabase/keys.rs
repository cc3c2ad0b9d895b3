//! Key rotation, other kinds of keys, and tokens that an attacker would try.

use biscuit::jwa::SignatureAlgorithm;
use biscuit::jwk::JWKSet;
use biscuit::jws::Secret;
use biscuit::{Empty, JWT};
use cortex_sandbox::supabase::{Mint, SignWith, Supabase};
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use super::{IVO, anon, answer, bare, claims, header, ivo, project, success, text};

async fn published(supabase: &Supabase) -> Value {
    success(bare(supabase, Method::GET, "/.well-known/jwks.json")).await
}

fn kids(set: &Value) -> Vec<String> {
    set["keys"].as_array().expect("a list of keys").iter().map(|key| text(key, "kid").to_owned()).collect()
}

/// Whether Auth itself takes the token for good.
async fn accepted(supabase: &Supabase, token: &str) -> bool {
    answer(anon(supabase, Method::GET, "/user").bearer_auth(token)).await.1.get("error_code").is_none()
}

#[tokio::test]
async fn the_key_set_is_public_and_has_the_fields_of_the_real_one() {
    let supabase = project();
    let set = published(&supabase).await;
    let [key] = set["keys"].as_array().unwrap().as_slice() else { panic!("one key") };
    assert_eq!((&key["kty"], &key["crv"], &key["alg"]), (&json!("EC"), &json!("P-256"), &json!("ES256")));
    assert_eq!(key["key_ops"], json!(["verify"]));
    assert_eq!(text(key, "x").len(), 43);
    assert_eq!(text(key, "y").len(), 43);
    assert_eq!(key.get("d"), None);
    assert_eq!(supabase.jwks_fetches(), 1);
}

#[tokio::test]
async fn after_a_rotation_old_and_new_tokens_are_good_until_the_old_key_goes() {
    let supabase = project();
    let session = ivo(&supabase).await;
    let (old_token, old_kid) = (text(&session, "access_token"), supabase.current_kid());
    supabase.rotate_keys();
    let new_kid = supabase.current_kid();
    let renewed = ivo(&supabase).await;
    let new_token = text(&renewed, "access_token");

    assert_eq!(
        (header(old_token)["kid"].as_str(), header(new_token)["kid"].as_str()),
        (Some(&*old_kid), Some(&*new_kid))
    );
    assert_eq!(kids(&published(&supabase).await), [new_kid.clone(), old_kid.clone()]);
    assert!(accepted(&supabase, old_token).await && accepted(&supabase, new_token).await);

    assert!(supabase.revoke_key(&old_kid));
    assert!(!supabase.revoke_key(&old_kid) && !supabase.revoke_key(&new_kid), "the signing key stays");
    assert_eq!(kids(&published(&supabase).await), [new_kid]);
    assert!(!accepted(&supabase, old_token).await && accepted(&supabase, new_token).await);
}

#[tokio::test]
async fn an_rsa_key_counts_while_it_is_published() {
    let supabase = project();
    let token = supabase.mint(&Mint::of(IVO).without("session_id").signed_with(SignWith::Rsa));
    assert!(!accepted(&supabase, &token).await);
    supabase.publish_rsa_key();
    let kid = supabase.rsa_kid();
    assert!(accepted(&supabase, &token).await);

    let set: JWKSet<Empty> = serde_json::from_value(published(&supabase).await).unwrap();
    let key = set.find(&kid).unwrap();
    assert_eq!(key.common.algorithm, Some(biscuit::jwa::Algorithm::Signature(SignatureAlgorithm::RS256)));
    JWT::<Empty, Empty>::new_encoded(&token).decode_with_jwks(&set, Some(SignatureAlgorithm::RS256)).unwrap();

    assert!(supabase.revoke_key(&kid));
    assert!(!accepted(&supabase, &token).await);
}

#[tokio::test]
async fn keys_of_unknown_kinds_can_lie_among_the_others() {
    let supabase = project();
    supabase.publish_key(json!({ "kty": "AKP", "alg": "ML-DSA-65", "kid": "later", "pub": "AAAA" }));
    supabase.publish_key(json!("nonsense"));
    let set = published(&supabase).await;
    assert_eq!(set["keys"].as_array().unwrap().len(), 3);
    assert!(supabase.revoke_key("later"));
}

#[tokio::test]
async fn the_legacy_secret_signs_and_the_project_keys_are_such_tokens() {
    let supabase = project();
    let secret = Secret::bytes_from_str(supabase.jwt_secret());
    for (key, role) in [(supabase.anon_key(), "anon"), (supabase.service_key(), "service_role")] {
        JWT::<Value, Empty>::new_encoded(key).decode(&secret, SignatureAlgorithm::HS256).unwrap();
        let claims = claims(key);
        assert_eq!((&claims["role"], &claims["iss"]), (&json!(role), &json!("supabase")));
        assert_eq!(claims.get("sub"), None);
    }
    let token = supabase.mint(&Mint::of(IVO).without("session_id").signed_with(SignWith::LegacySecret));
    assert_eq!(header(&token)["alg"], "HS256");
    assert!(accepted(&supabase, &token).await);
}

#[rstest]
#[case::expired(Mint::of(IVO).claim("exp", 1_000_000))]
#[case::unknown_key(Mint::of(IVO).signed_with(SignWith::UnknownKey))]
#[case::wrong_key(Mint::of(IVO).signed_with(SignWith::WrongKey))]
#[case::public_key_as_secret(Mint::of(IVO).signed_with(SignWith::PublicKeyAsSecret))]
#[case::nothing(Mint::of(IVO).signed_with(SignWith::Nothing))]
#[case::other_algorithm(Mint::of(IVO).header("alg", "HS256"))]
#[case::no_key_id(Mint::of(IVO).header("kid", Value::Null))]
#[case::no_subject(Mint::of(IVO).without("sub"))]
#[case::nobody(Mint::default())]
#[tokio::test]
async fn auth_itself_refuses_forged_tokens(#[case] order: Mint) {
    let supabase = project();
    supabase.publish_rsa_key();
    let order = order.without("session_id");
    assert!(!accepted(&supabase, &supabase.mint(&order)).await);
}

#[tokio::test]
async fn a_minted_token_differs_only_where_it_was_ordered_to() {
    let supabase = project();
    let plain = claims(&supabase.mint(&Mint::of(IVO)));
    assert_eq!(plain["email"], "ivo@harbour.example");
    assert_eq!(plain["app_metadata"]["company_ids"], json!(["c-1"]));

    let order =
        Mint::of(IVO).claim("iss", "https://other.example/auth/v1").without("aud").header("jku", "https://x.example");
    let token = supabase.mint(&order);
    let odd = claims(&token);
    assert_eq!((&odd["iss"], odd.get("aud")), (&json!("https://other.example/auth/v1"), None));
    assert_eq!(odd["sub"], plain["sub"]);
    assert_eq!(header(&token)["jku"], "https://x.example");
    let unsigned = supabase.mint(&Mint::of(IVO).signed_with(SignWith::Nothing));
    assert!(unsigned.ends_with('.') && header(&unsigned)["alg"] == "none");
}
