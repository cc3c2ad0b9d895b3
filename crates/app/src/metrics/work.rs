//! What the deployment does for its company: jobs, pages, documents, webhooks, searches. Decorators over the ports, which
//! know how each of these ended.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use cortex_connections::model::{ClaimedWebhook, NewWebhook, PutOutcome as StoredWebhook, WebhookClaim, WebhookEnding};
use cortex_connections::ports::{WebhookAuthenticity, WebhookInbox};
use cortex_ingestion::model::{
    CommitOutcome, Cursor, DocumentKey, DocumentPut, DocumentText, Extracted, FileToRead, PageCommit, PutChange,
    PutOutcome, SearchPage, SearchQuery, Stream,
};
use cortex_ingestion::ports::{DocumentWriter, ExtractError, ListError, PageStore, SearchIndex, TextExtractor};
use cortex_kernel::{CompanyId, JobId, Lease, StoreError};
use cortex_sync_jobs::model::{ClaimedJob, Ending, Job, NewJob};
use cortex_sync_jobs::ports::{ClaimRequest, EnqueueOutcome, FinishOutcome, Heartbeat, HeartbeatOutcome, JobQueue};

use super::Metered;
use super::series::{Book, Counters, FAST, REMOTE, Timings};

/// What is counted of work.
pub(super) struct Work {
    claimed: Counters<1>,
    ended: Counters<1>,
    leases_lost: Counters<0>,
    pages: Counters<2>,
    records: Counters<2>,
    puts: Counters<2>,
    files: Counters<1>,
    file_took: Timings<0>,
    received: Counters<1>,
    worked_off: Counters<1>,
    searches: Counters<1>,
    search_took: Timings<0>,
}

impl Work {
    pub(super) fn new(book: &mut Book) -> Self {
        let mut work = Self::jobs_and_documents(book);
        work.received = work.received.beginning_with([["stored"], ["repeated"], ["refused"], ["not_stored"]]);
        work
    }

    fn jobs_and_documents(book: &mut Book) -> Self {
        let [completed, retried, snoozed, failed, given_back] =
            [["completed"], ["retried"], ["snoozed"], ["failed"], ["given_back"]];
        Self {
            claimed: book.counters("cortex_jobs_claimed_total", ["kind"], "Runs of jobs that this process began"),
            ended: book
                .counters("cortex_jobs_ended_total", ["outcome"], "Runs of jobs that ended here, by what came of them")
                .beginning_with([completed, retried, snoozed, failed, given_back]),
            leases_lost: book.counters(
                "cortex_leases_lost_total",
                [],
                "Times that a run here found its job taken over by another worker",
            ),
            pages: book.counters(
                "cortex_pages_total",
                ["provider", "outcome"],
                "Pages of records: committed, or given up as lease_lost, cursor_moved or failed",
            ),
            records: book.counters(
                "cortex_records_total",
                ["provider", "outcome"],
                "What committed pages came to: added, updated, unchanged, deleted, held, set_aside",
            ),
            puts: book.counters(
                "cortex_documents_put_total",
                ["method", "outcome"],
                "Documents brought in by hand, by manual_upload or api: created, updated, unchanged, quota, failed",
            ),
            files: book.counters(
                "cortex_files_read_total",
                ["outcome"],
                "Files whose text was looked for: ok, or the code of why there is none",
            ),
            file_took: book.timings("cortex_file_read_duration_seconds", [], REMOTE, "How long reading a file took"),
            received: book.counters(
                "cortex_webhooks_received_total",
                ["outcome"],
                "Webhooks: stored, repeated (an equal one waits), refused (the signature does not hold), not_stored",
            ),
            worked_off: book
                .counters(
                    "cortex_webhooks_worked_off_total",
                    ["outcome"],
                    "Webhooks of the inbox that were looked at: done, ignored, removed, retried, snoozed, dead",
                )
                .beginning_with([["done"], ["ignored"], ["retried"], ["dead"]]),
            searches: book
                .counters("cortex_searches_total", ["outcome"], "Searches: found, nothing, or failed")
                .beginning_with([["found"], ["nothing"], ["failed"]]),
            search_took: book.timings(
                "cortex_search_duration_seconds",
                [],
                FAST,
                "How long the index took for searches",
            ),
        }
    }

    fn committed(&self, commit: &PageCommit, outcome: &Result<CommitOutcome, StoreError>) {
        let provider = commit.stream.provider.name();
        let came_to = match outcome {
            Ok(CommitOutcome::Committed(counts)) => {
                for (word, number) in [
                    ("added", counts.added),
                    ("updated", counts.updated),
                    ("unchanged", counts.unchanged),
                    ("deleted", counts.deleted),
                    ("held", counts.held),
                    ("set_aside", commit.set_aside_count),
                ] {
                    if number > 0 {
                        self.records.add([provider, word], number);
                    }
                }
                "committed"
            }
            Ok(CommitOutcome::LeaseLost) => {
                self.leases_lost.one([]);
                "lease_lost"
            }
            Ok(CommitOutcome::CursorMoved) => "cursor_moved",
            Err(_) => "failed",
        };
        self.pages.one([provider, came_to]);
    }

    fn finished(&self, ending: &Ending, outcome: FinishOutcome) {
        let word = match (outcome, ending) {
            (FinishOutcome::LeaseLost, _) => return self.leases_lost.one([]),
            // It goes on.
            (FinishOutcome::AskedAgain, _) => return,
            (FinishOutcome::Finished, Ending::Completed) => "completed",
            (FinishOutcome::Finished, Ending::Retried { .. }) => "retried",
            (FinishOutcome::Finished, Ending::Snoozed { .. }) => "snoozed",
            (FinishOutcome::Finished, Ending::Failed(_)) => "failed",
        };
        self.ended.one([word]);
    }
}

#[async_trait]
impl JobQueue for Metered<dyn JobQueue> {
    async fn enqueue(&self, job: &NewJob) -> Result<EnqueueOutcome, StoreError> {
        self.inner.enqueue(job).await
    }

    async fn claim(&self, request: &ClaimRequest) -> Result<Vec<ClaimedJob>, StoreError> {
        let claimed = self.inner.claim(request).await?;
        for ClaimedJob { job, .. } in &claimed {
            self.metrics.work.claimed.one([job.kind.name()]);
        }
        Ok(claimed)
    }

    async fn heartbeat(&self, company_id: CompanyId, beat: &Heartbeat) -> Result<HeartbeatOutcome, StoreError> {
        let outcome = self.inner.heartbeat(company_id, beat).await?;
        if outcome == HeartbeatOutcome::LeaseLost {
            self.metrics.work.leases_lost.one([]);
        }
        Ok(outcome)
    }

    async fn finish(&self, company_id: CompanyId, lease: Lease, ending: &Ending) -> Result<FinishOutcome, StoreError> {
        let outcome = self.inner.finish(company_id, lease, ending).await?;
        self.metrics.work.finished(ending, outcome);
        Ok(outcome)
    }

    async fn give_back(&self, company_id: CompanyId, lease: Lease) -> Result<(), StoreError> {
        self.inner.give_back(company_id, lease).await?;
        self.metrics.work.ended.one(["given_back"]);
        Ok(())
    }

    async fn find_job(&self, company_id: CompanyId, id: JobId) -> Result<Option<Job>, StoreError> {
        self.inner.find_job(company_id, id).await
    }
}

#[async_trait]
impl PageStore for Metered<dyn PageStore> {
    async fn find_cursor(&self, stream: &Stream) -> Result<Option<Cursor>, StoreError> {
        self.inner.find_cursor(stream).await
    }

    async fn commit_page(&self, commit: &PageCommit) -> Result<CommitOutcome, StoreError> {
        let outcome = self.inner.commit_page(commit).await;
        self.metrics.work.committed(commit, &outcome);
        outcome
    }
}

#[async_trait]
impl DocumentWriter for Metered<dyn DocumentWriter> {
    async fn find_by_key(&self, company_id: CompanyId, key: &DocumentKey) -> Result<Option<DocumentText>, StoreError> {
        self.inner.find_by_key(company_id, key).await
    }

    async fn put(&self, put: &DocumentPut) -> Result<PutOutcome, StoreError> {
        let outcome = self.inner.put(put).await;
        let word = match &outcome {
            Ok(PutOutcome::Put(document)) => match document.change {
                PutChange::Created => "created",
                PutChange::Updated => "updated",
                PutChange::Unchanged => "unchanged",
            },
            Ok(PutOutcome::QuotaExceeded { .. }) => "quota",
            Ok(PutOutcome::ClaimLost) => "claim_lost",
            Err(_) => "failed",
        };
        self.metrics.work.puts.one([put.method.name(), word]);
        outcome
    }
}

#[async_trait]
impl TextExtractor for Metered<dyn TextExtractor> {
    async fn extract(&self, file: FileToRead) -> Result<Extracted, ExtractError> {
        let begun = Instant::now();
        let outcome = self.inner.extract(file).await;
        self.metrics.work.file_took.observe([], begun.elapsed());
        self.metrics.work.files.one([outcome.as_ref().map_or_else(ExtractError::code, |_| "ok")]);
        outcome
    }
}

#[async_trait]
impl SearchIndex for Metered<dyn SearchIndex> {
    async fn search(&self, company_id: CompanyId, query: &SearchQuery) -> Result<SearchPage, ListError> {
        let begun = Instant::now();
        let outcome = self.inner.search(company_id, query).await;
        self.metrics.work.search_took.observe([], begun.elapsed());
        let word = match &outcome {
            Ok(page) if page.total == 0 => "nothing",
            Ok(_) => "found",
            // A cursor that is none of ours is no search.
            Err(ListError::Cursor(_)) => return outcome,
            Err(ListError::Store(_)) => "failed",
        };
        self.metrics.work.searches.one([word]);
        outcome
    }
}

impl WebhookAuthenticity for Metered<dyn WebhookAuthenticity> {
    fn is_authentic(&self, body: &[u8], signature: &str) -> bool {
        let is_authentic = self.inner.is_authentic(body, signature);
        if !is_authentic {
            self.metrics.work.received.one(["refused"]);
        }
        is_authentic
    }
}

#[async_trait]
impl WebhookInbox for Metered<dyn WebhookInbox> {
    async fn put(&self, webhook: &NewWebhook) -> Result<StoredWebhook, StoreError> {
        let outcome = self.inner.put(webhook).await;
        let word = match outcome {
            Ok(StoredWebhook::Stored) => "stored",
            Ok(StoredWebhook::AlreadyPending) => "repeated",
            Err(_) => "not_stored",
        };
        self.metrics.work.received.one([word]);
        outcome
    }

    async fn claim_next(&self, company_id: CompanyId, hold: Duration) -> Result<Option<ClaimedWebhook>, StoreError> {
        self.inner.claim_next(company_id, hold).await
    }

    async fn finish(
        &self,
        company_id: CompanyId,
        claim: WebhookClaim,
        ending: &WebhookEnding,
    ) -> Result<bool, StoreError> {
        let was_held = self.inner.finish(company_id, claim, ending).await?;
        let word = match ending {
            WebhookEnding::Done => "done",
            WebhookEnding::Ignored { .. } => "ignored",
            WebhookEnding::Removed => "removed",
            WebhookEnding::Retried { .. } => "retried",
            WebhookEnding::Snoozed { .. } => "snoozed",
            WebhookEnding::Dead { .. } => "dead",
        };
        if was_held {
            self.metrics.work.worked_off.one([word]);
        }
        Ok(was_held)
    }

    async fn forget(&self, company_id: CompanyId, age: Duration, most: u16) -> Result<usize, StoreError> {
        self.inner.forget(company_id, age, most).await
    }
}
