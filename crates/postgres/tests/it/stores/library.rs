//! [`PgDocumentReader`], [`PgSearchIndex`] and [`PgPassageFinder`].

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cortex_ingestion::lexemes::{Lexeme, SearchVector, Searchable};
use cortex_ingestion::model::{
    BlobKey, DocumentFilter, DocumentText, DocumentView, SearchPage, SearchQuery, SourceView,
};
use cortex_ingestion::ports::{BlobRemovals as _, DocumentCounts, DocumentReader, PassageFinder, SearchIndex};
use cortex_ingestion::testing::library::Harness;
use cortex_ingestion::testing::{COMPANY_A, COMPANY_B, a_document_view};
use cortex_kernel::{CompanyId, ConnectionId, DocumentId, JobId, PageRequest};
use cortex_postgres::schema::Database;
use cortex_postgres::stores::{PgBlobRemovals, PgDocumentCounts, PgDocumentReader, PgPassageFinder, PgSearchIndex};

use super::world::World;

pub(super) struct PgHarness(pub(super) World);

impl PgHarness {
    pub(super) async fn new() -> Self {
        Self(World::new(Database::Company, [COMPANY_A, COMPANY_B]).await)
    }
}

#[async_trait]
impl Harness for PgHarness {
    fn reader(&self, company_id: CompanyId) -> Arc<dyn DocumentReader> {
        Arc::new(PgDocumentReader::new(self.0.pool(company_id)))
    }

    fn index(&self, company_id: CompanyId) -> Arc<dyn SearchIndex> {
        Arc::new(PgSearchIndex::new(self.0.pool(company_id)))
    }

    fn passages(&self, company_id: CompanyId) -> Arc<dyn PassageFinder> {
        Arc::new(PgPassageFinder::new(self.0.pool(company_id)))
    }

    fn counts(&self, company_id: CompanyId) -> Arc<dyn DocumentCounts> {
        Arc::new(PgDocumentCounts::new(self.0.pool(company_id)))
    }

    async fn put_document(&self, company_id: CompanyId, document: DocumentText) -> DocumentId {
        let insert = "insert into documents (tenant_id, source, source_account, source_id, document_type, title, content, \
                        source_created_at, source_modified_at, ingested_at, ingested_by_user_id, \
                        ingested_by_user_email, ingestion_method, metadata, mime_type, file_size_bytes, file_url, \
                        parent_document_id, content_incomplete, blob_key, search_vector, search_version) \
                      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, \
                        $21::text::tsvector, 1) \
                      returning id";
        let DocumentText { document: view, content } = document;
        if let Some(blob) = view.blob {
            let removals = PgBlobRemovals::new(self.0.pool(company_id));
            removals.announce(company_id, blob, Duration::from_hours(1)).await.unwrap();
        }
        let metadata = Some(&view.metadata).filter(|metadata| !metadata.is_null());
        let row = self
            .0
            .superuser()
            .query_one(
                insert,
                &[
                    &company_id.to_string(),
                    &view.key.source.as_str(),
                    &view.key.source_account,
                    &view.key.source_id,
                    &view.kind.as_str(),
                    &view.title,
                    &content,
                    &view.created_at,
                    &view.modified_at,
                    &view.ingested_at,
                    &view.ingested_by,
                    &view.ingested_by_email,
                    &view.method,
                    &metadata,
                    &view.mime_type,
                    &view.file_size_bytes,
                    &view.file_url,
                    &view.parent.map(DocumentId::get),
                    &view.content_incomplete,
                    &view.blob.map(BlobKey::as_uuid),
                    &lexemes(&view, &content),
                ],
            )
            .await
            .unwrap();
        DocumentId::new(row.get(0))
    }

    async fn supersede(&self, company_id: CompanyId, id: DocumentId) {
        let update = "update documents set superseded_at = now() where tenant_id = $1 and id = $2";
        self.0.superuser().execute(update, &[&company_id.to_string(), &id.get()]).await.unwrap();
    }

    async fn put_source(&self, company_id: CompanyId, id: DocumentId, source: SourceView) {
        let connection = "insert into connections (id, tenant_id, provider_key, connection_id, user_id) \
                          values ($1, $2, 'gmail', 'broker-' || $1::bigint, $3)";
        let connection_id = source.connection_id.map(ConnectionId::get);
        let company = company_id.to_string();
        let client = self.0.superuser();
        if let Some(connection_id) = connection_id {
            client.execute(connection, &[&connection_id, &company, &source.user_id]).await.unwrap();
        }
        let insert = "insert into document_sources (tenant_id, document_id, user_id, user_email, connection_id, \
                        account_email, job_id, method, source, source_account, source_id, first_seen_at, last_seen_at, \
                        vanished_at) \
                      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
        client
            .execute(
                insert,
                &[
                    &company,
                    &id.get(),
                    &source.user_id,
                    &source.user_email,
                    &connection_id,
                    &source.account_email,
                    &source.job_id.map(JobId::as_uuid),
                    &source.method,
                    &source.record.source.as_str(),
                    &source.record.source_account,
                    &source.record.source_id,
                    &source.first_seen_at,
                    &source.last_seen_at,
                    &source.vanished_at,
                ],
            )
            .await
            .unwrap();
    }
}

mod document_reader {
    use super::PgHarness;

    cortex_ingestion::document_reader_contract!(PgHarness::new().await);

    #[tokio::test(flavor = "multi_thread")]
    async fn without_walls_the_store_itself_tells_companies_apart() {
        use cortex_ingestion::testing::document_reader::{
            another_companys_document_reads_as_absent, another_companys_documents_are_not_listed,
            another_companys_file_reads_as_absent,
        };
        let harness = PgHarness::new().await;
        harness.0.open_walls().await;

        another_companys_documents_are_not_listed(&harness).await;
        another_companys_document_reads_as_absent(&harness).await;
        another_companys_file_reads_as_absent(&harness).await;
    }
}

mod passage_finder {
    use super::PgHarness;

    cortex_ingestion::passage_finder_contract!(PgHarness::new().await);
}

mod search_index {
    use super::PgHarness;

    cortex_ingestion::search_index_contract!(PgHarness::new().await);

    #[tokio::test(flavor = "multi_thread")]
    async fn without_walls_the_store_itself_tells_companies_apart() {
        let harness = PgHarness::new().await;
        harness.0.open_walls().await;

        cortex_ingestion::testing::search_index::another_companys_documents_are_not_found(&harness).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn words_are_found_by_their_stem() {
    let harness = PgHarness::new().await;
    put(&harness, "Herons were standing here.").await;

    let page = search(&harness, "stand heron").await;

    assert_eq!(marked(&page), ["Herons", "standing"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_text_can_mark_itself() {
    let harness = PgHarness::new().await;
    put(&harness, "A \u{1}false\u{2} heron.").await;

    assert_eq!(marked(&search(&harness, "heron").await), ["heron"]);
}

/// What the document is found by, as text.
fn lexemes(view: &DocumentView, content: &str) -> String {
    let told = |key: &str| view.metadata[key].as_str();
    literal(&SearchVector::of(&Searchable {
        title: &view.title,
        sender_name: told("sender_name"),
        sender_address: told("sender_address"),
        content,
    }))
}

/// As the database reads it.
pub(super) fn literal(vector: &SearchVector) -> String {
    let place = |place: &u16| format!("{}{}", place & 0x3fff, ["", "C", "B", "A"][usize::from(place >> 14)]);
    let lexeme = |lexeme: &Lexeme| {
        let places: Vec<String> = lexeme.places.iter().map(place).collect();
        format!("'{}'{}{}", lexeme.text, if places.is_empty() { "" } else { ":" }, places.join(","))
    };
    vector.lexemes.iter().map(lexeme).collect::<Vec<_>>().join(" ")
}

async fn put(harness: &PgHarness, content: &str) {
    let document = DocumentText { document: a_document_view("1"), content: content.to_owned() };
    harness.put_document(COMPANY_A, document).await;
}

async fn search(harness: &PgHarness, text: &str) -> SearchPage {
    let query = SearchQuery {
        text: text.parse().unwrap(),
        filter: DocumentFilter::default(),
        page: PageRequest::new(None, None),
    };
    harness.index(COMPANY_A).search(COMPANY_A, &query).await.unwrap()
}

fn marked(page: &SearchPage) -> Vec<&str> {
    let pieces = page.hits.iter().flat_map(|hit| &hit.snippet);
    pieces.filter(|piece| piece.is_match).map(|piece| piece.text.as_str()).collect()
}

mod counts {
    use super::*;

    cortex_ingestion::document_counts_contract!(PgHarness::new().await);

    #[tokio::test(flavor = "multi_thread")]
    async fn without_walls_the_store_itself_tells_companies_apart() {
        let harness = PgHarness::new().await;
        harness.0.open_walls().await;

        cortex_ingestion::testing::document_counts::another_companys_documents_are_not_counted(&harness).await;
    }
}
