//! Jobs of the company among [`sync_jobs`](super::sync_jobs): how they are made. All times are the database's.

use cortex_sync_jobs::model::{Failure, NewJob, Period};
use diesel::prelude::*;
use diesel::sql_types::{Integer, Nullable, Text, Uuid as SqlUuid};
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
