//! What erasing a person does beside the contract: every table, in parts, and with what ends his connections.

use std::collections::BTreeSet;

use cortex_ingestion::model::{Erase, ErasureReceipt};
use cortex_ingestion::ports::Erasure;
use cortex_ingestion::testing::{COMPANY_A, COMPANY_B, NOON, USER_1, USER_2};
use cortex_kernel::{CompanyId, Origin, UserId};
use cortex_postgres::schema::Database;
use cortex_postgres::stores::PgErasure;

use super::world::World;

async fn world() -> World {
    World::new(Database::Company, [COMPANY_A, COMPANY_B]).await
}

fn wish() -> Erase {
    Erase { company_id: COMPANY_A, user_id: USER_1, by: USER_2, at: NOON, origin: Origin::default() }
}

async fn erase(world: &World) -> ErasureReceipt {
    let erasure = PgErasure::new(world.pool(COMPANY_A));
    loop {
        if let Some(receipt) = erasure.erase_some(&wish()).await.unwrap() {
            return receipt;
        }
    }
}

/// A row of the person in every table that has any, and what is his besides. `number` keeps ids apart.
fn rows_of(company: CompanyId, user: UserId, number: u32) -> String {
    format!(
        "insert into connections (id, tenant_id, provider_key, connection_id, user_id, user_email, account_email)
           values ({number}, '{company}', 'gmail', 'broker-{number}', '{user}', '{user}@x', '{user}@account');
         insert into sync_jobs (tenant_id, user_id, job_type, kind, trigger, triggered_by, status, connection_id,
             lease_owner, lease_until)
           values ('{company}', '{user}', 'gmail', 'initial', 'user', '{user}', 'running', {number}, 'w', now());
         insert into sync_jobs (tenant_id, user_id, job_type, kind, trigger, triggered_by, status)
           values ('{company}', 'somebody', 'gmail', 'initial', 'admin', '{user}', 'completed');
         insert into sync_jobs (tenant_id, user_id, job_type, kind, parameters, trigger, triggered_by)
           values ('{company}', '{user}', 'summaries', 'summaries', jsonb_build_object('period', '{number}'), 'user', '{user}');
         insert into documents (id, tenant_id, source, source_account, source_id, document_type, title, content,
             ingested_by_user_id, ingested_by_user_email, ingestion_method)
           values ({number}, '{company}', 'gmail', '{user}@account', 'm', 'email', 't', 'c', '{user}', '{user}@x',
             'oauth_sync');
         insert into document_sources (tenant_id, document_id, user_id, user_email, connection_id, account_email, method,
             source, source_account, source_id)
           values ('{company}', {number}, '{user}', '{user}@x', {number}, '{user}@account', 'oauth_sync', 'gmail',
             '{user}@account', 'm');
         insert into set_aside_records (tenant_id, user_id, connection_id, provider, model, variant, record_key, reason,
             job_id)
           values ('{company}', '{user}', {number}, 'gmail', 'GmailEmail', 'base', 'message', 'draft', gen_random_uuid());
         insert into nango_sync_cursors (tenant_id, user_id, provider, sync_name, connection_id, model)
           values ('{company}', '{user}', 'gmail', 'GmailEmail', 'broker-{number}', 'GmailEmail');
         insert into gmail_cursors (tenant_id, user_id, provider_key, cursor) values ('{company}', '{user}', 'gmail', 'c');
         insert into user_cursors (tenant_id, user_id, provider_key, user_principal_name, delta_link)
           values ('{company}', '{user}', 'outlook', '{user}@x', 'link');
         insert into chats (id, company_id, user_email)
           values ('00000000-0000-4000-8000-{number:012}', '{company}', '{user}');
         insert into chat_messages (tenant_id, chat_id, role, content)
           values ('{company}', '00000000-0000-4000-8000-{number:012}', 'user', 'I am {user}');
         insert into quarantined_connections (tenant_id, provider_key, connection_id, claimed_user_id, reason)
           values ('{company}', 'gmail', 'stray-{number}', '{user}', 'no_session');
         insert into connect_sessions (id, tenant_id, user_id, user_email, provider_key, purpose, token_hash, expires_at)
           values (gen_random_uuid(), '{company}', '{user}', '{user}@x', 'gmail', 'connect', '\\x{number:08}', now());
         insert into cortex_saved_reports (id, tenant_id, user_id, title, report_type, report_data, summary, is_shared)
           values (gen_random_uuid(), '{company}', '{user}', 't', 'weekly', '{{}}', 's', true);
         insert into sync_overrides (tenant_id, user_id, allow, reason, by)
           values ('{company}', '{user}', true, 'because', 'admin');
         insert into cortex_alerts (tenant_id, rule, subject, mark, urgency, summary, key_entities, user_id)
           values ('{company}', 'quota_nearly_used', '{user}', 'today', 2, '{user}@x used 90 %.', '{{}}', '{user}');
         insert into cortex_alerts (tenant_id, rule, subject, mark, urgency, summary, key_entities, dismissed_at,
           dismissed_by, note)
           values ('{company}', 'urgent_mail', 'mail-{number}', 'urgent', 3, 'A mail.', '{{}}', now(), '{user}',
             'I, {user}, did it');
         insert into sync_turns (tenant_id, user_id, served_at) values ('{company}', '{user}', now());"
    )
}

/// The tables that have a row in which the text stands.
async fn tables_naming(world: &World, text: &str) -> BTreeSet<&'static str> {
    let mut found = BTreeSet::new();
    for table in Database::Company.tables() {
        let query = format!("select count(*) from {table} t where t::text like '%' || $1 || '%'");
        if world.superuser().query_one(&query, &[&text]).await.unwrap().get::<_, i64>(0) > 0 {
            found.insert(*table);
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_him_is_left_but_the_record_and_nobody_else_loses_anything() {
    let world = world().await;
    for (company, user, number) in [(COMPANY_A, USER_1, 1), (COMPANY_A, USER_2, 2), (COMPANY_B, USER_1, 3)] {
        world.superuser().batch_execute(&rows_of(company, user, number)).await.unwrap();
    }
    let of_company = async |company: CompanyId| {
        let query =
            "select coalesce(string_agg(d.id::text, ' ' order by id), '') from documents d where tenant_id = $1";
        world.superuser().query_one(query, &[&company.to_string()]).await.unwrap().get::<_, String>(0)
    };
    let colleagues = tables_naming(&world, &USER_2.to_string()).await;

    let receipt = erase(&world).await;

    assert_eq!((receipt.documents, receipt.documents_kept, receipt.sources, receipt.connections), (1, 0, 1, 1));
    assert_eq!((of_company(COMPANY_A).await, of_company(COMPANY_B).await), ("2".to_owned(), "3".to_owned()));
    world.superuser().batch_execute(&format!("delete from chats where tenant_id = '{COMPANY_B}'")).await.unwrap();
    for table in Database::Company.tables().iter().filter(|table| !["admin_audit_log", "chats"].contains(table)) {
        let query = format!("select count(*) from {table} t where tenant_id = $1 and t::text like '%' || $2 || '%'");
        let left = async |company: CompanyId, user: UserId| -> i64 {
            let params: [&(dyn tokio_postgres::types::ToSql + Sync); 2] = [&company.to_string(), &user.to_string()];
            world.superuser().query_one(&query, &params).await.unwrap().get(0)
        };
        let is_receipt = *table == "erasure_receipts";
        assert_eq!(left(COMPANY_A, USER_1).await, i64::from(is_receipt), "{table}");
        if colleagues.contains(table) {
            assert!(left(COMPANY_A, USER_2).await > 0, "{table}");
        }
    }
    assert_eq!(world.to_be_removed(COMPANY_A).await, ["broker-1", "stray-1"]);
    assert_eq!(world.to_be_removed(COMPANY_B).await, [""; 0]);
    assert_eq!(world.audited("admin_audit_log", COMPANY_A).await, ["connection_disconnected", "person_erased"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn much_goes_in_parts_and_goes_on_where_it_was_broken_off() {
    let world = world().await;
    let fill = format!(
        "insert into documents (tenant_id, source, source_account, source_id, document_type, title, content, \
           ingested_by_user_id) \
         select '{COMPANY_A}', 'gmail', '', 'm-' || n, 'email', 't', 'c', '{USER_1}' from generate_series(1, 1502) n; \
         insert into document_sources (tenant_id, document_id, user_id, method, source, source_id) \
         select tenant_id, id, '{USER_1}', 'oauth_sync', source, source_id from documents where source_id <> 'm-1502'; \
         insert into document_sources (tenant_id, document_id, user_id, method, source, source_id) \
         select tenant_id, id, '{USER_2}', 'oauth_sync', source, source_id from documents where source_id = 'm-1501'; \
         insert into sync_jobs (tenant_id, user_id, job_type) \
         select '{COMPANY_A}', '{USER_1}', 'gmail' from generate_series(1, 1500)"
    );
    world.superuser().batch_execute(&fill).await.unwrap();
    let count =
        async || -> i64 { world.superuser().query_one("select count(*) from documents", &[]).await.unwrap().get(0) };
    // It begins, takes a part, and the process dies.
    for expected in [1502, 502] {
        assert_eq!(PgErasure::new(world.pool(COMPANY_A)).erase_some(&wish()).await.unwrap(), None);
        let left = count().await;
        assert!((expected..=expected + 1).contains(&left), "{left}");
    }

    let receipt = erase(&world).await;

    assert_eq!((receipt.documents, receipt.documents_kept, receipt.sources), (1501, 1, 1501));
    assert_eq!(count().await, 1);
    let row = "select jobs, by_user_id, user_id from erasure_receipts";
    let row = world.superuser().query_one(row, &[]).await.unwrap();
    assert_eq!((row.get::<_, i64>(0), row.get(1), row.get(2)), (1500, USER_2.to_string(), USER_1.to_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_want_the_same_at_once_erase_it_once() {
    let world = world().await;
    world.superuser().batch_execute(&rows_of(COMPANY_A, USER_1, 1)).await.unwrap();

    let (one, other) = tokio::join!(erase(&world), erase(&world));

    assert_eq!(one.documents + other.documents, if one.id == other.id { 2 } else { 1 });
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_audit_row_nobody_is_erased_to_the_end() {
    let world = world().await;
    let fill =
        format!("insert into sync_turns (tenant_id, user_id, served_at) values ('{COMPANY_A}', '{USER_1}', now())");
    world.superuser().batch_execute(&fill).await.unwrap();
    world.superuser().batch_execute("revoke insert on admin_audit_log from cortex_app").await.unwrap();
    let erasure = PgErasure::new(world.pool(COMPANY_A));

    assert_eq!(erasure.erase_some(&wish()).await.unwrap(), None);
    erasure.erase_some(&wish()).await.unwrap_err();

    let query =
        "select (select count(*) from sync_turns), (select count(*) from erasure_receipts where erased_at is null)";
    let row = world.superuser().query_one(query, &[]).await.unwrap();
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (1, 1));
}

/// Every column whose name may mean a person, and what becomes of it. A new one is decided on here, in the store, and in
/// the docs.
const DECIDED: [(&str, &str); 54] = [
    ("admin_audit_log.user_agent", "ages out as configured"),
    ("admin_audit_log.user_id", "stays: it is the record"),
    ("admin_sessions.user_agent", "goes with the session"),
    ("broker_removals.connection_id", "the broker's id of what is gone there"),
    ("chats.user_email", "goes"),
    ("connect_sessions.connection_id", "goes"),
    ("connect_sessions.user_email", "goes"),
    ("connect_sessions.user_id", "goes"),
    ("connections.account_email", "goes"),
    ("connections.account_id", "goes"),
    ("connections.connection_id", "goes"),
    ("connections.user_email", "goes"),
    ("connections.user_id", "goes"),
    ("cortex_alerts.dismissed_by", "is forgotten, with his note"),
    ("cortex_alerts.user_id", "goes"),
    ("cortex_saved_reports.user_id", "goes"),
    ("deleted_documents.source_account", "stays: without it what an admin deleted comes back"),
    ("document_days.user_id", "becomes who is left, with the documents"),
    ("document_sources.account_email", "goes"),
    ("document_sources.connection_id", "goes"),
    ("document_sources.source_account", "goes"),
    ("document_sources.user_email", "goes"),
    ("document_sources.user_id", "goes"),
    ("documents.ingested_by_user_email", "becomes who is left"),
    ("documents.ingested_by_user_id", "becomes who is left"),
    ("documents.source_account", "stays as the key of what others have too"),
    ("erasure_receipts.by_user_id", "stays: it is the record"),
    ("erasure_receipts.user_id", "stays: it is the record"),
    ("gmail_cursors.user_id", "goes"),
    ("held_deletion_records.source_account", "goes"),
    ("held_deletions.connection_id", "goes"),
    ("held_deletions.decided_by", "is forgotten of others' deletions"),
    ("held_deletions.user_id", "goes"),
    ("idempotency_keys.body", "goes"),
    ("idempotency_keys.user_id", "goes"),
    ("nango_sync_cursors.connection_id", "goes"),
    ("nango_sync_cursors.user_id", "goes"),
    ("quarantined_connections.claimed_user_id", "goes"),
    ("quarantined_connections.connection_id", "goes"),
    ("set_aside_records.connection_id", "goes"),
    ("set_aside_records.user_id", "goes"),
    ("sync_jobs.connection_id", "goes"),
    ("sync_jobs.lease_owner", "a process, no person"),
    ("sync_jobs.triggered_by", "is forgotten of others' jobs"),
    ("sync_jobs.user_id", "goes"),
    ("sync_overrides.by", "a session of the admin panel, no person"),
    ("sync_overrides.user_id", "goes"),
    ("sync_turns.user_id", "goes"),
    ("unfinished_contents.connection_id", "goes"),
    ("unfinished_contents.user_id", "goes"),
    ("usage_days.user_id", "goes"),
    ("user_cursors.user_id", "goes"),
    ("user_cursors.user_principal_name", "goes"),
    ("webhook_inbox.body", "ages out as configured"),
];

#[tokio::test(flavor = "multi_thread")]
async fn of_every_column_that_may_name_a_person_it_is_decided_what_becomes_of_it() {
    let world = world().await;
    let query = "select table_name || '.' || column_name from information_schema.columns \
                 where table_schema = 'public' and table_name = any ($1) \
                   and (column_name ~ 'user|email|account|owner|connection_id|body$' or column_name ~ '(^|_)by$') \
                 order by 1";
    let rows = world.superuser().query(query, &[&Database::Company.tables()]).await.unwrap();
    let found: BTreeSet<String> = rows.iter().map(|row| row.get(0)).collect();

    assert_eq!(found, DECIDED.iter().map(|(column, _)| (*column).to_owned()).collect());
}
