//! Files that people upload.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::test::{self, TestRequest};
use actix_web::web::Bytes;
use cortex_identity::model::Role;
use cortex_ingestion::model::{ClaimOutcome, Extracted, FileBody, FileType, IngestionMethod, Quota};
use cortex_ingestion::ports::{ExtractError, MockIdempotencyKeys, MockTextExtractor};
use cortex_ingestion::testing::{COMPANY_A, InMemoryIntake};
use futures_util::{Stream, StreamExt as _, stream};
use rstest::rstest;
use serde_json::json;

use super::stage::{answer, as_role, call, intake, member, services};
use super::{problem_of, settings};
use crate::extract::BodyPatience;
use crate::problem::ProblemKind;
use crate::{Services, app};

const FILE: &str = "/api/v1/upload/file";
const FILES: &str = "/api/v1/upload/files";

/// A file is a text, but for those that say what is wrong with them. What it is called counts for nothing.
fn extractor() -> MockTextExtractor {
    let mut extractor = MockTextExtractor::new();
    extractor.expect_extract().returning(|file| {
        let FileBody::OnDisk { path, size } = &file.body else { panic!("{file:?}") };
        let text = std::fs::read_to_string(path).expect("the file is there while it is read");
        assert_eq!(text.len() as u64, *size);
        let error = match text.as_str() {
            "picture" => ExtractError::Unsupported { found: "image/png".to_owned() },
            "encrypted" => ExtractError::Encrypted,
            "broken" => ExtractError::Broken,
            "bomb" => ExtractError::ExpandsTooMuch,
            "deep" => ExtractError::TooDeep,
            "costly" => ExtractError::TooCostly,
            "blank" => ExtractError::WithoutText,
            "later" => ExtractError::Unavailable("no room".into()),
            _ => return Ok(Extracted { file_type: FileType::Text, title: None, text, mail: None, parts: Vec::new() }),
        };
        Err(error)
    });
    extractor
}

fn over(store: &Arc<InMemoryIntake>, quota: Quota) -> Services {
    Services { intake: intake(Arc::clone(store), extractor(), quota), ..services() }
}

fn taking() -> Services {
    over(&Arc::default(), Quota::default())
}

fn form(files: &[(&str, &str, &str)]) -> String {
    let part = |(field, name, content): &(&str, &str, &str)| {
        format!(
            "--frontier\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\n\
             Content-Type: application/pdf\r\n\r\n{content}\r\n"
        )
    };
    files.iter().map(part).collect::<String>() + "--frontier--\r\n"
}

fn upload(path: &str, body: impl Into<String>) -> TestRequest {
    let body: String = body.into();
    let request = TestRequest::post().uri(path).insert_header((CONTENT_LENGTH, body.len()));
    as_role(
        Role::User,
        request.insert_header((CONTENT_TYPE, "multipart/form-data; boundary=frontier")).set_payload(body),
    )
}

fn one(name: &str, content: &str) -> TestRequest {
    upload(FILE, form(&[("file", name, content)]))
}

fn many(files: &[(&str, &str)]) -> TestRequest {
    let files: Vec<_> = files.iter().map(|(name, content)| ("files", *name, *content)).collect();
    upload(FILES, form(&files))
}

#[actix_web::test]
async fn a_file_is_taken_in() {
    let store = Arc::<InMemoryIntake>::default();

    let (status, body) = answer(over(&store, Quota::default()), one("../../x.txt", "zwölf")).await;

    let expected = json!({
        "success": true,
        "filename": "x.txt",
        "original_filename": "../../x.txt",
        "file_type": "text",
        "characters": 5,
        "document_id": 1,
        "message": "The file was taken in.",
        "user_id": member(Role::User).to_string(),
        "company_id": COMPANY_A.to_string(),
    });
    assert_eq!((status, body), (201, expected));
    let [document] = store.documents(COMPANY_A).try_into().unwrap();
    assert_eq!((document.content.as_str(), document.method), ("zwölf", Some(IngestionMethod::ManualUpload)));
    assert_eq!(document.ingested_by, Some(member(Role::User)));
    let [row] = store.audit(COMPANY_A).try_into().unwrap();
    assert_eq!((row.action.as_str(), row.request_id.as_deref()), ("document_uploaded", Some(super::MADE_ID)));
}

#[actix_web::test]
async fn the_same_file_is_the_same_document() {
    let services = taking();
    answer(services.clone(), one("x.txt", "text")).await;

    let (status, body) = answer(services.clone(), one("x.txt", "text")).await;
    assert_eq!((status, &body["document_id"], &body["success"]), (200, &json!(1), &json!(true)));

    let (status, body) = answer(services, as_role(Role::Admin, one("x.txt", "text"))).await;
    assert_eq!((status, &body["document_id"]), (201, &json!(2)), "a colleague's is another one");
}

#[rstest]
#[case::nothing_in_it("", ProblemKind::FileEmpty)]
#[case::another_kind("picture", ProblemKind::UnsupportedFileType)]
#[case::encrypted("encrypted", ProblemKind::FileEncrypted)]
#[case::broken("broken", ProblemKind::FileBroken)]
#[case::a_bomb("bomb", ProblemKind::FileExpandsTooMuch)]
#[case::deep("deep", ProblemKind::FileTooDeep)]
#[case::costly("costly", ProblemKind::FileTooCostly)]
#[case::blank("blank", ProblemKind::FileWithoutText)]
#[case::not_now("later", ProblemKind::ExtractionUnavailable)]
#[actix_web::test]
async fn what_is_wrong_with_a_file_is_told_by_name(#[case] content: &str, #[case] kind: ProblemKind) {
    let store = Arc::<InMemoryIntake>::default();

    problem_of(call(over(&store, Quota::default()), one("x.pdf", content)).await, kind).await;

    assert_eq!(store.documents(COMPANY_A), []);
}

#[actix_web::test]
async fn one_byte_more_than_a_file_may_have_is_too_much() {
    let (largest, larger) = ("x".repeat(1_000), "x".repeat(1_001));

    assert_eq!(call(taking(), one("x.txt", &largest)).await.status(), 201);
    let problem = problem_of(call(taking(), one("x.txt", &larger)).await, ProblemKind::FileTooLarge).await;
    assert_eq!(problem["detail"], "A file may have 1000 bytes.");
    problem_of(call(taking(), many(&[("a", "text"), ("b", &larger)])).await, ProblemKind::FileTooLarge).await;
}

/// Takes in what arrives in these pieces, as a body of this length.
async fn arriving(
    services: Services,
    announced: Option<usize>,
    pieces: impl Stream<Item = Bytes> + 'static,
) -> ServiceResponse<impl MessageBody> {
    let body: Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>>>> = Box::pin(pieces.map(Ok));
    let request =
        TestRequest::post().uri(FILES).insert_header((CONTENT_TYPE, "multipart/form-data; boundary=frontier"));
    let request =
        announced.into_iter().fold(request, |request, length| request.insert_header((CONTENT_LENGTH, length)));
    let (request, _) = as_role(Role::User, request).to_request().replace_payload(Payload::from(body));
    let app = app(services, settings(false)).app_data(BodyPatience(Duration::from_millis(20)));
    let app = test::init_service(app).await;
    test::call_service(&app, request).await
}

/// A form with these files that does not end.
fn endless(files: &[(&str, &str, &str)]) -> impl Stream<Item = Bytes> + use<> {
    let head = form(files).replace("\r\n--frontier--\r\n", "");
    stream::once(async { Bytes::from(head) }).chain(stream::pending())
}

/// Whatever is announced: of what turns out too large the rest is not read.
#[rstest]
#[case::announced(Some(10_000_000))]
#[case::not_announced(None)]
#[actix_web::test]
async fn what_is_too_large_is_not_read_on(#[case] announced: Option<usize>) {
    let larger = "x".repeat(1_001);

    let response = arriving(taking(), announced, endless(&[("files", "x", &larger)])).await;

    problem_of(response, ProblemKind::FileTooLarge).await;
}

/// Each of them may be as large as it is.
#[actix_web::test]
async fn one_file_too_many_is_told_as_that_however_large_the_files_are() {
    let largest = "x".repeat(1_000);
    let four = ["a", "b", "c", "d"].map(|name| ("files", name, largest.as_str()));

    let response = arriving(taking(), Some(10_000_000), endless(&four)).await;

    problem_of(response, ProblemKind::TooManyFiles).await;
}

/// Nothing of it is read meanwhile.
#[rstest]
#[case::of_his_own(&[Role::User], ProblemKind::RateLimited)]
#[case::of_all(&[Role::Admin, Role::Owner], ProblemKind::Unavailable)]
#[actix_web::test]
async fn what_finds_no_room_waits_and_is_refused_then(#[case] others: &[Role], #[case] kind: ProblemKind) {
    let services = taking();
    let mut places = Vec::new();
    for role in others {
        let place = services.intake.room.take(member(*role), u64::MAX, Duration::ZERO).await;
        places.push(place.ok().unwrap());
    }
    let unread = stream::poll_fn(|_| -> Poll<Option<Bytes>> { panic!("it is read") });

    let response = arriving(services.clone(), None, unread).await;

    assert_eq!(super::header(response.headers(), "retry-after"), Some("30"));
    problem_of(response, kind).await;
    drop(places);
    assert_eq!(answer(services, one("x.txt", "text")).await.0, 201);
}

#[rstest]
#[case::taken(one("x.txt", "text"), 201)]
#[case::refused(one("x.pdf", "broken"), 422)]
#[case::unreadable(upload(FILE, "rubbish"), 400)]
#[actix_web::test]
async fn room_is_given_back_with_the_answer(#[case] request: TestRequest, #[case] status: u16) {
    let services = taking();

    assert_eq!(call(services.clone(), request).await.status(), status);

    for role in [Role::User, Role::Admin] {
        assert!(services.intake.room.take(member(role), u64::MAX, Duration::ZERO).await.is_ok());
    }
}

/// HTTP/1 itself ends a body there.
#[actix_web::test]
async fn a_body_has_no_more_bytes_than_it_has_room_for() {
    let response = arriving(taking(), Some(10), endless(&[("files", "x", "eleven bytes")])).await;

    let problem = problem_of(response, ProblemKind::MalformedRequest).await;
    assert!(problem["detail"].as_str().unwrap().contains("Content-Length"), "{problem}");
}

#[actix_web::test]
async fn a_body_that_stops_arriving_is_not_waited_for_forever() {
    let body: Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>>>> = Box::pin(stream::pending());
    let request = TestRequest::post().uri(FILE).insert_header((CONTENT_TYPE, "multipart/form-data; boundary=frontier"));
    let (request, _) = as_role(Role::User, request).to_request().replace_payload(Payload::from(body));
    let app = app(taking(), settings(false)).app_data(BodyPatience(Duration::from_millis(20)));
    let app = test::init_service(app).await;

    let response = test::call_service(&app, request).await;

    problem_of(response, ProblemKind::RequestTimeout).await;
}

#[rstest]
#[case::no_form("application/json", "{}")]
#[case::another_form("application/x-www-form-urlencoded", "file=x")]
#[case::other_parts("multipart/mixed; boundary=frontier", "--frontier--\r\n")]
#[case::nothing("", "")]
#[actix_web::test]
async fn what_is_no_form_with_files_is_not_taken(#[case] media: &str, #[case] body: &'static str) {
    for path in [FILE, FILES] {
        let request = as_role(Role::User, TestRequest::post().uri(path)).set_payload(body);
        let request = if media.is_empty() { request } else { request.insert_header((CONTENT_TYPE, media)) };

        let problem = problem_of(call(taking(), request).await, ProblemKind::UnsupportedMediaType).await;

        assert!(problem["detail"].as_str().unwrap().contains("multipart/form-data"), "{problem}");
    }
}

#[rstest]
#[case::breaks_off("--frontier\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\nte")]
#[case::no_name("--frontier\r\nContent-Disposition: form-data\r\n\r\ntext\r\n--frontier--\r\n")]
#[case::rubbish("rubbish")]
#[actix_web::test]
async fn a_form_that_cannot_be_read_is_malformed(#[case] body: &'static str) {
    problem_of(call(taking(), upload(FILE, body)).await, ProblemKind::MalformedRequest).await;
}

#[actix_web::test]
async fn a_form_has_the_field_and_no_other() {
    let missing = problem_of(call(taking(), upload(FILE, form(&[]))).await, ProblemKind::InvalidField).await;
    assert_eq!(missing["errors"], json!([{"pointer": "/file", "detail": "missing field"}]));

    let other = form(&[("file", "x", "text"), ("files", "y", "text")]);
    let unknown = problem_of(call(taking(), upload(FILE, other)).await, ProblemKind::InvalidField).await;
    assert_eq!(unknown["errors"][0]["pointer"], "/files");
}

#[actix_web::test]
async fn more_files_than_are_taken_at_once_are_none() {
    let store = Arc::<InMemoryIntake>::default();
    let services = over(&store, Quota::default());

    let four = many(&[("a", "1"), ("b", "2"), ("c", "3"), ("d", "4")]);
    let problem = problem_of(call(services.clone(), four).await, ProblemKind::TooManyFiles).await;
    assert_eq!(problem["detail"], "At most 3 files may be sent at once.");
    let two = upload(FILE, form(&[("file", "a", "1"), ("file", "b", "2")]));
    problem_of(call(services, two).await, ProblemKind::TooManyFiles).await;

    assert_eq!(store.documents(COMPANY_A), []);
}

#[actix_web::test]
async fn one_bad_file_does_not_hurt_the_others() {
    let services = taking();
    answer(services.clone(), one("before.txt", "before")).await;

    let (status, body) = answer(services.clone(), many(&[("a.txt", "one"), ("..", "bomb"), ("c", "blank")])).await;

    assert_eq!((status, &body["success"], &body["total"]), (200, &json!(false), &json!(3)));
    assert_eq!((&body["success_count"], &body["error_count"]), (&json!(1), &json!(1)));
    let expected = json!([
        {
            "filename": "a.txt", "original_filename": "a.txt", "status": "success", "characters": 3,
            "document_id": 2, "error": null, "error_code": null,
        },
        {
            "filename": "file", "original_filename": "..", "status": "error", "characters": null,
            "document_id": null, "error": "What the file unpacks to is out of all proportion.",
            "error_code": "file_expands_too_much",
        },
        {
            "filename": "c", "original_filename": "c", "status": "skipped", "characters": null, "document_id": null,
            "error": "There is no text in the file: it is blank, or shows pictures of text.",
            "error_code": "file_without_text",
        },
    ]);
    assert_eq!(body["results"], expected);

    let (_, body) = answer(services, many(&[("before.txt", "before"), ("new.txt", "new")])).await;
    assert_eq!((&body["success"], &body["success_count"], &body["error_count"]), (&json!(true), &json!(1), &json!(0)));
    let result = &body["results"][0];
    assert_eq!((&result["status"], &result["document_id"]), (&json!("skipped"), &json!(1)));
    assert_eq!(result["error_code"], "file_uploaded_before");
}

#[actix_web::test]
async fn a_failure_that_is_not_the_files_is_one_of_the_request() {
    let services = taking();

    let response = call(services.clone(), many(&[("a.txt", "one"), ("b.txt", "later")])).await;
    problem_of(response, ProblemKind::ExtractionUnavailable).await;

    let (_, body) = answer(services, many(&[("a.txt", "one")])).await;
    assert_eq!(body["results"][0]["status"], "skipped", "what was taken in is known");
}

#[actix_web::test]
async fn more_than_the_quota_is_told_with_when_to_come_again() {
    let quota = Quota { documents: Some(1), bytes: None };
    let services = over(&Arc::default(), quota);
    answer(services.clone(), one("a.txt", "one")).await;

    let response = call(services.clone(), one("b.txt", "two")).await;

    assert_eq!(super::header(response.headers(), "retry-after"), Some("43200"));
    let problem = problem_of(response, ProblemKind::QuotaExceeded).await;
    assert_eq!(problem["resets_at"], "2026-03-03T00:00:00Z");
    let (status, body) = answer(services, many(&[("a.txt", "one"), ("b.txt", "two")])).await;
    let told = |n: usize| (body["results"][n]["status"].clone(), body["results"][n]["error_code"].clone());
    assert_eq!(status, 200);
    assert_eq!(told(0), (json!("skipped"), json!("file_uploaded_before")));
    assert_eq!(told(1), (json!("error"), json!("quota_exceeded")));
}

fn named(key: &str, request: TestRequest) -> TestRequest {
    request.insert_header(("Idempotency-Key", key))
}

#[actix_web::test]
async fn a_request_that_is_sent_again_is_done_once_and_answered_the_same() {
    let store = Arc::<InMemoryIntake>::default();
    let services = over(&store, Quota::default());
    let bytes = async |request| {
        let response = call(services.clone(), request).await;
        (response.status().as_u16(), test::read_body(response).await)
    };

    let first = bytes(named("\"key\"", one("a.txt", "one"))).await;
    let again = bytes(named("\"key\"", one("a.txt", "one"))).await;
    assert_eq!((first.0, &again), (201, &first));

    let first = bytes(named("\"key\"", many(&[("b.txt", "two"), ("c.txt", "bomb")]))).await;
    let again = bytes(named("\"key\"", many(&[("b.txt", "two"), ("c.txt", "bomb")]))).await;
    assert_eq!((first.0, &again), (200, &first));
    assert_eq!(store.documents(COMPANY_A).len(), 2);

    let known = bytes(named("other", one("a.txt", "one"))).await;
    assert_eq!((known.0, bytes(named("other", one("a.txt", "one"))).await), (200, known));
}

#[rstest]
#[case::another_name(one("b.txt", "one"))]
#[case::other_bytes(one("a.txt", "two"))]
#[actix_web::test]
async fn a_key_names_one_request(#[case] other: TestRequest) {
    let services = taking();
    answer(services.clone(), named("key", one("a.txt", "one"))).await;

    problem_of(call(services.clone(), named("key", other)).await, ProblemKind::IdempotencyKeyReused).await;

    let colleagues = as_role(Role::Owner, named("key", one("b.txt", "three")));
    assert_eq!(call(services, colleagues).await.status(), 201, "a colleague's key is another one");
}

#[actix_web::test]
async fn a_request_that_came_to_nothing_is_done_anew_under_its_key() {
    let services = taking();

    for _ in 0..2 {
        let response = call(services.clone(), named("key", one("a.pdf", "encrypted"))).await;
        problem_of(response, ProblemKind::FileEncrypted).await;
    }
    assert_eq!(call(services, named("key", one("a.txt", "one"))).await.status(), 201);
}

#[actix_web::test]
async fn what_is_being_done_is_not_done_by_another() {
    let mut keys = MockIdempotencyKeys::new();
    keys.expect_claim().returning(|_, _, _| Ok(ClaimOutcome::InProgress { retry_after: Duration::from_secs(90) }));
    let mut services = taking();
    services.intake.keys = Arc::new(keys);

    let response = call(services, named("key", one("a.txt", "one"))).await;

    assert_eq!(super::header(response.headers(), "retry-after"), Some("90"));
    problem_of(response, ProblemKind::IdempotencyKeyInUse).await;
}

#[rstest]
#[case::blank("a key")]
#[case::endless(&"x".repeat(256))]
#[case::empty("")]
#[actix_web::test]
async fn what_names_no_request_is_refused(#[case] key: &str) {
    let response = call(taking(), named(key, one("a.txt", "one"))).await;
    problem_of(response, ProblemKind::InvalidIdempotencyKey).await;

    let twice = named("one", one("a.txt", "one")).append_header(("Idempotency-Key", "two"));
    problem_of(call(taking(), twice).await, ProblemKind::InvalidIdempotencyKey).await;
}

/// Whatever became of it.
#[rstest]
#[case::taken("text")]
#[case::refused("broken")]
#[actix_web::test]
async fn the_file_on_the_disk_goes_with_the_request(#[case] content: &'static str) {
    let seen = Arc::new(Mutex::new(None));
    let told = Arc::clone(&seen);
    let mut extractor = MockTextExtractor::new();
    extractor.expect_extract().returning(move |file| {
        let FileBody::OnDisk { path, .. } = file.body else { panic!("uploads are on the disk") };
        assert!(path.exists());
        *told.lock().unwrap() = Some(path);
        if content == "broken" {
            return Err(ExtractError::Broken);
        }
        let text = content.to_owned();
        Ok(Extracted { file_type: FileType::Text, title: None, text, mail: None, parts: Vec::new() })
    });
    let services = Services { intake: intake(Arc::default(), extractor, Quota::default()), ..services() };

    call(services, one("a.txt", content)).await;

    let path = seen.lock().unwrap().take().expect("it was read");
    assert!(!path.exists(), "{path:?}");
}
