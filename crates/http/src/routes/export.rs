//! `/api/v1/export`: all that the company has.

use std::time::Instant;

use actix_web::http::Method;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderMap};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use cortex_identity::model::Role;
use cortex_ingestion::model::{DocumentText, ExportStart, ExportedDocument};
use cortex_kernel::{CompanyId, DocumentId, Origin};
use futures_util::stream;
use serde::Serialize;
use utoipa::ToSchema;

use super::documents::{DocumentItem, SourceItem};
use crate::exports::Exports;
use crate::gate::{Caller, Gate};
use crate::origin::CameFrom;
use crate::problem::{Problem, ProblemKind};

/// Documents that are read at once: of the longest texts some 20 MB.
const PART: u16 = 50;

/// A line of an export.
#[derive(Serialize, ToSchema)]
#[schema(as = ExportedDocument)]
pub(super) struct Line {
    #[serde(flatten)]
    document: DocumentItem,
    content: String,
    sources: Vec<SourceItem>,
}

/// All documents of the company, each with its text and with who brought it in and how, as lines of JSON by their ids.
/// What is brought in meanwhile may be among them. An export that cannot go on breaks the connection off.
#[utoipa::path(
    get, path = "/api/v1/export", operation_id = "export_documents", tag = "documents",
    responses((status = 200, body = Line, content_type = "application/x-ndjson"))
)]
pub(super) async fn export(
    Caller(caller): Caller,
    CameFrom(origin): CameFrom,
    request: HttpRequest,
    gate: Data<Gate>,
    exports: Data<Exports>,
) -> Result<HttpResponse, Problem> {
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CONTENT_TYPE, "application/x-ndjson"))
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"documents.ndjson\""));
    if request.method() == Method::HEAD {
        return Ok(response.finish());
    }
    let start = ExportStart { company_id: caller.company_id, by: caller.user_id, origin };
    exports.documents.start(&start).await?;
    let mut export = Export {
        exports,
        gate,
        headers: request.headers().clone(),
        origin: start.origin,
        company_id: start.company_id,
        after: None,
        admitted: Instant::now(),
    };
    // What fails before the first document is a problem; later all that is left is to break off.
    let first = export.part().await?;
    let rest = stream::try_unfold(export, async |mut export| match export.next().await {
        Ok(part) => Ok(part.map(|part| (part, export))),
        Err(problem) => {
            tracing::error!(error = &problem as &dyn std::error::Error, "an export of the documents broke off");
            Err(problem)
        }
    });
    let parts = futures_util::StreamExt::chain(stream::iter(first.map(Ok)), rest);
    Ok(response.streaming(parts))
}

/// An export that goes on part by part: no more than one is in memory.
struct Export {
    exports: Data<Exports>,
    gate: Data<Gate>,
    headers: HeaderMap,
    origin: Origin,
    company_id: CompanyId,
    after: Option<DocumentId>,
    admitted: Instant,
}

impl Export {
    /// The next documents, if there are more, and if they may still be had.
    async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        if self.admitted.elapsed() >= self.exports.admit_every {
            self.gate.ask(&self.headers, Role::Owner, &self.origin).await?;
            self.admitted = Instant::now();
        }
        let stop = self.exports.stop.clone();
        let stopped = || Problem::new(ProblemKind::Unavailable).detail("The process stops.");
        stop.run_until_cancelled(self.part()).await.ok_or_else(stopped)?
    }

    /// The next documents as bytes; none after the last one.
    async fn part(&mut self) -> Result<Option<Bytes>, Problem> {
        let documents = self.exports.documents.list_some(self.company_id, self.after, PART).await?;
        let Some(last) = documents.last() else { return Ok(None) };
        self.after = Some(last.document.document.id);
        let mut text = Vec::new();
        for document in documents {
            serde_json::to_writer(&mut text, &Line::from(document)).expect("it has text for keys and can be written");
            text.push(b'\n');
        }
        Ok(Some(text.into()))
    }
}

impl From<ExportedDocument> for Line {
    fn from(ExportedDocument { document, sources }: ExportedDocument) -> Self {
        let DocumentText { document, content } = document;
        Self { document: document.into(), content, sources: sources.into_iter().map(SourceItem::from).collect() }
    }
}
