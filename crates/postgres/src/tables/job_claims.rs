//! Who gets a worker, and for how long: claims and leases on `sync_jobs`. All times are the database's.

use cortex_kernel::{CompanyId, JobId};
use cortex_sync_jobs::model::Failure;
use cortex_sync_jobs::ports::{ClaimRequest, Heartbeat};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Double, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::scalars::{Answer, Id};
use super::sql;
use super::sync_jobs::{Row, is_known};

/// That no other job holds the connection of `candidate`: one runs at a time, and an initial one goes first. Claims and
/// heartbeats have to agree on it: else a job would give way to one that nobody can take. A job of the company has no
/// connection to wait for.
macro_rules! is_free {
    () => {
        "not exists ( \
           select from sync_jobs other \
           where other.tenant_id = $1 and other.connection_id = candidate.connection_id \
             and other.id <> candidate.id and other.kind is not null and other.status in ('queued', 'running') \
             and (other.kind = 'initial' or other.status = 'running' and other.lease_until > now()))"
    };
}

/// Gives up what is running under a lease that ran out in its last attempt, and answers what that was.
pub(crate) async fn fail_abandoned(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    failure: &Failure,
) -> QueryResult<Vec<Uuid>> {
    let failed: Vec<Id> = sql("update sync_jobs \
         set status = 'failed', error_code = $2, error_message = $3, completed_at = now(), \
             lease_owner = null, lease_until = null \
         where id in ( \
           select id from sync_jobs \
           where tenant_id = $1 and kind is not null and status = 'running' and lease_until <= now() \
             and attempt >= max_attempts \
           for update skip locked) \
         returning id")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Text, _>(&failure.code)
    .bind::<Text, _>(&failure.message)
    .load(connection)
    .await?;
    Ok(failed.into_iter().map(|failed| failed.id).collect())
}

/// Takes what is due, and what is running under a lease that ran out. A job waits while another one of its connection
/// runs, and for an initial one also while that waits itself.
///
/// What a lost worker left comes first. Then whoever has the fewest jobs run, then whoever was served longest ago; that he
/// was is noted by the same statement.
pub(crate) async fn claim(connection: &mut AsyncPgConnection, request: &ClaimRequest) -> QueryResult<Vec<Row>> {
    sql(concat!("with busy as ( \
           select user_id, count(*) as jobs from sync_jobs \
           where tenant_id = $1 and kind is not null and status = 'running' and lease_until > now() group by user_id), \
         waiting as ( \
           select candidate.id, candidate.status, turn.served_at, coalesce(busy.jobs, 0) + row_number() over ( \
               partition by candidate.user_id \
               order by candidate.status <> 'running', candidate.run_after, candidate.created_at, candidate.id) as place \
           from sync_jobs candidate \
           left join busy on busy.user_id = candidate.user_id \
           left join sync_turns turn on turn.tenant_id = $1 and turn.user_id = candidate.user_id \
           where candidate.tenant_id = $1 and candidate.kind is not null and ", is_known!("candidate."), " \
             and (candidate.status = 'queued' and candidate.run_after <= now() \
               or candidate.status = 'running' and candidate.lease_until <= now() \
                 and candidate.attempt < candidate.max_attempts) \
             and ", is_free!(), "), \
         due as ( \
           select job.id, job.user_id from waiting join sync_jobs job on job.id = waiting.id \
           where waiting.place <= $5 and job.tenant_id = $1 \
             and (job.status = 'queued' and job.run_after <= now() \
               or job.status = 'running' and job.lease_until <= now()) \
           order by waiting.status <> 'running', waiting.place, waiting.served_at nulls first, \
             job.run_after, job.created_at, job.id \
           limit $2 for update of job skip locked), \
         served as ( \
           insert into sync_turns (tenant_id, user_id, served_at) \
           select $1, user_id, clock_timestamp() from (select distinct user_id from due order by user_id) people \
           on conflict (tenant_id, user_id) do update set served_at = excluded.served_at) \
         update sync_jobs job \
         set status = 'running', attempt = job.attempt + 1, started_at = coalesce(job.started_at, now()), \
             lease_owner = $3, lease_epoch = job.lease_epoch + 1, \
             lease_until = now() + make_interval(secs => $4), rerun_requested = false \
         from due where job.id = due.id returning job.*"))
    .bind::<Text, _>(request.company_id.to_string())
    .bind::<BigInt, _>(i64::from(request.most))
    .bind::<Text, _>(&request.worker)
    .bind::<Double, _>(request.lease_for.as_secs_f64())
    .bind::<BigInt, _>(i64::from(request.most_per_user))
    .load(connection)
    .await
}

/// Prolongs a lease that is alive, and answers whether a job has waited for its patience or longer that a claim would prefer to
/// this one, were it given back: one of a lost worker, or of somebody who has no more jobs run besides.
pub(crate) async fn heartbeat(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    beat: &Heartbeat,
) -> QueryResult<Option<bool>> {
    let held: Option<Answer> = sql(concat!(
        "update sync_jobs job set lease_until = now() + make_interval(secs => $4) \
         where tenant_id = $1 and id = $2 and lease_epoch = $3 and status = 'running' and lease_until > now() \
         returning exists ( \
           select from sync_jobs candidate cross join lateral ( \
             select count(*) filter (where other.user_id = candidate.user_id) as of_candidate, \
               count(*) filter (where other.user_id = job.user_id) as of_holder \
             from sync_jobs other \
             where other.tenant_id = $1 and other.kind is not null and other.status = 'running' \
               and other.lease_until > now() and other.id <> $2) busy \
           where candidate.tenant_id = $1 and candidate.kind is not null and ", is_known!("candidate."), " \
             and (candidate.status = 'queued' and candidate.run_after <= now() - make_interval(secs => $5) \
               or candidate.status = 'running' and candidate.lease_until <= now() - make_interval(secs => $5) \
                 and candidate.attempt < candidate.max_attempts) \
             and ",
        is_free!(),
        " \
             and (candidate.status = 'running' or busy.of_candidate <= busy.of_holder) and busy.of_candidate < $6) as answer"
    ))
    .bind::<Text, _>(company_id.to_string())
    .bind::<SqlUuid, _>(beat.lease.job.as_uuid())
    .bind::<BigInt, _>(beat.lease.epoch)
    .bind::<Double, _>(beat.lease_for.as_secs_f64())
    .bind::<Double, _>(beat.patience.as_secs_f64())
    .bind::<BigInt, _>(i64::from(beat.most_per_user))
    .get_result(connection)
    .await
    .optional()?;
    Ok(held.map(|held| held.answer))
}

/// Notes that whose job this is was served until now.
pub(crate) async fn note_turn(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    job: JobId,
) -> QueryResult<()> {
    sql("update sync_turns set served_at = clock_timestamp() \
         where tenant_id = $1 and user_id = (select user_id from sync_jobs where tenant_id = $1 and id = $2)")
    .bind::<Text, _>(company_id.to_string())
    .bind::<SqlUuid, _>(job.as_uuid())
    .execute(connection)
    .await?;
    Ok(())
}
