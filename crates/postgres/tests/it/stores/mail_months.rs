//! Months of mails that are kept: whatever is read of them is what counting their mails comes to.

use cortex_ingestion::model::Erase;
use cortex_ingestion::ports::Erasure as _;
use cortex_insights::model::{Correspondents, DayFigures, MostCorrespondents, Network, Stretch};
use cortex_insights::ports::{Correspondence as _, Figures as _};
use cortex_insights::testing::{COMPANY_A, COMPANY_B, NOON, USER_1, USER_2};
use cortex_kernel::Origin;
use cortex_postgres::Upkeep;
use cortex_postgres::schema::Database;
use cortex_postgres::stores::{PgCorrespondence, PgErasure, PgFigures};
use rstest::rstest;
use time::{Date, Duration, OffsetDateTime};

use super::world::World;

async fn world() -> World {
    World::new(Database::Company, [COMPANY_A, COMPANY_B]).await
}

/// Two hundred days of mails of both companies, some without a sender, with nobody to get them, superseded, or no mails.
fn mails(first: u32, last: u32) -> String {
    format!(
        "insert into documents (tenant_id, source, source_id, document_type, title, content, metadata, source_created_at, \
           ingested_at, superseded_at) \
         select case when n % 9 = 0 then '{COMPANY_B}' else '{COMPANY_A}' end, 'gmail', n::text, \
           case when n % 13 = 0 then 'file' else 'email' end, 't', 'c', \
           jsonb_build_object('sender_address', case when n % 7 > 0 then 'p' || n % 5 end, 'sender_name', 'P' || n % 11, \
             'to_addresses', case when n % 6 > 0 then jsonb_build_array('p' || n % 4, 'p' || n % 3) else jsonb '[]' end), \
           case when n % 8 > 0 then now() - make_interval(hours => n * 37 % 4800) end, \
           now() - make_interval(hours => n * 41 % 4800), case when n % 17 = 0 then now() end \
         from generate_series({first}, {last}) n"
    )
}

/// All that is read of months that are kept.
#[derive(Debug, PartialEq)]
struct Told(Vec<(Correspondents, Network, Vec<DayFigures>)>);

async fn told(world: &World) -> Told {
    let (correspondence, figures) =
        (PgCorrespondence::new(world.pool(COMPANY_A)), PgFigures::new(world.pool(COMPANY_A)));
    let most = MostCorrespondents { people: 500, ties: 500 };
    let mut told = Vec::new();
    for stretch in stretches() {
        told.push((
            correspondence.list_correspondents(COMPANY_A, stretch, most).await.unwrap(),
            correspondence.map_network(COMPANY_A, stretch, 500).await.unwrap(),
            figures.list_days(COMPANY_A, stretch).await.unwrap(),
        ));
    }
    Told(told)
}

/// From the middle of a month to that of another, whole months, one month, and what is of no whole month.
#[expect(clippy::disallowed_methods, reason = "months are kept when they are over by the clock of the database")]
fn stretches() -> [Stretch; 5] {
    let today = OffsetDateTime::now_utc().date();
    let first_of = |day: Date| day.replace_day(1).unwrap();
    let last_month = first_of(today) - Duration::DAY;
    let days = |first, last| Stretch { first, last };
    [
        days(today - Duration::days(100), today),
        days(today - Duration::days(200), today - Duration::days(20)),
        days(first_of(first_of(last_month) - Duration::DAY), last_month),
        days(first_of(last_month), last_month),
        days(today - Duration::days(6), today),
    ]
}

async fn keep_all(world: &World) -> usize {
    let upkeep = Upkeep::new(world.pool(COMPANY_A));
    let mut kept = 0;
    while upkeep.keep_month().await.unwrap() {
        kept += 1;
    }
    kept
}

/// The same is told of what is kept and changed since, of all months kept anew, and of none that is kept.
async fn assert_same(world: &World, after: &str) {
    let changed = told(world).await;
    keep_all(world).await;
    let kept = told(world).await;
    world.superuser().batch_execute("delete from mail_months").await.unwrap();
    let counted = told(world).await;

    assert_eq!(changed, counted, "after {after}, before it is kept");
    assert_eq!(kept, counted, "after {after}, when it is kept");
    keep_all(world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_is_what_there_is() {
    let world = world().await;

    for change in [
        mails(1, 400),
        mails(401, 420),
        "delete from documents where id % 5 = 0".to_owned(),
        "update documents set superseded_at = now() where id % 7 = 0 and superseded_at is null".to_owned(),
        "update documents set superseded_at = null where id % 14 = 0".to_owned(),
        "update documents set metadata = jsonb_set(metadata, '{sender_address}', '\"p1\"') where id % 3 = 0".to_owned(),
        "update documents set metadata = metadata - 'to_addresses' where id % 11 = 0".to_owned(),
        "update documents set source_created_at = source_created_at - interval '40 days' where id % 4 = 0".to_owned(),
        "update documents set source_created_at = null where id % 6 = 0".to_owned(),
        "update documents set document_type = case document_type when 'email' then 'file' else 'email' end where id % 8 = 0"
            .to_owned(),
        "begin; delete from documents; rollback".to_owned(),
        "delete from documents where document_type = 'email' and id % 2 = 0".to_owned(),
        "delete from documents".to_owned(),
    ] {
        world.superuser().batch_execute(&change).await.unwrap();
        assert_same(&world, &change).await;
    }
}

/// Or else nothing that is compared above would come from it.
#[rstest]
#[case::ties("update mail_month_ties set mails = mails + 1")]
#[case::days("update mail_months set mails_by_day = array(select n + 1 from unnest(mails_by_day) n)")]
#[tokio::test(flavor = "multi_thread")]
async fn months_that_are_kept_are_not_counted_again(#[case] lie: &str) {
    let world = world().await;
    world.superuser().batch_execute(&mails(1, 200)).await.unwrap();
    assert!(keep_all(&world).await >= 4, "each month that is over");
    assert_eq!(keep_all(&world).await, 0, "each once");
    let before = told(&world).await;

    world.superuser().batch_execute(lie).await.unwrap();

    assert_ne!(told(&world).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_no_count_opens_no_month() {
    let world = world().await;
    world.superuser().batch_execute(&mails(1, 200)).await.unwrap();
    keep_all(&world).await;

    let unrelated = "update documents set title = 'another', content = 'text', ingested_by_user_id = 'somebody'; \
                     delete from documents where document_type = 'file'; \
                     insert into documents (tenant_id, source, source_id, document_type, title, content, ingested_at) \
                     select tenant_id, 'drive', source_id, 'file', 't', 'c', ingested_at from documents; \
                     insert into documents (tenant_id, source, source_id, document_type, title, content) \
                     select tenant_id, 'outlook', source_id, 'email', 't', 'c' from documents where source = 'gmail'";
    world.superuser().batch_execute(unrelated).await.unwrap();

    assert_eq!(keep_all(&world).await, 0, "neither files, nor words, nor mails of today");
}

/// A mail of last month comes in while that is being kept, by a transaction that ends before or after it.
#[tokio::test(flavor = "multi_thread")]
async fn those_who_keep_and_write_at_once_lose_nothing() {
    let world = world().await;
    let upkeep = Upkeep::new(world.pool(COMPANY_A));
    let keep = async || {
        for _ in 0..40 {
            upkeep.keep_month().await.unwrap();
        }
    };
    let write = async {
        for round in 0..30 {
            let change = format!("{}; delete from documents where id % 7 = 3", mails(round * 10 + 1, round * 10 + 10));
            world.superuser().batch_execute(&change).await.unwrap();
        }
    };

    tokio::join!(keep(), keep(), write);

    assert_same(&world, "all have ended").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_of_another_company_is_not_told() {
    let world = world().await;
    world.superuser().batch_execute(&mails(1, 300)).await.unwrap();
    keep_all(&world).await;
    let before = told(&world).await;
    let upkeep = Upkeep::new(world.pool(COMPANY_B));
    while upkeep.keep_month().await.unwrap() {}
    world.open_walls().await;

    assert_eq!(told(&world).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn when_a_person_is_erased_no_month_is_kept() {
    let world = world().await;
    let his = format!("{}; update documents set ingested_by_user_id = '{USER_1}' where id % 2 = 0", mails(1, 200));
    world.superuser().batch_execute(&his).await.unwrap();
    keep_all(&world).await;
    let wish = Erase { company_id: COMPANY_A, user_id: USER_1, by: USER_2, at: NOON, origin: Origin::default() };
    let erasure = PgErasure::new(world.pool(COMPANY_A));

    while erasure.erase_some(&wish).await.unwrap().is_none() {}

    let kept = "select count(*) from mail_month_ties where tenant_id = $1";
    let kept: i64 = world.superuser().query_one(kept, &[&COMPANY_A.to_string()]).await.unwrap().get(0);
    assert_eq!(kept, 0);
    assert_same(&world, "he was erased").await;
}
