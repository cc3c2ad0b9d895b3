//! The rows that count documents come to what there is, whatever is written and folded.

use cortex_ingestion::ports::Erasure as _;
use cortex_insights::testing::{COMPANY_A, COMPANY_B, NOON, USER_1, USER_2};
use cortex_kernel::{Origin, StoreError};
use cortex_postgres::schema::Database;
use cortex_postgres::stores::PgErasure;
use cortex_postgres::{Upkeep, migrate};
use cortex_test_support::Client;

use super::world::World;
use crate::support::{Host, Owned, Past};

/// What the rows come to, and what is counted of documents: each as text.
const BOTH: &str = "select \
      (select string_agg(concat_ws(' ', tenant_id, day, source, user_id, n), ', ' order by tenant_id, day, source, user_id) \
       from (select tenant_id, day, source, user_id, sum(documents) as n from document_days group by 1, 2, 3, 4) days \
       where n <> 0), \
      (select string_agg(concat_ws(' ', tenant_id, day, source, user_id, n), ', ' order by tenant_id, day, source, user_id) \
       from ( \
         select tenant_id, coalesce((ingested_at at time zone 'UTC')::date, '1970-01-01') as day, source, \
           coalesce(ingested_by_user_id, '') as user_id, count(*) as n \
         from documents where superseded_at is null group by 1, 2, 3, 4) counted)";

async fn assert_counted(client: &Client, after: &str) {
    let row = client.query_one(BOTH, &[]).await.unwrap();
    let [days, counted]: [Option<String>; 2] = [row.get(0), row.get(1)];
    assert_eq!(days, counted, "{after}");
}

/// Of two companies, four people, three sources and five days, each a statement's.
fn some(first: u32, last: u32) -> String {
    format!(
        "insert into documents (tenant_id, source, source_id, document_type, title, content, ingested_at, \
           ingested_by_user_id, superseded_at) \
         select case when n % 11 = 0 then '{COMPANY_B}' else '{COMPANY_A}' end, \
           (array['gmail', 'outlook', 'upload'])[1 + n % 3], n::text, 'email', 't', 'c', \
           case when n % 13 > 0 then timestamptz '2026-03-01 23:30:00-05' + make_interval(days => n % 5) end, \
           case when n % 4 > 0 then 'user-' || n % 4 end, case when n % 17 = 0 then now() end \
         from generate_series({first}, {last}) n"
    )
}

async fn world() -> World {
    World::new(Database::Company, [COMPANY_A, COMPANY_B]).await
}

async fn rows(client: &Client) -> i64 {
    client.query_one("select count(*) from document_days", &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_way_to_write_documents_is_counted() {
    let world = world().await;
    let client = world.superuser();
    let hung = "update documents set parent_document_id = (select id from documents where source_id = '1') \
                where source_id in ('2', '3')";
    let upserted = "insert into documents (tenant_id, source, source_id, document_type, title, content, ingested_by_user_id) \
                    select tenant_id, source, source_id, 'email', 'newer', 'c', 'user-9' from documents where id % 2 = 0 \
                    on conflict (tenant_id, source, source_account, source_id) \
                    do update set title = excluded.title, ingested_by_user_id = excluded.ingested_by_user_id";

    for statement in [
        some(1, 200),
        some(201, 230),
        upserted.to_owned(),
        "update documents set superseded_at = now() where id % 5 = 0 and superseded_at is null".to_owned(),
        "update documents set superseded_at = null where id % 10 = 0".to_owned(),
        "update documents set ingested_by_user_id = null where ingested_by_user_id = 'user-1'".to_owned(),
        "update documents set source = 'archive', ingested_at = ingested_at - interval '2 days' where id % 3 = 0"
            .to_owned(),
        hung.to_owned(),
        // With those that hang on it.
        "delete from documents where source_id = '1'".to_owned(),
        "begin; delete from documents; rollback".to_owned(),
        format!("delete from documents where tenant_id = '{COMPANY_B}'"),
    ] {
        client.batch_execute(&statement).await.unwrap();
        assert_counted(client, &statement).await;
    }
    let before = rows(client).await;
    client.batch_execute("update documents set title = 'another', content = 'text'").await.unwrap();
    assert_eq!(rows(client).await, before, "what counts nothing adds no row");

    client.batch_execute("delete from documents").await.unwrap();
    assert_counted(client, "all are gone").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn folding_leaves_one_row_and_the_same_sum() {
    let world = world().await;
    let client = world.superuser();
    for first in [1, 101, 201, 301] {
        client.batch_execute(&some(first, first + 99)).await.unwrap();
    }
    client.batch_execute("delete from documents where source = 'upload'").await.unwrap();
    let of_others = "select count(*) from document_days where tenant_id <> $1";
    let others: i64 = client.query_one(of_others, &[&COMPANY_A.to_string()]).await.unwrap().get(0);
    let upkeep = Upkeep::new(world.pool(COMPANY_A));

    let first = upkeep.fold_counts(5).await.unwrap();
    assert_counted(client, "some were folded").await;
    assert_eq!(first, 5);
    while upkeep.fold_counts(5).await.unwrap() > 0 {}

    assert_counted(client, "all were folded").await;
    let twice = "select count(*) - count(distinct (day, source, user_id)), count(*) filter (where documents <= 0) \
                 from document_days where tenant_id = $1";
    let row = client.query_one(twice, &[&COMPANY_A.to_string()]).await.unwrap();
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (0, 0));
    assert_eq!(client.query_one(of_others, &[&COMPANY_A.to_string()]).await.unwrap().get::<_, i64>(0), others);
}

/// Four fold while documents come and go.
#[tokio::test(flavor = "multi_thread")]
async fn those_who_fold_and_write_at_once_lose_nothing() {
    let world = world().await;
    let client = world.superuser();
    let upkeep = Upkeep::new(world.pool(COMPANY_A));
    let fold = async || -> Result<(), StoreError> {
        for _ in 0..20 {
            upkeep.fold_counts(100).await?;
        }
        Ok(())
    };
    let write = async {
        for round in 0..20 {
            client.batch_execute(&some(round * 10 + 1, round * 10 + 10)).await.unwrap();
            client.batch_execute("delete from documents where id % 3 = 0").await.unwrap();
        }
    };

    let (first, second, third, fourth, ()) = tokio::join!(fold(), fold(), fold(), fold(), write);

    for done in [first, second, third, fourth] {
        done.unwrap();
    }
    assert_counted(client, "all have ended").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_person_who_was_erased_no_row_is_left() {
    let world = world().await;
    let client = world.superuser();
    let his = format!(
        "{}; update documents set ingested_by_user_id = '{USER_1}' where ingested_by_user_id = 'user-2' \
         and tenant_id = '{COMPANY_A}'",
        some(1, 60)
    );
    client.batch_execute(&his).await.unwrap();
    let wish = cortex_ingestion::model::Erase {
        company_id: COMPANY_A,
        user_id: USER_1,
        by: USER_2,
        at: NOON,
        origin: Origin::default(),
    };
    let erasure = PgErasure::new(world.pool(COMPANY_A));

    while erasure.erase_some(&wish).await.unwrap().is_none() {}

    assert_counted(client, "he was erased").await;
    let his = "select count(*) from document_days where user_id = $1";
    assert_eq!(client.query_one(his, &[&USER_1.to_string()]).await.unwrap().get::<_, i64>(0), 0);
}

/// Also where documents come between the migration that begins to count and the one that counts what was there.
#[tokio::test(flavor = "multi_thread")]
async fn documents_of_before_are_counted_once() {
    let owned = Owned::new(Database::Company, Past::Empty, Host::Plain).await;
    let names = migrate::names(Database::Company);
    let first = names.iter().position(|name| name.starts_with("097")).unwrap();
    owned.migrator().up(Some(names[first - 1].clone())).await.unwrap();
    let client = owned.as_owner().await;
    client.batch_execute(&some(1, 300)).await.unwrap();
    owned.migrator().up(Some(names[first].clone())).await.unwrap();
    client.batch_execute(&format!("{}; delete from documents where id % 7 = 0", some(301, 330))).await.unwrap();

    owned.migrator().up(None).await.unwrap();

    assert_counted(&client, "the migration ended").await;
    assert!(rows(&client).await > 0);
}
