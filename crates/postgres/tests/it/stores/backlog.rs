//! [`Backlog`].

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cortex_kernel::{CompanyId, Provider, UserId};
use cortex_postgres::schema::Database;
use cortex_postgres::{Backlog, Figures, LiveJobs, PoolWatch};
use cortex_sync_jobs::model::{JobKind, JobStatus};
use cortex_sync_jobs::testing::{COMPANY_A, COMPANY_B};
use uuid::Uuid;

use super::world::World;

const SILENCE: Duration = Duration::from_secs(30);

/// Of a person of its own: each has one account of a provider.
async fn put_job(world: &World, company: CompanyId, person: u128, columns: &str, values: &str) {
    let user = UserId::new(Uuid::from_u128(person));
    let connection = world.connect(company, user, Provider::Gmail).await.get();
    let insert = format!(
        "insert into sync_jobs (tenant_id, user_id, job_type, connection_id, {columns}) \
         values ('{company}', '{user}', 'gmail', {connection}, {values})"
    );
    world.superuser().batch_execute(&insert).await.unwrap();
}

async fn look(world: &World) -> Figures {
    Backlog::new(world.pool(COMPANY_A)).look(COMPANY_A, SILENCE).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_waits_nothing_is_told() {
    let world = World::new(Database::Company, [COMPANY_A, COMPANY_B]).await;

    let figures = look(&world).await;

    assert_eq!((figures.jobs, figures.oldest_webhook), (vec![], None));
    assert_eq!((figures.webhooks_waiting, figures.webhooks_dead, figures.workers), (0, 0, 0));
    assert!(figures.now.year() > 2000, "{}", figures.now);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_told_by_state_and_kind_with_the_age_of_the_first() {
    let world = World::new(Database::Company, [COMPANY_A, COMPANY_B]).await;
    let jobs = [
        ("status, kind, run_after", "'queued', 'initial', now() - interval '100 s'"),
        ("status, kind, run_after", "'queued', 'initial', now() + interval '1 hour'"),
        ("status, kind, run_after", "'queued', 'content', now() + interval '1 hour'"),
        (
            "status, kind, started_at, lease_owner, lease_until",
            "'running', 'incremental', now() - interval '200 s', 'worker', now()",
        ),
        ("status, kind", "'completed', 'initial'"),
        ("status", "'queued'"),
    ];
    for (person, (columns, values)) in (1..).zip(jobs) {
        put_job(&world, COMPANY_A, person, columns, values).await;
        put_job(&world, COMPANY_B, person, columns, values).await;
    }
    let of_company = format!(
        "insert into sync_jobs (tenant_id, user_id, job_type, kind, parameters, run_after) values \
         ('{COMPANY_A}', '{}', 'summaries', 'summaries', '{{\"period\": \"p\"}}', now() - interval '100 s')",
        Uuid::nil()
    );
    world.superuser().batch_execute(&of_company).await.unwrap();
    let webhooks = "insert into webhook_inbox (tenant_id, body, body_hash, state, received_at, ended_at) values";
    for company in [COMPANY_A, COMPANY_B] {
        let rows = format!(
            "{webhooks} ('{company}', '1', '1', 'pending', now() - interval '300 s', null), \
             ('{company}', '2', '2', 'pending', now(), null), ('{company}', '3', '3', 'dead', now(), now()), \
             ('{company}', '4', '4', 'done', now(), now()); \
             insert into workers (tenant_id, name, version, capacity, last_tick_at) values \
             ('{company}', 'here', '1', 4, now()), ('{company}', 'gone', '1', 4, now() - interval '1 min')"
        );
        world.superuser().batch_execute(&rows).await.unwrap();
    }

    let figures = look(&world).await;

    let of = |status, kind| {
        let found: Vec<&LiveJobs> =
            figures.jobs.iter().filter(|live| live.status == status && live.kind == kind).collect();
        assert_eq!(found.len(), 1, "{:?}", figures.jobs);
        (found[0].jobs, found[0].oldest.map(|age| age.as_secs() / 100))
    };
    assert_eq!(of(JobStatus::Queued, JobKind::Initial), (2, Some(1)));
    assert_eq!(of(JobStatus::Queued, JobKind::Content), (1, None), "it is not due");
    assert_eq!(of(JobStatus::Running, JobKind::Incremental), (1, Some(2)));
    assert_eq!(of(JobStatus::Queued, JobKind::Summaries), (1, Some(1)));
    assert_eq!(figures.jobs.len(), 4, "{:?}", figures.jobs);
    assert_eq!((figures.webhooks_waiting, figures.webhooks_dead, figures.workers), (2, 1, 1));
    assert_eq!(figures.oldest_webhook.map(|age| age.as_secs() / 100), Some(3));
}

#[derive(Default)]
struct Told {
    had: AtomicUsize,
    not_had: Mutex<Vec<bool>>,
}

impl PoolWatch for Told {
    fn had(&self, _: Duration) {
        self.had.fetch_add(1, Ordering::Relaxed);
    }

    fn not_had(&self, all_in_use: bool) {
        self.not_had.lock().unwrap().push(all_in_use);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_watches_a_pool_is_told_how_connections_are_had() {
    let world = World::new(Database::Company, [COMPANY_A, COMPANY_B]).await;
    let told = Arc::new(Told::default());
    let pool = world.pool_of(COMPANY_A, 1).watched_by(told.clone());

    pool.ping().await.unwrap();
    pool.ping().await.unwrap();

    assert_eq!(told.had.load(Ordering::Relaxed), 2);
    assert!(told.not_had.lock().unwrap().is_empty());
    let standing = pool.standing();
    assert_eq!((standing.most, standing.open, standing.idle, standing.waiting), (1, 1, 1, 0));
}
