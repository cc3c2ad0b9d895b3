//! Workers that gave a sign, and what they run by the leases in `sync_jobs`. All times are the database's.

use std::time::Duration;

use cortex_kernel::{CompanyId, JobId};
use cortex_sync_jobs::model::{JobKind, KnownWorker, RunningJob, WorkerSign};
use diesel::prelude::*;
use diesel::sql_types::{Double, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use time::OffsetDateTime;
use uuid::Uuid;

use super::inconsistency::Reading;
use super::{Inconsistency, sql};

/// A worker with one of the jobs that it runs, or with none.
#[derive(QueryableByName)]
pub(crate) struct Row {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    version: String,
    #[diesel(sql_type = Integer)]
    capacity: i32,
    #[diesel(sql_type = Timestamptz)]
    started_at: OffsetDateTime,
    #[diesel(sql_type = Timestamptz)]
    last_tick_at: OffsetDateTime,
    #[diesel(sql_type = Double)]
    silent_seconds: f64,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    job_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<Text>)]
    user_id: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    job_type: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    kind: Option<String>,
}

/// Writes the worker down, and forgets those that were silent for a day.
pub(crate) async fn note(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    sign: &WorkerSign,
    ago: Duration,
) -> QueryResult<()> {
    sql("with forgotten as ( \
           delete from workers \
           where tenant_id = $1 and name <> $2 and last_tick_at < now() - interval '1 day') \
         insert into workers as worker (tenant_id, name, version, capacity, last_tick_at) \
         values ($1, $2, $3, $4, now() - make_interval(secs => $5)) \
         on conflict (tenant_id, name) do update \
         set version = excluded.version, capacity = excluded.capacity, last_tick_at = excluded.last_tick_at")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Text, _>(&sign.name)
    .bind::<Text, _>(&sign.version)
    .bind::<Integer, _>(i32::from(sign.capacity))
    .bind::<Double, _>(ago.as_secs_f64())
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn forget(connection: &mut AsyncPgConnection, company_id: CompanyId, name: &str) -> QueryResult<()> {
    sql("delete from workers where tenant_id = $1 and name = $2")
        .bind::<Text, _>(company_id.to_string())
        .bind::<Text, _>(name)
        .execute(connection)
        .await?;
    Ok(())
}

/// By name; a worker with several jobs has a row for each of them.
pub(crate) async fn list(connection: &mut AsyncPgConnection, company_id: CompanyId) -> QueryResult<Vec<Row>> {
    sql("select worker.name, worker.version, worker.capacity, worker.started_at, worker.last_tick_at, \
           greatest(extract(epoch from now() - worker.last_tick_at), 0)::float8 as silent_seconds, \
           job.id as job_id, job.user_id, job.job_type, job.kind \
         from workers worker \
         left join sync_jobs job \
           on job.tenant_id = $1 and job.status = 'running' and job.kind is not null and job.lease_until > now() \
           and job.lease_owner = worker.name \
         where worker.tenant_id = $1 \
         order by worker.name, job.started_at, job.id")
    .bind::<Text, _>(company_id.to_string())
    .load(connection)
    .await
}

/// The workers of these rows, each with all of its jobs.
pub(crate) fn together(rows: Vec<Row>) -> Result<Vec<KnownWorker>, Inconsistency> {
    let mut workers: Vec<KnownWorker> = Vec::new();
    for row in rows {
        let running = row.running()?;
        match workers.last_mut().filter(|worker| worker.sign.name == row.name) {
            Some(worker) => worker.running.extend(running),
            None => workers.push(row.worker(running)?),
        }
    }
    Ok(workers)
}

impl Row {
    fn running(&self) -> Result<Option<RunningJob>, Inconsistency> {
        let Some(id) = self.job_id else { return Ok(None) };
        let reading = Reading { table: "sync_jobs", row: &id };
        let text = |column, value: &Option<String>| reading.required(column, value.clone());
        let kind: JobKind = reading.parse("kind", &text("kind", &self.kind)?)?;
        let job_type = text("job_type", &self.job_type)?;
        Ok(Some(RunningJob {
            id: JobId::new(id),
            user_id: reading.parse("user_id", &text("user_id", &self.user_id)?)?,
            provider: if kind.is_of_company() { None } else { Some(reading.parse("job_type", &job_type)?) },
            kind,
        }))
    }

    fn worker(self, running: Option<RunningJob>) -> Result<KnownWorker, Inconsistency> {
        let reading = Reading { table: "workers", row: &self.name };
        let capacity = reading.natural("capacity", self.capacity)?;
        Ok(KnownWorker {
            started_at: self.started_at,
            last_tick_at: self.last_tick_at,
            silent_for: Duration::from_secs_f64(self.silent_seconds),
            running: running.into_iter().collect(),
            sign: WorkerSign {
                capacity: u16::try_from(capacity).unwrap_or(u16::MAX),
                name: self.name,
                version: self.version,
            },
        })
    }
}
