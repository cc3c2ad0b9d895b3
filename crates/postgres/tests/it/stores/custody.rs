//! [`PgMailReader`], [`PgDocumentRemoval`], [`PgDocumentExport`] and [`PgErasure`] on the library of documents.

use std::sync::Arc;

use async_trait::async_trait;
use cortex_ingestion::ports::{DocumentExport, DocumentRemoval, Erasure, MailReader};
use cortex_ingestion::testing::custody::Harness;
use cortex_kernel::{CompanyId, DocumentId};
use cortex_postgres::stores::{PgDocumentExport, PgDocumentRemoval, PgErasure, PgMailReader};

use super::library::PgHarness;

#[async_trait]
impl Harness for PgHarness {
    fn mail(&self, company_id: CompanyId) -> Arc<dyn MailReader> {
        Arc::new(PgMailReader::new(self.0.pool(company_id)))
    }

    fn removal(&self, company_id: CompanyId) -> Arc<dyn DocumentRemoval> {
        Arc::new(PgDocumentRemoval::new(self.0.pool(company_id)))
    }

    fn export(&self, company_id: CompanyId) -> Arc<dyn DocumentExport> {
        Arc::new(PgDocumentExport::new(self.0.pool(company_id)))
    }

    fn erasure(&self, company_id: CompanyId) -> Arc<dyn Erasure> {
        Arc::new(PgErasure::new(self.0.pool(company_id)))
    }

    async fn supersede(&self, company_id: CompanyId, id: DocumentId) {
        let update = "update documents set superseded_at = now() where tenant_id = $1 and id = $2";
        self.0.superuser().execute(update, &[&company_id.to_string(), &id.get()]).await.unwrap();
    }

    async fn audited(&self, company_id: CompanyId) -> Vec<String> {
        self.0.audited("admin_audit_log", company_id).await
    }
}

mod mail_reader {
    use super::PgHarness;

    cortex_ingestion::mail_reader_contract!(PgHarness::new().await);

    #[tokio::test(flavor = "multi_thread")]
    async fn without_walls_the_store_itself_tells_companies_apart() {
        let harness = PgHarness::new().await;
        harness.0.open_walls().await;

        cortex_ingestion::testing::mail_reader::another_companys_mails_are_absent(&harness).await;
    }
}

mod document_removal {
    use super::PgHarness;

    cortex_ingestion::document_removal_contract!(PgHarness::new().await);

    #[tokio::test(flavor = "multi_thread")]
    async fn without_walls_the_store_itself_tells_companies_apart() {
        let harness = PgHarness::new().await;
        harness.0.open_walls().await;

        cortex_ingestion::testing::document_removal::another_companys_document_is_not_removed(&harness).await;
    }
}

mod document_export {
    use super::PgHarness;

    cortex_ingestion::document_export_contract!(PgHarness::new().await);

    #[tokio::test(flavor = "multi_thread")]
    async fn without_walls_the_store_itself_tells_companies_apart() {
        let harness = PgHarness::new().await;
        harness.0.open_walls().await;

        cortex_ingestion::testing::document_export::another_companys_documents_are_not_exported(&harness).await;
    }
}

mod erasure {
    use super::PgHarness;

    cortex_ingestion::erasure_contract!(PgHarness::new().await);

    #[tokio::test(flavor = "multi_thread")]
    async fn without_walls_the_store_itself_tells_companies_apart() {
        let harness = PgHarness::new().await;
        harness.0.open_walls().await;

        cortex_ingestion::testing::erasure::colleagues_and_other_companies_keep_what_they_have(&harness).await;
    }
}
