//! What rules found, and which rules a company has.

use std::collections::BTreeMap;

use cortex_insights::model::{
    Alert, AlertCounts, AlertDocument, AlertRule, Dismissed, Finding, FoundAlert, MAX_PREVIEW, RuleSetting, Urgency,
    Viewer,
};
use cortex_kernel::{CompanyId, DocumentId};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Jsonb, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::inconsistency::Reading;
use super::{Inconsistency, sql};

#[derive(QueryableByName)]
pub(crate) struct RuleRow {
    #[diesel(sql_type = Text)]
    rule: String,
    #[diesel(sql_type = Integer)]
    threshold: i32,
    #[diesel(sql_type = Bool)]
    is_on: bool,
}

#[derive(QueryableByName)]
struct Moment {
    #[diesel(sql_type = Timestamptz)]
    moment: OffsetDateTime,
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

#[derive(QueryableByName)]
pub(crate) struct AlertRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    rule: String,
    #[diesel(sql_type = SmallInt)]
    urgency: i16,
    #[diesel(sql_type = Text)]
    summary: String,
    #[diesel(sql_type = Array<Text>)]
    key_entities: Vec<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    document_id: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    document_title: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    document_source: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    preview: Option<String>,
    #[diesel(sql_type = Integer)]
    occurrences: i32,
    #[diesel(sql_type = Integer)]
    investigation_count: i32,
    #[diesel(sql_type = Timestamptz)]
    detected_at: OffsetDateTime,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    resolved_at: Option<OffsetDateTime>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    dismissed_at: Option<OffsetDateTime>,
    #[diesel(sql_type = Nullable<Text>)]
    dismissed_by: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    note: Option<String>,
}

/// How many alerts of a rule and urgency there are.
#[derive(QueryableByName)]
pub(crate) struct CountRow {
    #[diesel(sql_type = Text)]
    rule: String,
    #[diesel(sql_type = SmallInt)]
    urgency: i16,
    #[diesel(sql_type = BigInt)]
    pub(crate) active: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) dismissed: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) resolved: i64,
}

/// Where a list goes on: behind the alert of this moment and id.
pub(crate) type Place = (OffsetDateTime, Uuid);

/// The columns of an [`AlertRow`], of alerts with their documents.
macro_rules! columns {
    ($preview:literal) => {
        concat!(
            "select alert.id, alert.rule, alert.urgency, alert.summary, alert.key_entities, document.id as document_id, \
               document.title as document_title, document.source as document_source, ",
            $preview,
            " as preview, alert.occurrences, alert.investigation_count, alert.detected_at, alert.resolved_at, \
               alert.dismissed_at, alert.dismissed_by, alert.note "
        )
    };
}

/// Gives the company the rules that it does not have yet.
pub(crate) async fn insert_rules(connection: &mut AsyncPgConnection, company_id: CompanyId) -> QueryResult<()> {
    sql("insert into cortex_alert_rules (tenant_id, rule, threshold) \
         select $1, rule, threshold from unnest($2, $3) as preset(rule, threshold) \
         on conflict (tenant_id, rule) do nothing")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Array<Text>, _>(AlertRule::ALL.map(AlertRule::name).to_vec())
    .bind::<Array<Integer>, _>(AlertRule::ALL.map(|rule| number(rule.default_threshold())).to_vec())
    .execute(connection)
    .await?;
    Ok(())
}

/// The rules of the company, of those that this version knows.
pub(crate) async fn list_rules(connection: &mut AsyncPgConnection, company_id: CompanyId) -> QueryResult<Vec<RuleRow>> {
    sql("select rule, threshold, is_on from cortex_alert_rules where tenant_id = $1 and rule = any($2) order by rule")
        .bind::<Text, _>(company_id.to_string())
        .bind::<Array<Text>, _>(AlertRule::ALL.map(AlertRule::name).to_vec())
        .load(connection)
        .await
}

/// What time it is; the same for all statements of a transaction.
pub(crate) async fn now(connection: &mut AsyncPgConnection) -> QueryResult<OffsetDateTime> {
    let Moment { moment } = sql("select now() as moment").get_result(connection).await?;
    Ok(moment)
}

/// Those of the documents that are there, and none of them goes before the transaction ends.
pub(crate) async fn hold_documents(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    ids: Vec<i64>,
) -> QueryResult<Vec<i64>> {
    let held: Vec<Id> = sql("select id from documents where tenant_id = $1 and id = any($2) order by id for key share")
        .bind::<Text, _>(company_id.to_string())
        .bind::<Array<BigInt>, _>(ids)
        .load(connection)
        .await?;
    Ok(held.into_iter().map(|held| held.id).collect())
}

/// Keeps what a rule found. What was dismissed as the same matter is left as it is.
pub(crate) async fn upsert(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    rule: AlertRule,
    findings: &[&Finding],
) -> QueryResult<()> {
    let found: Value = findings
        .iter()
        .map(|finding| {
            json!({
                "subject": clean(&finding.subject),
                "mark": clean(&finding.mark),
                "urgency": finding.urgency.rank(),
                "summary": clean(&finding.summary),
                "key_entities": finding.key_entities.iter().map(|entity| clean(entity)).collect::<Vec<_>>(),
                "document_id": finding.document_id.map(DocumentId::get),
                "user_id": finding.user_id,
            })
        })
        .collect();
    sql("insert into cortex_alerts as kept \
           (tenant_id, rule, subject, mark, urgency, summary, key_entities, document_id, user_id) \
         select $1, $2, found.* \
         from jsonb_to_recordset($3) as found \
           (subject text, mark text, urgency smallint, summary text, key_entities text[], document_id bigint, user_id text) \
         order by subject collate \"C\" \
         on conflict on constraint unique_alert do update \
         set mark = excluded.mark, urgency = excluded.urgency, summary = excluded.summary, \
             key_entities = excluded.key_entities, document_id = excluded.document_id, user_id = excluded.user_id, \
             seen_at = now(), resolved_at = null, dismissed_at = null, dismissed_by = null, note = null, \
             detected_at = case when kept.resolved_at is null and kept.dismissed_at is null then kept.detected_at \
               else now() end, \
             occurrences = case when kept.resolved_at is null and kept.dismissed_at is null then kept.occurrences \
               else kept.occurrences + 1 end \
         where kept.dismissed_at is null or kept.mark <> excluded.mark")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Text, _>(rule.name())
    .bind::<Jsonb, _>(found)
    .execute(connection)
    .await?;
    Ok(())
}

/// Resolves what the rule did not find since then, and answers how many that were.
pub(crate) async fn resolve(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    rule: AlertRule,
    since: OffsetDateTime,
) -> QueryResult<usize> {
    sql("update cortex_alerts set resolved_at = now() \
         where tenant_id = $1 and rule = $2 and seen_at < $3 and resolved_at is null and dismissed_at is null")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Text, _>(rule.name())
    .bind::<Timestamptz, _>(since)
    .execute(connection)
    .await
}

/// At most `most` active ones, of an urgency or of all: the most urgent first, and of these the newest.
pub(crate) async fn list_active(
    connection: &mut AsyncPgConnection,
    viewer: Viewer,
    urgency: Option<Urgency>,
    most: u16,
) -> QueryResult<Vec<AlertRow>> {
    sql(concat!(
        columns!("null"),
        "from cortex_alerts alert \
         left join documents document on document.tenant_id = $1 and document.id = alert.document_id \
         where alert.tenant_id = $1 and alert.resolved_at is null and alert.dismissed_at is null \
           and ($2 is null or alert.urgency = $2) \
           and ($4 or alert.user_id is null or alert.user_id = $5) \
         order by alert.urgency desc, alert.detected_at desc, alert.id limit $3"
    ))
    .bind::<Text, _>(viewer.company_id.to_string())
    .bind::<Nullable<SmallInt>, _>(urgency.map(Urgency::rank))
    .bind::<BigInt, _>(i64::from(most))
    .bind::<Bool, _>(viewer.is_admin)
    .bind::<Text, _>(viewer.user_id.to_string())
    .load(connection)
    .await
}

/// How many there are of each rule and urgency, found since then; of all, where it is not said.
pub(crate) async fn count(
    connection: &mut AsyncPgConnection,
    viewer: Viewer,
    since: OffsetDateTime,
) -> QueryResult<Vec<CountRow>> {
    sql("select rule, urgency, \
           count(*) filter (where resolved_at is null and dismissed_at is null) as active, \
           count(*) filter (where dismissed_at is not null) as dismissed, \
           count(*) filter (where resolved_at is not null) as resolved \
         from cortex_alerts where tenant_id = $1 and detected_at >= $2 and ($3 or user_id is null or user_id = $4) \
         group by rule, urgency")
    .bind::<Text, _>(viewer.company_id.to_string())
    .bind::<Timestamptz, _>(since)
    .bind::<Bool, _>(viewer.is_admin)
    .bind::<Text, _>(viewer.user_id.to_string())
    .load(connection)
    .await
}

/// How many active ones there are of each rule and urgency.
pub(crate) async fn count_active(connection: &mut AsyncPgConnection, viewer: Viewer) -> QueryResult<Vec<CountRow>> {
    sql("select rule, urgency, count(*) as active, 0::bigint as dismissed, 0::bigint as resolved \
         from cortex_alerts where tenant_id = $1 and resolved_at is null and dismissed_at is null \
           and ($2 or user_id is null or user_id = $3) \
         group by rule, urgency")
    .bind::<Text, _>(viewer.company_id.to_string())
    .bind::<Bool, _>(viewer.is_admin)
    .bind::<Text, _>(viewer.user_id.to_string())
    .load(connection)
    .await
}

/// At most `most` of those that were found since then, the newest first, behind `after`.
pub(crate) async fn list_history(
    connection: &mut AsyncPgConnection,
    viewer: Viewer,
    since: OffsetDateTime,
    includes_dismissed: bool,
    after: Option<Place>,
    most: i64,
) -> QueryResult<Vec<AlertRow>> {
    let (moment, id) = after.unzip();
    sql(concat!(
        columns!("null"),
        "from cortex_alerts alert \
         left join documents document on document.tenant_id = $1 and document.id = alert.document_id \
         where alert.tenant_id = $1 and alert.detected_at >= $2 and ($3 or alert.dismissed_at is null) \
           and ($7 or alert.user_id is null or alert.user_id = $8) \
           and ($4 is null or (alert.detected_at, alert.id) < ($4, $5)) \
         order by alert.detected_at desc, alert.id desc limit $6"
    ))
    .bind::<Text, _>(viewer.company_id.to_string())
    .bind::<Timestamptz, _>(since)
    .bind::<Bool, _>(includes_dismissed)
    .bind::<Nullable<Timestamptz>, _>(moment)
    .bind::<Nullable<SqlUuid>, _>(id)
    .bind::<BigInt, _>(most)
    .bind::<Bool, _>(viewer.is_admin)
    .bind::<Text, _>(viewer.user_id.to_string())
    .load(connection)
    .await
}

/// The alert, with how its document begins.
pub(crate) async fn find(
    connection: &mut AsyncPgConnection,
    viewer: Viewer,
    id: Uuid,
) -> QueryResult<Option<AlertRow>> {
    sql(concat!(
        columns!("left(document.content, $3)"),
        "from cortex_alerts alert \
         left join documents document on document.tenant_id = $1 and document.id = alert.document_id \
         where alert.tenant_id = $1 and alert.id = $2 and ($4 or alert.user_id is null or alert.user_id = $5)"
    ))
    .bind::<Text, _>(viewer.company_id.to_string())
    .bind::<SqlUuid, _>(id)
    .bind::<Integer, _>(i32::from(MAX_PREVIEW))
    .bind::<Bool, _>(viewer.is_admin)
    .bind::<Text, _>(viewer.user_id.to_string())
    .get_result(connection)
    .await
    .optional()
}

/// Dismisses the alert, if it is active; says whether it was.
pub(crate) async fn dismiss(
    connection: &mut AsyncPgConnection,
    viewer: Viewer,
    id: Uuid,
    note: Option<&str>,
) -> QueryResult<bool> {
    let dismissed = sql("update cortex_alerts set dismissed_at = now(), dismissed_by = $3, note = $4 \
         where tenant_id = $1 and id = $2 and resolved_at is null and dismissed_at is null \
           and ($5 or user_id is null or user_id = $3)")
    .bind::<Text, _>(viewer.company_id.to_string())
    .bind::<SqlUuid, _>(id)
    .bind::<Text, _>(viewer.user_id.to_string())
    .bind::<Nullable<Text>, _>(note)
    .bind::<Bool, _>(viewer.is_admin)
    .execute(connection)
    .await?;
    Ok(dismissed > 0)
}

/// Counts an investigation; says whether the alert is there.
pub(crate) async fn count_investigation(
    connection: &mut AsyncPgConnection,
    viewer: Viewer,
    id: Uuid,
) -> QueryResult<bool> {
    let counted = sql("update cortex_alerts set investigation_count = investigation_count + 1 \
         where tenant_id = $1 and id = $2 and ($3 or user_id is null or user_id = $4)")
    .bind::<Text, _>(viewer.company_id.to_string())
    .bind::<SqlUuid, _>(id)
    .bind::<Bool, _>(viewer.is_admin)
    .bind::<Text, _>(viewer.user_id.to_string())
    .execute(connection)
    .await?;
    Ok(counted > 0)
}

/// NUL, which no database takes, is white space.
fn clean(text: &str) -> String {
    text.replace('\0', " ")
}

fn number(threshold: u32) -> i32 {
    i32::try_from(threshold).unwrap_or(i32::MAX)
}

impl AlertRow {
    /// Where a list goes on behind it.
    pub(crate) const fn place(&self) -> Place {
        (self.detected_at, self.id)
    }

    /// What found it.
    pub(crate) fn rule(&self) -> &str {
        &self.rule
    }
}

impl CountRow {
    /// What it is of.
    fn of(&self) -> Result<(AlertRule, Urgency), Inconsistency> {
        let reading = Reading { table: "cortex_alerts", row: &"of a count" };
        Ok((reading.parse("rule", &self.rule)?, urgency(&reading, self.urgency)?))
    }
}

/// What is counted of each urgency and of each rule; what only a later version knows is left out.
pub(crate) fn totals(rows: &[CountRow], counted: impl Fn(&CountRow) -> i64) -> (AlertCounts, BTreeMap<AlertRule, u64>) {
    let (mut by_urgency, mut by_rule) = (AlertCounts::default(), BTreeMap::new());
    for row in rows {
        let count = counted(row).unsigned_abs();
        if let Ok((rule, urgency)) = row.of()
            && count > 0
        {
            by_urgency.add(urgency, count);
            *by_rule.entry(rule).or_default() += count;
        }
    }
    (by_urgency, by_rule)
}

fn urgency(reading: &Reading<'_>, rank: i16) -> Result<Urgency, Inconsistency> {
    let named = Urgency::try_from(rank).map_or("", Urgency::name);
    reading.parse("urgency", named)
}

impl TryFrom<RuleRow> for RuleSetting {
    type Error = Inconsistency;

    fn try_from(row: RuleRow) -> Result<Self, Inconsistency> {
        let reading = Reading { table: "cortex_alert_rules", row: &row.rule };
        let rule = reading.parse("rule", &row.rule)?;
        Ok(Self { rule, threshold: reading.natural("threshold", row.threshold)?, is_on: row.is_on })
    }
}

impl TryFrom<AlertRow> for Alert {
    type Error = Inconsistency;

    fn try_from(row: AlertRow) -> Result<Self, Inconsistency> {
        let reading = Reading { table: "cortex_alerts", row: &row.id };
        let dismissed_by = row.dismissed_by.as_deref().map(|by| reading.parse("dismissed_by", by)).transpose()?;
        let document = row.document_id.zip(row.document_title).zip(row.document_source);
        Ok(Self {
            id: row.id,
            rule: reading.parse("rule", &row.rule)?,
            urgency: urgency(&reading, row.urgency)?,
            summary: row.summary,
            key_entities: row.key_entities,
            document: document.map(|((id, title), source)| AlertDocument { id: DocumentId::new(id), title, source }),
            detected_at: row.detected_at,
            occurrences: reading.natural("occurrences", row.occurrences)?,
            investigation_count: reading.natural("investigation_count", row.investigation_count)?,
            resolved_at: row.resolved_at,
            dismissed: row.dismissed_at.map(|at| Dismissed { at, by: dismissed_by, note: row.note }),
        })
    }
}

impl TryFrom<AlertRow> for FoundAlert {
    type Error = Inconsistency;

    fn try_from(mut row: AlertRow) -> Result<Self, Inconsistency> {
        let preview = row.preview.take();
        Ok(Self { alert: row.try_into()?, preview })
    }
}
