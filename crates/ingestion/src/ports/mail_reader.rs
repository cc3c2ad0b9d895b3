//! Reading mails, and documents with what came with them.

use async_trait::async_trait;
use cortex_kernel::{CompanyId, DocumentId, Page, PageRequest, StoreError};

use super::ListError;
use crate::model::{MailQuery, MailView, WholeDocument};

/// Reads the mails of a company. Whoever brought one in, every member may read it.
///
/// # Contract
///
/// - Mails are listed with the newest first.
/// - Pages of mails follow each other without a gap and without repetition.
/// - A cursor that is no place among mails is refused.
/// - Mails are narrowed by who wrote them.
/// - Mails are narrowed by whom they went to.
/// - Mails are narrowed by words of their subject.
/// - Mails are narrowed by their date.
/// - All that is asked for has to fit.
/// - What is no mail and what was superseded is not listed.
/// - Metadata of any form are listed.
/// - A thread is told in the order of time.
/// - A thread is told in parts.
/// - Several threads are told at once, each with its oldest mails.
/// - A document is found with what came with it.
/// - An attachment answers its mail.
/// - Only a mail is found as one.
/// - Another company's mails are absent.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait MailReader: Send + Sync {
    /// A part of the company's mails, the newest first.
    async fn list_mails(&self, company_id: CompanyId, query: &MailQuery) -> Result<Page<MailView>, ListError>;

    /// A part of the mails of a thread, the oldest first.
    async fn list_thread(
        &self,
        company_id: CompanyId,
        thread_id: &str,
        page: &PageRequest,
    ) -> Result<Page<MailView>, ListError>;

    /// At most `most` mails of each of these threads, in the order of the threads, the oldest first.
    async fn list_threads(
        &self,
        company_id: CompanyId,
        thread_ids: &[String],
        most: u16,
    ) -> Result<Vec<MailView>, StoreError>;

    /// The mail with its text and at most [`MAX_ATTACHMENTS`](crate::model::MAX_ATTACHMENTS) of its attachments.
    async fn find_mail(&self, company_id: CompanyId, id: DocumentId) -> Result<Option<WholeDocument>, StoreError>;

    /// The same of any document; of an attachment, the mail that it came with.
    async fn find_whole(&self, company_id: CompanyId, id: DocumentId) -> Result<Option<WholeDocument>, StoreError>;
}
