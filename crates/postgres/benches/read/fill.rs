//! A company with mail and books, by SQL alone.

use cortex_insights::testing::{COMPANY_A, USER_1};
use cortex_test_support::Client;

/// So many people have mail.
const MAILBOXES: u32 = 20;

/// Makes so many documents, a tenth of them of `QuickBooks`. Indexes are made afterwards: that takes a fraction of the time.
pub(crate) async fn fill(client: &Client, documents: u32) {
    let list = "select indexrelid::regclass::text, pg_get_indexdef(indexrelid) from pg_index \
                where indrelid = 'documents'::regclass and not indisunique";
    let indexes = client.query(list, &[]).await.unwrap();
    for index in &indexes {
        client.batch_execute(&format!("drop index {}", index.get::<_, String>(0))).await.unwrap();
    }
    let records = documents / 10;
    for statement in [mails(documents - records), of_quickbooks(records), connections(), reports(), alerts(), signals()]
    {
        client.batch_execute(&statement).await.unwrap();
    }
    client.batch_execute("set maintenance_work_mem = '256MB'").await.unwrap();
    for index in &indexes {
        client.batch_execute(index.get(1)).await.unwrap();
    }
    client.batch_execute("vacuum analyze").await.unwrap();
}

/// As syncs bring them in: twenty mailboxes one after the other, within two weeks, each with two years of mail and the newest
/// first. Four to a thread, between the owner of the mailbox and one of a hundred that he knows, the first of them oftener;
/// in two threads of three somebody else gets a copy. Some know the same people: there are 2,000, in 300 companies.
fn mails(count: u32) -> String {
    let each = count.div_ceil(MAILBOXES);
    format!(
        "insert into documents (tenant_id, source, source_account, source_id, document_type, title, content, metadata, \
           source_created_at, ingested_at, ingested_by_user_id, ingested_by_user_email, ingestion_method, search_vector, \
           search_version) \
         select '{COMPANY_A}', case when box % 3 = 0 then 'outlook' else 'gmail' end, 'box-' || box, 'm-' || n, 'email', \
           'Subject about word' || n % 5000 || ' and topic' || n * 31 % 7000, repeat('word ' || n || ' ', 100), \
           jsonb_build_object('sender_name', 'Person ' || a, 'sender_address', 'p' || a || '@d' || a % 300 || '.example', \
             'to_addresses', jsonb_build_array('p' || b || '@d' || b % 300 || '.example'), \
             'cc_addresses', case when thread % 3 = 0 then '[]'::jsonb \
               else jsonb_build_array('p' || c || '@d' || c % 300 || '.example') end, \
             'thread_id', 'thread-' || box || '-' || thread, 'has_attachments', false), \
           now() - interval '730 days' * at / {each}, now() - interval '13 days' * ({count} - n) / {count}, \
           'user-' || box, 'user-' || box || '@example.com', 'oauth_sync', ''::tsvector, 1 \
         from generate_series(0, {count} - 1) n \
         cross join lateral (select n / {each} as box, n % {each} as at, n % {each} / 4 as thread) place \
         cross join lateral (select \
           (box * 90 + floor(100 * ((hashint8(thread * 20 + box) & 65535) / 65536.0) ^ 2)::int) % 2000 as other, \
           (box * 90 + floor(100 * ((hashint8(-thread * 20 - box) & 65535) / 65536.0) ^ 2)::int) % 2000 as c) known \
         cross join lateral (select \
           case at % 2 when 0 then other else box * 90 end as a, case at % 2 when 0 then box * 90 else other end as b) people"
    )
}

/// A quarter of each kind, of 500 parties, over a year.
fn of_quickbooks(count: u32) -> String {
    format!(
        "insert into documents (tenant_id, source, source_account, source_id, document_type, title, content, metadata, \
           source_created_at, ingested_at, ingested_by_user_id, ingested_by_user_email, ingestion_method, search_vector, \
           search_version) \
         select '{COMPANY_A}', 'quickbooks', 'realm', kind || ':' || n, kind, initcap(kind) || ' ' || n, \
           repeat('Line ' || n || ' ', 20), \
           jsonb_build_object('doc_number', n::text, 'total', (n % 10000 + 0.37)::text, \
             'balance', case when n % 3 = 0 then '0.00' else (n % 1000 + 0.11)::text end, 'status', 'Outstanding', \
             'currency', 'USD', case when kind = 'bill' then 'vendor_name' else 'customer_name' end, 'Party ' || n % 500, \
             'date', ((now() at time zone 'UTC')::date - n * 7 % 365)::text, \
             'due_date', ((now() at time zone 'UTC')::date + 30 - n * 7 % 365)::text), \
           now() - make_interval(days => n * 7 % 365), now(), 'user-1', 'user-1@example.com', 'oauth_sync', \
           ''::tsvector, 1 \
         from generate_series(1, {count}) n \
         cross join lateral (select (array['invoice', 'bill', 'payment', 'customer'])[1 + n % 4] as kind) kinds"
    )
}

/// 500 that a person keeps, of some kilobytes each, and those of a year.
fn reports() -> String {
    format!(
        "insert into cortex_saved_reports (id, tenant_id, user_id, title, report_type, report_data, summary, tags) \
         select gen_random_uuid(), '{COMPANY_A}', '{USER_1}', 'Report ' || n || case when n % 3 = 0 then ' of pumps' else '' end, \
           'weekly', jsonb_build_object('text', repeat(md5(n::text), 200)), repeat('word ', 50), array['one', 'two'] \
         from generate_series(1, 500) n; \
         insert into cortex_daily_reports (tenant_id, report_date, report_type, id, generated_at, report) \
         select '{COMPANY_A}', current_date - n, kind, gen_random_uuid(), now(), jsonb_build_object( \
           'executive_summary', repeat('word ', 50), 'is_in_a_models_words', false, 'charts', '[]'::jsonb, \
           'key_items', '[]'::jsonb, 'generation_duration_ms', 1, 'sections', jsonb_build_array(jsonb_build_object( \
             'title', 'Issues', 'question', 'What?', 'content', repeat('word ' || n || ' ', 1000), 'sources', '[]'::jsonb, \
             'evolution_note', '', 'count', 1, 'names', '[]'::jsonb))) \
         from generate_series(1, 365) n, unnest(array['client_relationships', 'operations']) kind"
    )
}

/// 5,000 of them, a third of which are over.
fn alerts() -> String {
    format!(
        "insert into cortex_alerts (tenant_id, rule, subject, mark, urgency, summary, key_entities, document_id, \
           detected_at, resolved_at) \
         select '{COMPANY_A}', 'urgent_mail', id::text, 'urgent', 1 + id % 4, 'A mail says: urgent.', \
           array['Person ' || id % 2000], id, now() - make_interval(mins => id::int), \
           case when id % 3 = 0 then now() end \
         from (select id from documents where document_type = 'email' order by id limit 5000) mail"
    )
}

/// A word of the lexicon in every seventh mail; all were looked through.
fn signals() -> String {
    format!(
        "update mail_records set lexicon = 1; \
         insert into mail_signals (tenant_id, document_id, keyword, category, sent_at) \
         select '{COMPANY_A}', document_id, (array['urgent', 'complaint', 'overdue', 'broken', 'refund'])[1 + document_id % 5], \
           case when document_id % 5 % 2 = 0 then 'urgency' else 'complaint' end, sent_at \
         from mail_records where document_id % 7 = 0"
    )
}

/// 150 of them, each read every hour for a month.
fn connections() -> String {
    format!(
        "insert into connections (tenant_id, provider_key, connection_id, user_id, connected_at) \
         select '{COMPANY_A}', (array['gmail', 'outlook', 'quickbooks', 'google_drive'])[1 + n % 4], 'c-' || n, \
           gen_random_uuid()::text, now() - interval '40 days' from generate_series(1, 150) n; \
         insert into sync_jobs (tenant_id, user_id, connection_id, job_type, kind, trigger, status, created_at, completed_at) \
         select tenant_id, user_id, id, provider_key, 'incremental', 'schedule', \
           case when hour % 17 = 0 then 'failed' else 'completed' end, \
           now() - make_interval(hours => hour), now() - make_interval(hours => hour) \
         from connections, generate_series(1, 720) hour"
    )
}
