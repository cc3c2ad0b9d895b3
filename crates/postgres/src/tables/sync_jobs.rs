//! The jobs. Ownership of a running one is its id and the epoch of its lease; all times are the database's. Rows from
//! before there was a queue have no kind, and nothing here reads or writes them. A job of the company has no connection but a
//! period, in its parameters; the name of its kind stands where others have their provider.

use std::time::Duration;

use cortex_kernel::{CompanyId, ConnectionId, JobId, Lease, Provider, UserId};
use cortex_sync_jobs::model::{
    Account, ClaimedJob, Failure, Job, JobFilter, JobKind, JobStatus, JobSubject, LastSync, NOBODY, NewJob, Progress,
    Slice,
};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Double, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use super::company_jobs;
use super::inconsistency::Reading;
use super::scalars::{Answer, Count};
use super::{Inconsistency, sql};

/// That a row is a job of a kind that this version knows, by the name before its columns: it has a connection, or is of a
/// kind of the company's. Of a kind that only a newer version knows nothing could be made here.
macro_rules! is_known {
    ($row:literal) => {
        concat!(
            "(",
            $row,
            "connection_id is not null or ",
            $row,
            "kind in ('summaries', 'alert_rules', 'daily_reports'))"
        )
    };
}

pub(crate) use is_known;

#[derive(QueryableByName)]
pub(crate) struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    tenant_id: String,
    #[diesel(sql_type = Text)]
    user_id: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    connection_id: Option<i64>,
    #[diesel(sql_type = Text)]
    job_type: String,
    #[diesel(sql_type = Nullable<Text>)]
    kind: Option<String>,
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = Nullable<Text>)]
    trigger: Option<String>,
    #[diesel(sql_type = Jsonb)]
    parameters: serde_json::Value,
    #[diesel(sql_type = Nullable<Text>)]
    triggered_by: Option<String>,
    #[diesel(sql_type = Integer)]
    attempt: i32,
    #[diesel(sql_type = Integer)]
    max_attempts: i32,
    #[diesel(sql_type = Jsonb)]
    progress: serde_json::Value,
    #[diesel(sql_type = Nullable<Text>)]
    error_code: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    error_message: Option<String>,
    #[diesel(sql_type = Timestamptz)]
    run_after: OffsetDateTime,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    created_at: Option<OffsetDateTime>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    progressed_at: Option<OffsetDateTime>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    started_at: Option<OffsetDateTime>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    completed_at: Option<OffsetDateTime>,
    #[diesel(sql_type = BigInt)]
    lease_epoch: i64,
}

impl Row {
    pub(crate) const fn id(&self) -> Uuid {
        self.id
    }
}

/// Where an ended run leaves its job.
pub(crate) struct Settlement<'a> {
    pub(crate) status: JobStatus,
    /// Whether the run counts as an attempt.
    pub(crate) is_attempt: bool,
    pub(crate) failure: Option<&'a Failure>,
    /// When it may be run again; none where it will not be.
    pub(crate) after: Option<Duration>,
}

/// `progress` of a row. What is missing is none.
#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct ProgressJson {
    pub(crate) pages: u64,
    pub(crate) seen: u64,
    pub(crate) added: u64,
    pub(crate) updated: u64,
    pub(crate) unchanged: u64,
    pub(crate) deleted: u64,
    pub(crate) held: u64,
    pub(crate) set_aside: u64,
}

#[derive(QueryableByName)]
pub(crate) struct UserRow {
    #[diesel(sql_type = Text)]
    user_id: String,
}

#[derive(QueryableByName)]
pub(crate) struct CountedStatus {
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = BigInt)]
    count: i64,
}

#[derive(QueryableByName)]
pub(crate) struct LastRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    user_id: String,
    #[diesel(sql_type = Text)]
    job_type: String,
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    created_at: Option<OffsetDateTime>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    last_completed_at: Option<OffsetDateTime>,
}

#[derive(QueryableByName)]
struct Leased {
    #[diesel(sql_type = Jsonb)]
    progress: serde_json::Value,
}

/// Makes the job, or answers the live one that does the same, which, if it runs, is to begin once more.
pub(crate) async fn enqueue(connection: &mut AsyncPgConnection, job: &NewJob) -> QueryResult<Row> {
    match &job.subject {
        JobSubject::Account(account) => enqueue_sync(connection, job, *account).await,
        JobSubject::Company(period) => company_jobs::enqueue(connection, job, period).await,
    }
}

/// The same for one that reads an account: one of the same connection and kind does the same. One for contents that waits,
/// waits no longer.
async fn enqueue_sync(connection: &mut AsyncPgConnection, job: &NewJob, account: Account) -> QueryResult<Row> {
    sql("insert into sync_jobs \
           (id, tenant_id, user_id, connection_id, job_type, kind, trigger, triggered_by, max_attempts) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
         on conflict (tenant_id, connection_id, kind) where status in ('queued', 'running') \
         do update set rerun_requested = sync_jobs.rerun_requested or sync_jobs.status = 'running', \
           run_after = case when sync_jobs.kind = 'content' then least(sync_jobs.run_after, excluded.run_after) \
             else sync_jobs.run_after end \
         returning *")
    .bind::<SqlUuid, _>(job.id.as_uuid())
    .bind::<Text, _>(job.company_id.to_string())
    .bind::<Text, _>(job.user_id.to_string())
    .bind::<BigInt, _>(account.connection_id.get())
    .bind::<Text, _>(account.provider.name())
    .bind::<Text, _>(job.kind.name())
    .bind::<Text, _>(job.trigger.name())
    .bind::<Nullable<Text>, _>(job.triggered_by.as_deref())
    .bind::<Integer, _>(i32::try_from(job.max_attempts).unwrap_or(i32::MAX))
    .get_result(connection)
    .await
}

/// Which jobs are to end.
#[derive(Clone, Copy)]
pub(crate) enum Which<'a> {
    One(JobId),
    OfConnection(ConnectionId),
    OfUsers(&'a [UserId]),
}

/// Ends those of these that wait or run, whoever runs them: from now on such a run can write nothing. Answers what they
/// are now. Few jobs of a company wait or run, and an index holds just those.
pub(crate) async fn end(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    which: Which<'_>,
    status: JobStatus,
    failure: &Failure,
) -> QueryResult<Vec<Row>> {
    let (one, of_connection, of_users) = match which {
        Which::One(id) => (Some(id.as_uuid()), None, None),
        Which::OfConnection(id) => (None, Some(id.get()), None),
        Which::OfUsers(users) => (None, None, Some(users.iter().map(ToString::to_string).collect::<Vec<_>>())),
    };
    sql(concat!(
        "update sync_jobs \
         set status = $2, error_code = $3, error_message = $4, completed_at = now(), \
             cancel_requested_at = case when $2 = 'cancelled' then now() end, lease_owner = null, lease_until = null \
         where tenant_id = $1 and kind is not null and status in ('queued', 'running') \
           and ($5 is null or (id = $5 and ",
        is_known!(""),
        ")) \
           and ($6 is null or connection_id = $6) and ($7 is null or user_id = any($7)) \
         returning *"
    ))
    .bind::<Text, _>(company_id.to_string())
    .bind::<Text, _>(status.name())
    .bind::<Text, _>(&failure.code)
    .bind::<Text, _>(&failure.message)
    .bind::<Nullable<SqlUuid>, _>(one)
    .bind::<Nullable<BigInt>, _>(of_connection)
    .bind::<Nullable<Array<Text>>, _>(of_users)
    .load(connection)
    .await
}

/// Whose jobs wait or run. Nobody is no person.
pub(crate) async fn list_live_users(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
) -> QueryResult<Vec<UserRow>> {
    sql("select distinct user_id from sync_jobs \
         where tenant_id = $1 and kind is not null and status in ('queued', 'running') and user_id <> $2")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Text, _>(NOBODY.to_string())
    .load(connection)
    .await
}

/// Completes a job whose lease is alive, unless it was asked for again meanwhile. Answers whether it is completed.
pub(crate) async fn complete(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    lease: Lease,
) -> QueryResult<Option<bool>> {
    let completed: Option<Answer> = sql("update sync_jobs job \
         set status = case when before.rerun_requested then 'running' else 'completed' end, \
             completed_at = case when before.rerun_requested then null else now() end, \
             lease_owner = case when before.rerun_requested then job.lease_owner end, \
             lease_until = case when before.rerun_requested then job.lease_until end, \
             error_code = null, error_message = null, rerun_requested = false \
         from ( \
           select id, rerun_requested from sync_jobs \
           where tenant_id = $1 and id = $2 and lease_epoch = $3 and status = 'running' and lease_until > now() \
           for update) before \
         where job.id = before.id returning job.status = 'completed' as answer")
    .bind::<Text, _>(company_id.to_string())
    .bind::<SqlUuid, _>(lease.job.as_uuid())
    .bind::<BigInt, _>(lease.epoch)
    .get_result(connection)
    .await
    .optional()?;
    Ok(completed.map(|completed| completed.answer))
}

/// Ends a run whose lease is alive. Answers whether it was.
pub(crate) async fn settle(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    lease: Lease,
    settlement: &Settlement<'_>,
) -> QueryResult<bool> {
    let settled = sql("update sync_jobs \
         set status = $4, attempt = attempt - $5, error_code = $6, error_message = $7, \
             run_after = coalesce(now() + make_interval(secs => $8), run_after), \
             completed_at = case when $9 then now() end, lease_owner = null, lease_until = null \
         where tenant_id = $1 and id = $2 and lease_epoch = $3 and status = 'running' and lease_until > now()")
    .bind::<Text, _>(company_id.to_string())
    .bind::<SqlUuid, _>(lease.job.as_uuid())
    .bind::<BigInt, _>(lease.epoch)
    .bind::<Text, _>(settlement.status.name())
    .bind::<Integer, _>(i32::from(!settlement.is_attempt))
    .bind::<Nullable<Text>, _>(settlement.failure.map(|failure| failure.code.as_str()))
    .bind::<Nullable<Text>, _>(settlement.failure.map(|failure| failure.message.as_str()))
    .bind::<Nullable<Double>, _>(settlement.after.map(|after| after.as_secs_f64()))
    .bind::<Bool, _>(settlement.status.is_final())
    .execute(connection)
    .await?;
    Ok(settled > 0)
}

pub(crate) async fn find(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    id: JobId,
) -> QueryResult<Option<Row>> {
    sql(concat!("select * from sync_jobs where tenant_id = $1 and id = $2 and kind is not null and ", is_known!("")))
        .bind::<Text, _>(company_id.to_string())
        .bind::<SqlUuid, _>(id.as_uuid())
        .get_result(connection)
        .await
        .optional()
}

/// Jobs that the filter lets through, also of the company, newest first.
pub(crate) async fn list(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    filter: &JobFilter,
    slice: Slice,
) -> QueryResult<Vec<Row>> {
    sql(concat!(
        "select * from sync_jobs where tenant_id = $1 and kind is not null and ",
        is_known!(""),
        "  and ($2 is null or user_id = $2) and ($3 is null or job_type = $3) and ($4 is null or status = $4) \
         order by created_at desc, id limit $5 offset $6"
    ))
    .bind::<Text, _>(company_id.to_string())
    .bind::<Nullable<Text>, _>(filter.user_id.map(|user_id| user_id.to_string()))
    .bind::<Nullable<Text>, _>(filter.provider.map(Provider::name))
    .bind::<Nullable<Text>, _>(filter.status.map(JobStatus::name))
    .bind::<BigInt, _>(i64::from(slice.limit()))
    .bind::<BigInt, _>(i64::from(slice.offset()))
    .load(connection)
    .await
}

/// The next of the jobs of accounts that the filter lets through, newest first, from after `after` on.
pub(crate) async fn list_after(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    filter: &JobFilter,
    after: Option<JobId>,
    most: i64,
) -> QueryResult<Vec<Row>> {
    sql("with place as ( \
           select case when $5 is null then 'infinity' \
             else (select created_at from sync_jobs where tenant_id = $1 and id = $5) end as moment) \
         select * from sync_jobs \
         where tenant_id = $1 and kind is not null and connection_id is not null \
           and ($2 is null or user_id = $2) and ($3 is null or job_type = $3) and ($4 is null or status = $4) \
           and created_at <= (select moment from place) \
           and ($5 is null or id > $5 or created_at < (select moment from place)) \
         order by created_at desc, id limit $6")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Nullable<Text>, _>(filter.user_id.map(|user_id| user_id.to_string()))
    .bind::<Nullable<Text>, _>(filter.provider.map(Provider::name))
    .bind::<Nullable<Text>, _>(filter.status.map(JobStatus::name))
    .bind::<Nullable<SqlUuid>, _>(after.map(JobId::as_uuid))
    .bind::<BigInt, _>(most)
    .load(connection)
    .await
}

/// How many the filter lets through, also of the company.
pub(crate) async fn count(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    filter: &JobFilter,
) -> QueryResult<i64> {
    let counted: Count = sql(concat!(
        "select count(*) as count from sync_jobs where tenant_id = $1 and kind is not null and ",
        is_known!(""),
        "  and ($2 is null or user_id = $2) and ($3 is null or job_type = $3) and ($4 is null or status = $4)"
    ))
    .bind::<Text, _>(company_id.to_string())
    .bind::<Nullable<Text>, _>(filter.user_id.map(|user_id| user_id.to_string()))
    .bind::<Nullable<Text>, _>(filter.provider.map(Provider::name))
    .bind::<Nullable<Text>, _>(filter.status.map(JobStatus::name))
    .get_result(connection)
    .await?;
    Ok(counted.count)
}

/// How many jobs of accounts there are of each status.
pub(crate) async fn count_by_status(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
) -> QueryResult<Vec<CountedStatus>> {
    sql("select status, count(*) as count from sync_jobs \
         where tenant_id = $1 and kind is not null and connection_id is not null group by status")
    .bind::<Text, _>(company_id.to_string())
    .load(connection)
    .await
}

/// The latest job that read each account, and when one of it was last completed. Each is looked up by itself: an account that is
/// read every hour has thousands.
pub(crate) async fn last_syncs(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    users: &[UserId],
) -> QueryResult<Vec<LastRow>> {
    sql("select person.id as user_id, provider.name as job_type, latest.id, latest.status, latest.created_at, \
           completed.completed_at as last_completed_at \
         from unnest($2) as person(id) cross join unnest($3) as provider(name) \
         cross join lateral ( \
           select id, status, created_at from sync_jobs \
           where tenant_id = $1 and user_id = person.id and job_type = provider.name \
             and kind <> 'content' and connection_id is not null \
           order by created_at desc limit 1) latest \
         left join lateral ( \
           select completed_at from sync_jobs \
           where tenant_id = $1 and user_id = person.id and job_type = provider.name \
             and kind <> 'content' and connection_id is not null and status = 'completed' \
           order by created_at desc limit 1) completed on true")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Array<Text>, _>(users.iter().map(ToString::to_string).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(Provider::ALL.map(Provider::name).to_vec())
    .load(connection)
    .await
}

/// The progress of a job whose lease is alive; the job stays as it is until the transaction ends. The lease is held
/// against the time of day, as the transaction may have waited for the row.
pub(crate) async fn lock_leased(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    lease: Lease,
) -> QueryResult<Option<serde_json::Value>> {
    let leased: Option<Leased> = sql("select progress from sync_jobs \
         where tenant_id = $1 and id = $2 and lease_epoch = $3 and status = 'running' \
           and lease_until > clock_timestamp() \
         for update")
    .bind::<Text, _>(company_id.to_string())
    .bind::<SqlUuid, _>(lease.job.as_uuid())
    .bind::<BigInt, _>(lease.epoch)
    .get_result(connection)
    .await
    .optional()?;
    Ok(leased.map(|leased| leased.progress))
}

/// Writes down how far a job got that the transaction holds. A job that `got_on` is in its first attempt again.
pub(crate) async fn record_progress(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    id: JobId,
    progress: &serde_json::Value,
    got_on: bool,
) -> QueryResult<()> {
    sql("update sync_jobs \
         set progress = $3, attempt = case when $4 then least(attempt, 1) else attempt end, \
             progressed_at = case when $4 then now() else progressed_at end \
         where tenant_id = $1 and id = $2")
    .bind::<Text, _>(company_id.to_string())
    .bind::<SqlUuid, _>(id.as_uuid())
    .bind::<Jsonb, _>(progress)
    .bind::<Bool, _>(got_on)
    .execute(connection)
    .await?;
    Ok(())
}

impl Row {
    /// The job, with the right to write for it.
    pub(crate) fn into_claimed(self) -> Result<ClaimedJob, Inconsistency> {
        let lease = Lease { job: JobId::new(self.id), epoch: self.lease_epoch };
        Ok(ClaimedJob { job: self.try_into()?, lease })
    }
}

impl TryFrom<UserRow> for UserId {
    type Error = Inconsistency;

    fn try_from(row: UserRow) -> Result<Self, Inconsistency> {
        Reading { table: "sync_jobs", row: &row.user_id }.parse("user_id", &row.user_id)
    }
}

impl TryFrom<CountedStatus> for (JobStatus, u64) {
    type Error = Inconsistency;

    fn try_from(row: CountedStatus) -> Result<Self, Inconsistency> {
        let reading = Reading { table: "sync_jobs", row: &row.status };
        Ok((reading.parse("status", &row.status)?, row.count.unsigned_abs()))
    }
}

impl TryFrom<LastRow> for LastSync {
    type Error = Inconsistency;

    fn try_from(row: LastRow) -> Result<Self, Inconsistency> {
        let reading = Reading { table: "sync_jobs", row: &row.id };
        Ok(Self {
            user_id: reading.parse("user_id", &row.user_id)?,
            provider: reading.parse("job_type", &row.job_type)?,
            status: reading.parse("status", &row.status)?,
            created_at: reading.required("created_at", row.created_at)?,
            last_completed_at: row.last_completed_at,
        })
    }
}

impl TryFrom<Row> for Job {
    type Error = Inconsistency;

    fn try_from(row: Row) -> Result<Self, Inconsistency> {
        let reading = Reading { table: "sync_jobs", row: &row.id };
        let failure = match (row.error_code, row.error_message) {
            (Some(code), message) => Some(Failure::new(code, message.unwrap_or_default())),
            (None, _) => None,
        };
        let kind: JobKind = reading.parse("kind", reading.required("kind", row.kind.as_deref())?)?;
        let subject = if kind.is_of_company() {
            let period = row.parameters.get("period").and_then(serde_json::Value::as_str);
            JobSubject::Company(reading.parse("parameters", reading.required("parameters", period)?)?)
        } else {
            JobSubject::Account(Account {
                connection_id: ConnectionId::new(reading.required("connection_id", row.connection_id)?),
                provider: reading.parse("job_type", &row.job_type)?,
            })
        };
        let ProgressJson { pages, seen, added, updated, unchanged, deleted, held, set_aside } =
            reading.json("progress", row.progress)?;
        Ok(Self {
            id: JobId::new(row.id),
            company_id: reading.parse("tenant_id", &row.tenant_id)?,
            user_id: reading.parse::<UserId>("user_id", &row.user_id)?,
            subject,
            kind,
            status: reading.parse("status", &row.status)?,
            trigger: reading.parse("trigger", reading.required("trigger", row.trigger.as_deref())?)?,
            triggered_by: row.triggered_by,
            attempt: reading.natural("attempt", row.attempt)?,
            max_attempts: reading.natural("max_attempts", row.max_attempts)?,
            progress: Progress { pages, seen, added, updated, unchanged, deleted, held, set_aside },
            failure,
            run_after: row.run_after,
            created_at: reading.required("created_at", row.created_at)?,
            progressed_at: row.progressed_at,
            started_at: row.started_at,
            completed_at: row.completed_at,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_name_the_kinds_of_the_company_and_no_other() {
        for kind in JobKind::ALL {
            let is_named = is_known!("").contains(&format!("'{}'", kind.name()));
            assert_eq!(is_named, kind.is_of_company(), "{}", kind.name());
        }
    }
}
