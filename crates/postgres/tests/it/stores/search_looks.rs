//! How the function that searches comes to the newest matches, on more documents than it looks at first.

use cortex_ingestion::testing::{COMPANY_A, COMPANY_B};
use cortex_postgres::schema::Database;
use cortex_test_support::Client;

use super::world::World;

/// Documents 1 to 6,000, an hour apart, the first the newest: `common` in each, `third` in every third, `row` and `here` in
/// all but in a row in every hundredth, `once` in the oldest thousand, `rare` in one; then one without a date and two whose
/// dates are none.
const DOCUMENTS: &str = "\
insert into documents (id, tenant_id, source, source_id, document_type, title, content, search_vector, search_version, \
  ingested_by_user_id, ingested_at, source_created_at) \
select n, $1, 'notes', n::text, 'file', '', '', \
  ('common:1 row:3 ' || case when n % 100 = 0 then 'here:4' else 'here:9' end || case when n % 3 = 0 then ' third:2' else '' end \
    || case when n > 5000 then ' once:5' else '' end || case when n = 5990 then ' rare:6' else '' end)::tsvector, 1, \
  case when n % 1000 = 0 then 'seldom' else 'often' end, null, \
  case when n <= 6000 then timestamptz '2026-03-02' - make_interval(hours => n) when n = 6001 then null \
    when n = 6002 then timestamptz '-infinity' else timestamptz 'infinity' end \
from generate_series(1, 6003) n";

async fn world() -> World {
    let world = World::new(Database::Company, [COMPANY_A, COMPANY_B]).await;
    let client = world.superuser();
    client.execute(DOCUMENTS, &[&COMPANY_A.to_string()]).await.unwrap();
    client.batch_execute(&format!("set cortex.tenant_id = '{COMPANY_A}'")).await.unwrap();
    world
}

/// The documents that match, and whether there are more.
async fn found(client: &Client, matching: &str, loose: &str, filter: &str) -> (Vec<i64>, Option<bool>) {
    let search = format!(
        "select coalesce(array_agg(document_id order by document_id), '{{}}'), bool_or(has_more) \
         from cortex_find_documents('{matching}', {loose}, '{matching}', {filter}, now())"
    );
    let row = client.query_one(&search, &[]).await.unwrap();
    (row.get(0), row.get(1))
}

const ALL: &str = "null, null, null, null, null";

#[tokio::test(flavor = "multi_thread")]
async fn of_many_matches_the_newest_are_taken() {
    let world = world().await;
    let client = world.superuser();

    let (common, has_more) = found(client, "common", "null", ALL).await;
    assert_eq!((common, has_more), ((1..=1_001).collect(), Some(true)));

    let (third, has_more) = found(client, "third", "null", ALL).await;
    assert_eq!((third, has_more), ((1..=1_001).map(|n| 3 * n).collect(), Some(true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_rare_or_old_is_found_to_the_last() {
    let world = world().await;
    let client = world.superuser();

    assert_eq!(found(client, "rare", "null", ALL).await, (vec![5_990], Some(false)));
    assert_eq!(found(client, "nowhere", "null", ALL).await, (vec![], None));
    let (once, has_more) = found(client, "once & !third", "null", ALL).await;
    let expected: Vec<i64> = (5_001..=6_003).filter(|n| n % 3 != 0).collect();
    assert_eq!((once, has_more), (expected, Some(false)), "those without a date are found too");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_reaches_as_far_as_it_must() {
    let world = world().await;
    let client = world.superuser();

    let seldom = found(client, "common", "null", "null, null, 'seldom', null, null").await;
    assert_eq!(seldom, ((1..=6).map(|n| n * 1_000).collect(), Some(false)));
    let nobody = found(client, "common", "null", "'notes', 'file', 'nobody', null, null").await;
    assert_eq!(nobody, (vec![], None));
    let span = "null, null, null, timestamptz '2026-03-02' - interval '5010 hours', \
                timestamptz '2026-03-02' - interval '5000 hours'";
    assert_eq!(found(client, "common", "null", span).await, ((5_001..=5_010).collect(), Some(false)));
    let before = "'notes', null, null, null, timestamptz '2026-03-02' - interval '2000 hours'";
    let (ids, has_more) = found(client, "common", "null", before).await;
    assert_eq!((ids.len(), ids[0], ids[1_000], has_more), (1_001, 2_001, 3_001, Some(true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phrase_is_looked_for_in_the_newest_and_everywhere_if_it_is_not_there() {
    let world = world().await;
    let client = world.superuser();

    let (row, has_more) = found(client, "row <-> here", "'row & here'", ALL).await;
    assert!(row.len() >= 10 && row.iter().all(|n| n % 100 == 0), "{row:?}");
    assert_eq!(has_more, Some(true));
    assert_eq!(found(client, "row <-> rare", "'row & rare'", ALL).await, (vec![], None));
    assert_eq!(found(client, "here <-> row", "'here & row'", ALL).await, (vec![], None));
}
