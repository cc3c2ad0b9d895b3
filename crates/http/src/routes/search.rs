//! `/api/v1/search`: documents by what they say.

use std::time::Instant;

use actix_web::web::{self, Data, Query};
use cortex_ingestion::model::{SearchHit, SearchPage, SearchQuery, SearchText, SnippetPiece};
use cortex_ingestion::ports::SearchIndex;
use cortex_kernel::PageRequest;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::filters::{Filters, Moment, Word};
use super::openapi::ProblemBody;
use crate::extract::Json;
use crate::gate::Caller;
use crate::problem::{Problem, ProblemKind};

/// What is searched for, in a query or in a body.
#[derive(Deserialize, IntoParams, ToSchema)]
#[into_params(parameter_in = Query)]
#[schema(as = SearchQuery)]
pub(super) struct Wanted {
    #[serde(default)]
    query: String,
    limit: Option<u16>,
    cursor: Option<String>,
    #[param(value_type = Option<String>)]
    #[schema(value_type = Option<String>)]
    source: Option<Word>,
    #[param(value_type = Option<String>)]
    #[schema(value_type = Option<String>)]
    document_type: Option<Word>,
    ingested_by: Option<Uuid>,
    #[param(value_type = Option<String>, format = DateTime)]
    #[schema(value_type = Option<String>, format = DateTime)]
    since: Option<Moment>,
    #[param(value_type = Option<String>, format = DateTime)]
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Moment>,
}

/// Answer of `/api/v1/search`.
#[derive(Serialize, ToSchema)]
#[schema(as = SearchResults)]
pub(super) struct Found {
    query: String,
    total: usize,
    total_is_capped: bool,
    took_ms: u64,
    results: Vec<Hit>,
    next_cursor: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SearchHit)]
struct Hit {
    document_id: i64,
    title: String,
    /// HTML: the text escaped, with `<mark>` around what was searched for and no other markup.
    snippet: String,
    score: f32,
    source: String,
    document_type: String,
    #[serde(with = "time::serde::rfc3339::option")]
    created_at: Option<OffsetDateTime>,
    ingested_by_user_id: Option<String>,
    ingested_by_user_email: Option<String>,
    ingestion_method: Option<String>,
}

/// Searches for what the query says.
#[utoipa::path(
    get, path = "/api/v1/search", tag = "documents", params(Wanted),
    responses((status = 200, body = Found), (status = 422, response = ProblemBody))
)]
pub(super) async fn by_query(
    caller: Caller,
    Query(wanted): Query<Wanted>,
    index: Data<dyn SearchIndex>,
) -> Result<web::Json<Found>, Problem> {
    search(caller, wanted, &*index.into_inner()).await
}

/// Searches for what the body says.
#[utoipa::path(
    post, path = "/api/v1/search", tag = "documents", request_body = Wanted,
    responses((status = 200, body = Found), (status = 422, response = ProblemBody))
)]
pub(super) async fn by_body(
    caller: Caller,
    Json(wanted): Json<Wanted>,
    index: Data<dyn SearchIndex>,
) -> Result<web::Json<Found>, Problem> {
    search(caller, wanted, &*index.into_inner()).await
}

async fn search(Caller(caller): Caller, wanted: Wanted, index: &dyn SearchIndex) -> Result<web::Json<Found>, Problem> {
    let start = Instant::now();
    let query: SearchQuery = wanted.try_into()?;
    let SearchPage { hits, total, total_is_capped, next_cursor } = index.search(caller.company_id, &query).await?;
    Ok(web::Json(Found {
        query: query.text.as_str().to_owned(),
        total,
        total_is_capped,
        took_ms: start.elapsed().as_millis().try_into().unwrap_or(u64::MAX),
        results: hits.into_iter().map(Hit::from).collect(),
        next_cursor,
    }))
}

impl TryFrom<Wanted> for SearchQuery {
    type Error = Problem;

    fn try_from(wanted: Wanted) -> Result<Self, Problem> {
        let Wanted { query, limit, cursor, source, document_type, ingested_by, since, until } = wanted;
        let text: SearchText = query
            .parse()
            .map_err(|error| Problem::new(ProblemKind::InvalidField).invalid_field("/query", format!("{error}")))?;
        Ok(Self {
            text,
            filter: Filters { source, document_type, ingested_by, since, until }.into_filter(),
            page: PageRequest::new(limit, cursor),
        })
    }
}

impl From<SearchHit> for Hit {
    fn from(hit: SearchHit) -> Self {
        Self {
            document_id: hit.document_id.get(),
            title: hit.title,
            snippet: html(&hit.snippet),
            score: hit.score,
            source: hit.source.as_str().to_owned(),
            document_type: hit.kind.as_str().to_owned(),
            created_at: hit.created_at,
            ingested_by_user_id: hit.ingested_by,
            ingested_by_user_email: hit.ingested_by_email,
            ingestion_method: hit.method,
        }
    }
}

fn html(pieces: &[SnippetPiece]) -> String {
    let mut html = String::new();
    for piece in pieces {
        let (before, after) = if piece.is_match { ("<mark>", "</mark>") } else { ("", "") };
        html.push_str(before);
        for letter in piece.text.chars() {
            match letter {
                '&' => html.push_str("&amp;"),
                '<' => html.push_str("&lt;"),
                '>' => html.push_str("&gt;"),
                '"' => html.push_str("&quot;"),
                '\'' => html.push_str("&#39;"),
                other => html.push(other),
            }
        }
        html.push_str(after);
    }
    html
}
