//! [`SearchIndex`] on a company's database.

use std::collections::HashMap;

use async_trait::async_trait;
use cortex_ingestion::lexemes::Lexed;
use cortex_ingestion::model::{Ranking, SearchPage, SearchQuery};
use cortex_ingestion::ports::{ListError, SearchIndex};
use cortex_kernel::{CompanyId, DocumentId, StoreError};
use diesel_async::AsyncPgConnection;
use time::OffsetDateTime;
use tracing::instrument;

use crate::Pool;
use crate::tables::search::{self, Question};

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

    async fn rank(
        &self,
        query: &SearchQuery,
        question: Question<'_>,
        as_of: Option<OffsetDateTime>,
    ) -> Result<Ranking, StoreError> {
        let (question, filter) = (&question, &query.filter);
        let (matches, has_more) = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                search::list_matches(connection, question, filter, as_of).await
            })
            .await?;
        Ok(Ranking::new(matches).having_more(has_more))
    }
}

#[async_trait]
impl SearchIndex for PgSearchIndex {
    #[instrument(name = "pg.search_index.search", skip_all)]
    async fn search(&self, company_id: CompanyId, query: &SearchQuery) -> Result<SearchPage, ListError> {
        let as_of = Ranking::as_of(&query.page)?;
        let Some(wanted) = Lexed::parse(query.text.as_str()) else {
            return Ok(SearchPage { hits: Vec::new(), total: 0, total_is_capped: false, next_cursor: None });
        };
        let exact = Question { matching: &wanted.matching, loose: wanted.loose.as_deref(), ranking: &wanted.ranking };
        let mut ranking = self.rank(query, exact, as_of).await?;
        if let Some(near) = wanted.near.as_deref().filter(|_| ranking.is_meagre()) {
            let near = Question { matching: near, loose: None, ranking: near };
            ranking.add_near(self.rank(query, near, as_of).await?);
        }
        let (shown, next_cursor) = ranking.page(&query.page)?;
        let ids: Vec<i64> = shown.iter().map(|found| found.document_id.get()).collect();
        let ids = ids.as_slice();
        let excerpts = self
            .company
            .run(async |connection: &mut AsyncPgConnection| search::list_excerpts(connection, company_id, ids).await)
            .await?;
        let mut excerpts: HashMap<DocumentId, _> = excerpts.into_iter().map(|row| (row.id(), row)).collect();
        // A document that was deleted since is not shown.
        let hits =
            shown.iter().filter_map(|found| Some(excerpts.remove(&found.document_id)?.into_hit(&wanted, found.score)));
        Ok(SearchPage {
            hits: hits.collect(),
            total: ranking.total(),
            total_is_capped: ranking.is_capped(),
            next_cursor,
        })
    }
}
