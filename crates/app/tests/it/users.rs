//! `cortex users`, run as operators run it.

use std::process::{Command, Output};

use cortex_app::commands::migrate::{self, Database};
use cortex_app::config::MigrateConfig;
use cortex_test_support::TestDatabase;
use serde_json::{Value, json};

const COMPANY: &str = "0a0a0a0a-0000-4000-8000-00000000000a";
const USER: &str = "550e8400-e29b-41d4-a716-446655440000";

/// Master with the company in it.
async fn master() -> TestDatabase {
    let master = TestDatabase::empty().await;
    let url = master.url();
    let variable = |name: &str| match name {
        "COMPANY_ID" => Some(COMPANY.to_owned()),
        "MASTER_DATABASE_URL" => Some(url.clone()),
        "DATABASE_URL" => Some("postgres://nobody@127.0.0.1:1/company".to_owned()),
        _ => None,
    };
    let config = MigrateConfig::from_env(&variable).unwrap();
    migrate::up(Database::Master, &config).await.unwrap();
    master.batch(&format!("insert into companies (id, slug, name) values ('{COMPANY}', 'a', 'A')")).await;
    master
}

fn cortex(master: &TestDatabase, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cortex"))
        .args(args)
        .env_clear()
        .env("COMPANY_ID", COMPANY)
        .env("MASTER_DATABASE_URL", master.url())
        .output()
        .unwrap()
}

fn map<'a>(email: &'a str, role: &'a str) -> [&'a str; 8] {
    ["users", "map", "--email", email, "--user-id", USER, "--role", role]
}

fn stdout(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{}", stderr(output));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_is_mapped_once_and_listed() {
    let master = master().await;

    let first = stdout(&cortex(&master, &map("Nico@harbour.example", "owner")));
    let second = stdout(&cortex(&master, &map("Nico@harbour.example", "owner")));

    assert_eq!(first, format!("Nico@harbour.example ({USER}) is now a member as owner\n"));
    assert_eq!(second, format!("Nico@harbour.example ({USER}) was already a member as owner\n"));
    let listed = stdout(&cortex(&master, &["users", "list"]));
    let rows: Vec<Vec<&str>> = listed.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0][..3], ["EMAIL", "ROLE", "STATUS"]);
    assert_eq!(rows[1], ["Nico@harbour.example", "owner", "active", USER, "never"]);
    let document: Value = serde_json::from_str(&stdout(&cortex(&master, &["users", "list", "--json"]))).unwrap();
    assert_eq!((&document["total"], &document["users"][0]["user_id"]), (&json!(1), &json!(USER)));
    let told = "select string_agg(concat_ws(' ', action, company_id, user_id, details ->> 'by'), ';') \
                from audit_log_global";
    let audited: String = master.connect().await.query_one(told, &[]).await.unwrap().get(0);
    assert_eq!(audited, format!("user_mapped {COMPANY} {USER} operator"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_must_not_be_is_said_and_not_done() {
    let master = master().await;
    stdout(&cortex(&master, &map("nico@harbour.example", "owner")));
    let other = "550e8400-e29b-41d4-a716-446655440001";

    let demoted = cortex(&master, &map("nico@harbour.example", "user"));
    let taken = ["users", "map", "--email", "NICO@harbour.example", "--user-id", other, "--role", "user"];
    let taken = cortex(&master, &taken);

    assert_eq!(demoted.status.code(), Some(1));
    assert_eq!(stderr(&demoted), "cortex: nico@harbour.example was not mapped: the last active owner stays\n");
    assert_eq!(taken.status.code(), Some(1));
    assert_eq!(stderr(&taken), "cortex: NICO@harbour.example was not mapped: another member has this address\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_usage_is_told_apart_from_a_wrong_configuration() {
    let master = master().await;

    for usage in [&map("nico", "owner"), &map("nico@harbour.example", "king")] {
        assert_eq!(cortex(&master, usage).status.code(), Some(2));
    }
    let bind = cortex(&master, &["users", "bind"]);

    assert_eq!(bind.status.code(), Some(1));
    let told = stderr(&bind);
    assert!(told.starts_with("cortex: the configuration has 2 mistakes:"), "{told}");
    assert!(told.contains("MASTER_SUPABASE_URL") && told.contains("MASTER_SUPABASE_SERVICE_KEY"), "{told}");
}
