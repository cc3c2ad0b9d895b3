//! What lacked of records when they were read is asked for by a job of its own.

use std::sync::Arc;
use std::time::Duration;

use cortex_ingestion::FinishContents;
use cortex_ingestion::ports::ContentLedger;
use cortex_kernel::{CompanyId, IdGenerator, JobId, StoreError};
use cortex_sync_jobs::model::{Account, Job, JobKind, JobSubject, NewJob};
use cortex_sync_jobs::ports::JobQueue;

/// What lacks, and how it is had.
pub(crate) struct LackingContents {
    pub(crate) finish: FinishContents,
    pub(crate) ledger: Arc<dyn ContentLedger>,
    pub(crate) jobs: Arc<dyn JobQueue>,
    pub(crate) ids: Arc<dyn IdGenerator>,
    pub(crate) max_attempts: u32,
}

impl LackingContents {
    /// Makes the job that asks for what lacks of the account that `job` read, if anything does. It says of what it brings in that
    /// it came in as what `job` read. One that waits already looks at once, and then waits for what is due next.
    pub(crate) async fn ask_for_what_lacks(&self, job: &Job, account: Account) -> Result<(), StoreError> {
        if self.next_due(job.company_id, account).await?.is_none() {
            return Ok(());
        }
        let contents = NewJob {
            id: JobId::new(self.ids.new_uuid()),
            company_id: job.company_id,
            user_id: job.user_id,
            subject: JobSubject::Account(account),
            kind: JobKind::Content,
            trigger: job.trigger,
            triggered_by: job.triggered_by.clone(),
            max_attempts: self.max_attempts,
        };
        self.jobs.enqueue(&contents).await.map(|_| ())
    }

    /// How long nothing of the account is due; none where nothing lacks.
    pub(crate) async fn next_due(
        &self,
        company_id: CompanyId,
        account: Account,
    ) -> Result<Option<Duration>, StoreError> {
        self.ledger.next_due(company_id, account.connection_id).await
    }
}
