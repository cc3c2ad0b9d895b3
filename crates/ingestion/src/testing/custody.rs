//! What an implementation brings to run the cases about reading mails, and about what becomes of documents.

use std::sync::Arc;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, DocumentId, PageRequest};

use super::COMPANY_A;
use super::library::{self, InMemoryHarness};
use crate::model::{DocumentFilter, DocumentQuery, DocumentText, DocumentView};
use crate::ports::{DocumentExport, DocumentRemoval, Erasure, MailReader};

/// A library, and what can be done with it besides reading and searching.
#[async_trait]
pub trait Harness: library::Harness {
    /// The reader of mails under test, as the deployment of this company uses it.
    fn mail(&self, company_id: CompanyId) -> Arc<dyn MailReader>;
    /// The removal under test, as the deployment of this company uses it.
    fn removal(&self, company_id: CompanyId) -> Arc<dyn DocumentRemoval>;
    /// The export under test, as the deployment of this company uses it.
    fn export(&self, company_id: CompanyId) -> Arc<dyn DocumentExport>;
    /// The erasure under test, as the deployment of this company uses it.
    fn erasure(&self, company_id: CompanyId) -> Arc<dyn Erasure>;
    /// The actions of the company's audit rows.
    async fn audited(&self, company_id: CompanyId) -> Vec<String>;
}

#[async_trait]
impl Harness for InMemoryHarness {
    fn mail(&self, _: CompanyId) -> Arc<dyn MailReader> {
        self.library()
    }

    fn removal(&self, _: CompanyId) -> Arc<dyn DocumentRemoval> {
        self.library()
    }

    fn export(&self, _: CompanyId) -> Arc<dyn DocumentExport> {
        self.library()
    }

    fn erasure(&self, _: CompanyId) -> Arc<dyn Erasure> {
        self.library()
    }

    async fn audited(&self, company_id: CompanyId) -> Vec<String> {
        self.library().audited(company_id)
    }
}

/// Puts a document of [`COMPANY_A`] there.
pub(super) async fn put(harness: &impl Harness, document: DocumentView) -> DocumentId {
    let content = format!("Text of {}", document.title);
    harness.put_document(COMPANY_A, DocumentText { document, content }).await
}

/// The documents of the company, those brought in last first.
pub(super) async fn all(harness: &impl Harness, company_id: CompanyId) -> Vec<DocumentView> {
    let query = DocumentQuery { filter: DocumentFilter::default(), method: None, page: PageRequest::new(None, None) };
    harness.reader(company_id).list_documents(company_id, &query).await.expect("an answer").items
}
