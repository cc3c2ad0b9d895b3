//! The queue as workers use it.

use std::time::{Duration, Instant};

use cortex_postgres::stores::PgJobQueue;
use cortex_postgres::{Abort, Pool};
use cortex_sync_jobs::model::Ending;
use cortex_sync_jobs::ports::{ClaimRequest, FinishOutcome, JobQueue as _, MOST_PER_USER};
use diesel::sql_types::Text;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::future::join_all;

use crate::SESSIONS;
use crate::world::{COMPANY, World};

#[derive(diesel::QueryableByName)]
struct Statement {
    #[diesel(sql_type = Text)]
    statement: String,
}

/// Claims and finishes once. The statements that were prepared for it, in the order of their first use.
pub(crate) async fn warm_up(world: &World, batch: u16) -> Vec<String> {
    let pool = world.pool(1);
    claim_and_finish(&PgJobQueue::new(pool.clone()), batch).await;
    prepared(&pool).await
}

/// Claims so many times at each session, and finishes what was claimed.
pub(crate) async fn jobs_a_second(world: &World, batch: u16, claims: u32) -> f64 {
    let pool = world.pool(u16::try_from(SESSIONS).unwrap());
    let queue = PgJobQueue::new(pool.clone());
    // Sessions are opened and statements prepared before the clock starts, as pgbench does it.
    let nothing = &request(0);
    join_all((0..SESSIONS).map(|_| queue.claim(nothing))).await;
    let begun = Instant::now();
    let session = async || {
        for _ in 0..claims {
            claim_and_finish(&queue, batch).await;
        }
    };
    join_all((0..SESSIONS).map(|_| session())).await;
    f64::from(u32::from(batch) * claims * SESSIONS) / begun.elapsed().as_secs_f64()
}

async fn claim_and_finish(queue: &PgJobQueue, batch: u16) {
    let claimed = queue.claim(&request(batch)).await.unwrap();
    assert_eq!(claimed.len(), usize::from(batch), "there is work for everybody");
    for job in claimed {
        let ended = queue.finish(COMPANY, job.lease, &Ending::Completed).await.unwrap();
        assert_eq!(ended, FinishOutcome::Finished);
    }
}

fn request(most: u16) -> ClaimRequest {
    let (worker, lease_for) = ("bench".to_owned(), Duration::from_mins(1));
    ClaimRequest { company_id: COMPANY, worker, most, most_per_user: MOST_PER_USER, lease_for }
}

async fn prepared(pool: &Pool) -> Vec<String> {
    let list = "select statement from pg_prepared_statements where statement not like '%pg_prepared_statements%' \
                order by prepare_time";
    let listed: Result<Vec<Statement>, Abort<cortex_kernel::StoreError>> = pool
        .run(async |connection: &mut AsyncPgConnection| diesel::sql_query(list).load(connection).await)
        .await
        .map_err(Abort::Decided);
    let Ok(listed) = listed else { panic!("the session answers") };
    listed.into_iter().map(|row| row.statement).collect()
}
