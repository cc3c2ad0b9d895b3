//! What `cortex users` tells: lines for people, or one JSON document for programs.

use cortex_identity::model::{Member, Standing};
use cortex_identity::{BindAccountError, Bound};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Out;

/// What became of a member's account.
pub(super) struct Outcome {
    pub(super) member: Member,
    pub(super) bound: Result<Bound, BindAccountError>,
}

/// Somebody was made a member, or was one.
pub(super) fn mapped(member: &Member, is_new: bool, json: bool, out: Out<'_>) -> anyhow::Result<()> {
    let membership = &member.membership;
    if json {
        let document = json!({
            "id": member.id, "user_id": membership.user_id.to_string(), "email": membership.email.as_str(),
            "role": membership.role.name(), "changed": is_new,
        });
        writeln!(out, "{document:#}")?;
        return Ok(());
    }
    let verb = if is_new { "is now" } else { "was already" };
    writeln!(out, "{} ({}) {verb} a member as {}", membership.email, membership.user_id, membership.role)?;
    Ok(())
}

/// The team.
pub(super) fn listed(members: &[Member], now: OffsetDateTime, json: bool, out: Out<'_>) -> anyhow::Result<()> {
    if json {
        let users: Vec<Value> = members.iter().map(|member| as_json(member, now)).collect();
        writeln!(out, "{:#}", json!({ "users": users, "total": users.len() }))?;
        return Ok(());
    }
    let rows = members.iter().map(|member| {
        let membership = &member.membership;
        let last_login = member.last_login_at.map_or_else(|| "never".to_owned(), moment);
        [
            membership.email.to_string(),
            membership.role.name().to_owned(),
            status(member, now).to_owned(),
            membership.user_id.to_string(),
            last_login,
        ]
    });
    table(["EMAIL", "ROLE", "STATUS", "USER ID", "LAST LOGIN"], &rows.collect::<Vec<_>>(), out)
}

/// What became of every account.
pub(super) fn bound(outcomes: &[Outcome], json: bool, out: Out<'_>) -> anyhow::Result<()> {
    if json {
        let users: Vec<Value> = outcomes
            .iter()
            .map(|Outcome { member, bound }| {
                json!({
                    "user_id": member.membership.user_id.to_string(), "email": member.membership.email.as_str(),
                    "bound": bound.is_ok(), "changed": matches!(bound, Ok(Bound::Now)), "error": failure(bound),
                })
            })
            .collect();
        writeln!(out, "{:#}", json!({ "users": users }))?;
        return Ok(());
    }
    let rows = outcomes.iter().map(|Outcome { member, bound }| {
        let told = match bound {
            Ok(Bound::Now) => "bound".to_owned(),
            Ok(Bound::Already) => "was bound already".to_owned(),
            Err(_) => format!("failed: {}", failure(bound).unwrap_or_default()),
        };
        [member.membership.email.to_string(), member.membership.user_id.to_string(), told]
    });
    table(["EMAIL", "USER ID", "ACCOUNT"], &rows.collect::<Vec<_>>(), out)
}

fn as_json(member: &Member, now: OffsetDateTime) -> Value {
    let membership = &member.membership;
    json!({
        "id": member.id, "user_id": membership.user_id.to_string(), "email": membership.email.as_str(),
        "role": membership.role.name(), "is_active": membership.is_active, "status": status(member, now),
        "invited_by": member.invited_by.map(|by| by.to_string()), "invited_at": member.invited_at.map(moment),
        "last_login_at": member.last_login_at.map(moment), "created_at": member.created_at.map(moment),
    })
}

fn status(member: &Member, now: OffsetDateTime) -> &'static str {
    match member.membership.standing(now) {
        Standing::Active => "active",
        Standing::Invited => "invited",
        Standing::Deactivated => "deactivated",
    }
}

/// The failure with its causes in one line.
fn failure(bound: &Result<Bound, BindAccountError>) -> Option<String> {
    let mut next = bound.as_ref().err().map(|error| error as &dyn std::error::Error);
    let mut words = Vec::new();
    while let Some(error) = next {
        words.push(error.to_string());
        next = error.source();
    }
    (!words.is_empty()).then(|| words.join(": ").replace(['\r', '\n'], " "))
}

fn moment(moment: OffsetDateTime) -> String {
    moment.format(&Rfc3339).unwrap_or_default()
}

fn table<const N: usize>(head: [&str; N], rows: &[[String; N]], out: Out<'_>) -> anyhow::Result<()> {
    let head = head.map(ToOwned::to_owned);
    let width = |column: usize| rows.iter().chain([&head]).map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    for row in [&head].into_iter().chain(rows) {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        let line = cells.collect::<Vec<_>>().join("  ");
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}
