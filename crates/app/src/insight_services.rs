//! Puts the use cases of what the company sees of its knowledge over ports: those that people call, and those that jobs of
//! the company do.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use cortex_http::{AlertServices, InsightServices, ReportServices};
use cortex_insights::model::DayLimit;
use cortex_insights::{EvaluateRules, Investigate, Numbers, ReportWriting, SumUp, WriteDailyReport};
use cortex_kernel::Provider;
use cortex_sync_jobs::StartCompanyJob;
use cortex_sync_jobs::model::{Cadence, JobKind};
use cortex_sync_jobs::ports::JobRunner;

use crate::alert_rules::AlertRules;
use crate::ask_documents::AskDocuments;
use crate::config::RuntimeConfig;
use crate::ports::{ChatPorts, InsightPorts, Ports, ReportPorts};
use crate::report_days::ReportDays;
use crate::summing_up::SummingUp;

/// What is called by who looks at what the company has.
pub(crate) fn compose_insights(
    ports: &Ports,
    start_company_job: Arc<StartCompanyJob>,
    providers: &Arc<BTreeSet<Provider>>,
) -> InsightServices {
    let InsightPorts { books, overview, correspondence, figures, .. } = ports.insights.clone();
    InsightServices {
        books,
        overview,
        correspondence,
        figures,
        signals: Arc::clone(&ports.rules.signals),
        sum_up: Arc::new(sum_up(ports)),
        start_company_job,
        providers: Arc::clone(providers),
        clock: Arc::clone(&ports.clock),
    }
}

/// Sums days, weeks and months up.
fn sum_up(ports: &Ports) -> SumUp {
    let InsightPorts { books, overview, correspondence, figures, summaries } = ports.insights.clone();
    SumUp::new(Numbers { books, overview, correspondence, figures }, summaries, Arc::clone(&ports.clock))
}

/// What is called by who reads and keeps reports.
pub(crate) fn compose_reports(ports: &Ports) -> ReportServices {
    ReportServices {
        saved: Arc::clone(&ports.reports.saved),
        ids: Arc::clone(&ports.ids),
        daily: Arc::clone(&ports.reports.daily),
        write: Arc::new(write_daily_report(ports)),
        renderer: Arc::clone(&ports.reports.renderer),
        clock: Arc::clone(&ports.clock),
    }
}

/// Writes reports of days.
fn write_daily_report(ports: &Ports) -> WriteDailyReport {
    let ReportPorts { days, overview, daily, summarizer, .. } = ports.reports.clone();
    let (clock, ids) = (Arc::clone(&ports.clock), Arc::clone(&ports.ids));
    WriteDailyReport::new(ReportWriting { days, overview, reports: daily, summarizer, clock, ids })
}

/// What is called about alerts.
pub(crate) fn compose_alerts(chat: &ChatPorts, ports: &Ports, start_job: Arc<StartCompanyJob>) -> AlertServices {
    let passages = Arc::new(AskDocuments(Arc::clone(&chat.passages)));
    let clock = || Arc::clone(&ports.clock);
    AlertServices {
        alerts: Arc::clone(&ports.rules.alerts),
        investigate: Arc::new(Investigate::new(passages, Arc::clone(&ports.insights.books), clock())),
        start_job,
        clock: clock(),
    }
}

/// The work of the company's own jobs: who brings some puts it in here.
#[derive(Default)]
pub(crate) struct CompanyWork {
    /// Who does it, by kind.
    pub(crate) runners: HashMap<JobKind, Arc<dyn JobRunner>>,
    /// What is done by itself, and when.
    pub(crate) plan: Vec<(JobKind, Cadence)>,
}

/// What is done for the company, and when by itself.
pub(crate) fn compose_company_work(config: &RuntimeConfig, ports: &Ports) -> CompanyWork {
    let mut work = CompanyWork::default();
    work.runners.insert(JobKind::Summaries, Arc::new(SummingUp(sum_up(ports))));
    work.plan.push((JobKind::Summaries, SummingUp::CADENCE));
    work.runners.insert(JobKind::DailyReports, Arc::new(ReportDays(write_daily_report(ports))));
    work.plan.push((JobKind::DailyReports, ReportDays::CADENCE));
    work.runners.insert(JobKind::AlertRules, alert_rules(config, ports));
    work.plan.extend(config.sync.alert_interval.map(|minutes| (JobKind::AlertRules, Cadence::EveryMinutes(minutes))));
    work
}

/// Puts the rules of alerts to the company.
fn alert_rules(config: &RuntimeConfig, ports: &Ports) -> Arc<dyn JobRunner> {
    let storage = &config.storage;
    let limit = DayLimit { documents: storage.daily_document_quota, bytes: storage.daily_byte_quota };
    let evaluate = EvaluateRules::new(ports.rules.clone(), Arc::clone(&ports.clock), limit);
    Arc::new(AlertRules { evaluate, jobs: Arc::clone(&ports.company_jobs) })
}
