//! A company's database that has lived for long.

use cortex_kernel::CompanyId;
use cortex_postgres::Address;
use cortex_postgres::migrate::Migrator;
use cortex_postgres::schema::Database;
use cortex_test_support::{Client, TestDatabase, connect};

/// The company of the database.
pub(crate) const COMPANY: &str = "0a0a0a0a-0000-4000-8000-00000000000a";

const BASELINE: &str = include_str!("../../tests/it/lived_in/company.sql");

pub(crate) struct World {
    database: TestDatabase,
    documents: u32,
}

impl World {
    /// Of every ten documents one bears an old name of its provider. Of jobs, audit rows and chat messages there are a
    /// twentieth as many.
    pub(crate) async fn new(documents: u32) -> Self {
        let database = TestDatabase::empty().await;
        database.batch(BASELINE).await;
        let rest = documents / 20;
        database
            .batch(&format!(
                "insert into documents (tenant_id, source, source_id, document_type, title, content, metadata, \
                   source_created_at, content_hash) \
                 select '{COMPANY}', case when n % 10 = 0 then 'googledrive' when n % 3 = 0 then 'outlook' else 'gmail' end, \
                   'record-' || n, case when n % 10 = 0 then 'googledoc' else 'email' end, 'About matter ' || n % 5000, \
                   'What was said about matter ' || n % 5000 || ' by ' || md5(n::text), \
                   jsonb_build_object('thread_id', n / 5, 'sender_address', 'p' || n % 300 || '@harbour.example', \
                     'to_addresses', jsonb_build_array('q' || n % 400 || '@harbour.example')), \
                   now() - n * interval '1 minute', md5(n::text) \
                 from generate_series(1, {documents}) n; \
                 insert into sync_jobs (user_id, job_type, status, started_at, completed_at, result) \
                 select 'u' || n % 20, 'google-mail', 'completed', now(), now(), jsonb_build_object('records', n) \
                 from generate_series(1, {rest}) n; \
                 insert into admin_audit_log (action, details, ip_address) \
                 select 'login', jsonb_build_object('n', n), '10.0.0.1' from generate_series(1, {rest}) n; \
                 insert into chats (company_id, user_email) select '{COMPANY}', 'u' || n from generate_series(1, 100) n; \
                 insert into chat_messages (chat_id, role, content) \
                 select id, 'user', 'Message ' || n from chats, generate_series(1, greatest(1, {rest} / 100)) n; \
                 update chats set title = 'One' where id = (select min(id::text)::uuid from chats)"
            ))
            .await;
        Self { database, documents }
    }

    /// Who brought each document in.
    pub(crate) async fn fill_sources(&self) {
        self.database
            .batch(
                "insert into document_sources (tenant_id, document_id, user_id, connection_id, method, source, source_id) \
                 select tenant_id, id, 'u' || id % 20, (select min(id) from connections), 'oauth_sync', source, source_id \
                 from documents",
            )
            .await;
    }

    pub(crate) const fn documents(&self) -> u32 {
        self.documents
    }

    pub(crate) fn migrator(&self) -> Migrator {
        let address = Address::parse(&self.database.url().into(), None, "cortex-bench").unwrap();
        Migrator::new(Database::Company, address, COMPANY.parse::<CompanyId>().unwrap())
    }

    pub(crate) async fn connect(&self) -> Client {
        connect(&self.database.url()).await.unwrap()
    }
}
