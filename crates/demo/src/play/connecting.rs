//! A1 and A2 each connect their own Gmail: start, the link, the consent page, and the webhook that tells of it.

use anyhow::{Context, Result};
use serde_json::Value;

use super::Seats;
use crate::browser;
use crate::client::{Client, text};
use crate::people::{A, A1, A2, Person, mark};
use crate::poll;
use crate::report::{Report, Step};
use crate::stack::Stack;

pub(super) async fn play(stack: &Stack<'_>, seats: &Seats, report: &mut Report) -> Result<()> {
    report.scene("Each connects the own account");
    for (person, seat) in [(&A1, &seats.a1), (&A2, &seats.a2)] {
        connect(stack, person, seat, "gmail", report).await?;
    }
    Ok(())
}

/// How a person stands with a provider.
pub(super) async fn account(seat: &Client, provider: &str) -> Result<Value> {
    let status = seat.get("/api/v1/oauth/status").await?.expected(200)?;
    let account = status["providers"].get(provider).cloned();
    account.with_context(|| format!("the status does not name {provider}"))
}

/// Connects the person's account, and waits until Nango has fetched what is in it.
pub(super) async fn connect(
    stack: &Stack<'_>,
    person: &Person,
    seat: &Client,
    provider: &str,
    report: &mut Report,
) -> Result<()> {
    let who = person.mark;
    let path = format!("/api/v1/oauth/connect/start?provider={provider}");
    let answer = seat.post(&path, None).await?;
    report.step(
        Step::asked(format_args!("{who}: POST {path}"))
            .compare("status", answer.status, 200)
            .compare("user", mark(&answer.text("/user_id")), person.mark)
            .compare("company", mark(&answer.text("/company_id")), A.mark),
    );
    let link = text(&answer.expected(200)?, "/auth_url");

    let arrival = browser::connect(&stack.http, &link, person.email).await.context("the way through the browser")?;
    report.step(
        Step::asked(format_args!("{who} in the browser: the link, the account, Allow"))
            .compare("status", arrival.status, 200)
            .tell(format_args!("of {} accounts, \"{}\"", arrival.offered.len(), arrival.title)),
    );

    report.progress("the webhook of the connection");
    let connected = poll::until("the webhook to show", poll::WEBHOOK, async || {
        Ok(Some(account(seat, provider).await?).filter(|account| account["connected"] == true))
    });
    let connected = connected.await.with_context(|| format!("{who} allowed the connection"))?;
    report.step(
        Step::asked(format_args!("{who}: GET /api/v1/oauth/status"))
            .compare("", text(&connected, "/status"), "active")
            .compare("account", text(&connected, "/account_email"), account_email(person, provider)),
    );
    // Nango has told of it.
    report.progress("Nango fetches");
    stack.nango.settled().await;
    Ok(())
}

/// The address of the account: books are a company's, and everything else is the person's.
fn account_email(person: &Person, provider: &str) -> String {
    match (provider, person.email.split_once('@')) {
        ("quickbooks", Some((_, domain))) => format!("accounts@{domain}"),
        _ => person.email.to_owned(),
    }
}
