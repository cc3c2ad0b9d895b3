//! Webhooks on their way: signed how, to whom, tried how often, and forwarded ones.

use cortex_sandbox::nango::{Decision, DeliveryOutcome, EnvironmentConfig, Nango, NangoConfig, WebhookSettings};
use hmac::{Hmac, KeyInit, Mac};
use rstest::rstest;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::shape::assert_shape;
use super::stage::{ANNA, SIGNING_KEY, Stage, call, import_body as import, post};

#[tokio::test]
async fn bodies_are_compact_sorted_and_signed_in_both_ways() {
    let stage = Stage::new();
    let tags = json!({ "display_name": "Zoë 東京 😀 \"x\"", "a": "b/c\\d" });
    stage.check(post("webhook-auth-creation-unicode", "/connections", import("one", tags)).gives(201)).await;
    stage.nango.settled().await;
    let hook = stage.receiver.take().remove(0);
    assert_eq!(
        hook.raw,
        "{\"authMode\":\"OAUTH2\",\"connectionId\":\"one\",\"environment\":\"dev\",\"from\":\"nango\",\
         \"operation\":\"creation\",\"provider\":\"google-drive\",\"providerConfigKey\":\"google-drive\",\
         \"success\":true,\"tags\":{\"a\":\"b/c\\\\d\",\"display_name\":\"Zoë 東京 😀 \\\"x\\\"\"},\"type\":\"auth\"}"
    );
    let mut mac = Hmac::<Sha256>::new_from_slice(SIGNING_KEY.as_bytes()).unwrap();
    mac.update(hook.raw.as_bytes());
    assert_eq!(hook.headers["x-nango-hmac-sha256"], hex(&mac.finalize().into_bytes()));
    let legacy = Sha256::digest(format!("{SIGNING_KEY}{}", hook.raw));
    assert_eq!(hook.headers["x-nango-signature"], hex(&legacy));
    assert_eq!(hook.headers["content-type"], "application/json");
    assert!(hook.headers["user-agent"].starts_with("nango/"));
    stage.end().await;
}

#[tokio::test]
async fn after_a_rotation_the_jobs_service_signs_with_the_old_key_for_a_while() {
    let stage = Stage::new();
    let name = stage.connect("mail-sync").await;
    stage.webhooks().await;
    let rotate = call("signing-key-rotate", "POST", "/environment/webhook-signing-key/rotate");
    let answer = stage.check(rotate.shaped(json!({ "data": { "webhook_signing_key": "uuid" } }))).await.json();
    let fresh = answer["data"]["webhook_signing_key"].as_str().unwrap().to_owned();
    let signed_with = |key: &str, hook: &super::stage::Hook| {
        let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
        mac.update(hook.raw.as_bytes());
        hook.headers["x-nango-hmac-sha256"] == hex(&mac.finalize().into_bytes())
    };
    let body = import("rotated", json!({}));
    stage.check(post("webhook-auth-creation-after-rotation", "/connections", body).gives(201)).await;
    stage.nango.settled().await;
    assert!(signed_with(&fresh, &stage.receiver.take()[0]));
    stage.nango.run_sync(&name, "emails").await.unwrap();
    stage.nango.settled().await;
    assert!(signed_with(SIGNING_KEY, &stage.receiver.take()[0]), "webhook-sync-success-after-rotation");
    stage.nango.advance(std::time::Duration::from_mins(5));
    stage.nango.run_sync(&name, "emails").await.unwrap();
    stage.nango.settled().await;
    assert!(signed_with(&fresh, &stage.receiver.take()[0]));
    stage.end().await;
}

#[tokio::test]
async fn both_urls_get_each_webhook_and_an_override_takes_it_alone() {
    let stage = Stage::new();
    let urls = [stage.receiver.url("/one"), stage.receiver.url("/two")];
    stage.nango.set_webhook_urls("dev", &[&urls[0], &urls[1]]).unwrap();
    stage.check(post("webhook-auth-creation-two-urls", "/connections", import("a", json!({}))).gives(201)).await;
    stage.nango.settled().await;
    let mut hooks = stage.receiver.take();
    hooks.sort_by(|one, other| one.path.cmp(&other.path));
    assert_eq!(
        [hooks[0].path.as_str(), hooks[1].path.as_str()],
        ["/one", "/two"],
        "webhook-auth-creation-two-urls-1 and -2"
    );
    assert_eq!(hooks[0].raw, hooks[1].raw);
    let session = json!({ "tags": {}, "webhook_url_override": stage.receiver.url("/own") });
    let token = stage.session(session).await;
    let name = stage.nango.connect(&token, "mail-sync", ANNA, Decision::Allow).await.unwrap();
    stage.nango.run_sync(&name, "emails").await.unwrap();
    stage.nango.settled().await;
    let paths: Vec<String> = stage.receiver.take().into_iter().map(|hook| hook.path).collect();
    assert_eq!(paths, ["/own", "/own"], "webhook-auth-creation-url-override");
    stage.end().await;
}

#[rstest]
#[case::a200(&[200], 1, DeliveryOutcome::Delivered)]
#[case::a204(&[204], 1, DeliveryOutcome::Delivered)]
#[case::a302(&[302], 1, DeliveryOutcome::GivenUp)]
#[case::a400(&[400], 1, DeliveryOutcome::GivenUp)]
#[case::a401(&[401], 1, DeliveryOutcome::GivenUp)]
#[case::a404(&[404], 1, DeliveryOutcome::GivenUp)]
#[case::a410(&[410], 1, DeliveryOutcome::GivenUp)]
#[case::a429(&[429], 1, DeliveryOutcome::GivenUp)]
#[case::a500(&[500, 500, 500], 3, DeliveryOutcome::GivenUp)]
#[case::a500_once(&[500], 2, DeliveryOutcome::Delivered)]
#[case::a503(&[503, 503, 503], 3, DeliveryOutcome::GivenUp)]
#[tokio::test]
async fn attempts_depend_on_the_answer(
    #[case] answers: &[u16],
    #[case] attempts: usize,
    #[case] outcome: DeliveryOutcome,
) {
    let stage = Stage::new();
    stage.receiver.answer(answers);
    stage.check(post("delivery-attempts", "/connections", import("a", json!({}))).gives(201)).await;
    stage.nango.settled().await;
    let delivery = stage.nango.webhooks().remove(0);
    assert_eq!((delivery.attempts.len(), delivery.outcome), (attempts, outcome));
    let hooks = stage.receiver.take();
    assert_eq!(hooks.len(), attempts);
    assert!(hooks.iter().all(|hook| hook.raw == hooks[0].raw), "attempts are the same byte for byte");
    stage.end().await;
}

#[tokio::test]
async fn silence_and_a_closed_port_are_tried_three_times() {
    let config = NangoConfig { webhook_timeout_ms: 50, auto_start_syncs: false, ..NangoConfig::quick() };
    let stage = Stage::with(config);
    stage.receiver.keep_silent(3);
    stage.check(post("delivery-attempts/slow", "/connections", import("a", json!({}))).gives(201)).await;
    stage.nango.settled().await;
    let silent = stage.nango.webhooks().remove(0);
    assert_eq!((silent.attempts.len(), silent.outcome), (3, DeliveryOutcome::GivenUp));
    assert!(silent.attempts.iter().all(|attempt| attempt.status.is_none() && attempt.error.is_some()));
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}/", listener.local_addr().unwrap())
    };
    stage.nango.set_webhook_urls("dev", &[&closed]).unwrap();
    stage.check(post("delivery-attempts/refused", "/connections", import("b", json!({}))).gives(201)).await;
    stage.nango.settled().await;
    assert_eq!(stage.nango.webhooks().remove(1).attempts.len(), 3);
    stage.end().await;
}

#[tokio::test]
async fn settings_silence_all_but_overrides_and_changes() {
    let nango = Nango::start(NangoConfig {
        environments: vec![EnvironmentConfig {
            webhook_url: Some("http://127.0.0.1:9/".to_owned()),
            webhook_settings: WebhookSettings {
                on_auth_creation: false,
                on_auth_refresh_error: false,
                on_sync_completion_always: false,
                on_sync_error: false,
            },
            ..EnvironmentConfig::default()
        }],
        ..NangoConfig::quick()
    })
    .unwrap();
    let key = nango.environment("dev").unwrap().api_key;
    let http = super::stage::client();
    for _ in 0..2 {
        let call = http.post(format!("{}/connections", nango.base_url())).bearer_auth(key);
        let answer = call.json(&import("a", json!({}))).send().await.unwrap();
        assert_eq!(answer.status(), 201);
    }
    nango.settled().await;
    let bodies: Vec<String> = nango.webhooks().into_iter().map(|delivery| delivery.body).collect();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    assert!(bodies[0].contains("\"operation\":\"override\""), "webhook-auth-creation-default-environment");
    nango.stop().await;
}

#[tokio::test]
async fn a_providers_webhook_is_forwarded_wrapped_or_as_it_is() {
    let stage = Stage::new();
    let name = stage.connect("mail-sync").await;
    stage.webhooks().await;
    let id = stage.nango.environment("dev").unwrap().id;
    let notice = |address: &str| {
        use base64::Engine;
        let data =
            base64::prelude::BASE64_STANDARD.encode(json!({ "emailAddress": address, "historyId": 7 }).to_string());
        json!({ "message": { "data": data, "messageId": "1" }, "subscription": "s" })
    };
    let send = |name, address: &str| {
        let case = post(name, format!("/webhook/{id}/mail-sync"), notice(address)).authorization(None);
        case.header("x-goog-test", "1").shaped(json!({ "status": "=success" }))
    };
    stage.check(send("provider-webhook-gmail", "Anna@brightwater.example")).await;
    stage.nango.settled().await;
    let hook = stage.receiver.take().remove(0);
    let wrapped = json!({
        "from": "=google-mail", "type": "=forward", "providerConfigKey": "=mail-sync",
        "connectionId": format!("={}", name.connection_id), "payload": { "message": "object", "subscription": "=s" },
    });
    assert_shape("webhook-forward", &wrapped, &hook.body);
    assert_eq!(hook.headers["x-goog-test"], "1");
    stage.check(send("provider-webhook-gmail", "nobody@brightwater.example")).await;
    stage.nango.settled().await;
    let hook = stage.receiver.take().remove(0);
    assert_shape("webhook-forward-unmatched", &json!({ "message": "object", "subscription": "=s" }), &hook.body);
    assert!(hook.headers.contains_key("x-nango-hmac-sha256"));
    stage.end().await;
}

fn hex(bytes: &[u8]) -> String {
    let digits = |byte: &u8| [byte >> 4, byte & 15].map(|half| char::from_digit(u32::from(half), 16).unwrap());
    bytes.iter().flat_map(digits).collect()
}
