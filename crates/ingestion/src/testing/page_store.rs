//! The contract of [`PageStore`], one case a bullet, and what an implementation brings to run them.

mod attachments;
mod cases;
mod held;
mod set_aside;
mod threads;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{BrokerConnectionId, CompanyId, ConnectionId, DocumentId, JobId, Lease, UserId};
use uuid::Uuid;

use super::{InMemoryPageStore, a_stream};
use crate::model::{Document, DocumentKey, DocumentSource, PageCommit, PageCounts, Stream};
use crate::ports::{BlobRemovals, ContentLedger, HeldDeletions, PageStore, SetAsideRecords};

pub use attachments::*;
pub use cases::*;
pub use held::*;
pub use set_aside::*;
pub use threads::*;

/// A fresh, empty store and a way to steer and see what is around it.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The store under test, as the deployment of this company uses it.
    fn store(&self, company_id: CompanyId) -> Arc<dyn PageStore>;
    /// What it set aside, as the deployment of this company reads it.
    fn set_aside(&self, company_id: CompanyId) -> Arc<dyn SetAsideRecords>;
    /// What it held back, as the deployment of this company decides of it.
    fn held(&self, company_id: CompanyId) -> Arc<dyn HeldDeletions>;
    /// Which original bytes are to be removed, as the deployment of this company knows it.
    fn removals(&self, company_id: CompanyId) -> Arc<dyn BlobRemovals>;
    /// What it knows of contents, as the deployment of this company reads it.
    fn ledger(&self, company_id: CompanyId) -> Arc<dyn ContentLedger>;
    /// Makes a Gmail connection of the person and a job of it that runs for the first time.
    async fn run(&self, company_id: CompanyId, user_id: UserId) -> Run;
    /// Completes the job of a run and makes the next one of its connection.
    async fn run_again(&self, run: &Run) -> Run;
    /// Claims the job of a run anew.
    async fn claim_again(&self, run: &Run) -> Lease;
    /// Lets the lease of a run end.
    async fn expire(&self, run: &Run);
    /// Lets time pass for what was set aside or postponed, and for what is to be removed.
    async fn pass(&self, time: Duration);
    /// What the job of a run tells.
    async fn job(&self, run: &Run) -> JobView;
    /// The company's documents, by key.
    async fn documents(&self, company_id: CompanyId) -> Vec<Document>;
    /// Puts the document of a whole thread there, as there were some before messages were documents of their own.
    async fn put_thread(&self, company_id: CompanyId, key: DocumentKey) -> DocumentId;
    /// The company's documents that others took the place of, in any order.
    async fn superseded(&self, company_id: CompanyId) -> Vec<DocumentId>;
    /// The actions that the company's audit log tells, oldest first.
    async fn audited(&self, company_id: CompanyId) -> Vec<String>;
    /// The sources of a document of the company, by user and record.
    async fn sources(&self, company_id: CompanyId, id: DocumentId) -> Vec<DocumentSource>;
    /// Something that changes whenever a document or a source of the company is written.
    async fn versions(&self, company_id: CompanyId) -> Vec<String>;
}

/// A job that is running, and the stream that it reads.
#[derive(Clone, Debug)]
pub struct Run {
    /// The right to write for it.
    pub lease: Lease,
    /// What it reads.
    pub stream: Stream,
}

/// A job, as far as committing pages changes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JobView {
    /// How many runs began since the last one that got on.
    pub attempt: u32,
    /// Pages committed that got on.
    pub pages: u64,
    /// Records read.
    pub seen: u64,
    /// The sum of what the pages changed.
    pub counts: PageCounts,
    /// Records that could not be taken in.
    pub set_aside: u64,
}

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! page_store_contract {
    ($harness:expr) => {
        $crate::page_store_contract! { $harness =>
            a_committed_page_moves_the_cursor,
            an_empty_page_at_the_beginning_leaves_no_cursor,
            a_stale_lease_changes_nothing,
            a_lease_that_ran_out_changes_nothing,
            a_moved_cursor_changes_nothing,
            every_stream_has_its_own_cursor,
            a_new_record_becomes_a_document_with_its_attribution,
            a_changed_record_updates_its_document,
            an_incomplete_record_does_not_replace_a_complete_document,
            a_changed_record_that_brings_no_bytes_leaves_those_of_before,
            an_unchanged_record_writes_nothing,
            the_same_record_of_two_users_is_one_document_with_two_sources,
            the_same_message_of_two_users_is_one_document_with_two_sources,
            the_same_message_twice_in_a_page_is_one_document,
            the_same_message_committed_by_ten_users_at_once_is_one_document,
            pages_of_ten_users_that_change_the_same_documents_at_once_all_go_through,
            a_known_record_stays_with_its_document_whatever_its_message_key,
            another_companys_equal_record_is_another_document,
            the_last_deletion_takes_the_document,
            a_deletion_of_what_the_connection_never_brought_in_changes_nothing,
            a_record_is_the_same_after_its_account_could_be_read,
            a_record_that_comes_back_is_there_again,
            an_attachment_hangs_on_its_message,
            the_attachments_of_a_message_that_a_colleague_has_as_well_hang_on_the_same_document,
            an_attachment_comes_in_after_its_message_too,
            an_attachment_whose_message_is_not_known_is_not_lost_and_finds_it_later,
            the_attachments_of_a_message_that_vanishes_vanish_with_it,
            an_attachment_that_vanishes_by_itself_leaves_its_message,
            a_page_that_would_end_most_of_what_a_connection_brought_in_is_held_back,
            few_deletions_are_never_held_back,
            the_pages_of_a_job_count_together,
            whatever_else_a_job_deletes_is_held_too_once_something_is,
            a_record_that_comes_back_is_held_no_longer,
            what_a_record_lacked_is_no_word_that_it_came_back,
            what_is_held_is_not_held_twice,
            a_colleagues_deletions_are_not_held,
            the_document_of_a_thread_is_superseded_when_a_message_of_it_comes_in,
            the_document_of_another_thread_is_not_superseded,
            a_record_that_cannot_be_taken_in_is_kept_with_its_reason,
            one_that_is_set_aside_again_is_kept_once_with_its_last_reason,
            one_that_comes_in_later_or_vanishes_is_kept_no_longer,
            what_another_stream_set_aside_stays,
            a_page_is_counted_on_its_job,
            a_page_with_nothing_in_it_that_moves_nothing_is_not_counted,
            a_page_that_moves_the_cursor_makes_the_attempt_the_first_again,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::page_store::$case(&$harness).await;
            }
        )+
    };
}

/// [`InMemoryPageStore`] under test.
#[derive(Default)]
pub struct InMemoryHarness {
    store: Arc<InMemoryPageStore>,
    runs: AtomicI64,
}

impl JobView {
    /// What it tells once the page is committed.
    pub fn count(&mut self, commit: &PageCommit, counts: PageCounts) {
        if commit.moved_to != commit.read_from {
            self.attempt = 1;
        }
        self.pages += u64::from(commit.gets_on());
        self.seen += commit.seen();
        self.set_aside += commit.set_aside_count;
        self.counts.added += counts.added;
        self.counts.updated += counts.updated;
        self.counts.unchanged += counts.unchanged;
        self.counts.deleted += counts.deleted;
        self.counts.held += counts.held;
    }
}

#[async_trait]
impl Harness for InMemoryHarness {
    fn store(&self, _: CompanyId) -> Arc<dyn PageStore> {
        self.store.clone()
    }

    fn set_aside(&self, _: CompanyId) -> Arc<dyn SetAsideRecords> {
        self.store.clone()
    }

    fn ledger(&self, _: CompanyId) -> Arc<dyn ContentLedger> {
        self.store.clone()
    }

    fn held(&self, _: CompanyId) -> Arc<dyn HeldDeletions> {
        self.store.clone()
    }

    fn removals(&self, _: CompanyId) -> Arc<dyn BlobRemovals> {
        self.store.clone()
    }

    async fn run(&self, company_id: CompanyId, user_id: UserId) -> Run {
        let number = 1 + self.runs.fetch_add(1, Ordering::Relaxed);
        let job = JobId::new(Uuid::from_u128(number.unsigned_abs().into()));
        let stream = Stream {
            company_id,
            user_id,
            connection_id: ConnectionId::new(number),
            broker_id: BrokerConnectionId::new(format!("broker-{number}")),
            ..a_stream()
        };
        Run { lease: self.store.put_running_job(company_id, job), stream }
    }

    async fn run_again(&self, run: &Run) -> Run {
        self.store.expire(run.lease);
        let number = 1 + self.runs.fetch_add(1, Ordering::Relaxed);
        let job = JobId::new(Uuid::from_u128(number.unsigned_abs().into()));
        Run { lease: self.store.put_running_job(run.stream.company_id, job), ..run.clone() }
    }

    async fn claim_again(&self, run: &Run) -> Lease {
        self.store.claim_again(run.lease)
    }

    async fn expire(&self, run: &Run) {
        self.store.expire(run.lease);
    }

    async fn pass(&self, time: Duration) {
        self.store.pass(time);
    }

    async fn job(&self, run: &Run) -> JobView {
        self.store.job(run.lease.job)
    }

    async fn documents(&self, company_id: CompanyId) -> Vec<Document> {
        self.store.documents(company_id)
    }

    async fn put_thread(&self, company_id: CompanyId, key: DocumentKey) -> DocumentId {
        self.store.put_thread(company_id, key)
    }

    async fn superseded(&self, company_id: CompanyId) -> Vec<DocumentId> {
        self.store.superseded(company_id)
    }

    async fn audited(&self, company_id: CompanyId) -> Vec<String> {
        self.store.audited(company_id)
    }

    async fn sources(&self, _: CompanyId, id: DocumentId) -> Vec<DocumentSource> {
        self.store.sources(id)
    }

    async fn versions(&self, company_id: CompanyId) -> Vec<String> {
        self.store.versions(company_id)
    }
}
