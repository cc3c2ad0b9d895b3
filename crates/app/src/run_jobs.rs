//! Who does the work of a job: those of accounts are read, those of the company go to whoever does their kind.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use cortex_kernel::{Lease, StoreError};
use cortex_sync_jobs::model::{Disposition, Failure, Job, JobFailure, JobKind, JobSubject};
use cortex_sync_jobs::ports::{CancellationToken, JobRunner};

/// Hands each job to who does its work.
pub(crate) struct RunJobs {
    /// Reads accounts.
    pub(crate) account: Arc<dyn JobRunner>,
    /// Does the company's work, by kind.
    pub(crate) company: HashMap<JobKind, Arc<dyn JobRunner>>,
}

#[async_trait]
impl JobRunner for RunJobs {
    async fn run(&self, job: &Job, lease: Lease, interrupt: &CancellationToken) -> Disposition {
        let runner = match job.subject {
            JobSubject::Account(_) => Some(&self.account),
            JobSubject::Company(_) => self.company.get(&job.kind),
        };
        match runner {
            Some(runner) => runner.run(job, lease, interrupt).await,
            None => Disposition::Failed(no_runner()),
        }
    }
}

/// Nothing here does such work, and waiting does not change that.
pub(crate) fn no_runner() -> JobFailure {
    JobFailure::Permanent(Failure::new("no_runner", "This version of the worker does no jobs of this kind."))
}

/// What a store told: one that is away is waited for and uses up no attempt, anything else is tried again. `says` tells people
/// what could not be done.
pub(crate) fn store_failure(error: &StoreError, says: &str) -> JobFailure {
    match error {
        StoreError::Unavailable(_) => JobFailure::Throttled {
            retry_after: None,
            failure: Failure::new("database_unavailable", "The database is not available."),
        },
        StoreError::Broken(_) => JobFailure::Transient(Failure::new("database_failed", says)),
    }
}

#[cfg(test)]
mod tests {
    use cortex_sync_jobs::testing::{a_job, a_new_company_job};

    use super::*;

    /// Tells which one it is by how a run ends.
    struct Runner(Disposition);

    #[async_trait]
    impl JobRunner for Runner {
        async fn run(&self, _: &Job, _: Lease, _: &CancellationToken) -> Disposition {
            self.0.clone()
        }
    }

    async fn run(job: &Job) -> Disposition {
        let account: Arc<dyn JobRunner> = Arc::new(Runner(Disposition::Interrupted));
        let summaries: Arc<dyn JobRunner> = Arc::new(Runner(Disposition::Completed));
        let runs = RunJobs { account, company: HashMap::from([(JobKind::Summaries, summaries)]) };
        runs.run(job, Lease { job: job.id, epoch: 1 }, &CancellationToken::new()).await
    }

    #[tokio::test]
    async fn a_job_goes_to_who_does_its_kind() {
        let subject = a_new_company_job().subject;
        let of_company = |kind| Job { kind, subject: subject.clone(), ..a_job() };

        assert_eq!(run(&a_job()).await, Disposition::Interrupted);
        assert_eq!(run(&of_company(JobKind::Summaries)).await, Disposition::Completed);
        let nobodys = run(&of_company(JobKind::AlertRules)).await;
        let Disposition::Failed(JobFailure::Permanent(failure)) = nobodys else { panic!("not failed: {nobodys:?}") };
        assert_eq!(failure.code, "no_runner");
    }
}
