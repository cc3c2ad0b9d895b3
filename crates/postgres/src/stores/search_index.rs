//! [`SearchIndex`] on a company's database.

use std::collections::HashMap;

use async_trait::async_trait;
use cortex_ingestion::model::{Ranking, SearchPage, SearchQuery};
use cortex_ingestion::ports::{ListError, SearchIndex};
use cortex_kernel::{CompanyId, DocumentId};
use diesel_async::AsyncPgConnection;
use tracing::instrument;

use crate::Pool;
use crate::tables::search;

/// Full-text search in a company's database.
pub struct PgSearchIndex {
    company: Pool,
}

impl PgSearchIndex {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl SearchIndex for PgSearchIndex {
    #[instrument(name = "pg.search_index.search", skip_all)]
    async fn search(&self, company_id: CompanyId, query: &SearchQuery) -> Result<SearchPage, ListError> {
        let matches = self
            .company
            .run(async |connection: &mut AsyncPgConnection| search::list_matches(connection, query).await)
            .await?;
        let ranking = Ranking::new(matches);
        let (shown, next_cursor) = ranking.page(&query.page)?;
        let ids: Vec<i64> = shown.iter().map(|found| found.document_id.get()).collect();
        let ids = ids.as_slice();
        let excerpts = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                search::list_excerpts(connection, company_id, &query.text, ids).await
            })
            .await?;
        let mut excerpts: HashMap<DocumentId, _> = excerpts.into_iter().map(|row| (row.id(), row)).collect();
        // A document that was deleted since is not shown.
        let hits = shown.iter().filter_map(|found| Some(excerpts.remove(&found.document_id)?.into_hit(found.score)));
        Ok(SearchPage {
            hits: hits.collect(),
            total: ranking.total(),
            total_is_capped: ranking.is_capped(),
            next_cursor,
        })
    }
}
