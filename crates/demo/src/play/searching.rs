//! A1 finds what A2's mailbox brought in, with who and how. B, which asks the same, finds nothing.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::Seats;
use crate::client::{Answer, text};
use crate::library::Library;
use crate::mail::Telling;
use crate::people::{A2, mark};
use crate::report::{Report, Step};
use crate::stack::Stack;

pub(super) async fn play(stack: &Stack<'_>, seats: &Seats, library: &Library, report: &mut Report) -> Result<()> {
    report.scene("One finds what the other's mailbox brought in");
    let Telling { message, word } = stack.mail().telling().context("no message of A2 has a word of its own")?;
    let document = library.of_record(&message.id).with_context(|| format!("\"{}\" is no document", message.subject))?;

    let query = json!({ "query": word });
    let answer = seats.a1.post("/api/v1/search", Some(&query)).await?;
    let hit = hit(&answer, document);
    report.step(
        Step::asked(format_args!("A1: POST /api/v1/search, \"{word}\""))
            .compare("status", answer.status, 200)
            .check("found", !hit.is_null())
            .tell(format_args!("\"{}\"", text(&hit, "/title"))),
    );
    report.step(
        Step::asked("  who brought it in, and how")
            .compare("user", mark(&text(&hit, "/ingested_by_user_id")), A2.mark)
            .compare("e-mail", text(&hit, "/ingested_by_user_email"), A2.email)
            .compare("by", text(&hit, "/ingestion_method"), "oauth_sync"),
    );

    let answer = seats.b1.post("/api/v1/search", Some(&query)).await?;
    report.step(
        Step::asked(format_args!("B1 at B: POST /api/v1/search, \"{word}\""))
            .compare("status", answer.status, 200)
            .compare("results", answer.text("/total"), "0"),
    );
    let answer = seats.b1.get("/api/v1/documents").await?;
    report.step(Step::asked("B1 at B: GET /api/v1/documents").compare("status", answer.status, 200).compare(
        "documents",
        answer.body["items"].as_array().map_or(0, Vec::len),
        0,
    ));
    Ok(())
}

/// The result that is this document; null where it is not among them.
fn hit(answer: &Answer, document: &Value) -> Value {
    let results = answer.body["results"].as_array().into_iter().flatten();
    results.into_iter().find(|hit| hit["document_id"] == document["id"]).cloned().unwrap_or_default()
}
