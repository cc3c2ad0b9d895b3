//! `cortex migrate … --all-companies`, run as operators run it.

use std::path::Path;
use std::process::{Command, Output};

use cortex_kernel::CompanyId;
use cortex_postgres::Address;
use cortex_postgres::migrate::Migrator;
use cortex_postgres::schema::Database;
use cortex_test_support::{Template, TestDatabase};
use serde_json::Value;

/// The company of the databases that have lived.
const LIVED_IN: &str = "0a0a0a0a-0000-4000-8000-00000000000a";
const BASELINE: &str = include_str!("../../../postgres/tests/it/lived_in/company.sql");
const BY_HAND: &str = include_str!("../../../postgres/tests/it/lived_in/company_by_hand.sql");
const ABSENT: &str = "postgres://nora:hush@127.0.0.1:1/books";

/// Master and what the environment says of the companies' databases.
struct Fleet {
    master: TestDatabase,
    variables: Vec<(String, String)>,
    databases: Vec<TestDatabase>,
}

impl Fleet {
    /// With a Master that is migrated.
    async fn new() -> Self {
        let master = clone(Database::Master, None).await;
        Self { master, variables: Vec::new(), databases: Vec::new() }
    }

    /// A company in Master, whose database is where `reference` says.
    async fn company(&self, number: usize, status: &str, reference: Option<&str>) -> String {
        let (id, slug) = (id(number), slug(number));
        let reference = reference.map_or("null".to_owned(), |reference| format!("'{reference}'"));
        self.master
            .batch(&format!(
                "insert into companies (id, slug, name, status, database_url_ref) \
                 values ('{id}', '{slug}', '{slug}', '{status}', {reference})"
            ))
            .await;
        slug
    }

    /// A company whose database is this one.
    async fn with(&mut self, number: usize, database: TestDatabase) -> String {
        let slug = self.with_url(number, &database.url()).await;
        self.databases.push(database);
        slug
    }

    async fn with_url(&mut self, number: usize, url: &str) -> String {
        let variable = format!("COMPANY_{number:02}_URL");
        let slug = self.company(number, "active", Some(&format!("env:{variable}"))).await;
        self.variables.push((variable, url.to_owned()));
        slug
    }

    fn set(&mut self, number: usize, url: &str) {
        let variable = format!("COMPANY_{number:02}_URL");
        self.variables.retain(|(name, _)| *name != variable);
        self.variables.push((variable, url.to_owned()));
    }

    /// Neither `COMPANY_ID` nor `DATABASE_URL` is there.
    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cortex"));
        command.arg("migrate").args(args).arg("--all-companies").env_clear();
        command.env("MASTER_DATABASE_URL", self.master.url());
        command.envs(self.variables.iter().map(|(name, url)| (name, url)));
        command
    }

    fn cortex(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    fn json(&self, args: &[&str]) -> (Option<i32>, Value) {
        let output = self.cortex(&[args, &["--json"]].concat());
        let document = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}{}", text(&output.stdout), text(&output.stderr)));
        (output.status.code(), document)
    }
}

fn id(number: usize) -> String {
    format!("0f0f0f0f-0000-4000-8000-{number:012}")
}

fn slug(number: usize) -> String {
    format!("company-{number:02}")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A database that is migrated, to the end or up to a migration, and holds no rows.
async fn clone(kind: Database, to: Option<&'static str>) -> TestDatabase {
    let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations").join(kind.name());
    let template = match to {
        None => Template::new(kind.name()).folder(migrations).unwrap(),
        Some(to) => Template::new("halfdone").folder(migrations).unwrap().text(to),
    };
    TestDatabase::create(&template, async |url| {
        let address = Address::parse(&url.as_str().into(), None, "cortex-test").unwrap();
        let migrator = Migrator::new(kind, address, id(0).parse::<CompanyId>().unwrap());
        migrator.up(to.map(ToOwned::to_owned)).await.unwrap();
    })
    .await
}

async fn current() -> TestDatabase {
    clone(Database::Company, None).await
}

/// A database that people made by hand, of this company.
async fn lived_in(number: usize, scripts: &[&str]) -> TestDatabase {
    let database = TestDatabase::empty().await;
    for script in scripts {
        database.batch(&script.replace(LIVED_IN, &id(number))).await;
    }
    database
}

async fn number(database: &TestDatabase, query: &str) -> i64 {
    database.connect().await.query_one(query, &[]).await.unwrap().get(0)
}

fn outcome(document: &Value, number: usize) -> &str {
    of(document, number)["outcome"].as_str().unwrap()
}

fn of(document: &Value, number: usize) -> &Value {
    let slug = slug(number);
    document["companies"].as_array().unwrap().iter().find(|company| company["slug"] == slug.as_str()).unwrap()
}

fn reason(document: &Value, number: usize) -> &str {
    of(document, number)["reason"].as_str().unwrap_or_else(|| panic!("{document:#}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn of_thirty_databases_the_broken_ones_are_named_the_others_done_and_a_second_run_finishes() {
    let mut fleet = Fleet::new().await;
    fleet.with(0, TestDatabase::empty().await).await;
    fleet.with(1, lived_in(1, &[BASELINE]).await).await;
    fleet.with(2, lived_in(2, &[BASELINE, BY_HAND]).await).await;
    fleet.with(3, clone(Database::Company, Some("060_unfinished_contents")).await).await;
    fleet.with(4, clone(Database::Company, Some("060_unfinished_contents")).await).await;
    let broken = clone(Database::Company, Some("060_unfinished_contents")).await;
    broken.batch("create table usage_days (id int)").await;
    fleet.with(5, broken).await;
    fleet.with_url(6, ABSENT).await;
    fleet.company(7, "active", Some("env:COMPANY_07_URL")).await;
    for number in 8..30 {
        fleet.with(number, current().await).await;
    }

    let (first, told) = fleet.json(&["up"]);

    assert_eq!(first, Some(1), "{told:#}");
    for number in 0..5 {
        assert_eq!(outcome(&told, number), "migrated", "{:#}", of(&told, number));
    }
    for number in 8..30 {
        assert_eq!(outcome(&told, number), "nothing_to_do", "{:#}", of(&told, number));
    }
    for (number, why) in [
        (5, "migration 064_usage_days of the database at"),
        (6, "cannot reach the database at 127.0.0.1:1/books"),
        (7, "the variable COMPANY_07_URL, which database_url_ref names, is not set"),
    ] {
        assert_eq!(outcome(&told, number), "failed");
        assert!(reason(&told, number).contains(why), "{}", reason(&told, number));
    }
    assert!(!told.to_string().contains("hush"), "a password is shown");
    let given = format!("select count(*) from sync_jobs where tenant_id = '{}'", id(1));
    assert_eq!(number(&fleet.databases[1], &given).await, 2, "rows without a company are given to their database's");

    fleet.databases[5].batch("drop table usage_days").await;
    for number in [6, 7] {
        let spare = current().await;
        fleet.set(number, &spare.url());
        fleet.databases.push(spare);
    }
    let (second, told) = fleet.json(&["up"]);

    assert_eq!(second, Some(0), "{told:#}");
    assert_eq!(outcome(&told, 5), "migrated");
    assert!((0..30).filter(|number| *number != 5).all(|number| outcome(&told, number) == "nothing_to_do"), "{told:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn people_get_a_table_and_what_to_do() {
    let mut fleet = Fleet::new().await;
    fleet.with(1, current().await).await;
    fleet.with_url(2, ABSENT).await;
    fleet.company(3, "trial", None).await;
    fleet.company(4, "deleted", Some("env:NEVER")).await;

    let output = fleet.cortex(&["up"]);

    let told = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{told}");
    for line in [
        "company     outcome        migrations  time",
        "company-02  failed                  0  0.0 s",
        "company-03  left out",
        "  Master does not say where its database is: set companies.database_url_ref",
        "  it is deleted in Master",
        "1 nothing to do, 1 failed, 2 left out; what failed is told above, and the same command goes on there",
    ] {
        assert!(told.lines().any(|told| told == line), "{line}\n{told}");
    }
    assert!(told.contains("\ncompany-01  nothing to do           0  "), "{told}");
    assert!(!told.contains('\x1b') && !text(&output.stderr).contains('\x1b'), "no terminal, no colours");
    assert!(!told.contains("hush") && !text(&output.stderr).contains("hush"), "a password is shown");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_somebody_else_is_refused_and_left_as_it_is() {
    let mut fleet = Fleet::new().await;
    let shared = TestDatabase::empty().await;
    fleet.with_url(1, &shared.url()).await;
    fleet.with_url(2, &shared.url()).await;
    let master = fleet.master.url();
    fleet.with_url(3, &master).await;
    // The rows are of the first company, and of one that nobody knows.
    fleet.with(4, lived_in(1, &[BASELINE]).await).await;
    fleet.with(5, lived_in(99, &[BASELINE]).await).await;

    let (code, told) = fleet.json(&["up"]);

    assert_eq!(code, Some(1));
    assert!(reason(&told, 1).contains("is that of company-02 too"), "{}", reason(&told, 1));
    assert!(reason(&told, 2).contains("is that of company-01 too"), "{}", reason(&told, 2));
    assert!(reason(&told, 3).contains("is Master: give the company one of its own"), "{}", reason(&told, 3));
    let (of_first, of_nobody) = (format!("company-01 ({})", id(1)), format!("rows of the company {}", id(99)));
    assert!(reason(&told, 4).contains(&of_first), "{}", reason(&told, 4));
    assert!(reason(&told, 5).contains(&of_nobody), "{}", reason(&told, 5));
    let books = "select count(*) from pg_class where relname = '__diesel_schema_migrations'";
    for database in fleet.databases.iter().chain([&shared]) {
        assert_eq!(number(database, books).await, 0, "nothing was begun");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_this_company_beside_some_of_nobodys_are_this_companys() {
    let mut fleet = Fleet::new().await;
    let database = lived_in(1, &[BASELINE]).await;
    database
        .batch("insert into gmail_cursors (tenant_id, provider_key, cursor) values ('try-out', 'gmail', 'c')")
        .await;
    fleet.with(1, database).await;

    let (code, told) = fleet.json(&["up", "--dry-run"]);

    assert_eq!(code, Some(0), "{told:#}");
    assert_eq!(outcome(&told, 1), "would_migrate");
    assert!(of(&told, 1)["findings"].to_string().contains("rows name try-out as their company"), "{told:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn when_a_canary_fails_the_others_are_not_begun() {
    let mut fleet = Fleet::new().await;
    fleet.with(1, current().await).await;
    let broken = clone(Database::Company, Some("060_unfinished_contents")).await;
    broken.batch("create table usage_days (id int)").await;
    fleet.with(2, broken).await;
    fleet.with(3, clone(Database::Company, Some("060_unfinished_contents")).await).await;

    let (code, told) = fleet.json(&["up", "--canary", "1"]);

    assert_eq!(code, Some(1));
    assert_eq!((outcome(&told, 2), outcome(&told, 3)), ("failed", "held_back"), "{told:#}");
    assert_eq!(of(&told, 2)["canary"], true, "the first that has something to run");
    assert!(reason(&told, 3).contains("company-02 goes first and failed"), "{}", reason(&told, 3));

    fleet.databases[1].batch("drop table usage_days").await;
    let (code, told) = fleet.json(&["up", "--canary", "1", "--jobs", "1"]);

    assert_eq!(code, Some(0), "{told:#}");
    assert_eq!((outcome(&told, 2), outcome(&told, 3)), ("migrated", "migrated"));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runs_at_once_do_not_meet() {
    let mut fleet = Fleet::new().await;
    for number in 1..4 {
        fleet.with(number, clone(Database::Company, Some("060_unfinished_contents")).await).await;
    }
    // Held by somebody else, until both have said that they wait.
    let holder = fleet.databases[0].connect().await;
    let lock = "select pg_advisory_lock(x'636f72746578'::bigint)";
    holder.batch_execute(lock).await.unwrap();
    let piped = |mut command: Command| {
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap()
    };
    let runs = [piped(fleet.command(&["up", "--json"])), piped(fleet.command(&["up", "--json"]))];
    let waiting = "select count(*) from pg_stat_activity \
                   where datname = current_database() and query ~ 'pg_sleep' and pid <> pg_backend_pid()";
    while number(&fleet.databases[0], waiting).await < 2 {}
    drop(holder);
    let outputs = runs.map(|run| run.wait_with_output().unwrap());

    let mut migrated = 0;
    for output in outputs {
        assert_eq!(output.status.code(), Some(0), "{}{}", text(&output.stdout), text(&output.stderr));
        assert!(text(&output.stderr).contains("another migrator is at work"), "{}", text(&output.stderr));
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        migrated += (1..4).map(|number| of(&told, number)["ran"].as_array().unwrap().len()).sum::<usize>();
    }
    let pending =
        cortex_postgres::migrate::names(Database::Company).iter().filter(|name| name.as_str() > "060_z").count();
    assert_eq!(migrated, 3 * pending, "each migration ran once in each database");
}

#[tokio::test(flavor = "multi_thread")]
async fn status_and_a_dry_run_change_nothing() {
    let mut fleet = Fleet::new().await;
    fleet.with(1, lived_in(1, &[BASELINE]).await).await;
    fleet.with(2, clone(Database::Company, Some("060_unfinished_contents")).await).await;
    fleet.with(3, current().await).await;

    let (status, stands) = fleet.json(&["status"]);
    let (dry, would) = fleet.json(&["up", "--dry-run"]);
    let shown = text(&fleet.cortex(&["status"]).stdout);
    let planned = text(&fleet.cortex(&["up", "--dry-run"]).stdout);

    assert_eq!((status, dry), (Some(0), Some(0)), "{stands:#}{would:#}");
    let outcomes = |told: &Value| (1..4).map(|number| outcome(told, number).to_owned()).collect::<Vec<_>>();
    assert_eq!(outcomes(&stands), ["behind", "behind", "current"]);
    assert_eq!(outcomes(&would), ["would_migrate", "would_migrate", "current"]);
    assert_eq!(of(&would, 1)["foreign"][0], "daily_reports");
    let findings = of(&would, 1)["findings"].to_string();
    for told in ["2 connections have no user", "1 jobs are queued or running", "2 rows of sync_jobs name no company"] {
        assert!(findings.contains(told), "{told}: {findings}");
    }
    assert!(shown.contains("060_unfinished_contents"), "{shown}");
    assert!(planned.contains("  would run: 061_held_deletions to "), "{planned}");
    let books = "select count(*) from pg_class where relname = '__diesel_schema_migrations'";
    assert_eq!(number(&fleet.databases[0], books).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn master_comes_first_and_without_it_nothing_is_begun() {
    let empty = TestDatabase::empty().await;
    let run = |master: &str, args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cortex"));
        command.args(["migrate", "up", "--all-companies"]).args(args).env_clear().env("MASTER_DATABASE_URL", master);
        command.output().unwrap()
    };

    let absent = run(ABSENT, &[]);
    let fresh = run(&empty.url(), &[]);
    let one = run(&empty.url(), &["--database", "company"]);

    assert_eq!(absent.status.code(), Some(1));
    assert!(text(&absent.stdout).contains("no company is begun before Master is done"), "{}", text(&absent.stdout));
    assert_eq!(fresh.status.code(), Some(0), "{}{}", text(&fresh.stdout), text(&fresh.stderr));
    assert!(text(&fresh.stdout).contains("set companies.database_url_ref"), "{}", text(&fresh.stdout));
    assert_eq!(one.status.code(), Some(2), "a fleet has no single database");
}
