//! Reports of days, as they are kept: their key in columns, all else as JSON in the words in which clients read it.

use cortex_insights::model::{
    AnsweredBy, ChartForm, DailyReport, DailyReportKind, ReportChart, ReportSection, ReportSource, SectionFacts,
};
use cortex_kernel::{CompanyId, DocumentId};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date as SqlDate, Jsonb, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::inconsistency::Reading;
use super::scalars::Count;
use super::{Inconsistency, sql};

#[derive(QueryableByName)]
pub(crate) struct ReportRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    report_type: String,
    #[diesel(sql_type = SqlDate)]
    report_date: Date,
    #[diesel(sql_type = Timestamptz)]
    generated_at: OffsetDateTime,
    #[diesel(sql_type = Jsonb)]
    report: Value,
}

/// All of a report but its key.
#[derive(Deserialize, Serialize)]
pub(crate) struct KeptReport {
    executive_summary: String,
    is_in_a_models_words: bool,
    sections: Vec<KeptSection>,
    charts: Vec<KeptChart>,
    key_items: Vec<String>,
    generation_duration_ms: u64,
}

#[derive(Deserialize, Serialize)]
struct KeptSection {
    title: String,
    question: String,
    content: String,
    sources: Vec<KeptSource>,
    evolution_note: String,
    count: u64,
    names: Vec<String>,
}

#[derive(Deserialize, Serialize)]
struct KeptSource {
    document_id: i64,
    title: String,
}

#[derive(Deserialize, Serialize)]
struct KeptChart {
    title: String,
    is_of_columns: bool,
    bars: Vec<(String, u64)>,
}

/// Keeps a report in the place of the one before.
pub(crate) async fn upsert(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    report: &DailyReport,
    kept: &Value,
) -> QueryResult<()> {
    sql("insert into cortex_daily_reports (tenant_id, report_date, report_type, id, generated_at, report) \
         values ($1, $2, $3, $4, $5, $6) \
         on conflict (tenant_id, report_date, report_type) do update \
         set id = excluded.id, generated_at = excluded.generated_at, report = excluded.report")
    .bind::<Text, _>(company_id.to_string())
    .bind::<SqlDate, _>(report.day)
    .bind::<Text, _>(report.kind.name())
    .bind::<SqlUuid, _>(report.id)
    .bind::<Timestamptz, _>(report.generated_at)
    .bind::<Jsonb, _>(kept)
    .execute(connection)
    .await?;
    Ok(())
}

/// The report of a kind and day.
pub(crate) async fn find(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    kind: DailyReportKind,
    day: Date,
) -> QueryResult<Option<ReportRow>> {
    sql("select id, report_type, report_date, generated_at, report from cortex_daily_reports \
         where tenant_id = $1 and report_date = $2 and report_type = $3")
    .bind::<Text, _>(company_id.to_string())
    .bind::<SqlDate, _>(day)
    .bind::<Text, _>(kind.name())
    .get_result(connection)
    .await
    .optional()
}

/// The reports of a day, by their kinds.
pub(crate) async fn list_of_day(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    day: Date,
) -> QueryResult<Vec<ReportRow>> {
    sql("select id, report_type, report_date, generated_at, report from cortex_daily_reports \
         where tenant_id = $1 and report_date = $2 order by report_type")
    .bind::<Text, _>(company_id.to_string())
    .bind::<SqlDate, _>(day)
    .load(connection)
    .await
}

/// How many reports there are.
pub(crate) async fn count(connection: &mut AsyncPgConnection, company_id: CompanyId) -> QueryResult<i64> {
    let Count { count } = sql("select count(*) from cortex_daily_reports where tenant_id = $1")
        .bind::<Text, _>(company_id.to_string())
        .get_result(connection)
        .await?;
    Ok(count)
}

/// Some of them, the latest days first.
pub(crate) async fn list_latest(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    most: i64,
) -> QueryResult<Vec<ReportRow>> {
    // The days from the end of the index, and then the kinds of equal days.
    sql("select id, report_type, report_date, generated_at, report from cortex_daily_reports \
         where tenant_id = $1 order by report_date desc, report_type limit $2")
    .bind::<Text, _>(company_id.to_string())
    .bind::<BigInt, _>(most)
    .load(connection)
    .await
}

impl From<&DailyReport> for KeptReport {
    fn from(report: &DailyReport) -> Self {
        Self {
            executive_summary: report.executive_summary.clone(),
            is_in_a_models_words: report.summarized_by == AnsweredBy::Model,
            sections: report.sections.iter().map(KeptSection::from).collect(),
            charts: report.charts.iter().map(KeptChart::from).collect(),
            key_items: report.key_items.clone(),
            generation_duration_ms: report.duration_ms,
        }
    }
}

impl From<&ReportSection> for KeptSection {
    fn from(section: &ReportSection) -> Self {
        let source =
            |source: &ReportSource| KeptSource { document_id: source.document_id.get(), title: source.title.clone() };
        Self {
            title: section.title.clone(),
            question: section.question.clone(),
            content: section.content.clone(),
            sources: section.sources.iter().map(source).collect(),
            evolution_note: section.evolution_note.clone(),
            count: section.facts.count,
            names: section.facts.names.iter().cloned().collect(),
        }
    }
}

impl From<KeptSection> for ReportSection {
    fn from(kept: KeptSection) -> Self {
        let source =
            |KeptSource { document_id, title }| ReportSource { document_id: DocumentId::new(document_id), title };
        Self {
            title: kept.title,
            question: kept.question,
            content: kept.content,
            sources: kept.sources.into_iter().map(source).collect(),
            evolution_note: kept.evolution_note,
            facts: SectionFacts { count: kept.count, names: kept.names.into_iter().collect() },
        }
    }
}

impl From<&ReportChart> for KeptChart {
    fn from(chart: &ReportChart) -> Self {
        let is_of_columns = chart.form == ChartForm::Columns;
        Self { title: chart.title.clone(), is_of_columns, bars: chart.bars.clone() }
    }
}

impl From<KeptChart> for ReportChart {
    fn from(kept: KeptChart) -> Self {
        let form = if kept.is_of_columns { ChartForm::Columns } else { ChartForm::Rows };
        Self { title: kept.title, form, bars: kept.bars }
    }
}

impl TryFrom<ReportRow> for DailyReport {
    type Error = Inconsistency;

    fn try_from(row: ReportRow) -> Result<Self, Inconsistency> {
        let reading = Reading { table: "cortex_daily_reports", row: &row.id };
        let kept: KeptReport = reading.json("report", row.report)?;
        Ok(Self {
            id: row.id,
            kind: reading.parse("report_type", &row.report_type)?,
            day: row.report_date,
            executive_summary: kept.executive_summary,
            summarized_by: if kept.is_in_a_models_words { AnsweredBy::Model } else { AnsweredBy::Extract },
            sections: kept.sections.into_iter().map(ReportSection::from).collect(),
            charts: kept.charts.into_iter().map(ReportChart::from).collect(),
            key_items: kept.key_items,
            generated_at: row.generated_at,
            duration_ms: kept.generation_duration_ms,
        })
    }
}
