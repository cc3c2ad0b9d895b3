//! What is asked of Nango, and what is made of its answer.

use actix_web::HttpResponse;
use cortex_connections::model::{ConnectLink, Owner};
use cortex_connections::ports::{ConnectionBroker, OpenConnectSession};
use cortex_connections::testing::{COMPANY_A, USER_1, an_owner};
use cortex_kernel::{Email, Provider};
use serde_json::{Value, json};
use time::macros::datetime;
use url::Url;

use crate::stand_in::{KEY, PATIENCE, StandIn, broker, open};

const TOKEN: &str = "nango_connect_session_5ad1f0c07e7b4f4e8a53";

fn opened() -> HttpResponse {
    HttpResponse::Created().json(json!({ "data": {
        "token": TOKEN,
        "connect_link": format!("https://connect.example.com/?session_token={TOKEN}"),
        "expires_at": "2026-03-02T12:30:00.982Z",
    } }))
}

#[actix_web::test]
async fn the_user_is_the_end_user_in_both_forms() {
    let nango = StandIn::answering(opened);

    open(&broker(&nango.url, PATIENCE, None)).await.unwrap();

    let asked = nango.asked_once();
    let (user, company) = (USER_1.to_string(), COMPANY_A.to_string());
    assert_eq!((asked.method.as_str(), asked.target.as_str()), ("POST", "/connect/sessions"));
    assert_eq!(asked.headers["authorization"], format!("Bearer {KEY}"));
    assert_eq!(asked.headers["content-type"], "application/json");
    assert_eq!(
        asked.body,
        json!({
            "tags": { "end_user_id": user, "end_user_email": "one@example.com", "organization_id": company },
            "end_user": { "id": user, "email": "one@example.com" },
            "organization": { "id": company },
            "allowed_integrations": ["mail-of-google"],
        })
    );
    nango.stop().await;
}

#[actix_web::test]
async fn webhooks_are_asked_to_come_here_where_there_is_an_address() {
    let nango = StandIn::answering(opened);
    let webhook_url: Url = "https://a.example.com/nango/webhook".parse().unwrap();

    open(&broker(&nango.url, PATIENCE, Some(webhook_url))).await.unwrap();

    assert_eq!(nango.asked_once().body["webhook_url_override"], "https://a.example.com/nango/webhook");
    nango.stop().await;
}

#[actix_web::test]
async fn the_link_comes_with_its_token_its_end_and_the_server() {
    let nango = StandIn::answering(opened);

    let link = open(&broker(&nango.url, PATIENCE, None)).await.unwrap();

    let server: String =
        url::form_urlencoded::byte_serialize(nango.url.as_str().trim_end_matches('/').as_bytes()).collect();
    let expected = ConnectLink {
        token: TOKEN.to_owned(),
        url: format!("https://connect.example.com/?session_token={TOKEN}&apiURL={server}"),
        expires_at: datetime!(2026-03-02 12:30:00.982 UTC),
    };
    assert!(link == expected, "{} until {}", link.url, link.expires_at);
    nango.stop().await;
}

#[actix_web::test]
async fn a_server_below_a_path_is_asked_there() {
    let nango = StandIn::answering(opened);

    open(&broker(&nango.url.join("tools/nango/").unwrap(), PATIENCE, None)).await.unwrap();

    assert_eq!(nango.asked_once().target, "/tools/nango/connect/sessions");
    nango.stop().await;
}

#[actix_web::test]
async fn each_call_opens_another_session() {
    let nango = StandIn::answering(opened);
    let broker = broker(&nango.url, PATIENCE, None);

    open(&broker).await.unwrap();
    open(&broker).await.unwrap();

    assert_eq!(nango.asked().len(), 2);
    nango.stop().await;
}

/// Tags take up to 255 characters; an address has at most 254.
#[actix_web::test]
async fn the_longest_address_fits_into_a_tag() {
    let nango = StandIn::answering(opened);
    let email: Email = format!("{}@{}.example", "n".repeat(64), "d".repeat(181)).parse().unwrap();
    assert_eq!(email.as_str().len(), 254);
    let request = OpenConnectSession { owner: Owner { email: email.clone(), ..an_owner() }, provider: Provider::Gmail };

    broker(&nango.url, PATIENCE, None).open_connect_session(&request).await.unwrap();

    assert_eq!(nango.asked_once().body["tags"]["end_user_email"], Value::from(email.as_str()));
    nango.stop().await;
}
