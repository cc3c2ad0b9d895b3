//! Each migration's way back: to where its way began, or refused with the reason.

use std::path::Path;

use cortex_postgres::migrate::{self, MigrateError, Migrator};
use cortex_postgres::schema::Database;
use cortex_test_support::{Client, Template, TestDatabase};
use rstest::rstest;

use crate::migrations::SNAPSHOT;
use crate::support::{COMPANY_A, Host, Owned, Past, USER_A1, address, company};

/// Step by step through a part of the migrations, of so many.
#[rstest]
#[case::master(Database::Master, 0, 1)]
#[case::first_third(Database::Company, 0, 3)]
#[case::second_third(Database::Company, 1, 3)]
#[case::last_third(Database::Company, 2, 3)]
#[tokio::test(flavor = "multi_thread")]
async fn each_way_back_leads_to_where_the_way_began(#[case] kind: Database, #[case] part: usize, #[case] parts: usize) {
    let owned = Owned::new(kind, Past::Empty, Host::Plain).await;
    let names = migrate::names(kind);
    let steps = names.len() * part / parts..names.len() * (part + 1) / parts;
    if let Some(before) = steps.start.checked_sub(1) {
        owned.migrator().up(Some(names[before].clone())).await.unwrap();
    }
    let client = owned.as_owner().await;
    let mut before = Vec::new();
    for name in &names[steps.clone()] {
        before.push(schema(&client, kind).await);
        owned.migrator().up(Some(name.clone())).await.unwrap();
    }

    let mut wrong = Vec::new();
    for (name, before) in names[steps].iter().zip(before).rev() {
        owned.migrator().down(None).await.unwrap();
        let after = schema(&client, kind).await;
        let lost = before.iter().filter(|line| !after.contains(line)).map(|line| format!("{name} loses {line}"));
        let left = after.iter().filter(|line| !before.contains(line)).map(|line| format!("{name} leaves {line}"));
        wrong.extend(lost.chain(left));
    }

    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The schema, but for whether a reference was checked for the rows that are there: on the way back some of these rows
/// may point to what is gone.
async fn schema(client: &Client, kind: Database) -> Vec<String> {
    let lines = client.query(SNAPSHOT, &[&kind.tables()]).await.unwrap();
    lines.into_iter().map(|row| row.get::<_, String>(0).replace(" NOT VALID", "")).collect()
}

/// A migrated database with a row or two.
async fn with_rows(kind: Database, rows: &str) -> (TestDatabase, Migrator) {
    let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations").join(kind.name());
    let template = Template::new(kind.name()).folder(migrations).unwrap();
    let migrator = |url: &str| Migrator::new(kind, address(url), company(COMPANY_A));
    let database = TestDatabase::create(&template, async |url| {
        migrator(&url).up(None).await.unwrap();
    })
    .await;
    database.batch(&rows.replace("$company", COMPANY_A).replace("$user", USER_A1)).await;
    let migrator = migrator(&database.url());
    (database, migrator)
}

const A_DOCUMENT: &str = "insert into documents (tenant_id, source, source_id, document_type, title, content) \
                          values ('$company', 'upload', '1', 'file', 'One', 'Text');";
const A_CONNECTION: &str = "insert into connections (tenant_id, provider_key, connection_id, user_id) \
                            values ('$company', 'gmail', 'one', '$user');";
const ANOTHER: &str = "insert into connections (tenant_id, provider_key, connection_id, user_id) \
                       values ('$company', 'gmail', 'two', 'somebody');";
const A_COMPANY: &str = "insert into companies (id, slug, name) values ('$company', 'harbour', 'Harbour');";

#[rstest]
#[case::users("012", &[A_CONNECTION, ANOTHER], "several connections share a provider: gmail")]
#[case::attribution("013", &[A_DOCUMENT, "update documents set ingested_by_user_id = '$user'"], "who brought documents in")]
#[case::webhooks(
    "023",
    &["insert into webhook_inbox (tenant_id, body, body_hash) values ('$company', '{}', 'h')"],
    "webhooks that were not worked off"
)]
#[case::sources(
    "025",
    &[A_DOCUMENT, "insert into document_sources (tenant_id, document_id, user_id, method, source, source_id) \
                   select tenant_id, id, '$user', 'api', source, source_id from documents"],
    "who brought which document in"
)]
#[case::accounts("027", &[A_DOCUMENT, "update documents set source_account = 'first';", A_DOCUMENT], "of several accounts")]
#[case::overrides(
    "036",
    &["insert into sync_overrides (tenant_id, allow, reason, by) values ('$company', true, 'r', 'b')"],
    "leaves and refusals of admins"
)]
#[case::seals(
    "046",
    &["insert into admin_audit_seals (tenant_id, seq, audit_id, previous, hash) \
       values ('$company', 1, gen_random_uuid(), 'p', 'h')"],
    "the seals of the audit log"
)]
#[case::removals(
    "048",
    &["insert into broker_removals (tenant_id, provider_key, connection_id) values ('$company', 'gmail', 'one')"],
    "still to be removed at Nango"
)]
#[case::files(
    "057",
    &["insert into blob_chunks (tenant_id, blob_key, number, bytes) values ('$company', gen_random_uuid(), 0, 'b')"],
    "the original files of documents"
)]
#[case::contents(
    "060",
    &[A_CONNECTION, "insert into unfinished_contents (tenant_id, user_id, connection_id, model, variant, record_key, \
                     record, fingerprint, attempts, next_at, reason) \
                     select tenant_id, user_id, id, 'm', 'base', 'k', '{}', 'f', 1, now(), 'r' from connections"],
    "records that still lack texts"
)]
#[case::deletions(
    "061",
    &[A_CONNECTION, "insert into held_deletions (tenant_id, user_id, connection_id, provider, model, variant, job_id, \
                     records) \
                     select tenant_id, user_id, id, 'gmail', 'm', 'base', gen_random_uuid(), 3 from connections"],
    "deletions that wait for a decision"
)]
#[case::superseded("062", &[A_DOCUMENT, "update documents set superseded_at = now()"], "would show again")]
#[case::alerts(
    "123",
    &["insert into cortex_alerts (tenant_id, rule, subject, mark, urgency, summary, key_entities, dismissed_at) \
       values ('$company', 'urgent_mail', '1', 'urgent', 3, 'A mail.', '{}', now())"],
    "would forget who did, and why"
)]
#[case::deleted(
    "066",
    &["insert into deleted_documents (tenant_id, source, source_account, source_id) values ('$company', 'gmail', '', '1')"],
    "what admins deleted would come back"
)]
#[case::reports(
    "114",
    &["insert into cortex_saved_reports (id, tenant_id, user_id, title, report_type, report_data, summary) \
       values (gen_random_uuid(), '$company', '$user', 't', 'weekly', '{}', 's')"],
    "reports that people saved"
)]
#[case::baseline("001", &[A_CONNECTION], "the baseline is not taken down: connections holds rows")]
#[tokio::test(flavor = "multi_thread")]
async fn what_a_company_would_lose_forbids_the_way_back(
    #[case] number: &str,
    #[case] rows: &[&str],
    #[case] why: &str,
) {
    refuses(Database::Company, number, &rows.concat(), why).await;
}

/// Nobody below knows what such a job is.
#[tokio::test(flavor = "multi_thread")]
async fn jobs_of_the_company_go_and_those_of_accounts_stay() {
    let jobs = "insert into sync_jobs (tenant_id, user_id, job_type, kind, parameters, status) values \
                  ('$company', '$user', 'summaries', 'summaries', '{\"period\": \"one\"}', 'queued'), \
                  ('$company', '$user', 'gmail', 'initial', '{}', 'completed'), \
                  ('$company', '$user', 'gmail', null, '{}', 'done')";
    let (database, migrator) = with_rows(Database::Company, jobs).await;
    let names = migrate::names(Database::Company);
    let first = names.iter().position(|name| name.starts_with("110")).unwrap();

    migrator.down(Some(names[first - 1].clone())).await.unwrap();

    let rows =
        database.connect().await.query("select coalesce(kind, '-') from sync_jobs order by 1", &[]).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>(), ["-", "initial"]);
}

#[rstest]
#[case::originals(
    "006",
    "insert into nango_original_connections (company_id, tenant_id, provider, original_email, nango_connection_id) \
     values ('$company', '$user', 'gmail', 'ina@harbour.example', 'one')",
    "the accounts that people first connected"
)]
#[case::members(
    "007",
    "insert into company_users (user_id, company_id, email) values ('$user', '$company', 'ina@harbour.example')",
    "the memberships of people"
)]
#[case::invitations(
    "009",
    "insert into company_users (user_id, company_id, email, is_active, invitation_expires_at) \
     values ('$user', '$company', 'ina@harbour.example', false, now() + interval '1 day')",
    "open invitations"
)]
#[case::registry(
    "010",
    "update companies set database_url_ref = 'env:HARBOUR'",
    "where the companies have their databases"
)]
#[case::accounts(
    "011",
    "insert into nango_original_connections (company_id, tenant_id, provider, original_email, nango_connection_id, \
       account_id) values ('$company', '$user', 'gmail', 'ina@harbour.example', 'one', 'a')",
    "known by their e-mail address only"
)]
#[case::heads(
    "014",
    "insert into audit_heads (company_id, seq, hash) values ('$company', 1, decode(repeat('00', 32), 'hex'))",
    "how far the audit logs of companies reached"
)]
#[case::baseline("001", "", "the baseline of Master is not taken down")]
#[tokio::test(flavor = "multi_thread")]
async fn what_master_would_lose_forbids_the_way_back(#[case] number: &str, #[case] rows: &str, #[case] why: &str) {
    refuses(Database::Master, number, &format!("{A_COMPANY}{rows}"), why).await;
}

async fn refuses(kind: Database, number: &str, rows: &str, why: &str) {
    let (_database, migrator) = with_rows(kind, rows).await;
    let names = migrate::names(kind);
    let position = names.iter().position(|name| name.starts_with(number)).unwrap();
    let to = position.checked_sub(1).map(|before| names[before].clone());

    // Below the first there is nothing to name: it goes last.
    if to.is_none() {
        migrator.down(Some(names[0].clone())).await.unwrap();
    }
    let MigrateError::Failed { name, reason, .. } = migrator.down(to).await.unwrap_err() else { panic!("not refused") };

    assert_eq!(name, names[position]);
    assert!(reason.contains(why), "{reason}");
    assert!(reason.len() > why.len() + 20, "it says what to do: {reason}");
    assert_eq!(migrator.status().await.unwrap().applied.last(), Some(&names[position]));
}
