//! What the doctor says of a whole deployment: nothing of a healthy one, and each fault of the services by its name.

use std::collections::BTreeSet;

use cortex_app::commands::doctor::{self, Report, Severity, Verdict};
use cortex_app::config::DoctorConfig;

use crate::stack::Stack;

/// Looks at the deployment as the one that is configured so, with the owner's login.
async fn examine(stack: &Stack, further: &[(&'static str, &str)]) -> Report {
    let owner = stack.company.url();
    let variables = stack.variables(&[&[("MIGRATION_DATABASE_URL", &*owner)], further].concat());
    let (config, mistakes) = DoctorConfig::from_env(&|name| variables.get(name).cloned());
    doctor::examine(&config, mistakes.as_ref()).await
}

/// The names of what was found, with the severities.
fn found(report: &Report) -> Vec<(&'static str, Severity)> {
    let found = report.outcomes().iter().filter(|outcome| matches!(outcome.verdict, Verdict::Found(_)));
    found.map(|outcome| (outcome.check.name, outcome.check.severity)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_found_of_a_healthy_deployment_and_everything_is_looked_at() {
    let stack = Stack::start().await;

    let report = examine(&stack, &[]).await;

    for outcome in report.outcomes() {
        assert_eq!(outcome.verdict, Verdict::Fine, "{} {:?}", outcome.check.name, outcome.database);
    }
    let made: BTreeSet<_> = report.outcomes().iter().map(|outcome| outcome.check.name).collect();
    assert_eq!(made, doctor::checks().iter().map(|check| check.name).collect());
    let chunks = stack.company.connect().await.query_one("select count(*) from blob_chunks", &[]).await.unwrap();
    assert_eq!(chunks.get::<_, i64>(0), 0, "the probe is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_of_the_services_has_a_name() {
    let stack = Stack::start().await;
    let cases: &[(&[(&'static str, &str)], &str)] = &[
        (&[("JWT_ISSUER", "https://elsewhere.example/auth/v1")], "issuer"),
        (&[("NANGO_SECRET_KEY", "8c0de42f-0000-4000-8000-000000000000")], "nango_key"),
        (&[("NANGO_PROVIDER_KEY_GMAIL", "no-such-integration")], "nango_integrations"),
        (&[("NANGO_HOST", "http://127.0.0.1:1")], "nango_reachable"),
        (&[("MASTER_SUPABASE_URL", "http://127.0.0.1:1")], "supabase_reachable"),
        (&[("BLOB_STORE", "file:///nowhere/at/all")], "blob_store"),
    ];
    for (variables, name) in cases {
        let report = examine(&stack, variables).await;

        assert_eq!(found(&report), [(*name, Severity::Error)], "{:#}", report.document());
    }

    stack.supabase.faults().fail_all("/auth/v1/.well-known", 500);
    assert_eq!(found(&examine(&stack, &[]).await), [("supabase_reachable", Severity::Error)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_webhook_key_is_to_be_one_of_its_own() {
    let stack = Stack::start().await;
    let key = stack.variables(&[])["NANGO_SECRET_KEY"].clone();

    for variables in [[("NANGO_WEBHOOK_SIGNING_KEY", "")], [("NANGO_WEBHOOK_SIGNING_KEY", &*key)]] {
        let report = examine(&stack, &variables).await;

        assert_eq!(found(&report), [("webhook_key_missing", Severity::Warning)]);
        assert!(!report.document().to_string().contains(&key));
    }
}

/// A tool for finding out what is wrong must work where things are complicated.
#[tokio::test(flavor = "multi_thread")]
async fn it_works_through_a_pooler_in_transaction_mode() {
    let Some(stack) = Stack::pooled(4, &[]).await else { return };

    let report = examine(&stack, &[("MASTER_MIGRATION_DATABASE_URL", &stack.master.url())]).await;

    assert_eq!(found(&report), [], "{:#}", report.document());
}
