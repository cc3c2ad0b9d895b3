//! Jobs of the company among [`sync_jobs`](super::sync_jobs): how they are made. All times are the database's.

use std::time::Duration;

use cortex_kernel::{CompanyId, Lease};
use cortex_sync_jobs::model::{Failure, NewJob, Period};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Double, Integer, Nullable, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::sql;
use super::sync_jobs::Row;

/// Makes the job, or answers the live one of the same kind and period, which, if it runs, is to begin once more.
pub(crate) async fn enqueue(connection: &mut AsyncPgConnection, job: &NewJob, period: &Period) -> QueryResult<Row> {
    sql("insert into sync_jobs \
           (id, tenant_id, user_id, job_type, kind, parameters, trigger, triggered_by, max_attempts) \
         values ($1, $2, $3, $4, $4, jsonb_build_object('period', $5), $6, $7, $8) \
         on conflict (tenant_id, kind, (parameters ->> 'period')) \
           where status in ('queued', 'running') and parameters ->> 'period' is not null \
         do update set rerun_requested = sync_jobs.rerun_requested or sync_jobs.status = 'running' \
         returning *")
    .bind::<SqlUuid, _>(job.id.as_uuid())
    .bind::<Text, _>(job.company_id.to_string())
    .bind::<Text, _>(job.user_id.to_string())
    .bind::<Text, _>(job.kind.name())
    .bind::<Text, _>(period.as_str())
    .bind::<Text, _>(job.trigger.name())
    .bind::<Nullable<Text>, _>(job.triggered_by.as_deref())
    .bind::<Integer, _>(i32::try_from(job.max_attempts).unwrap_or(i32::MAX))
    .get_result(connection)
    .await
}

/// Makes the job of its period, unless one of it waits, runs or is completed, or one of the schedule ended badly. What was
/// called off with its person does not count: programs from before there were such jobs take nobody for somebody who left.
pub(crate) async fn enqueue_once(
    connection: &mut AsyncPgConnection,
    job: &NewJob,
    period: &Period,
) -> QueryResult<Option<Row>> {
    sql("insert into sync_jobs \
           (id, tenant_id, user_id, job_type, kind, parameters, trigger, triggered_by, max_attempts) \
         select $1, $2, $3, $4, $4, jsonb_build_object('period', $5), $6, $7, $8 \
         where not exists ( \
           select from sync_jobs \
           where tenant_id = $2 and kind = $4 and parameters ->> 'period' = $5 \
             and (status in ('queued', 'running', 'completed') \
               or trigger = 'schedule' and error_code is distinct from $9)) \
         on conflict (tenant_id, kind, (parameters ->> 'period')) \
           where status in ('queued', 'running') and parameters ->> 'period' is not null \
         do nothing \
         returning *")
    .bind::<SqlUuid, _>(job.id.as_uuid())
    .bind::<Text, _>(job.company_id.to_string())
    .bind::<Text, _>(job.user_id.to_string())
    .bind::<Text, _>(job.kind.name())
    .bind::<Text, _>(period.as_str())
    .bind::<Text, _>(job.trigger.name())
    .bind::<Nullable<Text>, _>(job.triggered_by.as_deref())
    .bind::<Integer, _>(i32::try_from(job.max_attempts).unwrap_or(i32::MAX))
    .bind::<Text, _>(Failure::MEMBER_INACTIVE)
    .get_result(connection)
    .await
    .optional()
}

/// Counts a part of the job as a page, if the lease is the job's still; says whether it is.
pub(crate) async fn count_part(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    lease: Lease,
) -> QueryResult<bool> {
    let counted = sql("update sync_jobs \
         set progress = coalesce(progress, '{}') || jsonb_build_object('pages', \
               coalesce((progress ->> 'pages')::bigint, 0) + 1), \
             attempt = least(attempt, 1), progressed_at = now() \
         where tenant_id = $1 and id = $2 and lease_epoch = $3 and status = 'running' and lease_until > now()")
    .bind::<Text, _>(company_id.to_string())
    .bind::<SqlUuid, _>(lease.job.as_uuid())
    .bind::<BigInt, _>(lease.epoch)
    .execute(connection)
    .await?;
    Ok(counted > 0)
}

/// Forgets some of the jobs that ended and were made before that long, but for the newest of each kind.
pub(crate) async fn forget_ended(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    keep: Duration,
    most: i64,
) -> QueryResult<usize> {
    sql("delete from sync_jobs where tenant_id = $1 and id in ( \
           select job.id from sync_jobs job \
           where job.tenant_id = $1 and job.parameters ->> 'period' is not null \
             and job.status in ('completed', 'failed', 'cancelled') and job.created_at <= now() - make_interval(secs => $2) \
             and exists ( \
               select from sync_jobs newer \
               where newer.tenant_id = $1 and newer.kind = job.kind and newer.parameters ->> 'period' is not null \
                 and (newer.created_at, newer.id) > (job.created_at, job.id)) \
           limit $3)")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Double, _>(keep.as_secs_f64())
    .bind::<BigInt, _>(most)
    .execute(connection)
    .await
}
