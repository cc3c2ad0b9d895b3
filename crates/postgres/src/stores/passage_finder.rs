//! [`PassageFinder`] on a company's database.

use std::collections::HashMap;

use async_trait::async_trait;
use cortex_ingestion::lexemes::Lexed;
use cortex_ingestion::model::{Match, Passage, PassageQuery, Ranking};
use cortex_ingestion::ports::PassageFinder;
use cortex_kernel::{CompanyId, DocumentId, StoreError};
use diesel_async::AsyncPgConnection;
use tracing::instrument;

use crate::Pool;
use crate::tables::search::{self, Question};

/// What the documents in a company's database say.
pub struct PgPassageFinder {
    company: Pool,
}

impl PgPassageFinder {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl PassageFinder for PgPassageFinder {
    #[instrument(name = "pg.passage_finder.find_passages", skip_all)]
    async fn find_passages(&self, company_id: CompanyId, query: &PassageQuery) -> Result<Vec<Passage>, StoreError> {
        let Some(wanted) = Lexed::any_of(query.text.as_str()) else { return Ok(Vec::new()) };
        let question = &Question { matching: &wanted.matching, loose: None, ranking: &wanted.ranking };
        let filter = &query.filter;
        let (matches, _) = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                search::list_matches(connection, question, filter, None).await
            })
            .await?;
        let best = Ranking::new(matches).best(query.most.min(PassageQuery::MOST).into());
        let ids: Vec<i64> = best.iter().map(|found| found.document_id.get()).collect();
        let ids = ids.as_slice();
        let texts = self
            .company
            .run(async |connection: &mut AsyncPgConnection| search::list_texts(connection, company_id, ids).await)
            .await?;
        let mut texts: HashMap<DocumentId, _> = texts.into_iter().map(|row| (row.id(), row)).collect();
        // Reading so many texts takes long enough for others to wait for it. What was deleted since is not told.
        let telling = tokio::task::spawn_blocking(move || {
            let tell = |found: &Match| Some(texts.remove(&found.document_id)?.into_passage(&wanted, found.score));
            best.iter().filter_map(tell).collect()
        });
        telling.await.map_err(|error| StoreError::Broken(Box::new(error)))
    }
}
