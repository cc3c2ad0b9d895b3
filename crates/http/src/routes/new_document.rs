//! `POST /api/v1/documents`: documents that come in by the API.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use cortex_identity::model::UserContext;
use cortex_ingestion::add_document::{SentDocument, is_reserved};
use cortex_ingestion::model::{DocumentKind, Fingerprint, KeptAnswer, Once, PutChange, PutDocument, SourceName};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::documents::WithContent;
use super::filters::Moment;
use super::once::{Done, Named, Sent, answer_once, contributor, kept};
use super::openapi::ProblemBody;
use super::uploads::problem_of_put;
use crate::IntakeServices;
use crate::extract::Json;
use crate::gate::Caller;
use crate::origin::CameFrom;
use crate::problem::{Problem, ProblemKind};

/// A document to be taken in.
#[derive(Deserialize, ToSchema)]
pub(super) struct NewDocument {
    /// At most 1,000 characters.
    title: String,
    /// Its text. What is beyond 100,000 characters is cut, and the metadata say so.
    content: String,
    /// Where it comes from: a name of the client's own, at most 100 characters; `api` where it is not said. Names of
    /// providers, and `upload`, are taken.
    source: Option<String>,
    /// Its id there, at most 500 bytes: a document that is sent again with the same source and id is written over.
    source_id: Option<String>,
    /// What it is, at most 100 characters; `document` where it is not said.
    document_type: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    created_at: Option<Moment>,
    /// At most 64 KiB, 8 levels deep.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Map<String, Value>>,
}

/// A document that was taken in.
#[derive(Serialize, ToSchema)]
pub(super) struct AddedDocument {
    #[serde(flatten)]
    document: WithContent,
    user_id: String,
    company_id: String,
}

const MAX_TITLE_CHARS: usize = 1_000;
const MAX_WORD_CHARS: usize = 100;
/// The id is part of an index.
const MAX_SOURCE_ID_BYTES: usize = 500;
const MAX_METADATA_BYTES: usize = 64 * 1024;
const MAX_METADATA_DEPTH: usize = 8;

/// Takes in a document, or writes it over the one of the same source and id, whoever of the company brought that in first.
#[utoipa::path(
    post, path = "/api/v1/documents", operation_id = "add", tag = "documents",
    params(("Idempotency-Key" = Option<String>, Header, description = "Names the request, so that it can be sent again.")),
    request_body = NewDocument,
    responses(
        (status = 201, body = AddedDocument),
        (status = 200, description = "It was there, and was written over.", body = AddedDocument),
        (status = 409, response = ProblemBody)
    )
)]
pub(super) async fn add(
    Caller(caller): Caller,
    CameFrom(origin): CameFrom,
    named: Named,
    intake: Data<IntakeServices>,
    Json(new): Json<NewDocument>,
) -> Result<HttpResponse, Problem> {
    let fingerprint = new.fingerprint();
    let sent = new.checked()?;
    let request = Sent { caller: &caller, route: "/api/v1/documents", named, fingerprint };
    answer_once(&intake, request, async |claim| {
        let once = claim.map(|claim| {
            let caller = caller.clone();
            Once { claim, answer: Arc::new(move |put: &PutDocument| answer_of(&caller, put)) }
        });
        let added = intake.add.add(contributor(&caller, origin), sent, once).await;
        let put = added.map_err(|error| problem_of_put(error, intake.clock.as_ref()))?;
        Ok(Done { answer: answer_of(&caller, &put), is_kept: true })
    })
    .await
}

fn answer_of(caller: &UserContext, put: &PutDocument) -> KeptAnswer {
    let status = match put.change {
        PutChange::Created => StatusCode::CREATED,
        PutChange::Updated | PutChange::Unchanged => StatusCode::OK,
    };
    let body = AddedDocument {
        document: put.stored.clone().into(),
        user_id: caller.user_id.to_string(),
        company_id: caller.company_id.to_string(),
    };
    kept(status, &body)
}

impl NewDocument {
    /// What it carries, whatever its fields' order.
    fn fingerprint(&self) -> Fingerprint {
        let Self { title, content, source, source_id, document_type, created_at, metadata } = self;
        let said = |text: &Option<String>| serde_json::to_vec(text).unwrap_or_default();
        let parts = [
            title.clone().into_bytes(),
            content.clone().into_bytes(),
            said(source),
            said(source_id),
            said(document_type),
            created_at.as_ref().map(|moment| moment.time().to_string()).unwrap_or_default().into_bytes(),
            serde_json::to_vec(metadata).unwrap_or_default(),
        ];
        Fingerprint::of(parts.iter().map(Vec::as_slice))
    }

    /// The document, if every field can be taken.
    fn checked(self) -> Result<SentDocument, Problem> {
        let mut wrong: Vec<(&str, String)> = Vec::new();
        let mut check = |field: &'static str, fault: Option<String>| wrong.extend(fault.map(|fault| (field, fault)));
        check("/title", blank(&self.title).or_else(|| longer(&self.title, MAX_TITLE_CHARS)));
        check("/content", blank(&self.content));
        check("/source", self.source.as_deref().and_then(fault_of_source));
        check("/source_id", self.source_id.as_deref().and_then(fault_of_id));
        check("/document_type", self.document_type.as_deref().and_then(fault_of_word));
        check("/metadata", self.metadata.as_ref().and_then(fault_of_metadata));
        if !wrong.is_empty() {
            return Err(wrong.into_iter().fold(Problem::new(ProblemKind::InvalidField), |problem, (field, fault)| {
                problem.invalid_field(field, fault)
            }));
        }
        Ok(SentDocument {
            title: self.title,
            content: self.content,
            source: self.source.map(SourceName::new),
            source_id: self.source_id,
            kind: self.document_type.map(DocumentKind::new),
            created_at: self.created_at.as_ref().map(Moment::time),
            metadata: self.metadata.unwrap_or_default(),
        })
    }
}

fn blank(text: &str) -> Option<String> {
    let is_blank = text.chars().all(|letter| letter.is_whitespace() || letter == '\0');
    is_blank.then(|| "expected a text that is not blank".to_owned())
}

fn longer(text: &str, most: usize) -> Option<String> {
    text.chars().nth(most).map(|_| format!("expected at most {most} characters"))
}

/// Words are compared as they are: what cannot be seen in them has no place there.
fn fault_of_word(word: &str) -> Option<String> {
    let is_odd = word != word.trim() || word.chars().any(char::is_control);
    let odd = is_odd.then(|| "expected a text without control characters, and without blanks around it".to_owned());
    blank(word).or_else(|| longer(word, MAX_WORD_CHARS)).or(odd)
}

fn fault_of_source(source: &str) -> Option<String> {
    let reserved = is_reserved(source).then(|| "the name is reserved for what comes in otherwise".to_owned());
    fault_of_word(source).or(reserved)
}

fn fault_of_id(id: &str) -> Option<String> {
    let is_long = id.len() > MAX_SOURCE_ID_BYTES;
    let long = is_long.then(|| format!("expected at most {MAX_SOURCE_ID_BYTES} bytes"));
    let is_odd = id.chars().any(char::is_control);
    blank(id).or(long).or_else(|| is_odd.then(|| "expected a text without control characters".to_owned()))
}

fn fault_of_metadata(metadata: &Map<String, Value>) -> Option<String> {
    let size = serde_json::to_vec(metadata).map_or(usize::MAX, |bytes| bytes.len());
    if size > MAX_METADATA_BYTES {
        return Some(format!("expected at most {MAX_METADATA_BYTES} bytes"));
    }
    let is_deep = metadata.values().any(|value| depth(value) >= MAX_METADATA_DEPTH);
    is_deep.then(|| format!("expected at most {MAX_METADATA_DEPTH} levels"))
}

/// How many arrays and objects stand within each other. The body's own bound keeps this from going deep.
fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or_default(),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or_default(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}
