//! What users do with their own account.

use reqwest::Method;
use serde_json::json;

use super::{IVO, anon, claims, error, ivo, project, sign_in, success, text};

#[tokio::test]
async fn users_see_themselves() {
    let supabase = project();
    let session = ivo(&supabase).await;
    let user = success(anon(&supabase, Method::GET, "/user").bearer_auth(text(&session, "access_token"))).await;
    assert_eq!(user["id"], IVO.to_string());
    assert_eq!((&user["aud"], &user["role"]), (&json!("authenticated"), &json!("authenticated")));
    assert_eq!(user["identities"][0]["provider"], "email");
    assert_eq!(user["is_anonymous"], false);
    for field in ["created_at", "updated_at", "confirmed_at", "email_confirmed_at", "last_sign_in_at"] {
        assert!(text(&user, field).ends_with('Z'), "{field}");
    }
}

#[tokio::test]
async fn users_write_any_user_metadata_and_their_next_token_carries_it() {
    let supabase = project();
    let session = ivo(&supabase).await;
    let update = anon(&supabase, Method::PUT, "/user").bearer_auth(text(&session, "access_token"));
    let changed = success(update.json(&json!({ "data": { "company_id": "c-2", "full_name": null } }))).await;
    assert_eq!(changed["user_metadata"], json!({ "company_id": "c-2", "email_verified": true }));

    let refreshed = success(
        anon(&supabase, Method::POST, "/token?grant_type=refresh_token")
            .json(&json!({ "refresh_token": session["refresh_token"] })),
    )
    .await;
    let claims = claims(text(&refreshed, "access_token"));
    assert_eq!(claims["user_metadata"]["company_id"], "c-2");
    assert_eq!(claims["app_metadata"]["company_ids"], json!(["c-1"]));
}

#[tokio::test]
async fn users_cannot_write_app_metadata() {
    let supabase = project();
    let session = ivo(&supabase).await;
    let update = anon(&supabase, Method::PUT, "/user").bearer_auth(text(&session, "access_token"));
    let (status, code, _) = error(update.json(&json!({ "app_metadata": { "company_ids": ["c-2"] } }))).await;
    assert_eq!((status, code.as_str()), (403, "not_admin"));
    assert_eq!(supabase.user(IVO).unwrap().app_metadata["company_ids"], json!(["c-1"]));
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions() {
    let supabase = project();
    let (here, elsewhere) = (ivo(&supabase).await, ivo(&supabase).await);
    let update = |body| anon(&supabase, Method::PUT, "/user").bearer_auth(text(&here, "access_token")).json(&body);
    assert_eq!(error(update(json!({ "password": "short" }))).await.1, "weak_password");
    assert_eq!(error(update(json!({ "password": "correct horse" }))).await.1, "same_password");
    assert_eq!(error(update(json!({ "email": "mira@harbour.example" }))).await.1, "email_exists");
    success(update(json!({ "password": "correct zebra" }))).await;

    sign_in(&supabase, "ivo@harbour.example", "correct zebra").await;
    let user = |session| anon(&supabase, Method::GET, "/user").bearer_auth(text(session, "access_token"));
    success(user(&here)).await;
    assert_eq!(error(user(&elsewhere)).await.1, "session_not_found");
}

#[tokio::test]
async fn logging_out_ends_sessions_by_scope() {
    let supabase = project();
    let (one, other) = (ivo(&supabase).await, ivo(&supabase).await);
    let user = |session| anon(&supabase, Method::GET, "/user").bearer_auth(text(session, "access_token"));
    let logout = |session, scope: &str| {
        anon(&supabase, Method::POST, &format!("/logout{scope}")).bearer_auth(text(session, "access_token"))
    };
    assert_eq!(logout(&one, "?scope=local").send().await.unwrap().status(), 204);
    let (status, code, _) = error(user(&one)).await;
    assert_eq!((status, code.as_str()), (403, "session_not_found"));
    success(user(&other)).await;

    let third = ivo(&supabase).await;
    assert_eq!(error(logout(&third, "?scope=sideways")).await.0, 400);
    assert_eq!(logout(&third, "").send().await.unwrap().status(), 204);
    assert_eq!(error(user(&other)).await.1, "session_not_found");
}

#[tokio::test]
async fn a_deleted_user_is_not_found() {
    let supabase = project();
    let session = ivo(&supabase).await;
    success(super::service(&supabase, Method::DELETE, &format!("/admin/users/{IVO}"))).await;
    let user = anon(&supabase, Method::GET, "/user").bearer_auth(text(&session, "access_token"));
    assert_eq!(error(user).await.1, "user_not_found");
}
