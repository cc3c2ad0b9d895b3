//! A1 connects her Google Drive and the company's QuickBooks too, and A2 finds what is in them.

use anyhow::Result;
use cortex_sandbox::provider::{Books, DriveFile};
use serde_json::{Value, json};

use super::{Seats, connecting, syncing};
use crate::client::{Client, text};
use crate::people::A1;
use crate::report::{Report, Step};
use crate::stack::Stack;

pub(super) async fn play(stack: &Stack<'_>, seats: &Seats, report: &mut Report) -> Result<()> {
    report.scene("Files and books");
    let now = stack.now();
    // Folders and short cuts are nothing that anybody looks for.
    let is_file = |file: &DriveFile| !file.mime_type.ends_with(".folder") && !file.mime_type.ends_with(".shortcut");
    let files = DriveFile::invented(A1.email, A1.name, now).into_iter().filter(is_file).count();
    let books = Books::invented(now);
    let books: usize = ["Invoice", "Bill", "Payment", "Customer"].map(|model| books.records(model).len()).iter().sum();
    for (provider, records) in [("google_drive", files), ("quickbooks", books)] {
        connecting::connect(stack, &A1, &seats.a1, provider, report).await?;
        let job = syncing::start(&A1, &seats.a1, provider, report).await?;
        let job = syncing::follow(&seats.a1, &job, records, report, syncing::is_over).await?;
        report.step(syncing::ended(&A1, &job, records));
    }
    found(&seats.a2, "revised budget pump station", "googledoc", report).await?;
    found(&seats.a2, "quay wall \"first stage\"", "invoice", report).await
}

/// A2 finds what A1's account brought in.
async fn found(seat: &Client, query: &str, kind: &str, report: &mut Report) -> Result<()> {
    let answer = seat.post("/api/v1/search", Some(&json!({ "query": query, "document_type": kind }))).await?;
    let hit = answer.body["results"].get(0).cloned().unwrap_or(Value::Null);
    report.step(
        Step::asked(format_args!("A2: POST /api/v1/search, {query}"))
            .compare("status", answer.status, 200)
            .compare("a", text(&hit, "/document_type"), kind)
            .compare("of", text(&hit, "/ingested_by_user_email"), A1.email)
            .tell(format_args!("\"{}\"", text(&hit, "/title"))),
    );
    Ok(())
}
