//! What a job of alerts does: it puts the rules to the company, and tells what came of it in the queue's words.

use std::sync::Arc;

use async_trait::async_trait;
use cortex_insights::model::{BACKFILL, Scope};
use cortex_insights::{EvaluateRules, GoOn, Parts};
use cortex_kernel::{CompanyId, Lease, StoreError};
use cortex_sync_jobs::model::{Disposition, Job};
use cortex_sync_jobs::ports::{CancellationToken, CompanyJobs, JobRunner};

use crate::run_jobs::store_failure;

/// Puts the rules of alerts to the company of a job.
pub(crate) struct AlertRules {
    pub(crate) evaluate: EvaluateRules,
    pub(crate) jobs: Arc<dyn CompanyJobs>,
}

#[async_trait]
impl JobRunner for AlertRules {
    async fn run(&self, job: &Job, lease: Lease, interrupt: &CancellationToken) -> Disposition {
        let is_backfill = job.subject.period().is_some_and(|period| period.as_str() == BACKFILL);
        let scope = if is_backfill { Scope::All } else { Scope::New };
        let parts = CountedParts { jobs: self.jobs.as_ref(), company_id: job.company_id, lease, interrupt };
        match self.evaluate.evaluate(job.company_id, scope, &parts).await {
            Ok(GoOn::Yes) => Disposition::Completed,
            Ok(GoOn::Interrupted) => Disposition::Interrupted,
            Ok(GoOn::Lost) => Disposition::LeaseLost,
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "the rules of alerts cannot be evaluated");
                Disposition::Failed(store_failure(&error, "The rules could not be evaluated."))
            }
        }
    }
}

/// Parts of the work are pages of the job.
struct CountedParts<'a> {
    jobs: &'a dyn CompanyJobs,
    company_id: CompanyId,
    lease: Lease,
    interrupt: &'a CancellationToken,
}

#[async_trait]
impl Parts for CountedParts<'_> {
    async fn done(&self) -> Result<GoOn, StoreError> {
        Ok(if !self.jobs.count_part(self.company_id, self.lease).await? {
            GoOn::Lost
        } else if self.interrupt.is_cancelled() {
            GoOn::Interrupted
        } else {
            GoOn::Yes
        })
    }
}
