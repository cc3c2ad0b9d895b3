//! What `serve` and `work` refuse to go on with in production, on databases as operators leave them.

use std::time::{Duration, Instant};

use rstest::rstest;
use rustix::process::Signal;

use crate::deployment::{COMPANY, Deployment};
use crate::process::{Cortex, Running};

/// Asks until the answer is what is wanted.
fn until(running: &Running, path: &str, wanted: &str) {
    let begin = Instant::now();
    loop {
        let answer = running.get(path);
        if answer.contains(wanted) {
            return;
        }
        assert!(begin.elapsed() < Duration::from_secs(30), "{wanted} in {answer}");
    }
}

#[rstest]
#[case(&["serve"])]
#[case(&["serve", "--no-worker"])]
#[case(&["work"])]
#[tokio::test(flavor = "multi_thread")]
async fn all_that_speaks_against_a_start_is_told_together(#[case] command: &[&str]) {
    let deployment = Deployment::empty().await;
    deployment.migrate(&["up"]);
    deployment.found_company("suspended").await;
    deployment.migrate(&["down", "--database", "company"]);

    let reasons = deployment.refused(command);

    assert_eq!(reasons.len(), 2, "{reasons:?}");
    assert!(reasons[0].starts_with("  COMPANY_ID: the company 0f8fad5b-d9cb-469f-a165-70867728950e is suspended"));
    assert!(reasons[1].starts_with("  DATABASE_URL: in the company database at 127.0.0.1:"), "{reasons:?}");
    assert!(reasons[1].contains(" the migration ") && reasons[1].contains(" has not run: run "), "{reasons:?}");
    assert!(reasons[1].contains("cortex migrate up") && reasons[1].contains("--migrate"), "{reasons:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_that_master_does_not_know_is_not_served() {
    let deployment = Deployment::empty().await;
    deployment.migrate(&["up"]);

    let reasons = deployment.refused(&["serve"]);

    assert_eq!(reasons.len(), 1, "{reasons:?}");
    assert!(
        reasons[0].starts_with(&format!("  COMPANY_ID: Master does not know the company {COMPANY}")),
        "{reasons:?}"
    );
}

#[rstest]
#[case("trial")]
#[case("provisioning")]
#[case("deleted")]
#[tokio::test(flavor = "multi_thread")]
async fn a_company_that_is_not_active_is_not_served(#[case] status: &str) {
    let deployment = Deployment::empty().await;
    deployment.migrate(&["up"]);
    deployment.found_company(status).await;

    let reasons = deployment.refused(&["serve"]);

    assert_eq!(reasons.len(), 1, "{reasons:?}");
    assert!(reasons[0].contains(&format!("is {status} in Master")), "{reasons:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn databases_that_nobody_migrated_are_named_each() {
    let deployment = Deployment::empty().await;

    let reasons = deployment.refused(&["serve"]);

    assert_eq!(reasons.len(), 2, "{reasons:?}");
    for (reason, variable) in reasons.iter().zip(["MASTER_DATABASE_URL", "DATABASE_URL"]) {
        assert!(reason.starts_with(&format!("  {variable}: ")), "{reason}");
        assert!(reason.contains("migrations (001_baseline to "), "{reason}");
    }
}

#[rstest]
#[case::above_the_walls("bypassrls", "(it is above row level security)")]
#[case::nobody("", "cannot work as cortex_app")]
#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_keeps_its_rights_is_not_worked_with(#[case] options: &str, #[case] said: &str) {
    let deployment = Deployment::with_login(options).await.made_ready().await;

    let reasons = deployment.refused(&["serve"]);

    assert_eq!(reasons.len(), 2, "{reasons:?}");
    let login = deployment.service.name();
    for reason in &reasons {
        assert!(reason.contains(said) && reason.contains(&format!("grant cortex_app to {login}")), "{reason}");
        assert!(!reason.contains(deployment.service.password()), "{reason}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_superuser_who_lays_down_his_rights_is_worked_with() {
    let deployment = Deployment::ready().await;
    let mut running = deployment
        .cortex(&["serve"])
        .with("DATABASE_URL", &deployment.company.url())
        .with("MASTER_DATABASE_URL", &deployment.master.url())
        .start();

    let answer = running.get("/api/v1/me");

    assert!(answer.starts_with("HTTP/1.1 401"), "it serves: {answer}");
    assert_eq!(running.stop(Signal::TERM).0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_newer_version_ran_is_accepted_with_a_warning() {
    let deployment = Deployment::ready().await;
    deployment.company.batch("insert into __diesel_schema_migrations (version) values ('999')").await;
    let mut running = deployment.cortex(&["serve"]).start();

    assert!(running.get("/api/v1/me").starts_with("HTTP/1.1 401"));
    let (code, log) = running.stop(Signal::TERM);

    assert_eq!(code, Some(0));
    let warning = log.lines().find(|line| line.contains("a newer version has migrated")).unwrap();
    assert!(warning.contains("WARN") && warning.contains("999"), "{warning}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_can_bring_its_schemas_up_itself() {
    let deployment = Deployment::empty().await;

    let reasons = deployment.refused(&["serve", "--migrate"]);
    assert_eq!(reasons.len(), 1, "nothing is pending any more: {reasons:?}");
    assert!(reasons[0].contains("Master does not know the company"), "{reasons:?}");

    deployment.found_company("active").await;
    deployment.migrate(&["down", "--database", "company"]);
    let mut running = deployment.cortex(&["serve", "--migrate"]).start();
    until(&running, "/api/v1/me", "HTTP/1.1 401");
    let (code, log) = running.stop(Signal::TERM);

    assert_eq!(code, Some(0));
    assert!(log.lines().any(|line| line.contains("migrated") && line.contains("database=\"company\"")), "{log}");
}

#[test]
fn the_owners_urls_are_read_for_migrating_only() {
    let bad = |arguments: &[&str]| {
        let cortex = Cortex::serve().running(arguments).with("MIGRATION_DATABASE_URL", "geheim").with("PORT", "x");
        cortex.output().2
    };

    let told = bad(&["serve", "--migrate"]);
    assert!(told.starts_with("cortex: the configuration has 2 mistakes:\n  MIGRATION_DATABASE_URL: "), "{told}");
    assert!(!told.contains("geheim"), "{told}");
    assert!(!bad(&["serve"]).contains("MIGRATION_DATABASE_URL"));
}

#[tokio::test(flavor = "multi_thread")]
async fn development_warns_and_serves() {
    let deployment = Deployment::empty().await;
    deployment.migrate(&["up"]);
    let mut running = deployment.cortex(&["serve"]).with("ENVIRONMENT", "development").start();

    assert!(running.get("/api/v1/me").starts_with("HTTP/1.1 401"));
    let ready = running.get("/health/ready");
    running.tells("COMPANY_ID: Master does not know");

    assert!(ready.contains("\"start_checks\":{\"status\":\"up\""), "{ready}");
    assert_eq!(running.stop(Signal::TERM).0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_served_until_a_database_that_was_away_at_the_start_was_looked_at() {
    let deployment = Deployment::ready().await;
    Deployment::close(&deployment.company, &deployment.master, true).await;
    let mut running = deployment.cortex(&["serve"]).start();

    for path in ["/api/v1/me", "/api/v1/documents", "/status"] {
        let answer = running.get(path);
        assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("\"code\":\"not_ready\""), "{answer}");
    }
    assert!(running.get("/health/live").starts_with("HTTP/1.1 200"));
    let ready = running.get("/health/ready");
    assert!(ready.starts_with("HTTP/1.1 503") && ready.contains("start_checks"), "{ready}");

    Deployment::close(&deployment.company, &deployment.master, false).await;
    until(&running, "/api/v1/me", "HTTP/1.1 401");
    until(&running, "/health/ready", "\"worker\":{\"status\":\"up\"");
    assert_eq!(running.stop(Signal::TERM).0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_found_later_ends_the_process_as_well() {
    let deployment = Deployment::ready().await;
    deployment.migrate(&["down", "--database", "company"]);
    Deployment::close(&deployment.company, &deployment.master, true).await;
    let mut running = deployment.cortex(&["serve"]).start();
    assert!(running.get("/api/v1/me").starts_with("HTTP/1.1 503"));

    Deployment::close(&deployment.company, &deployment.master, false).await;
    let (code, log) = running.end();

    assert_eq!(code, Some(1), "{log}");
    assert!(log.contains("cortex: not started: 1 reason speaks against it:\n  DATABASE_URL: "), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_found_is_not_kept_back_because_something_else_is_away() {
    let deployment = Deployment::empty().await;
    deployment.migrate(&["up"]);
    Deployment::close(&deployment.company, &deployment.master, true).await;

    let reasons = deployment.refused(&["work"]);

    assert_eq!(reasons.len(), 1, "{reasons:?}");
    assert!(reasons[0].starts_with("  COMPANY_ID: "), "{reasons:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_tells_its_health_where_it_is_told_to_and_nothing_else() {
    let deployment = Deployment::ready().await;
    let running = deployment.cortex(&["work"]).with("WORK_HEALTH_ADDR", "127.0.0.1:0").start();

    until(&running, "/health/ready", r#""worker":{"status":"up""#);
    assert!(running.get("/health/live").contains(r#"{"status":"alive"}"#));
    for path in ["/api/v1/me", "/admin/workers/status", "/docs"] {
        assert!(running.get(path).starts_with("HTTP/1.1 404 "), "{path}");
    }

    Deployment::close(&deployment.company, &deployment.master, true).await;
    let end = "select pg_terminate_backend(pid) from pg_stat_activity where datname";
    deployment.master.batch(&format!("{end} = '{}'", deployment.company.name())).await;
    until(&running, "/health/ready", r#""database":{"status":"down""#);
    Deployment::close(&deployment.company, &deployment.master, false).await;
    until(&running, "/health/ready", "HTTP/1.1 200 ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_whose_address_is_taken_says_which_variable_to_change() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();

    let (code, _, stderr) = Cortex::serve().running(&["work"]).with("WORK_HEALTH_ADDR", &address).output();

    assert_eq!(code, Some(1), "{stderr}");
    assert!(stderr.contains(&format!("cannot listen on {address}: choose another WORK_HEALTH_ADDR")), "{stderr}");
}
