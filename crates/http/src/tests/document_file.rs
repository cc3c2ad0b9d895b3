//! The original bytes of documents.

use std::net::SocketAddr;
use std::sync::Arc;

use actix_web::HttpServer;
use actix_web::test::{self, TestRequest};
use cortex_identity::model::Role;
use cortex_ingestion::model::{BlobKey, DocumentText, DocumentView, FileBody};
use cortex_ingestion::ports::{Blob, BlobError, BlobStore, MockBlobStore};
use cortex_ingestion::testing::{COMPANY_A, COMPANY_B, InMemoryBlobStore, InMemoryLibrary, a_document_view};
use futures_util::{StreamExt as _, stream};
use rstest::rstest;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use uuid::Uuid;

use super::stage::{answer, as_role, call, services};
use super::{header, problem_of, settings};
use crate::problem::ProblemKind;
use crate::{Services, app};

fn key(number: u128) -> BlobKey {
    BlobKey::new(Uuid::from_u128(number))
}

/// Documents with a file, without one, with one that is not there, and with one of another company, over this store.
fn over(blobs: Arc<dyn BlobStore>) -> Services {
    let library = InMemoryLibrary::default();
    let file = DocumentView {
        title: "Ein Überblick.html".to_owned(),
        mime_type: Some("text/html".to_owned()),
        blob: Some(key(1)),
        ..a_document_view("1")
    };
    let gone = DocumentView { blob: Some(key(3)), ..a_document_view("3") };
    let elsewhere = DocumentView { blob: Some(key(1)), ..a_document_view("4") };
    for (company_id, document) in
        [(COMPANY_A, file), (COMPANY_A, a_document_view("2")), (COMPANY_A, gone), (COMPANY_B, elsewhere)]
    {
        library.put_document(company_id, DocumentText { document, content: String::new() });
    }
    Services { documents: Arc::new(library), blobs, ..services() }
}

async fn library(bytes: &'static [u8]) -> Services {
    let blobs = InMemoryBlobStore::default();
    for company_id in [COMPANY_A, COMPANY_B] {
        blobs.put(company_id, key(1), FileBody::InMemory(bytes.into())).await.unwrap();
    }
    over(Arc::new(blobs))
}

fn get(id: u32) -> TestRequest {
    as_role(Role::Viewer, TestRequest::get().uri(&format!("/api/v1/documents/{id}/file")))
}

#[actix_web::test]
async fn a_file_is_handed_out_to_be_saved_and_never_to_be_shown() {
    let response = call(library(b"<script>alert(1)</script>").await, get(1)).await;

    assert_eq!(response.status(), 200);
    let expected = [
        ("content-type", "text/html"),
        (
            "content-disposition",
            "attachment; filename=\"Ein _berblick.html\"; filename*=UTF-8''Ein%20%C3%9Cberblick.html",
        ),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "sandbox; default-src 'none'"),
        ("x-frame-options", "DENY"),
        ("cache-control", "private, no-store"),
    ];
    for (name, value) in expected {
        assert_eq!(header(response.headers(), name), Some(value), "{name}");
    }
    assert_eq!(test::read_body(response).await, "<script>alert(1)</script>");
}

#[rstest]
#[case::without_a_file(2)]
#[case::with_one_that_is_not_there(3)]
#[case::another_companys(4)]
#[case::nobodys(99)]
#[actix_web::test]
async fn where_there_is_no_file_nothing_is_found(#[case] id: u32) {
    problem_of(call(library(b"bytes").await, get(id)).await, ProblemKind::NotFound).await;
}

#[actix_web::test]
async fn while_the_store_is_away_the_caller_is_to_come_again() {
    let blobs = InMemoryBlobStore::default();
    blobs.go_away();

    let body = problem_of(call(over(Arc::new(blobs)), get(1)).await, ProblemKind::Unavailable).await;

    assert!(!body.to_string().contains("10.0.0.7"), "{body}");
}

#[actix_web::test]
async fn a_store_that_does_not_work_is_our_failure() {
    let mut blobs = MockBlobStore::new();
    blobs.expect_get().returning(|_, _| Err(BlobError::Broken("no such bucket".into())));

    let body = problem_of(call(over(Arc::new(blobs)), get(1)).await, ProblemKind::Internal).await;

    assert!(!body.to_string().contains("bucket"), "{body}");
}

#[actix_web::test]
async fn a_document_names_its_file_where_no_provider_shows_it() {
    let blobs = Arc::new(InMemoryBlobStore::default());
    let library = InMemoryLibrary::default();
    let kept = DocumentView { blob: Some(key(1)), ..a_document_view("1") };
    let file_url = Some("https://drive.example/1".to_owned());
    let at_provider = DocumentView { file_url, blob: Some(key(2)), ..a_document_view("2") };
    for document in [kept, at_provider, a_document_view("3")] {
        library.put_document(COMPANY_A, DocumentText { document, content: String::new() });
    }
    let services = Services { documents: Arc::new(library), blobs, ..services() };

    let list = as_role(Role::Viewer, TestRequest::get().uri("/api/v1/documents"));
    let (_, body) = answer(services.clone(), list).await;
    let urls: Vec<_> = body["items"].as_array().unwrap().iter().map(|item| item["file_url"].clone()).collect();
    assert_eq!(json!(urls), json!([null, "https://drive.example/1", "/api/v1/documents/1/file"]));

    let one = as_role(Role::Viewer, TestRequest::get().uri("/api/v1/documents/1"));
    assert_eq!(answer(services, one).await.1["file_url"], "/api/v1/documents/1/file");
}

/// What a server over these services answers on the wire, until it hangs up.
async fn on_the_wire(services: Services, line: &str) -> String {
    let server = HttpServer::new(move || app(services.clone(), settings(false)))
        .workers(1)
        .disable_signals()
        .bind(SocketAddr::from(([127, 0, 0, 1], 0)))
        .unwrap();
    let address = server.addrs()[0];
    let server = server.run();
    let handle = server.handle();
    let client = async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let headers = "Host: cortex\r\nAuthorization: Bearer viewer\r\nAccept-Encoding: gzip\r\nConnection: close";
        let request = format!("{line} HTTP/1.1\r\n{headers}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        handle.stop(false).await;
        String::from_utf8(answer).unwrap()
    };
    let (outcome, answer) = tokio::join!(server, client);
    outcome.unwrap();
    answer
}

#[actix_web::test]
async fn the_length_is_told_and_nothing_is_compressed() {
    let text = "text ".repeat(1_000);
    let services = library(text.clone().leak().as_bytes()).await;

    let answer = on_the_wire(services.clone(), "GET /api/v1/documents/1/file").await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK") && head.contains("content-length: 5000"), "{head}");
    assert!(!head.contains("content-encoding") && body == text, "{head}");

    let answer = on_the_wire(services, "HEAD /api/v1/documents/1/file").await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK") && head.contains("content-length: 5000"), "{head}");
    assert_eq!(body, "");
}

#[rstest]
#[case::failing(Some("the server hung up"))]
#[case::ending_too_soon(None)]
#[actix_web::test]
async fn a_file_that_breaks_off_is_not_taken_for_the_whole(#[case] failure: Option<&'static str>) {
    const SIZE: usize = 1_000_000;
    let mut blobs = MockBlobStore::new();
    blobs.expect_get().returning(move |_, _| {
        // So much that the beginning is sent before the next piece is asked for.
        let part = Ok("x".repeat(SIZE / 2).into());
        let pieces = [Some(part), failure.map(|failure| Err(BlobError::Unavailable(failure.into())))];
        Ok(Some(Blob { size: SIZE as u64, pieces: stream::iter(pieces.into_iter().flatten()).boxed() }))
    });

    let answer = on_the_wire(over(Arc::new(blobs)), "GET /api/v1/documents/1/file").await;

    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("content-length: 1000000") && body.len() < SIZE, "{head}");
}
