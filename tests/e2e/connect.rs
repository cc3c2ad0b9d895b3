//! From a connect session, through the browser and the provider's consent, to the webhook that tells of it.

use cortex_connections::model::Owner;
use cortex_connections::ports::OpenConnectSession;
use cortex_kernel::Provider;
use cortex_sandbox::nango::Decision;
use serde_json::Value;

use crate::people::{KESTREL, MARTA};
use crate::stack::Stack;

#[tokio::test(flavor = "multi_thread")]
async fn a_connect_session_of_ours_comes_back_as_a_webhook_with_both_ids() {
    let stack = Stack::start().await;
    let environment = stack.nango.environments().remove(0).name;
    stack.nango.set_webhook_urls(&environment, &["http://127.0.0.1:1/nango/webhook"]).unwrap();
    let owner = Owner { company_id: KESTREL, user_id: MARTA.id, email: MARTA.email.parse().unwrap() };

    let link = stack
        .ports()
        .broker
        .open_connect_session(&OpenConnectSession { owner, provider: Provider::Gmail })
        .await
        .unwrap();
    let connection = stack.nango.connect(&link.token, "google-mail", MARTA.email, Decision::Allow).await.unwrap();
    stack.nango.settled().await;

    assert!(link.url.contains("apiURL="), "a browser is sent to this Nango and not to its cloud: {}", link.url);
    let webhooks = stack.nango.webhooks();
    let told: Value = serde_json::from_str(&webhooks[0].body).unwrap();
    assert_eq!(told["type"], "auth");
    assert_eq!(told["operation"], "creation");
    assert_eq!(told["connectionId"], connection.connection_id);
    assert_eq!(told["tags"]["end_user_id"], MARTA.id.to_string());
    assert_eq!(told["tags"]["organization_id"], KESTREL.to_string());
    assert_eq!(told["endUser"]["endUserId"], MARTA.id.to_string(), "the older form is there too");
}
