//! What somebody does who owns the database and takes the triggers away is found.

use std::sync::Arc;

use cortex_identity::model::audit::{Checked, Finding};
use cortex_identity::testing::audit::InMemoryAuditHeads;
use cortex_identity::{SealAudit, VerifyAudit};
use cortex_kernel::CompanyId;
use cortex_postgres::schema::Database;
use cortex_postgres::stores::{PgAuditChain, PgAuditSealer};
use futures_util::future::join_all;
use rstest::rstest;
use uuid::Uuid;

use crate::stores::world::World;
use crate::support::{COMPANY_A, COMPANY_B, Host, Owned, Past, company, count};

/// A company whose log holds six sealed rows, and Master, which knows that.
struct Scene {
    world: World,
    company_id: CompanyId,
    heads: Arc<InMemoryAuditHeads>,
}

impl Scene {
    async fn new() -> Self {
        let companies = [company(COMPANY_A), company(COMPANY_B)];
        let world = World::new(Database::Company, companies).await;
        let scene = Self { world, company_id: companies[0], heads: Arc::default() };
        scene
            .run(&format!(
                "insert into admin_audit_log \
                   (id, tenant_id, session_id, action, resource_type, resource_id, details, ip_address, user_agent, \
                    user_id, request_id, created_at) \
                 select format('00000000-0000-4000-8000-%s', lpad(n::text, 12, '0'))::uuid, '{COMPANY_A}', \
                   gen_random_uuid(), 'action ' || n, 'type', n::text, jsonb_build_object('n', n), '203.0.113.' || n, \
                   'browser', 'user', 'request ' || n, now() - interval '1 year' \
                 from generate_series(1, 6) n"
            ))
            .await;
        scene.seal().await;
        scene
    }

    async fn run(&self, statement: &str) {
        self.world.superuser().batch_execute(statement).await.unwrap();
    }

    async fn tamper(&self, statement: &str) {
        self.run(&format!("set session_replication_role = replica; {statement}; reset session_replication_role")).await;
    }

    fn sealing(&self) -> SealAudit {
        let sealer = PgAuditSealer::new(self.world.pool(self.company_id));
        SealAudit::new(self.company_id, Arc::new(sealer), Arc::clone(&self.heads) as _)
    }

    async fn seal(&self) -> usize {
        self.sealing().seal().await.unwrap()
    }

    async fn verify(&self) -> Result<Checked, Finding> {
        let chain = PgAuditChain::new(self.world.pool(self.company_id));
        VerifyAudit::new(self.company_id, Arc::new(chain), Arc::clone(&self.heads) as _).verify().await.unwrap()
    }
}

fn row(number: u32) -> Uuid {
    format!("00000000-0000-4000-8000-{number:012}").parse().unwrap()
}

fn of_row(number: u32) -> String {
    format!("where id = '{}'", row(number))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_is_changed_in_no_column_unseen() {
    let scene = Scene::new().await;
    assert_eq!(scene.verify().await.unwrap().entries, 6);
    let columns = "select array_agg(column_name::text order by column_name) from information_schema.columns \
                   where table_name = 'admin_audit_log'";
    let columns: Vec<String> = scene.world.superuser().query_one(columns, &[]).await.unwrap().get(0);
    assert!(columns.len() > 15, "{columns:?}");

    for column in columns {
        let value = match column.as_str() {
            "id" | "session_id" => "gen_random_uuid()",
            "created_at" => "created_at + interval '1 microsecond'",
            "details" => "'{\"n\": 33}'",
            "salt" | "address_digest" | "agent_digest" | "details_digest" => "sha256('other')",
            "predates_seals" => "true",
            _ => "'other'",
        };
        let and_back = format!(
            "create table before as select * from admin_audit_log {of_row}; \
             update admin_audit_log set {column} = {value} {of_row}",
            of_row = of_row(3)
        );
        scene.tamper(&and_back).await;

        let found = scene.verify().await.unwrap_err();

        match &found {
            Finding::Changed { seq: Some(3), entry } | Finding::Missing { seq: 3, entry } if *entry == row(3) => {}
            // A row that is said to be older than the seals.
            Finding::PastChanged { sealed: 0, found: 1 } if column == "predates_seals" => {}
            _ => panic!("{column}: {found:?}"),
        }
        let back = "delete from admin_audit_log where action = 'action 3' or resource_id = '3'; \
                    insert into admin_audit_log select * from before; drop table before";
        scene.tamper(back).await;
        assert!(scene.verify().await.is_ok(), "{column}");
    }
}

#[rstest]
#[case::cut_out(format!("delete from admin_audit_log {}", of_row(3)), Finding::Missing { seq: 3, entry: row(3) })]
#[case::no_moment(format!("update admin_audit_log set created_at = 'infinity' {}", of_row(3)),
    Finding::Changed { seq: Some(3), entry: row(3) })]
#[case::cut_off("delete from admin_audit_log where resource_id::int > 4".to_owned(),
    Finding::Missing { seq: 5, entry: row(5) })]
#[case::swapped("update admin_audit_log set action = case action when 'action 2' then 'action 3' else 'action 2' end \
                 where action in ('action 2', 'action 3')".to_owned(), Finding::Changed { seq: Some(2), entry: row(2) })]
#[case::swapped_seals("update admin_audit_seals set audit_id = gen_random_uuid() where seq = 2; \
                       update admin_audit_seals set audit_id = (select id from admin_audit_log where action = 'action 2') \
                       where seq = 3; update admin_audit_seals set audit_id = \
                       (select id from admin_audit_log where action = 'action 3') where seq = 2".to_owned(),
    Finding::Changed { seq: Some(2), entry: row(3) })]
#[case::forged_hash("update admin_audit_seals set hash = sha256('forged') where seq = 3".to_owned(),
    Finding::Changed { seq: Some(3), entry: row(3) })]
#[case::forged_link("update admin_audit_seals set previous = sha256('forged') where seq = 3".to_owned(),
    Finding::SealChanged { seq: 3 })]
#[case::seal_gone("delete from admin_audit_seals where seq = 3".to_owned(), Finding::SealMissing { seq: 3 })]
#[case::seal_of_the_past_gone("delete from admin_audit_seals where seq = 0".to_owned(), Finding::SealMissing { seq: 0 })]
#[case::row_and_seal_gone(format!("delete from admin_audit_log {}; delete from admin_audit_seals where seq = 3", of_row(3)),
    Finding::SealMissing { seq: 3 })]
#[case::row_and_seal_gone_at_the_end("delete from admin_audit_log where resource_id = '6'; \
                                      delete from admin_audit_seals where seq = 6".to_owned(),
    Finding::CutOff { reached: 6, ends: Some(5) })]
#[case::all_gone("delete from admin_audit_log; delete from admin_audit_seals".to_owned(),
    Finding::CutOff { reached: 6, ends: None })]
#[case::details_taken(format!("update admin_audit_log set ip_address = null, user_agent = null, details = null, \
                               salt = null {}", of_row(3)), Finding::Taken { entry: row(3) })]
#[case::put_in(format!("insert into admin_audit_log (id, tenant_id, company_id, action, created_at) \
                        values ('{}', '{COMPANY_A}', '{COMPANY_A}', 'put in', now())", row(9)),
    Finding::Unsealed { entry: row(9) })]
#[case::put_in_as_old(format!("insert into admin_audit_log (id, tenant_id, company_id, action, created_at, predates_seals, \
                               salt, address_digest, agent_digest, details_digest) \
                               select '{}', '{COMPANY_A}', '{COMPANY_A}', 'put in', '2020-01-01', true, 's', \
                                 cortex_audit_digest('s', 'address', null), cortex_audit_digest('s', 'agent', null), \
                                 cortex_audit_digest('s', 'details', null)", row(9)),
    Finding::PastChanged { sealed: 0, found: 1 })]
#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_does_behind_the_triggers_is_found(#[case] statement: String, #[case] expected: Finding) {
    let scene = Scene::new().await;

    scene.tamper(&statement).await;
    let found = scene.verify().await;
    // More rows and more seals hide nothing.
    scene.run(&format!("insert into admin_audit_log (tenant_id, action) values ('{COMPANY_A}', 'later')")).await;
    scene.seal().await;
    let later = scene.verify().await;

    assert_eq!(found, Err(expected));
    assert!(later.is_err(), "{later:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tail_that_grew_anew_is_not_the_one_that_master_knows() {
    let scene = Scene::new().await;
    scene
        .tamper("delete from admin_audit_log where resource_id::int > 4; delete from admin_audit_seals where seq > 4")
        .await;
    let more = format!(
        "insert into admin_audit_log (tenant_id, action) select '{COMPANY_A}', 'later' from generate_series(1, 5)"
    );

    scene.run(&more).await;
    assert_eq!(scene.seal().await, 5);

    assert_eq!(scene.verify().await, Err(Finding::Rewritten { seq: 6 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn retention_leaves_nothing_to_find() {
    let scene = Scene::new().await;
    let forget = "set role cortex_app; set cortex.tenant_id = '{A}'; \
                  select cortex_forget_audit_details('{A}', now() - interval '30 days', 10); reset role";
    scene.run(&forget.replace("{A}", COMPANY_A)).await;
    let left = "select count(*) from admin_audit_log where ip_address is not null or details is not null or \
                user_agent is not null";
    assert_eq!(count(scene.world.superuser(), left).await, 0);

    assert_eq!(scene.verify().await.unwrap().entries, 6);
    scene.seal().await;

    assert_eq!(scene.verify().await.unwrap().entries, 7);
}

/// Whoever wants to take details away unseen might tell of a retention that never was.
#[rstest]
#[case::of_the_future("9999-01-01T00:00:00.000000Z")]
#[case::of_today("today")]
#[case::of_no_time("zzz")]
#[tokio::test(flavor = "multi_thread")]
async fn a_retention_that_never_was_hides_nothing(#[case] told: &str) {
    let scene = Scene::new().await;
    let today = "to_char(now() at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')";
    let told = if told == "today" { today.to_owned() } else { format!("'{told}'") };
    scene
        .run(&format!(
            "insert into admin_audit_log (tenant_id, action, resource_type, resource_id) \
             values ('{COMPANY_A}', 'audit_details_forgotten', 'admin_audit_log', {told}); \
             set session_replication_role = replica; \
             update admin_audit_log set ip_address = null, user_agent = null, details = null, salt = null \
             where action <> 'audit_details_forgotten'; \
             set session_replication_role = origin"
        ))
        .await;
    scene.seal().await;

    assert!(matches!(scene.verify().await, Err(Finding::Taken { .. })), "{:?}", scene.verify().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_sixteen_write_every_row_is_sealed_and_all_agrees() {
    let scene = &Scene::new().await;
    let pool = &scene.world.pool_of(scene.company_id, 16);
    let sealers: Vec<_> = (0..2).map(|_| scene.sealing()).collect();
    let writing = join_all((0..16).map(|writer| async move {
        for row in 0..25 {
            let insert = format!(
                "insert into admin_audit_log (tenant_id, action, details) \
                 values ('{COMPANY_A}', 'writer {writer}', '{{\"row\": {row}}}')"
            );
            pool.run(async |connection: &mut diesel_async::AsyncPgConnection| {
                diesel_async::SimpleAsyncConnection::batch_execute(connection, &insert).await
            })
            .await
            .unwrap();
        }
    }));
    let sealing = join_all(sealers.iter().map(|sealing| async {
        for _ in 0..30 {
            sealing.seal().await.unwrap();
            assert_eq!(scene.verify().await.map(drop), Ok(()));
        }
    }));

    tokio::join!(writing, sealing);
    scene.seal().await;

    assert_eq!(scene.verify().await.unwrap().entries, 406);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn rows_from_before_the_seals_are_sealed_as_they_were(#[values(false, true)] tampered: bool) {
    let owned = Owned::new(Database::Company, Past::LivedIn, Host::Plain).await;
    owned
        .as_owner()
        .await
        .batch_execute(
            "insert into admin_audit_log (action, resource_type, resource_id, details, ip_address, created_at) \
             select 'action ' || n, 'type', nullif(n % 3, 0)::text, jsonb_build_object('n', n), '203.0.113.7', \
               nullif('2025-01-01'::timestamp + n * interval '1.000001 hours', '2025-01-01') \
             from generate_series(0, 4999) n",
        )
        .await
        .unwrap();
    owned.migrator().up(None).await.unwrap();
    let company_id = company(COMPANY_A);
    let pool = cortex_postgres::Pool::new(cortex_postgres::PoolConfig {
        address: crate::support::address(&owned.database.url_as(&owned.owner)),
        company: company_id,
        pooler: cortex_postgres::Pooler::Session,
        size: 2.try_into().unwrap(),
        acquire_timeout: std::time::Duration::from_secs(30),
        statement_timeout: std::time::Duration::from_secs(30),
    });
    let heads: Arc<InMemoryAuditHeads> = Arc::default();
    let verify = VerifyAudit::new(company_id, Arc::new(PgAuditChain::new(pool.clone())), Arc::clone(&heads) as _);
    let before = verify.verify().await.unwrap();
    assert_eq!(before.map(|checked| (checked.past, checked.entries)), Ok((5_001, 0)));

    // A year later the first row that is sealed follows on the seal of the past.
    let superuser = owned.database.connect().await;
    let insert = format!("insert into admin_audit_log (tenant_id, action) values ('{COMPANY_A}', 'later')");
    superuser.batch_execute(&insert).await.unwrap();
    let seal = SealAudit::new(company_id, Arc::new(PgAuditSealer::new(pool)), heads);
    assert_eq!(seal.seal().await.unwrap(), 1);
    if tampered {
        let change = "set session_replication_role = replica; \
                      update admin_audit_log set resource_id = '9' where action = 'action 4321'";
        superuser.batch_execute(change).await.unwrap();
        assert_eq!(verify.verify().await.unwrap(), Err(Finding::PastChanged { sealed: 5_001, found: 5_001 }));
    } else {
        let forget = format!(
            "set role cortex_app; set cortex.tenant_id = '{COMPANY_A}'; \
             select cortex_forget_audit_details('{COMPANY_A}', now() - interval '1 day', 10000)"
        );
        superuser.batch_execute(&forget).await.unwrap();
        let checked = verify.verify().await.unwrap();
        assert_eq!(checked.map(|checked| (checked.past, checked.entries)), Ok((5_001, 1)));
    }
}
