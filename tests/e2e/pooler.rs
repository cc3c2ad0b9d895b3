//! Behind PgBouncer in transaction mode, a real one: where it is not installed, these tests say so and test nothing.

use std::sync::atomic::{AtomicBool, Ordering};

use cortex_app::commands::audit;
use cortex_app::config::AuditConfig;
use cortex_app::ports::ApiPorts;
use cortex_app::serve::Service;
use cortex_kernel::CompanyId;
use cortex_sandbox::nango::ConnectionName;
use cortex_test_support::{Client as Session, Connections, TestDatabase, TestPooler};
use futures_util::future::join_all;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::admin::{PIN, PIN_HASH};
use crate::client::{Client, connected, visit_with_nango as visit};
use crate::log;
use crate::people::{BRAMBLEWICK, JONAS, KESTREL, MARTA, OLIVE};
use crate::stack::Stack;
use crate::webhook_mix::{sign, sync_body};

const STATUS: &str = "/api/v1/oauth/status";

/// Of the pooler with each database: far fewer than the deployment has with the pooler.
const SERVERS: u16 = 2;

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_way_leads_through_a_pooler_in_transaction_mode() {
    let Some(stack) = Stack::pooled(SERVERS, &[("ADMIN_PIN_HASH", PIN_HASH)]).await else { return };
    let pooler = stack.pooler.as_ref().unwrap();
    visit(&stack, async |client| {
        let ((marta, made), (jonas, _)) = tokio::join!(
            client.connect_as(&MARTA, "gmail", MARTA.email),
            client.connect_as(&JONAS, "gmail", JONAS.email)
        );
        for token in [&marta, &jonas] {
            client.until(token, STATUS, connected).await;
        }
        let (brought, _) = tokio::join!(client.sync(&jonas), client.sync(&marta));
        assert!(brought["progress"]["added"].as_u64().unwrap() > 10, "{brought}");

        a_colleague_finds_it_with_who_and_how(&client, &marta).await;
        what_nango_fetches_later_comes_by_itself(&client, &jonas, &made).await;
        the_panel_and_the_log_tell_of_it(&client).await;
        many_at_once_share_few(&client, &marta, pooler).await;
        an_account_goes_with_what_it_brought_in(&client, &marta, &jonas).await;
    })
    .await;

    // What goes on beside the requests tries again, and would tell nobody else.
    let lost = log::listen().lines_with(&["prepared statement"]);
    assert!(lost.is_empty(), "{lost:#?}");
    for (database, table) in [(&stack.company, "documents"), (&stack.master, "company_users")] {
        let found = left_anywhere(pooler, database, table).await;
        assert!(found.iter().all(String::is_empty), "{found:?}");
    }
}

async fn a_colleague_finds_it_with_who_and_how(client: &Client<'_>, colleague: &str) {
    let query = json!({ "query": "pump", "limit": 200 });
    let (status, found) = client.call(colleague, Method::POST, "/api/v1/search", Some(query)).await;
    assert_eq!(status, StatusCode::OK, "{found}");
    let results = found["results"].as_array().unwrap();
    let by_jonas = |hit: &&Value| hit["ingested_by_user_id"] == JONAS.id.to_string();
    let hit = results.iter().find(by_jonas).unwrap_or_else(|| panic!("{found}"));
    assert_eq!(hit["ingestion_method"], "oauth_sync");

    let documents = client.get(colleague, "/api/v1/documents?limit=200").await;
    let provenance = documents["items"].as_array().unwrap().iter().map(async |document| {
        let path = format!("/api/v1/documents/{}/provenance", document["id"]);
        client.get(colleague, &path).await["sources"].as_array().unwrap().len()
    });
    let sources = join_all(provenance).await;
    assert!(sources.iter().all(|count| (1..=2).contains(count)) && sources.contains(&2), "{sources:?}");
}

async fn what_nango_fetches_later_comes_by_itself(client: &Client<'_>, colleague: &str, made: &ConnectionName) {
    let stack = client.stack;
    stack.nango.settled().await;
    let record = json!({
        "id": "written-later", "subject": "The gantry crane", "sender": "ada.brook@kestrelpumps.example",
        "recipients": MARTA.email, "date": "2026-03-02T10:00:00Z", "body": "It swings the other way.",
        "threadId": "t-9", "attachments": [],
    });
    stack.nango.change_records(made, "GmailEmail", &[record], &[]).unwrap();
    let body = sync_body(&made.connection_id, &made.provider_config_key, 1);
    let webhook = client.request(Method::POST, "/nango/webhook").header("X-Nango-Hmac-Sha256", sign(stack, &body));
    assert_eq!(webhook.body(body).send().await.unwrap().status(), StatusCode::ACCEPTED);

    let found = |_: StatusCode, answer: &Value| answer["total"] == 1;
    let answer = client.until(colleague, "/api/v1/search?query=gantry+crane", found).await;
    let hit = &answer["results"][0];
    assert_eq!(hit["ingestion_method"], "webhook", "{answer}");
    assert_eq!(hit["ingested_by_user_id"], MARTA.id.to_string());
}

async fn the_panel_and_the_log_tell_of_it(client: &Client<'_>) {
    let log_in = client.request(Method::POST, "/admin/auth").json(&json!({ "pin": PIN }));
    let opened: Value = log_in.send().await.unwrap().json().await.unwrap();
    let session = opened["session_token"].as_str().unwrap_or_else(|| panic!("{opened}"));
    for (path, list) in
        [("/admin/jobs/all", "jobs"), ("/admin/connectors/users", "users"), ("/admin/audit-log?limit=200", "logs")]
    {
        let answer = client.request(Method::GET, path).header("X-Admin-Session", session).send().await.unwrap();
        let told: Value = answer.json().await.unwrap();
        assert!(told[list].as_array().is_some_and(|list| list.len() > 1), "{path}: {told}");
    }

    // As the command does it, while the service goes on.
    let runtime = &client.stack.config.runtime;
    let config = AuditConfig {
        deployment: runtime.deployment,
        log: runtime.log.clone(),
        databases: runtime.databases.urls.clone(),
        pooler: runtime.databases.pooler,
    };
    let mut told = Vec::new();
    assert!(audit::verify(&config, true, &mut told).await.unwrap(), "{}", String::from_utf8_lossy(&told));
}

async fn many_at_once_share_few(client: &Client<'_>, token: &str, pooler: &TestPooler) {
    let paths = ["/api/v1/me", "/api/v1/sync/jobs", "/api/v1/search?query=pump", STATUS];
    join_all((0..100).map(|n| client.get(token, paths[n % paths.len()]))).await;
    let stack = client.stack;
    for database in [&stack.company, &stack.master] {
        let Connections { clients, servers } = pooler.connections(database).await;
        assert!(clients > u32::from(SERVERS) && servers == u32::from(SERVERS), "{clients} over {servers}");
    }
    let jobs = client.get(token, "/api/v1/sync/jobs").await;
    assert!(jobs["items"].as_array().unwrap().iter().all(|job| job["status"] == "completed"), "{jobs}");
}

async fn an_account_goes_with_what_it_brought_in(client: &Client<'_>, token: &str, colleague: &str) {
    let mine = client.get(token, STATUS).await["providers"]["gmail"]["id"].clone();
    let path = format!("/api/v1/oauth/connections/{mine}?documents=purge");
    let (status, ended) = client.call(token, Method::DELETE, &path, None).await;
    assert_eq!((status, &ended["disconnected"]), (StatusCode::OK, &json!(true)), "{ended}");
    assert!(ended["documents_removed"].as_u64().unwrap() > 0, "{ended}");
    assert!(!connected(StatusCode::OK, &client.get(token, STATUS).await));
    assert!(connected(StatusCode::OK, &client.get(colleague, STATUS).await));
    assert_eq!(client.get(colleague, "/api/v1/search?query=gantry+crane").await["total"], 0);
}

/// Two companies' deployments and somebody else's program take turns on one and the same connection of the server.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_a_server_connection_next_finds_nothing_of_a_company_on_it() {
    let Some(stack) = Stack::pooled(1, &[]).await else { return };
    let pooler = stack.pooler.as_ref().unwrap();
    let insert = format!(
        "insert into documents (tenant_id, source, source_id, document_type, title, content) \
         values ('{BRAMBLEWICK}', 'google_drive', 'orchard', 'file', 'Orchard', 'No pump stands there')"
    );
    stack.company.batch(&insert).await;
    let next = pooler.connect(&stack.company).await;
    what_is_left_is_seen(pooler, &stack.company, &next).await;

    visit(&stack, async |kestrel| {
        beside(&stack, BRAMBLEWICK, async |bramblewick| {
            let (marta, olive) = (kestrel.connect(&MARTA, "gmail", MARTA.email).await, stack.sign_in(&OLIVE).await);
            kestrel.until(&marta, STATUS, connected).await;
            let done = AtomicBool::new(false);
            let reading = async {
                kestrel.sync(&marta).await;
                done.store(true, Ordering::Relaxed);
            };
            let next_to_it = async {
                let mut turns = 0;
                while !done.load(Ordering::Relaxed) {
                    let found = bramblewick.get(&olive, "/api/v1/search?query=pump").await;
                    assert_eq!((&found["total"], &found["results"][0]["title"]), (&json!(1), &json!("Orchard")));
                    assert_eq!(left_on(&next, "documents").await, "");
                    turns += 1;
                }
                turns
            };
            let ((), turns) = tokio::join!(reading, next_to_it);
            assert!(turns > 2, "they took {turns} turns");

            let hers = kestrel.get(&marta, "/api/v1/documents?limit=200").await;
            let titles: Vec<_> = hers["items"].as_array().unwrap().iter().map(|one| &one["title"]).collect();
            assert!(titles.len() > 10 && titles.iter().all(|title| *title != "Orchard"), "{titles:?}");
            let Connections { clients, servers } = pooler.connections(&stack.company).await;
            assert!(clients > 2 && servers == 1, "{clients} over {servers}");
        })
        .await;
    })
    .await;
    assert_eq!(left_on(&next, "documents").await, "");
}

/// Somebody who leaves his session as it is would be found out below.
async fn what_is_left_is_seen(pooler: &TestPooler, database: &TestDatabase, next: &Session) {
    let careless = pooler.connect(database).await;
    let leave = format!(
        "set role cortex_app; select set_config('cortex.tenant_id', '{BRAMBLEWICK}', false); \
         prepare left_behind as select 1; set statement_timeout = '7s'; select pg_advisory_lock(1)"
    );
    careless.batch_execute(&leave).await.unwrap();
    let expected = format!(
        "role cortex_app, company {BRAMBLEWICK}, prepared left_behind, statement_timeout = 7000, a lock, 1 rows"
    );
    assert_eq!(left_on(next, "documents").await, expected);
    careless.batch_execute("discard all").await.unwrap();
    assert_eq!(left_on(next, "documents").await, "");
}

/// Runs another company's deployment in the same databases for as long as `visiting` takes.
async fn beside(stack: &Stack, company: CompanyId, visiting: impl AsyncFnOnce(Client<'_>)) {
    assert_ne!(company, KESTREL);
    let config = stack.config_of(company);
    let stop = CancellationToken::new();
    let ports = ApiPorts::production(&config).unwrap();
    let service = Service::bind(&config, ports, None, true, stop.clone()).unwrap();
    let address = service.address();
    let visiting = async {
        visiting(Client { stack, address }).await;
        stop.cancel();
    };
    let (ended, ()) = tokio::join!(Box::pin(service.run()), Box::pin(visiting));
    ended.unwrap();
}

/// What is left on each of the pooler's connections with a database, while nobody else uses it.
async fn left_anywhere(pooler: &TestPooler, database: &TestDatabase, table: &str) -> Vec<String> {
    let mut sessions = Vec::new();
    let mut found = Vec::new();
    for _ in 0..SERVERS {
        // Whoever has begun a transaction has a connection for himself.
        let session = pooler.connect(database).await;
        session.batch_execute("begin").await.unwrap();
        found.push(left_on(&session, table).await);
        sessions.push(session);
    }
    found
}

/// What a client finds on the server connection that the pooler gives it, in words: nothing, where there is nothing.
async fn left_on(session: &Session, table: &str) -> String {
    // The pooler itself sets, for each client, what it follows: names, times and characters.
    let query = format!(
        "select concat_ws(', ', \
           (select 'role ' || current_user where current_user <> session_user), \
           'company ' || nullif(current_setting('cortex.tenant_id', true), ''), \
           (select string_agg('prepared ' || name, ', ') from pg_prepared_statements), \
           (select string_agg(name || ' = ' || setting, ', ') from pg_settings where source = 'session' \
              and name not in ('application_name', 'client_encoding', 'DateStyle', 'TimeZone', \
                               'standard_conforming_strings')), \
           (select string_agg('a lock', ', ') from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()), \
           (select string_agg('listens to ' || channel, ', ') from pg_listening_channels() as channel), \
           (select count(*) || ' rows' from {table} having count(*) > 0)) as found"
    );
    // A statement of our own with a name would be found too.
    session.query_typed(&query, &[]).await.unwrap()[0].get("found")
}
