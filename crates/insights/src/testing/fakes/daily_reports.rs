//! Reports of days in memory.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use cortex_kernel::{CompanyId, StoreError};
use time::Date;

use crate::model::{DailyReport, DailyReportKind};
use crate::ports::DailyReports;

type Kept = BTreeMap<(CompanyId, Reverse<Date>, DailyReportKind), DailyReport>;

/// Reports of days in memory.
#[derive(Debug, Default)]
pub struct InMemoryDailyReports {
    reports: Mutex<Kept>,
}

impl InMemoryDailyReports {
    fn reports(&self) -> MutexGuard<'_, Kept> {
        self.reports.lock().expect("nobody panics while holding it")
    }

    /// The company's, the latest days first.
    fn of(&self, company_id: CompanyId) -> Vec<DailyReport> {
        let reports = self.reports();
        reports.iter().filter(|((of, ..), _)| *of == company_id).map(|(_, report)| report.clone()).collect()
    }
}

#[async_trait]
impl DailyReports for InMemoryDailyReports {
    async fn keep(&self, company_id: CompanyId, report: &DailyReport) -> Result<(), StoreError> {
        self.reports().insert((company_id, Reverse(report.day), report.kind), report.clone());
        Ok(())
    }

    async fn find(
        &self,
        company_id: CompanyId,
        kind: DailyReportKind,
        day: Date,
    ) -> Result<Option<DailyReport>, StoreError> {
        Ok(self.reports().get(&(company_id, Reverse(day), kind)).cloned())
    }

    async fn list_of_day(&self, company_id: CompanyId, day: Date) -> Result<Vec<DailyReport>, StoreError> {
        Ok(self.of(company_id).into_iter().filter(|report| report.day == day).collect())
    }

    async fn list_latest(&self, company_id: CompanyId, most: u16) -> Result<(u64, Vec<DailyReport>), StoreError> {
        let mut reports = self.of(company_id);
        let total = reports.len() as u64;
        reports.truncate(most.into());
        Ok((total, reports))
    }
}
