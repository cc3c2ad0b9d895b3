//! Workers in memory.

use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, StoreError};

use super::InMemoryJobQueue;
use crate::model::{KnownWorker, RunningJob, WorkerSign};
use crate::ports::Workers;

const A_DAY: Duration = Duration::from_hours(24);

#[async_trait]
impl Workers for InMemoryJobQueue {
    async fn note(&self, company_id: CompanyId, sign: &WorkerSign, ago: Duration) -> Result<(), StoreError> {
        let mut state = self.state();
        let now = state.now;
        let known = |(of, worker): &&(CompanyId, KnownWorker)| *of == company_id && worker.sign.name == sign.name;
        let started_at = state.workers.iter().find(known).map_or(now, |(_, worker)| worker.started_at);
        state.workers.retain(|worker| !known(&worker) && worker.1.last_tick_at > now - A_DAY);
        let (sign, running) = (sign.clone(), Vec::new());
        let worker = KnownWorker { sign, started_at, last_tick_at: now - ago, silent_for: ago, running };
        state.workers.push((company_id, worker));
        state.workers.sort_by(|(_, one), (_, other)| one.sign.name.cmp(&other.sign.name));
        Ok(())
    }

    async fn forget(&self, company_id: CompanyId, name: &str) -> Result<(), StoreError> {
        self.state().workers.retain(|(of, worker)| *of != company_id || worker.sign.name != name);
        Ok(())
    }

    async fn list(&self, company_id: CompanyId) -> Result<Vec<KnownWorker>, StoreError> {
        let state = self.state();
        let now = state.now;
        let runs = |name: &str| -> Vec<RunningJob> {
            let of_worker = state.rows.iter().filter(|row| row.runs(now) && row.owner == name);
            let running = of_worker.map(|row| RunningJob {
                id: row.job.id,
                user_id: row.job.user_id,
                provider: row.job.subject.provider(),
                kind: row.job.kind,
            });
            running.collect()
        };
        let known = state.workers.iter().filter(|(of, _)| *of == company_id).map(|(_, worker)| KnownWorker {
            silent_for: (now - worker.last_tick_at).try_into().unwrap_or_default(),
            running: runs(&worker.sign.name),
            ..worker.clone()
        });
        Ok(known.collect())
    }
}
