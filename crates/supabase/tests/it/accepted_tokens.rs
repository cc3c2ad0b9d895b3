//! Tokens that pass, and the facts that come out of them.

use cortex_identity::model::{CompanyClaims, VerifiedToken};
use cortex_identity::testing::{COMPANY_A, COMPANY_B, NOON, USER_1};
use rstest::rstest;
use serde_json::{Value, json};
use time::Duration;

use crate::support::{
    EcKey, HandClock, Published, RsaKey, SECRET, Verdict, claims, hs256, rules, rules_with_secret, token, verdict,
    verifier, with, without,
};

async fn facts(claims: &Value) -> VerifiedToken {
    let key = EcKey::generate("ec");
    let verifier = verifier(rules(), &Published::keys([key.jwk()]), &HandClock::at_noon());
    match verdict(&verifier, &key.token(claims)).await {
        Verdict::Accepted(token) => *token,
        other => panic!("expected to be accepted, got {other:?}"),
    }
}

async fn companies(app_metadata: Value, user_metadata: Value) -> CompanyClaims {
    let claims = with(claims(), "app_metadata", app_metadata);
    facts(&with(claims, "user_metadata", user_metadata)).await.companies
}

#[tokio::test]
async fn the_facts_of_a_token_come_out() {
    let expected = VerifiedToken {
        user_id: USER_1,
        email: Some("one@example.com".parse().unwrap()),
        companies: CompanyClaims { app_metadata: vec![COMPANY_A.to_string()], user_metadata: None },
        session_id: Some("session-1".to_owned()),
        issued_at: Some(NOON),
        expires_at: NOON + Duration::HOUR,
    };

    assert_eq!(facts(&claims()).await, expected);
}

#[rstest]
#[case::a_list_of_audiences(with(claims(), "aud", json!(["other", "authenticated"])))]
#[case::expired_within_the_leeway(with(claims(), "exp", NOON.unix_timestamp() - 29))]
#[case::issued_within_the_leeway(with(claims(), "iat", NOON.unix_timestamp() + 30))]
#[case::valid_from_now_on(with(claims(), "nbf", NOON.unix_timestamp()))]
#[case::without_the_moment_of_issue(without(claims(), "iat"))]
#[case::without_a_word_on_anonymity(without(claims(), "is_anonymous"))]
#[case::of_an_allowed_program(with(claims(), "client_id", "console"))]
#[case::with_claims_that_nobody_asked_for(with(claims(), "amr", json!([{ "method": "password" }])))]
#[case::long(with(claims(), "padding", "x".repeat(5_000)))]
#[tokio::test]
async fn a_token_within_the_rules_is_accepted(#[case] claims: Value) {
    assert_eq!(facts(&claims).await.user_id, USER_1);
}

#[rstest]
#[case::absent(without(claims(), "email"))]
#[case::empty(with(claims(), "email", ""))]
#[case::no_address(with(claims(), "email", "nobody"))]
#[case::a_number(with(claims(), "email", 1))]
#[tokio::test]
async fn an_address_that_cannot_be_read_is_no_address(#[case] claims: Value) {
    assert_eq!(facts(&claims).await.email, None);
}

#[tokio::test]
async fn every_company_that_the_service_role_wrote_is_named() {
    let (a, b) = (COMPANY_A.to_string(), COMPANY_B.to_string());

    let named = companies(json!({ "company_ids": [a, b], "company_id": b }), json!({ "company_id": a })).await;

    assert_eq!(named.app_metadata, [a.clone(), b.clone(), b]);
    assert_eq!(named.user_metadata, Some(a));
}

#[tokio::test]
async fn what_names_no_company_stays_empty() {
    for nothing in [json!({}), json!({ "company_id": null, "company_ids": null }), json!({ "company_ids": [] })] {
        assert_eq!(companies(nothing.clone(), json!({ "company_id": null })).await, CompanyClaims::default());
    }
    assert_eq!(
        facts(&without(without(claims(), "app_metadata"), "user_metadata")).await.companies,
        CompanyClaims::default()
    );
}

/// Were it dropped, a token bound elsewhere would read as one that is bound nowhere.
#[tokio::test]
async fn an_unreadable_name_is_still_a_name() {
    let app = json!({ "company_ids": [7, null, { "id": 1 }], "company_id": "" });

    let named = companies(app, json!({ "company_id": false })).await;

    assert_eq!(named.app_metadata, ["7", "null", r#"{"id":1}"#, ""]);
    assert_eq!(named.user_metadata.as_deref(), Some("false"));
    let single = companies(json!({ "company_ids": "one" }), json!({})).await;
    assert_eq!(single.app_metadata, ["one"]);
}

#[tokio::test]
async fn rs256_is_accepted_for_an_rsa_key() {
    let key = RsaKey::throw_away("rsa");
    let verifier = verifier(rules(), &Published::keys([key.jwk()]), &HandClock::at_noon());

    let token = token(&key.header(), &claims(), |message| key.signature(message));

    assert!(matches!(verdict(&verifier, &token).await, Verdict::Accepted(_)));
}

/// The legacy secret has no id: whatever `kid` says, nothing is looked up and nothing is fetched.
#[rstest]
#[case::no_key_id(json!({ "alg": "HS256", "typ": "JWT" }))]
#[case::an_unknown_key_id(json!({ "alg": "HS256", "typ": "JWT", "kid": "unknown" }))]
#[case::the_id_of_a_published_key(json!({ "alg": "HS256", "typ": "JWT", "kid": "ec" }))]
#[tokio::test]
async fn the_legacy_secret_opens_its_tokens_without_a_fetch(#[case] header: Value) {
    let source = Published::nothing();
    let verifier = verifier(rules_with_secret(), &source, &HandClock::at_noon());

    let token = token(&header, &claims(), |message| hs256(SECRET, message));

    assert!(matches!(verdict(&verifier, &token).await, Verdict::Accepted(_)));
    assert_eq!(source.fetches(), 0);
}
