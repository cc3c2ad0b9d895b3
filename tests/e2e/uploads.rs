//! What people bring in by hand, over sockets: files and texts, whose they are, and what is wrong with those that are not
//! taken.

use std::io::{Cursor, Write};

use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use zip::write::SimpleFileOptions;

use crate::client::{self, Client};
use crate::people::{ADA, JONAS, MARTA};
use crate::stack::Stack;

const FILE: &str = "/api/v1/upload/file";
const FILES: &str = "/api/v1/upload/files";

/// A form with these files in the field.
fn form(field: &str, files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, bytes) in files {
        let head = format!("Content-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"");
        body.extend_from_slice(format!("--frontier\r\n{head}\r\nContent-Type: text/plain\r\n\r\n").as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--frontier--\r\n");
    body
}

async fn send(client: &Client<'_>, token: &str, path: &str, body: Vec<u8>, key: Option<&str>) -> (StatusCode, Value) {
    let request = client.request(Method::POST, path).bearer_auth(token).body(body);
    let request = request.header(CONTENT_TYPE, "multipart/form-data; boundary=frontier");
    let answer = key.into_iter().fold(request, |request, key| request.header("Idempotency-Key", key));
    let answer = answer.send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

async fn upload(client: &Client<'_>, token: &str, name: &str, bytes: &[u8]) -> (StatusCode, Value) {
    send(client, token, FILE, form("file", &[(name, bytes)]), None).await
}

/// A document of Word whose one part unpacks to 140 MB and says nothing.
fn bomb() -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let mut begin = |name: &str, content: &str| {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    };
    begin(
        "[Content_Types].xml",
        "<Types><Override PartName=\"/word/document.xml\" ContentType=\"application/\
         vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml\"/></Types>",
    );
    begin(
        "_rels/.rels",
        "<Relationships><Relationship Id=\"1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/\
         relationships/officeDocument\" Target=\"word/document.xml\"/></Relationships>",
    );
    begin("word/document.xml", "<w:document xmlns:w=\"w\"><w:body>");
    let nothing = format!("<!--{}-->", "-=".repeat(500_000));
    for _ in 0..140 {
        zip.write_all(nothing.as_bytes()).unwrap();
    }
    zip.write_all(b"</w:body></w:document>").unwrap();
    zip.finish().unwrap().into_inner()
}

/// A page that opens with a password only.
fn encrypted_pdf() -> Vec<u8> {
    let secret = "<".to_owned() + &"5a".repeat(32) + ">";
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] >>".to_owned(),
        format!("<< /Filter /Standard /V 1 /R 2 /O {secret} /U {secret} /P -4 >>"),
    ];
    let mut pdf = b"%PDF-1.4\n".to_vec();
    let mut places = Vec::new();
    for (number, object) in (1..).zip(objects) {
        places.push(pdf.len());
        write!(pdf, "{number} 0 obj\n{object}\nendobj\n").unwrap();
    }
    let start = pdf.len();
    pdf.extend(b"xref\n0 5\n0000000000 65535 f \n");
    for place in places {
        writeln!(pdf, "{place:010} 00000 n ").unwrap();
    }
    pdf.extend(b"trailer\n<< /Size 5 /Root 1 0 R /Encrypt 4 0 R /ID [<00> <00>] >>\n");
    write!(pdf, "startxref\n{start}\n%%EOF\n").unwrap();
    pdf
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_file_is_told_by_a_word_of_its_own() {
    let stack = Stack::start().await;
    client::visit(&stack, false, async |client| {
        let token = stack.sign_in(&JONAS).await;
        let mut codes = Vec::new();
        let mut refused = async |expected: StatusCode, path: &str, body: Vec<u8>| {
            let (status, problem) = send(&client, &token, path, body, None).await;
            assert_eq!(status, expected, "{problem}");
            codes.push(problem["code"].as_str().unwrap().to_owned());
        };
        let one = |name: &str, bytes: &[u8]| form("file", &[(name, bytes)]);

        // The limit is the one that a deployment has where nobody says another. What is larger is not read on.
        refused(StatusCode::PAYLOAD_TOO_LARGE, FILE, one("x.txt", &vec![b'x'; 101 * 1024 * 1024])).await;
        refused(StatusCode::PAYLOAD_TOO_LARGE, FILE, one("x.txt", &vec![b'x'; 100 * 1024 * 1024 + 1])).await;
        refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, FILE, one("report.pdf", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")).await;
        let names: Vec<_> = (1..=11).map(|n| format!("{n}.txt")).collect();
        let eleven: Vec<_> = names.iter().map(|name| (name.as_str(), b"text".as_slice())).collect();
        refused(StatusCode::BAD_REQUEST, FILES, form("files", &eleven)).await;
        refused(StatusCode::UNPROCESSABLE_ENTITY, FILE, one("bomb.docx", &bomb())).await;
        refused(StatusCode::UNPROCESSABLE_ENTITY, FILE, one("secret.pdf", &encrypted_pdf())).await;
        refused(StatusCode::UNPROCESSABLE_ENTITY, FILE, one("broken.docx", &bomb()[..300])).await;
        refused(StatusCode::UNPROCESSABLE_ENTITY, FILE, one("empty.txt", b"")).await;
        refused(StatusCode::UNPROCESSABLE_ENTITY, FILE, form("other", &[("x", b"text")])).await;

        let expected = [
            "file_too_large",
            "file_too_large",
            "unsupported_file_type",
            "too_many_files",
            "file_expands_too_much",
            "file_encrypted",
            "file_broken",
            "file_empty",
            "invalid_field",
        ];
        assert_eq!(codes, expected);
        assert_eq!(client.get(&token, "/api/v1/documents").await["items"], json!([]));

        let (status, answer) = upload(&client, &token, "../../x", b"text").await;
        assert_eq!((status, &answer["filename"]), (StatusCode::CREATED, &json!("x")), "{answer}");
        assert_eq!(answer["original_filename"], "../../x");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_the_largest_size_is_taken_and_one_byte_more_is_not() {
    let stack = Stack::with(&[("UPLOAD_MAX_BYTES", "3000000")]).await;
    client::visit(&stack, false, async |client| {
        let token = stack.sign_in(&JONAS).await;
        let text = "All the herons. ".repeat(200_000).into_bytes();

        let (status, answer) = upload(&client, &token, "herons.txt", &text[..3_000_000]).await;
        assert_eq!((status, &answer["characters"]), (StatusCode::CREATED, &json!(100_000)), "{answer}");
        let (status, problem) = upload(&client, &token, "herons.txt", &text[..3_000_001]).await;
        assert_eq!((status, &problem["code"]), (StatusCode::PAYLOAD_TOO_LARGE, &json!("file_too_large")));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_brought_in_by_hand_tells_who_did_and_how() {
    let stack = Stack::start().await;
    client::visit(&stack, false, async |client| {
        let (marta, jonas) = (stack.sign_in(&MARTA).await, stack.sign_in(&JONAS).await);

        let (_, file) = upload(&client, &jonas, "minutes.txt", b"The gantry is ready").await;
        let (_, colleagues) = upload(&client, &marta, "minutes.txt", b"The gantry is ready").await;
        assert_ne!(file["document_id"], colleagues["document_id"], "what two people upload is two documents");
        let note = json!({ "title": "Note", "content": "The crane is late", "source": "crm", "source_id": "7" });
        let (status, added) = client.call(&marta, Method::POST, "/api/v1/documents", Some(note.clone())).await;
        assert_eq!(status, StatusCode::CREATED, "{added}");
        let (status, again) = client.call(&jonas, Method::POST, "/api/v1/documents", Some(note)).await;
        assert_eq!((status, &again["id"]), (StatusCode::OK, &added["id"]));

        let document = |id: &Value| format!("/api/v1/documents/{id}");
        for (id, person, method) in [(&file["document_id"], &JONAS, "manual_upload"), (&added["id"], &MARTA, "api")] {
            let told = client.get(&marta, &document(id)).await;
            assert_eq!(told["ingested_by_user_id"], person.id.to_string(), "{told}");
            assert_eq!(told["ingested_by_user_email"], person.email);
            assert_eq!(told["ingestion_method"], method);
        }
        let provenance = client.get(&marta, &format!("{}/provenance", document(&added["id"]))).await;
        let sources = provenance["sources"].as_array().unwrap();
        let told: Vec<_> = sources.iter().map(|source| (&source["user_email"], &source["connection_id"])).collect();
        assert_eq!(told, [(&json!(MARTA.email), &Value::Null), (&json!(JONAS.email), &Value::Null)]);
        let found = client.get(&jonas, "/api/v1/search?query=gantry").await;
        assert_eq!(found["total"], 2, "{found}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_from_a_file_brings_its_attachments() {
    let message = "From: Nora <nora@example.com>\r\nTo: ina@example.com\r\nSubject: Offer\r\n\
                   Date: Mon, 2 Mar 2026 12:00:00 +0000\r\nMessage-ID: <1@example.com>\r\nMIME-Version: 1.0\r\n\
                   Content-Type: multipart/mixed; boundary=part\r\n\r\n--part\r\nContent-Type: text/plain\r\n\r\n\
                   Please find attached\r\n--part\r\nContent-Type: text/plain; name=\"offer.txt\"\r\n\
                   Content-Disposition: attachment; filename=\"offer.txt\"\r\n\r\nTen pumps\r\n--part--\r\n";
    let stack = Stack::start().await;
    client::visit(&stack, false, async |client| {
        let token = stack.sign_in(&JONAS).await;

        let (status, uploaded) = upload(&client, &token, "offer.eml", message.as_bytes()).await;

        assert_eq!((status, &uploaded["file_type"]), (StatusCode::CREATED, &json!("eml")), "{uploaded}");
        let mail = client.get(&token, &format!("/api/v1/documents/{}", uploaded["document_id"])).await;
        assert_eq!((&mail["title"], &mail["document_type"]), (&json!("Offer"), &json!("email")), "{mail}");
        assert_eq!(mail["metadata"]["sender_address"], "nora@example.com");
        let attachments = client.get(&token, "/api/v1/documents?document_type=attachment").await;
        let attachment = &attachments["items"][0];
        assert_eq!((&attachment["title"], &attachment["source"]), (&json!("offer.txt"), &json!("upload")));
        let found = client.get(&token, "/api/v1/search?query=pumps").await;
        assert_eq!(found["results"][0]["document_id"], attachment["id"], "{found}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_again_is_done_once_and_the_quota_holds() {
    let stack = Stack::with(&[("USER_DAILY_DOCUMENT_QUOTA", "2")]).await;
    client::visit(&stack, false, async |client| {
        let (ada, jonas) = (stack.sign_in(&ADA).await, stack.sign_in(&JONAS).await);
        let files = |text: &str| form("files", &[("a.txt", text.as_bytes()), ("b.txt", b"another")]);

        let first = send(&client, &jonas, FILES, files("one"), Some("key-1")).await;
        let again = send(&client, &jonas, FILES, files("one"), Some("key-1")).await;
        assert_eq!(first.0, StatusCode::OK);
        assert_eq!((first.1["success_count"].as_u64(), &again), (Some(2), &first));
        let (status, reused) = send(&client, &jonas, FILES, files("two"), Some("key-1")).await;
        assert_eq!((status, &reused["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("idempotency_key_reused")));

        let (status, exceeded) = upload(&client, &jonas, "c.txt", b"a third").await;
        assert_eq!((status, &exceeded["code"]), (StatusCode::TOO_MANY_REQUESTS, &json!("quota_exceeded")));
        let usage = client.get(&jonas, "/api/v1/usage").await;
        assert_eq!(usage["today"], json!({ "documents": 2, "bytes": 10 }), "{usage}");
        assert_eq!((&usage["quota"]["documents"], &usage["quota"]["bytes"]), (&json!(2), &Value::Null));
        assert_eq!(usage["quota"]["resets_at"], exceeded["resets_at"]);
        let company = client.get(&ada, "/api/v1/usage?scope=company").await;
        assert_eq!(company["items"][0]["user_id"], JONAS.id.to_string(), "{company}");
    })
    .await;
}
