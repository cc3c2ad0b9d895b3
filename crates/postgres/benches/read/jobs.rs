//! The jobs of a day over the same company: how long each takes, and how much memory of this process beyond what was held before.
//! Each should stay below [`FLAT`], however much there is: the texts of the company's mails are some hundred times that.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use cortex_insights::model::{DailyReportKind, DayLimit, Scope, SpanKind};
use cortex_insights::testing::COMPANY_A;
use cortex_insights::{EvaluateRules, GoOn, Numbers, Parts, ReportWriting, RulePorts, SumUp, WriteDailyReport};
use cortex_kernel::{RandomIds, StoreError};
use cortex_postgres::stores::{
    PgAlerts, PgBooks, PgCompanyOverview, PgCorrespondence, PgDailyReports, PgDayReader, PgFacts, PgFigures,
    PgMailSignals, PgSummaries,
};
use time::OffsetDateTime;

use crate::company::Company;
use crate::line;
use crate::resident::resident;

/// In KiB.
const FLAT: u64 = 16 * 1024;

/// Runs each once.
pub(crate) async fn run(company: &Company) {
    let pool = company.pool(2);
    #[expect(clippy::disallowed_methods, reason = "what is measured is as old as it says")]
    let now = OffsetDateTime::now_utc();
    let clock = Arc::new(move || now);
    let overview = Arc::new(PgCompanyOverview::new(pool.clone()));

    let numbers = Numbers {
        books: Arc::new(PgBooks::new(pool.clone())),
        overview: Arc::<PgCompanyOverview>::clone(&overview),
        correspondence: Arc::new(PgCorrespondence::new(pool.clone())),
        figures: Arc::new(PgFigures::new(pool.clone())),
    };
    let sum_up = SumUp::new(numbers, Arc::new(PgSummaries::new(pool.clone())), Arc::<_>::clone(&clock) as _);
    measure("summaries, of a day, a week and a month", async {
        for kind in SpanKind::ALL {
            sum_up.compute(COMPANY_A, sum_up.latest(kind)).await.unwrap();
        }
    })
    .await;

    let write = WriteDailyReport::new(ReportWriting {
        days: Arc::new(PgDayReader::new(pool.clone())),
        overview: Arc::<PgCompanyOverview>::clone(&overview),
        reports: Arc::new(PgDailyReports::new(pool.clone())),
        summarizer: None,
        clock: Arc::<_>::clone(&clock) as _,
        ids: Arc::new(RandomIds),
    });
    measure("daily_reports, both of a day", async {
        for kind in DailyReportKind::ALL {
            write.write(COMPANY_A, kind, now.date().previous_day().unwrap(), true).await.unwrap();
        }
    })
    .await;

    // A ninth of the mails is looked through anew, as after a first sync.
    let anew = "update mail_records set lexicon = 0 where document_id % 9 = 0";
    company.superuser.batch_execute(anew).await.unwrap();
    let rules = RulePorts {
        alerts: Arc::new(PgAlerts::new(pool.clone())),
        facts: Arc::new(PgFacts::new(pool.clone())),
        signals: Arc::new(PgMailSignals::new(pool)),
        overview,
    };
    let evaluate = EvaluateRules::new(rules, clock as _, DayLimit { documents: Some(5_000), bytes: None });
    measure("alert_rules, over all there is", async {
        evaluate.evaluate(COMPANY_A, Scope::All, &ToTheEnd).await.unwrap();
    })
    .await;
}

/// Nobody interrupts it.
struct ToTheEnd;

#[async_trait]
impl Parts for ToTheEnd {
    async fn done(&self) -> Result<GoOn, StoreError> {
        Ok(GoOn::Yes)
    }
}

async fn measure(name: &str, job: impl Future<Output = ()>) {
    let before = resident();
    let begun = Instant::now();
    let mut most = before;
    tokio::pin!(job);
    while tokio::time::timeout(Duration::from_millis(5), &mut job).await.is_err() {
        most = most.max(resident());
    }
    most = most.max(resident());
    let took = begun.elapsed();
    match (before, most) {
        (Some(before), Some(most)) => {
            let grown = most.saturating_sub(before);
            let verdict = if grown <= FLAT { "flat" } else { "NOT FLAT" };
            line(&format!("{name:<40} {took:>6.1?}, {grown} KiB more than before   {verdict}"));
        }
        _ => line(&format!("{name:<40} {took:>6.1?}, memory is not to be seen on this system")),
    }
}
