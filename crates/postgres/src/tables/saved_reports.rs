//! Reports that people keep. One is its owner's; one that is shared his colleagues may read.

use cortex_insights::model::{NewSavedReport, Owner, ReportChange, ReportQuery, ReportStats, SavedReport};
use cortex_kernel::SavedReportId;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::scalars::{Answer, Count};
use super::sql;

#[derive(QueryableByName)]
pub(crate) struct ReportRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    user_id: String,
    #[diesel(sql_type = Text)]
    title: String,
    #[diesel(sql_type = Text)]
    report_type: String,
    #[diesel(sql_type = Nullable<Text>)]
    description: Option<String>,
    #[diesel(sql_type = Text)]
    summary: String,
    #[diesel(sql_type = Nullable<Text>)]
    source_widget_title: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    source_widget_message: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    source_alert_id: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    source_query: Option<String>,
    #[diesel(sql_type = Array<Text>)]
    tags: Vec<String>,
    #[diesel(sql_type = Bool)]
    is_starred: bool,
    #[diesel(sql_type = Bool)]
    is_shared: bool,
    #[diesel(sql_type = Timestamptz)]
    created_at: OffsetDateTime,
    #[diesel(sql_type = Timestamptz)]
    updated_at: OffsetDateTime,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    last_viewed_at: Option<OffsetDateTime>,
    #[diesel(sql_type = BigInt)]
    view_count: i64,
}

/// A report with what it says.
#[derive(QueryableByName)]
pub(crate) struct WholeRow {
    #[diesel(embed)]
    pub(crate) report: ReportRow,
    #[diesel(sql_type = Jsonb)]
    pub(crate) report_data: Value,
}

#[derive(QueryableByName)]
pub(crate) struct TypeRow {
    #[diesel(sql_type = Text)]
    report_type: String,
    #[diesel(sql_type = BigInt)]
    count: i64,
    #[diesel(sql_type = BigInt)]
    starred: i64,
    #[diesel(sql_type = BigInt)]
    shared: i64,
    #[diesel(sql_type = BigInt)]
    views: i64,
}

/// Puts a report among the owner's.
pub(crate) async fn insert(
    connection: &mut AsyncPgConnection,
    owner: Owner,
    report: &NewSavedReport,
) -> QueryResult<()> {
    let NewSavedReport { id, head, data, origin } = report;
    sql("insert into cortex_saved_reports (id, tenant_id, user_id, title, report_type, description, report_data, summary, \
           source_widget_title, source_widget_message, source_alert_id, source_query, tags, created_at, updated_at) \
         select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, now, now from clock_timestamp() now")
    .bind::<SqlUuid, _>(id.as_uuid())
    .bind::<Text, _>(owner.company_id.to_string())
    .bind::<Text, _>(owner.user_id.to_string())
    .bind::<Text, _>(head.title())
    .bind::<Text, _>(head.report_type())
    .bind::<Nullable<Text>, _>(head.description())
    .bind::<Jsonb, _>(data.as_value())
    .bind::<Text, _>(report.summary())
    .bind::<Nullable<Text>, _>(origin.widget_title())
    .bind::<Nullable<Text>, _>(origin.widget_message())
    .bind::<Nullable<Text>, _>(origin.alert_id())
    .bind::<Nullable<Text>, _>(origin.query())
    .bind::<Array<Text>, _>(head.tags())
    .execute(connection)
    .await?;
    Ok(())
}

/// How many the owner keeps.
pub(crate) async fn count_own(connection: &mut AsyncPgConnection, owner: Owner) -> QueryResult<i64> {
    let Count { count } = sql("select count(*) from cortex_saved_reports where tenant_id = $1 and user_id = $2")
        .bind::<Text, _>(owner.company_id.to_string())
        .bind::<Text, _>(owner.user_id.to_string())
        .get_result(connection)
        .await?;
    Ok(count)
}

/// All but what a report says.
macro_rules! columns {
    () => {
        "id, user_id, title, report_type, description, summary, source_widget_title, source_widget_message, \
         source_alert_id, source_query, tags, is_starred, is_shared, created_at, updated_at, last_viewed_at, view_count"
    };
}

/// Those that a query wants, of one's own and those that others share.
macro_rules! wanted {
    () => {
        concat!(
            "with readable as ( \
           select ",
            columns!(),
            " from cortex_saved_reports where tenant_id = $1 and user_id = $2 \
           union all \
           select ",
            columns!(),
            " from cortex_saved_reports where tenant_id = $1 and is_shared and user_id <> $2), \
         wanted as ( \
           select * from readable \
           where ($3 is null or report_type = $3) and (not $4 or is_starred and user_id = $2) \
             and ($5 is null or position(lower($5) in lower(concat_ws(chr(10), title, description, summary, \
               source_query, array_to_string(tags, chr(10))))) > 0)) "
        )
    };
}

/// How many there are.
pub(crate) async fn count(connection: &mut AsyncPgConnection, owner: Owner, query: &ReportQuery) -> QueryResult<i64> {
    let Count { count } = sql(concat!(wanted!(), "select count(*) from wanted"))
        .bind::<Text, _>(owner.company_id.to_string())
        .bind::<Text, _>(owner.user_id.to_string())
        .bind::<Nullable<Text>, _>(query.report_type.as_deref())
        .bind::<Bool, _>(query.starred_only)
        .bind::<Nullable<Text>, _>(query.text.as_deref())
        .get_result(connection)
        .await?;
    Ok(count)
}

/// A part of them, the newest first.
pub(crate) async fn list(
    connection: &mut AsyncPgConnection,
    owner: Owner,
    query: &ReportQuery,
) -> QueryResult<Vec<ReportRow>> {
    sql(concat!(wanted!(), "select ", columns!(), " from wanted order by created_at desc, id desc limit $6 offset $7"))
        .bind::<Text, _>(owner.company_id.to_string())
        .bind::<Text, _>(owner.user_id.to_string())
        .bind::<Nullable<Text>, _>(query.report_type.as_deref())
        .bind::<Bool, _>(query.starred_only)
        .bind::<Nullable<Text>, _>(query.text.as_deref())
        .bind::<Integer, _>(i32::from(query.limit))
        .bind::<BigInt, _>(i64::from(query.offset))
        .load(connection)
        .await
}

/// One's own report, on which a look is counted.
pub(crate) async fn look_at_own(
    connection: &mut AsyncPgConnection,
    owner: Owner,
    id: SavedReportId,
) -> QueryResult<Option<WholeRow>> {
    sql(concat!(
        "update cortex_saved_reports set view_count = view_count + 1, last_viewed_at = clock_timestamp() \
         where tenant_id = $1 and user_id = $2 and id = $3 returning report_data, ",
        columns!()
    ))
    .bind::<Text, _>(owner.company_id.to_string())
    .bind::<Text, _>(owner.user_id.to_string())
    .bind::<SqlUuid, _>(id.as_uuid())
    .get_result(connection)
    .await
    .optional()
}

/// A report that somebody shares.
pub(crate) async fn find_shared(
    connection: &mut AsyncPgConnection,
    owner: Owner,
    id: SavedReportId,
) -> QueryResult<Option<WholeRow>> {
    sql(concat!(
        "select report_data, ",
        columns!(),
        " from cortex_saved_reports where tenant_id = $1 and id = $2 and is_shared"
    ))
    .bind::<Text, _>(owner.company_id.to_string())
    .bind::<SqlUuid, _>(id.as_uuid())
    .get_result(connection)
    .await
    .optional()
}

/// Changes one's own report.
pub(crate) async fn update(
    connection: &mut AsyncPgConnection,
    owner: Owner,
    id: SavedReportId,
    change: &ReportChange,
) -> QueryResult<Option<ReportRow>> {
    sql(concat!(
        "update cortex_saved_reports \
         set title = coalesce($4, title), tags = coalesce($6, tags), is_shared = coalesce($7, is_shared), \
             description = case when $5 is null then description else nullif($5, '') end, \
             updated_at = clock_timestamp() \
         where tenant_id = $1 and user_id = $2 and id = $3 returning ",
        columns!()
    ))
    .bind::<Text, _>(owner.company_id.to_string())
    .bind::<Text, _>(owner.user_id.to_string())
    .bind::<SqlUuid, _>(id.as_uuid())
    .bind::<Nullable<Text>, _>(change.title())
    .bind::<Nullable<Text>, _>(change.description())
    .bind::<Nullable<Array<Text>>, _>(change.tags())
    .bind::<Nullable<Bool>, _>(change.is_shared())
    .get_result(connection)
    .await
    .optional()
}

/// Stars one's own report, takes the star, or turns it.
pub(crate) async fn star(
    connection: &mut AsyncPgConnection,
    owner: Owner,
    id: SavedReportId,
    starred: Option<bool>,
) -> QueryResult<Option<bool>> {
    let starred: Option<Answer> = sql("update cortex_saved_reports set is_starred = coalesce($4, not is_starred) \
         where tenant_id = $1 and user_id = $2 and id = $3 returning is_starred as answer")
    .bind::<Text, _>(owner.company_id.to_string())
    .bind::<Text, _>(owner.user_id.to_string())
    .bind::<SqlUuid, _>(id.as_uuid())
    .bind::<Nullable<Bool>, _>(starred)
    .get_result(connection)
    .await
    .optional()?;
    Ok(starred.map(|starred| starred.answer))
}

/// Deletes one's own report. Answers whether it was there.
pub(crate) async fn delete(connection: &mut AsyncPgConnection, owner: Owner, id: SavedReportId) -> QueryResult<bool> {
    let deleted = sql("delete from cortex_saved_reports where tenant_id = $1 and user_id = $2 and id = $3")
        .bind::<Text, _>(owner.company_id.to_string())
        .bind::<Text, _>(owner.user_id.to_string())
        .bind::<SqlUuid, _>(id.as_uuid())
        .execute(connection)
        .await?;
    Ok(deleted > 0)
}

/// How many of each kind the owner keeps.
pub(crate) async fn count_types(connection: &mut AsyncPgConnection, owner: Owner) -> QueryResult<Vec<TypeRow>> {
    sql("select report_type, count(*) as count, count(*) filter (where is_starred) as starred, \
           count(*) filter (where is_shared) as shared, sum(view_count)::bigint as views \
         from cortex_saved_reports where tenant_id = $1 and user_id = $2 \
         group by report_type order by count(*) desc, report_type")
    .bind::<Text, _>(owner.company_id.to_string())
    .bind::<Text, _>(owner.user_id.to_string())
    .load(connection)
    .await
}

/// What these rows add up to.
pub(crate) fn stats(rows: Vec<TypeRow>) -> ReportStats {
    let mut stats = ReportStats::default();
    for row in rows {
        stats.starred += row.starred.unsigned_abs();
        stats.shared += row.shared.unsigned_abs();
        stats.views += row.views.unsigned_abs();
        stats.by_type.push((row.report_type, row.count.unsigned_abs()));
    }
    stats
}

impl From<ReportRow> for SavedReport {
    fn from(row: ReportRow) -> Self {
        Self {
            id: SavedReportId::new(row.id),
            owner_id: row.user_id,
            title: row.title,
            report_type: row.report_type,
            description: row.description,
            tags: row.tags,
            summary: row.summary,
            widget_title: row.source_widget_title,
            widget_message: row.source_widget_message,
            alert_id: row.source_alert_id,
            query: row.source_query,
            is_starred: row.is_starred,
            is_shared: row.is_shared,
            created_at: row.created_at,
            updated_at: row.updated_at,
            last_viewed_at: row.last_viewed_at,
            view_count: row.view_count.unsigned_abs(),
        }
    }
}
