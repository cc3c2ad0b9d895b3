//! [`PgCorrespondence`].

use std::sync::Arc;

use async_trait::async_trait;
use cortex_insights::ports::Correspondence;
use cortex_insights::testing::correspondence::{self, Harness, Mail};
use cortex_insights::testing::{COMPANY_A, COMPANY_B};
use cortex_kernel::CompanyId;
use cortex_postgres::schema::Database;
use cortex_postgres::stores::PgCorrespondence;
use serde_json::json;

use super::world::World;

struct PgHarness(World);

impl PgHarness {
    async fn new() -> Self {
        Self(World::new(Database::Company, [COMPANY_A, COMPANY_B]).await)
    }
}

/// Mails as the normaliser of records writes them; whoever got a copy is the last one.
#[async_trait]
impl Harness for PgHarness {
    fn correspondence(&self, company_id: CompanyId) -> Arc<dyn Correspondence> {
        Arc::new(PgCorrespondence::new(self.0.pool(company_id)))
    }

    async fn put(&self, company_id: CompanyId, mail: Mail) {
        let insert = "insert into documents (tenant_id, source, source_id, document_type, title, content, metadata, \
                        source_created_at, superseded_at) \
                      values ($1, 'gmail', gen_random_uuid()::text, $2, $3, 'c', $4, $5, $6)";
        let (copy, to) = mail.to.split_last().map_or((None, &[][..]), |(copy, to)| (Some(copy), to));
        let metadata = json!({
            "sender_address": mail.from.map(str::to_uppercase),
            "sender_name": mail.name,
            "to_addresses": to,
            "cc_addresses": copy.into_iter().collect::<Vec<_>>(),
            "thread_id": mail.thread,
        });
        let superseded_at = mail.is_superseded.then_some(mail.at);
        let company = company_id.to_string();
        let values: [&(dyn tokio_postgres::types::ToSql + Sync); 6] =
            [&company, &mail.kind, &mail.subject, &metadata, &mail.at, &superseded_at];
        self.0.superuser().execute(insert, &values).await.unwrap();
    }
}

cortex_insights::correspondence_contract!(PgHarness::new().await);

#[tokio::test(flavor = "multi_thread")]
async fn without_walls_the_store_itself_tells_companies_apart() {
    let harness = PgHarness::new().await;
    harness.0.open_walls().await;

    correspondence::another_companys_mails_are_not_counted(&harness).await;
}
