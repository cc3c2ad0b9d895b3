//! `/api/v1/upload`: people's files.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use cortex_identity::model::UserContext;
use cortex_ingestion::model::{Claim, FileName, Fingerprint, KeptAnswer, Once, PutChange, PutDocument};
use cortex_ingestion::ports::{BlobError, ExtractError};
use cortex_ingestion::upload_document::Upload;
use cortex_ingestion::{PutError, UploadError};
use cortex_kernel::{Clock, Origin};
use serde::Serialize;
use serde_json::Value;
use time::format_description::well_known::Rfc3339;
use utoipa::ToSchema;

use super::once::{Done, Named, Sent, answer_once, contributor, kept};
use super::openapi::ProblemBody;
use super::received::{Received, Wanted, receive};
use crate::IntakeServices;
use crate::gate::Caller;
use crate::origin::CameFrom;
use crate::problem::{Problem, ProblemKind};

/// A form with one file.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what is read piece by piece")]
pub(super) struct FileForm {
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// A form with files.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what is read piece by piece")]
pub(super) struct FilesForm {
    #[schema(value_type = Vec<String>, format = Binary)]
    files: Vec<Vec<u8>>,
}

/// What became of a file.
#[derive(Serialize, ToSchema)]
#[schema(as = Uploaded)]
pub(super) struct UploadedFile {
    success: bool,
    /// The name under which it is shown.
    filename: String,
    /// The name as it was sent.
    original_filename: String,
    /// `pdf`, `docx`, `pptx`, `xlsx`, `csv`, `html`, `markdown`, `text` or `eml`: what its bytes say.
    file_type: String,
    /// Length of its text.
    characters: usize,
    document_id: i64,
    message: &'static str,
    user_id: String,
    company_id: String,
}

/// What became of several files.
#[derive(Serialize, ToSchema)]
#[schema(as = UploadedMany)]
pub(super) struct UploadedFiles {
    /// Whether none of them failed.
    success: bool,
    total: usize,
    success_count: usize,
    error_count: usize,
    /// In the order in which they were sent.
    results: Vec<FileResult>,
    user_id: String,
    company_id: String,
}

/// What became of one of them.
#[derive(Serialize, ToSchema)]
#[schema(as = UploadResult)]
struct FileResult {
    filename: String,
    original_filename: String,
    /// `success`; `skipped` where there is no text in it, or the caller uploaded the same file before; `error`.
    status: &'static str,
    characters: Option<usize>,
    document_id: Option<i64>,
    /// Why, for people.
    error: Option<String>,
    /// Why, the word to compare: the `code` of a problem, or `file_uploaded_before`.
    error_code: Option<&'static str>,
}

/// Takes in one file. The same file of the same person under the same name is taken in once: 200 then.
#[utoipa::path(
    post, path = "/api/v1/upload/file", operation_id = "file", tag = "uploads",
    params(("Idempotency-Key" = Option<String>, Header, description = "Names the request, so that it can be sent again.")),
    request_body(content = FileForm, content_type = "multipart/form-data"),
    responses(
        (status = 201, body = UploadedFile),
        (status = 200, description = "It was uploaded before.", body = UploadedFile),
        (status = 409, response = ProblemBody)
    )
)]
pub(super) async fn one(
    Caller(caller): Caller,
    CameFrom(origin): CameFrom,
    named: Named,
    intake: Data<IntakeServices>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let wanted = Wanted { field: "file", most_files: 1, by: caller.user_id };
    let arrived = receive(&intake, &request, payload, wanted).await?;
    let fingerprint = fingerprint(&arrived.files);
    let file = arrived.files.first().ok_or_else(|| Problem::new(ProblemKind::InvalidField))?;
    let sent = Sent { caller: &caller, route: "/api/v1/upload/file", named, fingerprint };
    answer_once(&intake, sent, async |claim| {
        let put = upload(&intake, &caller, &origin, file, claim).await?;
        // With a new document its answer was kept.
        Ok(Done { answer: answer_of(&caller, &put), is_kept: put.change == PutChange::Created })
    })
    .await
}

/// Takes in several files, each by itself: what is wrong with one of them stands in its result, and nothing else.
#[utoipa::path(
    post, path = "/api/v1/upload/files", operation_id = "files", tag = "uploads",
    params(("Idempotency-Key" = Option<String>, Header, description = "Names the request, so that it can be sent again.")),
    request_body(content = FilesForm, content_type = "multipart/form-data"),
    responses((status = 200, body = UploadedFiles), (status = 409, response = ProblemBody))
)]
pub(super) async fn many(
    Caller(caller): Caller,
    CameFrom(origin): CameFrom,
    named: Named,
    intake: Data<IntakeServices>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let wanted = Wanted { field: "files", most_files: intake.limits.most_files, by: caller.user_id };
    let arrived = receive(&intake, &request, payload, wanted).await?;
    let fingerprint = fingerprint(&arrived.files);
    let sent = Sent { caller: &caller, route: "/api/v1/upload/files", named, fingerprint };
    answer_once(&intake, sent, async |_| {
        let mut results = Vec::with_capacity(arrived.files.len());
        for file in &arrived.files {
            results.push(FileResult::of(file, upload(&intake, &caller, &origin, file, None).await)?);
        }
        let count = |status| results.iter().filter(|result| result.status == status).count();
        let (success_count, error_count) = (count("success"), count("error"));
        let body = UploadedFiles {
            success: error_count == 0,
            total: results.len(),
            success_count,
            error_count,
            results,
            user_id: caller.user_id.to_string(),
            company_id: caller.company_id.to_string(),
        };
        Ok(Done { answer: kept(StatusCode::OK, &body), is_kept: false })
    })
    .await
}

async fn upload(
    intake: &IntakeServices,
    caller: &UserContext,
    origin: &Origin,
    file: &Received,
    claim: Option<Claim>,
) -> Result<PutDocument, Problem> {
    let once = claim.map(|claim| {
        let caller = caller.clone();
        Once { claim, answer: Arc::new(move |put: &PutDocument| answer_of(&caller, put)) }
    });
    let upload = Upload {
        by: contributor(caller, origin.clone()),
        name: file.name.clone(),
        body: file.body(),
        content: file.hash.clone(),
        once,
    };
    intake.upload.upload(upload).await.map_err(|error| problem_of_upload(error, intake.clock.as_ref()))
}

/// What a request carries, whatever stands between its parts.
fn fingerprint(files: &[Received]) -> Fingerprint {
    Fingerprint::of(files.iter().flat_map(|file| [file.name.as_bytes(), file.hash.as_str().as_bytes()]))
}

fn answer_of(caller: &UserContext, put: &PutDocument) -> KeptAnswer {
    let (status, message) = match put.change {
        PutChange::Created => (StatusCode::CREATED, "The file was taken in."),
        PutChange::Updated | PutChange::Unchanged => (StatusCode::OK, "The file was uploaded before."),
    };
    let document = &put.stored.document;
    let told = |name: &str| document.metadata.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let body = UploadedFile {
        success: true,
        filename: told("filename"),
        original_filename: told("original_filename"),
        file_type: told("file_type"),
        characters: put.stored.content.chars().count(),
        document_id: document.id.get(),
        message,
        user_id: caller.user_id.to_string(),
        company_id: caller.company_id.to_string(),
    };
    kept(status, &body)
}

impl FileResult {
    /// What it came to. A failure that is not the file's is one of the whole request: those that were taken in are known
    /// when it is sent again.
    fn of(file: &Received, outcome: Result<PutDocument, Problem>) -> Result<Self, Problem> {
        let result = |status, put: Option<&PutDocument>, error: Option<(String, &'static str)>| {
            let (error, error_code) = error.unzip();
            Self {
                filename: FileName::of(&file.name).as_str().to_owned(),
                original_filename: FileName::as_sent(&file.name),
                status,
                characters: put.map(|put| put.stored.content.chars().count()),
                document_id: put.map(|put| put.stored.document.id.get()),
                error,
                error_code,
            }
        };
        match outcome {
            Ok(put) => Ok(match put.change {
                PutChange::Created => result("success", Some(&put), None),
                PutChange::Updated | PutChange::Unchanged => {
                    let before = ("You uploaded the same file before.".to_owned(), "file_uploaded_before");
                    result("skipped", Some(&put), Some(before))
                }
            }),
            Err(problem) if problem.kind().status().is_server_error() => Err(problem),
            Err(problem) => {
                let is_blank = problem.kind() == ProblemKind::FileWithoutText;
                let status = if is_blank { "skipped" } else { "error" };
                Ok(result(status, None, Some((problem.told().to_owned(), problem.kind().code()))))
            }
        }
    }
}

fn problem_of_upload(error: UploadError, clock: &dyn Clock) -> Problem {
    match error {
        UploadError::Empty => Problem::new(ProblemKind::FileEmpty),
        UploadError::Extract(error) => problem_of_file(error),
        UploadError::Blobs(error) => {
            let kind = match error {
                BlobError::Unavailable(_) => ProblemKind::Unavailable,
                BlobError::Broken(_) => ProblemKind::Internal,
            };
            Problem::new(kind).caused_by(error)
        }
        UploadError::Put(error) => problem_of_put(error, clock),
    }
}

fn problem_of_file(error: ExtractError) -> Problem {
    match &error {
        ExtractError::Unsupported { found } => {
            let detail = format!("Files of this kind ({found}) are not taken.");
            Problem::new(ProblemKind::UnsupportedFileType).detail(detail)
        }
        ExtractError::Encrypted => Problem::new(ProblemKind::FileEncrypted),
        ExtractError::Broken => Problem::new(ProblemKind::FileBroken),
        ExtractError::ExpandsTooMuch => Problem::new(ProblemKind::FileExpandsTooMuch),
        ExtractError::TooDeep => Problem::new(ProblemKind::FileTooDeep),
        ExtractError::TooCostly => Problem::new(ProblemKind::FileTooCostly),
        ExtractError::WithoutText => Problem::new(ProblemKind::FileWithoutText),
        ExtractError::Unavailable(_) => Problem::new(ProblemKind::ExtractionUnavailable).caused_by(error),
    }
}

/// Why something that is brought in by hand was not.
pub(super) fn problem_of_put(error: PutError, clock: &dyn Clock) -> Problem {
    match error {
        PutError::QuotaExceeded { resets_at } => {
            let seconds = (resets_at - clock.now()).whole_seconds();
            let told = resets_at.format(&Rfc3339).unwrap_or_default();
            Problem::new(ProblemKind::QuotaExceeded)
                .detail(format!("It is more than you may bring in today; the next day begins at {told}."))
                .member("resets_at", told)
                .retry_after(u64::try_from(seconds).unwrap_or_default().max(1))
        }
        PutError::ClaimLost => Problem::new(ProblemKind::IdempotencyKeyInUse).retry_after(1),
        PutError::Store(error) => error.into(),
    }
}
