//! How a company stands, in memory.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use cortex_kernel::{CompanyId, StoreError};
use time::{Duration, OffsetDateTime};

use crate::model::{ConnectionStanding, DocumentShare, NewDocuments, OwnAddresses, SyncTotals, Week};
use crate::ports::CompanyOverview;
use crate::testing::company_overview::{Brought, Ended};

/// Documents, connections and jobs in memory.
#[derive(Debug, Default)]
pub struct InMemoryOverview {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    documents: Vec<(CompanyId, Brought)>,
    connections: Vec<(CompanyId, ConnectionStanding)>,
    jobs: Vec<(CompanyId, Ended)>,
}

impl InMemoryOverview {
    /// Adds a document.
    pub fn put_document(&self, company_id: CompanyId, document: Brought) {
        self.state().documents.push((company_id, document));
    }

    /// Adds a connection; what it tells of syncs is of no account, jobs are.
    pub fn put_connection(&self, company_id: CompanyId, connection: ConnectionStanding) {
        self.state().connections.push((company_id, connection));
    }

    /// Adds a job.
    pub fn put_job(&self, company_id: CompanyId, job: Ended) {
        self.state().jobs.push((company_id, job));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while holding it")
    }
}

impl State {
    fn shown(&self, company_id: CompanyId) -> impl Iterator<Item = &Brought> {
        self.documents.iter().filter(move |(of, one)| *of == company_id && !one.is_superseded).map(|(_, one)| one)
    }

    fn jobs(&self, company_id: CompanyId) -> impl Iterator<Item = &Ended> {
        self.jobs.iter().filter(move |(of, _)| *of == company_id).map(|(_, job)| job)
    }
}

#[async_trait]
impl CompanyOverview for InMemoryOverview {
    async fn count_documents(&self, company_id: CompanyId) -> Result<Vec<DocumentShare>, StoreError> {
        let mut counts: BTreeMap<_, u64> = BTreeMap::new();
        for one in self.state().shown(company_id) {
            *counts.entry((one.source.to_owned(), one.user_id.is_none(), one.user_id.clone())).or_default() += 1;
        }
        let share = |((source, _, user_id), documents)| DocumentShare { source, user_id, documents };
        Ok(counts.into_iter().map(share).collect())
    }

    async fn find_addresses(
        &self,
        company_id: CompanyId,
        user_ids: &[String],
    ) -> Result<BTreeMap<String, String>, StoreError> {
        let state = self.state();
        let of = |user_id: &String| {
            let mut his =
                state.documents.iter().filter(|(of, one)| *of == company_id && one.user_id.as_ref() == Some(user_id));
            Some((user_id.clone(), his.next_back()?.1.email.clone()?))
        };
        Ok(user_ids.iter().filter_map(of).collect())
    }

    async fn count_new(&self, company_id: CompanyId, now: OffsetDateTime) -> Result<NewDocuments, StoreError> {
        let week = Week::of(now.date());
        let (this, last) = (week.begins_at(), week.previous().begins_at());
        let mut new = NewDocuments::default();
        for at in self.state().shown(company_id).map(|one| one.at) {
            new.this_week += u64::from(at >= this && at < now);
            new.last_week += u64::from(at >= last && at < this);
            new.last_week_by_now += u64::from(at >= last && at < now - Duration::WEEK);
        }
        Ok(new)
    }

    async fn count_syncs(&self, company_id: CompanyId, since: OffsetDateTime) -> Result<SyncTotals, StoreError> {
        let mut totals = SyncTotals::default();
        for job in self.state().jobs(company_id) {
            match job.status {
                "queued" => totals.queued += 1,
                "running" => totals.running += 1,
                "completed" if job.created_at >= since => {
                    totals.completed += 1;
                    totals.last_completed_at = totals.last_completed_at.max(job.ended_at);
                }
                "failed" if job.created_at >= since => totals.failed += 1,
                _ => {}
            }
        }
        Ok(totals)
    }

    async fn list_connections(&self, company_id: CompanyId, most: u16) -> Result<Vec<ConnectionStanding>, StoreError> {
        let state = self.state();
        let all = state.connections.iter().filter(|(of, _)| *of == company_id).map(|(_, one)| one);
        let mut told: Vec<_> = all.cloned().collect();
        told.sort_by_key(|one| std::cmp::Reverse(one.id.get()));
        told.truncate(most.into());
        for one in &mut told {
            let jobs = state.jobs(company_id).filter(|job| job.connection_id == one.id && !job.is_for_contents);
            let mut ended: Vec<_> = jobs.filter(|job| job.ended_at >= Some(one.connected_at)).collect();
            ended.sort_by_key(|job| job.created_at);
            one.last_sync_at = ended.iter().rfind(|job| job.status == "completed").and_then(|job| job.ended_at);
            let last = ended.iter().rfind(|job| ["completed", "failed"].contains(&job.status));
            one.last_failure =
                last.filter(|job| job.status == "failed").map(|job| job.error_code.unwrap_or("unknown").to_owned());
        }
        Ok(told)
    }

    async fn list_own_addresses(&self, company_id: CompanyId) -> Result<OwnAddresses, StoreError> {
        let state = self.state();
        let all = state.connections.iter().filter(|(of, _)| *of == company_id);
        Ok(OwnAddresses::new(all.flat_map(|(_, one)| [one.account_email.clone(), one.user_email.clone()]).flatten()))
    }
}
