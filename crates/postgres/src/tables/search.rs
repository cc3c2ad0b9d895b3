//! Full-text search: which documents match, by the function that may use the index, and what to show of them.

use cortex_ingestion::lexemes::{Lexed, sentences, snippet};
use cortex_ingestion::model::{DocumentFilter, DocumentKind, Match, Passage, SearchHit, SourceName};
use cortex_kernel::{CompanyId, DocumentId};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Float, Nullable, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use time::OffsetDateTime;

use super::sql;

#[derive(QueryableByName)]
struct MatchRow {
    #[diesel(sql_type = BigInt)]
    document_id: i64,
    #[diesel(sql_type = Float)]
    score: f32,
    #[diesel(sql_type = Timestamptz)]
    as_of: OffsetDateTime,
    #[diesel(sql_type = Bool)]
    has_more: bool,
}

/// What is asked of the index, in its own language.
pub(crate) struct Question<'q> {
    /// What a document must match.
    pub(crate) matching: &'q str,
    /// The same without the order of words, where that matters.
    pub(crate) loose: Option<&'q str>,
    /// By which it is ranked.
    pub(crate) ranking: &'q str,
}

/// A document with as much of its text as is looked at.
#[derive(QueryableByName)]
struct TextPart {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    title: String,
    #[diesel(sql_type = Text)]
    source: String,
    #[diesel(sql_type = Text)]
    document_type: String,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    source_created_at: Option<OffsetDateTime>,
    #[diesel(sql_type = Text)]
    content: String,
}

/// What a search shows of a document.
#[derive(QueryableByName)]
pub(crate) struct Excerpt {
    #[diesel(embed)]
    text: TextPart,
    #[diesel(sql_type = Nullable<Text>)]
    ingested_by_user_id: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    ingested_by_user_email: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    ingestion_method: Option<String>,
}

/// What a question is told of one.
#[derive(QueryableByName)]
pub(crate) struct TextRow {
    #[diesel(embed)]
    text: TextPart,
    #[diesel(sql_type = Nullable<Text>)]
    file_url: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    parent_document_id: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    sender: Option<String>,
}

/// All matches, as far as the function counts them: one more than a ranking takes; and whether there are more. It sees
/// the documents of the company for which the connection works, which is the one that the pool was made for. Their age is
/// that of a moment, which is now where none is given.
pub(crate) async fn list_matches(
    connection: &mut AsyncPgConnection,
    question: &Question<'_>,
    filter: &DocumentFilter,
    as_of: Option<OffsetDateTime>,
) -> QueryResult<(Vec<Match>, bool)> {
    let DocumentFilter { source, kind, ingested_by, since, until } = filter;
    let rows: Vec<MatchRow> = sql("select document_id, score, has_more, as_of \
         from (select coalesce($9, date_trunc('second', now())) as as_of) moment \
         cross join lateral cortex_find_documents($1::tsquery, $2::tsquery, $3::tsquery, $4, $5, $6, $7, $8, as_of)")
    .bind::<Text, _>(question.matching)
    .bind::<Nullable<Text>, _>(question.loose)
    .bind::<Text, _>(question.ranking)
    .bind::<Nullable<Text>, _>(source.as_ref().map(SourceName::as_str))
    .bind::<Nullable<Text>, _>(kind.as_ref().map(DocumentKind::as_str))
    .bind::<Nullable<Text>, _>(ingested_by.map(|user_id| user_id.to_string()))
    .bind::<Nullable<Timestamptz>, _>(*since)
    .bind::<Nullable<Timestamptz>, _>(*until)
    .bind::<Nullable<Timestamptz>, _>(as_of)
    .load(connection)
    .await?;
    let found =
        |row: MatchRow| Match { document_id: DocumentId::new(row.document_id), score: row.score, as_of: row.as_of };
    let has_more = rows.iter().any(|row| row.has_more);
    Ok((rows.into_iter().map(found).collect(), has_more))
}

/// What to show of these documents, of the first 50,000 characters of a text.
pub(crate) async fn list_excerpts(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    ids: &[i64],
) -> QueryResult<Vec<Excerpt>> {
    sql("select id, title, source, document_type, source_created_at, ingested_by_user_id, ingested_by_user_email, \
           ingestion_method, left(content, 50000) as content \
         from documents where tenant_id = $1 and id = any($2)")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Array<BigInt>, _>(ids)
    .load(connection)
    .await
}

/// These documents with the first 50,000 characters of their texts.
pub(crate) async fn list_texts(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    ids: &[i64],
) -> QueryResult<Vec<TextRow>> {
    sql("select id, title, source, document_type, source_created_at, file_url, parent_document_id, \
           coalesce(nullif(metadata ->> 'sender_name', ''), nullif(metadata ->> 'sender_address', '')) as sender, \
           left(content, 50000) as content \
         from documents where tenant_id = $1 and id = any($2)")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Array<BigInt>, _>(ids)
    .load(connection)
    .await
}

impl TextRow {
    pub(crate) fn id(&self) -> DocumentId {
        DocumentId::new(self.text.id)
    }

    pub(crate) fn into_passage(self, wanted: &Lexed, score: f32) -> Passage {
        let text = self.text;
        Passage {
            document_id: DocumentId::new(text.id),
            sentences: sentences(wanted, &text.title, &text.content, Passage::MOST_SENTENCES),
            title: text.title,
            score,
            source: SourceName::new(text.source),
            kind: DocumentKind::new(text.document_type),
            created_at: text.source_created_at,
            sender: self.sender,
            file_url: self.file_url,
            parent_id: self.parent_document_id.map(DocumentId::new),
        }
    }
}

impl Excerpt {
    pub(crate) fn id(&self) -> DocumentId {
        DocumentId::new(self.text.id)
    }

    pub(crate) fn into_hit(self, wanted: &Lexed, score: f32) -> SearchHit {
        let text = self.text;
        SearchHit {
            document_id: DocumentId::new(text.id),
            snippet: snippet(wanted, &text.title, &text.content),
            title: text.title,
            score,
            source: SourceName::new(text.source),
            kind: DocumentKind::new(text.document_type),
            created_at: text.source_created_at,
            ingested_by: self.ingested_by_user_id,
            ingested_by_email: self.ingested_by_user_email,
            method: self.ingestion_method,
        }
    }
}
