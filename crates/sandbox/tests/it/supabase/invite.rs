//! Inviting, from the mail to the first sign-in.

use cortex_sandbox::supabase::MailService;
use reqwest::Method;
use serde_json::{Value, json};

use super::{anon, bare, error, project, service, sign_in, success, text};

#[tokio::test]
async fn an_invitation_makes_a_user_and_sends_a_mail() {
    let supabase = project();
    let path = "/invite?redirect_to=https%3A%2F%2Fapp.harbour.example%2Fwelcome";
    let invited = success(service(&supabase, Method::POST, path).json(&json!({
        "email": "Guest@Harbour.example",
        "data": { "company_id": "c-1" },
        "app_metadata": { "company_ids": ["c-1"] },
    })))
    .await;
    assert_eq!(invited["email"], "guest@harbour.example");
    assert_eq!(invited["user_metadata"], json!({ "company_id": "c-1" }));
    assert_eq!(invited["app_metadata"], json!({ "provider": "email", "providers": ["email"] }), "data only is read");
    assert!(invited["invited_at"].is_string() && invited["confirmation_sent_at"].is_string());
    assert_eq!(invited.get("email_confirmed_at"), None);

    let [mail] = supabase.outbox().try_into().unwrap();
    assert_eq!((mail.email.as_str(), mail.kind), ("guest@harbour.example", "invite"));
    assert!(mail.link.starts_with(&format!("{}/auth/v1/verify?token=", supabase.base_url())));
    assert!(mail.link.ends_with("&type=invite&redirect_to=https%3A%2F%2Fapp.harbour.example%2Fwelcome"));
}

#[tokio::test]
async fn the_link_signs_in_once_and_a_password_can_be_set() {
    let supabase = project();
    success(invite(&supabase, "guest@harbour.example")).await;
    let [mail] = supabase.outbox().try_into().unwrap();
    let verify =
        |token: &str| anon(&supabase, Method::POST, "/verify").json(&json!({ "type": "invite", "token_hash": token }));
    let session = success(verify(&mail.token)).await;
    assert!(session["user"]["email_confirmed_at"].is_string());
    assert_eq!(error(verify(&mail.token)).await.1, "otp_expired");
    assert_eq!(error(verify("")).await.1, "otp_expired");

    let update = anon(&supabase, Method::PUT, "/user").bearer_auth(text(&session, "access_token"));
    success(update.json(&json!({ "password": "tall ships" }))).await;
    sign_in(&supabase, "guest@harbour.example", "tall ships").await;
}

#[tokio::test]
async fn a_browser_that_follows_the_link_is_led_on_with_a_session() {
    let supabase = project();
    let path = "/invite?redirect_to=https%3A%2F%2Fapp.harbour.example%2Fwelcome";
    success(service(&supabase, Method::POST, path).json(&json!({ "email": "guest@harbour.example" }))).await;
    let [mail] = supabase.outbox().try_into().unwrap();
    let link = mail.link.strip_prefix(&supabase.issuer()).unwrap().to_owned();
    let place = async || {
        let answer = bare(&supabase, Method::GET, &link).send().await.unwrap();
        assert_eq!(answer.status(), 303);
        answer.headers()["location"].to_str().unwrap().to_owned()
    };
    let first = place().await;
    let token = first.strip_prefix("https://app.harbour.example/welcome#access_token=").unwrap();
    assert_eq!(super::claims(token.split('&').next().unwrap())["email"], "guest@harbour.example");
    assert!(
        place().await.starts_with("https://app.harbour.example/welcome#error=access_denied&error_code=otp_expired&")
    );
}

#[tokio::test]
async fn a_confirmed_user_is_refused_and_a_waiting_one_invited_again() {
    let supabase = project();
    let refused = error(invite(&supabase, "IVO@harbour.example")).await;
    assert_eq!((refused.0, refused.1.as_str()), (422, "email_exists"));
    assert_eq!(refused.2, "A user with this email address has already been registered");

    let first = success(invite(&supabase, "guest@harbour.example")).await;
    let second = success(invite(&supabase, "guest@harbour.example")).await;
    assert_eq!(first["id"], second["id"]);
    let [old, new] = supabase.outbox().try_into().unwrap();
    let verify = |token: String| anon(&supabase, Method::POST, "/verify").json(&json!({ "token_hash": token }));
    assert_eq!(error(verify(old.token)).await.1, "otp_expired", "a new mail makes the old one worthless");
    success(verify(new.token)).await;
}

#[tokio::test]
async fn mail_that_cannot_be_sent_leaves_nothing_behind() {
    let supabase = project();
    supabase.set_mail(MailService::Broken);
    let refused = error(invite(&supabase, "guest@harbour.example")).await;
    assert_eq!(
        (refused.0, refused.1.as_str(), refused.2.as_str()),
        (500, "unexpected_failure", "Error sending invite email")
    );
    supabase.set_mail(MailService::RateLimited);
    let refused = error(invite(&supabase, "guest@harbour.example")).await;
    assert_eq!((refused.0, refused.1.as_str()), (429, "over_email_send_rate_limit"));
    assert!(supabase.user_by_email("guest@harbour.example").is_none());
    assert!(supabase.outbox().is_empty());

    supabase.set_mail(MailService::Working);
    success(invite(&supabase, "guest@harbour.example")).await;
}

#[tokio::test]
async fn an_address_has_to_be_one() {
    let supabase = project();
    for email in ["", "guest", "guest@", "guest@host", "two words@harbour.example"] {
        let (status, code, _) = error(invite(&supabase, email)).await;
        assert_eq!((status, code.as_str()), (400, "validation_failed"), "{email}");
    }
    let no_json = service(&supabase, Method::POST, "/invite").body("");
    assert_eq!(error(no_json).await.1, "bad_json");
}

fn invite(supabase: &cortex_sandbox::supabase::Supabase, email: &str) -> reqwest::RequestBuilder {
    let body: Value = json!({ "email": email });
    service(supabase, Method::POST, "/invite").json(&body)
}
