//! Who can tell a deployment of a new connection: Nango alone.

use anyhow::Result;
use reqwest::Method;
use serde_json::json;

use crate::client::Client;
use crate::people::{A, A1};
use crate::report::{Report, Step};
use crate::stack::Stack;

pub(super) async fn play(stack: &Stack<'_>, report: &mut Report) -> Result<()> {
    report.scene("Forged webhooks");
    // All of it is right, but for who says so.
    let forged = json!({
        "from": "nango", "type": "auth", "operation": "creation", "authMode": "OAUTH2", "success": true,
        "connectionId": "forged", "providerConfigKey": "google-mail", "provider": "google-mail", "environment": A.slug,
        "endUser": { "endUserId": A1.id, "endUserEmail": A1.email, "organizationId": A.id },
    });
    let anybody = Client::new(&stack.http, &stack.a.base_url, None);
    let wrong = "0".repeat(64);
    for (how, signature) in [("without a signature", None), ("with a wrong signature", Some(wrong))] {
        let request = anybody.request(Method::POST, "/nango/webhook").json(&forged);
        let request = match signature {
            Some(signature) => request.header("X-Nango-Hmac-Sha256", signature),
            None => request,
        };
        let answer = anybody.send(request).await?;
        report.step(
            Step::asked(format_args!("anybody at A: POST /nango/webhook {how}"))
                .compare("status", answer.status, 401)
                .tell(answer.text("/code")),
        );
    }
    Ok(())
}
