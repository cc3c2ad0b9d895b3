//! [`PgFigures`] and [`PgSummaries`].

use std::sync::Arc;

use async_trait::async_trait;
use cortex_insights::ports::{Figures, Summaries};
use cortex_insights::testing::figures::{self, Item};
use cortex_insights::testing::{COMPANY_A, COMPANY_B, summaries};
use cortex_kernel::CompanyId;
use cortex_postgres::schema::Database;
use cortex_postgres::stores::{PgFigures, PgSummaries};
use serde_json::json;

use super::world::World;

struct PgHarness(World);

impl PgHarness {
    async fn new() -> Self {
        Self(World::new(Database::Company, [COMPANY_A, COMPANY_B]).await)
    }
}

#[async_trait]
impl figures::Harness for PgHarness {
    fn figures(&self, company_id: CompanyId) -> Arc<dyn Figures> {
        Arc::new(PgFigures::new(self.0.pool(company_id)))
    }

    async fn put(&self, company_id: CompanyId, item: Item) {
        let insert = "insert into documents (id, tenant_id, source, source_id, document_type, title, content, metadata, \
                        source_created_at, ingested_at, superseded_at) \
                      values ($1, $2, $3, gen_random_uuid()::text, $4, $5, 'c', $6, $7, $8, $9)";
        let metadata = if item.source == "quickbooks" {
            json!({ "customer_name": item.sender, "total": item.total })
        } else {
            json!({ "sender_address": item.sender })
        };
        let superseded_at = item.is_superseded.then_some(item.ingested_at);
        let company = company_id.to_string();
        let values: [&(dyn tokio_postgres::types::ToSql + Sync); 9] = [
            &item.id,
            &company,
            &item.source,
            &item.kind,
            &item.title,
            &metadata,
            &item.created_at,
            &item.ingested_at,
            &superseded_at,
        ];
        self.0.superuser().execute(insert, &values).await.unwrap();
    }
}

#[async_trait]
impl summaries::Harness for PgHarness {
    fn summaries(&self, company_id: CompanyId) -> Arc<dyn Summaries> {
        Arc::new(PgSummaries::new(self.0.pool(company_id)))
    }

    async fn outdate(&self) {
        self.0.superuser().execute("update summaries set version = version - 1", &[]).await.unwrap();
    }
}

mod figures_of_postgres {
    use super::*;

    cortex_insights::figures_contract!(PgHarness::new().await);

    #[tokio::test(flavor = "multi_thread")]
    async fn without_walls_the_store_itself_tells_companies_apart() {
        let harness = PgHarness::new().await;
        harness.0.open_walls().await;

        figures::another_companys_figures_are_not_told(&harness).await;
    }
}

mod summaries_of_postgres {
    use super::*;

    cortex_insights::summaries_contract!(PgHarness::new().await);

    #[tokio::test(flavor = "multi_thread")]
    async fn without_walls_the_store_itself_tells_companies_apart() {
        let harness = PgHarness::new().await;
        harness.0.open_walls().await;

        summaries::another_companys_summary_is_absent(&harness).await;
    }

    /// What was kept in another shape is computed anew, whatever its version says.
    #[tokio::test(flavor = "multi_thread")]
    async fn what_is_of_another_shape_is_absent() {
        let harness = PgHarness::new().await;
        let kept = summaries::a_summary();
        let store = PgSummaries::new(harness.0.pool(COMPANY_A));
        store.keep(COMPANY_A, &kept).await.unwrap();

        harness.0.superuser().execute("update summaries set summary = '[1]'", &[]).await.unwrap();

        assert_eq!(store.find(COMPANY_A, kept.span).await.unwrap(), None);
    }
}
