//! Summaries as they were computed last.

use cortex_insights::model::{KeptSummary, Span};
use cortex_kernel::CompanyId;
use diesel::prelude::*;
use diesel::sql_types::{Date as SqlDate, Jsonb, SmallInt, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use time::OffsetDateTime;

use super::sql;

/// Of the formulas by which summaries are computed. Raised with each change of them or of what is kept, so that what other
/// formulas made is read by nobody.
const VERSION: i16 = 1;

#[derive(QueryableByName)]
pub(crate) struct Row {
    #[diesel(sql_type = Jsonb)]
    summary: Value,
    #[diesel(sql_type = Timestamptz)]
    computed_at: OffsetDateTime,
}

pub(crate) async fn find(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    span: Span,
) -> QueryResult<Option<Row>> {
    sql("select summary, computed_at from summaries \
         where tenant_id = $1 and kind = $2 and first_day = $3 and version = $4")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Text, _>(span.kind().name())
    .bind::<SqlDate, _>(span.first())
    .bind::<SmallInt, _>(VERSION)
    .get_result(connection)
    .await
    .optional()
}

pub(crate) async fn keep(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    kept: &KeptSummary,
    summary: &Value,
) -> QueryResult<()> {
    sql("insert into summaries (tenant_id, kind, first_day, version, summary, computed_at) values ($1, $2, $3, $4, $5, $6) \
         on conflict (tenant_id, kind, first_day) do update \
         set version = excluded.version, summary = excluded.summary, computed_at = excluded.computed_at")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Text, _>(kept.span.kind().name())
    .bind::<SqlDate, _>(kept.span.first())
    .bind::<SmallInt, _>(VERSION)
    .bind::<Jsonb, _>(summary)
    .bind::<Timestamptz, _>(kept.computed_at)
    .execute(connection)
    .await?;
    Ok(())
}

impl Row {
    /// None where it cannot be read any more.
    pub(crate) fn into_kept(self, span: Span) -> Option<KeptSummary> {
        let summary = serde_json::from_value(self.summary).ok()?;
        Some(KeptSummary { span, summary, computed_at: self.computed_at })
    }
}
