//! The service role and everybody's account.

use reqwest::Method;
use serde_json::{Value, json};

use super::{IVO, anon, error, ivo, project, service, sign_in, success, text};

#[tokio::test]
async fn nobody_else_gets_in() {
    let supabase = project();
    let session = ivo(&supabase).await;
    for (method, path) in [(Method::GET, "/admin/users"), (Method::POST, "/admin/users"), (Method::POST, "/invite")] {
        let request = || anon(&supabase, method.clone(), path);
        assert_eq!(error(request()).await.0, 401);
        let (status, code, message) = error(request().bearer_auth(text(&session, "access_token"))).await;
        assert_eq!((status, code.as_str(), message.as_str()), (403, "not_admin", "User not allowed"));
        assert_eq!(error(request().bearer_auth(supabase.anon_key())).await.1, "not_admin");
        assert_eq!(error(request().bearer_auth("not.a.token")).await.1, "bad_jwt");
    }
}

#[tokio::test]
async fn a_created_user_can_sign_in() {
    let supabase = project();
    let created = success(service(&supabase, Method::POST, "/admin/users").json(&json!({
        "email": "New.Person@Harbour.example", "password": "tall ships", "email_confirm": true,
        "app_metadata": { "company_ids": ["c-1"] }, "user_metadata": { "full_name": "New Person" },
    })))
    .await;
    assert_eq!(created["email"], "new.person@harbour.example");
    assert_eq!(created["app_metadata"]["provider"], "email");
    let session = sign_in(&supabase, "new.person@harbour.example", "tall ships").await;
    assert_eq!(session["user"]["id"], created["id"]);
}

#[tokio::test]
async fn creating_has_its_refusals() {
    let supabase = project();
    let create = |body: Value| error(service(&supabase, Method::POST, "/admin/users").json(&body));
    let taken = create(json!({ "email": "IVO@harbour.example" })).await;
    assert_eq!(taken.0, 422);
    assert_eq!(taken.1, "email_exists");
    assert_eq!(taken.2, "A user with this email address has already been registered");
    assert_eq!(create(json!({})).await.1, "validation_failed");
    assert_eq!(create(json!({ "email": "no address" })).await.1, "validation_failed");
    assert_eq!(create(json!({ "email": "a@b.example", "password": "short" })).await.1, "weak_password");
    assert_eq!(create(json!({ "email": "a@b.example", "ban_duration": "ever" })).await.0, 400);
    assert!(supabase.user_by_email("a@b.example").is_none());
}

#[tokio::test]
async fn app_metadata_is_merged_by_key_and_lists_are_replaced() {
    let supabase = project();
    let put = |body: Value| success(service(&supabase, Method::PUT, &format!("/admin/users/{IVO}")).json(&body));
    let user = put(json!({ "app_metadata": { "level": 2, "company_ids": ["c-7"] } })).await;
    let expected = json!({ "provider": "email", "providers": ["email"], "company_ids": ["c-7"], "level": 2 });
    assert_eq!(user["app_metadata"], expected);

    let user = put(json!({ "app_metadata": { "level": null }, "user_metadata": { "full_name": "I. Petrak" } })).await;
    assert_eq!(user["app_metadata"].get("level"), None);
    assert_eq!(user["user_metadata"]["full_name"], "I. Petrak");
    let read = success(service(&supabase, Method::GET, &format!("/admin/users/{IVO}"))).await;
    assert_eq!(read["app_metadata"], user["app_metadata"]);
}

#[tokio::test]
async fn unknown_users_are_404() {
    let supabase = project();
    for method in [Method::GET, Method::DELETE, Method::PUT] {
        let path = format!("/admin/users/{}", uuid::Uuid::nil());
        let unknown = error(service(&supabase, method.clone(), &path).json(&json!({}))).await;
        assert_eq!(unknown, (404, "user_not_found".to_owned(), "User not found".to_owned()));
        let odd = error(service(&supabase, method, "/admin/users/ivo").json(&json!({}))).await;
        assert_eq!((odd.0, odd.2.as_str()), (404, "user_id must be an UUID"));
    }
}

#[tokio::test]
async fn the_list_has_pages_newest_first() {
    let supabase = project();
    for number in 0..5 {
        supabase.clock().advance(std::time::Duration::from_secs(1));
        let body = json!({ "email": format!("p{number}@harbour.example") });
        success(service(&supabase, Method::POST, "/admin/users").json(&body)).await;
    }
    let response = service(&supabase, Method::GET, "/admin/users?page=2&per_page=3").send().await.unwrap();
    assert_eq!(response.headers()["x-total-count"], "7");
    let links = response.headers()["link"].to_str().unwrap().to_owned();
    assert!(links.contains("page=3&per_page=3>; rel=\"next\"") && links.contains("page=3&per_page=3>; rel=\"last\""));
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["aud"], "authenticated");
    assert_eq!(emails(&body), ["p1@harbour.example", "p0@harbour.example", "mira@harbour.example"]);

    let past = success(service(&supabase, Method::GET, "/admin/users?page=9")).await;
    assert_eq!(past["users"], json!([]));
    assert_eq!(error(service(&supabase, Method::GET, "/admin/users?page=x")).await.0, 400);
    assert_eq!(error(service(&supabase, Method::GET, "/admin/users?per_page=0")).await.0, 400);
}

#[tokio::test]
async fn the_filter_is_approximate() {
    let supabase = project();
    for email in ["i.o@harbour.example", "ivo@harbour.example.evil.example"] {
        success(service(&supabase, Method::POST, "/admin/users").json(&json!({ "email": email }))).await;
    }
    let project = &supabase;
    let filtered = |filter: &'static str| async move {
        let request = service(project, Method::GET, "/admin/users").query(&[("filter", filter)]);
        let mut found = emails(&success(request).await);
        found.sort();
        found
    };
    assert_eq!(filtered("ivo@harbour.example").await, ["ivo@harbour.example", "ivo@harbour.example.evil.example"]);
    assert_eq!(filtered("i_o@").await.len(), 3, "an underscore is a wildcard");
    assert_eq!(filtered("Ivo@").await, Vec::<String>::new(), "capitals count in addresses");
    assert_eq!(filtered("ivo PET").await, ["ivo@harbour.example"], "not in names");
}

#[tokio::test]
async fn a_banned_user_is_locked_out_for_a_while() {
    let supabase = project();
    let session = ivo(&supabase).await;
    let ban = |time: &str| json!({ "ban_duration": time });
    let path = format!("/admin/users/{IVO}");
    success(service(&supabase, Method::PUT, &path).json(&ban("1h30m"))).await;
    let me = || anon(&supabase, Method::GET, "/user").bearer_auth(text(&session, "access_token"));
    assert_eq!(error(me()).await.1, "user_banned");
    let login = json!({ "email": "ivo@harbour.example", "password": "correct horse" });
    let refused = error(anon(&supabase, Method::POST, "/token?grant_type=password").json(&login)).await;
    assert_eq!((refused.0, refused.1.as_str()), (400, "user_banned"));

    success(service(&supabase, Method::PUT, &path).json(&ban("none"))).await;
    success(me()).await;
}

fn emails(list: &Value) -> Vec<String> {
    list["users"].as_array().expect("a list of users").iter().map(|user| text(user, "email").to_owned()).collect()
}
