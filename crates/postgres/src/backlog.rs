//! How much waits to be done, and for how long: a look at a whole deployment, whichever process does the work.

use std::time::Duration;

use cortex_kernel::{CompanyId, StoreError};
use cortex_sync_jobs::model::{JobKind, JobStatus};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Double, Nullable, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use time::OffsetDateTime;

use crate::Pool;
use crate::tables::sql;

/// Looks at a company's queue and inbox.
pub struct Backlog {
    company: Pool,
}

/// What waits in a company.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    /// Jobs that wait or run; no row where there are none.
    pub jobs: Vec<LiveJobs>,
    /// Webhooks that wait to be worked off.
    pub webhooks_waiting: u64,
    /// For how long the one of them waits that came first.
    pub oldest_webhook: Option<Duration>,
    /// Webhooks that were given up and are still kept.
    pub webhooks_dead: u64,
    /// Workers that gave a sign lately.
    pub workers: u64,
    /// What time it is at the database.
    pub now: OffsetDateTime,
}

/// Jobs of one state and kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveJobs {
    /// Queued or running.
    pub status: JobStatus,
    /// What they are to do.
    pub kind: JobKind,
    /// How many there are.
    pub jobs: u64,
    /// How long the first of them is due or runs. One that waits for a later moment is not due: none.
    pub oldest: Option<Duration>,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    what: String,
    #[diesel(sql_type = Nullable<Text>)]
    kind: Option<String>,
    #[diesel(sql_type = BigInt)]
    number: i64,
    #[diesel(sql_type = Nullable<Double>)]
    seconds: Option<f64>,
}

impl Backlog {
    /// Looks at the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }

    /// How it stands now. A worker counts that gave a sign within `silence`. One statement, over partial indexes that hold
    /// what waits and nothing of what ever was.
    #[tracing::instrument(name = "pg.backlog.look", skip_all)]
    pub async fn look(&self, company_id: CompanyId, silence: Duration) -> Result<Figures, StoreError> {
        let rows: Vec<Row> = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                sql("select 'queued' as what, kind, count(*) as number, \
                       extract(epoch from max(now() - run_after) filter (where run_after <= now()))::float8 as seconds \
                     from sync_jobs where tenant_id = $1 and status = 'queued' and kind is not null group by kind \
                     union all \
                     select 'running', kind, count(*), extract(epoch from max(now() - started_at))::float8 \
                     from sync_jobs where tenant_id = $1 and status = 'running' and kind is not null group by kind \
                     union all \
                     select 'webhooks', null, count(*), extract(epoch from max(now() - received_at))::float8 \
                     from webhook_inbox where tenant_id = $1 and state = 'pending' \
                     union all \
                     select 'dead', null, count(*), null from webhook_inbox where tenant_id = $1 and state = 'dead' \
                     union all \
                     select 'workers', null, count(*), null from workers \
                     where tenant_id = $1 and last_tick_at > now() - make_interval(secs => $2) \
                     union all \
                     select 'now', null, 0, extract(epoch from clock_timestamp())::float8")
                .bind::<Text, _>(company_id.to_string())
                .bind::<Double, _>(silence.as_secs_f64())
                .load(connection)
                .await
            })
            .await?;
        Ok(together(&rows))
    }
}

/// What the rows say. A kind that only a newer version knows is left out: it is counted there.
fn together(rows: &[Row]) -> Figures {
    let mut figures = Figures {
        jobs: Vec::new(),
        webhooks_waiting: 0,
        oldest_webhook: None,
        webhooks_dead: 0,
        workers: 0,
        now: OffsetDateTime::UNIX_EPOCH,
    };
    for row in rows {
        let number = row.number.unsigned_abs();
        let age = row.seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        match row.what.as_str() {
            "webhooks" => (figures.webhooks_waiting, figures.oldest_webhook) = (number, age),
            "dead" => figures.webhooks_dead = number,
            "workers" => figures.workers = number,
            "now" => figures.now += age.unwrap_or_default(),
            status => {
                let kind = row.kind.as_ref().and_then(|kind| kind.parse().ok());
                if let (Ok(status), Some(kind)) = (status.parse(), kind) {
                    figures.jobs.push(LiveJobs { status, kind, jobs: number, oldest: age });
                }
            }
        }
    }
    figures
}
