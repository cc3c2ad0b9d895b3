//! `cortex migrate`, run as operators run it.

use std::process::{Command, Output};

use cortex_test_support::TestDatabase;
use serde_json::Value;

const COMPANY: &str = "0a0a0a0a-0000-4000-8000-00000000000a";

struct Deployment {
    master: TestDatabase,
    company: TestDatabase,
}

impl Deployment {
    async fn new() -> Self {
        Self { master: TestDatabase::empty().await, company: TestDatabase::empty().await }
    }

    fn cortex(&self, args: &[&str]) -> Output {
        cortex(&self.master.url(), &self.company.url(), args)
    }
}

fn cortex(master: &str, company: &str, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cortex"))
        .args(args)
        .env_clear()
        .env("COMPANY_ID", COMPANY)
        .env("MASTER_DATABASE_URL", master)
        .env("DATABASE_URL", company)
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn document(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", stdout(output)))
}

#[tokio::test]
async fn up_migrates_master_first_and_a_second_run_does_nothing() {
    let deployment = Deployment::new().await;

    let first = deployment.cortex(&["migrate", "up"]);
    let second = deployment.cortex(&["migrate", "up"]);

    assert_eq!(first.status.code(), Some(0), "{}", stderr(&first));
    let told = stdout(&first);
    assert!(told.starts_with("master at 127.0.0.1:") || told.starts_with("master at "), "{told}");
    assert!(told.find("007_add_company_users") < told.find("012_add_user_tracking_to_connections"), "{told}");
    assert_eq!(second.status.code(), Some(0));
    assert_eq!(stdout(&second).matches("nothing to do").count(), 2);
}

#[tokio::test]
async fn programs_get_one_document() {
    let deployment = Deployment::new().await;
    deployment.company.batch("create table daily_reports (id int)").await;

    let before = document(&deployment.cortex(&["migrate", "status", "--json"]));
    let up = document(&deployment.cortex(&["migrate", "up", "--json", "--database", "company", "--to", "012"]));
    let after = document(&deployment.cortex(&["migrate", "status", "--json", "--database", "company"]));

    assert_eq!(before["databases"][0]["database"], "master");
    assert_eq!(before["databases"][1]["applied"], Value::Array(Vec::new()));
    assert_eq!(before["databases"][1]["foreign"][0], "daily_reports");
    assert_eq!(up["databases"][0]["ran"][1]["name"], "012_add_user_tracking_to_connections");
    assert_eq!(after["databases"][0]["applied"].as_array().map(Vec::len), Some(2));
    assert_eq!(after["databases"][0]["pending"][0], "013_add_ingestion_attribution");
}

#[tokio::test]
async fn a_dry_run_tells_what_would_run_and_runs_nothing() {
    let deployment = Deployment::new().await;

    let dry = deployment.cortex(&["migrate", "up", "--dry-run", "--database", "company"]);
    let status = document(&deployment.cortex(&["migrate", "status", "--json", "--database", "company"]));

    assert_eq!(dry.status.code(), Some(0));
    assert!(stdout(&dry).contains("would run: 001_baseline, 012_add_user_tracking_to_connections"), "{}", stdout(&dry));
    assert_eq!(status["databases"][0]["applied"], Value::Array(Vec::new()));
}

#[tokio::test]
async fn down_takes_the_newest_or_all_that_are_newer() {
    let deployment = Deployment::new().await;
    assert_eq!(deployment.cortex(&["migrate", "up"]).status.code(), Some(0));

    let one = document(&deployment.cortex(&["migrate", "down", "--json", "--database", "master"]));
    let all = document(&deployment.cortex(&["migrate", "down", "--json", "--to", "1", "--database", "company"]));
    let again = deployment.cortex(&["migrate", "up"]);

    assert_eq!(one["databases"][0]["ran"].as_array().map(Vec::len), Some(1));
    let last = all["databases"][0]["ran"].as_array().and_then(|ran| ran.last()).cloned();
    assert_eq!(last.unwrap()["name"], "012_add_user_tracking_to_connections");
    assert_eq!(again.status.code(), Some(0), "{}", stderr(&again));
}

#[tokio::test]
async fn what_cannot_be_done_is_one_line_and_a_code() {
    let deployment = Deployment::new().await;

    let version = deployment.cortex(&["migrate", "up", "--to", "030"]);
    let usage = deployment.cortex(&["migrate", "sideways"]);
    let absent = cortex(&deployment.master.url(), "postgres://nora:hush@127.0.0.1:1/books", &["migrate", "up"]);
    let json = cortex("postgres://nora:hush@127.0.0.1:1/m", &deployment.company.url(), &["migrate", "up", "--json"]);

    assert_eq!(version.status.code(), Some(2));
    assert!(stderr(&version).contains("there is no migration 030 of the master database"), "{}", stderr(&version));
    assert!(stderr(&version).contains("--database"), "{}", stderr(&version));
    assert_eq!(usage.status.code(), Some(2));
    assert_eq!(absent.status.code(), Some(1));
    assert!(stderr(&absent).contains("cannot reach the database at 127.0.0.1:1/books"), "{}", stderr(&absent));
    assert_eq!(stderr(&absent).lines().count(), 1, "{}", stderr(&absent));
    assert!(!stderr(&absent).contains("hush"));
    assert_eq!(json.status.code(), Some(1));
    assert_eq!(document(&json)["databases"].as_array().map(Vec::len), Some(1), "the company's waits for Master");
}

#[tokio::test]
async fn all_mistakes_of_the_configuration_are_told_at_once() {
    let output = Command::new(env!("CARGO_BIN_EXE_cortex")).args(["migrate", "up"]).env_clear().output().unwrap();

    assert_ne!(output.status.code(), Some(0));
    for variable in ["COMPANY_ID", "DATABASE_URL", "MASTER_DATABASE_URL"] {
        assert!(stderr(&output).contains(variable), "{}", stderr(&output));
    }
    assert!(!stderr(&output).contains("NANGO_SECRET_KEY"), "migrate asks for what it needs only");
}
