//! [`PgDayReader`].

use std::sync::Arc;

use async_trait::async_trait;
use cortex_insights::model::{Among, MOST_LOOKED_INTO, MentionQuery, WordGroup};
use cortex_insights::ports::DayReader;
use cortex_insights::testing::day_reader::{self, Came, Harness, a_mail, today};
use cortex_insights::testing::{COMPANY_A, COMPANY_B, NOON};
use cortex_kernel::{CompanyId, DocumentId};
use cortex_postgres::schema::Database;
use cortex_postgres::stores::PgDayReader;
use serde_json::json;

use super::world::World;

struct PgHarness(World);

impl PgHarness {
    async fn new() -> Self {
        Self(World::new(Database::Company, [COMPANY_A, COMPANY_B]).await)
    }
}

#[async_trait]
impl Harness for PgHarness {
    fn days(&self, company_id: CompanyId) -> Arc<dyn DayReader> {
        Arc::new(PgDayReader::new(self.0.pool(company_id)))
    }

    async fn put(&self, company_id: CompanyId, document: Came) -> DocumentId {
        let Came { source, kind, title, content, at, sender, to, thread, .. } = document;
        let metadata = json!({
            "sender_address": sender.map(|(address, _)| address),
            "sender_name": sender.and_then(|(_, name)| name),
            "to_addresses": to,
            "thread_id": thread,
        });
        let insert = "insert into documents (tenant_id, source, source_id, document_type, title, content, \
                        source_created_at, metadata) \
                      values ($1, $2, gen_random_uuid()::text, $3, $4, $5, $6, $7) returning id";
        let row = self
            .0
            .superuser()
            .query_one(insert, &[&company_id.to_string(), &source, &kind, &title, &content, &at, &metadata])
            .await
            .unwrap();
        DocumentId::new(row.get(0))
    }

    async fn supersede(&self, id: DocumentId) {
        let update = "update documents set superseded_at = now() where id = $1";
        self.0.superuser().execute(update, &[&id.get()]).await.unwrap();
    }
}

cortex_insights::day_reader_contract!(PgHarness::new().await);

#[tokio::test(flavor = "multi_thread")]
async fn without_walls_the_store_itself_tells_companies_apart() {
    let harness = PgHarness::new().await;
    harness.0.open_walls().await;

    day_reader::another_companys_day_is_not_told(&harness).await;
}

/// A day of which there is more than anybody looks into, of long texts that say the word too late.
#[tokio::test(flavor = "multi_thread")]
async fn only_so_many_documents_and_so_much_of_each_are_looked_into() {
    let harness = PgHarness::new().await;
    let fill = "insert into documents (tenant_id, source, source_id, document_type, title, content, source_created_at) \
                select $1, 'upload', n::text, 'file', 'A file', \
                  case when n % 2 = 0 then 'An order.' else repeat('word ', 800) || 'order' end, \
                  $2::timestamptz + n * interval '1 second' \
                from generate_series(1, $3) n";
    let most = i32::try_from(MOST_LOOKED_INTO).unwrap();
    harness.0.superuser().execute(fill, &[&COMPANY_A.to_string(), &NOON, &(most + 500)]).await.unwrap();
    harness.put(COMPANY_A, Came { at: NOON, content: "The oldest order.", ..a_mail("Old") }).await;

    let query = MentionQuery { group: WordGroup::Orders, among: Among::Documents, most: 5 };
    let mentions = harness.days(COMPANY_A).find_mentions(COMPANY_A, &today(), query).await.unwrap();

    assert_eq!((mentions.total, mentions.documents.len()), (u64::from(MOST_LOOKED_INTO) / 2, 5));
    assert!(mentions.documents.iter().all(|mention| mention.passage.as_deref() == Some("An order")));
}
