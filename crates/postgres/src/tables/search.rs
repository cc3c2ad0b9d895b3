//! Full-text search: which documents match, by the function that may use the index, and what to show of them.

use cortex_ingestion::model::{
    DocumentFilter, DocumentKind, Match, SearchHit, SearchQuery, SearchText, SnippetPiece, SourceName,
};
use cortex_kernel::{CompanyId, DocumentId};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Float, Nullable, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use time::OffsetDateTime;

use super::sql;

#[derive(QueryableByName)]
struct MatchRow {
    #[diesel(sql_type = BigInt)]
    document_id: i64,
    #[diesel(sql_type = Float)]
    score: f32,
}

#[derive(QueryableByName)]
pub(crate) struct Excerpt {
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
    #[diesel(sql_type = Nullable<Text>)]
    ingested_by_user_id: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    ingested_by_user_email: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    ingestion_method: Option<String>,
    #[diesel(sql_type = Text)]
    headline: String,
}

/// Stand around what was searched for, in headlines. They are taken out of the text before, so that no text can hold
/// them.
const BEGIN: char = '\u{1}';
const END: char = '\u{2}';

/// All matches, as far as the function counts them: one more than a ranking takes. It sees the documents of the
/// company for which the connection works, which is the one that the pool was made for.
pub(crate) async fn list_matches(connection: &mut AsyncPgConnection, query: &SearchQuery) -> QueryResult<Vec<Match>> {
    let DocumentFilter { source, kind, ingested_by, since, until } = &query.filter;
    let rows: Vec<MatchRow> =
        sql("select document_id, score from cortex_search_documents($1, $2, $3, $4, $5, $6, null, 0)")
            .bind::<Text, _>(query.text.as_str())
            .bind::<Nullable<Text>, _>(source.as_ref().map(SourceName::as_str))
            .bind::<Nullable<Text>, _>(kind.as_ref().map(DocumentKind::as_str))
            .bind::<Nullable<Text>, _>(ingested_by.map(|user_id| user_id.to_string()))
            .bind::<Nullable<Timestamptz>, _>(*since)
            .bind::<Nullable<Timestamptz>, _>(*until)
            .load(connection)
            .await?;
    let found = |row: MatchRow| Match { document_id: DocumentId::new(row.document_id), score: row.score };
    Ok(rows.into_iter().map(found).collect())
}

/// What to show of these documents. A headline takes long to make, so it is made of what is shown only, and of the first
/// 50,000 characters of a text.
pub(crate) async fn list_excerpts(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    text: &SearchText,
    ids: &[i64],
) -> QueryResult<Vec<Excerpt>> {
    sql("select id, title, source, document_type, source_created_at, ingested_by_user_id, ingested_by_user_email, \
           ingestion_method, \
           ts_headline('pg_catalog.english', translate(left(content, 50000), e'\\x01\\x02', ''), \
             websearch_to_tsquery('pg_catalog.english', $2), \
             e'StartSel=\\x01, StopSel=\\x02, MaxFragments=2, MinWords=8, MaxWords=24, FragmentDelimiter=\" … \"') \
             as headline \
         from documents where tenant_id = $1 and id = any($3)")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Text, _>(text.as_str())
    .bind::<Array<BigInt>, _>(ids)
    .load(connection)
    .await
}

impl Excerpt {
    pub(crate) fn id(&self) -> DocumentId {
        DocumentId::new(self.id)
    }

    pub(crate) fn into_hit(self, score: f32) -> SearchHit {
        SearchHit {
            document_id: self.id(),
            title: self.title,
            snippet: pieces(&self.headline),
            score,
            source: SourceName::new(self.source),
            kind: DocumentKind::new(self.document_type),
            created_at: self.source_created_at,
            ingested_by: self.ingested_by_user_id,
            ingested_by_email: self.ingested_by_user_email,
            method: self.ingestion_method,
        }
    }
}

/// A headline in pieces, with single blanks in place of white space.
fn pieces(headline: &str) -> Vec<SnippetPiece> {
    let headline = headline.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut pieces = Vec::new();
    let mut put = |text: &str, is_match| {
        if !text.is_empty() {
            pieces.push(SnippetPiece { text: text.to_owned(), is_match });
        }
    };
    for (number, part) in headline.split(BEGIN).enumerate() {
        match part.split_once(END) {
            Some((found, after)) if number > 0 => {
                put(found, true);
                put(after, false);
            }
            _ => put(part, false),
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_headline_falls_into_pieces() {
        let found = pieces("The \u{1}grey\u{2}  \u{1}heron\u{2}\n stands");

        let told: Vec<_> = found.iter().map(|piece| (piece.text.as_str(), piece.is_match)).collect();
        assert_eq!(told, [("The ", false), ("grey", true), (" ", false), ("heron", true), (" stands", false)]);
        assert_eq!(pieces(""), []);
    }
}
