//! Where the lexemes of documents come from: with what the service writes, from the trigger where a row comes without,
//! and from the job that makes those of older lexers anew.

use cortex_ingestion::lexemes::VERSION;
use cortex_ingestion::model::{CommitOutcome, ContentHash, DocumentFilter, NewDocument, PageCommit, SearchQuery};
use cortex_ingestion::ports::{PageStore as _, SearchIndex as _};
use cortex_ingestion::testing::page_store::{Harness as _, Run};
use cortex_ingestion::testing::{COMPANY_A, COMPANY_B, USER_1, a_commit, a_document};
use cortex_kernel::PageRequest;
use cortex_postgres::Upkeep;
use cortex_postgres::schema::Database;
use cortex_postgres::stores::{PgPageStore, PgSearchIndex};

use super::page_store::PgHarness;
use super::world::World;

async fn world() -> World {
    World::new(Database::Company, [COMPANY_A, COMPANY_B]).await
}

async fn put(world: &World, title: &str, content: &str) {
    let insert = "insert into documents (tenant_id, source, source_id, document_type, title, content, metadata) \
                  values ($1, 'notes', $2, 'file', $2, $3, '{\"sender_name\": \"Nora Dahl\"}')";
    world.superuser().execute(insert, &[&COMPANY_A.to_string(), &title, &content]).await.unwrap();
}

async fn found(world: &World, text: &str) -> usize {
    let query = SearchQuery {
        text: text.parse().unwrap(),
        filter: DocumentFilter::default(),
        page: PageRequest::new(None, None),
    };
    PgSearchIndex::new(world.pool(COMPANY_A)).search(COMPANY_A, &query).await.unwrap().total
}

async fn versions(world: &World) -> Vec<i16> {
    let rows = world.superuser().query("select search_version from documents order by id", &[]).await.unwrap();
    rows.into_iter().map(|row| row.get(0)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_without_lexemes_is_found_at_once_and_better_after_the_job() {
    let world = world().await;
    put(&world, "Rechnungen", "Die Häuser sind im Juni nicht für uns und auch nicht bezahlt").await;
    assert_eq!((found(&world, "Rechnungen").await, found(&world, "dahl").await), (1, 1));
    assert_eq!(found(&world, "Haus").await, 0);

    let upkeep = Upkeep::new(world.pool(COMPANY_A));
    assert_eq!(upkeep.make_searchable(10).await.unwrap(), 1);
    assert_eq!(upkeep.make_searchable(10).await.unwrap(), 0);

    assert_eq!((found(&world, "Haus").await, found(&world, "rechnung").await, found(&world, "dahl").await), (1, 1, 1));
    assert_eq!(versions(&world).await, [VERSION]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_is_changed_without_lexemes_is_found_by_what_it_says_now() {
    let world = world().await;
    put(&world, "Heron", "It stands.").await;
    let upkeep = Upkeep::new(world.pool(COMPANY_A));
    upkeep.make_searchable(10).await.unwrap();

    world.superuser().batch_execute("update documents set content = 'It swims.'").await.unwrap();

    assert_eq!((found(&world, "swim").await, found(&world, "stand").await), (1, 0));
    assert_eq!(versions(&world).await, [0]);
    world.superuser().batch_execute("update documents set title = title, mime_type = 'text/plain'").await.unwrap();
    assert_eq!(upkeep.make_searchable(10).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_job_takes_a_few_at_a_time_and_those_of_its_company_only() {
    let world = world().await;
    for number in 0..5 {
        put(&world, &format!("Heron {number}"), "").await;
    }

    assert_eq!(Upkeep::new(world.pool(COMPANY_B)).make_searchable(10).await.unwrap(), 0);
    let upkeep = Upkeep::new(world.pool(COMPANY_A));
    let done = [upkeep.make_searchable(3).await.unwrap(), upkeep.make_searchable(3).await.unwrap()];
    assert_eq!(done, [3, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_service_writes_has_its_lexemes() {
    let harness = PgHarness::new().await;
    let Run { lease, stream } = harness.run(COMPANY_A, USER_1).await;
    let world = &harness.0;
    let commit = PageCommit { lease, stream, documents: vec![german("1")], ..a_commit() };
    commit_page(world, &commit).await;
    assert_eq!((found(world, "Haus").await, versions(world).await), (1, vec![VERSION]));

    let mut changed = german("1");
    changed.content = "Die Wälder sind nicht für uns und auch nicht im Juni".to_owned();
    changed.content_hash = ContentHash::of(&changed.title, &changed.content);
    let commit = PageCommit { read_from: commit.moved_to.clone(), documents: vec![changed], ..commit };
    commit_page(world, &commit).await;
    assert_eq!((found(world, "Wald").await, found(world, "Haus").await), (1, 0));
    assert_eq!(versions(world).await, [VERSION]);
}

fn german(source_id: &str) -> NewDocument {
    let content = "Die Häuser sind nicht für uns und auch nicht im Juni".to_owned();
    NewDocument { content, ..a_document(source_id) }
}

async fn commit_page(world: &World, commit: &PageCommit) {
    let outcome = PgPageStore::new(world.pool(COMPANY_A)).commit_page(commit).await.unwrap();
    assert!(matches!(outcome, CommitOutcome::Committed(_)), "{outcome:?}");
}
