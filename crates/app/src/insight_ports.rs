//! The ports of what the company sees of its knowledge.

use std::sync::Arc;

use cortex_insights::ports::{
    Books, CompanyOverview, Correspondence, DailyReports, DayReader, Figures, ReportRenderer, SavedReports, Summaries,
    Summarizer,
};
use cortex_postgres::Pool;
use cortex_postgres::stores::{
    PgBooks, PgCompanyOverview, PgCorrespondence, PgDailyReports, PgDayReader, PgFigures, PgSavedReports, PgSummaries,
};
use cortex_typeset::Typesetter;

/// What the company sees of all that it has.
#[derive(Clone)]
pub struct InsightPorts {
    /// What documents of accounting say.
    pub books: Arc<dyn Books>,
    /// Documents, connections and syncs in numbers.
    pub overview: Arc<dyn CompanyOverview>,
    /// Who writes to whom.
    pub correspondence: Arc<dyn Correspondence>,
    /// How much there was, day by day.
    pub figures: Arc<dyn Figures>,
    /// What days, weeks and months were.
    pub summaries: Arc<dyn Summaries>,
}

/// What people are told in reports.
#[derive(Clone)]
pub struct ReportPorts {
    /// What there was on a day.
    pub days: Arc<dyn DayReader>,
    /// Which addresses are the company's own.
    pub overview: Arc<dyn CompanyOverview>,
    /// The reports of days.
    pub daily: Arc<dyn DailyReports>,
    /// Puts their summaries in words, where there is a language model.
    pub summarizer: Option<Arc<dyn Summarizer>>,
    /// Makes files of them.
    pub renderer: Arc<dyn ReportRenderer>,
    /// The reports that they keep.
    pub saved: Arc<dyn SavedReports>,
}

impl InsightPorts {
    /// The adapters that production runs with.
    pub(crate) fn production(company: &Pool) -> Self {
        Self {
            books: Arc::new(PgBooks::new(company.clone())),
            overview: Arc::new(PgCompanyOverview::new(company.clone())),
            correspondence: Arc::new(PgCorrespondence::new(company.clone())),
            figures: Arc::new(PgFigures::new(company.clone())),
            summaries: Arc::new(PgSummaries::new(company.clone())),
        }
    }
}

impl ReportPorts {
    /// The adapters that production runs with.
    pub(crate) fn production(company: &Pool, summarizer: Option<Arc<dyn Summarizer>>) -> Self {
        Self {
            days: Arc::new(PgDayReader::new(company.clone())),
            overview: Arc::new(PgCompanyOverview::new(company.clone())),
            daily: Arc::new(PgDailyReports::new(company.clone())),
            summarizer,
            renderer: Arc::new(Typesetter::default()),
            saved: Arc::new(PgSavedReports::new(company.clone())),
        }
    }
}
