//! A1 connects again, with another account: it is refused, and what was connected goes on.

use anyhow::{Context, Result};

use super::Seats;
use super::connecting::account;
use crate::browser;
use crate::client::{Client, text};
use crate::people::{A, A1, ANOTHER_ACCOUNT};
use crate::poll;
use crate::report::{Report, Step};
use crate::stack::Stack;

pub(super) async fn play(stack: &Stack<'_>, seats: &Seats, report: &mut Report) -> Result<()> {
    report.scene("A reconnect with another account");
    let before = account(&seats.a1, "gmail").await?;
    let answer = seats.a1.post("/api/v1/oauth/connect/reconnect?provider=gmail", None).await?;
    report.step(
        Step::asked("A1: POST /api/v1/oauth/connect/reconnect?provider=gmail")
            .compare("status", answer.status, 200)
            .compare("for", answer.text("/original_email"), A1.email),
    );
    let link = text(&answer.expected(200)?, "/auth_url");
    let arrival = browser::connect(&stack.http, &link, ANOTHER_ACCOUNT).await.context("the way through the browser")?;
    report.step(Step::asked(format_args!("A1 in the browser: {ANOTHER_ACCOUNT}, Allow")).compare(
        "status",
        arrival.status,
        200,
    ));

    report.progress("the webhook of the connection");
    let told = poll::until("the refusal to show", poll::WEBHOOK, async || {
        Ok(Some(account(&seats.a1, "gmail").await?).filter(|gmail| gmail["reason"] == "account_mismatch"))
    });
    let after = told.await?;
    report.step(
        Step::asked("A1: GET /api/v1/oauth/status")
            .compare("", text(&after, "/reason"), "account_mismatch")
            .compare("", text(&after, "/status"), "active")
            .compare("account", text(&after, "/account_email"), A1.email)
            .check("the same connection", after["connection_id"] == before["connection_id"]),
    );

    report.progress("the refused connection is removed at Nango");
    let key = stack.nango.environment(A.slug)?.api_key.to_string();
    let nango = Client::new(&stack.http, stack.nango.base_url(), Some(&key));
    let mut left = 0;
    let removed = poll::until("the refused connection to be removed", poll::WEBHOOK, async || {
        let list = nango.get("/connections").await?.expected(200)?;
        left = list["connections"].as_array().map_or(0, Vec::len);
        Ok((left == 2).then_some(()))
    });
    // How many are left is told either way.
    let _ = removed.await;
    report.step(Step::asked("Nango: GET /connections, with A's key").compare("connections", left, 2));
    Ok(())
}
