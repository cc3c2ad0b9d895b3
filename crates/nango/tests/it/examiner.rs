//! Whether all that is set for Nango is so there.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use cortex_connections::ports::BrokerError;
use cortex_kernel::Provider;
use cortex_nango::{NangoExaminer, NangoFacts};
use serde_json::json;
use time::macros::datetime;

use crate::stand_in::{Asked, PATIENCE, StandIn, client};

async fn facts(
    providers: &[(Provider, &str)],
    answer: impl Fn(&Asked) -> HttpResponse + Send + Sync + 'static,
) -> Result<NangoFacts, BrokerError> {
    let nango = StandIn::deciding(std::time::Duration::ZERO, answer);
    let integrations = providers.iter().map(|(provider, key)| (*provider, (*key).to_owned())).collect();
    let facts = NangoExaminer::new(client(&nango.url, PATIENCE), integrations).examine().await;
    nango.stop().await;
    facts
}

fn complaint(status: StatusCode, code: &str) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header(("date", "Mon, 02 Mar 2026 12:00:00 GMT"))
        .json(json!({ "error": { "code": code, "message": "hush" } }))
}

#[actix_web::test]
async fn the_integrations_that_it_does_not_have_are_named_and_its_clock_is_told() {
    let providers = [(Provider::Gmail, "google-mail"), (Provider::Outlook, "nowhere")];

    let facts = facts(&providers, |asked| {
        let code = if asked.target.contains("nowhere") { "unknown_provider_config" } else { "unknown_connection" };
        complaint(StatusCode::BAD_REQUEST, code)
    })
    .await
    .unwrap();

    let missing = vec![(Provider::Outlook, "nowhere".to_owned())];
    assert_eq!(facts, NangoFacts { missing, date: Some(datetime!(2026-03-02 12:00 UTC)) });
}

#[actix_web::test]
async fn a_key_that_is_refused_is_told_apart_from_a_nango_that_is_away() {
    let providers = [(Provider::Gmail, "google-mail")];

    let refused = facts(&providers, |_| complaint(StatusCode::UNAUTHORIZED, "invalid_secret_key")).await;
    let failing = facts(&providers, |_| complaint(StatusCode::BAD_GATEWAY, "server_error")).await;
    let dashboard = facts(&providers, |_| HttpResponse::Ok().content_type("text/html").body("<html>")).await;

    assert!(matches!(refused, Err(BrokerError::Unauthorised(_))), "{refused:?}");
    assert!(matches!(failing, Err(BrokerError::Unavailable(_))), "{failing:?}");
    assert!(matches!(dashboard, Err(BrokerError::BadAnswer(_))), "{dashboard:?}");
}

#[actix_web::test]
async fn where_no_provider_is_on_the_key_is_looked_at_all_the_same() {
    let taken = facts(&[], |_| HttpResponse::Ok().json(json!({ "connections": [] }))).await.unwrap();
    let refused = facts(&[], |_| complaint(StatusCode::UNAUTHORIZED, "invalid_secret_key")).await;

    assert!(taken.missing.is_empty() && taken.date.is_some(), "{taken:?}");
    assert!(matches!(refused, Err(BrokerError::Unauthorised(_))), "{refused:?}");
}
