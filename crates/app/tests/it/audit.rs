//! `cortex audit verify`, run as operators run it.

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
        let deployment = Self { master: TestDatabase::empty().await, company: TestDatabase::empty().await };
        assert_eq!(deployment.cortex(&["migrate", "up"]).status.code(), Some(0));
        let insert = format!("insert into companies (id, slug, name) values ('{COMPANY}', 'harbour', 'Harbour')");
        deployment.master.batch(&insert).await;
        deployment
    }

    fn cortex(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_cortex"))
            .args(args)
            .env_clear()
            .env("COMPANY_ID", COMPANY)
            .env("MASTER_DATABASE_URL", self.master.url())
            .env("DATABASE_URL", self.company.url())
            .output()
            .unwrap()
    }
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[tokio::test]
async fn a_log_that_agrees_is_told_with_what_was_gone_over() {
    let deployment = Deployment::new().await;
    let insert = format!("insert into admin_audit_log (tenant_id, action) values ('{COMPANY}', 'admin_login')");
    deployment.company.batch(&insert).await;

    let people = deployment.cortex(&["audit", "verify"]);
    let programs = deployment.cortex(&["audit", "verify", "--json"]);

    assert_eq!(people.status.code(), Some(0), "{people:?}");
    assert!(stdout(&people).starts_with("the audit log agrees with its seals\n  sealed rows: 0\n"), "{people:?}");
    let document: Value = serde_json::from_slice(&programs.stdout).unwrap();
    assert_eq!((&document["agrees"], &document["checked"]["rows"]), (&Value::Bool(true), &Value::from(0)));
}

#[tokio::test]
async fn the_first_finding_is_named_and_the_exit_code_is_one() {
    let deployment = Deployment::new().await;
    let put_in = format!(
        "set session_replication_role = replica; insert into admin_audit_log (id, tenant_id, company_id, action, \
         created_at) values ('0e000000-0000-4000-8000-000000000001', '{COMPANY}', '{COMPANY}', 'put in', now())"
    );
    deployment.company.batch(&put_in).await;

    let people = deployment.cortex(&["audit", "verify"]);
    let programs = deployment.cortex(&["audit", "verify", "--json"]);

    assert_eq!((people.status.code(), programs.status.code()), (Some(1), Some(1)), "{people:?}");
    assert!(stdout(&people).contains("audit row 0e000000-0000-4000-8000-000000000001 has no seal"), "{people:?}");
    let finding = &serde_json::from_slice::<Value>(&programs.stdout).unwrap()["finding"];
    assert_eq!((&finding["kind"], &finding["seq"]), (&Value::from("unsealed"), &Value::Null));
    assert_eq!(finding["audit_id"], "0e000000-0000-4000-8000-000000000001");
}

/// It has no rows, and all of them would agree.
#[tokio::test]
async fn a_company_that_master_does_not_know_is_a_mistake() {
    let deployment = Deployment::new().await;
    deployment.master.batch("delete from companies").await;

    let output = deployment.cortex(&["audit", "verify"]);

    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("is COMPANY_ID right?"), "{output:?}");
}

#[test]
fn it_asks_for_what_it_needs_only() {
    let output = Command::new(env!("CARGO_BIN_EXE_cortex")).args(["audit", "verify"]).env_clear().output().unwrap();

    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stderr).unwrap();
    for variable in ["COMPANY_ID", "DATABASE_URL", "MASTER_DATABASE_URL"] {
        assert!(told.contains(variable), "{told}");
    }
    assert!(!told.contains("NANGO_SECRET_KEY") && !told.contains("SUPABASE"), "{told}");
}
