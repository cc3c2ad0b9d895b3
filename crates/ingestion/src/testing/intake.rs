//! The contracts of [`DocumentWriter`], [`UsageReader`] and [`IdempotencyKeys`], one case a bullet, and what an
//! implementation brings to run them: what one of them writes another reads.

mod keys;
mod usage;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, DocumentId, Origin, UserId};

use super::{COMPANY_A, InMemoryIntake, USER_1};
use crate::model::{
    Contributor, Document, DocumentDraft, DocumentKey, DocumentKind, DocumentPut, DocumentSource, IngestionMethod,
    Known, Quota, SourceName,
};
use crate::ports::{DocumentWriter, IdempotencyKeys, UsageReader};

pub use keys::*;
pub use usage::*;
pub use writer::*;

/// A fresh, empty store and a way to steer and see what is around it.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The writer under test, as the deployment of this company uses it.
    fn writer(&self, company_id: CompanyId) -> Arc<dyn DocumentWriter>;
    /// The usage under test, as the deployment of this company uses it.
    fn usage(&self, company_id: CompanyId) -> Arc<dyn UsageReader>;
    /// The keys under test, as the deployment of this company uses them.
    fn keys(&self, company_id: CompanyId) -> Arc<dyn IdempotencyKeys>;
    /// The company's documents, by key.
    async fn documents(&self, company_id: CompanyId) -> Vec<Document>;
    /// The sources of a document of the company, by user.
    async fn sources(&self, company_id: CompanyId, id: DocumentId) -> Vec<DocumentSource>;
    /// What was written down of what was done in the company, in its order.
    async fn audit(&self, company_id: CompanyId) -> Vec<AuditView>;
    /// Lets time pass: for claims and answers as it is, for usage in whole days.
    async fn pass(&self, time: Duration);
}

/// A row of the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditView {
    /// Who did it.
    pub user_id: Option<UserId>,
    /// What was done.
    pub action: String,
    /// To which document.
    pub resource_id: String,
    /// In which request.
    pub request_id: Option<String>,
}

/// [`InMemoryIntake`] under test.
#[derive(Default)]
pub struct InMemoryHarness(Arc<InMemoryIntake>);

/// [`USER_1`], by some request.
#[must_use]
pub fn a_contributor() -> Contributor {
    Contributor {
        company_id: COMPANY_A,
        user_id: USER_1,
        user_email: "one@example.com".parse().expect("an address"),
        origin: Origin { request_id: Some("request-1".to_owned()), address: None, user_agent: None },
    }
}

/// A note of this id that comes in by the API, of fifty bytes.
#[must_use]
pub fn a_put(source_id: &str) -> DocumentPut {
    let draft = DocumentDraft {
        key: DocumentKey {
            source: SourceName::new("notes"),
            source_account: String::new(),
            source_id: source_id.to_owned(),
        },
        kind: DocumentKind::new("note"),
        raw: None,
        mime_type: None,
        file_size_bytes: None,
        ..super::a_draft(source_id)
    };
    DocumentPut {
        by: a_contributor(),
        method: IngestionMethod::Api,
        document: draft.finish(),
        parts: Vec::new(),
        bytes: 50,
        quota: Quota::default(),
        known: Known::WrittenOver,
        once: None,
    }
}

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! intake_contract {
    ($harness:expr) => {
        $crate::intake_contract! { $harness =>
            a_new_document_has_its_contributor_and_no_connection,
            the_parts_of_a_document_belong_to_it,
            a_document_of_a_known_key_is_written_over_and_keeps_its_first_contributor,
            a_colleague_who_writes_over_a_document_is_a_further_source_of_it,
            a_document_of_a_known_key_is_left_where_its_key_says_so,
            twenty_who_put_the_same_key_at_once_put_one_document,
            another_companys_document_of_the_same_key_is_another_document,
            what_is_put_is_counted,
            more_than_the_quota_is_refused_and_nothing_is_written,
            what_the_quota_admits_is_written_and_nothing_else,
            twenty_puts_at_once_do_not_overrun_the_quota,
            a_new_day_begins_at_nothing,
            what_is_put_stands_in_the_audit_log,
            the_answer_is_kept_with_the_document,
            under_a_claim_that_was_lost_nothing_is_written,
            a_document_is_found_by_its_key,
            who_brought_in_nothing_has_nothing_and_a_day_that_ends,
            what_was_brought_in_on_other_days_counts_in_the_total_only,
            what_a_company_brought_in_is_the_sum_of_its_members,
            members_follow_each_other_in_pages_without_a_gap,
            a_cursor_that_is_none_is_refused,
            another_companys_usage_is_not_told,
            a_key_that_nobody_used_is_claimed,
            of_twenty_who_claim_a_key_at_once_one_gets_it,
            a_request_in_progress_is_not_done_by_another,
            a_claim_that_ran_out_is_taken_over_and_worth_nothing_then,
            a_claim_that_is_renewed_in_time_is_not_taken_over,
            a_claim_that_was_taken_over_or_given_back_is_not_renewed,
            a_request_that_was_done_answers_the_same_again,
            a_key_that_names_another_request_is_refused,
            a_request_that_came_to_nothing_is_done_anew,
            the_same_key_of_another_person_address_or_company_is_another_key,
            after_a_day_a_key_names_nothing,
            what_is_older_is_forgotten_and_no_other_companys,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::intake::$case(&$harness).await;
            }
        )+
    };
}

#[async_trait]
impl Harness for InMemoryHarness {
    fn writer(&self, _: CompanyId) -> Arc<dyn DocumentWriter> {
        self.0.clone()
    }

    fn usage(&self, _: CompanyId) -> Arc<dyn UsageReader> {
        self.0.clone()
    }

    fn keys(&self, _: CompanyId) -> Arc<dyn IdempotencyKeys> {
        self.0.clone()
    }

    async fn documents(&self, company_id: CompanyId) -> Vec<Document> {
        self.0.documents(company_id)
    }

    async fn sources(&self, _: CompanyId, id: DocumentId) -> Vec<DocumentSource> {
        self.0.sources(id)
    }

    async fn audit(&self, company_id: CompanyId) -> Vec<AuditView> {
        self.0.audit(company_id)
    }

    async fn pass(&self, time: Duration) {
        self.0.pass(time);
    }
}
