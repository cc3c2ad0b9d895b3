//! Signing in, refreshing, and what a token says.

use biscuit::jwa::SignatureAlgorithm;
use biscuit::jwk::JWKSet;
use biscuit::{ClaimsSet, Empty, JWT};
use reqwest::Method;
use serde_json::{Value, json};

use super::{IVO, anon, bare, claims, error, ivo, project, success, text};

#[tokio::test]
async fn a_password_gives_a_session() {
    let supabase = project();
    let session = ivo(&supabase).await;
    assert_eq!(session["token_type"], "bearer");
    assert_eq!(session["expires_in"], 3600);
    assert_eq!(
        session["expires_at"].as_i64().unwrap(),
        claims(text(&session, "access_token"))["exp"].as_i64().unwrap()
    );
    assert_eq!(text(&session, "refresh_token").len(), 12);
    assert_eq!(session["user"]["id"], IVO.to_string());
    assert_eq!(session["user"]["email"], "ivo@harbour.example");
    assert!(session["user"]["last_sign_in_at"].is_string());
    assert!(session["user"].get("password").is_none());
}

#[tokio::test]
async fn a_token_has_the_claims_of_the_real_one() {
    let supabase = project();
    let session = ivo(&supabase).await;
    let claims = claims(text(&session, "access_token"));
    let names: Vec<&str> = claims.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "aal",
        "amr",
        "app_metadata",
        "aud",
        "email",
        "exp",
        "iat",
        "is_anonymous",
        "iss",
        "phone",
        "role",
        "session_id",
        "sub",
        "user_metadata",
    ];
    let mut sorted = names.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, expected);

    assert_eq!(claims["iss"], format!("{}/auth/v1", supabase.base_url()));
    assert_eq!((&claims["sub"], &claims["aud"]), (&json!(IVO), &json!("authenticated")));
    assert_eq!(
        (&claims["role"], &claims["aal"], &claims["phone"]),
        (&json!("authenticated"), &json!("aal1"), &json!(""))
    );
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 3600);
    assert_eq!(claims["is_anonymous"], false);
    assert_eq!(claims["amr"][0]["method"], "password");
    assert_eq!(claims["app_metadata"], json!({ "provider": "email", "providers": ["email"], "company_ids": ["c-1"] }));
    assert_eq!(claims["user_metadata"], json!({ "email_verified": true, "full_name": "Ivo Petrak" }));
}

#[tokio::test]
async fn an_independent_library_verifies_it_with_the_published_keys() {
    let supabase = project();
    let session = ivo(&supabase).await;
    let set = success(bare(&supabase, Method::GET, "/.well-known/jwks.json")).await;
    let keys: JWKSet<Empty> = serde_json::from_value(set).unwrap();
    let token = JWT::<Empty, Empty>::new_encoded(text(&session, "access_token"));
    let decoded = token.decode_with_jwks(&keys, Some(SignatureAlgorithm::ES256)).unwrap();
    let ClaimsSet { registered, .. } = decoded.payload().unwrap();
    assert_eq!(registered.subject.as_deref(), Some(IVO.to_string().as_str()));
    let header = decoded.header().unwrap();
    assert_eq!(header.registered.key_id, Some(supabase.current_kid()));
}

#[tokio::test]
async fn wrong_credentials_look_all_alike() {
    let supabase = project();
    for body in [
        json!({ "email": "ivo@harbour.example", "password": "wrong" }),
        json!({ "email": "nobody@harbour.example", "password": "correct horse" }),
        json!({ "email": "ivo@harbour.example" }),
    ] {
        let refused = error(anon(&supabase, Method::POST, "/token?grant_type=password").json(&body)).await;
        assert_eq!(refused, (400, "invalid_credentials".to_owned(), "Invalid login credentials".to_owned()));
    }
}

#[tokio::test]
async fn other_refusals_have_their_codes() {
    let supabase = project();
    let token = |grant: &str, body: &Value| {
        error(anon(&supabase, Method::POST, &format!("/token?grant_type={grant}")).json(body))
    };
    let mira = json!({ "email": "mira@harbour.example", "password": "battery staple" });
    assert_eq!(token("password", &mira).await.1, "email_not_confirmed");
    assert_eq!(token("password", &json!({})).await.1, "validation_failed");
    assert_eq!(token("magic", &json!({})).await.2, "unsupported_grant_type");
    assert_eq!(token("refresh_token", &json!({ "refresh_token": "unknown" })).await.1, "refresh_token_not_found");
    assert_eq!(token("refresh_token", &json!({})).await.0, 400);
    let nonsense = anon(&supabase, Method::POST, "/token?grant_type=password").body("{not json");
    assert_eq!(error(nonsense).await.1, "bad_json");
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_its_session_goes_on() {
    let supabase = project();
    let first = ivo(&supabase).await;
    let refresh = |token: &str| {
        anon(&supabase, Method::POST, "/token?grant_type=refresh_token").json(&json!({ "refresh_token": token }))
    };
    let second = success(refresh(text(&first, "refresh_token"))).await;
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    let session = |answer: &Value| claims(text(answer, "access_token"))["session_id"].clone();
    assert_eq!(session(&second), session(&first));

    // Whoever did not get the last answer may ask once more, and gets the same token.
    let again = success(refresh(text(&first, "refresh_token"))).await;
    assert_eq!(again["refresh_token"], second["refresh_token"]);

    let third = success(refresh(text(&second, "refresh_token"))).await;
    let (status, code, _) = error(refresh(text(&first, "refresh_token"))).await;
    assert_eq!((status, code.as_str()), (400, "refresh_token_already_used"));
    // A stolen token was tried: the whole session is over.
    assert_eq!(error(refresh(text(&third, "refresh_token"))).await.1, "refresh_token_not_found");
}

#[tokio::test]
async fn a_token_ends_with_its_time() {
    let supabase = project();
    let session = ivo(&supabase).await;
    let user = || anon(&supabase, Method::GET, "/user").bearer_auth(text(&session, "access_token"));
    success(user()).await;
    supabase.clock().advance(std::time::Duration::from_secs(3601));
    let (status, code, message) = error(user()).await;
    assert_eq!((status, code.as_str()), (403, "bad_jwt"));
    assert!(message.contains("token is expired"), "{message}");
}
