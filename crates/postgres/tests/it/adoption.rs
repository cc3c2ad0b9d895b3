//! Databases that are taken over in any state, and what of them is told beforehand.

use cortex_postgres::migrate::{self, Finding, MigrateError};
use cortex_postgres::schema::Database;
use rstest::rstest;

use crate::migrations::{SNAPSHOT, lines, snapshot};
use crate::support::{COMPANY_A, Host, Owned, Past, count};

/// Tables that stand in such databases and are not ours.
const OF_OTHERS_IN_A_COMPANY: &[&str] = &[
    "admin_schema_overrides",
    "alert_rules",
    "canonical_identities",
    "company_prompt_overrides",
    "company_report_questions",
    "company_report_sections",
    "company_settings",
    "daily_intelligence",
    "daily_reports",
    "document_alerts",
    "email_aliases",
    "emails",
    "historic_sync_jobs",
    "identity_merge_suggestions",
    "intelligence_insights",
    "intelligence_search_queries",
    "monthly_intelligence",
    "platform_identities",
    "saved_reports",
    "team_members",
    "user_custom_queries",
    "user_dashboard_preferences",
    "weekly_intelligence",
];
const OF_OTHERS_IN_MASTER: &[&str] = &[
    "company_deployments",
    "company_prompts",
    "company_schemas",
    "company_team_members",
    "daily_reports",
    "historic_sync_jobs",
    "master_admin_sessions",
];

fn in_the_way(findings: &[Finding]) -> Vec<&str> {
    findings.iter().filter(|finding| finding.is_in_the_way).map(|finding| finding.text.as_str()).collect()
}

fn told(findings: &[Finding], text: &str) -> bool {
    findings.iter().any(|finding| finding.text.contains(text))
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_companys_database_that_was_stopped_halfway_ends_in_the_same_schema(
    #[values("001", "014", "020", "027", "041", "066")] stopped_after: &str,
    #[values(Past::LivedIn, Past::ByHand)] past: Past,
) {
    let owned = stopped_and_gone_on(Database::Company, stopped_after, past).await;

    assert_eq!(count(&owned.as_owner().await, "select count(*) from documents").await, 2);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_master_that_was_stopped_halfway_ends_in_the_same_schema(
    #[values("001", "007", "009", "014")] stopped_after: &str,
    #[values(Past::LivedIn, Past::ByHand)] past: Past,
) {
    let owned = stopped_and_gone_on(Database::Master, stopped_after, past).await;

    assert_eq!(count(&owned.as_owner().await, "select count(*) from companies").await, 1);
}

async fn stopped_and_gone_on(kind: Database, stopped_after: &str, past: Past) -> Owned {
    let fresh = Owned::migrated(kind, Past::Empty, Host::Supabase).await;
    let owned = Owned::new(kind, past, Host::Supabase).await;
    let stop = migrate::resolve(kind, stopped_after).unwrap();
    owned.migrator().up(Some(stop)).await.unwrap();

    assert_eq!(in_the_way(&owned.migrator().look_ahead().await.unwrap()), [""; 0]);
    owned.migrator().up(None).await.unwrap();

    assert_eq!(snapshot(&owned).await, snapshot(&fresh).await);
    owned
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn tables_of_others_are_listed_and_left_as_they_are(
    #[values(Database::Master, Database::Company)] kind: Database,
    #[values(Host::Plain, Host::Supabase)] host: Host,
) {
    let owned = Owned::new(kind, Past::LivedIn, host).await;
    let client = owned.as_owner().await;
    let others = if kind == Database::Master { OF_OTHERS_IN_MASTER } else { OF_OTHERS_IN_A_COMPANY };
    for table in others {
        client
            .batch_execute(&format!(
                "drop table if exists {table}; \
                 create table {table} (id serial primary key, tenant_id text default 'theirs', body text unique); \
                 alter table {table} enable row level security; create policy everybody on {table} for all using (true); \
                 insert into {table} (body) values ('kept')"
            ))
            .await
            .unwrap();
    }
    // Functions are those of the whole schema.
    let look = async || {
        let mut facts = client.query(SNAPSHOT, &[&others]).await.unwrap();
        facts.retain(|row| !row.get::<_, &str>(0).contains("function"));
        facts.into_iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>()
    };
    let before = look().await;
    assert!(before.len() > others.len() * 5, "the snapshot looks at something");

    let mut foreign = owned.migrator().status().await.unwrap().foreign;
    owned.migrator().up(None).await.unwrap();

    foreign.sort();
    assert_eq!(foreign, others);
    assert_eq!(look().await, before);
    for table in others {
        let kept = format!("select count(*) from {table} where (id, tenant_id, body) = (1, 'theirs', 'kept')");
        assert_eq!(count(&client, &kept).await, 1, "{table}");
    }
    let foreign = owned.migrator().status().await.unwrap().foreign;
    assert!(others.iter().all(|table| foreign.contains(&(*table).to_owned())), "{foreign:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_share_a_provider_are_named_and_indexed_once_they_are_clean() {
    let owned = Owned::new(Database::Company, Past::LivedIn, Host::Plain).await;
    let client = owned.as_owner().await;
    client
        .batch_execute(&format!(
            "alter table connections drop constraint connections_tenant_id_provider_key_key; \
             insert into connections (tenant_id, provider_key, connection_id) values ('{COMPANY_A}', 'outlook', 'twin')"
        ))
        .await
        .unwrap();

    let findings = owned.migrator().look_ahead().await.unwrap();
    let ran = owned.migrator().up(None).await.unwrap();

    assert_eq!(in_the_way(&findings), [""; 0], "the others are migrated all the same");
    assert!(told(&findings, "have no user (broker-outlook, twin): the unique index is left out"), "{findings:#?}");
    let named = format!("outlook of company {COMPANY_A} (broker-outlook, twin)");
    assert!(ran.last().unwrap().warnings.iter().any(|warning| warning.contains(&named)), "{ran:#?}");
    let index = "select count(*) from pg_class where relname = 'connections_one_without_user'";
    assert_eq!(count(&client, index).await, 0);

    client.batch_execute("delete from connections where connection_id = 'twin'").await.unwrap();
    assert_eq!(owned.migrator().up(None).await.unwrap(), []);
    assert_eq!(count(&client, index).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_with_one_key_are_told_beforehand_and_by_the_migration_that_stops_there() {
    let fresh = Owned::migrated(Database::Company, Past::Empty, Host::Plain).await;
    let owned = Owned::new(Database::Company, Past::LivedIn, Host::Plain).await;
    let client = owned.as_owner().await;
    client
        .batch_execute(&format!(
            "alter table documents drop constraint documents_tenant_id_source_source_id_key; \
             insert into documents (tenant_id, source, source_id, document_type, title, content) \
             values ('{COMPANY_A}', 'gmail', 'gmail:thread:t1', 'email', 'Again', 'the same')"
        ))
        .await
        .unwrap();

    let findings = owned.migrator().look_ahead().await.unwrap();
    let MigrateError::Failed { name, reason, .. } = owned.migrator().up(None).await.unwrap_err() else {
        panic!("it went through")
    };

    let expected =
        format!("2 documents of company {COMPANY_A} bear the id gmail:thread:t1 of gmail: delete all but one");
    assert_eq!(in_the_way(&findings), [expected]);
    assert_eq!(name, "026_index_documents_key");
    assert!(reason.contains("gmail:thread:t1") && reason.contains("duplicated"), "{reason}");

    client.batch_execute("delete from documents where title = 'Again'").await.unwrap();
    owned.migrator().up(None).await.unwrap();
    assert_eq!(snapshot(&owned).await, snapshot(&fresh).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_spellings_beside_each_other_are_told_and_left() {
    let owned = Owned::new(Database::Company, Past::LivedIn, Host::Plain).await;
    let client = owned.as_owner().await;
    client
        .batch_execute(&format!(
            "insert into connections (tenant_id, provider_key, connection_id) values ('{COMPANY_A}', 'gmail', 'other'); \
             insert into documents (tenant_id, source, source_id, document_type, title, content) \
             select tenant_id, 'google_drive', source_id, document_type, title, content from documents \
             where source = 'googledrive'"
        ))
        .await
        .unwrap();

    let findings = owned.migrator().look_ahead().await.unwrap();
    owned.migrator().up(None).await.unwrap();

    assert!(told(&findings, "connections spell gmail as gmail and google-mail"), "{findings:#?}");
    assert!(told(&findings, "1 documents under googledrive are there under google_drive too"), "{findings:#?}");
    let sources = lines(&client, "select source from documents where source ~ 'drive' order by 1").await;
    assert_eq!(sources, ["google_drive", "googledrive"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_fail_for_want_of_rights_or_names_is_told_without_a_change() {
    let owned = Owned::new(Database::Company, Past::LivedIn, Host::Plain).await;
    owned.database.batch("create table connect_sessions (id int); create table chats_of_others (id int)").await;
    owned
        .database
        .batch("alter table user_cursors owner to current_user; revoke all on table user_cursors from public")
        .await;

    let findings = owned.migrator().look_ahead().await.unwrap();

    let barred = in_the_way(&findings);
    assert!(barred.iter().any(|text| text.contains("the table user_cursors belongs to")), "{barred:#?}");
    assert!(
        barred.iter().any(|text| text.contains("the table connect_sessions is not ours and bears a name")),
        "{barred:#?}"
    );
    let books = count(&owned.as_owner().await, "select count(*) from pg_class where relname ~ 'diesel'").await;
    assert_eq!(books, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn master_tells_who_shares_an_address_and_which_reference_is_none() {
    let owned = Owned::new(Database::Master, Past::ByHand, Host::Plain).await;
    let client = owned.as_owner().await;
    client
        .batch_execute(&format!(
            "insert into company_users (user_id, company_id, email) \
             values ('0a0a0a0a-0000-4000-8000-0000000000a9', '{COMPANY_A}', 'INA@harbour.example'); \
             alter table companies add column database_url_ref text; \
             update companies set database_url_ref = 'postgres://nora:hush@db/books'"
        ))
        .await
        .unwrap();

    let findings = owned.migrator().look_ahead().await.unwrap();

    assert_eq!(
        in_the_way(&findings),
        ["database_url_ref of harbour-works is neither env:NAME nor file:/path: correct it"]
    );
    assert!(told(&findings, "0000000000a9): the unique index is left out"), "{findings:#?}");
    assert!(!told(&findings, "hush") && !told(&findings, "@harbour"), "{findings:#?}");
}
