//! A worker tells that it is there.

use std::sync::Arc;

use cortex_kernel::{CompanyId, StoreError};

use crate::model::WorkerSign;
use crate::ports::Workers;
use crate::pulse::Pulse;

/// Tells others of the worker of this process.
pub struct ReportWorker {
    workers: Arc<dyn Workers>,
    company_id: CompanyId,
    sign: WorkerSign,
    pulse: Pulse,
}

impl ReportWorker {
    /// Tells of the worker with this pulse.
    #[must_use]
    pub const fn new(workers: Arc<dyn Workers>, company_id: CompanyId, sign: WorkerSign, pulse: Pulse) -> Self {
        Self { workers, company_id, sign, pulse }
    }

    /// Gives a sign. A worker that has not looked at its queue yet gives none.
    pub async fn report(&self) -> Result<(), StoreError> {
        match self.pulse.last_tick() {
            Some(tick) => self.workers.note(self.company_id, &self.sign, tick.elapsed()).await,
            None => Ok(()),
        }
    }

    /// Says that it ends.
    pub async fn leave(&self) -> Result<(), StoreError> {
        self.workers.forget(self.company_id, &self.sign.name).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::MockWorkers;
    use crate::testing::{COMPANY_A, a_sign};

    fn report(workers: MockWorkers, pulse: &Pulse) -> ReportWorker {
        ReportWorker::new(Arc::new(workers), COMPANY_A, a_sign(), pulse.clone())
    }

    #[tokio::test]
    async fn a_worker_that_never_ticked_gives_no_sign() {
        report(MockWorkers::new(), &Pulse::default()).report().await.unwrap();
    }

    #[tokio::test]
    async fn a_sign_tells_how_long_ago_the_worker_ticked() {
        let pulse = Pulse::default();
        let mut workers = MockWorkers::new();
        let an_hour = std::time::Duration::from_hours(1);
        workers
            .expect_note()
            .withf(move |company_id, sign, ago| (*company_id, sign) == (COMPANY_A, &a_sign()) && *ago < an_hour)
            .once()
            .returning(|_, _, _| Ok(()));
        pulse.beat();

        report(workers, &pulse).report().await.unwrap();
    }

    #[tokio::test]
    async fn a_worker_that_leaves_is_forgotten_by_its_name() {
        let mut workers = MockWorkers::new();
        workers
            .expect_forget()
            .withf(|company_id, name| (*company_id, name) == (COMPANY_A, "worker"))
            .once()
            .returning(|_, _| Ok(()));

        report(workers, &Pulse::default()).leave().await.unwrap();
    }
}
