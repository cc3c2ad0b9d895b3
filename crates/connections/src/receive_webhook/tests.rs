//! [`ReceiveWebhook`] with an inbox in memory.

use super::*;
use crate::log::Captured;
use crate::model::{BrokerConnection, OwnerClaims, Webhook};
use crate::ports::MockWebhookInbox;
use crate::scene::{FakeAuthenticity, Scene, at_broker};
use crate::testing::{COMPANY_A, COMPANY_B, a_claim};

const BODY: &[u8] = b"a webhook with one@example.com in it";

fn webhook(claims: OwnerClaims) -> Webhook {
    let BrokerConnection { reference, .. } = at_broker("broker-1");
    Webhook { event: WebhookEvent::Connected, connection: Some(reference), claims }
}

fn scene() -> Scene {
    let scene = Scene::new();
    scene.reader.knows(BODY, webhook(a_claim()));
    scene
}

fn stored(scene: &Scene) -> usize {
    scene.inbox.stored(COMPANY_A).len()
}

#[tokio::test]
async fn an_authentic_webhook_is_stored() {
    let scene = scene();

    let received = scene.receive().receive(BODY, Some("signed"), Some("request-1")).await.unwrap();

    assert_eq!((received, stored(&scene)), (ReceivedWebhook::Accepted, 1));
}

#[tokio::test]
async fn the_same_webhook_again_is_accepted_and_stored_once() {
    let scene = scene();

    for _ in 0..2 {
        let received = scene.receive().receive(BODY, Some("signed"), None).await.unwrap();
        assert_eq!(received, ReceivedWebhook::Accepted);
    }

    assert_eq!(stored(&scene), 1);
}

#[tokio::test]
async fn without_a_signature_that_holds_nothing_is_believed_or_stored() {
    let scene = scene();

    for signature in [None, Some(""), Some("forged")] {
        let received = scene.receive().receive(BODY, signature, None).await.unwrap();
        assert_eq!(received, ReceivedWebhook::NotAuthentic);
    }

    assert_eq!(stored(&scene), 0);
}

#[tokio::test]
async fn another_companys_webhook_is_accepted_and_leaves_no_trace() {
    let log = Captured::default();
    let _guard = tracing::subscriber::set_default(log.subscriber());
    let scene = Scene::new();
    scene.reader.knows(BODY, webhook(OwnerClaims { company_id: Some(COMPANY_B.to_string()), ..a_claim() }));

    let received = scene.receive().receive(BODY, Some("signed"), None).await.unwrap();

    assert_eq!((received, stored(&scene)), (ReceivedWebhook::Accepted, 0));
    let text = log.text();
    for told in [a_claim().user_id, a_claim().email, Some("broker-1".to_owned()), Some(COMPANY_B.to_string())] {
        assert!(!text.contains(&told.unwrap()), "{text}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_or_names_no_company_is_stored() {
    let scene = scene();
    scene.reader.knows(b"bare", webhook(OwnerClaims::default()));

    for body in [b"bare".as_slice(), b"\xff not JSON"] {
        assert_eq!(scene.receive().receive(body, Some("signed"), None).await.unwrap(), ReceivedWebhook::Accepted);
    }

    assert_eq!(stored(&scene), 2);
}

#[tokio::test]
async fn a_webhook_that_cannot_be_stored_is_an_error() {
    let log = Captured::default();
    let _guard = tracing::subscriber::set_default(log.subscriber());
    let mut inbox = MockWebhookInbox::new();
    inbox.expect_put().returning(|_| Err(StoreError::Unavailable("the disk is full".into())));
    let reader = scene().reader;
    let receive = ReceiveWebhook::new(COMPANY_A, Arc::new(FakeAuthenticity), reader, Arc::new(inbox));

    let received = receive.receive(BODY, Some("signed"), Some("request-1")).await;

    assert!(matches!(received, Err(ReceiveWebhookError::Store(_))), "{received:?}");
    let failures = log.lines_with(&["❌ [WEBHOOK_AUTH]", "request-1", "the disk is full"]);
    assert_eq!(failures.len(), 1, "{}", log.text());
}

#[tokio::test]
async fn the_lines_tell_ids_and_no_secret_and_no_body() {
    let log = Captured::default();
    let _guard = tracing::subscriber::set_default(log.subscriber());
    let scene = scene();

    scene.receive().receive(BODY, Some("signed"), Some("request-1")).await.unwrap();

    assert_eq!(log.lines_with(&["[WEBHOOK_AUTH]", "request-1", "broker-1", &COMPANY_A.to_string()]).len(), 1);
    assert!(!log.text().contains("one@example.com") && !log.text().contains("signed"), "{}", log.text());
}
