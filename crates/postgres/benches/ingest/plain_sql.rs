//! The same rows by plain SQL.

use std::ops::Range;
use std::time::Instant;

use cortex_ingestion::testing::{COMPANY_A, USER_1};
use time::OffsetDateTime;

use crate::company::Company;
use crate::mailbox;

/// Tables with our indexes and triggers.
pub(crate) struct PlainSql {
    company: Company,
}

impl PlainSql {
    pub(crate) async fn new() -> Self {
        Self { company: Company::new(COMPANY_A).await }
    }

    /// Writes a page of new documents; the seconds that it took.
    pub(crate) async fn take_in(&self, numbers: Range<u64>) -> f64 {
        let (company, user) = (COMPANY_A.to_string(), USER_1.to_string());
        let each = |column: fn(u64) -> String| numbers.clone().map(column).collect::<Vec<String>>();
        let (ids, titles, contents) =
            (each(mailbox::id), each(|n| mailbox::text(n, 40)), each(|n| mailbox::text(n, 4_000)));
        let hashes = each(|n| format!("{n:064x}"));
        let dates: Vec<OffsetDateTime> = numbers.clone().map(mailbox::date).collect();
        let metadata: Vec<_> = numbers.map(|n| serde_json::json!({ "thread_id": format!("t{}", n / 3) })).collect();

        let begun = Instant::now();
        let session = &self.company.superuser;
        session.batch_execute("begin").await.unwrap();
        let insert = "insert into documents (tenant_id, ingested_by_user_id, ingestion_method, source, source_account, \
                        document_type, source_id, title, content, content_hash, metadata, source_created_at) \
                      select $1, $2, 'oauth_sync', 'gmail', 'nora@example.com', 'email', page.* \
                      from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::jsonb[], $8::timestamptz[]) page";
        session
            .execute(insert, &[&company, &user, &ids, &titles, &contents, &hashes, &metadata, &dates])
            .await
            .unwrap();
        let insert = "insert into document_sources \
                        (tenant_id, user_id, method, document_id, source, source_account, source_id) \
                      select tenant_id, $2, 'oauth_sync', id, source, source_account, source_id from documents \
                      where tenant_id = $1 and source = 'gmail' and source_account = 'nora@example.com' \
                        and source_id = any($3)";
        session.execute(insert, &[&company, &user, &ids]).await.unwrap();
        session.batch_execute("commit").await.unwrap();
        begun.elapsed().as_secs_f64()
    }
}
