//! `cortex doctor` as a process: what it tells of deployments in which something is wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use cortex_app::commands::doctor;
use serde_json::Value;

use crate::deployment::{COMPANY, Deployment};
use crate::process::Cortex;

const DOCTOR: &[&str] = &["doctor", "--json"];
const NOBODY: &str = "http://127.0.0.1:1";

/// A deployment of which nobody is at home, in a world without anybody else.
fn alone() -> Cortex {
    Cortex::serve().running(DOCTOR).with("NANGO_HOST", NOBODY)
}

/// Name and database of all that was found, each with its severity, and the whole document.
fn found(cortex: Cortex) -> (Option<i32>, BTreeMap<(String, String), String>, Value) {
    let (code, stdout, stderr) = cortex.output();
    let document: Value = serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error}: {stdout}{stderr}"));
    let text = |entry: &Value, member: &str| entry[member].as_str().unwrap_or_default().to_owned();
    let entries = document["checks"].as_array().unwrap().iter();
    let found = entries
        .map(|entry| ((text(entry, "name"), text(entry, "database")), text(entry, "severity")))
        .filter(|(_, severity)| !["ok", "skipped"].contains(&severity.as_str()));
    (code, found.collect(), document)
}

fn severity<'a>(found: &'a BTreeMap<(String, String), String>, name: &str, database: &str) -> Option<&'a str> {
    found.get(&(name.to_owned(), database.to_owned())).map(String::as_str)
}

/// What is planted, where, and how bad it is.
const PLANTED: &[(&str, &str, &str)] = &[
    ("configuration", "", "error"),
    ("jwt_secret_weak", "", "warning"),
    ("metrics_token_weak", "", "warning"),
    ("webhook_key_missing", "", "warning"),
    ("login_powerful", "company", "note"),
    ("migrations_unknown", "master", "note"),
    ("company_active", "master", "error"),
    ("unique_index_left_out", "master", "warning"),
    ("row_security", "company", "error"),
    ("open_policies", "company", "error"),
    ("open_grants", "company", "error"),
    ("open_functions", "company", "error"),
    ("definer_search_path", "company", "error"),
    ("foreign_tables_open", "company", "warning"),
    ("invalid_indexes", "company", "warning"),
    ("other_companies", "company", "error"),
    ("jobs_abandoned", "company", "warning"),
    ("jobs_waiting", "company", "warning"),
    ("webhooks_dead", "company", "warning"),
    ("connections_without_owner", "company", "note"),
    ("supabase_reachable", "", "error"),
    ("nango_reachable", "", "error"),
    ("blob_store", "", "error"),
];

/// A deployment with all that is planted.
async fn planted() -> (Deployment, impl Fn(&[&str]) -> Cortex) {
    let deployment = Deployment::ready().await;
    deployment
        .master
        .batch(&format!(
            "insert into __diesel_schema_migrations (version) values ('999');
             update companies set status = 'suspended';
             drop index company_users_active_email;
             insert into company_users (user_id, company_id, email) values
               (gen_random_uuid(), '{COMPANY}', 'ina@acme.example'), (gen_random_uuid(), '{COMPANY}', 'INA@acme.example')"
        ))
        .await;
    deployment
        .company
        .batch(&format!(
            "alter table chats disable row level security;
             create policy open on connections using (true);
             grant select on sync_jobs to public;
             grant execute on function cortex_list_mail to public;
             alter function cortex_list_thread reset search_path;
             create table memos (id int); create policy everybody on memos using (true);
             insert into chats (company_id, user_email) values ('somebody-else', 'u');
             insert into sync_jobs (tenant_id, user_id, job_type, kind, status, lease_owner, lease_until)
               values ('{COMPANY}', 'u', 'gmail', 'sync', 'running', 'gone', now() - interval '1 hour');
             insert into sync_jobs (tenant_id, user_id, job_type, kind, status, run_after)
               values ('{COMPANY}', 'u', 'gmail', 'sync', 'queued', now() - interval '1 hour');
             insert into webhook_inbox (tenant_id, body, body_hash, state) values ('{COMPANY}', '', '', 'dead');
             insert into connections (tenant_id, provider_key, connection_id) values
               ('{COMPANY}', 'gmail', 'old'), ('{COMPANY}', 'outlook', 'old')"
        ))
        .await;
    let half_built = "create unique index concurrently half_built on connections (tenant_id)";
    deployment.company.connect().await.batch_execute(half_built).await.unwrap_err();
    let superuser = deployment.company.url();
    let cortex = {
        let (company, master) = (superuser, deployment.master.url_as(&deployment.service));
        move |arguments: &[&str]| {
            Cortex::serve()
                .running(arguments)
                .with("DATABASE_URL", &company)
                .with("MASTER_DATABASE_URL", &master)
                .with("NANGO_HOST", NOBODY)
                .with("NANGO_SECRET_KEY", "geheim-nango")
                .with("SUPABASE_JWT_SECRET", &"geheim".repeat(10))
                .with("METRICS_TOKEN", "geheim")
                .with("BLOB_STORE", "file:///nowhere/at/all")
                .with("PORT", "x")
        }
    };
    (deployment, cortex)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_planted_fault_is_found_by_its_name_and_nothing_else_is() {
    let (deployment, cortex) = planted().await;

    let (code, found, document) = found(cortex(DOCTOR));

    let expected: BTreeMap<_, _> = PLANTED
        .iter()
        .map(|(name, database, severity)| (((*name).to_owned(), (*database).to_owned()), (*severity).to_owned()))
        .collect();
    assert_eq!(found, expected, "{document:#}");
    assert_eq!(code, Some(1));
    let text = document.to_string();
    assert!(!text.contains("geheim") && !text.contains(deployment.service.password()), "{text}");
    let summary = &document["summary"];
    let count = |severity: &str| PLANTED.iter().filter(|(_, _, wanted)| *wanted == severity).count();
    assert_eq!(summary["notes"], count("note"), "{summary}");
    assert!(document["checks"].as_array().unwrap().iter().all(|entry| {
        entry["severity"] == "ok"
            || entry["severity"] == "skipped"
            || entry["remedy"].as_str().is_some_and(|it| it.len() > 8)
    }));
}

#[tokio::test(flavor = "multi_thread")]
async fn people_read_the_errors_first_each_with_what_to_do() {
    let (deployment, cortex) = planted().await;

    let (code, stdout, stderr) = cortex(&["doctor"]).output();

    assert_eq!(code, Some(1), "{stderr}");
    let place = |text: &str| stdout.find(text).unwrap_or_else(|| panic!("{text} in {stdout}"));
    assert!(stdout.starts_with("Errors ("), "{stdout}");
    assert!(place("Errors (") < place("Warnings (") && place("Warnings (") < place("Notes ("), "{stdout}");
    assert!(place("Notes (") < place("Not checked ("), "{stdout}");
    let told = "row_security (company): tables without row level security: chats\n  \
                → `alter table public.chats enable row level security`";
    assert!(stdout.contains(told), "{stdout}");
    for (name, ..) in PLANTED {
        assert!(stdout.contains(name), "{name} in {stdout}");
    }
    assert!(!stdout.contains('\u{1b}'), "colours are for terminals");
    let output = format!("{stdout}{stderr}");
    assert!(!output.contains("geheim") && !output.contains(deployment.service.password()), "{output}");
}

/// Whoever does what the remedies say has nothing left of what they are about.
#[tokio::test(flavor = "multi_thread")]
async fn what_remedies_say_in_sql_is_what_helps() {
    let (deployment, cortex) = planted().await;
    let names = ["row_security", "open_policies", "open_grants", "open_functions", "definer_search_path"]
        .map(ToOwned::to_owned);
    let (_, _, document) = found(cortex(DOCTOR));
    let entries = document["checks"].as_array().unwrap();
    let remedies = entries
        .iter()
        .filter(|entry| entry["severity"] == "error" && names.iter().any(|name| entry["name"] == **name))
        .map(|entry| entry["remedy"].as_str().unwrap());

    let roles = "do $$ begin create role anon nologin; exception when duplicate_object or unique_violation then null; end $$; \
                 do $$ begin create role authenticated nologin; \
                 exception when duplicate_object or unique_violation then null; end $$";
    deployment.company.batch(roles).await;
    for remedy in remedies {
        for statement in remedy.split('`').filter(|part| !part.trim().is_empty()) {
            deployment.company.batch(statement).await;
        }
    }

    let (_, after, _) = found(cortex(DOCTOR));
    for name in names {
        assert_eq!(severity(&after, &name, "company"), None, "{after:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_without_rights_and_a_schema_that_lags_behind_are_told() {
    let deployment = Deployment::with_login("").await.made_ready().await;
    deployment.migrate(&["down", "--database", "master"]);

    let (code, stranger, _) = found(deployment.cortex(DOCTOR).with("NANGO_HOST", NOBODY));
    let (_, lagging, _) = found(
        deployment.cortex(DOCTOR).with("NANGO_HOST", NOBODY).with("MASTER_DATABASE_URL", &deployment.master.url()),
    );

    assert_eq!(code, Some(1));
    for database in ["master", "company"] {
        assert_eq!(severity(&stranger, "login_rights", database), Some("error"));
    }
    assert_eq!(severity(&lagging, "migrations_pending", "master"), Some("error"));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_database_under_two_names_is_told_by_the_server() {
    let deployment = Deployment::ready().await;
    // Another spelling of the same host, which is no name for a certificate.
    let again = format!("{}?sslmode=disable", deployment.company.url().replace("127.0.0.1", "127.1"));

    let (_, found, document) =
        found(deployment.cortex(DOCTOR).with("NANGO_HOST", NOBODY).with("MASTER_DATABASE_URL", &again));

    assert_eq!(severity(&found, "configuration", ""), None, "{document:#}");
    assert_eq!(severity(&found, "database_shared", ""), Some("error"), "{document:#}");
}

#[test]
fn without_any_configuration_it_tells_what_is_missing_and_what_it_could_not_look_at() {
    let (code, found, document) = found(Cortex::new(DOCTOR));

    assert_eq!(code, Some(1));
    assert_eq!(found.len(), 1, "{found:?}");
    let checks = document["checks"].as_array().unwrap();
    let mistakes: Vec<_> = checks
        .iter()
        .filter(|entry| entry["name"] == "configuration")
        .map(|entry| entry["details"]["variable"].clone())
        .collect();
    let required = ["COMPANY_ID", "DATABASE_URL", "MASTER_DATABASE_URL", "MASTER_SUPABASE_URL", "NANGO_SECRET_KEY"];
    assert_eq!(mistakes, required);
    let skipped = checks.iter().filter(|entry| entry["severity"] == "skipped");
    assert!(skipped.clone().all(|entry| entry["finding"].as_str().is_some_and(|reason| !reason.is_empty())));
    // What could not be looked at is not passed: everything but what the variables tell by themselves.
    let fine: BTreeSet<_> =
        checks.iter().filter(|entry| entry["severity"] == "ok").filter_map(|entry| entry["name"].as_str()).collect();
    let by_themselves = BTreeSet::from([
        "admin_pin_common",
        "admin_pin_plain",
        "jwt_secret_weak",
        "metrics_token_weak",
        "migration_pooler",
        "pooler_mode",
        "pooler_needless",
    ]);
    assert!(fine.is_subset(&by_themselves), "{fine:?}");
    let named: BTreeSet<_> = checks.iter().filter_map(|entry| entry["name"].as_str()).collect();
    assert_eq!(named, doctor::checks().iter().map(|check| check.name).collect(), "every check is told");
}

/// Whoever takes connections and says nothing, in the place of all that it talks to.
#[test]
fn it_ends_whatever_hangs() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = silent.local_addr().unwrap();
    let begun = Instant::now();

    let (code, found, document) = found(
        alone()
            .with("DATABASE_URL", &format!("postgres://a:b@{place}/acme"))
            .with("MASTER_DATABASE_URL", &format!("postgres://a:b@{place}/master"))
            .with("MASTER_SUPABASE_URL", &format!("http://{place}"))
            .with("NANGO_HOST", &format!("http://{place}")),
    );

    assert!(begun.elapsed() < Duration::from_mins(1), "all of them at once: {:?}", begun.elapsed());
    assert_eq!(code, Some(1));
    for (name, database) in [
        ("database_reachable", "company"),
        ("database_reachable", "master"),
        ("supabase_reachable", ""),
        ("nango_reachable", ""),
    ] {
        assert_eq!(severity(&found, name, database), Some("error"), "{document:#}");
    }
}

#[test]
fn poolers_are_known_by_their_ports() {
    let on = |company: &str, pooler: &str| {
        let cortex = alone().with("DATABASE_POOLER", pooler).with("DATABASE_URL", company);
        found(cortex.with("MASTER_DATABASE_URL", "postgres://a:b@127.0.0.1:5432/master")).1
    };

    let leaking = on("postgres://a:b@127.0.0.1:6543/acme", "session");
    assert_eq!(severity(&leaking, "pooler_mode", ""), Some("warning"));
    assert_eq!(severity(&leaking, "migration_pooler", ""), Some("warning"));
    let needless = on("postgres://a:b@127.0.0.1:5432/acme", "transaction");
    assert_eq!(severity(&needless, "pooler_needless", ""), Some("note"));
    assert_eq!(severity(&needless, "pooler_mode", ""), None);
}

#[test]
fn a_pin_that_everybody_tries_is_found_by_its_hash() {
    let (_, hash, _) = Cortex::new(&["admin", "hash-pin"]).output_for("917364\n");
    let hash_of_2525 = cortex_app::admin_pin::PinHash::of("2525").unwrap().to_text();
    let with = |hash: &str| found(alone().with("ADMIN_PIN_HASH", hash.trim())).1;

    assert_eq!(severity(&with(&hash_of_2525), "admin_pin_common", ""), Some("warning"));
    assert_eq!(severity(&with(&hash), "admin_pin_common", ""), None);
}

#[test]
fn development_is_told_that_its_pin_is_plain() {
    let (_, found, _) = found(alone().with("ENVIRONMENT", "development"));

    assert_eq!(severity(&found, "admin_pin_plain", ""), Some("note"));
}
