//! Walls inside the database: who may see what, by role and by company, whatever the service's code does.

use cortex_postgres::doctor::Walls;
use cortex_postgres::schema::{BOOKKEEPING_TABLE, Database};
use rstest::rstest;

use crate::support::{COMPANY_A, COMPANY_B, Host, Owned, Past, USER_A1, count};

/// Rows of one company in every table of its database. A mail has its row of `mail_records` and of
/// `document_days` already.
fn company_rows(company: &str, number: u32) -> String {
    format!(
        "insert into connections (id, tenant_id, provider_key, connection_id, user_id)
           values ({number}, '{company}', 'gmail', 'broker-{number}', 'user');
         insert into documents (id, tenant_id, source, source_id, document_type, title, content)
           values ({number}, '{company}', 'gmail', 'message', 'email', 'Crane {number}', 'A crane is free');
         with counted as (delete from document_days where tenant_id = '{company}')
         insert into document_days (tenant_id, day, source, user_id, documents)
           values ('{company}', '2026-03-02', 'gmail', 'user', 1);
         insert into book_records (tenant_id, document_id, kind) values ('{company}', {number}, 'invoice');
         insert into mail_records (tenant_id, document_id, sent_at, receivers, subject)
           values ('{company}', {number}, now(), '{{}}', 'Crane') on conflict (document_id) do update set subject = 'Crane';
         insert into mail_months (tenant_id, month, mails_by_day) values ('{company}', '2026-03-01', '{{}}');
         insert into mail_month_ties (tenant_id, month, role, sender, mails, last_at)
           values ('{company}', '2026-03-01', 'wrote', 'somebody', 1, now());
         insert into mail_month_changes (tenant_id, month) values ('{company}', '2026-03-01');
         insert into summaries (tenant_id, kind, first_day, version, summary, computed_at)
           values ('{company}', 'daily', '2026-03-02', 1, '{{}}', now());
         insert into mail_signals (tenant_id, document_id, keyword, category, sent_at)
           values ('{company}', {number}, 'urgent', 'urgency', now());
         insert into cortex_alert_rules (tenant_id, rule, threshold) values ('{company}', 'urgent_mail', 1);
         insert into cortex_alerts (tenant_id, rule, subject, mark, urgency, summary, key_entities, document_id)
           values ('{company}', 'urgent_mail', '{number}', 'urgent', 3, 'A mail says: urgent.', '{{}}', {number});
         insert into document_sources (tenant_id, document_id, user_id, connection_id, method, source, source_id)
           values ('{company}', {number}, 'user', {number}, 'oauth_sync', 'gmail', 'message');
         insert into sync_jobs (tenant_id, user_id, job_type) values ('{company}', 'user', 'gmail');
         insert into nango_sync_cursors (tenant_id, user_id, provider, sync_name, connection_id, model)
           values ('{company}', 'user', 'gmail', 'GmailEmail', 'broker-{number}', 'GmailEmail');
         insert into gmail_cursors (tenant_id, user_id, provider_key, cursor) values ('{company}', 'user', 'gmail', 'c');
         insert into user_cursors (tenant_id, user_id, provider_key, user_principal_name, delta_link)
           values ('{company}', 'user', 'outlook', 'user', 'link');
         insert into chats (id, company_id, user_email)
           values ('00000000-0000-4000-8000-{number:012}', '{company}', 'user');
         insert into chat_messages (tenant_id, chat_id, role, content)
           values ('{company}', '00000000-0000-4000-8000-{number:012}', 'user', 'Hello');
         insert into cortex_daily_reports (tenant_id, report_date, report_type, id, generated_at, report)
           values ('{company}', '2026-03-02', 'operations', gen_random_uuid(), now(), '{{}}');
         insert into cortex_saved_reports (id, tenant_id, user_id, title, report_type, report_data, summary)
           values (gen_random_uuid(), '{company}', 'user', 'Pumps', 'weekly', '{{}}', 'Two are late');
         insert into admin_sessions (tenant_id, token_hash, expires_at)
           values ('{company}', '\\x{number:08}', now() + interval '1 hour');
         insert into admin_audit_log (id, tenant_id, action)
           values ('00000000-0000-4000-8000-{number:012}', '{company}', 'admin_login');
         insert into admin_audit_unsealed (tenant_id, audit_id)
           values ('{company}', '00000000-0000-4000-8000-{number:012}') on conflict do nothing;
         insert into admin_audit_seals (tenant_id, seq, covered, previous, hash)
           values ('{company}', 0, 0, '\\x00', '\\x00');
         insert into quarantined_connections (tenant_id, provider_key, connection_id, reason)
           values ('{company}', 'gmail', 'stray', 'no_member');
         insert into set_aside_records
           (tenant_id, user_id, connection_id, provider, model, variant, record_key, reason, job_id)
           values ('{company}', 'user', {number}, 'gmail', 'GmailEmail', 'base', 'message', 'draft', gen_random_uuid());
         insert into held_deletions (id, tenant_id, user_id, connection_id, provider, model, variant, job_id, records)
           values ({number}, '{company}', 'user', {number}, 'gmail', 'GmailEmail', 'base', gen_random_uuid(), 1);
         insert into held_deletion_records (tenant_id, held_deletion_id, source, source_account, source_id)
           values ('{company}', {number}, 'gmail', '', 'message');
         insert into blob_chunks (tenant_id, blob_key, number, bytes) values ('{company}', gen_random_uuid(), 0, '\\x00');
         insert into blob_removals (tenant_id, blob_key, due_at) values ('{company}', gen_random_uuid(), now());
         insert into unfinished_contents
           (tenant_id, user_id, connection_id, model, variant, record_key, record, fingerprint, attempts, next_at, reason)
           values ('{company}', 'user', {number}, 'GmailEmail', 'base', 'message', '{{}}', 'says', 1, now(), 'unavailable');
         insert into broker_removals (tenant_id, provider_key, connection_id) values ('{company}', 'gmail', 'gone');
         insert into upkeep_turns (tenant_id, name, next_at) values ('{company}', 'some', now());
         insert into workers (tenant_id, name, version, capacity, last_tick_at)
         values ('{company}', 'some', '1', 1, now());
         insert into sync_turns (tenant_id, user_id, served_at) values ('{company}', 'somebody', now());
         insert into connect_sessions (id, tenant_id, user_id, user_email, provider_key, purpose, token_hash, expires_at)
           values (gen_random_uuid(), '{company}', 'user', 'user@example', 'gmail', 'connect', '\\x{number:08}', now());
         insert into webhook_inbox (tenant_id, body, body_hash) values ('{company}', '\\x00', '\\x{number:08}');
         insert into deleted_documents (tenant_id, source, source_account, source_id)
           values ('{company}', 'gmail', 'account', 'message');
         insert into erasure_receipts (tenant_id, user_id, by_user_id) values ('{company}', 'user', 'owner');
         insert into usage_days (tenant_id, user_id, day) values ('{company}', 'user', '2026-03-02');
         insert into idempotency_keys (tenant_id, user_id, route, key, fingerprint, claim, claimed_until)
           values ('{company}', 'user', '/route', 'key', 'hash', gen_random_uuid(), now());
         insert into sync_overrides (tenant_id, allow, reason, by) values ('{company}', true, 'because', 'admin');
         insert into attempt_counters (tenant_id, key, attempts, window_ends_at)
           values ('{company}', 'login', 1, now() + interval '1 hour');"
    )
}

/// Rows of one company in every table of Master that belongs to companies.
fn master_rows(company: &str, slug: &str) -> String {
    format!(
        "insert into companies (id, slug, name) values ('{company}', '{slug}', '{slug}');
         insert into company_users (user_id, company_id, email) values ('{USER_A1}', '{company}', 'ina@{slug}.example');
         insert into nango_original_connections
           (company_id, tenant_id, provider, original_email, nango_connection_id)
           values ('{company}', '{USER_A1}', 'gmail', 'ina@{slug}.example', 'broker');
         insert into sync_permissions (company_id) values ('{company}');
         insert into audit_log_global (company_id, action) values ('{company}', 'user_invited');
         insert into audit_heads (company_id, seq, hash) values ('{company}', 0, sha256('head'));"
    )
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_catalog_leaves_no_door_open(
    #[values(Database::Master, Database::Company)] kind: Database,
    #[values(Past::Empty, Past::LivedIn, Past::ByHand)] past: Past,
    #[values(Host::Plain, Host::Supabase)] host: Host,
) {
    let owned = Owned::migrated(kind, past, host).await;
    let walls = owned.examine(&owned.owner).await.walls.unwrap();

    // What stands beside our tables is somebody else's, and told: Supabase opened to everybody what was made by hand.
    let open = match (kind, past, host) {
        (_, Past::Empty, _) | (_, _, Host::Plain) => vec![],
        (Database::Master, ..) => vec!["company_deployments without row level security, open to anon, authenticated"],
        (Database::Company, ..) => vec!["daily_reports without row level security, open to anon, authenticated"],
    };
    assert_eq!(walls.foreign, open);
    assert_eq!(Walls { foreign: Vec::new(), ..walls }, Walls::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_sees_no_row_of_another_and_nobody_sees_any() {
    let owned = Owned::migrated(Database::Company, Past::Empty, Host::Plain).await;
    let rows = owned.as_owner().await;
    rows.batch_execute(&company_rows(COMPANY_A, 1)).await.unwrap();
    rows.batch_execute(&company_rows(COMPANY_B, 2)).await.unwrap();

    let nobody = owned.as_role("cortex_app", None).await;
    let b = owned.as_role("cortex_app", Some(COMPANY_B)).await;

    for table in Database::Company.tables() {
        assert_eq!(count(&rows, &format!("select count(*) from {table}")).await, 2, "{table} has a row of each");
        assert_eq!(count(&nobody, &format!("select count(*) from {table}")).await, 0, "{table} without company");
        assert_eq!(count(&b, &format!("select count(*) from {table}")).await, 1, "{table} for B");
        let of_a = format!("select count(*) from {table} where tenant_id = '{COMPANY_A}'");
        assert_eq!(count(&b, &of_a).await, 0, "{table} of A for B");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_writes_no_row_of_another() {
    let owned = Owned::migrated(Database::Company, Past::Empty, Host::Plain).await;
    owned.as_owner().await.batch_execute(&company_rows(COMPANY_A, 1)).await.unwrap();
    let b = owned.as_role("cortex_app", Some(COMPANY_B)).await;

    let rows = company_rows(COMPANY_A, 3);
    let inserts: Vec<&str> = rows.split(';').map(str::trim).filter(|insert| !insert.is_empty()).collect();
    assert_eq!(inserts.len(), Database::Company.tables().len());
    for insert in inserts {
        let error = b.batch_execute(insert).await.unwrap_err();
        let message = error.as_db_error().unwrap().message().to_owned();
        assert!(message.contains("row-level security"), "{insert}: {message}");
    }
    for statement in ["update documents set title = 'taken'", "delete from documents", "delete from connections"] {
        assert_eq!(b.execute(statement, &[]).await.unwrap(), 0, "{statement}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_master_a_company_sees_itself_only() {
    let owned = Owned::migrated(Database::Master, Past::Empty, Host::Plain).await;
    let rows = owned.as_owner().await;
    rows.batch_execute(&master_rows(COMPANY_A, "harbour")).await.unwrap();
    rows.batch_execute(&master_rows(COMPANY_B, "bakery")).await.unwrap();
    let insert = "insert into master_admins (email, password_hash, name) values ('o@example', 'hash', 'O')";
    rows.batch_execute(insert).await.unwrap();

    let nobody = owned.as_role("cortex_app", None).await;
    let b = owned.as_role("cortex_app", Some(COMPANY_B)).await;

    for table in Database::Master.tables().iter().filter(|table| **table != "master_admins") {
        let id = if *table == "companies" { "id" } else { "company_id" };
        assert_eq!(count(&nobody, &format!("select count({id}) from {table}")).await, 0, "{table} without company");
        assert_eq!(count(&b, &format!("select count({id}) from {table}")).await, 1, "{table} for B");
        let of_a = format!("select count({id}) from {table} where {id} = '{COMPANY_A}'");
        assert_eq!(count(&b, &of_a).await, 0, "{table} of A for B");
    }
    let forbidden = [
        "select * from master_admins".to_owned(),
        "update companies set name = 'taken'".to_owned(),
        "delete from company_users".to_owned(),
        "update audit_log_global set action = 'nothing'".to_owned(),
        format!(
            "insert into company_users (user_id, company_id, email) values (gen_random_uuid(), '{COMPANY_A}', 'x@y')"
        ),
    ];
    for statement in forbidden {
        let error = b.batch_execute(&statement).await.unwrap_err();
        let message = error.as_db_error().unwrap().message().to_owned();
        assert!(
            message.contains("permission denied") || message.contains("row-level security"),
            "{statement}: {message}"
        );
    }
    let books = format!("select count(*) from {BOOKKEEPING_TABLE}");
    assert!(count(&nobody, &books).await > 0, "which migrations ran is asked before anything else");
}

#[rstest]
#[case(Host::Plain)]
#[case(Host::Supabase)]
#[tokio::test(flavor = "multi_thread")]
async fn the_documented_functions_and_inserts_work_for_whom_they_are_meant(#[case] host: Host) {
    let owned = Owned::migrated(Database::Master, Past::Empty, host).await;
    let rows = owned.as_owner().await;
    rows.batch_execute(&master_rows(COMPANY_A, "harbour")).await.unwrap();
    rows.batch_execute(
        "insert into public.company_users (user_id, company_id, email, role)
             select '550e8400-e29b-41d4-a716-446655440000', c.id, 'nico@harbour.example', 'owner'
             from public.companies c where c.slug = 'harbour'",
    )
    .await
    .unwrap();

    let service = owned.as_role("service_role", None).await;
    let calls = [
        format!("select count(*) from get_user_companies('{USER_A1}') where company_slug = 'harbour'"),
        format!("select user_has_company_access('{USER_A1}', '{COMPANY_A}')::int::bigint"),
        format!("select count(*) from get_user_role_in_company('{USER_A1}', '{COMPANY_A}') role where role = 'user'"),
    ];
    for client in [&rows, &service, &owned.as_role("cortex_app", None).await] {
        for call in &calls {
            assert_eq!(count(client, call).await, 1, "{call}");
        }
        let touch = format!("select update_user_last_login('{USER_A1}', '{COMPANY_A}')");
        client.batch_execute(&touch).await.unwrap();
    }
    assert_eq!(count(&service, "select count(*) from company_users where last_login_at is not null").await, 1);
    let update = "update company_users set role = 'admin' where email = 'nico@harbour.example'";
    assert_eq!(service.execute(update, &[]).await.unwrap(), 1, "the service role has full access");

    let anon = owned.as_role("anon", None).await;
    for call in calls.iter().map(String::as_str).chain(["select count(*) from company_users"]) {
        assert!(anon.query_one(call, &[]).await.is_err(), "{call}");
    }
    let member = owned.as_role("authenticated", None).await;
    member.batch_execute(&format!("set request.jwt.claim.sub = '{USER_A1}'")).await.unwrap();
    assert_eq!(count(&member, "select count(*) from company_users").await, 1, "his own membership, and no other");
    for statement in ["update company_users set role = 'owner'", "select * from companies", calls[0].as_str()] {
        assert!(member.batch_execute(statement).await.is_err(), "{statement}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn search_finds_what_the_company_has_and_nothing_without_one() {
    let owned = Owned::migrated(Database::Company, Past::Empty, Host::Plain).await;
    let rows = owned.as_owner().await;
    rows.batch_execute(&company_rows(COMPANY_A, 1)).await.unwrap();
    rows.batch_execute(&company_rows(COMPANY_B, 2)).await.unwrap();
    let search = "select coalesce(sum(document_id), 0)::bigint from cortex_find_documents('crane', null, 'crane', null, null, null, null, null, now())";

    assert_eq!(count(&owned.as_role("cortex_app", Some(COMPANY_A)).await, search).await, 1);
    assert_eq!(count(&owned.as_role("cortex_app", Some(COMPANY_B)).await, search).await, 2);
    assert_eq!(count(&owned.as_role("cortex_app", None).await, search).await, 0);
    let stranger = cortex_test_support::TestRole::create().await;
    let stranger = owned.database.connect_as(&stranger).await.unwrap();
    assert!(stranger.query(search, &[]).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_row_is_changed_by_nobody() {
    let owned = Owned::migrated(Database::Company, Past::Empty, Host::Plain).await;
    let rows = owned.as_owner().await;
    rows.batch_execute(&company_rows(COMPANY_A, 1)).await.unwrap();
    let app = owned.as_role("cortex_app", Some(COMPANY_A)).await;

    for statement in
        ["update admin_audit_log set action = 'x'", "delete from admin_audit_log", "truncate admin_audit_log"]
    {
        for client in [&rows, &app] {
            assert!(client.batch_execute(statement).await.is_err(), "{statement}");
        }
    }
    assert_eq!(count(&app, "select count(*) from admin_audit_log where action = 'admin_login'").await, 1);
}
