//! A2 uploads a file. A1 finds it, with who and how, and gets the very bytes back; B finds nothing.

use anyhow::{Context, Result};
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use super::Seats;
use crate::client::{Answer, Client, text};
use crate::people::{A2, mark};
use crate::report::{Report, Step};

/// A file that no account has.
const FILE: &str = "<!doctype html><title>Ozymandias valve</title><body><h1>Service note</h1>\
                    <p>The valve at Ozymandias needs a new gasket by spring.</p></body>";
const WORD: &str = "Ozymandias";

/// An executable of Windows, as far as one looks.
const PROGRAM: &[u8] = b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00";

pub(super) async fn play(seats: &Seats, report: &mut Report) -> Result<()> {
    report.scene("One uploads what the other finds");
    let answer = upload(&seats.a2, "../valve.html", FILE.as_bytes()).await?;
    report.step(
        Step::asked("A2: POST /api/v1/upload/file, ../valve.html")
            .compare("status", answer.status, 201)
            .compare("as", answer.text("/filename"), "valve.html")
            .compare("a", answer.text("/file_type"), "html")
            .compare("user", mark(&answer.text("/user_id")), A2.mark),
    );
    let document = text(&answer.expected(201)?, "/document_id");

    let answer = upload(&seats.a2, "invoice.pdf", PROGRAM).await?;
    report.step(Step::asked("A2: … a program that is called invoice.pdf").compare("status", answer.status, 415));

    let query = json!({ "query": WORD });
    let answer = seats.a1.post("/api/v1/search", Some(&query)).await?;
    let hit = answer.body["results"].get(0).cloned().unwrap_or(Value::Null);
    report.step(
        Step::asked(format_args!("A1: POST /api/v1/search, \"{WORD}\""))
            .compare("status", answer.status, 200)
            .check("found", text(&hit, "/document_id") == document)
            .compare("user", mark(&text(&hit, "/ingested_by_user_id")), A2.mark)
            .compare("by", text(&hit, "/ingestion_method"), "manual_upload"),
    );
    let path = format!("/api/v1/documents/{document}/file");
    let answer = seats.a1.get(&path).await?;
    report.step(
        Step::asked(format_args!("A1: GET {path}"))
            .compare("status", answer.status, 200)
            .check("the same bytes", answer.body == json!(FILE)),
    );
    let answer = seats.b1.post("/api/v1/search", Some(&query)).await?;
    report.step(
        Step::asked(format_args!("B1 at B: POST /api/v1/search, \"{WORD}\""))
            .compare("status", answer.status, 200)
            .compare("results", answer.text("/total"), "0"),
    );
    Ok(())
}

async fn upload(seat: &Client, name: &'static str, bytes: &'static [u8]) -> Result<Answer> {
    let form = Form::new().part("file", Part::bytes(bytes).file_name(name));
    seat.send(seat.request(Method::POST, "/api/v1/upload/file").multipart(form)).await.context("the upload")
}
