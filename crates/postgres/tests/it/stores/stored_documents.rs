//! What stores left in a company's database, as contract cases look at it.

use cortex_ingestion::model::{BlobKey, Document, DocumentKey, DocumentKind, DocumentSource, SourceName};
use cortex_kernel::{CompanyId, ConnectionId, DocumentId, JobId};
use serde_json::Value;
use uuid::Uuid;

use super::world::World;

impl World {
    /// The documents of a company, by their records.
    pub(crate) async fn documents(&self, company_id: CompanyId) -> Vec<Document> {
        let query = "select id, source, source_account, source_id, document_type, title, content, content_incomplete, \
                     metadata, ingested_by_user_id, ingested_by_user_email, ingestion_method, parent_document_id, \
                     blob_key from documents where tenant_id = $1 order by source, source_account, source_id collate \"C\"";
        let rows = self.superuser.query(query, &[&company_id.to_string()]).await.unwrap();
        rows.into_iter()
            .map(|row| Document {
                id: DocumentId::new(row.get(0)),
                key: key(row.get(1), row.get(2), row.get(3)),
                kind: DocumentKind::new(row.get::<_, String>(4)),
                title: row.get(5),
                content: row.get(6),
                content_incomplete: row.get(7),
                parent: row.get::<_, Option<i64>>(12).map(DocumentId::new),
                metadata: row.get::<_, Value>(8).as_object().cloned().unwrap(),
                ingested_by: row.get::<_, Option<String>>(9).map(|id| id.parse().unwrap()),
                ingested_by_email: row.get::<_, Option<String>>(10).map(|email| email.parse().unwrap()),
                method: row.get::<_, Option<String>>(11).map(|method| method.parse().unwrap()),
                blob: row.get::<_, Option<Uuid>>(13).map(BlobKey::new),
            })
            .collect()
    }

    /// By which ways a document came in.
    pub(crate) async fn sources(&self, company_id: CompanyId, id: DocumentId) -> Vec<DocumentSource> {
        let query = "select user_id, connection_id, job_id, method, source, source_account, source_id, vanished_at \
                     from document_sources where tenant_id = $1 and document_id = $2 \
                     order by user_id, source, source_account, source_id collate \"C\"";
        let rows = self.superuser.query(query, &[&company_id.to_string(), &id.get()]).await.unwrap();
        rows.into_iter()
            .map(|row| DocumentSource {
                document_id: id,
                user_id: row.get::<_, String>(0).parse().unwrap(),
                connection_id: row.get::<_, Option<i64>>(1).map(ConnectionId::new),
                job_id: row.get::<_, Option<Uuid>>(2).map(JobId::new),
                method: row.get::<_, String>(3).parse().unwrap(),
                record: key(row.get(4), row.get(5), row.get(6)),
                vanished_at: row.get(7),
            })
            .collect()
    }
}

fn key(source: String, source_account: String, source_id: String) -> DocumentKey {
    DocumentKey { source: SourceName::new(source), source_account, source_id }
}
