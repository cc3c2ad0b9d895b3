//! [`PgMailReader`], [`PgDocumentRemoval`], [`PgDocumentExport`] and [`PgErasure`] on the library of documents.

use std::sync::Arc;

use async_trait::async_trait;
use cortex_ingestion::ports::{DocumentExport, DocumentRemoval, Erasure, MailReader};
use cortex_ingestion::testing::custody::Harness;
use cortex_kernel::CompanyId;
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

/// What an admin deleted, and what syncs make of it.
mod deleted {
    use cortex_ingestion::model::{DocumentDraft, MailIdentity, NewDocument, PageCommit, RemoveDocument};
    use cortex_ingestion::ports::DocumentRemoval as _;
    use cortex_ingestion::testing::page_store::{Harness as _, Run};
    use cortex_ingestion::testing::{COMPANY_A, NOON, USER_1, USER_2, a_commit, a_draft};
    use cortex_kernel::Origin;
    use cortex_postgres::stores::PgDocumentRemoval;

    use crate::stores::page_store::PgHarness;

    fn a_letter(source_id: &str, content: &str) -> DocumentDraft {
        let mail = MailIdentity { message_id: Some("<m@yard>".to_owned()), sender: None, sent_at: Some(NOON) };
        let (title, content) = ("A letter".to_owned(), content.to_owned());
        DocumentDraft { mail: Some(mail), title, content, ..a_draft(source_id) }
    }

    /// Commits these documents as the next page of the run, and answers the texts of all that are there then.
    async fn commit(harness: &PgHarness, run: &Run, documents: Vec<NewDocument>) -> Vec<String> {
        let store = harness.store(COMPANY_A);
        let read_from = store.find_cursor(&run.stream).await.unwrap();
        let (lease, stream) = (run.lease, run.stream.clone());
        store.commit_page(&PageCommit { lease, stream, read_from, documents, ..a_commit() }).await.unwrap();
        harness.documents(COMPANY_A).await.into_iter().map(|document| document.content).collect()
    }

    /// A letter that was synced and then deleted.
    async fn deleted(harness: &PgHarness) -> Run {
        deleted_as(harness, a_letter("1", "Old")).await
    }

    /// The same of a letter that came in like this.
    async fn deleted_as(harness: &PgHarness, letter: DocumentDraft) -> Run {
        let run = harness.run(COMPANY_A, USER_1).await;
        commit(harness, &run, vec![letter.finish()]).await;
        let id = harness.documents(COMPANY_A).await[0].id;
        let removal = PgDocumentRemoval::new(harness.0.pool(COMPANY_A));
        let request = RemoveDocument { company_id: COMPANY_A, id, by: USER_2, origin: Origin::default() };
        assert_eq!(removal.remove(&request).await.unwrap(), Some(1));
        run
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_was_deleted_stays_away_until_its_record_says_something_else() {
        let harness = PgHarness::new().await;
        let run = deleted(&harness).await;

        let with_another = vec![a_letter("1", "Old").finish(), a_draft("2").finish()];
        assert_eq!(commit(&harness, &run, with_another).await, ["Text 2"]);
        let part = DocumentDraft { content_incomplete: true, ..a_letter("1", "O") }.finish();
        assert_eq!(commit(&harness, &run, vec![part]).await, ["Text 2"], "a part does not tell of a change");
        assert_eq!(commit(&harness, &run, vec![a_letter("1", "New").finish()]).await, ["New", "Text 2"]);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_was_deleted_before_its_text_was_there_stays_away_with_it() {
        let harness = PgHarness::new().await;
        let part = DocumentDraft { content_incomplete: true, ..a_letter("1", "O") };
        let run = deleted_as(&harness, part).await;

        let whole = || vec![a_letter("1", "Old").finish()];
        assert_eq!(commit(&harness, &run, whole()).await, [""; 0], "the text that was awaited");
        assert_eq!(commit(&harness, &run, whole()).await, [""; 0], "the same again");
        assert_eq!(commit(&harness, &run, vec![a_letter("1", "New").finish()]).await, ["New"]);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_comes_later_with_a_deleted_mail_stays_away_as_it_does() {
        let harness = PgHarness::new().await;
        let run = deleted(&harness).await;

        let letter = a_letter("1", "Old").finish();
        let hanging_on = |source_id: &str, parent: &NewDocument| NewDocument {
            parent: Some(parent.key.clone()),
            ..a_draft(source_id).finish()
        };
        let of_another = a_draft("3").finish();
        let page = vec![hanging_on("2", &letter), hanging_on("4", &of_another), letter, of_another];
        assert_eq!(commit(&harness, &run, page).await, ["Text 3", "Text 4"]);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn whoever_still_has_a_mail_keeps_what_came_with_it_by_another_mailbox() {
        let harness = PgHarness::new().await;
        let first = harness.run(COMPANY_A, USER_1).await;
        let letter = a_letter("1", "Old").finish();
        let attachment = NewDocument { parent: Some(letter.key.clone()), ..a_draft("2").finish() };
        commit(&harness, &first, vec![letter.clone(), attachment]).await;
        let colleagues = harness.run(COMPANY_A, USER_2).await;
        commit(&harness, &colleagues, vec![a_letter("9", "Old").finish()]).await;

        let store = harness.store(COMPANY_A);
        let read_from = store.find_cursor(&first.stream).await.unwrap();
        let (lease, stream, deletions) = (first.lease, first.stream.clone(), vec![letter.key]);
        store.commit_page(&PageCommit { lease, stream, read_from, deletions, ..a_commit() }).await.unwrap();

        let left: Vec<_> = harness.documents(COMPANY_A).await.into_iter().map(|document| document.content).collect();
        assert_eq!(left, ["Old", "Text 2"]);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_same_message_of_a_colleague_stays_away_too() {
        let harness = PgHarness::new().await;
        deleted(&harness).await;
        let colleagues = harness.run(COMPANY_A, USER_2).await;

        assert_eq!(commit(&harness, &colleagues, vec![a_letter("9", "Old").finish()]).await, [""; 0]);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_somebody_brings_in_himself_is_there() {
        let harness = PgHarness::new().await;
        deleted(&harness).await;

        let insert = "insert into documents (tenant_id, source, source_account, source_id, document_type, title, content, \
                        content_hash, ingestion_method) \
                      select tenant_id, source, source_account, source_id, 'email', 't', 'By hand', content_hash, 'api' \
                      from deleted_documents";
        assert_eq!(harness.0.superuser().execute(insert, &[]).await.unwrap(), 1);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn without_its_audit_row_no_document_is_deleted() {
        let harness = PgHarness::new().await;
        let run = harness.run(COMPANY_A, USER_1).await;
        commit(&harness, &run, vec![a_letter("1", "Old").finish()]).await;
        let id = harness.documents(COMPANY_A).await[0].id;
        harness.0.superuser().batch_execute("revoke insert on admin_audit_log from cortex_app").await.unwrap();

        let removal = PgDocumentRemoval::new(harness.0.pool(COMPANY_A));
        let request = RemoveDocument { company_id: COMPANY_A, id, by: USER_2, origin: Origin::default() };
        removal.remove(&request).await.unwrap_err();

        assert_eq!(harness.documents(COMPANY_A).await.len(), 1);
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
